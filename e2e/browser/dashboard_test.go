package browser

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/browsertest"
	"cardinal/internal/signin"
)

// TestStartPage begins the day of an administrator: what stands there is counted,
// and each figure leads to the list behind it.
func TestStartPage(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.signIn(adminName)
		if s.Path() != "/dashboard" || !strings.Contains(s.text(".matters"), "There is no device yet") {
			t.Fatalf("an administrator begins at %s: %s", s.Path(), s.text("main"))
		}
		s.furnish()
		s.open("/dashboard")
		stats := strings.Join(strings.Fields(s.text(".stats")), " ")
		if !strings.HasPrefix(stats, "Users 7 With a PIN 2 5 without With a card number 3 4 without PINs expiring today 0 PINs expiring in 7 days 2") {
			t.Errorf("the figures are %s", stats)
		}
		matters := s.text(".matters")
		for _, want := range []string{"1 user is locked", "1 user has no e-mail address", "1 administrator has no second factor"} {
			if !strings.Contains(matters, want) {
				t.Errorf("what needs attention lacks %q: %s", want, matters)
			}
		}
		if title := s.text("#sign-ins-chart figcaption"); !strings.Contains(title, "8 tries, 6 of them refused") {
			t.Errorf("the chart of sign-ins says %s", title)
		}
		if !strings.Contains(s.text("#due-head ~ *, section[aria-labelledby=due-head]"), "No PIN expires in this time") {
			t.Errorf("within a day expire %s", s.text("section[aria-labelledby=due-head]"))
		}
		s.Follow("section[aria-labelledby=due-head] .segment:last-child")
		if s.Path() != "/dashboard?due=7-days" || !strings.Contains(s.text("#due-chart figcaption"), "2 PINs expire in this time") {
			t.Errorf("at %s within seven days expire %s", s.Path(), s.text("#due-chart"))
		}
		s.Follow("section[aria-labelledby=sign-ins-head] .segment:last-child")
		if s.Path() != "/dashboard?due=7-days&sign-ins=7-days" || s.count("#due-chart") != 1 {
			t.Errorf("both by day are at %s", s.Path())
		}
		s.Follow(".matter a")
		if s.Path() != "/users?filter=locked" {
			t.Errorf("who is locked is listed at %s", s.Path())
		}
		figures := func() string {
			s.open("/dashboard?due=7-days&sign-ins=7-days")
			return browsertest.Eval[string](s.Browser, `document.querySelector("#sign-ins-chart table").textContent`)
		}
		before := figures()
		s.clock.add(20 * time.Minute)
		s.must(s.app.SignIn.CountPast(t.Context()))
		if after := figures(); after != before || !strings.Contains(after, "6") {
			t.Errorf("once they are counted the tries are %q, before %q", after, before)
		}
	})
}

// TestNothingNeedsAttention is a good day.
func TestNothingNeedsAttention(t *testing.T) {
	s := newStage(t)
	s.person("helga", "Helga Brandt", cardinal.RoleHelpdesk)
	email := "ada@acme.example"
	_, err := s.app.Accounts.UpdateUser(t.Context(), s.as, adminName, 0, account.Fields{Email: &email})
	s.must(err)
	s.signIn("helga")
	if s.Path() != "/dashboard" || !strings.Contains(s.text("main"), "Nothing needs attention.") || s.count(".matter") != 0 {
		t.Errorf("at %s: %s", s.Path(), s.text("main"))
	}
}

// TestABusyDay draws a day on which people were at a device in every hour.
func TestABusyDay(t *testing.T) {
	s := newStage(t)
	s.person("bruno", "Bruno Costa", cardinal.RoleUser)
	s.set("pin.expiration-hours", "40")
	_, err := s.app.Door.SetPIN(t.Context(), s.as, "bruno", cardinal.NewPIN("805913"))
	s.must(err)
	s.busyDay("bruno", "805913")
	s.must(s.app.SignIn.CountPast(t.Context()))
	s.signIn(adminName)
	for _, screen := range []struct {
		scheme browsertest.Scheme
		width  int
	}{{browsertest.Light, 1440}, {browsertest.Dark, 320}} {
		s.Prefer(screen.scheme)
		s.Screen(screen.width, 900)
		s.open("/dashboard")
		// The hour at which it began is the twenty-fifth of the clock by now.
		if !strings.Contains(s.text("#sign-ins-chart figcaption"), "57 tries, 5 of them refused") || s.count("#due-chart") != 1 {
			t.Errorf("the day is told as %s", s.text("#sign-ins-chart figcaption"))
		}
		for _, finding := range s.Axe() {
			t.Errorf("%d: %s", screen.width, finding)
		}
		if over := s.Overflow(); over > 0 {
			t.Errorf("the page is %d pixels wider than %d", over, screen.width)
		}
		s.picture(fmt.Sprint("dashboard-busy-", screen.scheme, "-", screen.width))
	}
	s.Click("#sign-ins-chart summary")
	s.Follow("#sign-ins-chart tbody tr:nth-child(2) a")
	if !strings.HasPrefix(s.Path(), "/logs/sign-ins?from=") || s.count("tbody tr") == 0 {
		t.Errorf("an hour leads to %s: %s", s.Path(), s.text("main"))
	}
}

// busyDay has somebody at a device every hour of a day, with now and then a
// wrong PIN, until the clock has gone on by a day.
func (s *stage) busyDay(username, pin string) {
	s.t.Helper()
	device, _, err := s.app.Accounts.CreateDevice(s.t.Context(), s.as, cardinal.Device{Name: "Lobby"})
	s.must(err)
	caller := cardinal.Caller{Kind: cardinal.CallerDevice, Customer: s.as.Customer, Device: device.ID, Name: device.Name}
	for hour := range 24 {
		tries := []string{pin, pin, pin}[:1+hour%3]
		if hour%4 == 0 {
			tries = append(tries, "0", pin)
		}
		for _, text := range tries {
			typed := cardinal.NewPIN(text)
			_, err := s.app.SignIn.SignIn(s.t.Context(), caller, signin.Try{Username: &username, PIN: &typed})
			if err != nil && cardinal.CodeOf(err) != cardinal.CodeSignInFailed {
				s.t.Fatal(err)
			}
		}
		s.clock.add(time.Hour)
	}
}
