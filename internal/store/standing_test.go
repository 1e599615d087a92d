package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func testPINStanding(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	other := storetest.Customer(t, n.Store, "not of "+t.Name()).ID
	standing := func() store.PINStanding {
		t.Helper()
		var got store.PINStanding
		n.read(func(ctx context.Context, tx *store.Tx) (err error) {
			got, err = tx.PINStanding(ctx, c)
			return err
		})
		return got
	}
	same(t, store.PINStanding{}, standing())
	add := func(c cardinal.CustomerID, name string, expires time.Time, identifying bool) (added store.StoredPIN) {
		user := storetest.User(t, n.Store, c, name)
		n.write(func(ctx context.Context, tx *store.Tx) error {
			added = store.StoredPIN{
				PINState: cardinal.PINState{ID: cardinal.PINID(tx.NewID()), User: user.ID, CreatedAt: tx.Now(), ExpiresAt: expires},
				Tag:      tag(1, fmt.Sprint(c, name)), Identifying: identifying,
			}
			_, err := tx.AddPIN(ctx, c, added)
			return err
		})
		return added
	}
	found := func(pin store.StoredPIN, met bool) {
		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.SetPolicyMet(ctx, pin, met) })
	}
	noon := d.Clock.Now()
	early := add(c, "early", time.Time{}, false)
	stale := add(c, "found before", time.Time{}, true)
	add(c, "expired", noon.Add(2*time.Minute), false)
	add(other, "theirs", time.Time{}, false)
	found(stale, false)
	same(t, store.PINStanding{Live: 3, NotIdentifying: 2, BelowPolicy: 1}, standing())

	d.Clock.Set(noon.Add(time.Minute))
	n.write(func(ctx context.Context, tx *store.Tx) error { return tx.TouchPolicy(ctx, c) })
	same(t, store.PINStanding{Live: 3, BeforePolicy: 3, NotIdentifying: 2, PolicyChangedAt: noon.Add(time.Minute)}, standing())

	d.Clock.Set(noon.Add(2 * time.Minute))
	add(c, "late", time.Time{}, true)
	found(early, false)
	same(t, store.PINStanding{Live: 3, BeforePolicy: 2, BelowPolicy: 1, NotIdentifying: 1, PolicyChangedAt: noon.Add(time.Minute)}, standing())
	found(early, true)
	same(t, 0, standing().BelowPolicy)
	n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error { return tx.TouchPolicy(ctx, "nobody") })
}
