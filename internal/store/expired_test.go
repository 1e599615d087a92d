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

// pinUntil writes a PIN that ends then.
func (n node) pinUntil(c cardinal.CustomerID, u cardinal.User, id string, ends time.Time) {
	n.t.Helper()
	n.write(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.AddPIN(ctx, c, store.StoredPIN{
			PINState: cardinal.PINState{ID: cardinal.PINID(id), User: u.ID, CreatedAt: tx.Now(), ExpiresAt: ends}, Tag: tag(1, id),
		})
		return err
	})
}

func (n node) deleteExpired(c cardinal.CustomerID, most int) (deleted []store.ExpiredPIN) {
	n.t.Helper()
	n.write(func(ctx context.Context, tx *store.Tx) (err error) {
		deleted, err = tx.DeleteExpiredPINs(ctx, c, most)
		return err
	})
	return deleted
}

func testExpiredPINs(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	now := d.Clock.Now()
	users := storetest.Users(t, n.Store, c, "last", "first", "to come", "endless", "second")
	other := storetest.Customer(t, n.Store, "Another one").ID
	stranger := storetest.User(t, n.Store, other, "stranger")
	n.pinUntil(c, users[2], "to come", now.Add(time.Millisecond))
	n.pinUntil(c, users[3], "endless", time.Time{})
	n.pinUntil(other, stranger, "stranger", now)
	some := func() (has bool) {
		n.read(func(ctx context.Context, tx *store.Tx) (err error) {
			has, err = tx.HasExpiredPIN(ctx, c)
			return err
		})
		return has
	}
	same(t, false, some())
	n.pinUntil(c, users[0], "last", now)
	n.pinUntil(c, users[1], "first", now.Add(-time.Hour))
	n.pinUntil(c, users[4], "second", now.Add(-time.Minute))
	same(t, true, some())
	deleted := n.deleteExpired(c, 2)
	same(t, 2, len(deleted))
	same(t, map[string]time.Time{"first": now.Add(-time.Hour), "second": now.Add(-time.Minute)},
		map[string]time.Time{deleted[0].Username: deleted[0].ExpiredAt, deleted[1].Username: deleted[1].ExpiredAt})
	same(t, []store.ExpiredPIN{{User: users[0].ID, Username: "last", ExpiredAt: now}}, n.deleteExpired(c, 2))
	same(t, 0, len(n.deleteExpired(c, 2)))
	same(t, false, some())
	n.read(func(ctx context.Context, tx *store.Tx) error {
		_, toCome := tx.PIN(ctx, users[2].ID)
		_, endless := tx.PIN(ctx, users[3].ID)
		_, strangers := tx.PIN(ctx, stranger.ID)
		return first(toCome, endless, strangers)
	})
}

// A PIN is replaced while the one that takes expired PINs away waits for it: the
// new one stays.
func TestAPINReplacedMeanwhileIsNotTakenAway(t *testing.T) {
	on(t, func(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
		anna := storetest.User(t, n.Store, c, "anna")
		n.pinUntil(c, anna, "old", d.Clock.Now())
		second := node{d.Open(t), t}
		deleted := make(chan int, 1)
		n.write(func(ctx context.Context, tx *store.Tx) error {
			if removed, err := tx.RemovePIN(ctx, anna.ID); err != nil || !removed {
				return fmt.Errorf("removed %t: %w", removed, err)
			}
			go func() { deleted <- len(second.deleteExpired(c, 10)) }()
			time.Sleep(60 * time.Millisecond) // the other waits by now
			_, err := tx.AddPIN(ctx, c, store.StoredPIN{
				PINState: cardinal.PINState{ID: "new", User: anna.ID, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(time.Hour)}, Tag: tag(1, "new"),
			})
			return err
		})
		same(t, 0, <-deleted)
		n.read(func(ctx context.Context, tx *store.Tx) error {
			pin, err := tx.PIN(ctx, anna.ID)
			same(t, cardinal.PINID("new"), pin.ID)
			return err
		})
	})
}
