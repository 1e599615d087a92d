package storetest_test

import (
	"context"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func TestNodesShareDatabaseClockAndChain(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		one, other := d.Open(t), d.Open(t)
		customer := storetest.Customer(t, one, "Pilsen Print")
		user := storetest.User(t, one, customer.ID, "anna")
		d.Clock.Add(time.Hour)
		storetest.Write(t, other, func(ctx context.Context, tx *store.Tx) error {
			if now := tx.Now(); !now.Equal(user.CreatedAt.Add(time.Hour)) {
				t.Errorf("the other node's clock stands at %s", now)
			}
			tx.QueueAudit(customer.ID, cardinal.AuditEntry{Actor: "console", Action: "user.seen", Subject: "user anna"})
			_, err := tx.UserByName(ctx, customer.ID, "anna")
			return err
		})
		if entries := storetest.Audit(t, one, customer.ID); len(entries) != 1 || entries[0].Number != 1 {
			t.Errorf("audit entries: %+v", entries)
		}
	})
}
