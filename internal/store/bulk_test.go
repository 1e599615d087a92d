package store_test

import (
	"context"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func TestBulkConformance(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		s := d.Open(t)
		for name, run := range map[string]suite{"runs": testBulkRuns, "leases": testBulkLeases, "parts": testBulkParts, "marks on PINs": testPINMarks} {
			t.Run(name, func(t *testing.T) { run(t, node{s, t}, d, storetest.Customer(t, s, "Bulk "+name).ID) })
		}
	})
}

func testBulkRuns(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	add := func(r store.BulkRun, want bool) {
		t.Helper()
		n.write(func(ctx context.Context, tx *store.Tx) error {
			added, err := tx.AddBulkRun(ctx, r)
			same(t, want, added)
			return err
		})
	}
	run := store.BulkRun{
		Customer: c, Kind: "issue-pins", Parameters: `{"a":1}`, State: "running", Actor: "user žofie", Starter: `{"b":2}`, Total: 10,
		PINs: "none", StartedAt: d.Clock.Now(), ChangedAt: d.Clock.Now(),
	}
	var runs []store.BulkRun
	for _, id := range []cardinal.BulkID{"bulk1", "bulk2", "bulk3"} {
		run.ID = id
		runs = append(runs, run)
		add(run, true)
	}
	taken := runs[1]
	taken.Total = 99
	add(taken, false)
	list := func(before cardinal.BulkID, want ...store.BulkRun) {
		t.Helper()
		n.read(func(ctx context.Context, tx *store.Tx) error {
			got, err := tx.BulkRuns(ctx, c, before, 2)
			same(t, want, got)
			return err
		})
	}
	list("", runs[2], runs[1])
	list("bulk2", runs[0])

	d.Clock.Add(time.Minute)
	moved := runs[0]
	moved.State, moved.Detail, moved.Done, moved.Unchanged, moved.Refused = "failed", "řádek", 1, 2, 3
	moved.PINs, moved.PINsCount, moved.PINsAt, moved.EndedAt, moved.ChangedAt = "kept", 4, someTime().UTC(), d.Clock.Now(), d.Clock.Now()
	same(t, 6, moved.Position())
	n.write(func(ctx context.Context, tx *store.Tx) error { return tx.MoveBulkRun(ctx, moved) })
	cancel := func(c cardinal.CustomerID, id cardinal.BulkID, want bool) {
		t.Helper()
		n.write(func(ctx context.Context, tx *store.Tx) error {
			running, err := tx.CancelBulkRun(ctx, c, id)
			same(t, want, running)
			return err
		})
	}
	cancel("other", "bulk2", false)
	cancel(c, "bulk1", false) // it is over
	cancel(c, "bulk2", true)
	runs[1].Cancelled = true
	n.write(func(ctx context.Context, tx *store.Tx) error {
		one, err := tx.BulkRun(ctx, c, "bulk1")
		same(t, moved, one)
		second, lockErr := tx.LockBulkRun(ctx, c, "bulk2")
		same(t, runs[1], second)
		early, earlyErr := tx.BulkRunsWithPINs(ctx, moved.EndedAt.Add(-time.Millisecond), 10)
		same(t, 0, len(early))
		late, lateErr := tx.BulkRunsWithPINs(ctx, moved.EndedAt, 10)
		same(t, []store.BulkRun{moved}, late)
		return first(err, lockErr, earlyErr, lateErr)
	})
	n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error { _, err := tx.BulkRun(ctx, "other", "bulk1"); return err })
	n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.LockBulkRun(ctx, "other", "bulk1")
		return err
	})
}

func testBulkLeases(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	n.write(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.AddBulkRun(ctx, store.BulkRun{ID: "lease", Customer: c})
		return err
	})
	claim := func(node string, want bool) {
		t.Helper()
		n.write(func(ctx context.Context, tx *store.Tx) error {
			claimed, err := tx.ClaimBulkRun(ctx, "lease", node, tx.Now().Add(time.Minute))
			same(t, want, claimed)
			return err
		})
	}
	free := func(want int) {
		t.Helper()
		n.read(func(ctx context.Context, tx *store.Tx) error {
			runs, err := tx.FreeBulkRuns(ctx, 100)
			count := 0
			for _, r := range runs {
				if r.Customer == c {
					count++
				}
			}
			same(t, want, count)
			return err
		})
	}
	free(1)
	claim("one", true)
	claim("two", false)
	claim("one", false)
	free(0)
	d.Clock.Add(time.Minute)
	free(1)
	claim("two", true)
	release := func(node string) {
		t.Helper()
		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.ReleaseBulkRun(ctx, "lease", node) })
	}
	release("one")
	free(0)
	release("two")
	free(1)
	n.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.MoveBulkRun(ctx, store.BulkRun{ID: "lease", State: "done"})
	})
	free(0)
	claim("two", false)
}

func testBulkParts(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	users := []store.BulkUser{{ID: "1", Username: "anna"}, {ID: "2", Username: `acme\van der Berg`}, {ID: "3", Username: "žofie"}}
	reports := []store.BulkReport{{2, 2, 0, 0, "[1,2]"}, {3, 0, 0, 1, `["ž"]`}, {5, 1, 1, 0, "[]"}}
	pins := []store.BulkPINs{{2, 1, []byte{0, 255}}, {5, 2, []byte("x")}}
	n.write(func(ctx context.Context, tx *store.Tx) error {
		for _, id := range []cardinal.BulkID{"parts", "others"} {
			if _, err := tx.AddBulkRun(ctx, store.BulkRun{ID: id, Customer: c}); err != nil {
				return err
			}
		}
		return first(tx.AddBulkUsers(ctx, "parts", 2, users[2:]), tx.AddBulkUsers(ctx, "parts", 0, users[:2]),
			tx.AddBulkReport(ctx, "parts", reports[2]), tx.AddBulkReport(ctx, "parts", reports[0]), tx.AddBulkReport(ctx, "parts", reports[1]),
			tx.AddBulkPINs(ctx, "parts", pins[1]), tx.AddBulkPINs(ctx, "parts", pins[0]))
	})
	n.read(func(ctx context.Context, tx *store.Tx) error {
		for position, want := range [][]store.BulkUser{users[:2], users[1:2], users[2:], nil} {
			got, err := tx.BulkUsers(ctx, "parts", position)
			if err != nil {
				return err
			}
			same(t, len(want), len(got))
			for i := range want {
				same(t, want[i], got[i])
			}
		}
		all, err := tx.BulkReports(ctx, "parts", 0, store.BulkReport{}, 2)
		same(t, reports[:2], all)
		rest, restErr := tx.BulkReports(ctx, "parts", 2, store.BulkReport{}, 9)
		same(t, reports[1:], rest)
		refused, refusedErr := tx.BulkReports(ctx, "parts", 0, store.BulkReport{Refused: 1}, 9)
		same(t, reports[1:2], refused)
		done, doneErr := tx.BulkReports(ctx, "parts", 2, store.BulkReport{Done: 1}, 9)
		same(t, reports[2:], done)
		unchanged, unchangedErr := tx.BulkReports(ctx, "parts", 0, store.BulkReport{Unchanged: 1}, 9)
		same(t, reports[2:], unchanged)
		kept, keptErr := tx.BulkPINs(ctx, "parts", 0, 1)
		same(t, pins[:1], kept)
		later, laterErr := tx.BulkPINs(ctx, "parts", 2, 9)
		same(t, pins[1:], later)
		none, noneErr := tx.BulkPINs(ctx, "others", 0, 9)
		same(t, 0, len(none))
		return first(err, restErr, refusedErr, doneErr, unchangedErr, keptErr, laterErr, noneErr)
	})
	n.write(func(ctx context.Context, tx *store.Tx) error {
		if err := first(tx.DeleteBulkPINs(ctx, "parts"), tx.DeleteBulkUsers(ctx, "parts")); err != nil {
			return err
		}
		left, err := tx.BulkPINs(ctx, "parts", 0, 9)
		same(t, 0, len(left))
		return err
	})
	n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error { _, err := tx.BulkUsers(ctx, "parts", 0); return err })
}

func testPINMarks(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	user := storetest.User(t, n.Store, c, "anna")
	pin := store.StoredPIN{PINState: cardinal.PINState{ID: "pin1", User: user.ID, CreatedAt: d.Clock.Now()}, Tag: store.Tag{Version: 1, Sum: []byte(c)}}
	noon := d.Clock.Now()
	n.write(func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.AddPIN(ctx, c, pin); err != nil {
			return err
		}
		replaced := cardinal.PINState{ID: "pin0", User: user.ID}
		for _, want := range []struct {
			pin     cardinal.PINState
			expires time.Time
			marks   bool
		}{
			{replaced, noon.Add(2 * time.Hour), false}, {pin.PINState, noon.Add(2 * time.Hour), true}, {pin.PINState, noon.Add(2 * time.Hour), false},
			{pin.PINState, noon.Add(3 * time.Hour), false}, {pin.PINState, noon.Add(time.Hour), true},
		} {
			shortened, err := tx.ShortenPIN(ctx, want.pin, want.expires)
			if err != nil {
				return err
			}
			same(t, want.marks, shortened)
		}
		none, noneErr := tx.RequireNewPIN(ctx, replaced)
		once, onceErr := tx.RequireNewPIN(ctx, pin.PINState)
		twice, twiceErr := tx.RequireNewPIN(ctx, pin.PINState)
		same(t, []bool{false, true, false}, []bool{none, once, twice})
		got, err := tx.PIN(ctx, user.ID)
		same(t, true, got.NewRequired && got.ExpiresAt.Equal(noon.Add(time.Hour)))
		return first(err, noneErr, onceErr, twiceErr)
	})
}
