package auth_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/auth"
	"cardinal/internal/seal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

const (
	right = "correct horse battery"
	wrong = "incorrect horse battery"
)

// office is a customer with Anna, who has a password.
type office struct {
	*storetest.Database
	t         *testing.T
	store     *store.Store
	passwords *auth.Passwords
	service   *auth.Service
	customer  cardinal.CustomerID
	anna      cardinal.User
	from      auth.Origin
	answer    error // the one answer, as it was given first
}

func everywhere(t *testing.T, story func(t *testing.T, o *office)) {
	t.Helper()
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) { story(t, newOffice(t, d)) })
}

func newOffice(t *testing.T, d *storetest.Database) *office {
	t.Helper()
	o := &office{Database: d, t: t, store: d.Open(t), passwords: auth.NewPasswords(2)}
	o.service = auth.New(o.store, d.Ring, o.passwords)
	o.from = auth.Origin{Address: "192.0.2.7", UserAgent: "Browser/1.0", RequestID: "r1"}
	o.customer = storetest.Customer(t, o.store, "Pilsen Print").ID
	o.anna = o.user("anna", right)
	return o
}

// user adds a user; an empty password is none.
func (o *office) user(name, password string) cardinal.User {
	o.t.Helper()
	user := storetest.User(o.t, o.store, o.customer, name)
	if password != "" {
		o.setPassword(user, password, false)
	}
	return user
}

func (o *office) setPassword(user cardinal.User, password string, oneTime bool) {
	o.t.Helper()
	hash, err := o.passwords.Hash(o.t.Context(), cardinal.NewPassword(password))
	if err != nil {
		o.t.Fatal(err)
	}
	storetest.Write(o.t, o.store, func(ctx context.Context, tx *store.Tx) error {
		return tx.SetPassword(ctx, user, string(hash), oneTime)
	})
}

// update changes Anna's record.
func (o *office) update(change func(*cardinal.User)) {
	o.t.Helper()
	change(&o.anna)
	storetest.Write(o.t, o.store, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateUser(ctx, o.anna) })
}

func credentials(name, password string) auth.Credentials {
	return auth.Credentials{Username: name, Password: cardinal.NewPassword(password)}
}

func (o *office) signIn(c auth.Credentials) (cardinal.Token, error) {
	o.t.Helper()
	return o.service.SignIn(o.t.Context(), c, o.from)
}

func (o *office) signsIn(name, password string) cardinal.Token {
	o.t.Helper()
	token, err := o.signIn(credentials(name, password))
	if err != nil {
		o.t.Fatalf("refused: %v", err)
	}
	return token
}

// fails presents what must get the one answer, the same each time.
func (o *office) fails(c auth.Credentials) {
	o.t.Helper()
	token, err := o.signIn(c)
	o.isTheAnswer(err)
	if !token.IsZero() {
		o.t.Fatal("a refusal comes with a session")
	}
}

func (o *office) isTheAnswer(err error) {
	o.t.Helper()
	if o.answer == nil {
		o.answer = err
	}
	if cardinal.CodeOf(err) != cardinal.CodeUnauthenticated || !reflect.DeepEqual(err, o.answer) {
		o.t.Fatalf("answered %#v, the first answer was %#v", err, o.answer)
	}
}

// limited presents what must be refused as there were too many tries, without a
// comparison, and returns for how long.
func (o *office) limited(c auth.Credentials) time.Duration {
	o.t.Helper()
	before := o.passwords.Computed()
	_, err := o.signIn(c)
	var refused *cardinal.Error
	if !errors.As(err, &refused) || refused.Code != cardinal.CodeRateLimited {
		o.t.Fatalf("answered %v, want CodeRateLimited", err)
	}
	if o.passwords.Computed() != before {
		o.t.Fatal("a password was compared past the limit")
	}
	return refused.RetryAfter
}

// session returns whose session it is.
func (o *office) session(token cardinal.Token) auth.Person {
	o.t.Helper()
	person, err := o.service.Session(o.t.Context(), token, o.from)
	if err != nil {
		o.t.Fatal(err)
	}
	return person
}

// ended fails unless the session has ended.
func (o *office) ended(token cardinal.Token) {
	o.t.Helper()
	person, err := o.service.Session(o.t.Context(), token, o.from)
	if cardinal.CodeOf(err) != cardinal.CodeUnauthenticated || person != (auth.Person{}) {
		o.t.Fatalf("the session goes on as %q, %v", person.Caller.Name, err)
	}
}

// token makes a token's record in the database and returns the token.
func (o *office) token(t cardinal.APIToken) cardinal.Token {
	o.t.Helper()
	token := seal.NewToken(seal.APIToken)
	storetest.Write(o.t, o.store, func(ctx context.Context, tx *store.Tx) error {
		t.ID, t.Customer = cardinal.TokenID(tx.NewID()), o.customer
		return tx.AddAPIToken(ctx, t, seal.TokenHash(token))
	})
	return token
}
