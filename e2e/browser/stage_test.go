// Package browser walks the pages of Cardinal in a real Chromium, on a real
// server with a real database. It owns the stories that people come with and the
// look at every page; what a use case decides is tested where it stands.
package browser

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/app"
	"cardinal/internal/auth"
	"cardinal/internal/browsertest"
	"cardinal/internal/setting"
)

// The passwords of the people on the stage; whoever has been given one has
// changed it already.
const (
	adminName = "ada"
	password  = "correct horse battery"
)

// stage is a server with an organisation on it, and a browser before it.
type stage struct {
	*browsertest.Browser
	t     *testing.T
	app   *app.App
	url   string
	data  string // the data directory
	clock *clock
	as    cardinal.Caller // the console of the organisation
}

// clock stands where it was set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

func (c *clock) set(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = to
}

// newStage makes one for a test, once: from here on the test runs beside others,
// for much of its time is waiting for the browser.
func newStage(t *testing.T) *stage {
	t.Helper()
	t.Parallel()
	b := browsertest.New(t)
	s := &stage{Browser: b, t: t, clock: &clock{now: time.Date(2026, 5, 12, 9, 41, 0, 0, time.UTC)}}
	var err error
	s.data = t.TempDir()
	s.app, err = app.Open(t.Context(), app.Config{Data: s.data, Create: true, Clock: s.clock.Now})
	s.must(err)
	t.Cleanup(func() { s.must(s.app.Close(context.WithoutCancel(t.Context()))) })
	customer, err := s.app.Accounts.Install(t.Context(), account.NewCustomer{
		Name: "Acme Corporation", Admin: adminName, Password: cardinal.NewPassword(password),
	})
	s.must(err)
	s.as = cardinal.Console(customer.ID)
	s.set("customer.time-zone", `"Europe/Prague"`)
	handler, err := s.app.Handler()
	s.must(err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// set changes a setting at the console.
func (s *stage) set(key, raw string) {
	s.t.Helper()
	s.must(s.app.Accounts.ChangeSettings(s.t.Context(), s.as, account.SettingChange{Values: map[string]*string{key: &raw}}))
}

func (s *stage) values() setting.Values {
	s.t.Helper()
	values, err := s.app.Accounts.Values(s.t.Context(), s.as)
	s.must(err)
	return values
}

// person makes somebody who can sign in.
func (s *stage) person(username, fullName string, role cardinal.Role) {
	s.t.Helper()
	email := username + "@acme.example"
	_, err := s.app.Accounts.CreateUser(s.t.Context(), s.as, username, account.Fields{FullName: &fullName, Email: &email, Role: &role})
	s.must(err)
	s.must(s.app.Accounts.SetPassword(s.t.Context(), s.as, username, cardinal.NewPassword(password)))
}

func (s *stage) view(username string) account.UserView {
	s.t.Helper()
	view, err := s.app.Accounts.User(s.t.Context(), s.as, username)
	s.must(err)
	return view
}

// signIn signs somebody in with their password, after whoever was signed in.
func (s *stage) signIn(username string) {
	s.t.Helper()
	s.open("/sign-in")
	if s.Path() != "/sign-in" {
		s.Click(".menu-button")
		s.Follow("form[action='/sign-out'] button")
	}
	s.Type("#sign-in-username", username)
	s.Type("#sign-in-password", password)
	if status := s.Enter(); status != 200 || s.Path() == "/sign-in" {
		s.t.Fatalf("%s cannot sign in: %d at %s: %s", username, status, s.Path(), s.text("main"))
	}
}

// session signs somebody in behind the browser's back and returns their token.
func (s *stage) session(username string) string {
	s.t.Helper()
	token, err := s.app.Auth.SignIn(s.t.Context(), auth.Credentials{Username: username, Password: cardinal.NewPassword(password)}, auth.Origin{Address: "127.0.0.1"})
	s.must(err)
	return token.Reveal()
}

func (s *stage) open(path string) { s.Open(s.url + path) }

// text is what people read in the first element that the selector finds.
func (s *stage) text(selector string) string {
	return browsertest.Eval[string](s.Browser, `(document.querySelector(`+quote(selector)+`) || {innerText: ""}).innerText`)
}

func (s *stage) count(selector string) int {
	return browsertest.Eval[int](s.Browser, `document.querySelectorAll(`+quote(selector)+`).length`)
}

// fill replaces what stands in a field.
func (s *stage) fill(selector, text string) {
	browsertest.Eval[bool](s.Browser, `(document.querySelector(`+quote(selector)+`).value = "", true)`)
	s.Type(selector, text)
}

// tick sets a checkbox.
func (s *stage) tick(selector string, on bool) {
	if browsertest.Eval[bool](s.Browser, `document.querySelector(`+quote(selector)+`).checked`) != on {
		s.Click(selector)
	}
}

// at finds an element by its id, which may have dots in it.
func at(id string) string { return `[id="` + id + `"]` }

func quote(text string) string {
	return "`" + text + "`"
}

// picture leaves a picture where CARDINAL_PICTURES says, if it does.
func (s *stage) picture(name string) {
	if dir := os.Getenv("CARDINAL_PICTURES"); dir != "" {
		s.Screenshot(filepath.Join(dir, name+".png"))
	}
}

func definition(t *testing.T, key string) setting.Definition {
	t.Helper()
	d, err := setting.Find(key)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
