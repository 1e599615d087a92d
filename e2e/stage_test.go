package e2e_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // to break what the program wrote
	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"
)

// playAPI sends one request, which must be answered with the given status, and
// shows the body of the answer.
func playAPI(ts *testscript.TestScript, neg bool, args []string) {
	var header []string
	var rest []string
	for _, arg := range args {
		if line, ok := strings.CutPrefix(arg, "-H="); ok {
			header = append(header, line)
		} else {
			rest = append(rest, arg)
		}
	}
	if neg || len(rest) < 4 || len(rest) > 5 {
		ts.Fatalf("usage: api STATUS METHOD PATH TOKEN|- [BODY|FILE] [-H='Name: value']")
	}
	q := question{method: rest[1], path: rest[2], header: header}
	if rest[3] != "-" {
		q.token = rest[3]
	}
	if len(rest) == 5 {
		q.body = rest[4]
		if !strings.HasPrefix(q.body, "{") {
			q.body = ts.ReadFile(rest[4])
		}
	}
	s := stageOf(ts)
	if s.server == nil {
		ts.Fatalf("no server runs")
	}
	var err error
	s.answer, err = ask(s.server.url, q)
	ts.Check(err)
	_, err = fmt.Fprintln(ts.Stdout(), string(s.answer.body))
	ts.Check(err)
	if strconv.Itoa(s.answer.status) != rest[0] {
		ts.Fatalf("%s %s: status %d instead of %s\n%s", q.method, q.path, s.answer.status, rest[0], s.answer.body)
	}
}

// playField compares a field of the JSON that was shown last. A path is made of
// names and places, as in items.0.username; * stands for all places.
func playField(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] field PATH VALUE")
	}
	got := lookUp(ts, args[0])
	if (got == args[1]) == neg {
		ts.Fatalf("%s is %q", args[0], got)
	}
}

// playSet keeps standard output, or a field of its JSON, in a variable.
func playSet(ts *testscript.TestScript, neg bool, args []string) {
	switch {
	case neg || len(args) == 0 || len(args) > 2:
		ts.Fatalf("usage: set NAME [PATH]")
	case len(args) == 1:
		ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
	default:
		ts.Setenv(args[0], lookUp(ts, args[1]))
	}
}

func lookUp(ts *testscript.TestScript, path string) string {
	var value any
	text := ts.ReadFile("stdout")
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		ts.Fatalf("standard output is no JSON: %v\n%s", err, text)
	}
	found, ok := walk(value, strings.Split(path, "."))
	if !ok {
		return "(missing)"
	}
	return plain(found)
}

func walk(value any, path []string) (any, bool) {
	if len(path) == 0 {
		return value, true
	}
	switch v := value.(type) {
	case map[string]any:
		inner, ok := v[path[0]]
		if !ok {
			return nil, false
		}
		return walk(inner, path[1:])
	case []any:
		if path[0] == "*" {
			texts := make([]string, len(v))
			for i, element := range v {
				inner, _ := walk(element, path[1:])
				texts[i] = plain(inner)
			}
			return strings.Join(texts, " "), true
		}
		i, err := strconv.Atoi(path[0])
		if err != nil || i < 0 || i >= len(v) {
			return nil, false
		}
		return walk(v[i], path[1:])
	}
	return nil, false
}

// plain is a text as it stands, and everything else as JSON.
func plain(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// playRemember keeps all that can be seen of the organisation: settings and the
// head of the audit chain, and where a server runs, every list of the API.
func playRemember(ts *testscript.TestScript, _ bool, _ []string) {
	stageOf(ts).seen = look(ts)
}

// playUnchanged fails if anything differs from what was remembered.
func playUnchanged(ts *testscript.TestScript, _ bool, _ []string) {
	before := stageOf(ts).seen
	if before == nil {
		ts.Fatalf("nothing was remembered")
	}
	for name, now := range look(ts) {
		if now != before[name] {
			ts.Fatalf("%s has changed from\n%s\nto\n%s", name, before[name], now)
		}
	}
}

func look(ts *testscript.TestScript) map[string]string {
	seen := map[string]string{}
	for _, command := range []string{"settings list --json", "audit verify --json"} {
		done, err := runProgram(ts.MkAbs("."), environment(ts), "", strings.Fields(command)...)
		ts.Check(err)
		seen[command] = done.out
	}
	if s := stageOf(ts); s.server != nil {
		state, err := lists(s.server.url, ts.Getenv("ADMIN"), listed)
		ts.Check(err)
		maps.Copy(seen, state)
	}
	return seen
}

// playLogged looks for a line in the log file: its level, its message, and
// fields as name=value.
func playLogged(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: [!] logged LEVEL MESSAGE [FIELD=VALUE …]")
	}
	text, err := os.ReadFile(filepath.Join(ts.Getenv("CARDINAL_DATA"), "log", "cardinal.log"))
	ts.Check(err)
	log := &output{}
	_, err = log.Write(text)
	ts.Check(err)
	for _, line := range log.lines() {
		if line["level"] == args[0] && line["msg"] == args[1] && hasFields(line, args[2:]) {
			if neg {
				ts.Fatalf("the log has the line %v", line)
			}
			return
		}
	}
	if !neg {
		ts.Fatalf("the log has no such line:\n%s", text)
	}
}

func hasFields(line map[string]any, fields []string) bool {
	for _, field := range fields {
		name, want, _ := strings.Cut(field, "=")
		value := line[name]
		if list, ok := value.([]any); ok {
			value, _ = walk(list, []string{"*"})
		}
		if value == nil || plain(value) != want && want != "*" {
			return false
		}
	}
	return true
}

// playSQL changes the database behind the program's back.
func playSQL(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: sql STATEMENT")
	}
	driver, source := "sqlite", filepath.Join(ts.Getenv("CARDINAL_DATA"), "cardinal.db")
	if s := stageOf(ts); s.database != "" {
		driver, source = "pgx", s.database
	}
	db, err := sql.Open(driver, source)
	ts.Check(err)
	done, err := db.Exec(args[0])
	if err == nil {
		var rows int64
		if rows, err = done.RowsAffected(); err == nil && rows == 0 {
			err = fmt.Errorf("no row was changed")
		}
	}
	ts.Check(err)
	ts.Check(db.Close())
}

// playLarge writes a file of so many bytes, a JSON object with one long text.
func playLarge(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: large FILE BYTES")
	}
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	text := `{"username": "large", "notes": "` + strings.Repeat("x", size) + `"}`
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// playReport shows the JSON report of an import that was shown last as a table:
// line, username, result and the codes of the reasons.
func playReport(ts *testscript.TestScript, _ bool, _ []string) {
	var report struct {
		Lines []struct {
			Line             int
			Username, Result string
			Reasons          []struct{ Code, Field string }
		}
		Totals struct{ Created, Updated, Unchanged, Refused int }
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &report))
	for _, line := range report.Lines {
		text := fmt.Sprintf("%d | %s | %s", line.Line, line.Username, line.Result)
		for _, reason := range line.Reasons {
			text += strings.TrimRight(" | "+reason.Code+" "+reason.Field, " ")
		}
		_, err := fmt.Fprintln(ts.Stdout(), text)
		ts.Check(err)
	}
	n := report.Totals
	_, err := fmt.Fprintf(ts.Stdout(), "%d created, %d updated, %d unchanged, %d refused\n", n.Created, n.Updated, n.Unchanged, n.Refused)
	ts.Check(err)
}

// playEventually repeats a GET until a field of its answer has a value: what is
// done in the background is over after a while.
func playEventually(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: eventually PATH TOKEN FIELD VALUE")
	}
	var got answer
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var err error
		got, err = ask(stageOf(ts).server.url, question{method: "GET", path: args[0], token: args[1]})
		ts.Check(err)
		value, err := got.json()
		ts.Check(err)
		if found, ok := walk(value, strings.Split(args[2], ".")); ok && plain(found) == args[3] {
			_, err := fmt.Fprintln(ts.Stdout(), string(got.body))
			ts.Check(err)
			return
		}
	}
	ts.Fatalf("%s was not %s after %s:\n%s", args[2], args[3], patience, got.body)
}
