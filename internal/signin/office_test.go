package signin_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/credential"
	"cardinal/internal/seal"
	"cardinal/internal/setting"
	"cardinal/internal/signin"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// What Anna has, and what she has not.
const (
	card     = "04A1B2C3D4"
	pin      = "k7Qw29"
	wrong    = "m4Rt81"
	username = "anna"
)

// office is a customer with Anna, who has a card and a PIN, and one device.
type office struct {
	*storetest.Database
	t        *testing.T
	store    *store.Store
	door     *credential.Door
	service  *signin.Service
	customer cardinal.CustomerID
	anna     cardinal.User
	device   cardinal.Caller
	answer   error // the one answer, as it was given first
}

// everywhere runs a story in an office on each kind of database.
func everywhere(t *testing.T, story func(t *testing.T, o *office)) {
	t.Helper()
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) { story(t, newOffice(t, d)) })
}

func newOffice(t *testing.T, d *storetest.Database) *office {
	t.Helper()
	o := &office{Database: d, t: t, store: d.Open(t)}
	o.under(d.Ring)
	o.customer = storetest.Customer(t, o.store, "Pilsen Print").ID
	o.anna = o.user(username)
	o.give(username, card, pin)
	o.device = o.newDevice(cardinal.Device{Name: "Copier 1"})
	return o
}

// under goes on with another key ring, as after a rotation.
func (o *office) under(ring *seal.Ring) {
	o.Ring = ring
	o.door = credential.New(o.store, ring, rand.Reader, slog.New(slog.DiscardHandler))
	o.service = signin.New(o.store, ring, o.door.FindOwners, nil)
}

// node is one more server on the same database.
func (o *office) node() *signin.Service {
	o.t.Helper()
	return signin.New(o.Open(o.t), o.Ring, o.door.FindOwners, nil)
}

func (o *office) user(name string) cardinal.User {
	o.t.Helper()
	return storetest.User(o.t, o.store, o.customer, name)
}

// give gives a user a card and a PIN; an empty text is none.
func (o *office) give(name, number, pin string) {
	o.t.Helper()
	if number != "" {
		o.giveNumber(name, cardinal.Primary, number)
	}
	if pin == "" {
		return
	}
	if _, err := o.door.SetPIN(o.t.Context(), cardinal.Console(o.customer), name, cardinal.NewPIN(pin)); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) giveNumber(name string, slot cardinal.Slot, number string) {
	o.t.Helper()
	parsed, err := cardinal.ParseCardNumber("number", number)
	if err != nil {
		o.t.Fatal(err)
	}
	change := credential.NumberChange{Slot: slot, Number: parsed}
	if err := o.door.SetNumber(o.t.Context(), cardinal.Console(o.customer), name, change); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) newDevice(d cardinal.Device) cardinal.Caller {
	o.t.Helper()
	storetest.Write(o.t, o.store, func(ctx context.Context, tx *store.Tx) error {
		d.ID, d.Customer, d.CreatedAt = cardinal.DeviceID(tx.NewID()), o.customer, tx.Now()
		return tx.AddDevice(ctx, d, []byte(d.ID))
	})
	return cardinal.Caller{Kind: cardinal.CallerDevice, Customer: o.customer, Device: d.ID, Name: d.Name}
}

// set gives settings their values.
func (o *office) set(values map[string]any) {
	o.t.Helper()
	storetest.Set(o.t, o.store, o.customer, values)
}

// identifying switches on that PINs identify users, and all methods.
func (o *office) identifying() {
	o.t.Helper()
	o.set(map[string]any{setting.PINIdentifiesUser.Key: true, setting.SignInMethods.Key: cardinal.Methods()})
}

// update changes Anna's record.
func (o *office) update(change func(*cardinal.User)) {
	o.t.Helper()
	change(&o.anna)
	storetest.Write(o.t, o.store, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateUser(ctx, o.anna) })
}

// What can be presented.

func secret(text string) *cardinal.Secret {
	s := cardinal.NewToken(text).Secret
	return &s
}

func pinOf(text string) *cardinal.PIN {
	p := cardinal.NewPIN(text)
	return &p
}

func byCard(number string) signin.Try { return signin.Try{Number: secret(number)} }
func byCardPIN(number, pin string) signin.Try {
	return signin.Try{Number: secret(number), PIN: pinOf(pin)}
}
func byName(name, pin string) signin.Try { return signin.Try{Username: &name, PIN: pinOf(pin)} }
func byPIN(pin string) signin.Try        { return signin.Try{PIN: pinOf(pin)} }

// try presents something at the office's device.
func (o *office) try(presented signin.Try) (signin.Person, error) {
	o.t.Helper()
	return o.service.SignIn(o.t.Context(), o.device, presented)
}

// succeeds presents what must sign in.
func (o *office) succeeds(presented signin.Try) signin.Person {
	o.t.Helper()
	person, err := o.try(presented)
	if err != nil {
		o.t.Fatalf("refused: %v", err)
	}
	return person
}

// fails presents what must get the one answer, the same each time.
func (o *office) fails(tries ...signin.Try) {
	o.t.Helper()
	for _, presented := range tries {
		person, err := o.try(presented)
		o.isTheAnswer(err)
		if person != (signin.Person{}) {
			o.t.Fatalf("an answer that refuses names %q", person.Username)
		}
	}
}

func (o *office) isTheAnswer(err error) {
	o.t.Helper()
	if o.answer == nil {
		o.answer = err
	}
	if cardinal.CodeOf(err) != cardinal.CodeSignInFailed || !reflect.DeepEqual(err, o.answer) {
		o.t.Fatalf("answered %#v, the first answer was %#v", err, o.answer)
	}
}

// deviceLocked presents what must be refused as the device is over its budget,
// and returns how long that will last.
func (o *office) deviceLocked(presented signin.Try) time.Duration {
	o.t.Helper()
	_, err := o.try(presented)
	var refused *cardinal.Error
	if !errors.As(err, &refused) || refused.Code != cardinal.CodeRateLimited {
		o.t.Fatalf("answered %v, want CodeRateLimited", err)
	}
	return refused.RetryAfter
}

// records returns what is on record, oldest first.
func (o *office) records() []cardinal.SignIn {
	o.t.Helper()
	records, err := o.service.Records(o.t.Context(), cardinal.Console(o.customer), "", "", 1000)
	if err != nil {
		o.t.Fatal(err)
	}
	slices.Reverse(records)
	return records
}

// ended fails unless the tries on record, but for the first so many, ended so.
func (o *office) ended(but int, want ...cardinal.Outcome) {
	o.t.Helper()
	var have []cardinal.Outcome
	for _, record := range o.records()[but:] {
		have = append(have, record.Outcome)
	}
	if !slices.Equal(have, want) {
		o.t.Fatalf("on record are %q, want %q", have, want)
	}
}

// stored returns the PIN of a user as the database has it.
func (o *office) stored(user cardinal.User) store.StoredPIN {
	o.t.Helper()
	var stored store.StoredPIN
	storetest.Read(o.t, o.store, func(ctx context.Context, tx *store.Tx) (err error) {
		stored, err = tx.PIN(ctx, user.ID)
		return err
	})
	return stored
}

// wrongTries returns how many wrong tries are counted against Anna.
func (o *office) wrongTries() int64 {
	o.t.Helper()
	var counter store.Counter
	storetest.Read(o.t, o.store, func(ctx context.Context, tx *store.Tx) (err error) {
		counter, err = tx.Counter(ctx, o.customer, store.UserSubject(o.anna.ID))
		return err
	})
	return counter.Wrong
}

// audited counts the audit entries of an action.
func (o *office) audited(action string) int {
	o.t.Helper()
	count := 0
	for _, entry := range storetest.Audit(o.t, o.store, o.customer) {
		if entry.Action == action {
			count++
		}
	}
	return count
}

// repeat returns the same try so many times.
func repeat(n int, presented signin.Try) []signin.Try {
	return slices.Repeat([]signin.Try{presented}, n)
}
