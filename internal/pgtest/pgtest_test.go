package pgtest

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that Cardinal uses
)

// child, when set, turns this test binary into a process that uses the shared
// server and then waits to be killed.
const child = "PGTEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(child) != "" {
		waitToBeKilled()
	}
	os.Exit(m.Run())
}

func waitToBeKilled() {
	s, err := shared()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.dir)
	fmt.Println(s.url("postgres"))
	time.Sleep(time.Hour)
}

func TestURLGivesEmptyDatabasesOfTheirOwn(t *testing.T) {
	first, second := open(t, URL(t)), open(t, URL(t))
	exec1(t, first, "CREATE TABLE mark (x INT)")
	if err := run(second, "SELECT * FROM mark"); err == nil {
		t.Error("a table of one database is seen in the other")
	}
	if got := query(t, second, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"); got != "0" {
		t.Errorf("a fresh database holds %s tables", got)
	}
}

func TestURLIsDroppedWithItsTest(t *testing.T) {
	s, err := shared()
	must(t, err)
	var address string
	t.Run("user", func(t *testing.T) {
		address = URL(t)
		open(t, address)
	})
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	left := query(t, open(t, s.url("postgres")),
		"SELECT count(*) FROM pg_database WHERE datname = '"+strings.TrimPrefix(u.Path, "/")+"'")
	if left != "0" {
		t.Error("the database outlives its test")
	}
}

func TestServerIsPrivateAndUnprivileged(t *testing.T) {
	s, err := shared()
	must(t, err)
	u, err := url.Parse(URL(t))
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(superuser, "guess")
	if err := run(open(t, u.String()), "SELECT 1"); err == nil {
		t.Error("the server lets in who does not know the password")
	}
	info, err := os.Stat(s.data())
	if err != nil {
		t.Fatal(err)
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; uid == 0 {
		t.Error("the server's files belong to root")
	}
}

func TestDurability(t *testing.T) {
	shared := query(t, open(t, URL(t)), "SELECT current_setting('fsync')")
	own := Start(t, Options{Durable: true, Settings: map[string]string{"application_name": "it's mine"}})
	db := open(t, own.Database(t))
	for _, c := range []struct{ what, got, want string }{
		{"fsync of the shared server", shared, "off"},
		{"fsync of a durable one", query(t, db, "SELECT current_setting('fsync')"), "on"},
		{"full_page_writes of a durable one", query(t, db, "SELECT current_setting('full_page_writes')"), "on"},
		{"a setting", query(t, db, "SELECT current_setting('application_name')"), "it's mine"},
		{"encoding", query(t, db, "SELECT current_setting('server_encoding')"), "UTF8"},
	} {
		if c.got != c.want {
			t.Errorf("%s is %q, want %q", c.what, c.got, c.want)
		}
	}
}

func TestServerComesBackAfterItsEnd(t *testing.T) {
	s := Start(t, Options{Durable: true})
	db := open(t, s.Database(t))
	exec1(t, db, "CREATE TABLE mark (x INT)")
	for _, c := range []struct {
		name string
		end  func(testing.TB)
	}{{"killed", s.Kill}, {"stopped", s.Stop}} {
		t.Run(c.name, func(t *testing.T) {
			exec1(t, db, "INSERT INTO mark VALUES (1)")
			before := query(t, db, "SELECT count(*) FROM mark")
			c.end(t)
			if run(db, "SELECT 1") == nil {
				t.Fatal("the server still answers")
			}
			s.Restart(t)
			if after := query(t, db, "SELECT count(*) FROM mark"); after != before {
				t.Errorf("%s rows before, %s after", before, after)
			}
		})
	}
}

func TestStartNamesWhatIsWrong(t *testing.T) {
	_, err := start(Options{Settings: map[string]string{"no_such_setting": "1"}})
	if errors.Is(err, errMissing) {
		must(t, err)
	}
	if err == nil || !strings.Contains(err.Error(), "no_such_setting") {
		t.Errorf("start with a wrong setting: %v", err)
	}
}

func TestServerDiesWithAKilledProcess(t *testing.T) {
	_, err := shared()
	must(t, err)
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), child+"=1")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	dir, address := readLines(t, out)
	if err := run(open(t, address), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
			break
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory of a killed process is left behind: %v", err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := net.Dial("tcp", u.Host); err == nil {
		t.Error("the server of a killed process still listens")
		_ = c.Close()
	}
	if err := c.Wait(); err == nil {
		t.Error("the process ended by itself")
	}
}

func TestMissingProgramsFailOnlyInCI(t *testing.T) {
	for _, c := range []struct {
		ci   string
		err  error
		want string
	}{
		{"true", errMissing, "fatal"},
		{"", errMissing, "skip"},
		{"true", errors.New("broken"), "fatal"},
		{"", errors.New("broken"), "fatal"},
		{"true", nil, "go on"},
	} {
		t.Run(fmt.Sprintf("CI=%s %v", c.ci, c.err), func(t *testing.T) {
			t.Setenv("CI", c.ci)
			w := &witness{TB: t, verdict: "go on"}
			must(w, c.err)
			if w.verdict != c.want {
				t.Errorf("got %s, want %s", w.verdict, c.want)
			}
		})
	}
}

// witness is a testing.TB that notes how a test would have ended.
type witness struct {
	testing.TB
	verdict string
}

func (w *witness) Fatal(...any) { w.verdict = "fatal" }
func (w *witness) Skip(...any)  { w.verdict = "skip" }

func readLines(t *testing.T, r io.Reader) (string, string) {
	t.Helper()
	lines := bufio.NewScanner(r)
	var got []string
	for len(got) < 2 && lines.Scan() {
		got = append(got, lines.Text())
	}
	if len(got) < 2 {
		t.Fatalf("the child said only %q", got)
	}
	return got[0], got[1]
}

func open(t *testing.T, address string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func run(db *sql.DB, statement string) error {
	_, err := db.ExecContext(context.Background(), statement)
	return err
}

func exec1(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if err := run(db, statement); err != nil {
		t.Fatal(err)
	}
}

func query(t *testing.T, db *sql.DB, question string) string {
	t.Helper()
	var answer string
	if err := db.QueryRowContext(context.Background(), question).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}
