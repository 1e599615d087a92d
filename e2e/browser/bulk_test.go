package browser

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/browsertest"
	"cardinal/internal/bulk"
)

// poster posts forms as somebody's browser would, and sees the answers whole:
// downloads among them, which a browser puts aside.
type poster struct {
	*http.Client
	s *stage
}

func (s *stage) poster(username string) poster {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	s.must(err)
	at, err := url.Parse(s.url)
	s.must(err)
	jar.SetCookies(at, []*http.Cookie{{Name: "cardinal-session", Value: s.session(username)}})
	return poster{&http.Client{Jar: jar}, s}
}

func (p poster) post(path string, values url.Values) (status int, header http.Header, body string) {
	p.s.t.Helper()
	answer, err := p.PostForm(p.s.url+path, values)
	return p.read(answer, err)
}

func (p poster) get(path string) (status int, header http.Header, body string) {
	p.s.t.Helper()
	answer, err := p.Get(p.s.url + path)
	return p.read(answer, err)
}

func (p poster) read(answer *http.Response, err error) (int, http.Header, string) {
	p.s.t.Helper()
	p.s.must(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	p.s.must(err)
	return answer.StatusCode, answer.Header, string(body)
}

// TestBulk is the story of an administrator who issues PINs to everybody, leaves
// the page, comes back and downloads them once.
func TestBulk(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		for i := range 120 {
			_, err := s.app.Accounts.CreateUser(t.Context(), s.as, fmt.Sprintf("user%03d", i), account.Fields{})
			s.must(err)
		}
		_, err := s.app.Accounts.UpdateUser(t.Context(), s.as, "user000", 0, account.Fields{FullName: new("=1+1")})
		s.must(err)
		s.signIn(adminName)
		s.open("/bulk-actions")
		if got := s.text(".empty-state"); !strings.Contains(got, "No bulk actions yet") {
			t.Errorf("the empty list says %q", got)
		}
		s.open("/bulk-actions/new?action=issue-pins")
		if got := s.text("main"); !strings.Contains(got, "Issue new PINs to 121 users?") || !strings.Contains(got, "one time") {
			t.Fatalf("it asks %q", got)
		}
		if s.view("user000").HasPIN() {
			t.Fatal("it has begun without being confirmed")
		}
		s.Follow("#bulk button[type=submit]")
		path := s.Path()
		if !strings.HasPrefix(path, "/bulk-actions/") || len(path) != len("/bulk-actions/")+26 {
			t.Fatalf("confirming leads to %s: %s", path, s.text("main"))
		}
		s.open("/users") // the work goes on
		s.must(s.app.Bulk.Wait(t.Context()))
		s.open("/bulk-actions")
		s.Follow("tbody a")
		if got := s.text("main"); s.Path() != path || !strings.Contains(got, "Everybody was dealt with") || !strings.Contains(got, "121 of 121") {
			t.Fatalf("at %s: %s", s.Path(), got)
		}
		if s.count("tbody tr") != 50 {
			t.Errorf("%d lines on a page", s.count("tbody tr"))
		}
		s.Follow("a[rel=next]")
		s.Follow("a[rel=next]")
		if s.count("tbody tr") != 21 {
			t.Errorf("%d lines on the last page", s.count("tbody tr"))
		}
		s.Follow(".tabs a[href$='only=refused']")
		if s.count("tbody tr") != 0 || !strings.Contains(s.text(".empty-state"), "Nobody") {
			t.Errorf("refused are %s", s.text("tbody"))
		}
		s.downloadOnce(path)
	})
}

// downloadOnce presses the button for the PINs, which answers once.
func (s *stage) downloadOnce(path string) {
	s.t.Helper()
	s.person("bea", "Bea", cardinal.RoleAdministrator)
	if status, _, body := s.poster("bea").post(path+"/pins", nil); status != http.StatusForbidden || strings.Contains(body, "user000,") {
		s.t.Errorf("somebody else's download: %d", status)
	}
	if got := s.text("form[action$='/pins'] button"); got != "Download 121 PINs" {
		s.t.Errorf("the button says %q", got)
	}
	p := s.poster(adminName)
	status, header, body := p.post(path+"/pins", nil)
	lines := strings.Split(strings.TrimSpace(body), "\n")
	if status != http.StatusOK || len(lines) != 122 || lines[0] != "Username,Full name,Email,Department,PIN" || !strings.HasPrefix(header.Get("Content-Disposition"), "attachment") ||
		header.Get("Cache-Control") != "no-store" {
		s.t.Fatalf("the download: %d, %d lines, %v", status, len(lines), header)
	}
	_, pin, _ := strings.Cut(lines[2], "user000,'=1+1,,,") // guarded against spreadsheets
	s.signInsOf("user000", pin)
	records, err := s.app.SignIn.Records(s.t.Context(), s.as, "user000", "", 1)
	if err != nil || len(records) != 1 || records[0].Outcome != cardinal.OutcomeSuccess {
		s.t.Errorf("the downloaded PIN does not sign in: %+v, %v", records, err)
	}
	if status, _, body = p.post(path+"/pins", nil); status != http.StatusConflict || strings.Contains(body, pin) {
		s.t.Errorf("the second download: %d", status)
	}
	s.open(path)
	if got := s.text("main"); !strings.Contains(got, "121 new PINs were downloaded") || s.count("form[action$='/pins']") != 0 {
		s.t.Errorf("afterwards the page says %s", got)
	}
}

// TestBulkSelection posts what the list of users does, twice, and lets somebody
// come in between.
func TestBulkSelection(t *testing.T) {
	s := newStage(t)
	for _, name := range []string{"anna", "bruno"} {
		s.person(name, "", cardinal.RoleUser)
	}
	p := s.poster(adminName)
	_, _, page := p.post("/bulk-actions", url.Values{"action": {"disable"}, "username": {"anna", "bruno", adminName, "gone"}})
	for _, want := range []string{"Disable 2 users?", "1 more is selected and will be refused", "1 of those you selected is not there"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	run := between(page, `name="run" value="`, `"`)
	confirm := url.Values{"action": {"disable"}, "username": {"anna", "bruno", adminName, "gone"}, "run": {run}, "count": {"3"}}
	for range 2 {
		if status, _, _ := p.post("/bulk-actions/start", confirm); status != http.StatusOK {
			t.Errorf("the confirmation is answered with %d", status)
		}
	}
	s.must(s.app.Bulk.Wait(t.Context()))
	runs, err := s.app.Bulk.Runs(t.Context(), s.as, "", 10)
	if err != nil || len(runs) != 1 || runs[0].Done != 2 || runs[0].Refused != 1 || !s.view("anna").Disabled || s.view(adminName).Disabled {
		t.Fatalf("%+v, %v", runs, err)
	}
	_, header, report := p.get("/bulk-actions/" + run + "/report")
	if want := "Username,Outcome,Reasons\n" + adminName + ",refused,Nobody disables their own account. Ask another administrator.\nanna,done,\nbruno,done,\n"; report != want || !strings.HasPrefix(header.Get("Content-Type"), "text/csv") {
		t.Errorf("the report is %q", report)
	}

	if status, _, _ := p.post("/bulk-actions", url.Values{"action": {"issue-pins"}, "all": {"true"}, "filter": {"no-such"}}); status != http.StatusUnprocessableEntity {
		t.Errorf("an unknown filter: %d", status)
	}
	_, _, page = p.post("/bulk-actions", url.Values{"action": {"issue-pins"}, "all": {"true"}})
	s.person("carla", "", cardinal.RoleUser)
	confirm = url.Values{"action": {"issue-pins"}, "all": {"true"}, "run": {between(page, `name="run" value="`, `"`)}, "count": {between(page, `name="count" value="`, `"`)}}
	if status, _, page := p.post("/bulk-actions/start", confirm); status != http.StatusPreconditionFailed || !strings.Contains(page, "Issue new PINs to 4 users?") {
		t.Errorf("another selection than was shown: %d", status)
	}
	if s.view("anna").HasPIN() {
		t.Error("it has begun all the same")
	}
}

func between(text, before, after string) string {
	_, rest, _ := strings.Cut(text, before)
	found, _, _ := strings.Cut(rest, after)
	return found
}

// TestBulkExpiry gives PINs a last day.
func TestBulkExpiry(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.person("anna", "", cardinal.RoleUser)
		_, err := s.app.Door.SetPIN(t.Context(), s.as, "anna", cardinal.NewPIN("805913"))
		s.must(err)
		s.signIn(adminName)
		s.open("/bulk-actions/new?action=expire-pins")
		if got := s.text(".confirm"); !strings.Contains(got, "the PIN of 1 user") || !strings.Contains(got, "1 more is selected and stays unchanged") {
			t.Errorf("it asks %q", got)
		}
		browsertest.Eval[bool](s.Browser, `(document.querySelector("#bulk-expires").removeAttribute("required"), document.querySelector("#bulk-expires").removeAttribute("min"), true)`)
		if status := s.Follow("#bulk button[type=submit]"); status != http.StatusUnprocessableEntity || !strings.Contains(s.text(".summary"), "last day") {
			t.Errorf("no day: %d %s", status, s.text(".summary"))
		}
		browsertest.Eval[bool](s.Browser, `(document.querySelector("#bulk-expires").value = "2026-05-20", true)`)
		s.Follow("#bulk button[type=submit]")
		s.must(s.app.Bulk.Wait(t.Context()))
		// The last midnight of the day in Prague, two hours ahead of UTC.
		if got := s.view("anna").PIN.ExpiresAt.UTC().Format("2006-01-02 15:04"); got != "2026-05-20 22:00" {
			t.Errorf("the PIN expires %s: %s", got, s.text("main"))
		}
	})
}

// TestBulkProgress watches a run, begun behind two others, without touching the page.
func TestBulkProgress(t *testing.T) {
	s := newStage(t)
	names := make([]string, 700)
	for i := range names {
		names[i] = fmt.Sprintf("user%03d", i)
		_, err := s.app.Accounts.CreateUser(t.Context(), s.as, names[i], account.Fields{})
		s.must(err)
	}
	s.signIn(adminName)
	var last cardinal.BulkID
	for range 3 {
		id, err := s.app.Bulk.NewID(t.Context())
		s.must(err)
		s.must(s.app.Bulk.Start(t.Context(), s.as, id, bulk.Request{Kind: bulk.IssuePINs, Selection: bulk.Selection{Usernames: names}}))
		last = id
	}
	s.open("/bulk-actions/" + string(last))
	if got := s.text("main"); !strings.Contains(got, "You can leave this page") || s.count("#bulk-cancel") != 1 {
		t.Fatalf("at first it says %s", got)
	}
	s.must(s.app.Bulk.Wait(t.Context()))
	told := `document.readyState === "complete" && document.querySelector("main").innerText.includes("Everybody was dealt with") &&
		document.querySelectorAll("tbody tr").length === 50 && !document.querySelector("#bulk-cancel")`
	if !browsertest.Await(s.Browser, told, true) {
		t.Fatalf("it does not tell the end by itself: %s", s.text("main"))
	}
	if s.count("form[action$='/pins']") != 0 || !strings.Contains(s.text("main"), "downloaded by console alone") {
		t.Errorf("somebody else's PINs are offered: %s", s.text("main"))
	}
}
