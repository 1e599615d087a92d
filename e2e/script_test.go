package e2e_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"cardinal/internal/pgtest"
)

// TestScripts plays the scenarios in testdata/script, each in a directory of its
// own with a data directory named data: once on SQLite and once on PostgreSQL.
// README.md in that directory describes the commands they are written in.
func TestScripts(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { playScripts(t, "") })
	t.Run("postgres", func(t *testing.T) { playScripts(t, pgtest.URL(t)) })
}

func playScripts(t *testing.T, database string) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			return prepareStage(env, database)
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "sqlite":
				return database == "", nil
			case "postgres":
				return database != "", nil
			}
			return false, fmt.Errorf("there is no condition %q", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"cardinal":     playCardinal,
			"exit":         playExit,
			"nobody":       playNobody,
			"organisation": playOrganisation,
			"serve":        playServe,
			"shutdown":     playStop,
			"api":          playAPI,
			"field":        playField,
			"set":          playSet,
			"remember":     playRemember,
			"unchanged":    playUnchanged,
			"logged":       playLogged,
			"sql":          playSQL,
			"large":        playLarge,
			"report":       playReport,
			"eventually":   playEventually,
		},
	})
}

// stage is what the commands of one script share.
type stage struct {
	database string
	server   *server
	answer   answer
	seen     map[string]string
}

type stageKey struct{}

func stageOf(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }

// prepareStage gives a script its data directory and its database.
func prepareStage(env *testscript.Env, database string) error {
	s := &stage{}
	if database != "" {
		s.database = pgtest.URL(env.T().(testing.TB))
		env.Setenv("CARDINAL_DATABASE", s.database)
	}
	env.Values[stageKey{}] = s
	env.Setenv("CARDINAL_DATA", env.WorkDir+"/data")
	env.Setenv("SAMPLES", samples())
	env.Defer(func() {
		if s.server != nil {
			_ = s.server.stop(syscall.SIGKILL) // the script stops it where that matters
		}
	})
	// Another user must be able to enter where the program runs as one.
	return errors.Join(os.Chmod(env.WorkDir, 0o755), os.Chmod(filepath.Dir(env.WorkDir), 0o711))
}

// samples is the directory of the files of people that scripts import.
func samples() string {
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	return dir + "/testdata/people"
}

// environment is what processes of a script see.
func environment(ts *testscript.TestScript) []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "SQLITE_TMPDIR", "CARDINAL_DATA", "CARDINAL_DATABASE", "CARDINAL_CUSTOMER",
		"CARDINAL_LISTEN", "CARDINAL_CLOCK_OFFSET", "CARDINAL_CONFIG"} {
		env = append(env, name+"="+ts.Getenv(name))
	}
	return env
}

// playCardinal runs a command that must succeed.
func playCardinal(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("say which exit code: exit 1 cardinal …")
	}
	play(ts, 0, args)
}

// playExit runs a command that must end with an exit code.
func playExit(ts *testscript.TestScript, neg bool, args []string) {
	var code int
	if neg || len(args) < 2 || args[1] != "cardinal" {
		ts.Fatalf("usage: exit CODE cardinal …")
	}
	_, err := fmt.Sscan(args[0], &code)
	ts.Check(err)
	play(ts, code, args[2:])
}

func play(ts *testscript.TestScript, code int, args []string) {
	var stdin string
	var rest []string
	for _, arg := range args {
		if text, ok := strings.CutPrefix(arg, "<<<"); ok {
			stdin = text + "\n"
		} else if name, ok := strings.CutPrefix(arg, "<"); ok && !strings.HasSuffix(name, ">") {
			stdin = ts.ReadFile(name)
		} else {
			rest = append(rest, arg)
		}
	}
	done, err := runProgram(ts.MkAbs("."), environment(ts), stdin, rest...)
	ts.Check(err)
	show(ts, done)
	if done.code != code {
		ts.Fatalf("exit code %d instead of %d\n%s%s", done.code, code, done.out, done.errout)
	}
}

func show(ts *testscript.TestScript, done result) {
	_, err := ts.Stdout().Write([]byte(done.out))
	ts.Check(err)
	_, err = ts.Stderr().Write([]byte(done.errout))
	ts.Check(err)
}

// playOrganisation does what every scenario after init.txtar begins with.
func playOrganisation(ts *testscript.TestScript, _ bool, _ []string) {
	run := func(stdin string, args ...string) string {
		done, err := runProgram(ts.MkAbs("."), environment(ts), stdin, args...)
		ts.Check(err)
		if done.code != 0 {
			ts.Fatalf("cardinal %s: exit code %d\n%s", strings.Join(args, " "), done.code, done.errout)
		}
		return strings.TrimSpace(done.out)
	}
	run(adminPassword+"\n", "init", "--customer", organisationName, "--admin", adminName, "--admin-password-stdin")
	ts.Setenv("ADMIN", run("", "token", "create", "--name", "script", "--role", "administrator"))
	ts.Setenv("DEVICE", run("", "device", "create", "--name", "Printer"))
}

// playServe starts the server; URL is then its address.
func playServe(ts *testscript.TestScript, _ bool, args []string) {
	s := stageOf(ts)
	if s.server != nil {
		ts.Fatalf("the server runs already")
	}
	var err error
	s.server, err = startServer(ts.MkAbs("."), environment(ts), args...)
	ts.Check(err)
	ts.Setenv("URL", s.server.url)
	ts.Setenv("ADDRESS", strings.TrimPrefix(s.server.url, "http://"))
}

// playStop ends the server in order and shows what it wrote to standard error.
func playStop(ts *testscript.TestScript, _ bool, _ []string) {
	s := stageOf(ts)
	if s.server == nil {
		ts.Fatalf("no server runs")
	}
	ts.Check(s.server.stop(syscall.SIGTERM))
	_, err := ts.Stderr().Write([]byte(s.server.stderr.String()))
	ts.Check(err)
	s.server = nil
}

// playNobody runs a command of the program as an unprivileged user. Whoever runs
// the tests without being root is one already.
func playNobody(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 || args[0] != "exit" || args[2] != "cardinal" {
		ts.Fatalf("usage: nobody exit CODE cardinal …")
	}
	code := args[1]
	done, err := runAsNobody(ts.MkAbs("."), environment(ts), args[3:]...)
	if errors.Is(err, errors.ErrUnsupported) {
		ts.Logf("nobody to run as: %v", err)
		return
	}
	ts.Check(err)
	show(ts, done)
	if fmt.Sprint(done.code) != code {
		ts.Fatalf("exit code %d instead of %s\n%s%s", done.code, code, done.out, done.errout)
	}
}
