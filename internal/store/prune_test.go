package store_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// TestCountersArePrunedWhileTheyAreLocked has counters that are past their use
// pruned at the moment at which others want them.
func TestCountersArePrunedWhileTheyAreLocked(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		s := d.Open(t)
		c := storetest.Customer(t, s, "pruned").ID
		ctx, stop := context.WithTimeout(t.Context(), 2*time.Second)
		defer stop()
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				for ctx.Err() == nil {
					err := s.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
						_, err := tx.LockCounter(context.WithoutCancel(ctx), c, "device somewhere")
						return err
					})
					if err != nil {
						t.Errorf("a counter cannot be locked: %v", err)
						return
					}
				}
			})
		}
		group.Go(func() {
			for ctx.Err() == nil {
				storetest.Write(t, s, func(ctx context.Context, tx *store.Tx) error {
					return tx.Prune(ctx, store.PastUse{Counters: tx.Now().AddDate(-1, 0, 0)})
				})
			}
		})
		group.Wait()
	})
}
