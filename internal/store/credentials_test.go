package store_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func tag(version int, sum string) store.Tag { return store.Tag{Version: version, Sum: []byte(sum)} }

func testPINs(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	d.Clock.Set(someTime())
	users := storetest.Users(t, n.Store, c, "anna", "bert")
	pin := store.StoredPIN{
		PINState: cardinal.PINState{ID: "first", User: users[0].ID, CreatedAt: someTime().UTC(), ExpiresAt: someTime().UTC().Add(time.Hour), Generated: true},
		Tag:      tag(3, "a\x00\xff"), Identifying: true,
	}
	add := func(p store.StoredPIN) (added bool) {
		n.write(func(ctx context.Context, tx *store.Tx) (err error) { added, err = tx.AddPIN(ctx, c, p); return err })
		return added
	}
	get := func(u cardinal.User) (p store.StoredPIN) {
		n.read(func(ctx context.Context, tx *store.Tx) (err error) { p, err = tx.PIN(ctx, u.ID); return err })
		return p
	}
	t.Run("come back as written, judged when they were set", func(t *testing.T) {
		n := n.in(t)
		n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error { _, err := tx.PIN(ctx, users[0].ID); return err })
		same(t, true, add(pin))
		want := pin
		want.PolicyKnown, want.PolicyMet, want.PolicyCheckedAt = true, true, pin.CreatedAt
		same(t, want, get(users[0]))
		n.read(func(ctx context.Context, tx *store.Tx) error {
			byTag, err := tx.PINByTag(ctx, c, pin.Tag)
			same(t, want, byTag)
			return err
		})
	})
	t.Run("are found by exactly their tag", func(t *testing.T) {
		n := n.in(t)
		for _, other := range []store.Tag{tag(2, "a\x00\xff"), tag(3, "a"), tag(3, "a\x00\xfe")} {
			n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error { _, err := tx.PINByTag(ctx, c, other); return err })
		}
		n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.PINByTag(ctx, "other", pin.Tag)
			return err
		})
	})
	t.Run("have a tag of their own", func(t *testing.T) {
		second := store.StoredPIN{PINState: cardinal.PINState{ID: "second", User: users[1].ID, CreatedAt: someTime().UTC()}, Tag: pin.Tag}
		same(t, false, add(second))
		second.Tag = tag(4, "a\x00\xff")
		same(t, true, add(second))
		same(t, true, get(users[1]).ExpiresAt.IsZero())
	})
	t.Run("remember how they stood to a later policy", func(t *testing.T) {
		n := n.in(t)
		d.Clock.Add(time.Minute)
		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.SetPolicyMet(ctx, pin, false) })
		got := get(users[0])
		same(t, [3]any{true, false, someTime().UTC().Add(time.Minute)}, [3]any{got.PolicyKnown, got.PolicyMet, got.PolicyCheckedAt})
		replaced := pin
		replaced.ID = "no longer there"
		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.SetPolicyMet(ctx, replaced, true) })
		same(t, false, get(users[0]).PolicyMet)
	})
	t.Run("are removed once", func(t *testing.T) {
		n := n.in(t)
		for _, want := range []bool{true, false} {
			n.write(func(ctx context.Context, tx *store.Tx) error {
				removed, err := tx.RemovePIN(ctx, users[0].ID)
				same(t, want, removed)
				return err
			})
		}
		n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error { _, err := tx.PIN(ctx, users[0].ID); return err })
	})
}

func testRetagPIN(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	users := storetest.Users(t, n.Store, c, "anna", "bert")
	pins := make([]store.StoredPIN, 2)
	n.write(func(ctx context.Context, tx *store.Tx) error {
		for i, u := range users {
			pins[i] = store.StoredPIN{PINState: cardinal.PINState{ID: cardinal.PINID(tx.NewID()), User: u.ID, CreatedAt: tx.Now()}, Tag: tag(1, u.Username)}
			if _, err := tx.AddPIN(ctx, c, pins[i]); err != nil {
				return err
			}
		}
		return nil
	})
	retag := func(p store.StoredPIN, to store.Tag, want bool) {
		t.Helper()
		n.write(func(ctx context.Context, tx *store.Tx) error {
			p.Tag, p.Identifying = to, true
			done, err := tx.RetagPIN(ctx, c, p)
			if done != want {
				t.Errorf("retagged: %t, want %t", done, want)
			}
			return err
		})
	}
	retag(pins[0], tag(1, "bert"), false)
	retag(pins[0], tag(2, "anna"), true)
	retag(pins[1], tag(2, "anna"), false)
	replaced := pins[1]
	replaced.ID = "no longer there"
	retag(replaced, tag(2, "x"), false)
	n.read(func(ctx context.Context, tx *store.Tx) error {
		one, err := tx.PIN(ctx, users[0].ID)
		same(t, [2]any{tag(2, "anna"), true}, [2]any{one.Tag, one.Identifying})
		if err != nil {
			return err
		}
		other, err := tx.PIN(ctx, users[1].ID)
		same(t, [2]any{tag(1, "bert"), false}, [2]any{other.Tag, other.Identifying})
		return err
	})
}

func testPINHistoryKeepsTheNewest(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	users := storetest.Users(t, n.Store, c, "anna", "bert")
	for i := range 6 {
		n.write(func(ctx context.Context, tx *store.Tx) error {
			return first(
				tx.AddPINHistory(ctx, users[0].ID, cardinal.PINID(tx.NewID()), tag(i, fmt.Sprint(i)), 4),
				tx.AddPINHistory(ctx, users[1].ID, cardinal.PINID(tx.NewID()), tag(1, "bert"), 99))
		})
	}
	n.read(func(ctx context.Context, tx *store.Tx) error {
		for most, want := range map[int][]store.Tag{
			99: {tag(5, "5"), tag(4, "4"), tag(3, "3"), tag(2, "2")},
			2:  {tag(5, "5"), tag(4, "4")},
		} {
			tags, err := tx.PINHistory(ctx, users[0].ID, most)
			same(t, want, tags)
			if err != nil {
				return err
			}
		}
		tags, err := tx.PINHistory(ctx, users[1].ID, 99)
		same(t, 6, len(tags))
		return err
	})
}

func testCountPINsLeavesOutTheExpired(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	now := d.Clock.Now()
	users := storetest.Users(t, n.Store, c, "never", "past", "now", "future")
	n.write(func(ctx context.Context, tx *store.Tx) error {
		for i, end := range []time.Time{{}, now.Add(-time.Millisecond), now, now.Add(time.Millisecond)} {
			state := cardinal.PINState{ID: cardinal.PINID(tx.NewID()), User: users[i].ID, CreatedAt: now, ExpiresAt: end}
			if _, err := tx.AddPIN(ctx, c, store.StoredPIN{PINState: state, Tag: tag(1, fmt.Sprint(i))}); err != nil {
				return err
			}
		}
		return nil
	})
	n.read(func(ctx context.Context, tx *store.Tx) error {
		count, err := tx.CountPINs(ctx, c)
		same(t, 2, count)
		return err
	})
}

func testNumbers(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	users := storetest.Users(t, n.Store, c, "anna", "bert")
	number := func(u cardinal.User, slot cardinal.Slot, sum string) store.StoredNumber {
		return store.StoredNumber{User: u.ID, Slot: slot, Tag: tag(1, sum), Sealed: []byte("\x00sealed\xff"), End: "éé34", Digits: 8, CreatedAt: d.Clock.Now()}
	}
	add := func(x store.StoredNumber, want bool) {
		t.Helper()
		n.write(func(ctx context.Context, tx *store.Tx) error {
			added, err := tx.AddNumber(ctx, c, x)
			if added != want {
				t.Errorf("added: %t, want %t", added, want)
			}
			return err
		})
	}
	secondary, primary := number(users[0], cardinal.Secondary, "s"), number(users[0], cardinal.Primary, "p")
	add(secondary, true)
	add(primary, true)
	add(number(users[0], cardinal.Primary, "another"), false)
	add(number(users[1], cardinal.Secondary, "p"), false) // whichever slot it is in
	n.read(func(ctx context.Context, tx *store.Tx) error {
		numbers, err := tx.Numbers(ctx, users[0].ID)
		same(t, []store.StoredNumber{primary, secondary}, numbers)
		if err != nil {
			return err
		}
		byTag, err := tx.NumberByTag(ctx, c, tag(1, "s"))
		same(t, secondary, byTag)
		if err != nil {
			return err
		}
		count, err := tx.CountNumbers(ctx, c, 8)
		same(t, 2, count)
		if err != nil {
			return err
		}
		count, err = tx.CountNumbers(ctx, c, 7)
		same(t, 0, count)
		return err
	})
	n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.NumberByTag(ctx, c, tag(2, "s"))
		return err
	})
	n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.NumberByTag(ctx, "other", tag(1, "s"))
		return err
	})
	for _, want := range []bool{true, false} {
		n.write(func(ctx context.Context, tx *store.Tx) error {
			removed, err := tx.RemoveNumber(ctx, users[0].ID, cardinal.Primary)
			same(t, want, removed)
			return err
		})
	}
	add(number(users[1], cardinal.Secondary, "p"), true)
}

func testChangeCounts(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	other := storetest.Customer(t, n.Store, "not of "+t.Name()).ID
	key := store.ChangeKey{Customer: c, Subject: "user 1", Kind: "pin", Day: "2026-03-02"}
	press := func(k store.ChangeKey, most int, want bool) {
		t.Helper()
		n.write(func(ctx context.Context, tx *store.Tx) error {
			counted, err := tx.CountChange(ctx, k, most)
			if counted != want {
				t.Errorf("counted %+v up to %d: %t, want %t", k, most, counted, want)
			}
			return err
		})
	}
	count := func(k store.ChangeKey, want int) {
		t.Helper()
		n.read(func(ctx context.Context, tx *store.Tx) error {
			used, err := tx.ChangeCount(ctx, k)
			if used != want {
				t.Errorf("%+v is counted %d times, want %d", k, used, want)
			}
			return err
		})
	}
	press(key, 0, false)
	press(key, -1, false)
	count(key, 0)
	for _, want := range []bool{true, true, false, false} {
		press(key, 2, want)
	}
	count(key, 2)
	press(key, 1, false) // the limit was lowered meanwhile
	press(key, 3, true)  // and raised
	others := []store.ChangeKey{
		{other, key.Subject, key.Kind, key.Day}, {c, "user 2", key.Kind, key.Day}, {c, key.Subject, "card-number", key.Day}, {c, key.Subject, key.Kind, "2026-03-03"},
	}
	for _, k := range others {
		press(k, 1, true)
	}
	n.write(func(ctx context.Context, tx *store.Tx) error { return tx.ResetChangeCounts(ctx, c, "user 1") })
	count(key, 0)
	for i, want := range []int{1, 1, 0, 0} {
		count(others[i], want)
	}
}

func TestOneHundredTakersAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		nodes := []*store.Store{open(), open(), open()}
		c := storetest.Customer(t, nodes[0], "Pilsen Print").ID
		usernames := make([]string, 100)
		for i := range usernames {
			usernames[i] = fmt.Sprint("user", i)
		}
		users := storetest.Users(t, nodes[0], c, usernames...)
		var counted, numbers, pins, names atomic.Int64
		take := func(ctx context.Context, tx *store.Tx, i int) (got [4]bool, err error) {
			if got[0], err = tx.CountChange(ctx, store.ChangeKey{Customer: c, Subject: "user", Kind: "k", Day: "d"}, 3); err != nil {
				return got, err
			}
			state := cardinal.PINState{ID: cardinal.PINID(tx.NewID()), User: users[i].ID, CreatedAt: tx.Now()}
			if got[1], err = tx.AddPIN(ctx, c, store.StoredPIN{PINState: state, Tag: tag(1, "one PIN"), Identifying: true}); err != nil {
				return got, err
			}
			if got[2], err = tx.AddNumber(ctx, c, store.StoredNumber{User: users[i].ID, Slot: cardinal.Slots()[i%2], Tag: tag(1, "one number"), Sealed: []byte{1}}); err != nil {
				return got, err
			}
			err = tx.AddUser(ctx, fullUser(tx, c, "same name"))
			got[3] = err == nil
			if cardinal.CodeOf(err) == cardinal.CodeConflict {
				err = nil
			}
			return got, err
		}
		all(t, 100, func(i int) error {
			var got [4]bool
			err := nodes[i%3].Write(t.Context(), func(tx *store.Tx) (err error) { got, err = take(t.Context(), tx, i); return err })
			for j, total := range []*atomic.Int64{&counted, &pins, &numbers, &names} {
				if err == nil && got[j] {
					total.Add(1)
				}
			}
			return err
		})
		same(t, [4]int64{3, 1, 1, 1}, [4]int64{counted.Load(), pins.Load(), numbers.Load(), names.Load()})
	})
}

// all runs do many times at once and fails the test for each error.
func all(t *testing.T, times int, do func(i int) error) {
	t.Helper()
	var work sync.WaitGroup
	for i := range times {
		work.Go(func() {
			if err := do(i); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
}
