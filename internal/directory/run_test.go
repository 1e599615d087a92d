package directory_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/directory"
	"cardinal/internal/directory/people"
	"cardinal/internal/storetest"
)

func TestSampleFileTwice(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		file := sample(t, "people.csv")
		empty := o.contents(t)
		over, _ := o.run(t, file, directory.Options{DryRun: true})
		all := people.Totals{Created: 2000}
		if over.Totals != all || over.ID != "" {
			t.Errorf("the dry run: %+v", over)
		}
		if diff := cmp.Diff(empty, o.contents(t)); diff != "" {
			t.Fatalf("the dry run wrote (-before +after):\n%s", diff)
		}
		if over, _ := o.run(t, file, directory.Options{}); over.Totals != all || over.State != directory.Done || over.LastLine != 2001 {
			t.Fatalf("the first run: %+v", over)
		}
		before, entries := o.contents(t), o.audited(t)
		if len(before["users"]) != 2000 {
			t.Fatalf("%d users", len(before["users"]))
		}
		again, lines := o.run(t, file, directory.Options{})
		if again.Totals != (people.Totals{Unchanged: 2000}) || len(lines) != 2000 {
			t.Errorf("the second run: %+v", again)
		}
		after := o.contents(t)
		// An import itself is on record, by two entries.
		for _, table := range []string{"audit_heads", "audit_entries"} {
			delete(before, table)
			delete(after, table)
		}
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("the second run wrote (-before +after):\n%s", diff)
		}
		if got := o.audited(t); len(got) != len(entries) {
			t.Errorf("the second run left %d entries more", len(got)-len(entries))
		}
	})
}

func TestFaultsOfTheHeaderWriteNothing(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	for name, file := range map[string]string{
		"unknown column": "username,fax\nanna,1\n", "no username": "email\na@example.org\n", "empty": "", "no text": "username\x00,pin\n",
	} {
		for _, options := range []directory.Options{{}, {DryRun: true}} {
			before := o.contents(t)
			_, err := o.Start(t.Context(), o.admin, strings.NewReader(file), options)
			if code := cardinal.CodeOf(err); code != cardinal.CodeInvalid && code != cardinal.CodeMalformed {
				t.Errorf("%s: Start answers %v", name, err)
			}
			_, err = o.Run(t.Context(), o.admin, strings.NewReader(file), options, nil)
			if code := cardinal.CodeOf(err); code != cardinal.CodeInvalid && code != cardinal.CodeMalformed {
				t.Errorf("%s: Run answers %v", name, err)
			}
			if diff := cmp.Diff(before, o.contents(t)); diff != "" {
				t.Errorf("%s wrote:\n%s", name, diff)
			}
		}
	}
	if _, err := o.Run(t.Context(), o.admin, strings.NewReader("username\nanna\n"), directory.Options{Conversion: "rot13"}, nil); cardinal.CodeOf(err) != cardinal.CodeInvalid {
		t.Errorf("an unknown conversion: %v", err)
	}
	if imports, err := o.Imports(t.Context(), o.admin, "", 10); err != nil || len(imports) != 0 {
		t.Errorf("%d imports, %v", len(imports), err)
	}
}

func TestWhoMayImport(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	id, err := o.Start(t.Context(), o.admin, strings.NewReader("username\nanna\n"), directory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, role := range cardinal.Roles() {
		caller := o.admin
		caller.Role = role
		_, runErr := o.Run(t.Context(), caller, strings.NewReader("username\nanna\n"), directory.Options{}, nil)
		_, startErr := o.Start(t.Context(), caller, strings.NewReader("username\nanna\n"), directory.Options{})
		cancelErr := o.Cancel(t.Context(), caller, id)
		_, readErr := o.Import(t.Context(), caller, id)
		_, linesErr := o.Lines(t.Context(), caller, id, 0, 10)
		_, listErr := o.Imports(t.Context(), caller, "", 10)
		exportErr := o.Export(t.Context(), caller, io.Discard)
		may, reads := caller.May(cardinal.PermWriteUsers), caller.May(cardinal.PermReadUsers)
		for name, got := range map[string]struct {
			err error
			may bool
		}{"run": {runErr, may}, "start": {startErr, may}, "cancel": {cancelErr, may}, "import": {readErr, reads}, "lines": {linesErr, reads},
			"imports": {listErr, reads}, "export": {exportErr, reads}} {
			if refused := cardinal.CodeOf(got.err) == cardinal.CodeForbidden; refused == got.may {
				t.Errorf("%s by %s: %v", name, role, got.err)
			}
		}
		if err := o.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	stranger := o.admin
	stranger.Customer = storetest.Customer(t, o.store, "Elsewhere").ID
	if _, err := o.Import(t.Context(), stranger, id); cardinal.CodeOf(err) != cardinal.CodeNotFound {
		t.Errorf("another customer's import: %v", err)
	}
	if _, err := o.Lines(t.Context(), stranger, id, 0, 10); cardinal.CodeOf(err) != cardinal.CodeNotFound {
		t.Errorf("another customer's report: %v", err)
	}
	if err := o.Cancel(t.Context(), stranger, id); cardinal.CodeOf(err) != cardinal.CodeNotFound {
		t.Errorf("cancelling another customer's import: %v", err)
	}
}

// broken gives some of a file and then fails, as a lost connection does.
type broken struct{ text io.Reader }

var errLost = errors.New("connection reset by peer")

func (b broken) Read(p []byte) (int, error) {
	n, err := b.text.Read(p)
	if err == io.EOF {
		err = errLost
	}
	return n, err
}

func TestConnectionLostInTheBody(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	file := sample(t, "people.csv")
	before := o.contents(t)
	if _, err := o.Start(t.Context(), o.admin, broken{strings.NewReader(file[:len(file)/2])}, directory.Options{}); !errors.Is(err, errLost) {
		t.Errorf("Start answers %v", err)
	}
	if diff := cmp.Diff(before, o.contents(t)); diff != "" {
		t.Errorf("something was written:\n%s", diff)
	}
	// The command line reads as it writes: what was whole stays, and it is said where it ended.
	over, err := o.Run(t.Context(), o.admin, broken{strings.NewReader(file[:len(file)/2])}, directory.Options{}, nil)
	if !errors.Is(err, errLost) || over.State != directory.Failed || over.Detail == "" {
		t.Errorf("Run answers %+v, %v", over, err)
	}
	if over.Totals.Created == 0 || len(o.contents(t)["users"]) != over.Totals.Created {
		t.Errorf("%d users are there, %d were reported", len(o.contents(t)["users"]), over.Totals.Created)
	}
}

func TestFileThatStopsBeingText(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	report := o.background(t, "username\nanna\nbob\nca\x00rl\ndana\n", directory.Options{})
	if report.State != string(directory.Failed) || report.Totals != (people.Totals{Created: 2}) {
		t.Errorf("%+v", report)
	}
	over, err := o.Import(t.Context(), o.admin, cardinal.ImportID(report.ID))
	if err != nil || !strings.Contains(over.Detail, "4") || over.LastLine != 3 {
		t.Errorf("%+v, %v", over, err)
	}
}

func TestConversionOfNumbers(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	_, lines := o.run(t, numbersHeader+"a,946EBD28,\nb,xyz,\nc,4.2E+12,\nd,•••• 1234,\n", directory.Options{Conversion: "hex-to-decimal"})
	if got := results(lines); got != "2:created 3:refused 4:refused 5:refused" {
		t.Errorf("results %s", got)
	}
	for i, want := range []string{"", "primaryCardNumber:invalid", "primaryCardNumber:spoilt", "primaryCardNumber:invalid"} {
		if got := codes(lines[i].Reasons); got != want {
			t.Errorf("line %d: %s, want %s", i+2, got, want)
		}
	}
	if got := o.user(t, "a").Number(cardinal.Primary); got != "2490285352" {
		t.Errorf("number %s", got)
	}
}

func TestEveryReasonAtOnce(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	file := "username,email,primary card number,pin,password,role\n" +
		"anna,anna@example.org,111222333,9305,,\n" +
		"bob,nowhere,111222333,12,short,king\n" +
		"anna,nowhere,4.2E+12,1234,,\n"
	_, lines := o.run(t, file, directory.Options{})
	for i, want := range []string{
		"",
		"email:invalid role:invalid primaryCardNumber:taken pin:too_short pin:sequential password:too_short",
		"email:invalid primaryCardNumber:spoilt pin:sequential pin:common",
	} {
		if got := codes(lines[i].Reasons); got != want {
			t.Errorf("line %d: %s, want %s", i+2, got, want)
		}
	}
	if !strings.Contains(o.log.String(), `"msg":"PIN refused"`) || strings.Contains(o.log.String(), "1234") {
		t.Errorf("the log says %s", o.log)
	}
}

func TestRolesInAFile(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	o.run(t, "username,role\nchief,administrator\n", directory.Options{})
	helpdesk := o.admin
	helpdesk.Role = cardinal.RoleHelpdesk
	for name, test := range map[string]struct {
		caller cardinal.Caller
		line   string
		want   string
	}{
		"nobody grants without the right":    {helpdesk, "eve,,auditor", "forbidden"},
		"nobody grants above their own":      {o.admin, "eve,,operator", "forbidden"},
		"nobody touches who is above":        {helpdesk, "chief,x@example.org,", "forbidden"},
		"the last administrator stays":       {o.admin, "chief,,user", "role:invalid"},
		"the role that they have is nothing": {helpdesk, "chief,,administrator", ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, dry := range []bool{true, false} {
				var lines []people.LineResult
				_, err := o.Run(t.Context(), test.caller, strings.NewReader("username,email,role\n"+test.line+"\n"), directory.Options{DryRun: dry},
					func(p directory.Progress) error { lines = append(lines, p.Lines...); return nil })
				if err != nil || len(lines) != 1 || codes(lines[0].Reasons) != test.want {
					t.Errorf("dry run %v: %+v, %v, want %s", dry, lines, err, test.want)
				}
			}
		})
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.run(t, "username,role\nfirst,administrator\nsecond,administrator\nthird,administrator\n", directory.Options{})
		for _, file := range []struct{ lines, want string }{
			{"first,user\n", "2:updated"}, // the two others are not in the file
			{"second,user\nthird,user\n", "2:updated 3:refused"},
		} {
			for _, dry := range []bool{true, false} {
				_, lines := o.run(t, "username,role\n"+file.lines, directory.Options{DryRun: dry})
				if got := results(lines); got != file.want {
					t.Errorf("dry run %v: results %s, want %s", dry, got, file.want)
				}
			}
		}
	})
}

func TestPasswordsFromFiles(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	const header = "username,password\n"
	_, lines := o.run(t, header+"anna,correct horse battery\nbob,(clear)\n", directory.Options{})
	if got := results(lines); got != "2:created 3:created" {
		t.Fatalf("results %s", got)
	}
	if u := o.user(t, "anna"); !u.HasPassword || !u.PasswordMustChange {
		t.Errorf("anna has %+v", u.User)
	}
	for _, dry := range []bool{true, false} {
		_, lines = o.run(t, header+"anna,(clear)\nanna,(clear)\nbob,(clear)\n", directory.Options{DryRun: dry})
		if got := results(lines); got != "2:updated 3:unchanged 4:unchanged" {
			t.Errorf("dry run %v: results %s", dry, got)
		}
	}
	if o.user(t, "anna").HasPassword {
		t.Error("anna's password is still there")
	}
}

// TestDryRunsDoNotTryPINsOut would find a user's PIN by dry runs if they told
// without limit that a PIN is in use.
func TestDryRunsDoNotTryPINsOut(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		const file = "username,pin\nanna,9305\n"
		o.run(t, file, directory.Options{})
		reused := 0
		for range 20 {
			_, lines := o.run(t, file, directory.Options{DryRun: true})
			if codes(lines[0].Reasons) == "pin:reused" {
				reused++
			}
		}
		if reused != 10 {
			t.Errorf("dry runs told %d times that the PIN is in use, want 10", reused)
		}
		_, lines := o.run(t, file, directory.Options{})
		if got := codes(lines[0].Reasons); got != "rate_limited" {
			t.Errorf("the run after them gives %s", got)
		}
	})
}

func TestStopping(t *testing.T) {
	file := sample(t, "people.csv")
	t.Run("a run whose context ends stops after its batch and says where", func(t *testing.T) {
		each(t, func(t *testing.T, o *office) {
			ctx, cancel := context.WithCancel(t.Context())
			over, err := o.Run(ctx, o.admin, strings.NewReader(file), directory.Options{}, func(p directory.Progress) error {
				if p.Totals.Created >= 300 {
					cancel()
				}
				return nil
			})
			if err != nil || over.State != directory.Cancelled || over.Totals.Created < 300 || over.Totals.Created > 600 {
				t.Fatalf("%+v, %v", over, err)
			}
			if over.LastLine != over.Totals.Created+1 || !strings.Contains(over.Detail, "Cancelled after line") {
				t.Errorf("it stopped at line %d: %s", over.LastLine, over.Detail)
			}
			if got := len(o.contents(t)["users"]); got != over.Totals.Created {
				t.Errorf("%d users are there, %d were reported", got, over.Totals.Created)
			}
			checkAudit(t, o, over)
		})
	})
	t.Run("somebody cancels", func(t *testing.T) {
		each(t, func(t *testing.T, o *office) {
			var id cardinal.ImportID
			over, err := o.Run(t.Context(), o.admin, strings.NewReader(file), directory.Options{}, func(p directory.Progress) error {
				if id == "" {
					id = p.ID
					return o.Cancel(t.Context(), o.admin, id)
				}
				return nil
			})
			if err != nil || over.State != directory.Cancelled || over.LastLine == 0 || over.LastLine == 2001 {
				t.Fatalf("%+v, %v", over, err)
			}
			kept, err := o.Import(t.Context(), o.admin, id)
			if err != nil || kept != over {
				t.Errorf("kept is %+v, %v; want %+v", kept, err, over)
			}
			if err := o.Cancel(t.Context(), o.admin, id); cardinal.CodeOf(err) != cardinal.CodeConflict {
				t.Errorf("cancelling it again: %v", err)
			}
			checkAudit(t, o, over)
		})
	})
	t.Run("closing the service interrupts imports", func(t *testing.T) {
		each(t, func(t *testing.T, o *office) {
			id, err := o.Start(t.Context(), o.admin, strings.NewReader(strings.Repeat(file, 20)), directory.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := o.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			over, err := o.Import(t.Context(), o.admin, id)
			if err != nil || over.State != directory.Interrupted || over.Detail == "" {
				t.Errorf("%+v, %v", over, err)
			}
			if _, err := o.Start(t.Context(), o.admin, strings.NewReader(file), directory.Options{}); cardinal.CodeOf(err) != cardinal.CodeUnavailable {
				t.Errorf("after closing, Start answers %v", err)
			}
			checkAudit(t, o, over)
		})
	})
	t.Run("an import without a sign of life counts as interrupted", func(t *testing.T) {
		o := newOffice(t, storetest.New(t, storetest.SQLite))
		var id cardinal.ImportID
		_, err := o.Run(t.Context(), o.admin, strings.NewReader(file), directory.Options{}, func(p directory.Progress) error {
			if id != "" {
				return nil
			}
			id = p.ID
			o.database.Clock.Add(30_000_000_000)
			if now, err := o.Import(t.Context(), o.admin, id); err != nil || now.State != directory.Running {
				t.Errorf("after 30 s: %+v, %v", now, err)
			}
			o.database.Clock.Add(1_000_000_000)
			now, err := o.Import(t.Context(), o.admin, id)
			if err != nil || now.State != directory.Interrupted || !strings.Contains(now.Detail, "after line 501") {
				t.Errorf("after 31 s: %+v, %v", now, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if over, err := o.Import(t.Context(), o.admin, id); err != nil || over.State != directory.Done {
			t.Errorf("at the end: %+v, %v", over, err)
		}
	})
}

func checkAudit(t *testing.T, o *office, over directory.Import) {
	t.Helper()
	started, finished := 0, 0
	for _, e := range storetest.Audit(t, o.store, o.customer) {
		if e.Subject != "import "+string(over.ID) {
			continue
		}
		switch e.Action {
		case "import.started":
			started++
		case "import.finished":
			finished++
			if !strings.Contains(e.After, string(over.State)) {
				t.Errorf("the audit says %s", e.After)
			}
		}
	}
	findings, err := audit.NewChain(o.database.Ring).Verify(t.Context(), o.store)
	if err != nil || len(findings) != 1 || findings[0].Broken != 0 {
		t.Errorf("the audit chain: %+v, %v", findings, err)
	}
	if started != 1 || finished != 1 {
		t.Errorf("%d entries of the start, %d of the end", started, finished)
	}
}

func TestImportGoesOnWithoutItsRequest(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	ctx, cancel := context.WithCancel(t.Context())
	id, err := o.Start(ctx, o.admin, strings.NewReader(sample(t, "people.csv")), directory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := o.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	over, err := o.Import(t.Context(), o.admin, id)
	if err != nil || over.State != directory.Done || over.Totals.Created != 2000 {
		t.Errorf("%+v, %v", over, err)
	}
	var lines []people.LineResult
	for after := 0; ; {
		page, err := o.Lines(t.Context(), o.admin, id, after, 300)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		lines = append(lines, page...)
		after = page[len(page)-1].Line
	}
	if len(lines) != 2000 || lines[1999].Line != 2001 {
		t.Errorf("%d results by pages", len(lines))
	}
	if imports, err := o.Imports(t.Context(), o.admin, "", 10); err != nil || len(imports) != 1 || imports[0] != over {
		t.Errorf("imports %+v, %v", imports, err)
	}
}

func TestExportComesBackUnchanged(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.run(t, sample(t, "people.csv"), directory.Options{})
		o.run(t, sample(t, "people-dirty.csv"), directory.Options{})
		o.run(t, "username,full name,notes,disabled,role\n+x,-1+1,\"a\nb\",yes,auditor\n'y,'quoted,(clear),,\n", directory.Options{})
		var export bytes.Buffer
		if err := o.Export(t.Context(), o.admin, &export); err != nil {
			t.Fatal(err)
		}
		for _, formula := range []string{",=1+1", "\n+x", ",-1+1"} {
			if strings.Contains(export.String(), formula) {
				t.Errorf("%q is in the export", formula)
			}
		}
		before := o.contents(t)
		over, lines := o.run(t, export.String(), directory.Options{})
		if over.Totals != (people.Totals{Unchanged: len(before["users"])}) {
			t.Errorf("importing the export: %+v", over.Totals)
			for _, l := range lines {
				if l.Result != people.Unchanged {
					t.Errorf("%+v", l)
				}
			}
		}
		auditor := o.admin
		auditor.Role = cardinal.RoleAuditor
		var masked bytes.Buffer
		if err := o.Export(t.Context(), auditor, &masked); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(masked.String(), "••••") || strings.Contains(masked.String(), "5235092385") {
			t.Error("numbers are not masked for who may not see them")
		}
		_, lines = o.run(t, masked.String(), directory.Options{})
		refused := 0
		for _, l := range lines {
			if l.Result == people.Refused {
				refused++
			}
		}
		if refused == 0 {
			t.Error("an export with masked numbers was imported")
		}
		entries := o.audited(t)
		if entries[len(entries)-1] != "users.exported users" || entries[len(entries)-2] != "users.exported users" {
			t.Errorf("the last entries are %q", entries[len(entries)-2:])
		}
	})
}
