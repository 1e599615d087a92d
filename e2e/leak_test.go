package e2e_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"cardinal/internal/pgtest"
)

// TestNothingLeaks plants PINs, card numbers, passwords and tokens through
// everything that takes one, right and wrong, and in fields that are meant for
// something else. Then it searches all that the program has written and shown.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		l := newLeaks(t, "")
		l.plantEverything()
		l.searchFiles("while the server runs")
		l.searchShown()
		l.stopServers()
		l.searchFiles("after the server")
		l.findPlanted()
	})
	t.Run("postgres", func(t *testing.T) {
		l := newLeaks(t, pgtest.URL(t))
		l.plantEverything()
		l.searchFiles("while the server runs")
		l.searchShown()
		l.searchDump()
	})
}

// leaks is the search for what should not be there.
type leaks struct {
	*world
	*secrets
	t *testing.T
}

func newLeaks(t *testing.T, database string) *leaks {
	t.Helper()
	w := &world{t: t, data: filepath.Join(t.TempDir(), "data"), database: database, shown: &record{}}
	w.begin(1)
	l := &leaks{w, &secrets{}, t}
	l.add(typedPassword, adminPassword, "init")
	l.add(madeToken, w.admin, "token create")
	l.add(madeToken, w.device, "device create")
	ring, err := os.ReadFile(filepath.Join(w.data, "cardinal.key"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(ring)) {
		if fields := strings.Fields(line); len(fields) == 2 && len(fields[1]) > 40 {
			l.add(rootKey, fields[1], "the key ring")
		}
	}
	if len(l.planted) != 4 {
		t.Fatalf("the root key was not found in the key ring: %v", l.planted)
	}
	return l
}

// stopServers ends the servers in order.
func (l *leaks) stopServers() {
	l.t.Helper()
	for _, node := range l.nodes {
		if err := node.stop(syscall.SIGTERM); err != nil {
			l.t.Error(err)
		}
	}
}

// searchFiles looks into the data directory, the temporary files and the log.
func (l *leaks) searchFiles(when string) {
	l.t.Helper()
	f := newFinder(l.planted)
	found, size := f.inFiles(l.t, filepath.Dir(l.data))
	found["standard error"] = f.find([]byte(l.nodes[0].stderr.String()))
	for _, name := range slices.Sorted(maps.Keys(found)) {
		for _, n := range found[name] {
			if n.secret.kind != rootKey || name != "data/cardinal.key" {
				l.t.Errorf("%s: %s holds a %s, %s", when, name, n.secret, n.form)
			}
		}
	}
	if !slices.ContainsFunc(found["data/cardinal.key"], func(n needle) bool { return n.secret.kind == rootKey }) {
		l.t.Error("the search does not even find the root key in the key ring")
	}
	l.t.Logf("%s: %d secrets looked for in %d bytes", when, len(l.planted), size)
}

// searchShown looks into every answer and every output.
func (l *leaks) searchShown() {
	l.t.Helper()
	f := newFinder(l.planted)
	times := map[secret]int{}
	for _, s := range l.shown.all {
		for _, n := range f.find([]byte(s.header)) {
			// A session begins with the sign-in, and has a new token after a new password.
			begins := strings.Contains(s.where, "/sign-in") || strings.Contains(s.where, "POST /password")
			if n.secret.kind != madeToken || !begins {
				l.t.Errorf("a header of %q holds a %s, %s", s.where, n.secret, n.form)
			}
		}
		for _, n := range f.find([]byte(s.body)) {
			if n.form == asItIs {
				times[n.secret]++
			}
			if !mayShow(n, s.where) {
				l.t.Errorf("%q shows a %s, %s", s.where, n.secret, n.form)
			}
		}
	}
	numbers := 0
	for _, s := range l.planted {
		switch s.kind {
		case madePIN, madePassword, madeToken:
			if session := s.through == "session"; times[s] != 1 && !session || session && times[s] != 0 {
				l.t.Errorf("the %s was shown %d times", s, times[s])
			}
		case number:
			numbers += times[s]
		}
	}
	if numbers == 0 {
		l.t.Error("no card number was shown to those who may see it: the search is blind")
	}
	l.t.Logf("%d secrets looked for in %d answers and outputs; numbers were shown %d times to those who may see them", len(l.planted), len(l.shown.all), numbers)
}

// mayShow says whether a body may hold a secret.
func mayShow(n needle, where string) bool {
	switch n.secret.kind {
	case madePIN, madePassword, madeToken:
		return n.form == asItIs
	case misplaced:
		return n.form == asItIs && strings.HasPrefix(where, "page ")
	case number:
		if n.form != "as it is" && n.form != "percent-encoded" && n.form != "as in a query" {
			return false
		}
		for _, place := range []string{"/users", "/new-user", "/change-details", "/summary", "/exports/users", "/export-users/users.csv"} {
			_, path, _ := strings.Cut(where, " /")
			refused := strings.HasPrefix(where, "API") && !strings.Contains(where, ": 20")
			if strings.HasPrefix("/"+path, place) && !refused {
				return true
			}
		}
	}
	return false
}

// findPlanted shows that the search finds what there is to find: a PIN written
// into a copy of the database, in each of the forms.
func (l *leaks) findPlanted() {
	l.t.Helper()
	dir := l.t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(l.data)); err != nil {
		l.t.Fatal(err)
	}
	planted := secret{typedPIN, "PlantedPIN77", "a copy of the database"}
	for _, form := range formsOf(planted) {
		db, err := sql.Open("sqlite", filepath.Join(dir, "cardinal.db"))
		if err != nil {
			l.t.Fatal(err)
		}
		_, err = db.Exec("UPDATE users SET notes = ? WHERE username = ?", slices.Concat([]byte("before "), form.bytes, []byte(" behind")), adminName)
		if err != nil {
			l.t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			l.t.Fatal(err)
		}
		found, _ := newFinder([]secret{planted}).inFiles(l.t, dir)
		if !slices.ContainsFunc(slices.Concat(slices.Collect(maps.Values(found))...), func(n needle) bool { return bytes.Equal(n.bytes, form.bytes) }) {
			l.t.Errorf("a planted PIN is not found %s", form.form)
		}
	}
}

// searchDump looks into a dump of the database, before and after planting.
func (l *leaks) searchDump() {
	l.t.Helper()
	dump := func() []byte {
		out, err := exec.Command("pg_dump", "--inserts", l.database).Output()
		if err != nil {
			l.t.Fatalf("pg_dump: %v", err)
		}
		return out
	}
	if _, err := exec.LookPath("pg_dump"); err != nil {
		l.t.Skip("pg_dump is not installed")
	}
	f := newFinder(l.planted)
	text := dump()
	for _, n := range f.find(text) {
		l.t.Errorf("the dump holds a %s, %s", n.secret, n.form)
	}
	db, err := sql.Open("pgx", l.database)
	if err != nil {
		l.t.Fatal(err)
	}
	if _, err := db.Exec("UPDATE users SET notes = $1 WHERE username = $2", l.planted[len(l.planted)-1].text, adminName); err != nil {
		l.t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		l.t.Fatal(err)
	}
	if len(f.find(dump())) == 0 {
		l.t.Error("what was planted is not found in the dump")
	}
	l.t.Logf("%d secrets looked for in a dump of %d bytes", len(l.planted), len(text))
}

// one sends a request as the administrator's token, whatever comes of it.
func (l *leaks) one(method, path, body string, header ...string) answer {
	return l.ask(0, question{method: method, path: path, token: l.admin, body: body, header: header})
}

// object makes a JSON object of names and values in turn.
func object(pairs ...string) string {
	fields := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		fields[pairs[i]] = pairs[i+1]
	}
	text, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// made plants what the program has made and shown in a field of an answer.
func (l *leaks) made(k kind, got answer, field, through string) string {
	l.t.Helper()
	value, err := got.json()
	if err != nil || got.status >= http.StatusMultipleChoices {
		l.t.Fatalf("%s: status %d: %s", through, got.status, got.body)
	}
	found, ok := walk(value, []string{field})
	if !ok {
		l.t.Fatalf("%s: no %s in %s", through, field, got.body)
	}
	return l.add(k, fmt.Sprint(found), through)
}
