package demo_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/app"
	"cardinal/internal/auth"
	"cardinal/internal/demo"
	"cardinal/internal/mailsink"
	"cardinal/internal/notify"
	"cardinal/internal/signin"
	"cardinal/internal/wayback"
)

const visited = "http://127.0.0.1:8420"

// shown is a filled sample.
type shown struct {
	*testing.T
	app    *app.App
	sink   *mailsink.Sink
	sample demo.Sample
	as     cardinal.Caller
}

func show(t *testing.T, ahead time.Duration) *shown {
	t.Helper()
	s := &shown{T: t}
	var err error
	s.sink, err = mailsink.Listen(mailsink.Options{})
	s.must(err)
	post := demo.PostOf(s.sink)
	t.Cleanup(func() { _ = post.Close() })
	clock := &app.Clock{}
	s.app, err = app.Open(t.Context(), app.Config{
		Data: t.TempDir(), Create: true, Clock: clock.Now, ClockOffset: ahead, Beside: map[string]http.Handler{demo.CaughtPath: post.Pages()},
	})
	s.must(err)
	t.Cleanup(func() { s.must(s.app.Close(context.WithoutCancel(t.Context()))) })
	s.sample, err = demo.Fill(t.Context(), s.app, clock, post, demo.Visit{URL: visited, Ahead: ahead})
	s.must(err)
	customer, err := s.app.Accounts.CustomerNamed(t.Context(), "")
	s.must(err)
	s.as = cardinal.Console(customer.ID)
	return s
}

func (s *shown) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// round does what a server does at its start, and returns how many PINs were deleted.
func (s *shown) round() int {
	s.Helper()
	expired, err := s.app.Door.ExpireDue(s.Context(), "story")
	s.must(err)
	_, err = s.app.Notify.QueueDue(s.Context())
	s.must(err)
	s.must(s.app.Notify.Deliver(s.Context()))
	s.app.Notify.Wait()
	return expired
}

// notices counts the notices of expiry that were caught, and those of them for
// people who have no PIN any more.
func (s *shown) notices() (all, dead int) {
	s.Helper()
	for _, m := range s.sink.Messages() {
		if !strings.Contains(m.Subject, "expires soon") {
			continue
		}
		all++
		name, _, _ := strings.Cut(m.To[0], "@")
		view, err := s.app.Accounts.User(s.Context(), s.as, name)
		s.must(err)
		if !view.HasPIN() {
			dead++
		}
	}
	return all, dead
}

// The sample as it comes: some are told at once, nobody's PIN is gone yet, and
// whoever cannot get in can help themselves.
func TestTheSampleIsAboutToExpire(t *testing.T) {
	s := show(t, 0)
	expired := s.round()
	told, dead := s.notices()
	if told < 50 || dead != 0 || expired != 0 {
		t.Errorf("%d were told, %d of them have no PIN, %d PINs have expired", told, dead, expired)
	}
	username := s.sample.User
	device := cardinal.Caller{Kind: cardinal.CallerDevice, Customer: s.as.Customer, Name: "Printer"}
	view, err := s.app.Accounts.Devices(t.Context(), s.as, "", 1)
	s.must(err)
	device.Device = view[0].ID
	_, err = s.app.SignIn.SignIn(t.Context(), device, signin.Try{Username: &username, PIN: &s.sample.UserPIN})
	s.must(err)
	s.sink.Forget()
	for kind, path := range map[wayback.Kind]string{wayback.PIN: wayback.PINPath, wayback.Password: wayback.PasswordPath} {
		s.must(s.app.Ways.Ask(t.Context(), kind, wayback.Who{Name: username}, auth.Origin{Address: "127.0.0.1"}))
		s.round()
		found := false
		for _, m := range s.sink.Messages() {
			found = found || strings.Contains(m.Text, visited+path+"?link=") && strings.HasPrefix(m.To[0], username+"@")
		}
		if !found {
			t.Errorf("no link for a forgotten %s came", kind)
		}
	}
}

// A day later: who was told the day before has no PIN any more, and the others are
// told now; nobody is told of a PIN that is no more.
func TestADayLaterTheSampleHasExpired(t *testing.T) {
	s := show(t, 24*time.Hour)
	before, _ := s.notices()
	expired := s.round()
	after, dead := s.notices()
	t.Logf("%d were told the day before, %d PINs have expired since, %d more are told now", before, expired, after-before)
	if before < 50 || dead != before || after <= before {
		t.Errorf("%d were told before and %d by now, %d of those told have no PIN", before, after, dead)
	}
	all, err := s.app.Notify.Notifications(t.Context(), s.as, notify.Query{Most: 500})
	s.must(err)
	over := 0
	for _, n := range all {
		if n.State != cardinal.NotificationSent && n.Reason != cardinal.ReasonNoAddress || !n.CreatedAt.Before(n.EndsAt) || !n.SentAt.Before(n.EndsAt) {
			t.Errorf("%s: %s, %s, made at %s, sent at %s, of a PIN that ends at %s", n.Username, n.State, n.Reason, n.CreatedAt, n.SentAt, n.EndsAt)
		}
		if !n.EndsAt.After(s.app.Bulk.Now()) {
			over++
		}
	}
	if over != expired {
		t.Errorf("%d PINs have expired, and %d of them have a notification", expired, over)
	}
}
