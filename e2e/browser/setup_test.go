package browser

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/app"
	"cardinal/internal/browsertest"
)

// console is what a program wrote, for several goroutines.
type console struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write appends.
func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.Write(p)
}

var setupLink = regexp.MustCompile(`http://[^"]*(/setup/link/[A-Z2-7]+)`)

// link waits for the set-up link on the console and returns its path.
func (c *console) link(t *testing.T) string {
	t.Helper()
	for range 100 {
		c.mu.Lock()
		found := setupLink.FindStringSubmatch(c.text.String())
		c.mu.Unlock()
		if found != nil {
			return found[1]
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("there is no set-up link on the console")
	return ""
}

// bareStage is a server on data where nothing was ever set up.
func bareStage(t *testing.T, scripts bool) (*stage, *console) {
	t.Helper()
	s := &stage{Browser: browsertest.New(t), t: t, clock: &clock{now: time.Date(2026, 5, 12, 9, 41, 0, 0, time.UTC)}}
	s.Scripts(scripts)
	out := &console{}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var err error
	s.app, err = app.Open(ctx, app.Config{Data: t.TempDir(), Create: true, Clock: s.clock.Now, Log: out})
	s.must(err)
	listener, err := app.Listen("127.0.0.1:0")
	s.must(err)
	s.url = "http://" + listener.Addr().String()
	ended := make(chan error, 1)
	go func() { ended <- s.app.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		s.must(<-ended)
		s.must(s.app.Close(context.WithoutCancel(ctx)))
	})
	return s, out
}

// TestSetUp is the story of a new installation: the link from the console, the
// organisation, left in the middle, resumed from the notice, and finished.
func TestSetUp(t *testing.T) {
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			s, out := bareStage(t, scripts)
			look := func(name string) {
				if scripts { // axe-core is one
					s.inspect(name)
				}
			}
			link := out.link(t)
			for _, path := range []string{"/setup", "/setup/policy", "/setup/link/" + strings.Repeat("A", 52)} {
				s.open(path)
				if s.text("h1") == "Welcome to Cardinal" || s.count("#setup") != 0 {
					t.Errorf("%s opens without the link", path)
				}
			}
			s.open(link)
			if s.Path() != "/setup" || s.text("[aria-current=step] .step-name") != "Organisation" {
				t.Fatalf("the link leads to %s: %s", s.Path(), s.text("main"))
			}
			look("setup-organisation")
			s.organisation("Europe/Nowhere", "eleven green parrots", "eleven green parrot")
			if got := s.text(".summary"); !strings.Contains(got, "time zone") || !strings.Contains(got, "differ") {
				t.Errorf("what is wrong is told as: %s", got)
			}
			look("setup-organisation-refused")
			s.organisation("Europe/Prague", "eleven green parrots", "eleven green parrots")
			if s.Path() != "/setup/policy" {
				t.Fatalf("the organisation leads to %s: %s", s.Path(), s.text("main"))
			}
			customer, err := s.app.Accounts.CustomerNamed(t.Context(), "")
			s.must(err)
			s.as = cardinal.Console(customer.ID)

			look("setup-policy")
			s.open("/users") // leaves in the middle
			look("setup-reminder")
			s.Follow(".banner a[href='/setup']")
			if s.Path() != "/setup/policy" || s.count(".banner") != 0 {
				t.Fatalf("the notice leads to %s", s.Path())
			}
			s.fill(at("policy-pin.min-length"), "6")
			s.Follow("#policy button[type=submit]")
			if value := s.values(); s.Path() != "/setup/people" || !strings.Contains(s.text("[aria-current=step]"), "People") {
				t.Fatalf("the policy leads to %s, %v", s.Path(), value)
			}
			look("setup-people")
			s.Follow("a[href='/new-user']")
			if s.count(".banner a[href='/setup']") != 1 {
				t.Error("no way back from the page that adds somebody")
			}
			s.Follow(".banner a[href='/setup']")
			s.Follow("form[action='/setup/people'] button")
			if status := s.Follow("#device button[type=submit]"); status != http.StatusUnprocessableEntity {
				t.Errorf("a device without a name is answered with %d", status)
			}
			look("setup-device-refused")
			s.Type("#device-name", "Copier on the first floor")
			s.Follow("#device button[type=submit]")
			if token := s.text("#device-token"); !strings.HasPrefix(token, "cdev_") {
				t.Errorf("the token of the device is %d characters long", len(token))
			}
			look("setup-token")
			s.Follow(".setup-end a")
			if s.count(".banner a[href='/setup']") != 0 {
				t.Errorf("after the end one is still reminded at %s", s.Path())
			}
			for _, path := range []string{link, "/setup/policy", "/setup/device"} {
				if s.open(path); s.text("h1") != "Page not found" {
					t.Errorf("%s is still there: %s", path, s.text("h1"))
				}
			}
		})
	}
}

// inspect looks at the page as it stands, light and dark, wide and narrow.
func (s *stage) inspect(name string) {
	s.t.Helper()
	for _, screen := range []struct {
		scheme browsertest.Scheme
		width  int
	}{{browsertest.Dark, 390}, {browsertest.Light, 320}, {browsertest.Light, 1280}} {
		s.Prefer(screen.scheme)
		s.Screen(screen.width, 800)
		name := fmt.Sprintf("%s-%s-%d", name, screen.scheme, screen.width)
		for _, finding := range s.Axe() {
			s.t.Errorf("%s: %s", name, finding)
		}
		if over := s.Overflow(); over > 0 {
			s.t.Errorf("%s is %d pixels wider than the screen", name, over)
		}
		s.picture(name)
	}
}

// organisation fills in the first step.
func (s *stage) organisation(zone, password, again string) {
	s.t.Helper()
	s.fill("#setup-name", "Acme Corporation")
	s.fill(at("setup-customer.time-zone"), zone)
	s.fill("#setup-username", adminName)
	s.Type("#setup-password", password)
	s.Type("#setup-again", again)
	s.Follow("#setup button[type=submit]")
}
