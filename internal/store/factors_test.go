package store_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func TestPasskeys(t *testing.T) {
	on(t, func(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
		users := storetest.Users(t, n.Store, c, "anna", "bert")
		key := store.Passkey{ID: "p1", CredentialID: []byte{1, 2}, Name: "Žabí laptop", Host: "cardinal.example", Record: `{"a":1}`, CreatedAt: d.Clock.Now()}
		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.AddPasskey(ctx, users[0], key) })
		again := key
		again.ID = "p2"
		n.refused(cardinal.CodeConflict, func(ctx context.Context, tx *store.Tx) error { return tx.AddPasskey(ctx, users[1], again) })
		elsewhere := storetest.User(t, n.Store, storetest.Customer(t, n.Store, "Elsewhere").ID, "anna")
		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.AddPasskey(ctx, elsewhere, again) })
		key.Record, key.LastUsedAt = `{"a":2}`, d.Clock.Now()
		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.UsePasskey(ctx, users[0], key) })
		n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error { return tx.UsePasskey(ctx, elsewhere, key) })
		n.read(func(ctx context.Context, tx *store.Tx) error {
			list, err := tx.Passkeys(ctx, users[0])
			same(t, []store.Passkey{key}, list)
			none, noneErr := tx.Passkeys(ctx, users[1])
			same(t, []store.Passkey{}, none)
			with, withErr := tx.UsersWithSecondFactor(ctx, c)
			same(t, []cardinal.UserID{users[0].ID}, with)
			return first(err, noneErr, withErr)
		})
		n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error { return tx.DeletePasskey(ctx, users[1], "p1") })
		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.DeletePasskey(ctx, users[0], "p1") })
		n.read(func(ctx context.Context, tx *store.Tx) error {
			has, err := tx.HasSecondFactor(ctx, users[0])
			other, otherErr := tx.HasSecondFactor(ctx, elsewhere)
			same(t, []bool{false, true}, []bool{has, other})
			return first(err, otherErr)
		})
	})
}

func TestAChallengeIsTakenOnce(t *testing.T) {
	on(t, func(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
		user := storetest.User(t, n.Store, c, "anna")
		put := func(data string) {
			n.write(func(ctx context.Context, tx *store.Tx) error {
				return tx.PutPasskeyChallenge(ctx, user, store.PasskeyChallenge{Owner: "session 1", Purpose: "use", Data: data})
			})
		}
		take := func() (store.PasskeyChallenge, error) {
			var taken store.PasskeyChallenge
			err := n.Write(t.Context(), func(tx *store.Tx) (err error) {
				taken, err = tx.TakePasskeyChallenge(t.Context(), "session 1")
				return err
			})
			return taken, err
		}
		put("one")
		put("two")
		var got atomic.Int64
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				taken, err := take()
				switch {
				case err == nil && taken.Data == "two" && taken.Purpose == "use" && taken.CreatedAt.Equal(d.Clock.Now()):
					got.Add(1)
				case cardinal.CodeOf(err) != cardinal.CodeNotFound:
					t.Errorf("taken %+v, %v", taken, err)
				}
			})
		}
		group.Wait()
		if got.Load() != 1 {
			t.Errorf("taken %d times", got.Load())
		}
		put("three")
		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.EndSessionsOf(ctx, user, "1") })
		if _, err := take(); cardinal.CodeOf(err) != cardinal.CodeNotFound {
			t.Errorf("a challenge outlives the sessions: %v", err)
		}
	})
}

func TestSetupStep(t *testing.T) {
	on(t, func(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
		for _, step := range []string{"", "policy", "people", "", ""} {
			n.write(func(ctx context.Context, tx *store.Tx) error { return tx.SetSetupStep(ctx, c, step) })
			n.read(func(ctx context.Context, tx *store.Tx) error {
				got, err := tx.SetupStep(ctx, c)
				same(t, step, got)
				return err
			})
		}
	})
}
