package account_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/auth"
	"cardinal/internal/credential"
	"cardinal/internal/seal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// What the tests give people; none of it may stand in the audit log.
const (
	password = "correct horse battery"
	pin      = "k7Qw29"
	number   = "04A1B2C3D4"
)

// office is a customer with nobody in it.
type office struct {
	*storetest.Database
	t         *testing.T
	store     *store.Store
	passwords *auth.Passwords
	service   *account.Service
	customer  cardinal.CustomerID
	console   cardinal.Caller
	log       *bytes.Buffer
}

func everywhere(t *testing.T, story func(t *testing.T, o *office)) {
	t.Helper()
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) { story(t, newOffice(t, d)) })
}

func onSQLite(t *testing.T) *office {
	t.Helper()
	return newOffice(t, storetest.New(t, storetest.SQLite))
}

func newOffice(t *testing.T, d *storetest.Database) *office {
	t.Helper()
	o := &office{Database: d, t: t, store: d.Open(t), passwords: auth.NewPasswords(2), log: &bytes.Buffer{}}
	o.service = o.node(o.store)
	o.customer = storetest.Customer(t, o.store, "Pilsen Print").ID
	storetest.Set(t, o.store, o.customer, map[string]any{"customer.name": "Pilsen Print"})
	o.console = cardinal.Console(o.customer)
	return o
}

// node is one more server on the same database.
func (o *office) node(s *store.Store) *account.Service {
	log := slog.New(slog.NewTextHandler(o.log, nil))
	return account.New(s, o.Ring, credential.New(s, o.Ring, rand.Reader, log), o.passwords, log)
}

// person adds somebody with a role and returns them as a caller.
func (o *office) person(name string, role cardinal.Role) cardinal.Caller {
	o.t.Helper()
	user := storetest.User(o.t, o.store, o.customer, name)
	user.Role = role
	storetest.Write(o.t, o.store, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateUser(ctx, user) })
	return cardinal.Caller{Kind: cardinal.CallerUser, Customer: o.customer, Role: role, User: user.ID, Name: name, Address: "192.0.2.7"}
}

// program returns a caller with an API token of a role.
func (o *office) program(role cardinal.Role) cardinal.Caller {
	return cardinal.Caller{Kind: cardinal.CallerToken, Customer: o.customer, Role: role, Token: "t", Name: "sync"}
}

func (o *office) create(caller cardinal.Caller, name string, f account.Fields) account.UserView {
	o.t.Helper()
	view, err := o.service.CreateUser(o.t.Context(), caller, name, f)
	if err != nil {
		o.t.Fatalf("create %s: %v", name, err)
	}
	return view
}

func (o *office) update(caller cardinal.Caller, name string, f account.Fields) error {
	o.t.Helper()
	_, err := o.service.UpdateUser(o.t.Context(), caller, name, 0, f)
	return err
}

func (o *office) look(name string) account.UserView {
	o.t.Helper()
	view, err := o.service.User(o.t.Context(), o.console, name)
	if err != nil {
		o.t.Fatalf("look at %s: %v", name, err)
	}
	return view
}

func (o *office) names() []string {
	o.t.Helper()
	page, err := o.service.Users(o.t.Context(), o.console, account.UserQuery{Limit: 500})
	if err != nil {
		o.t.Fatal(err)
	}
	var names []string
	for _, user := range page.Users {
		names = append(names, user.Username)
	}
	return names
}

// session opens a web session for a user and returns what tells whether it goes on.
func (o *office) session(name string) (open func() bool) {
	o.t.Helper()
	token := seal.NewToken(seal.SessionToken)
	user := o.look(name).User
	storetest.Write(o.t, o.store, func(ctx context.Context, tx *store.Tx) error {
		return tx.AddSession(ctx, store.Session{ID: cardinal.SessionID(tx.NewID()), User: user}, seal.TokenHash(token))
	})
	return func() bool {
		o.t.Helper()
		err := o.store.Read(o.t.Context(), func(tx *store.Tx) error {
			_, err := tx.SessionByToken(o.t.Context(), seal.TokenHash(token))
			return err
		})
		if err != nil && cardinal.CodeOf(err) != cardinal.CodeNotFound {
			o.t.Fatal(err)
		}
		return err == nil
	}
}

// written is an audit entry in short.
type written struct{ actor, action, subject, before, after string }

// audit returns the entries after the first so many.
func (o *office) audit(but int) []written {
	o.t.Helper()
	var all []written
	for _, e := range storetest.Audit(o.t, o.store, o.customer)[but:] {
		all = append(all, written{e.Actor, e.Action, e.Subject, e.Before, e.After})
		for _, secret := range []string{password, pin, number, strings.ToLower(number), "capi_", "cdev_", "argon2id"} {
			if strings.Contains(e.Before+e.After+e.Subject, secret) {
				o.t.Errorf("the audit log has a secret: %+v", e)
			}
		}
	}
	return all
}

// audited fails unless the entries after the first so many are these.
func (o *office) audited(but int, want ...written) {
	o.t.Helper()
	if have := o.audit(but); !slices.Equal(have, want) {
		o.t.Fatalf("the audit log has\n%q\nwant\n%q", have, want)
	}
}

// refused fails unless err is of the code with exactly these "field code"
// violations, in any order, and repeats nothing of what was sent.
func refused(t *testing.T, err error, code cardinal.Code, want ...string) {
	t.Helper()
	var have []string
	for _, v := range cardinal.ViolationsOf(err) {
		have = append(have, strings.TrimSpace(v.Field+" "+string(v.Code)))
		if v.Message == "" {
			t.Errorf("%s has no message", v.Code)
		}
	}
	slices.Sort(have)
	slices.Sort(want)
	if cardinal.CodeOf(err) != code || !slices.Equal(have, want) {
		t.Fatalf("answered %v with %q, want %s with %q", err, have, code, want)
	}
}

func numbered(t *testing.T, slot cardinal.Slot, text string) credential.NumberChange {
	t.Helper()
	parsed, err := cardinal.ParseCardNumber(credential.NumberField(slot), text)
	if err != nil {
		t.Fatal(err)
	}
	return credential.NumberChange{Slot: slot, Number: parsed}
}

func withPIN(text string) credential.Change { return credential.Change{PIN: cardinal.NewPIN(text)} }
