package store_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// amounts are how many keys or rows statements get: none, one, what is no power of
// two, and more than one statement takes.
func amounts() []int { return []int{0, 1, 2, 3, 64, 65, 131} }

func testManySignIns(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	user := storetest.User(t, n.Store, c, "anna")
	for _, many := range amounts() {
		var all []store.RecordedSignIn
		n.write(func(ctx context.Context, tx *store.Tx) error {
			all = nil
			for i := range many {
				all = append(all, store.RecordedSignIn{DeviceID: "device", UserID: user.ID, SignIn: cardinal.SignIn{
					ID: tx.NewID(), Customer: c, Time: d.Clock.Now(), Device: "Škola", Method: cardinal.MethodCardPIN, Username: "anna",
					Outcome: cardinal.OutcomeWrongPIN, NumberEnd: fmt.Sprint(i), Count: 1,
				}})
			}
			return tx.AddSignIns(ctx, slices.Clone(all))
		})
		n.write(func(ctx context.Context, tx *store.Tx) error {
			more := slices.Clone(all)
			slices.Reverse(more)
			for i := range more {
				more[i].Count = 3
			}
			return tx.CountSignIns(ctx, more)
		})
		n.read(func(ctx context.Context, tx *store.Tx) error {
			records, err := tx.SignInsOfUser(ctx, user, "", max(1, many))
			slices.Reverse(records)
			for i, record := range records[:min(many, len(records))] {
				all[i].Count = 4
				same(t, all[i].SignIn, record)
			}
			same(t, true, len(records) >= many)
			return err
		})
	}
}

func testManyCounters(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	other := storetest.Customer(t, n.Store, "not of "+t.Name()).ID
	for _, many := range amounts() {
		want := map[string]store.Counter{}
		subjects := []string{fmt.Sprint("missing ", many)}
		for i := range many {
			subject := fmt.Sprintf("subject %d %03d", many, i)
			want[subject] = store.Counter{Wrong: int64(i + 1), ChangedAt: d.Clock.Now(), LockedUntil: d.Clock.Now().Add(time.Duration(i+1) * time.Second)}
			subjects = append(subjects, subject)
		}
		for range 2 { // made, then changed
			n.write(func(ctx context.Context, tx *store.Tx) error {
				if _, err := tx.LockCounters(ctx, c, subjects); err != nil {
					return err
				}
				return tx.SetCounters(ctx, c, want)
			})
			n.write(func(ctx context.Context, tx *store.Tx) error {
				got, err := tx.LockCounters(ctx, c, subjects)
				for _, subject := range subjects {
					same(t, want[subject], got[subject])
				}
				elsewhere, otherErr := tx.LockCounters(ctx, other, subjects)
				for _, subject := range subjects {
					same(t, store.Counter{}, elsewhere[subject])
				}
				return first(err, otherErr)
			})
			for subject, counter := range want {
				counter.Wrong += 100
				want[subject] = counter
			}
		}
	}
}

func testManyDevices(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	other := storetest.Customer(t, n.Store, "not of "+t.Name()).ID
	for _, many := range amounts() {
		want := map[cardinal.DeviceID]store.HeldDevice{}
		ids := []cardinal.DeviceID{"missing"}
		n.write(func(ctx context.Context, tx *store.Tx) error {
			for i := range many {
				device := cardinal.Device{
					ID: cardinal.DeviceID(tx.NewID()), Customer: c, Name: fmt.Sprint("Device ", many, " ", i), CreatedAt: d.Clock.Now(), Revision: 1,
					Conversion: "reverse-bytes", Disabled: i%2 == 0, Methods: []cardinal.Method{cardinal.MethodCard},
				}
				want[device.ID] = store.HeldDevice{Device: device, TokenHash: []byte(device.ID)}
				ids = append(ids, device.ID)
				if err := tx.AddDevice(ctx, device, []byte(device.ID)); err != nil {
					return err
				}
			}
			return nil
		})
		n.read(func(ctx context.Context, tx *store.Tx) error {
			got, err := tx.DevicesByID(ctx, c, ids)
			same(t, want, got)
			elsewhere, otherErr := tx.DevicesByID(ctx, other, ids)
			same(t, 0, len(elsewhere))
			return first(err, otherErr)
		})
	}
}

func testManyHolders(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	other := storetest.Customer(t, n.Store, "not of "+t.Name()).ID
	for _, many := range amounts() {
		var people []store.Holder
		names := []string{"missing"}
		for i := range many {
			names = append(names, fmt.Sprintf("user%dof%d", i, many))
		}
		for i, user := range storetest.Users(t, n.Store, c, names[1:]...) {
			people = append(people, holderNumber(i, user, d.Clock.Now()))
		}
		n.write(func(ctx context.Context, tx *store.Tx) error { return addHolders(ctx, tx, c, people) })
		n.read(func(ctx context.Context, tx *store.Tx) error {
			ids := []cardinal.UserID{"missing"}
			want := map[cardinal.UserID]store.Holder{}
			var numberTags, pinTags []store.Tag
			for _, p := range people {
				ids, want[p.ID] = append(ids, p.ID), p
				numberTags, pinTags = append(numberTags, tagOf(p, "number")), append(pinTags, tagOf(p, "pin"))
			}
			got, err := tx.Holders(ctx, c, ids)
			same(t, want, got)
			byName, nameErr := tx.UsersByNames(ctx, c, names)
			same(t, ids[1:], byName[1:])
			same(t, cardinal.UserID(""), byName[0])
			owners, numberErr := tx.OwnersOfNumbers(ctx, c, numberTags)
			found, pinErr := tx.PINsByTags(ctx, c, pinTags)
			for i, p := range people {
				same(t, len(p.Numbers) > 0, owners[i] == p.ID)
				same(t, store.FoundPIN{ID: p.PIN.ID, User: p.PIN.User}, found[i])
			}
			elsewhere, otherErr := tx.Holders(ctx, other, ids)
			same(t, 0, len(elsewhere))
			return first(err, nameErr, numberErr, pinErr, otherErr)
		})
	}
}

// holderNumber is a user with or without a PIN, numbers and a first sign-in.
func holderNumber(i int, u cardinal.User, now time.Time) store.Holder {
	h := store.Holder{SignedIn: i%2 == 0, User: cardinal.User{ID: u.ID, Customer: u.Customer, Username: u.Username, Email: u.Email}}
	if i%3 > 0 {
		h.PIN = store.StoredPIN{
			PINState: cardinal.PINState{ID: cardinal.PINID("pin of " + u.ID), User: u.ID, CreatedAt: now, ExpiresAt: now.Add(time.Hour), Generated: i%5 == 0},
			Tag:      tagOf(h, "pin"), Identifying: i%2 == 0, PolicyKnown: true, PolicyMet: true, PolicyCheckedAt: now,
		}
	}
	for slot := range i % 3 {
		h.Numbers = append(h.Numbers, store.StoredNumber{
			User: u.ID, Slot: cardinal.Slots()[slot], Tag: tagOf(h, []string{"number", "secondary"}[slot]), Sealed: []byte("sealed"),
		})
	}
	return h
}

// tagOf is under one of two versions, so that both are looked for.
func tagOf(h store.Holder, what string) store.Tag {
	return store.Tag{Version: 1 + len(h.Username)%2, Sum: []byte(what + " of " + string(h.ID))}
}

func addHolders(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, people []store.Holder) error {
	var signedIn []cardinal.UserID
	for _, h := range people {
		if h.PIN.ID != "" {
			if _, err := tx.AddPIN(ctx, c, h.PIN); err != nil {
				return err
			}
		}
		for _, number := range h.Numbers {
			if _, err := tx.AddNumber(ctx, c, number); err != nil {
				return err
			}
		}
		if h.SignedIn {
			signedIn = append(signedIn, h.ID)
		}
	}
	return first(tx.MarkSignedIn(ctx, c, signedIn), tx.MarkSignedIn(ctx, c, signedIn))
}

// TestManyCountersAreExact: transactions on three nodes that lock overlapping
// sets of counters lose no count and never wait for one another in a ring.
func TestManyCountersAreExact(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		nodes := []*store.Store{d.Open(t), d.Open(t), d.Open(t)}
		c := storetest.Customer(t, nodes[0], "Pilsen Print").ID
		const workers, rounds, width = 6, 15, 40
		var all sync.WaitGroup
		runs := make([]int, workers)
		for worker := range workers {
			all.Go(func() {
				for round := range rounds {
					err := nodes[worker%3].Write(t.Context(), func(tx *store.Tx) error {
						runs[worker]++
						return countUp(t.Context(), tx, c, worker*7+round*3, width)
					})
					if err != nil {
						t.Errorf("%v", err)
					}
				}
			})
		}
		all.Wait()
		var total int64
		storetest.Read(t, nodes[0], func(ctx context.Context, tx *store.Tx) error {
			for i := range 100 {
				counter, err := tx.Counter(ctx, c, fmt.Sprintf("user %02d", i))
				if err != nil {
					return err
				}
				total += counter.Wrong
			}
			return nil
		})
		same(t, int64(workers*rounds*width), total)
		for _, ran := range runs {
			same(t, rounds, ran) // a deadlock would have made one run again
		}
	})
}

// countUp adds one to each of width counters of a hundred.
func countUp(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, from, width int) error {
	var subjects []string
	for i := range width {
		subjects = append(subjects, fmt.Sprintf("user %02d", (from+i)%100))
	}
	slices.Sort(subjects)
	counters, err := tx.LockCounters(ctx, c, subjects)
	if err != nil {
		return err
	}
	next := map[string]store.Counter{}
	for _, subject := range subjects {
		next[subject] = store.Counter{Wrong: counters[subject].Wrong + 1, ChangedAt: tx.Now()}
	}
	return tx.SetCounters(ctx, c, next)
}
