package rotation_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cardinal"
	"cardinal/internal/auth"
	"cardinal/internal/bulk"
	"cardinal/internal/credential"
	"cardinal/internal/notify"
	"cardinal/internal/rotation"
	"cardinal/internal/seal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func same(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("not as it should be (- want, + got):\n%s", diff)
	}
}

// many is more than one transaction moves.
const many = 230

// planted is a database with something sealed in every place.
type planted struct {
	*storetest.Database
	t        *testing.T
	customer cardinal.CustomerID
	users    []cardinal.User
}

func secretOf(place store.SealedPlace, i int) []byte { return fmt.Appendf(nil, "%s %d", place, i) }

func numberOf(t *testing.T, i int) cardinal.CardNumber {
	t.Helper()
	number, err := cardinal.ParseCardNumber("", fmt.Sprint(471100+i))
	if err != nil {
		t.Fatal(err)
	}
	return number
}

func plant(t *testing.T, d *storetest.Database) planted {
	t.Helper()
	s := d.Open(t)
	p := planted{Database: d, t: t, customer: storetest.Customer(t, s, "Acme").ID}
	names := make([]string, many)
	for i := range names {
		names[i] = fmt.Sprintf("user%03d", i)
	}
	p.users = storetest.Users(t, s, p.customer, names...)
	storetest.Write(t, s, func(ctx context.Context, tx *store.Tx) error {
		run := store.BulkRun{ID: "run", Customer: p.customer, Kind: "issue-pins", Parameters: "{}", State: "done", Starter: "{}", PINs: "kept"}
		if _, err := tx.AddBulkRun(ctx, run); err != nil {
			return err
		}
		for i, user := range p.users {
			if err := p.plantOf(ctx, tx, user, i); err != nil {
				return err
			}
		}
		return nil
	})
	return p
}

// plantOf writes one value of each place as those do that own it.
func (p planted) plantOf(ctx context.Context, tx *store.Tx, user cardinal.User, i int) error {
	sealed := func(place store.SealedPlace, binding []byte) store.Sealed {
		version, text := p.Ring.Seal(p.customer, seal.PurposeFieldSeal, binding, secretOf(place, i))
		return store.Sealed{Version: version, Bytes: text}
	}
	number := numberOf(p.t, i)
	_, text, err := p.Ring.SealNumber(p.customer, user.ID, cardinal.Secondary, number)
	if err != nil {
		return err
	}
	if _, err := tx.AddNumber(ctx, p.customer, store.StoredNumber{
		User: user.ID, Slot: cardinal.Secondary, Tag: store.Tag(p.Ring.NumberTags(p.customer, number)[0]), Sealed: text, End: number.End(),
	}); err != nil {
		return err
	}
	app := sealed(store.SealedApps, auth.AppBinding(user.ID))
	if err := tx.PutTOTPSecret(ctx, user, store.TOTPSecret{KeyVersion: app.Version, Sealed: app.Bytes}); err != nil {
		return err
	}
	configuration := cardinal.MessagingConfiguration{ID: cardinal.ConfigurationID(tx.NewID()), Customer: p.customer, Name: user.Username}
	if err := tx.AddConfiguration(ctx, store.StoredConfiguration{
		MessagingConfiguration: configuration, Secrets: sealed(store.SealedConfigurations, notify.ConfigurationBinding(configuration.ID)),
	}); err != nil {
		return err
	}
	note := cardinal.Notification{ID: cardinal.NotificationID(tx.NewID()), Customer: p.customer, User: user.ID, State: cardinal.NotificationQueued}
	if err := tx.AddNotification(ctx, store.StoredNotification{Notification: note, Secrets: sealed(store.SealedNotifications, notify.NotificationBinding(note.ID))}); err != nil {
		return err
	}
	pins := sealed(store.SealedBulkPINs, bulk.PINsBinding("run", i+1))
	return tx.AddBulkPINs(ctx, "run", store.BulkPINs{Last: i + 1, Version: pins.Version, Sealed: pins.Bytes})
}

// Everything that is sealed is under the newest key afterwards, and says what it
// said; numbers are found, and stay one user's alone.
func TestMove(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		p := plant(t, d)
		ring := d.Ring.Rotated()
		s := d.OpenWith(t, ring)
		moving := rotation.New(s, ring)
		standing := func(want map[int]int) {
			t.Helper()
			got, err := moving.Standing(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			same(t, want, got.Sealed)
		}
		all := len(store.SealedPlaces()) * many
		storetest.Read(t, s, func(ctx context.Context, tx *store.Tx) error {
			for _, place := range store.SealedPlaces() {
				counts, err := tx.CountSealed(ctx, place)
				if err != nil {
					return err
				}
				same(t, map[int]int{1: many}, counts) // or else this test knows nothing of the place
			}
			return nil
		})
		standing(map[int]int{1: all})
		moved, err := moving.Move(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		same(t, all, moved)
		standing(map[int]int{2: all})
		moved, err = moving.Move(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		same(t, 0, moved)
		p.readsTheSame(s, ring)
		p.findsNumbers(s, ring)
	})
}

func TestARingOfOneKeyMovesNothing(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		plant(t, d)
		moved, err := rotation.New(d.Open(t), d.Ring).Move(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		same(t, 0, moved)
	})
}

// readsTheSame opens everything as those do that own it.
func (p planted) readsTheSame(s *store.Store, ring *seal.Ring) {
	p.t.Helper()
	storetest.Read(p.t, s, func(ctx context.Context, tx *store.Tx) error {
		said := map[string]bool{}
		open := func(binding []byte, under store.Sealed) {
			text, err := ring.Open(p.customer, seal.PurposeFieldSeal, under.Version, binding, under.Bytes)
			if err != nil {
				p.t.Error(err)
			}
			said[string(text)] = true
		}
		for _, user := range p.users {
			app, err := tx.TOTPSecret(ctx, user)
			if err != nil {
				return err
			}
			open(auth.AppBinding(user.ID), store.Sealed{Version: app.KeyVersion, Bytes: app.Sealed})
		}
		configurations, err := tx.Configurations(ctx, p.customer)
		if err != nil {
			return err
		}
		for _, c := range configurations {
			open(notify.ConfigurationBinding(c.ID), c.Secrets)
		}
		notes, err := tx.Notifications(ctx, p.customer, store.NotificationQuery{Most: many})
		if err != nil {
			return err
		}
		for _, n := range notes {
			open(notify.NotificationBinding(n.ID), n.Secrets)
		}
		pins, err := tx.BulkPINs(ctx, "run", 0, many)
		if err != nil {
			return err
		}
		for _, b := range pins {
			open(bulk.PINsBinding("run", b.Last), store.Sealed{Version: b.Version, Bytes: b.Sealed})
		}
		same(p.t, (len(store.SealedPlaces())-1)*many, len(said)) // numbers are looked at apart
		for i := range many {
			for _, place := range store.SealedPlaces() {
				if place != store.SealedNumbers && !said[string(secretOf(place, i))] {
					p.t.Errorf("%q is gone", secretOf(place, i))
				}
			}
		}
		return nil
	})
}

func (p planted) findsNumbers(s *store.Store, ring *seal.Ring) {
	p.t.Helper()
	door := credential.New(s, ring, rand.Reader, slog.New(slog.DiscardHandler))
	storetest.Read(p.t, s, func(ctx context.Context, tx *store.Tx) error {
		for i, user := range p.users {
			found, err := door.FindNumber(ctx, tx, p.customer, numberOf(p.t, i))
			if err != nil {
				return err
			}
			same(p.t, [2]any{user.ID, 2}, [2]any{found.User, found.Tag.Version})
			number, err := ring.OpenNumber(p.customer, user.ID, found.Slot, found.Tag.Version, found.Sealed)
			if err != nil {
				return err
			}
			same(p.t, numberOf(p.t, i).Reveal(), number.Reveal())
		}
		return nil
	})
	err := door.SetNumber(p.t.Context(), cardinal.Console(p.customer), p.users[0].Username, credential.NumberChange{Slot: cardinal.Primary, Number: numberOf(p.t, 1)})
	same(p.t, cardinal.CodeConflict, cardinal.CodeOf(err))
}
