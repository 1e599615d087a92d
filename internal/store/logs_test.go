package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// TestSearchSignIns narrows the same ten records in every way.
func TestSearchSignIns(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		s := d.Open(t)
		c, other := storetest.Customer(t, s, "Pilsen Print").ID, storetest.Customer(t, s, "Globex").ID
		anna := storetest.User(t, s, c, "anna")
		start := d.Clock.Now()
		add := func(c cardinal.CustomerID, user cardinal.UserID, r cardinal.SignIn) {
			storetest.Write(t, s, func(ctx context.Context, tx *store.Tx) error {
				r.ID, r.Customer, r.Time = tx.NewID(), c, tx.Now()
				return tx.AddSignIn(ctx, r, "device", user)
			})
		}
		for i := range 10 {
			record := cardinal.SignIn{Device: fmt.Sprint("Copier ", i%2), Outcome: cardinal.OutcomeSuccess, NumberEnd: fmt.Sprint("Ab", i), Username: "gone"}
			if i%3 == 0 {
				record.Outcome = cardinal.OutcomeLocked
			}
			var user cardinal.UserID
			if i%5 == 0 {
				record.Username, user = "anna", anna.ID
			}
			add(c, user, record)
			add(other, user, record)
			d.Clock.Add(time.Minute)
		}
		minute := func(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }
		var all []cardinal.SignIn
		storetest.Read(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
			all, err = tx.SignIns(ctx, c, "", 20)
			return err
		})
		for name, test := range map[string]struct {
			query store.SignInQuery
			want  []int // the minutes, newest first
		}{
			"everything":           {store.SignInQuery{}, []int{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}},
			"before another":       {store.SignInQuery{Before: all[7].ID}, []int{1, 0}},
			"since another":        {store.SignInQuery{Since: all[2].ID}, []int{9, 8, 7}},
			"from a time":          {store.SignInQuery{Begin: minute(8)}, []int{9, 8}},
			"up to a time":         {store.SignInQuery{End: minute(2)}, []int{1, 0}},
			"between two":          {store.SignInQuery{Begin: minute(3), End: minute(5)}, []int{4, 3}},
			"an outcome":           {store.SignInQuery{Outcome: cardinal.OutcomeLocked}, []int{9, 6, 3, 0}},
			"all that was refused": {store.SignInQuery{RefusedOnly: true}, []int{9, 6, 3, 0}},
			"a device":             {store.SignInQuery{Device: "Copier 1"}, []int{9, 7, 5, 3, 1}},
			"a user":               {store.SignInQuery{User: anna.ID}, []int{5, 0}},
			"a user and more": {store.SignInQuery{User: anna.ID, Outcome: cardinal.OutcomeSuccess, Device: "Copier 1", NumberEnd: "AB5", Begin: minute(5), End: minute(6)},
				[]int{5}},
			"a user's refusals":   {store.SignInQuery{User: anna.ID, RefusedOnly: true}, []int{0}},
			"a recorded name":     {store.SignInQuery{Username: "gone", End: minute(3)}, []int{2, 1}},
			"the end of a number": {store.SignInQuery{NumberEnd: "aB7"}, []int{7}},
		} {
			var want []cardinal.SignIn
			for _, n := range test.want {
				want = append(want, all[9-n])
			}
			storetest.Read(t, s, func(ctx context.Context, tx *store.Tx) error {
				got, err := tx.SearchSignIns(ctx, c, test.query, 20)
				if !slices.Equal(got, want) {
					t.Errorf("%s: found %v, want %v", name, got, want)
				}
				return err
			})
		}
		storetest.Read(t, s, func(ctx context.Context, tx *store.Tx) error {
			for _, far := range []struct {
				query store.SignInQuery
				steps int
				want  int // minute; -1: none
			}{
				{store.SignInQuery{}, 0, 9}, {store.SignInQuery{}, 9, 0}, {store.SignInQuery{}, 10, -1}, {store.SignInQuery{End: minute(-60)}, 0, -1},
				{store.SignInQuery{User: anna.ID}, 1, 0}, {store.SignInQuery{User: anna.ID}, 2, -1}, {store.SignInQuery{Begin: minute(8)}, 1, 8}, {store.SignInQuery{Begin: minute(8)}, 2, -1},
			} {
				id, at, err := tx.FarSignIn(ctx, c, far.query, far.steps)
				if err != nil {
					return err
				}
				if far.want < 0 && id != "" || far.want >= 0 && (id != all[9-far.want].ID || !at.Equal(all[9-far.want].Time)) {
					t.Errorf("%d steps from %+v lead to %q at %s", far.steps, far.query, id, at)
				}
			}
			return nil
		})
	})
}

// TestCountsOfTheStartPage counts what is there, and of another customer nothing.
func TestCountsOfTheStartPage(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		s := d.Open(t)
		c, other := storetest.Customer(t, s, "Pilsen Print").ID, storetest.Customer(t, s, "Globex").ID
		now := d.Clock.Now()
		users := storetest.Users(t, s, c, "anna", "bert", "cora", "dora")
		storetest.User(t, s, other, "anna")
		storetest.Write(t, s, func(ctx context.Context, tx *store.Tx) error {
			users[3].Email = ""
			if err := tx.UpdateUser(ctx, users[3]); err != nil {
				return err
			}
			for i, in := range []time.Duration{0, 20 * time.Minute, 24 * time.Hour} {
				pin := store.StoredPIN{PINState: cardinal.PINState{ID: cardinal.PINID(tx.NewID()), User: users[i].ID, CreatedAt: now}, Tag: store.Tag{Version: 1, Sum: []byte{byte(i)}}}
				if in > 0 {
					pin.ExpiresAt = now.Add(in)
				}
				if _, err := tx.AddPIN(ctx, c, pin); err != nil {
					return err
				}
			}
			for i, n := range []struct {
				user cardinal.UserID
				slot cardinal.Slot
			}{{users[0].ID, cardinal.Primary}, {users[0].ID, cardinal.Secondary}, {users[1].ID, cardinal.Secondary}} {
				stored := store.StoredNumber{User: n.user, Slot: n.slot, Tag: store.Tag{Version: 1, Sum: []byte{byte(i)}}, Sealed: []byte{1}, End: "1234"}
				if _, err := tx.AddNumber(ctx, c, stored); err != nil {
					return err
				}
			}
			for subject, until := range map[string]time.Time{
				store.UserSubject(users[0].ID): now.Add(time.Hour), store.UserSubject(users[1].ID): now, "name x": now.Add(time.Hour), store.UserSubject(users[2].ID): {},
			} {
				if _, err := tx.LockCounter(ctx, c, subject); err != nil {
					return err
				}
				if err := tx.SetCounter(ctx, c, subject, store.Counter{Wrong: 1, LockedUntil: until}); err != nil {
					return err
				}
			}
			return nil
		})
		for id, want := range map[cardinal.CustomerID][3]int{c: {2, 1, 1}, other: {}} {
			storetest.Read(t, s, func(ctx context.Context, tx *store.Tx) error {
				var got [3]int
				for i, count := range []func() (int, error){
					func() (int, error) { return tx.CountOwnersOfNumbers(ctx, id) },
					func() (int, error) { return tx.CountUsersWithoutAddress(ctx, id) },
					func() (int, error) { return tx.CountLockedUsers(ctx, id) },
				} {
					var err error
					if got[i], err = count(); err != nil {
						return err
					}
				}
				if got != want {
					t.Errorf("counted %v, want %v", got, want)
				}
				return nil
			})
		}
		storetest.Read(t, s, func(ctx context.Context, tx *store.Tx) error {
			due, err := tx.PINsDue(ctx, c, now, now.Add(48*time.Hour), 15*time.Minute)
			want := []store.DuePINs{{Since: now.Add(15 * time.Minute), PINs: 1}, {Since: now.Add(24 * time.Hour), PINs: 1}}
			if !slices.Equal(due, want) {
				t.Errorf("due are %v, want %v", due, want)
			}
			return err
		})
	})
}
