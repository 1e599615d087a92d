package wayback_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/auth"
	"cardinal/internal/credential"
	"cardinal/internal/mail"
	"cardinal/internal/mailsink"
	"cardinal/internal/mailtest"
	"cardinal/internal/notify"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
	"cardinal/internal/wayback"
)

const (
	old   = "correct horse battery"
	fresh = "another horse battery"
	home  = "https://pins.example.org"
)

// office is a customer with people who can be written to, and a mail server in
// the process.
type office struct {
	*storetest.Database
	t         *testing.T
	store     *store.Store
	customer  cardinal.CustomerID
	admin     cardinal.Caller
	passwords *auth.Passwords
	auth      *auth.Service
	door      *credential.Door
	service   *wayback.Service
	notify    *notify.Service
	sink      *mailsink.Sink
	from      auth.Origin
	read      int // messages that were looked at
}

func everywhere(t *testing.T, story func(t *testing.T, o *office)) {
	t.Helper()
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) { story(t, newOffice(t, d)) })
}

func newOffice(t *testing.T, d *storetest.Database) *office {
	t.Helper()
	o := &office{Database: d, t: t, store: d.Open(t), passwords: auth.NewPasswords(2), sink: mailtest.Sink(t, mailsink.Options{})}
	o.customer = storetest.Customer(t, o.store, "Pilsen Print").ID
	o.admin = cardinal.Caller{Kind: cardinal.CallerUser, Customer: o.customer, Role: cardinal.RoleAdministrator, Name: "ada"}
	o.auth = auth.New(o.store, d.Ring, o.passwords)
	o.door = credential.New(o.store, d.Ring, rand.Reader, slog.New(slog.DiscardHandler))
	o.service = wayback.New(o.store, d.Ring, o.auth, o.passwords, o.door)
	o.service.AnswerAfter(0)
	limits := mail.Limits{Connect: time.Second, Command: time.Second, End: time.Second}
	o.notify = notify.New(o.store, d.Ring, slog.New(slog.DiscardHandler), notify.Options{Limits: limits, Lease: time.Minute})
	o.from = auth.Origin{Address: "192.0.2.7", RequestID: "r1"}
	relay, err := o.notify.AddConfiguration(t.Context(), o.admin, cardinal.MessagingConfiguration{
		Name: "Relay", Host: o.sink.Host(), Port: o.sink.Port(), Security: cardinal.MailPlain, Authentication: cardinal.MailAuthNone, SenderAddress: "pins@acme.example",
	}, notify.Secrets{})
	o.must(err)
	o.set("mail.messaging-configuration", string(relay.ID))
	o.set("customer.address", home)
	o.user("anna", old)
	return o
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) set(key string, value any) {
	o.t.Helper()
	storetest.Set(o.t, o.store, o.customer, map[string]any{key: value})
}

// user adds a user with an address of their own; an empty password is none.
func (o *office) user(name, password string) {
	o.t.Helper()
	user := storetest.User(o.t, o.store, o.customer, name)
	o.update(name, func(u *cardinal.User) { u.Email = name + "@example.org" })
	if password == "" {
		return
	}
	hash, err := o.passwords.Hash(o.t.Context(), cardinal.NewPassword(password))
	o.must(err)
	storetest.Write(o.t, o.store, func(ctx context.Context, tx *store.Tx) error { return tx.SetPassword(ctx, user, string(hash), false) })
}

func (o *office) update(name string, change func(*cardinal.User)) {
	o.t.Helper()
	storetest.Write(o.t, o.store, func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.LockUserByName(ctx, o.customer, name)
		if err != nil {
			return err
		}
		change(&u)
		return tx.UpdateUser(ctx, u)
	})
}

func (o *office) ask(name string) error {
	o.t.Helper()
	return o.service.Ask(o.t.Context(), wayback.Password, wayback.Who{Name: name}, o.from)
}

// mails delivers what waits and returns what has arrived since it was last called.
func (o *office) mails() []mailsink.Received {
	o.t.Helper()
	o.must(o.notify.Deliver(o.t.Context()))
	o.notify.Wait()
	all := o.sink.Messages()
	since := all[o.read:]
	o.read = len(all)
	return since
}

var linkForm = regexp.MustCompile(`https://pins\.example\.org(/[a-z-]+)\?link=([a-zA-Z0-9_]+)`)

// link is the secret of the only link that has arrived, and where it leads.
func (o *office) link() (path string, token cardinal.Token) {
	o.t.Helper()
	mails := o.mails()
	if len(mails) != 1 {
		o.t.Fatalf("%d e-mails have arrived, want one", len(mails))
	}
	found := linkForm.FindStringSubmatch(mails[0].Text)
	if found == nil {
		o.t.Fatalf("there is no link in %s", mails[0].Text)
	}
	return found[1], cardinal.NewToken(found[2])
}

func (o *office) setPassword(token cardinal.Token, password string) error {
	o.t.Helper()
	return o.service.SetPassword(o.t.Context(), token, cardinal.NewPassword(password), o.from)
}

func (o *office) signIn(name, password string) (cardinal.Token, error) {
	o.t.Helper()
	return o.auth.SignIn(o.t.Context(), auth.Credentials{Username: name, Password: cardinal.NewPassword(password)}, o.from)
}

func (o *office) code(want cardinal.Code, err error) {
	o.t.Helper()
	if cardinal.CodeOf(err) != want {
		o.t.Errorf("%v is not of code %q", err, want)
	}
}

// actions are those of the audit since an entry, with their actors.
func (o *office) actions() []string {
	o.t.Helper()
	var actions []string
	for _, e := range storetest.Audit(o.t, o.store, o.customer) {
		actions = append(actions, e.Action+" by "+e.Actor+": "+e.Subject)
	}
	return actions
}

// rows is all that stands in the tables, as text, for what must not be in them.
func (o *office) rows(tables ...string) string {
	o.t.Helper()
	driver, source := o.Driver()
	db, err := sql.Open(driver, source)
	o.must(err)
	defer func() { o.must(db.Close()) }()
	var all strings.Builder
	for _, table := range tables {
		rows, err := db.QueryContext(o.t.Context(), "SELECT * FROM "+table)
		o.must(err)
		columns, err := rows.Columns()
		o.must(err)
		for rows.Next() {
			cells := make([]any, len(columns))
			for i := range cells {
				cells[i] = new(any)
			}
			o.must(rows.Scan(cells...))
			for _, cell := range cells {
				switch value := (*cell.(*any)).(type) {
				case []byte:
					all.Write(value)
				default:
					fmt.Fprint(&all, value)
				}
				all.WriteByte('\n')
			}
		}
		o.must(errors.Join(rows.Err(), rows.Close()))
	}
	return all.String()
}
