package applog_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"cardinal"
	"cardinal/internal/applog"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// diary is a folder of log files, written by the logger that the program uses.
type diary struct {
	t       *testing.T
	dir     string
	now     time.Time
	service *applog.Service
	as      cardinal.Caller
}

func newDiary(t *testing.T) *diary {
	t.Helper()
	var none *store.Store // reading needs no database
	d := &diary{t: t, dir: t.TempDir(), now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), as: cardinal.Console("one")}
	d.service = applog.New(none, d.dir, "node-1")
	return d
}

// write appends text to a file of the log.
func (d *diary) write(name, text string) {
	d.t.Helper()
	file, err := os.OpenFile(filepath.Join(d.dir, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = file.WriteString(text)
	}
	if err != nil || file.Close() != nil {
		d.t.Fatal(err)
	}
}

// log appends a line a second after the last one.
func (d *diary) log(name string, level slog.Level, message string, attrs ...any) {
	d.t.Helper()
	d.now = d.now.Add(time.Second)
	var line bytes.Buffer
	handler := slog.NewJSONHandler(&line, &slog.HandlerOptions{Level: slog.LevelDebug})
	record := slog.NewRecord(d.now, level, message, 0)
	record.Add(attrs...)
	if err := handler.Handle(d.t.Context(), record); err != nil {
		d.t.Fatal(err)
	}
	d.write(name, line.String())
}

func (d *diary) read(f applog.Filter, cursor string, most int) applog.Found {
	d.t.Helper()
	found, err := d.service.Read(d.t.Context(), d.as, f, cursor, most)
	if err != nil {
		d.t.Fatal(err)
	}
	return found
}

func everything() applog.Filter { return applog.Filter{Any: true} }

func messages(lines []applog.Line) string {
	var list []string
	for _, line := range lines {
		list = append(list, line.Message)
	}
	return strings.Join(list, " ")
}

const (
	present = "cardinal.log"
	older   = "cardinal-2026-03-01T10-00-00.000.log"
	oldest  = "cardinal-2026-02-01T10-00-00.000.log"
)

func TestNewestFirstThroughAllFiles(t *testing.T) {
	d := newDiary(t)
	for i, name := range []string{oldest, oldest, older, older, older, present, present} {
		d.log(name, slog.LevelInfo, fmt.Sprint(i+1))
	}
	d.write("other.log", "not of this log\n")
	d.write(present, `{"time":"2026-03-02T12:00:59Z","level":"INFO","msg":"half a li`)
	if got := d.read(everything(), "", 100); messages(got.Lines) != "7 6 5 4 3 2 1" || got.Next != "" {
		t.Errorf("the log reads %s, and goes on at %q", messages(got.Lines), got.Next)
	}
	var pages []string
	cursor := ""
	for i := 0; i == 0 || cursor != ""; i++ {
		page := d.read(everything(), cursor, 2)
		pages = append(pages, messages(page.Lines))
		cursor = page.Next
		if i == 0 {
			// The log is rotated and goes on while somebody reads.
			if err := os.Rename(filepath.Join(d.dir, present), filepath.Join(d.dir, "cardinal-2026-03-02T10-00-00.000.log")); err != nil {
				t.Fatal(err)
			}
			d.log(present, slog.LevelInfo, "8")
		}
	}
	if got := strings.Join(pages, "|"); got != "7 6|5 4|3 2|1" {
		t.Errorf("the pages are %s", got)
	}
}

func TestFilters(t *testing.T) {
	d := newDiary(t)
	d.log(present, slog.LevelDebug, "one")
	d.log(present, slog.LevelInfo, "two", "user", "Žofie <z@example.org>")
	d.log(present, slog.LevelWarn, "three", "path", `C:\logs`)
	d.write(present, "panic: four\n")
	d.log(present, slog.LevelError, "five", slog.Group("error", "code", "internal"))
	d.write(present, `{"level":"DEBUG","msg":"timeless"}`+"\n")
	second := func(n int) time.Time { return time.Date(2026, 3, 2, 12, 0, n, 0, time.UTC) }
	for name, test := range map[string]struct {
		filter applog.Filter
		want   string
	}{
		"all":              {everything(), "timeless five panic: four three two one"},
		"from information": {applog.Filter{Level: slog.LevelInfo}, "five panic: four three two"},
		"warnings":         {applog.Filter{Level: slog.LevelWarn}, "five panic: four three"},
		"errors":           {applog.Filter{Level: slog.LevelError}, "five panic: four"},
		"text":             {applog.Filter{Any: true, Text: "THREE"}, "three"},
		"other scripts":    {applog.Filter{Any: true, Text: "žOFIE"}, "two"},
		"escaped":          {applog.Filter{Any: true, Text: "<Z@"}, "two"},
		"a backslash":      {applog.Filter{Any: true, Text: `c:\l`}, "three"},
		"a group":          {applog.Filter{Any: true, Text: "internal"}, "five"},
		"from":             {applog.Filter{Any: true, From: second(3)}, "five three"},
		"to":               {applog.Filter{Any: true, To: second(2)}, "one"},
		"none":             {applog.Filter{Any: true, Text: "six"}, ""},
	} {
		if got := d.read(test.filter, "", 100); messages(got.Lines) != test.want {
			t.Errorf("%s: %q, want %q", name, messages(got.Lines), test.want)
		}
	}
	two := d.read(applog.Filter{Any: true, Text: "two"}, "", 1).Lines[0]
	if !two.Time.Equal(second(2)) || two.Level != "INFO" || !slices.Equal(two.Attributes, []applog.Attribute{{Name: "user", Value: "Žofie <z@example.org>"}}) {
		t.Errorf("a line is read as %+v", two)
	}
}

// TestCustomersSeeTheirOwnLines: whoever is not an operator gets no line that
// does not name their customer by its identifier.
func TestCustomersSeeTheirOwnLines(t *testing.T) {
	d := newDiary(t)
	d.log(present, slog.LevelInfo, "mine", applog.CustomerKey, "one")
	d.log(present, slog.LevelInfo, "theirs", applog.CustomerKey, "two", "username", `","customerId":"one`)
	d.log(present, slog.LevelInfo, "nobody's", "customer", "one")
	d.log(present, slog.LevelInfo, "both", applog.CustomerKey, "one", applog.CustomerKey, "two")
	d.log(present, slog.LevelInfo, "nested", slog.Group("x", applog.CustomerKey, "one"))
	d.write(present, "customerId one\n")
	d.write(present, `{"time":"2026-03-02T12:00:00Z","level":"INFO","msg":"broken","customerId":"one","x":`+"\n")
	for role, want := range map[cardinal.Role]string{
		cardinal.RoleOperator: "7 lines", cardinal.RoleAdministrator: "mine", cardinal.RoleAuditor: "mine",
		cardinal.RoleHelpdesk: "forbidden", cardinal.RoleProvisioner: "forbidden", cardinal.RoleUser: "forbidden",
	} {
		caller := cardinal.Caller{Kind: cardinal.CallerUser, Customer: "one", Role: role}
		found, err := d.service.Read(t.Context(), caller, everything(), "", 100)
		got := messages(found.Lines)
		switch {
		case cardinal.CodeOf(err) == cardinal.CodeForbidden:
			got = "forbidden"
		case err != nil:
			t.Fatal(err)
		case len(found.Lines) > 1:
			got = fmt.Sprint(len(found.Lines), " lines")
		}
		if got != want {
			t.Errorf("%s gets %s, want %s", role, got, want)
		}
	}
}

// TestHostileLinesAreHarmless writes what no logger would, and looks for what
// could do harm.
func TestHostileLinesAreHarmless(t *testing.T) {
	d := newDiary(t)
	for _, line := range []string{
		"\x1b[2J\x1b]0;owned\x07 red", "invalid \xff\xfe UTF-8", "null", "[1,2]", `"text"`, `{"msg":`, `{"msg":"a"} {"msg":"b"}`, "", "\x00", "\u202egnp.exe",
		`{"level":7,"msg":["x"],"time":"yesterday"}`, `{"msg":"` + strings.Repeat("long ", 200_000) + `"}`, `{"a":1,"a":2,"msg":"twice","msg":"more"}`,
	} {
		d.write(present, line+"\n")
	}
	d.log(present, slog.LevelInfo, "after")
	found := d.read(everything(), "", 100)
	if len(found.Lines) != 14 || found.Lines[0].Message != "after" {
		t.Fatalf("%d lines were read, the first is %q", len(found.Lines), found.Lines[0].Message)
	}
	cut := 0
	for _, line := range found.Lines {
		harmless(t, line)
		if line.Cut {
			cut++
		}
	}
	if cut != 1 {
		t.Errorf("%d lines were cut", cut)
	}
}

func harmless(t *testing.T, line applog.Line) {
	t.Helper()
	texts := []string{line.Level, line.Message}
	for _, a := range line.Attributes {
		texts = append(texts, a.Name, a.Value)
	}
	for _, text := range texts {
		bad := strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) })
		if bad >= 0 || !utf8.ValidString(text) || utf8.RuneCountInString(text) > 4001 {
			t.Errorf("a line holds %.80q", text)
		}
	}
}

// TestAPageLooksNoFurtherThanItsReach has one line worth finding behind more
// than a page looks through.
func TestAPageLooksNoFurtherThanItsReach(t *testing.T) {
	d := newDiary(t)
	d.log(present, slog.LevelError, "rare")
	var many strings.Builder
	for many.Len() < applog.Reach+100_000 {
		many.WriteString(`{"time":"2026-03-02T12:30:00Z","level":"INFO","msg":"often"}` + "\n")
	}
	d.write(present, many.String())
	first := d.read(applog.Filter{Level: slog.LevelError}, "", 10)
	if len(first.Lines) != 0 || first.Next == "" || !first.SearchedTo.Equal(time.Date(2026, 3, 2, 12, 30, 0, 0, time.UTC)) {
		t.Fatalf("the first page has %d lines and came to %s", len(first.Lines), first.SearchedTo)
	}
	if second := d.read(applog.Filter{Level: slog.LevelError}, first.Next, 10); messages(second.Lines) != "rare" || second.Next != "" || !second.SearchedTo.IsZero() {
		t.Errorf("the second page has %q, and goes on at %q", messages(second.Lines), second.Next)
	}
	if near := d.read(applog.Filter{Any: true, From: time.Date(2026, 3, 2, 12, 32, 0, 0, time.UTC)}, "", 10); near.Next != "" || len(near.Lines) != 0 {
		t.Errorf("what is older than the range is looked through: %d lines, more at %q", len(near.Lines), near.Next)
	}
}

func TestWithoutALog(t *testing.T) {
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none")} {
		_, err := applog.New(nil, dir, "x").Read(t.Context(), cardinal.Console("one"), everything(), "", 10)
		if cardinal.CodeOf(err) != cardinal.CodeNotFound {
			t.Errorf("a folder without a log: %v", err)
		}
	}
	d := newDiary(t)
	d.write(present, "")
	if got := d.read(everything(), "", 10); len(got.Lines) != 0 || got.Next != "" {
		t.Errorf("an empty log has %+v", got)
	}
	for _, cursor := range []string{"x", "../../etc/passwd-1", "0123456789abcdef-x", "0123456789abcdef--1"} {
		if _, err := d.service.Read(t.Context(), d.as, everything(), cursor, 10); cardinal.CodeOf(err) != cardinal.CodeInvalid {
			t.Errorf("the cursor %q: %v", cursor, err)
		}
	}
	if got := d.read(everything(), "0123456789abcdef-10", 10); len(got.Lines) != 0 || got.Next != "" {
		t.Errorf("a file that is gone has %+v", got)
	}
}

func TestExportIsOnRecord(t *testing.T) {
	d := newDiary(t)
	s := storetest.Open(t, storetest.SQLite)
	d.as = cardinal.Console(storetest.Customer(t, s, "Pilsen Print").ID)
	d.service = applog.New(s, d.dir, "node-1")
	for i := range 1500 {
		d.log(present, slog.LevelWarn, fmt.Sprint("line ", i))
	}
	var got []string
	err := d.service.Export(t.Context(), d.as, applog.Filter{Level: slog.LevelWarn, Text: "LINE"}, func(l applog.Line) error {
		if len(got) == 0 && len(storetest.Audit(t, s, d.as.Customer)) != 1 {
			t.Error("the first line leaves before it is on record")
		}
		got = append(got, l.Message)
		return nil
	})
	if err != nil || len(got) != 1500 || got[0] != "line 1499" || got[1499] != "line 0" {
		t.Fatalf("%d lines were exported: %v", len(got), err)
	}
	entry := storetest.Audit(t, s, d.as.Customer)[0]
	if entry.Action != "application-log.exported" || entry.After != `{"level":"WARN","machine":"node-1","text":true}` {
		t.Errorf("on record is %+v", entry)
	}
}

// FuzzLines writes anything into a log file: every line feed ends one line,
// nothing fails, and nothing that is shown can do harm.
func FuzzLines(f *testing.F) {
	f.Add([]byte(`{"time":"2026-03-02T12:00:00Z","level":"INFO","msg":"x","a":{"b":[1]}}`+"\n\x1b[0m\n{\n"), uint8(1))
	f.Add([]byte("\n\n\xff\n"), uint8(200))
	f.Fuzz(func(t *testing.T, text []byte, most uint8) {
		d := newDiary(t)
		if err := os.WriteFile(filepath.Join(d.dir, present), text, 0o600); err != nil {
			t.Fatal(err)
		}
		read, cursor := 0, ""
		for i := 0; i == 0 || cursor != ""; i++ {
			page := d.read(everything(), cursor, int(most)+1)
			for _, line := range page.Lines {
				harmless(t, line)
			}
			read += len(page.Lines)
			cursor = page.Next
		}
		if want := bytes.Count(text, []byte("\n")); read != want {
			t.Errorf("%d of %d lines were read", read, want)
		}
	})
}

// BenchmarkPage looks through as much of the log as one page may.
func BenchmarkPage(b *testing.B) {
	dir := b.TempDir()
	line := `{"time":"2026-03-02T12:30:00.123456789Z","level":"INFO","msg":"request","method":"GET","route":"/api/v1/users/{username}","status":404,"duration":1234567,"caller":"token provisioning","requestId":"06bkq4m7n2r8t9v1w3x5y7z0ab"}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, present), bytes.Repeat([]byte(line), 2*applog.Reach/len(line)), 0o600); err != nil {
		b.Fatal(err)
	}
	s := applog.New(nil, dir, "x")
	for name, f := range map[string]applog.Filter{
		"a level": {Level: slog.LevelError}, "a text": {Any: true, Text: "nothing"}, "a text to decode": {Any: true, Text: "<nothing>"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if found, err := s.Read(b.Context(), cardinal.Console("one"), f, "", 100); err != nil || found.Next == "" {
					b.Fatal(err)
				}
			}
		})
	}
}
