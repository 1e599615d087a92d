package signin_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/setting"
	"cardinal/internal/signin"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// unlimited lifts the device's budget, so that users' lockout is seen alone.
func (o *office) unlimited() {
	o.t.Helper()
	o.set(map[string]any{setting.SignInDeviceBudget.Key: -1})
}

// The ladder as spec sign-in tells it, climbed by turns through all identifiers.
func TestTheLadder(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.unlimited()
		o.giveNumber(username, cardinal.Secondary, "7788990011")
		right := byCardPIN(card, pin)
		wrongs := []signin.Try{byCardPIN(card, wrong), byName(username, wrong), byCardPIN("7788990011", wrong)}
		climb := func(from, to int) {
			for n := from; n <= to; n++ {
				o.fails(wrongs[n%len(wrongs)])
				if have := o.wrongTries(); have != int64(n) {
					t.Fatalf("wrong try %d counts as %d", n, have)
				}
			}
		}
		lockedFor := func(length time.Duration) {
			o.fails(right)
			o.Clock.Add(length - time.Millisecond)
			o.fails(right)
			o.Clock.Add(time.Millisecond)
		}
		climb(1, 5)
		lockedFor(time.Minute)
		climb(6, 10)
		lockedFor(15 * time.Minute)
		climb(11, 15)
		lockedFor(100 * 365 * 24 * time.Hour)
		o.fails(right)
		o.ended(14+2+2, slices.Concat([]cardinal.Outcome{cardinal.OutcomeWrongPIN}, slices.Repeat([]cardinal.Outcome{cardinal.OutcomeLocked}, 3))...)
		if n := o.service.Compared(); n != 15 {
			t.Errorf("%d PINs were compared", n)
		}
		if n := o.audited("user.locked"); n != 3 {
			t.Errorf("%d locks are in the audit log", n)
		}
	})
}

func TestWhatEndsALockForGood(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.unlimited()
		o.set(map[string]any{setting.SignInUserLimits.Key: []cardinal.LockLimit{{Wrong: 3, LockSeconds: 0}}})
		o.fails(repeat(4, byCardPIN(card, wrong))...)
		o.fails(byCardPIN(card, pin))
		if err := o.door.Unlock(t.Context(), cardinal.Console(o.customer), username); err != nil {
			t.Fatal(err)
		}
		o.fails(repeat(2, byName(username, wrong))...) // counted anew
		o.succeeds(byCardPIN(card, pin))

		o.fails(repeat(4, byCardPIN(card, wrong))...)
		o.give(username, "", "z8Yk35")
		o.fails(byCardPIN(card, pin))
		o.succeeds(byCardPIN(card, "z8Yk35"))
	})
}

func TestOnlyASuccessWithAPINClearsTheCount(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.set(map[string]any{setting.SignInMethods.Key: cardinal.Methods()})
		o.fails(repeat(4, byCardPIN(card, wrong))...)
		o.succeeds(byCard(card))
		if n := o.wrongTries(); n != 4 {
			t.Fatalf("after a card alone %d wrong tries are counted", n)
		}
		o.succeeds(byName(username, pin))
		if n := o.wrongTries(); n != 0 {
			t.Fatalf("after a success %d wrong tries are counted", n)
		}
		o.fails(repeat(5, byCardPIN(card, wrong))...)
		o.fails(byCard(card)) // a lock holds for the card alone, too
	})
}

func TestRejectionsDuringALockDoNotRenewIt(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.set(map[string]any{setting.SignInDeviceBudget.Key: 6})
		o.fails(repeat(5, byCardPIN(card, wrong))...)
		for range 59 {
			o.Clock.Add(time.Second)
			o.fails(byCardPIN(card, wrong), byName(username, pin))
		}
		if n := o.wrongTries(); n != 5 {
			t.Errorf("%d wrong tries are counted", n)
		}
		o.Clock.Add(time.Second)
		o.succeeds(byCardPIN(card, pin)) // the device's budget was left alone as well
	})
}

func TestWrongTriesAreForgotten(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.set(map[string]any{setting.SignInUserForgetHours.Key: 2})
		o.fails(repeat(4, byCardPIN(card, wrong))...)
		o.Clock.Add(2*time.Hour - time.Millisecond)
		o.fails(byCardPIN(card, wrong))
		if n := o.wrongTries(); n != 5 {
			t.Fatalf("just within two hours %d wrong tries are counted", n)
		}
		o.Clock.Add(2 * time.Hour)
		o.fails(byCardPIN(card, wrong))
		if n := o.wrongTries(); n != 1 {
			t.Fatalf("after two hours without a wrong try %d are counted", n)
		}
	})
}

// Nobody can find out by lockouts which numbers and names there are.
func TestTheUnknownLockLikeTheKnown(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.unlimited()
		for _, unknown := range []struct {
			name  string
			tries []signin.Try // the same identifier, written differently
		}{
			{"number", []signin.Try{byCardPIN("99aa7766", wrong), byCardPIN(" 99AA7766=1\r", wrong)}},
			{"username", []signin.Try{byName("bert", wrong), byName("BERT", wrong)}},
		} {
			before := len(o.records())
			for i := range 7 {
				o.fails(unknown.tries[i%2])
			}
			o.Clock.Add(time.Minute)
			o.fails(unknown.tries[0])
			want := slices.Repeat([]cardinal.Outcome{cardinal.OutcomeUnknown}, 8)
			want[5], want[6] = cardinal.OutcomeLocked, cardinal.OutcomeLocked
			o.ended(before, want...)
		}
		o.fails(byCardPIN("99aa7767", wrong), byName("berta", wrong)) // neighbours are not locked
		o.ended(16, cardinal.OutcomeUnknown, cardinal.OutcomeUnknown)
		o.succeeds(byCardPIN(card, pin))
		if n := o.audited("user.locked"); n != 0 {
			t.Errorf("%d locks of nobody are in the audit log", n)
		}
		// Whoever gets the number is not locked by what others tried before.
		o.fails(repeat(5, byCardPIN("99aa7766", wrong))...)
		o.user("bert")
		o.give("bert", "99aa7766", pin)
		o.succeeds(byCardPIN("99AA7766", pin))
	})
}

func TestTheDevicesBudget(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		names := make([]string, 30)
		for i := range names {
			names[i] = "user" + string(rune('A'+i))
		}
		for _, user := range storetest.Users(t, o.store, o.customer, names...) {
			o.succeeds(byCardPIN(card, pin))      // never refills
			o.fails(byName(user.Username, wrong)) // one try at each of many users
		}
		if wait := o.deviceLocked(byCardPIN(card, pin)); wait != 30*time.Second {
			t.Errorf("wait %s for the next try, want 30 s", wait)
		}
		o.Clock.Add(30*time.Second - time.Millisecond)
		if wait := o.deviceLocked(byCardPIN(card, pin)); wait > 2*time.Millisecond {
			t.Errorf("wait %s for the next try, want 1 ms", wait)
		}
		o.Clock.Add(time.Millisecond)
		o.succeeds(byCardPIN(card, pin)) // costs nothing
		o.fails(byCardPIN(card, wrong))
		o.deviceLocked(byCardPIN(card, pin))
		o.Clock.Add(5 * time.Minute) // ten more
		o.fails(repeat(10, byName("nobody", wrong))...)
		if len(o.records()) != 60+1+2+10 {
			t.Errorf("%d records", len(o.records()))
		}
	})
}

// Two cards that nobody owns cost as much as one wrong PIN; the budget must
// have room for a whole wrong try.
func TestCardsThatNobodyOwnsCostHalf(t *testing.T) {
	everywhere(t, func(_ *testing.T, o *office) {
		o.set(map[string]any{setting.SignInDeviceBudget.Key: 3, setting.SignInMethods.Key: cardinal.Methods()})
		o.fails(byCard("990001"), byCardPIN("990002", pin), byCard("~~~"), byCardPIN("990003", pin), byCard("990004"))
		o.deviceLocked(byCard("990005"))
		o.Clock.Add(15 * time.Second)
		o.fails(byCard("990006"))
		o.deviceLocked(byCard("990007"))
	})
}

func TestRefusalsOfADeviceStandInOneRowAMinute(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.set(map[string]any{setting.SignInDeviceBudget.Key: 1, setting.SignInDeviceRefill.Key: 1})
		start := o.Clock.Now().Truncate(time.Minute)
		o.Clock.Set(start.Add(10 * time.Second))
		o.fails(byCardPIN(card, wrong))
		other := o.newDevice(cardinal.Device{Name: "Copier 2"})
		for _, second := range []int{11, 12, 59, 60, 61} {
			o.Clock.Set(start.Add(time.Duration(second) * time.Second))
			o.deviceLocked(byCardPIN(card, pin))
		}
		o.device = other
		o.Clock.Set(start.Add(62 * time.Second))
		o.fails(byCardPIN(card, wrong))
		o.deviceLocked(byCardPIN(card, wrong))
		type row struct {
			device string
			at     time.Time
			count  int64
		}
		var rows []row
		for _, r := range o.records() {
			if r.Outcome != cardinal.OutcomeDeviceLocked {
				continue
			}
			rows = append(rows, row{r.Device, r.Time, r.Count})
			if r.Username != "" || r.NumberEnd != "" || r.Method != "" {
				t.Errorf("a row for many tries tells of one: %+v", r)
			}
		}
		slices.SortFunc(rows, func(a, b row) int { return int(a.count - b.count) })
		want := []row{{"Copier 2", start.Add(time.Minute), 1}, {"Copier 1", start.Add(time.Minute), 2}, {"Copier 1", start, 3}}
		if !slices.Equal(rows, want) {
			t.Errorf("the rows are %+v, want %+v", rows, want)
		}
		if o.wrongTries() != 2 || o.service.Compared() != 2 {
			t.Errorf("%d tries are counted, %d PINs were compared; want 2", o.wrongTries(), o.service.Compared())
		}
	})
}

// A lowered budget holds at once and is regained at the rate of today.
func TestALoweredBudget(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	o.set(map[string]any{setting.SignInDeviceBudget.Key: -1})
	storetest.Write(t, o.store, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.LockCounter(ctx, o.customer, "device "+string(o.device.Device)); err != nil {
			return err
		}
		spent := store.Counter{Wrong: 100_000 * 1_000_000, ChangedAt: tx.Now()}
		return tx.SetCounter(ctx, o.customer, "device "+string(o.device.Device), spent)
	})
	o.succeeds(byCardPIN(card, pin))
	o.set(map[string]any{setting.SignInDeviceBudget.Key: 30})
	if wait := o.deviceLocked(byCardPIN(card, pin)); wait != 30*time.Second {
		t.Errorf("wait %s, want 30 s", wait)
	}
	o.Clock.Add(30 * time.Second)
	o.succeeds(byCardPIN(card, pin))
}

// The PIN is compared as it is while the counter is held, not as it was when
// the user was found.
func TestPINChangedWhileATryWaits(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.identifying()
		o.succeeds(byCardPIN(card, pin))
		waiting := o.node()
		for _, try := range []signin.Try{byPIN(pin), byCardPIN(card, pin), byName(username, pin)} {
			answer := make(chan error, 1)
			changed := o.stored(o.anna)
			storetest.Write(t, o.store, func(ctx context.Context, tx *store.Tx) error {
				if _, err := tx.LockCounter(ctx, o.customer, store.UserSubject(o.anna.ID)); err != nil {
					return err
				}
				go func() {
					_, err := waiting.SignIn(t.Context(), o.device, try)
					answer <- err
				}()
				awaitWaiting(t, o.Database)
				if _, err := tx.RemovePIN(ctx, o.anna.ID); err != nil {
					return err
				}
				next := changed
				next.ID, next.Tag = cardinal.PINID(tx.NewID()), store.Tag(o.Ring.IdentifyingPINTag(o.customer, cardinal.NewPIN("z8Yk35")))
				_, err := tx.AddPIN(ctx, o.customer, next)
				return err
			})
			o.isTheAnswer(<-answer)
			o.succeeds(byName(username, "z8Yk35"))
			o.give(username, "", "n6Hc47")
			o.give(username, "", pin)
		}
	})
}

// awaitWaiting returns when some transaction waits for a lock of another. On
// SQLite, which has one writer, all that a second one does comes after.
func awaitWaiting(t *testing.T, d *storetest.Database) {
	t.Helper()
	if d.Kind == storetest.SQLite {
		return
	}
	db := connect(t, d)
	for range 1000 {
		var waiting int
		err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
		if waiting > 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("nobody waits")
}
