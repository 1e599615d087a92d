package browser

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/browsertest"
	"cardinal/internal/directory"
)

// staff has three people, of whom one is refused for three reasons.
const staff = "username,full name,email,primary card number,pin\n" +
	"anna,Anna Lindqvist,anna@acme.example,0049512873,805913\n" +
	"bruno,Bruno Costa,nowhere,0049512874,1234\n" +
	"chiara,Chiara Ricci,,,\n"

// file leaves a file where the browser can take it from.
func (s *stage) file(name, content string) string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), name)
	s.must(os.WriteFile(path, []byte(content), 0o600))
	return path
}

// fetch gets a file as somebody who is signed in, and what it is called.
func (s *stage) fetch(as, path string) (content, disposition string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, http.NoBody)
	s.must(err)
	r.AddCookie(&http.Cookie{Name: "cardinal-session", Value: s.session(as)})
	answer, err := http.DefaultClient.Do(r)
	s.must(err)
	defer func() { s.must(answer.Body.Close()) }()
	text, err := io.ReadAll(answer.Body)
	s.must(err)
	if answer.StatusCode != http.StatusOK {
		s.t.Errorf("%s is answered with %d", path, answer.StatusCode)
	}
	return string(text), answer.Header.Get("Content-Disposition")
}

// upload sends a file by the form, which stands before the browser.
func (s *stage) upload(path string) int {
	s.t.Helper()
	s.Type("#import-file", path)
	return s.Follow("#import .form-actions button")
}

// settle waits for the import that is shown, and shows it again.
func (s *stage) settle() {
	s.t.Helper()
	s.must(s.app.Directory.Wait(s.t.Context()))
	s.open(s.Path())
}

func TestImport(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.signIn(adminName)
		s.open("/import-users")
		if got := s.text("#earlier ~ *, .empty-state"); !strings.Contains(got, "No imports yet") {
			t.Errorf("without an import the page says %q", got)
		}
		if status := s.Follow("#import .form-actions button"); status != http.StatusUnprocessableEntity || !strings.Contains(s.text("#import > .summary:first-child"), "Choose a file") {
			t.Errorf("without a file: %d, %s", status, s.text("main"))
		}
		if status := s.upload(s.file("fax.csv", "username,fax\nanna,1\n")); status != http.StatusUnprocessableEntity || !strings.Contains(s.text("#import .summary"), "Column 2") {
			t.Errorf("an unknown column: %d, %s", status, s.text("#import .summary"))
		}

		if status := s.upload(s.file("staff.csv", staff)); status != http.StatusOK || !strings.HasPrefix(s.Path(), "/import-users/") {
			t.Fatalf("the dry run: %d at %s: %s", status, s.Path(), s.text("main"))
		}
		s.settle()
		dryRun := s.Path()
		if got := s.text("main"); !strings.Contains(got, "Dry run of staff.csv") || !strings.Contains(got, "2 users would be created or changed") {
			t.Errorf("the dry run says %s", got)
		}
		if _, err := s.app.Accounts.User(t.Context(), s.as, "anna"); cardinal.CodeOf(err) != cardinal.CodeNotFound {
			t.Fatalf("the dry run has made somebody: %v", err)
		}

		s.Follow(".next-step button")
		s.settle()
		if s.Path() == dryRun || !strings.Contains(s.text("h1"), "Import of staff.csv") || s.count("tbody tr") != 3 {
			t.Errorf("the run at %s: %s", s.Path(), s.text("main"))
		}
		if got := s.view("anna"); got.FullName != "Anna Lindqvist" || !got.HasPIN() || got.Number(cardinal.Primary) != "0049512873" {
			t.Errorf("the run left %+v", got)
		}
		for _, secret := range []string{"805913", "1234"} {
			if strings.Contains(s.text("main"), secret) {
				t.Errorf("the report holds a PIN: %s", s.text("main"))
			}
		}
		s.Follow("a[href$='?result=refused']")
		if got := s.text("tbody"); s.count("tbody tr") != 1 || !strings.Contains(got, "bruno") || s.count(".reasons li") != 3 {
			t.Errorf("refused are %q", got)
		}
		report, name := s.fetch(adminName, s.links("a[download]"))
		if lines := strings.Split(strings.TrimSpace(report), "\n"); len(lines) != 2 || !strings.HasPrefix(lines[1], "3,bruno,refused,") || !strings.Contains(name, "import-report-refused.csv") {
			t.Errorf("%s is %q", name, report)
		}

		s.open(dryRun)
		if s.count(".next-step button") != 0 || !strings.Contains(s.links(".next-step a"), "mode=run") {
			t.Errorf("the file of the dry run is offered again: %s", s.text(".next-step"))
		}
		s.Follow(".next-step a")
		if got := browsertest.Eval[string](s.Browser, `document.querySelector("input[name=mode]:checked").value`); got != "run" {
			t.Errorf("%s is chosen", got)
		}
		s.open("/import-users")
		if got := s.count("tbody tr"); got != 2 {
			t.Errorf("%d earlier imports", got)
		}
	})
}

// TestImportWatched has a file that takes long enough to be seen and cancelled.
func TestImportWatched(t *testing.T) {
	s := newStage(t)
	s.signIn(adminName)
	s.open("/import-users?mode=run")
	var file strings.Builder
	file.WriteString("username,password\n")
	for i := range 600 {
		file.WriteString("person" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + ",a long enough password " + string(rune('a'+i%26)) + "\n")
	}
	s.upload(s.file("many.csv", file.String()))
	if s.count("progress") != 1 || s.text("#run button") != "Stop after the present batch" {
		t.Fatalf("the page of a running import: %s", s.text("main"))
	}
	s.Follow("#run form button")
	s.must(s.app.Directory.Wait(t.Context()))
	// The page notices by itself that it is over.
	if got := browsertest.Await(s.Browser, `document.querySelectorAll("progress").length`, 0); got != 0 {
		t.Errorf("the page still shows progress: %s", s.text("main"))
	}
	if got := s.text(".notice-warning"); !strings.Contains(got, "Cancelled ") {
		t.Errorf("the page says %q", got)
	}
}

// TestUploadOutlivesItsConnection cuts the connection when the file is there.
func TestUploadOutlivesItsConnection(t *testing.T) {
	s := newStage(t)
	server, err := url.Parse(s.url)
	s.must(err)
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Host)
	s.must(err)
	body := "--b\r\nContent-Disposition: form-data; name=\"mode\"\r\n\r\nrun\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"staff.csv\"\r\n\r\n" + staff + "\r\n--b--\r\n"
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/import-users", strings.NewReader(body))
	s.must(err)
	request.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	request.AddCookie(&http.Cookie{Name: "cardinal-session", Value: s.session(adminName)})
	s.must(request.Write(connection))
	s.must(connection.Close())
	var found []directory.Import
	for deadline := time.Now().Add(10 * time.Second); len(found) == 0 && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		found, err = s.app.Directory.Imports(t.Context(), s.as, "", 1)
		s.must(err)
	}
	s.must(s.app.Directory.Wait(t.Context()))
	found, err = s.app.Directory.Imports(t.Context(), s.as, "", 1)
	s.must(err)
	if len(found) != 1 || found[0].State != directory.Done || found[0].Totals.Created != 2 {
		t.Errorf("the imports are %+v", found)
	}
}

func TestExport(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.furnish()
		s.signIn(adminName)
		s.open("/export-users")
		if got := s.text("main"); !strings.Contains(got, "audit log") || !strings.Contains(got, "In full") {
			t.Errorf("the page says %s", got)
		}
		path := s.links("a[download]")
		number := s.view("bruno").Number(cardinal.Primary)
		whole, name := s.fetch(adminName, path)
		if !strings.Contains(name, "users.csv") || !strings.Contains(whole, number) {
			t.Errorf("%s does not hold a number", name)
		}
		s.signIn("aurel")
		s.open("/export-users")
		if got := s.text("main"); !strings.Contains(got, "Masked") {
			t.Errorf("an auditor reads %s", got)
		}
		masked, _ := s.fetch("aurel", path)
		if strings.Contains(masked, number) || !strings.Contains(masked, number[len(number)-4:]) {
			t.Error("an auditor's file holds a number")
		}
		sample, _ := s.fetch(adminName, "/import-users/sample.csv")
		id, err := s.app.Directory.Start(t.Context(), s.as, strings.NewReader(sample), directory.Options{DryRun: true})
		s.must(err)
		s.must(s.app.Directory.Wait(t.Context()))
		run, err := s.app.Directory.Import(t.Context(), s.as, id)
		s.must(err)
		if run.Totals.Refused != 0 || run.Totals.Created == 0 {
			t.Errorf("the sample file: %+v", run.Totals)
		}
	})
}

// TestUserAudit reads on a user's page what was done to them.
func TestUserAudit(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.furnish()
		s.signIn(adminName)
		s.open("/users/chiamaka")
		s.Follow("form[action$='/unlock'] button")
		s.Follow("a[href='/users/chiamaka/audit']")
		first := s.text("tbody tr:first-child")
		if !strings.Contains(first, "The lock was ended.") || !strings.Contains(first, "user.unlocked") || !strings.Contains(first, "User ada") {
			t.Errorf("the newest entry reads %q", first)
		}
		all := s.text("tbody")
		for _, want := range []string{"The user was created.", "Department: ", "Research and Development, Building 4", "The PIN was set."} {
			if !strings.Contains(all, want) {
				t.Errorf("%q is not there: %s", want, all)
			}
		}
		s.signIn("helga")
		s.open("/users/chiamaka")
		if s.count("a[href='/users/chiamaka/audit']") != 0 {
			t.Error("the helpdesk is led to the audit log")
		}
		s.open("/users/chiamaka/audit")
		if got := s.text("h1"); got != "You may not do this" {
			t.Errorf("the helpdesk reads %q", got)
		}
	})
}
