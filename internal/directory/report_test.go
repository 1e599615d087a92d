package directory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cardinal"
	"cardinal/internal/directory"
	"cardinal/internal/directory/people"
	"cardinal/internal/storetest"
)

// byPages reads a whole report in pages of so many lines.
func (o *office) byPages(t *testing.T, id cardinal.ImportID, result people.Result, most int) []people.LineResult {
	t.Helper()
	var lines []people.LineResult
	for q := (directory.LineQuery{Result: result, Limit: most}); ; {
		page, err := o.LinesOf(t.Context(), o.admin, id, q)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Lines) > most || page.Next != "" && len(page.Lines) != most {
			t.Fatalf("a page of %d lines, next %q", len(page.Lines), page.Next)
		}
		lines = append(lines, page.Lines...)
		if page.Next == "" {
			return lines
		}
		q.Cursor = page.Next
	}
}

// mixed is a file in which every seventh line is refused, and two lines exchange
// their numbers over most of it.
func mixed(lines int) string {
	var file strings.Builder
	file.WriteString("username,email,primary card number\n")
	for i := range lines {
		email, number := "", ""
		switch {
		case i%7 == 6:
			email = "nowhere"
		case i == 1:
			number = "5002"
		case i == lines-2:
			number = "5001"
		}
		fmt.Fprintf(&file, "person%d,%s,%s\n", i, email, number)
	}
	return file.String()
}

func TestReportByPages(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		const lines = 1200
		o.run(t, fmt.Sprintf("username,primary card number\nperson1,5001\nperson%d,5002\n", lines-2), directory.Options{})
		id, err := o.Start(t.Context(), o.admin, strings.NewReader(mixed(lines)), directory.Options{FileName: `C:\people\staff.csv`})
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		over, err := o.Import(t.Context(), o.admin, id)
		if err != nil || over.FileName != "staff.csv" || over.FileLines != lines+1 || over.LastLine != lines+1 || over.Totals.Updated != 2 {
			t.Fatalf("%+v, %v", over, err)
		}
		all, err := o.Lines(t.Context(), o.admin, id, 0, lines)
		if err != nil || len(all) != lines {
			t.Fatalf("%d lines, %v", len(all), err)
		}
		for _, most := range []int{1, 7, 50, 500, lines, 2 * lines} {
			if diff := cmp.Diff(all, o.byPages(t, id, "", most), cmpopts.IgnoreUnexported(cardinal.Violation{})); diff != "" {
				t.Fatalf("in pages of %d (-whole +pages):\n%s", most, diff)
			}
		}
		for _, result := range people.Results() {
			var want []people.LineResult
			for _, l := range all {
				if l.Result == result {
					want = append(want, l)
				}
			}
			if got := o.byPages(t, id, result, 50); !cmp.Equal(want, got, cmpopts.IgnoreUnexported(cardinal.Violation{})) || len(got) != over.Totals.Of(result) {
				t.Errorf("%s: %d lines by pages, %d in the report, %d counted", result, len(got), len(want), over.Totals.Of(result))
			}
		}
	})
}

func TestPagesThatAreNone(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	id, err := o.Start(t.Context(), o.admin, strings.NewReader("username\nanna\n"), directory.Options{FileName: "two\nlines.csv"})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if over, err := o.Import(t.Context(), o.admin, id); err != nil || over.FileName != "" {
		t.Errorf("a name that is no clean text: %q, %v", over.FileName, err)
	}
	for _, cursor := range []string{"x", "2", "-1-3", "5-2", "0-0"} {
		if _, err := o.LinesOf(t.Context(), o.admin, id, directory.LineQuery{Cursor: cursor, Limit: 5}); cardinal.CodeOf(err) != cardinal.CodeInvalid {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
	stranger := o.admin
	stranger.Customer = storetest.Customer(t, o.store, "Elsewhere").ID
	user := o.admin
	user.Role = cardinal.RoleUser
	for code, caller := range map[cardinal.Code]cardinal.Caller{cardinal.CodeNotFound: stranger, cardinal.CodeForbidden: user} {
		if _, err := o.LinesOf(t.Context(), caller, id, directory.LineQuery{Limit: 5}); cardinal.CodeOf(err) != code {
			t.Errorf("want %s: %v", code, err)
		}
	}
}

func TestDryRunIsFollowedByItsRun(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		start := func(o *office, options directory.Options) cardinal.ImportID {
			t.Helper()
			id, err := o.Start(t.Context(), o.admin, strings.NewReader("username,primary card number,pin\nanna,77,805913\nbruno,78,1\n"), options)
			if err != nil {
				t.Fatal(err)
			}
			if err := o.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			return id
		}
		dry := start(o, directory.Options{DryRun: true, FileName: "staff.csv"})
		tried, err := o.Import(t.Context(), o.admin, dry)
		if err != nil || tried.Totals != (people.Totals{Created: 1, Refused: 1}) {
			t.Fatalf("%+v, %v", tried, err)
		}
		stranger := o.admin
		stranger.Customer = storetest.Customer(t, o.store, "Elsewhere").ID
		auditor := o.admin
		auditor.Role = cardinal.RoleAuditor
		if o.Kept(stranger, dry) || o.Kept(auditor, dry) || !o.Kept(o.admin, dry) {
			t.Error("the file is kept for the wrong people")
		}
		if _, err := o.StartKept(t.Context(), stranger, dry); cardinal.CodeOf(err) != cardinal.CodeNotFound {
			t.Errorf("another customer's file: %v", err)
		}
		if _, err := o.StartKept(t.Context(), auditor, dry); cardinal.CodeOf(err) != cardinal.CodeForbidden {
			t.Errorf("an auditor: %v", err)
		}
		id, err := o.StartKept(t.Context(), o.admin, dry)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		over, err := o.Import(t.Context(), o.admin, id)
		if err != nil || over.State != directory.Done || over.DryRun || over.Totals != tried.Totals || over.FileName != "staff.csv" || over.FileLines != 3 {
			t.Errorf("the run: %+v, %v", over, err)
		}
		o.user(t, "anna")
		if o.Kept(o.admin, dry) || o.Kept(o.admin, id) {
			t.Error("the file is kept after its run")
		}
		if _, err := o.StartKept(t.Context(), o.admin, dry); cardinal.CodeOf(err) != cardinal.CodeNotFound {
			t.Errorf("a second time: %v", err)
		}
		run := start(o, directory.Options{})
		if o.Kept(o.admin, run) {
			t.Error("the file of a run is kept")
		}
		var dries []cardinal.ImportID
		for range 5 {
			dries = append(dries, start(o, directory.Options{DryRun: true}))
		}
		if o.Kept(o.admin, dries[0]) || !o.Kept(o.admin, dries[1]) || !o.Kept(o.admin, dries[4]) {
			t.Error("not the newest four files are kept")
		}
		if err := o.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if o.Kept(o.admin, dries[4]) {
			t.Error("a file is kept after the end")
		}
	})
}
