package browser

import (
	"encoding/csv"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/browsertest"
	"cardinal/internal/credential"
	"cardinal/internal/setting"
)

// TestWhoWasAtTheCopier looks for refused tries of today, then for a number,
// which leaves no trace in the address.
func TestWhoWasAtTheCopier(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.furnish()
		s.clock.add(48 * time.Hour)
		s.signInsOf("helga", "1")
		s.signIn(adminName)
		s.open("/logs/sign-ins")
		if n := s.count("tbody tr"); n != 9 {
			t.Fatalf("%d sign-ins are listed", n)
		}
		s.Type("#filter-username", "CHIAMAKA")
		s.Enter()
		if s.Path() != "/logs/sign-ins?username=CHIAMAKA" || s.count("tbody tr") != 5 || s.count("tbody .tag-success") != 0 {
			t.Errorf("%s lists %d sign-ins", s.Path(), s.count("tbody tr"))
		}
		s.Follow("button[value=today]")
		if s.Path() != "/logs/sign-ins?range=today&username=CHIAMAKA" || !strings.Contains(s.text(".empty-state"), "Nothing was found") {
			t.Errorf("today at %s: %s", s.Path(), s.text("main"))
		}
		s.open("/logs/sign-ins?outcome=refused&range=today")
		if s.count("tbody tr") != 1 || !strings.Contains(s.text("tbody"), "helga") {
			t.Errorf("refused today: %s", s.text("tbody"))
		}
		s.Follow("tbody a")
		if s.Path() != "/users/helga" {
			t.Errorf("the name leads to %s", s.Path())
		}
		s.open("/logs/sign-ins")
		s.Type("#filter-number", "a b")
		if status := s.Enter(); status != http.StatusUnprocessableEntity || !strings.Contains(s.text(".summary"), "letters or digits") {
			t.Errorf("what is no end of a number: %d %s", status, s.text(".summary"))
		}
		s.fill("#filter-number", "C9D1")
		s.Enter()
		if s.Path() != "/logs/sign-ins" || s.count(".empty-state") != 1 || strings.Contains(s.html(), "?number=") {
			t.Errorf("the search for a number is at %s", s.Path())
		}
	})
}

// TestPagesOfALog goes through more sign-ins than one page has, by links and by
// forms.
func TestPagesOfALog(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.set(setting.SignInDeviceBudget.Key, "-1")
		s.must(s.app.Door.SetNumber(t.Context(), s.as, adminName, credential.NumberChange{Slot: cardinal.Primary, Number: number(t, "77120045")}))
		s.person("bruno", "Bruno Costa", cardinal.RoleUser)
		pins := strings.Split(strings.Repeat("1 ", 60), " ")[:60]
		s.signInsOf("bruno", pins...)
		s.signIn(adminName)
		s.open("/logs/sign-ins")
		if s.count("tbody tr") != 50 {
			t.Fatalf("the first page has %d", s.count("tbody tr"))
		}
		s.Follow(".pager a:last-child")
		if s.count("tbody tr") != 10 || !strings.Contains(s.Path(), "before=") {
			t.Errorf("the second page has %d at %s", s.count("tbody tr"), s.Path())
		}
	})
}

// TestTheAuditLog narrows the audit log and reads what was changed.
func TestTheAuditLog(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.furnish()
		s.signIn(adminName)
		s.open("/logs/audit")
		s.Type("#filter-about", "user bruno")
		s.Enter()
		if s.Path() != "/logs/audit?about=user+bruno" || s.count("tbody tr") < 4 || strings.Contains(s.text("tbody"), "chiamaka") {
			t.Errorf("about bruno at %s: %s", s.Path(), s.text("tbody"))
		}
		browsertest.Eval[bool](s.Browser, `(document.querySelector("#filter-action").value = "pin.set", true)`)
		s.Follow("#filter .btn-primary")
		if s.count("tbody tr") != 1 || !strings.Contains(s.text("tbody"), "The PIN was set.") || !strings.Contains(s.text("tbody"), "Command line") {
			t.Errorf("the PIN of bruno: %s", s.text("tbody"))
		}
		s.open("/logs/audit")
		s.Type("#filter-text", "no 1234")
		s.Enter()
		if s.Path() != "/logs/audit" || s.count(".empty-state") != 1 {
			t.Errorf("a text with figures is searched at %s", s.Path())
		}
	})
}

// TestTheApplicationLog reads what a server wrote, follows it, and lets an
// auditor see only what is about their own organisation.
func TestTheApplicationLog(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.person("aurel", "Aurel Popescu", cardinal.RoleAuditor)
		s.signIn(adminName)
		s.open("/logs/application")
		if !strings.Contains(s.text(".empty-state"), "There is no log file") {
			t.Errorf("without a file: %s", s.text("main"))
		}
		s.writeLog()
		s.open("/logs/application")
		if s.count(".log-line") != 5 || s.count(".log-line script") != 0 || !strings.Contains(s.text(".log-lines"), "<script>") {
			t.Errorf("%d lines: %s", s.count(".log-line"), s.text(".log-lines"))
		}
		browsertest.Eval[bool](s.Browser, `(document.querySelector("#filter-level").value = "error", true)`)
		s.Follow("#filter .btn-primary")
		if s.Path() != "/logs/application?level=error" || s.count(".log-line") != 2 {
			t.Errorf("errors at %s: %d", s.Path(), s.count(".log-line"))
		}
		s.open("/logs/application?live=1")
		file, err := os.OpenFile(filepath.Join(s.data, "log", "cardinal.log"), os.O_APPEND|os.O_WRONLY, 0)
		s.must(err)
		_, err = file.WriteString(`{"time":"2026-05-12T09:42:00Z","level":"INFO","msg":"something new"}` + "\n")
		s.must(err)
		s.must(file.Close())
		if browsertest.Eval[bool](s.Browser, `typeof htmx !== "undefined"`) {
			for range 40 {
				if s.count(".log-line") == 6 {
					break
				}
				time.Sleep(100 * time.Millisecond)
			}
		} else {
			s.Follow("a[href='/logs/application?live=1']")
		}
		if s.count(".log-line") != 6 || !strings.Contains(s.text(".log-line"), "something new") {
			t.Errorf("the newest line is %s", s.text(".log-line"))
		}
		s.signIn("aurel")
		s.open("/logs/application")
		if s.count(".log-line") != 1 || !strings.Contains(s.text(".log-line"), "PIN refused") {
			t.Errorf("an auditor sees %s", s.text(".log-lines"))
		}
	})
}

// TestExports takes each log away as a file, which is on record, and in which no
// cell is a formula.
func TestExports(t *testing.T) {
	s := newStage(t)
	s.furnish()
	s.writeLog()
	s.person("+cmd", "", cardinal.RoleUser)
	s.signInsOf("+cmd", "1")
	token := s.session(adminName)
	for path, want := range map[string]string{
		"/logs/sign-ins/export": "chiamaka", "/logs/audit/export": "user bruno", "/logs/application/export": "PIN refused",
	} {
		body := s.download(token, path, url.Values{"range": {"30-days"}})
		rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
		if err != nil || len(rows) < 3 || !strings.Contains(body, want) {
			t.Errorf("%s has %d rows: %v\n%.300s", path, len(rows), err, body)
		}
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsAny(cell[:1], "=+@") {
					t.Errorf("%s has the cell %q", path, cell)
				}
			}
		}
	}
	s.signIn(adminName)
	s.open("/logs/audit?text=exported")
	if s.count("tbody tr") != 3 {
		t.Errorf("on record are %s", s.text("tbody"))
	}
}

func (s *stage) download(token, path string, form url.Values) string {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, strings.NewReader(form.Encode()))
	s.must(err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	request.AddCookie(&http.Cookie{Name: "cardinal-session", Value: token})
	answer, err := http.DefaultClient.Do(request)
	s.must(err)
	body, err := io.ReadAll(answer.Body)
	s.must(err)
	s.must(answer.Body.Close())
	if answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/csv") || answer.Header.Get("Content-Disposition") == "" {
		s.t.Fatalf("%s is answered with %d %s", path, answer.StatusCode, answer.Header.Get("Content-Type"))
	}
	return string(body)
}
