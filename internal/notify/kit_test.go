package notify_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cardinal"
	"cardinal/internal/credential"
	"cardinal/internal/mail"
	"cardinal/internal/mailsink"
	"cardinal/internal/mailtest"
	"cardinal/internal/notify"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// post is a customer with people who can be written to, one node, and a mail
// server in the process.
type post struct {
	*storetest.Database
	t        *testing.T
	store    *store.Store
	customer cardinal.CustomerID
	admin    cardinal.Caller
	service  *notify.Service
	door     *credential.Door
	sink     *mailsink.Sink
	log      *logText
}

type logText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// limits are short, for servers that stall.
var limits = mail.Limits{Connect: time.Second, Command: time.Second, End: time.Second}

// stories runs each story on a customer of its own, on each database.
func stories(t *testing.T, tell func(t *testing.T, story func(name string, tell func(*post)))) {
	t.Helper()
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		s := d.Open(t)
		noon := d.Clock.Now()
		tell(t, func(name string, tell func(*post)) {
			t.Run(name, func(t *testing.T) {
				d.Clock.Set(noon)
				tell(newPost(t, d, s, name))
			})
		})
	})
}

func newPost(t *testing.T, d *storetest.Database, s *store.Store, name string) *post {
	t.Helper()
	p := &post{Database: d, t: t, store: s, customer: storetest.Customer(t, s, name).ID, sink: mailtest.Sink(t, mailsink.Options{}), log: &logText{}}
	p.admin = cardinal.Caller{Kind: cardinal.CallerUser, Customer: p.customer, Role: cardinal.RoleAdministrator, Name: "ada"}
	p.door = credential.New(s, d.Ring, rand.Reader, slog.New(slog.DiscardHandler))
	p.service = p.node(s)
	p.people("anna", "bert")
	return p
}

// node is the service of another node.
func (p *post) node(s *store.Store) *notify.Service {
	return notify.New(s, p.Ring, slog.New(slog.NewTextHandler(p.log, nil)), notify.Options{Limits: limits, Lease: time.Minute})
}

// people can be written to.
func (p *post) people(usernames ...string) {
	p.t.Helper()
	users := storetest.Users(p.t, p.store, p.customer, usernames...)
	storetest.Write(p.t, p.store, func(ctx context.Context, tx *store.Tx) error {
		for _, u := range users {
			u.Email = u.Username + "@example.org"
			if err := tx.UpdateUser(ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *post) update(username string, change func(*cardinal.User)) {
	p.t.Helper()
	storetest.Write(p.t, p.store, func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.LockUserByName(ctx, p.customer, username)
		if err != nil {
			return err
		}
		change(&u)
		if err := tx.SetLanguage(ctx, u, u.Language); err != nil {
			return err
		}
		return tx.UpdateUser(ctx, u)
	})
}

func (p *post) set(values map[string]any) {
	p.t.Helper()
	storetest.Set(p.t, p.store, p.customer, values)
}

// plain is a configuration for the server in the process.
func (p *post) plain(name string) cardinal.MessagingConfiguration {
	return cardinal.MessagingConfiguration{
		Name: name, Host: p.sink.Host(), Port: p.sink.Port(), Security: cardinal.MailPlain, Authentication: cardinal.MailAuthNone,
		SenderAddress: "pins@acme.example", SenderName: "Acme PINs",
	}
}

func (p *post) configure(c cardinal.MessagingConfiguration, secrets notify.Secrets) cardinal.MessagingConfiguration {
	p.t.Helper()
	made, err := p.service.AddConfiguration(p.t.Context(), p.admin, c, secrets)
	if err != nil {
		p.t.Fatal(err)
	}
	return made
}

// tellOfExpiry has PINs live for so many hours and people told so many before.
func (p *post) tellOfExpiry(hours, before int) {
	p.t.Helper()
	c := p.configure(p.plain("Relay"), notify.Secrets{})
	p.set(map[string]any{
		"pin.expiration-hours": hours, "pin.expiration-notice-hours": before, "pin.expiration-notice.messaging-configuration": string(c.ID),
	})
}

func (p *post) pin(username, pin string) {
	p.t.Helper()
	if _, err := p.door.SetPIN(p.t.Context(), p.admin, username, cardinal.NewPIN(pin)); err != nil {
		p.t.Fatal(err)
	}
}

// round queues what is due and sends what waits, and returns how many notices
// were queued.
func (p *post) round() int {
	p.t.Helper()
	queued, err := p.service.QueueDue(p.t.Context())
	if err != nil {
		p.t.Error(err)
	}
	p.deliver(p.service)
	return queued
}

func (p *post) deliver(s *notify.Service) {
	p.t.Helper()
	if err := s.Deliver(p.t.Context()); err != nil {
		p.t.Error(err)
	}
	s.Wait()
}

func (p *post) notifications() []notify.NotificationView {
	p.t.Helper()
	all, err := p.service.Notifications(p.t.Context(), p.admin, notify.Query{Most: 500})
	if err != nil {
		p.t.Fatal(err)
	}
	return all
}

// one is the only notification there is.
func (p *post) one() notify.NotificationView {
	p.t.Helper()
	all := p.notifications()
	if len(all) != 1 {
		p.t.Fatalf("there are %d notifications", len(all))
	}
	return all[0]
}

// states are user, state and reason of each notification, oldest first.
func (p *post) states() []string {
	p.t.Helper()
	all := p.notifications()
	states := make([]string, len(all))
	for i, n := range all {
		states[len(all)-1-i] = strings.TrimSpace(n.Username + " " + string(n.State) + " " + string(n.Reason))
	}
	return states
}

func (p *post) later(by time.Duration) { p.Clock.Add(by) }

func same[T any](t *testing.T, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("not what was meant (- want, + got):\n%s", diff)
	}
}

func code(t *testing.T, want cardinal.Code, err error) {
	t.Helper()
	if cardinal.CodeOf(err) != want {
		t.Errorf("%v is not of code %s", err, want)
	}
}

func newSQLite(t *testing.T) *storetest.Database { return storetest.New(t, storetest.SQLite) }

// nodeTrusting is a node that trusts another authority than the machine does.
func (p *post) nodeTrusting(roots *x509.CertPool) *notify.Service {
	return notify.New(p.store, p.Ring, slog.New(slog.NewTextHandler(p.log, nil)), notify.Options{Limits: limits, Lease: time.Minute, Roots: roots})
}
