package store_test

import (
	"context"
	"testing"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func TestKeyChecks(t *testing.T) {
	on(t, func(t *testing.T, n node, _ *storetest.Database, _ cardinal.CustomerID) {
		n.write(func(ctx context.Context, tx *store.Tx) error {
			checks, err := tx.KeyChecks(ctx)
			if len(checks) != 0 {
				t.Errorf("a new database has key checks: %v", checks)
			}
			return err
		})
		for _, check := range []store.KeyCheck{{2, []byte{0, 255}}, {1, []byte{7}}, {2, []byte("another sum")}} {
			n.write(func(ctx context.Context, tx *store.Tx) error { return tx.AddKeyCheck(ctx, check) })
		}
		n.read(func(ctx context.Context, tx *store.Tx) error {
			checks, err := tx.KeyChecks(ctx)
			same(t, []store.KeyCheck{{1, []byte{7}}, {2, []byte{0, 255}}}, checks)
			return err
		})
	})
}

func TestCustomers(t *testing.T) {
	on(t, func(t *testing.T, n node, _ *storetest.Database, first cardinal.CustomerID) {
		second := storetest.Customer(t, n.Store, "Straße 8")
		third := storetest.Customer(t, n.Store, "Third")
		t.Run("are found by ID and by name without regard to case", func(t *testing.T) {
			n := n.in(t)
			n.read(func(ctx context.Context, tx *store.Tx) error {
				byID, err := tx.Customer(ctx, second.ID)
				same(t, second, byID)
				if err != nil {
					return err
				}
				byName, err := tx.CustomerByName(ctx, "STRASSE 8")
				same(t, second, byName)
				return err
			})
		})
		t.Run("unknown ones are not found", func(t *testing.T) {
			n := n.in(t)
			n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error { _, err := tx.Customer(ctx, "nobody"); return err })
			n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error { _, err := tx.CustomerByName(ctx, "nobody"); return err })
		})
		t.Run("a name is taken once", func(t *testing.T) {
			n := n.in(t)
			err := n.refusal(cardinal.CodeConflict, func(ctx context.Context, tx *store.Tx) error {
				return tx.AddCustomer(ctx, cardinal.Customer{ID: "other", Name: "strasse 8", CreatedAt: tx.Now()})
			})
			taken(t, err, "name")
			err = n.refusal(cardinal.CodeConflict, func(ctx context.Context, tx *store.Tx) error {
				return tx.RenameCustomer(ctx, third.ID, "strasse 8")
			})
			taken(t, err, "name")
		})
		t.Run("are renamed, also to their own name in another case", func(t *testing.T) {
			n := n.in(t)
			for _, name := range []string{"THIRD", "Fourth"} {
				n.write(func(ctx context.Context, tx *store.Tx) error { return tx.RenameCustomer(ctx, third.ID, name) })
				n.read(func(ctx context.Context, tx *store.Tx) error {
					c, err := tx.Customer(ctx, third.ID)
					same(t, name, c.Name)
					return err
				})
			}
			n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error { return tx.RenameCustomer(ctx, "nobody", "Fifth") })
		})
		t.Run("are listed oldest first and by page", func(t *testing.T) {
			n := n.in(t)
			n.read(func(ctx context.Context, tx *store.Tx) error {
				page, err := tx.Customers(ctx, "", 2)
				same(t, []cardinal.CustomerID{first, second.ID}, []cardinal.CustomerID{page[0].ID, page[1].ID})
				if err != nil {
					return err
				}
				page, err = tx.Customers(ctx, page[1].ID, 2)
				same(t, 1, len(page))
				same(t, third.ID, page[0].ID)
				return err
			})
		})
	})
}

func testSettings(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	other := storetest.Customer(t, n.Store, "not of "+t.Name()).ID
	put := func(c cardinal.CustomerID, key, value string) {
		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.PutSetting(ctx, c, key, value) })
	}
	put(c, "b", `"ž\n"`)
	put(c, "a", "1")
	put(other, "a", "9")
	d.Clock.Add(1)
	d.Clock.Set(someTime())
	put(c, "b", "true")
	n.read(func(ctx context.Context, tx *store.Tx) error {
		stored, err := tx.Settings(ctx, c)
		same(t, []string{"a", "b"}, names(stored, func(s store.StoredSetting) string { return s.Key }))
		same(t, store.StoredSetting{Key: "b", Value: "true", UpdatedAt: someTime().UTC(), Revision: 2}, stored[1])
		if err != nil {
			return err
		}
		texts, err := tx.SettingTexts(ctx, c)
		same(t, map[string]string{"a": "1", "b": "true"}, texts)
		return err
	})
	for range 2 { // dropping what is not set is no fault
		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.DropSetting(ctx, c, "a") })
	}
	n.read(func(ctx context.Context, tx *store.Tx) error {
		texts, err := tx.SettingTexts(ctx, c)
		same(t, map[string]string{"b": "true"}, texts)
		if err != nil {
			return err
		}
		texts, err = tx.SettingTexts(ctx, other)
		same(t, map[string]string{"a": "9"}, texts)
		return err
	})
	n.write(func(ctx context.Context, tx *store.Tx) error { return tx.LockSettings(ctx, c) })
	n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error { return tx.LockSettings(ctx, "nobody") })
}

func testAuditEntries(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	other := storetest.Customer(t, n.Store, "not of "+t.Name()).ID
	entry := func(subject string) cardinal.AuditEntry {
		return cardinal.AuditEntry{Actor: "user žofie", Action: "user.changed", Subject: subject, Before: `{"a":1}`, After: "{}", Address: "::1"}
	}
	n.write(func(_ context.Context, tx *store.Tx) error {
		tx.QueueAudit(c, entry("user a"))
		tx.QueueAudit(other, entry("user x"))
		tx.QueueAudit(c, entry("user b"))
		return nil
	})
	d.Clock.Set(someTime())
	n.write(func(_ context.Context, tx *store.Tx) error { tx.QueueAudit(c, entry("user a")); return nil })

	n.read(func(ctx context.Context, tx *store.Tx) error {
		want := entry("user a")
		want.Number, want.Time = 3, someTime().UTC()
		list := func(subject string, before int64, most int) []int64 {
			entries, err := tx.AuditEntries(ctx, c, subject, before, most)
			if err != nil {
				t.Fatal(err)
			}
			numbers := []int64{}
			for _, e := range entries {
				numbers = append(numbers, e.Number)
				if e.Number == 3 {
					same(t, want, e)
				}
			}
			return numbers
		}
		same(t, []int64{3, 2, 1}, list("", 1<<62, 10))
		same(t, []int64{3, 2}, list("", 1<<62, 2))
		same(t, []int64{1}, list("", 2, 10))
		same(t, []int64{3, 1}, list("user a", 1<<62, 10))
		same(t, []int64{}, list("user", 1<<62, 10))
		chain, err := tx.AuditChain(ctx, c, 1, 10)
		same(t, []int64{2, 3}, []int64{chain[0].Number, chain[1].Number})
		if err != nil {
			return err
		}
		head, err := tx.AuditHead(ctx, c)
		same(t, store.AuditHead{Number: 3, MAC: chain[1].MAC}, head)
		if err != nil {
			return err
		}
		head, err = tx.AuditHead(ctx, other)
		same(t, int64(1), head.Number)
		return err
	})
	n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error { _, err := tx.AuditHead(ctx, "nobody"); return err })
	n.refused(cardinal.CodeNotFound, func(_ context.Context, tx *store.Tx) error { tx.QueueAudit("nobody", entry("user a")); return nil })
}
