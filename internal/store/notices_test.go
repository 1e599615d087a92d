package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// Many at once are what each would be alone.
func testManyNotifications(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	const many = 47
	var written, alone []store.StoredNotification
	for i := range many {
		text := func(what string) string { return fmt.Sprint(what, i) }
		note := store.StoredNotification{
			Notification: cardinal.Notification{
				Customer: c, Kind: text("kind"), Template: text("template"), Configuration: cardinal.ConfigurationID(text("configuration")),
				User: cardinal.UserID(text("user")), Username: text("username"), PIN: cardinal.PINID(text("pin")), State: cardinal.NotificationSkipped,
				Reason: cardinal.NotificationReason(text("reason")), EndsAt: someTime().UTC().Add(time.Duration(i) * time.Hour),
			},
			Details: text("details"), Secrets: store.Sealed{Version: i + 1, Bytes: []byte(text("sealed"))},
		}
		note.ID = cardinal.NotificationID(fmt.Sprintf("a%03d", i))
		written = append(written, note)
		note.ID = cardinal.NotificationID(fmt.Sprintf("b%03d", i))
		alone = append(alone, note)
	}
	n.write(func(ctx context.Context, tx *store.Tx) error {
		for _, note := range alone {
			if err := tx.AddNotification(ctx, note); err != nil {
				return err
			}
		}
		return tx.AddNotifications(ctx, written)
	})
	n.read(func(ctx context.Context, tx *store.Tx) error {
		both, err := tx.Notifications(ctx, c, store.NotificationQuery{Most: 2 * many})
		same(t, 2*many, len(both))
		slices.Reverse(both)
		for i := range many {
			same(t, written[i].Details, both[i].Details)
			both[i].ID = both[many+i].ID
			same(t, both[many+i], both[i])
		}
		return err
	})
}

func testPINsAreNoticedOnce(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	now := d.Clock.Now()
	users := storetest.Users(t, n.Store, c, "later", "expired", "soon", "endless", "sooner")
	for i, ends := range []time.Time{now.Add(2 * time.Hour), now, now.Add(time.Hour), {}, now.Add(time.Minute)} {
		n.pinUntil(c, users[i], users[i].Username, ends)
	}
	until := now.Add(time.Hour)
	notice := func(most int) (noticed []string) {
		n.write(func(ctx context.Context, tx *store.Tx) error {
			pins, err := tx.NoticePINs(ctx, c, until, most)
			noticed = names(pins, func(p store.NoticedPIN) string {
				return p.User.Username + " " + string(p.ID) + " " + p.ExpiresAt.Sub(now).String()
			})
			return err
		})
		return noticed
	}
	some := func() (has bool) {
		n.read(func(ctx context.Context, tx *store.Tx) (err error) {
			has, err = tx.HasPINToNotice(ctx, c, until)
			return err
		})
		return has
	}
	same(t, true, some())
	same(t, []string{"sooner sooner 1m0s"}, notice(1))
	same(t, []string{"soon soon 1h0m0s"}, notice(5))
	same(t, []string{}, notice(5))
	same(t, false, some())
	until = now.Add(2 * time.Hour)
	same(t, true, some())
	same(t, []string{"later later 2h0m0s"}, notice(5))
}
