package signin_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/setting"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func TestPINAloneFailsLikeTheRest(t *testing.T) {
	everywhere(t, func(_ *testing.T, o *office) {
		o.identifying()
		o.unlimited()
		o.user("bert")
		o.set(map[string]any{setting.PINExpirationHours.Key: 1})
		o.give("bert", "990001", "z8Yk35")
		o.fails(byPIN(pin)) // Anna's is from before: it identifies from her next sign-in on
		o.succeeds(byCardPIN(card, pin))
		o.succeeds(byPIN(pin))
		o.fails(byPIN(wrong), byPIN(""))
		o.fails(repeat(5, byName(username, wrong))...)
		o.fails(byPIN(pin))
		o.Clock.Add(time.Minute)
		o.update(func(u *cardinal.User) { u.Disabled = true })
		o.fails(byPIN(pin))
		o.update(func(u *cardinal.User) { u.Disabled = false })
		o.succeeds(byPIN("z8Yk35"))
		o.Clock.Add(59 * time.Minute)
		o.fails(byPIN("z8Yk35"))
		o.ended(0,
			cardinal.OutcomeWrongPIN, cardinal.OutcomeSuccess, cardinal.OutcomeSuccess, cardinal.OutcomeWrongPIN, cardinal.OutcomeWrongPIN,
			cardinal.OutcomeWrongPIN, cardinal.OutcomeWrongPIN, cardinal.OutcomeWrongPIN, cardinal.OutcomeWrongPIN, cardinal.OutcomeWrongPIN,
			cardinal.OutcomeLocked, cardinal.OutcomeDisabled, cardinal.OutcomeSuccess, cardinal.OutcomeExpired)
	})
}

func TestTheDailyBudgetOfPINAlone(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.identifying()
		o.unlimited()
		o.set(map[string]any{setting.SignInPINPerDay.Key: 3, setting.CustomerTimeZone.Key: "Pacific/Auckland"})
		o.succeeds(byCardPIN(card, pin))
		o.fails(byPIN(wrong))
		o.succeeds(byPIN(pin)) // neither costs nor gives back
		o.device = o.newDevice(cardinal.Device{Name: "Copier 2"})
		o.fails(byPIN(wrong), byPIN(wrong))
		if n := o.audited("sign-in.pin-budget-spent"); n != 1 {
			t.Errorf("the administrators were told %d times", n)
		}
		compared := o.service.Compared()
		o.fails(byPIN(pin), byPIN(wrong), byPIN(pin))
		o.ended(5, cardinal.OutcomeMethodOff, cardinal.OutcomeMethodOff, cardinal.OutcomeMethodOff)
		if o.service.Compared() != compared || o.audited("sign-in.pin-budget-spent") != 1 {
			t.Error("past the budget PINs are compared, or administrators told again")
		}
		o.succeeds(byName(username, pin)) // the other methods go on
		o.succeeds(byCard(card))
		// The day is the customer's: noon in UTC is already tomorrow, 1 a.m., in Auckland.
		midnight := time.Date(2026, 3, 3, 11, 0, 0, 0, time.UTC)
		o.Clock.Set(midnight.Add(-time.Millisecond))
		o.fails(byPIN(pin))
		o.Clock.Set(midnight)
		o.succeeds(byPIN(pin))
	})
}

func TestNoDailyBudget(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	o.identifying()
	o.unlimited()
	o.set(map[string]any{setting.SignInPINPerDay.Key: -1})
	o.succeeds(byCardPIN(card, pin))
	o.fails(repeat(300, byPIN(wrong))...)
	o.succeeds(byPIN(pin))
}

// After a rotation and after switching identification on, the next success with
// card or name moves the tag; until then the old one goes on working.
func TestTagsMoveAtASuccess(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.unlimited()
		old := o.stored(o.anna)
		o.under(o.Ring.Rotated())
		o.fails(byCardPIN(card, wrong))
		if have := o.stored(o.anna); have.Tag.Version != old.Tag.Version {
			t.Fatal("a failure moved the tag")
		}
		o.succeeds(byCardPIN(card, pin))
		rotated := o.stored(o.anna)
		if rotated.Tag.Version != o.Ring.Current() || rotated.Identifying || rotated.ID != old.ID || !rotated.CreatedAt.Equal(old.CreatedAt) {
			t.Fatalf("after a rotation: %+v, before: %+v", rotated, old)
		}
		o.succeeds(byName(username, pin))

		o.identifying()
		o.under(o.Ring.Rotated())
		o.succeeds(byCard(card)) // proves no PIN
		if have := o.stored(o.anna); have.Identifying {
			t.Fatal("a card alone moved the tag")
		}
		o.succeeds(byName(username, pin))
		if have := o.stored(o.anna); !have.Identifying || have.Tag.Version != o.Ring.Current() {
			t.Fatalf("identification is on: %+v", have)
		}
		o.under(o.Ring.Rotated())
		o.succeeds(byPIN(pin)) // found under the version before
		if have := o.stored(o.anna); have.Tag.Version != o.Ring.Current() {
			t.Fatalf("PIN alone after a rotation: %+v", have)
		}
		o.set(map[string]any{setting.PINIdentifiesUser.Key: false})
		o.fails(byPIN(pin))
		o.succeeds(byCardPIN(card, pin))
	})
}

// Of two with the same PIN the first gets the tag that identifies. The second
// goes on with card and PIN, is never signed in as the first, and moves to new
// keys like everybody.
func TestTwoWithTheSamePIN(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		bert := o.user("bert")
		o.give("bert", "990001", pin)
		o.identifying()
		o.succeeds(byCardPIN(card, pin))
		for range 2 {
			if person := o.succeeds(byCardPIN("990001", pin)); person.Username != "bert" {
				t.Fatalf("Bert is signed in as %s", person.Username)
			}
			if person := o.succeeds(byPIN(pin)); person.Username != username {
				t.Fatalf("the PIN alone signs in %s", person.Username)
			}
			if o.stored(bert).Identifying {
				t.Fatal("two PINs identify with the same tag")
			}
			if have := o.stored(bert).Tag.Version; have != o.Ring.Current() {
				t.Fatalf("Bert's tag stays at version %d, current is %d", have, o.Ring.Current())
			}
			o.under(o.Ring.Rotated())
			o.succeeds(byPIN(pin))
		}
		// When the first has another PIN, the second's identifies.
		o.give(username, "", "z8Yk35")
		o.succeeds(byCardPIN("990001", pin))
		if person := o.succeeds(byPIN(pin)); person.Username != "bert" {
			t.Errorf("the PIN alone signs in %s", person.Username)
		}
	})
}

// Many with the same PIN may come at the same moment after the switch: one of
// them gets the tag, and all are signed in.
func TestManyWithTheSamePINAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		const people = 8
		users := make([]cardinal.User, people)
		devices := make([]cardinal.Caller, people)
		for i := range people {
			name := fmt.Sprintf("person%d", i)
			users[i] = o.user(name)
			o.give(name, "", "z8Yk35")
			devices[i] = o.newDevice(cardinal.Device{Name: name})
		}
		o.identifying()
		answers := make([]error, people)
		var all sync.WaitGroup
		for i := range people {
			node := o.service
			if i%2 == 1 && o.Kind == storetest.PostgreSQL {
				node = o.node()
			}
			all.Go(func() { _, answers[i] = node.SignIn(t.Context(), devices[i], byName(users[i].Username, "z8Yk35")) })
		}
		all.Wait()
		identifying := 0
		for i := range people {
			if answers[i] != nil {
				t.Errorf("%s: %v", users[i].Username, answers[i])
			}
			if o.stored(users[i]).Identifying {
				identifying++
			}
		}
		if identifying != 1 {
			t.Errorf("%d PINs identify", identifying)
		}
	})
}

// Two tags that would be the same wait for each other in the index: the later
// one must not take its sign-in down with it.
func TestATagTakenMeanwhile(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		bert := o.user("bert")
		o.give("bert", "", pin)
		o.identifying()
		waiting, answer := o.node(), make(chan error, 1)
		storetest.Write(t, o.store, func(ctx context.Context, tx *store.Tx) error {
			moved, err := tx.PIN(ctx, bert.ID)
			if err != nil {
				return err
			}
			moved.Identifying, moved.Tag = true, store.Tag(o.Ring.IdentifyingPINTag(o.customer, cardinal.NewPIN(pin)))
			if _, err := tx.RetagPIN(ctx, o.customer, moved); err != nil {
				return err
			}
			go func() {
				_, err := waiting.SignIn(t.Context(), o.device, byCardPIN(card, pin))
				answer <- err
			}()
			awaitWaiting(t, o.Database)
			return nil
		})
		if err := <-answer; err != nil {
			t.Errorf("Anna: %v", err)
		}
		if o.stored(o.anna).Identifying || !o.stored(bert).Identifying {
			t.Error("Bert had the tag first")
		}
		o.ended(0, cardinal.OutcomeSuccess)
	})
}

// Whether a PIN meets today's policy is learnt at a success, and nowhere else.
func TestPolicyMetIsKept(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		check := func(met bool, at time.Time) {
			t.Helper()
			if have := o.stored(o.anna); !have.PolicyKnown || have.PolicyMet != met || !have.PolicyCheckedAt.Equal(at) {
				t.Fatalf("known: %v, met: %v, at %s; want %v at %s", have.PolicyKnown, have.PolicyMet, have.PolicyCheckedAt, met, at)
			}
		}
		start := o.Clock.Now()
		check(true, start) // the door has just judged it
		o.set(map[string]any{setting.PINMinLength.Key: 8, setting.PINGeneratedLength.Key: 8, setting.SignInMethods.Key: cardinal.Methods()})
		o.Clock.Add(time.Hour)
		o.fails(byCardPIN(card, wrong))
		o.succeeds(byCard(card))
		check(true, start)
		o.succeeds(byCardPIN(card, pin))
		check(false, start.Add(time.Hour))
		o.set(map[string]any{setting.PINMinLength.Key: 4, setting.PINGeneratedLength.Key: 6})
		o.Clock.Add(time.Hour)
		o.succeeds(byName(username, pin))
		check(true, start.Add(2*time.Hour))
		// Personal details count: a card may have come after the PIN.
		o.giveNumber(username, cardinal.Secondary, "55"+pin+"55")
		o.Clock.Add(time.Hour)
		o.succeeds(byName(username, pin))
		check(false, start.Add(3*time.Hour))
	})
}

// That a PIN does not meet the policy is found anew after each change of the
// policy, and written once.
func TestAFindingIsOfThePresentPolicy(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		require := func(length int) {
			o.Clock.Add(time.Hour)
			o.set(map[string]any{setting.PINMinLength.Key: length, setting.PINGeneratedLength.Key: length})
			storetest.Write(t, o.store, func(ctx context.Context, tx *store.Tx) error { return tx.TouchPolicy(ctx, o.customer) })
		}
		checked := func(want time.Time) {
			t.Helper()
			if have := o.stored(o.anna); have.PolicyMet || !have.PolicyCheckedAt.Equal(want) {
				t.Fatalf("met: %v, at %s; want it found not to be met at %s", have.PolicyMet, have.PolicyCheckedAt, want)
			}
		}
		for _, length := range []int{8, 10} {
			require(length)
			o.Clock.Add(time.Hour)
			found := o.Clock.Now()
			for range 2 {
				o.succeeds(byCardPIN(card, pin))
				checked(found)
				o.Clock.Add(time.Hour)
			}
		}
	})
}

// Who has signed in once is never again among those who have not, whatever
// becomes of the record of sign-ins.
func TestTheFirstSuccessIsKept(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.identifying()
		o.user("bert")
		o.give("bert", "990001", "w3Lk55")
		never := func(want int) {
			t.Helper()
			storetest.Read(t, o.store, func(ctx context.Context, tx *store.Tx) error {
				n, err := tx.CountMatching(ctx, o.customer, store.UserMatch{Filter: store.FilterNeverSignedIn}, 9)
				if n != want {
					t.Errorf("%d users have never signed in, want %d", n, want)
				}
				return err
			})
		}
		o.fails(byCardPIN(card, wrong))
		never(2)
		for range 2 {
			o.succeeds(byCardPIN(card, pin))
			never(1)
		}
		o.succeeds(byCard("990001"))
		never(0)
		if _, err := connect(t, o.Database).ExecContext(t.Context(), "DELETE FROM sign_ins"); err != nil {
			t.Fatal(err)
		}
		never(0)
	})
}

func TestNothingOfAPINIsOnRecord(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.identifying()
		o.succeeds(byCardPIN(card, pin))
		o.fails(byPIN(wrong), byName(wrong, wrong), byCardPIN("990001", wrong))
		o.fails(repeat(5, byCardPIN(card, wrong))...)
		db := connect(t, o.Database)
		var texts []string
		for _, query := range []string{
			`SELECT method || username || outcome || number_end FROM sign_ins`,
			`SELECT before || after || subject || action FROM audit_entries`,
			`SELECT subject FROM counters`,
		} {
			rows, err := db.QueryContext(t.Context(), query)
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
				var text string
				if err := rows.Scan(&text); err != nil {
					t.Fatal(err)
				}
				texts = append(texts, text)
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
		}
		if len(texts) < 15 {
			t.Fatalf("only %d texts were looked at", len(texts))
		}
		for _, secret := range []string{pin, wrong, card} {
			if i := slices.IndexFunc(texts, func(text string) bool { return strings.Contains(text, secret) }); i >= 0 {
				t.Errorf("stored is %q", texts[i])
			}
		}
	})
}
