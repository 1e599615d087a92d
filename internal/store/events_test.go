package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// events lists the numbers, types and users of a customer's events.
func (n node) events(c cardinal.CustomerID) []string {
	n.t.Helper()
	texts := []string{}
	n.read(func(ctx context.Context, tx *store.Tx) error {
		events, err := tx.Events(ctx, c, 0, 1000)
		for _, e := range events {
			texts = append(texts, fmt.Sprint(e.Number, " ", e.Type, " ", e.User, " ", e.Attributes, " ", e.Time.Unix()-someTime().Unix()))
		}
		return err
	})
	return texts
}

func TestEventsAreNumberedAtTheCommit(t *testing.T) {
	on(t, func(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
		d.Clock.Set(someTime())
		other := storetest.Customer(t, n.Store, "Another").ID
		event := func(c cardinal.CustomerID, user string) cardinal.Event {
			return cardinal.Event{Customer: c, Type: cardinal.EventPINSet, User: cardinal.UserID(user), Attributes: map[string]string{"generated": "true"}}
		}
		n.write(func(_ context.Context, tx *store.Tx) error {
			tx.QueueEvent(event(c, "a"))
			tx.QueueEvent(event(other, "x"))
			tx.QueueEvent(event(c, "b"))
			return nil
		})
		failed := errors.New("undo it")
		if err := n.Write(t.Context(), func(tx *store.Tx) error { tx.QueueEvent(event(c, "none")); return failed }); !errors.Is(err, failed) {
			t.Fatal(err)
		}
		n.write(func(ctx context.Context, tx *store.Tx) error {
			tx.QueueEvent(event(c, "before"))
			if err := tx.Savepoint(ctx, func() error { tx.QueueEvent(event(c, "undone")); return failed }); !errors.Is(err, failed) {
				return err
			}
			return tx.Savepoint(ctx, func() error { tx.QueueEvent(cardinal.Event{Customer: c, Type: cardinal.EventPINExpired}); return nil })
		})
		same(t, []string{
			"1 pin.set a map[generated:true] 0", "2 pin.set b map[generated:true] 0", "3 pin.set before map[generated:true] 0", "4 pin.expired  map[] 0",
		}, n.events(c))
		same(t, []string{"1 pin.set x map[generated:true] 0"}, n.events(other))
	})
}

// TestEventsHaveNoGaps: whatever runs at the same time, on either node, the
// numbers are those of the commits.
func TestEventsHaveNoGaps(t *testing.T) {
	on(t, func(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
		nodes := []*store.Store{n.Store, d.Open(t)}
		const workers, rounds, each = 6, 8, 9
		var work sync.WaitGroup
		for w := range workers {
			work.Go(func() {
				for range rounds {
					err := nodes[w%2].Write(t.Context(), func(tx *store.Tx) error {
						for range each {
							tx.QueueEvent(cardinal.Event{Customer: c, Type: cardinal.EventUserUpdated, User: cardinal.UserID(fmt.Sprint(w))})
						}
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		work.Wait()
		n.read(func(ctx context.Context, tx *store.Tx) error {
			events, err := tx.Events(ctx, c, 0, 1000)
			if len(events) != workers*rounds*each {
				t.Errorf("%d events are there", len(events))
			}
			for i, e := range events {
				if e.Number != int64(i)+1 || e.User != events[i-i%each].User {
					t.Fatalf("event %d is %+v", i+1, e)
				}
			}
			return err
		})
	})
}
