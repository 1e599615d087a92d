package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// TestProgramsTakeTurns opens one SQLite file twice, as two programs do. One of
// them writes again and again without a pause, as an import does; the other must
// get its turn after each transaction, and not when its polling happens to meet
// a gap.
func TestProgramsTakeTurns(t *testing.T) {
	d := storetest.New(t, storetest.SQLite)
	busy, other := d.Open(t), d.Open(t)
	for range 10 {
		var order []string
		written := make(chan error, 1)
		storetest.Write(t, busy, func(context.Context, *store.Tx) error {
			go func() {
				written <- other.Write(context.Background(), func(*store.Tx) error {
					order = append(order, "other")
					return nil
				})
			}()
			time.Sleep(60 * time.Millisecond) // the other waits by now
			order = append(order, "busy")
			return nil
		})
		storetest.Write(t, busy, func(context.Context, *store.Tx) error {
			order = append(order, "busy again")
			return nil
		})
		if err := <-written; err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(order, []string{"busy", "other", "busy again"}) {
			t.Fatalf("turns were %v", order)
		}
	}
}

// TestWaitingForAnotherProgramEndsWithItsContext also shows that whoever gave up
// does not keep the turn.
func TestWaitingForAnotherProgramEndsWithItsContext(t *testing.T) {
	d := storetest.New(t, storetest.SQLite)
	busy, other := d.Open(t), d.Open(t)
	storetest.Write(t, busy, func(context.Context, *store.Tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := other.Write(ctx, func(*store.Tx) error { return nil })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		return nil
	})
	for _, s := range []*store.Store{busy, other, busy} {
		storetest.Write(t, s, func(context.Context, *store.Tx) error { return nil })
	}
}

func TestAwaited(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite)
	written := make(chan error, 1)
	storetest.Write(t, s, func(_ context.Context, tx *store.Tx) error {
		if tx.Awaited() {
			t.Error("nobody waits")
		}
		go func() { written <- s.Write(context.Background(), func(*store.Tx) error { return nil }) }()
		for end := time.Now().Add(5 * time.Second); !tx.Awaited(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("who waits is not seen")
			}
		}
		return nil
	})
	if err := <-written; err != nil {
		t.Fatal(err)
	}
}

// TestAwaitedByAnotherProgram: long work sees that it is to let others go first,
// whichever program they are in.
func TestAwaitedByAnotherProgram(t *testing.T) {
	d := storetest.New(t, storetest.SQLite)
	busy, other := d.Open(t), d.Open(t)
	written := make(chan error, 1)
	storetest.Write(t, busy, func(_ context.Context, tx *store.Tx) error {
		if tx.Awaited() {
			t.Error("it is awaited by nobody")
		}
		go func() { written <- other.Write(context.Background(), func(*store.Tx) error { return nil }) }()
		for deadline := time.Now().Add(20 * time.Second); !tx.Awaited(); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				return errors.New("the other program is not seen to wait")
			}
		}
		return nil
	})
	if err := <-written; err != nil {
		t.Fatal(err)
	}
}
