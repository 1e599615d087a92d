package store_test

import (
	"context"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func testImports(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	var runs []store.ImportRun
	n.write(func(ctx context.Context, tx *store.Tx) error {
		for i := range 3 {
			run := store.ImportRun{ID: cardinal.ImportID(tx.NewID()), Customer: c, State: "running", DryRun: i == 1, Actor: "console", StartedAt: tx.Now(), ChangedAt: tx.Now(), FileName: "lidé.csv", FileLines: 20}
			runs = append(runs, run)
			if err := tx.AddImport(ctx, run); err != nil {
				return err
			}
		}
		return nil
	})
	list := func(before cardinal.ImportID, want ...store.ImportRun) {
		t.Helper()
		n.read(func(ctx context.Context, tx *store.Tx) error {
			got, err := tx.Imports(ctx, c, before, 2)
			same(t, want, got)
			return err
		})
	}
	list("", runs[2], runs[1])
	list(runs[1].ID, runs[0])
	d.Clock.Add(time.Minute)
	moved := runs[0]
	moved.Detail, moved.Created, moved.Updated, moved.Unchanged, moved.Refused, moved.LastLine = "řádek", 1, 2, 3, 4, 10
	moved.ChangedAt = moved.StartedAt.Add(time.Minute)
	n.write(func(ctx context.Context, tx *store.Tx) error { return tx.MoveImport(ctx, moved) })
	cancel := func(c cardinal.CustomerID, want bool) {
		t.Helper()
		n.write(func(ctx context.Context, tx *store.Tx) error {
			running, err := tx.CancelImport(ctx, c, moved.ID)
			same(t, want, running)
			return err
		})
	}
	cancel("other", false)
	cancel(c, true)
	moved.Cancelled = true
	n.read(func(ctx context.Context, tx *store.Tx) error {
		got, err := tx.Import(ctx, c, moved.ID)
		same(t, moved, got)
		return err
	})
	moved.State = "cancelled"
	n.write(func(ctx context.Context, tx *store.Tx) error { return tx.MoveImport(ctx, moved) })
	cancel(c, false)
	n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error { _, err := tx.Import(ctx, "other", moved.ID); return err })
}

func testImportReports(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	reports := []store.ImportReport{{1, `[{"line":1}]`, "created refused"}, {501, `["ž"]`, "created unchanged"}, {1001, "[]", "refused"}}
	n.write(func(ctx context.Context, tx *store.Tx) error {
		for _, id := range []cardinal.ImportID{"other", "run"} {
			if err := tx.AddImport(ctx, store.ImportRun{ID: id, Customer: c}); err != nil {
				return err
			}
		}
		for _, i := range []int{2, 0, 1} {
			if err := tx.AddImportReport(ctx, "run", reports[i]); err != nil {
				return err
			}
		}
		return nil
	})
	n.read(func(ctx context.Context, tx *store.Tx) error {
		page, err := tx.ImportReports(ctx, "run", "", 0, 2)
		same(t, reports[:2], page)
		rest, restErr := tx.ImportReports(ctx, "run", "", 501, 2)
		same(t, reports[2:], rest)
		none, noneErr := tx.ImportReports(ctx, "other", "", 0, 2)
		same(t, 0, len(none))
		refused, refusedErr := tx.ImportReports(ctx, "run", "refused", 0, 1)
		same(t, reports[:1], refused)
		later, laterErr := tx.ImportReports(ctx, "run", "refused", 1, 1)
		same(t, reports[2:], later)
		return first(err, restErr, noneErr, refusedErr, laterErr)
	})
}
