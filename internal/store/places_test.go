package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func TestDevicesByName(t *testing.T) {
	on(t, func(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
		other := storetest.Customer(t, n.Store, "Another").ID
		n.write(func(ctx context.Context, tx *store.Tx) error {
			for _, name := range []string{"škola 2", "Lobby", "100% print", "škola 10", "Annex"} {
				if err := tx.AddDevice(ctx, cardinal.Device{ID: cardinal.DeviceID(tx.NewID()), Customer: c, Name: name}, []byte(name)); err != nil {
					return err
				}
			}
			return tx.AddDevice(ctx, cardinal.Device{ID: "x", Customer: other, Name: "Lobby of theirs"}, []byte("x"))
		})
		list := func(q store.DeviceQuery) []string {
			t.Helper()
			var devices []cardinal.Device
			n.read(func(ctx context.Context, tx *store.Tx) (err error) {
				devices, err = tx.DevicesByName(ctx, c, q)
				return err
			})
			return names(devices, func(d cardinal.Device) string { return d.Name })
		}
		same(t, []string{"100% print", "Annex", "Lobby", "škola 10", "škola 2"}, list(store.DeviceQuery{Most: 9}))
		same(t, []string{"100% print", "Annex"}, list(store.DeviceQuery{Most: 2}))
		same(t, []string{"Lobby", "škola 10"}, list(store.DeviceQuery{After: "annex", Most: 2}))
		same(t, []string{"škola 10", "škola 2"}, list(store.DeviceQuery{Text: "ŠKOLA", Most: 9}))
		same(t, []string{"škola 2"}, list(store.DeviceQuery{Text: "škola", After: store.Fold("Škola 10"), Most: 9}))
		same(t, []string{"100% print"}, list(store.DeviceQuery{Text: "%", Most: 9}))
	})
}

func TestUsersAbove(t *testing.T) {
	on(t, func(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
		users := storetest.Users(t, n.Store, c, "anna", "Bert", "carl", "Dora")
		for i, role := range map[int]cardinal.Role{1: cardinal.RoleAuditor, 2: cardinal.RoleOperator, 3: cardinal.RoleHelpdesk} {
			users[i].Role, users[i].Disabled = role, i == 2
			n.write(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateUser(ctx, users[i]) })
		}
		list := func(after string, most int) []string {
			var found []cardinal.User
			n.read(func(ctx context.Context, tx *store.Tx) (err error) {
				found, err = tx.UsersAbove(ctx, c, after, most)
				return err
			})
			return names(found, func(u cardinal.User) string { return u.Username })
		}
		same(t, []string{"Bert", "carl", "Dora"}, list("", 9))
		same(t, []string{"Bert", "carl"}, list("", 2))
		same(t, []string{"Dora"}, list("carl", 2))

		noted := d.Clock.Now()
		entry := cardinal.AuditEntry{Actor: "user Bert", Action: "session.opened", Subject: "user Bert"}
		for _, action := range []string{"session.opened", "password.set"} {
			entry.Action = action
			n.write(func(_ context.Context, tx *store.Tx) error { tx.QueueAudit(c, entry); return nil })
			d.Clock.Add(time.Hour)
		}
		last := func(subject string, since time.Time) time.Time {
			var at time.Time
			n.read(func(ctx context.Context, tx *store.Tx) (err error) {
				at, err = tx.LastAuditTime(ctx, c, subject, "session.opened", since)
				return err
			})
			return at
		}
		same(t, noted.UTC(), last("user Bert", noted))
		same(t, time.Time{}, last("user Bert", noted.Add(time.Millisecond)))
		same(t, time.Time{}, last("user carl", noted))
	})
}

// TestDeletedCustomer: a customer is out of sight at once, its name is free, and
// its rows go bit by bit, without those of others.
func TestDeletedCustomer(t *testing.T) {
	on(t, func(t *testing.T, n node, d *storetest.Database, stays cardinal.CustomerID) {
		goes := storetest.Customer(t, n.Store, "Goes").ID
		for _, c := range []cardinal.CustomerID{stays, goes} {
			furnish(t, n, c)
		}
		figures := func(c cardinal.CustomerID) (f store.CustomerFigures) {
			n.read(func(ctx context.Context, tx *store.Tx) (err error) {
				f, err = tx.CustomerFigures(ctx, c)
				return err
			})
			return f
		}
		full := store.CustomerFigures{Users: 7, Above: 1, Devices: 1, Tokens: 1}
		same(t, full, figures(stays))
		same(t, full, figures(goes))

		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteCustomer(ctx, goes) })
		n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteCustomer(ctx, goes) })
		same(t, store.CustomerFigures{Users: 7, Above: 1}, figures(goes))
		n.read(func(ctx context.Context, tx *store.Tx) error {
			_, byID := tx.Customer(ctx, goes)
			wantCode(t, byID, cardinal.CodeNotFound)
			_, byName := tx.CustomerByName(ctx, "goes")
			wantCode(t, byName, cardinal.CodeNotFound)
			list, err := tx.Customers(ctx, "", 9)
			same(t, []cardinal.CustomerID{stays}, []cardinal.CustomerID{list[0].ID})
			same(t, 1, len(list))
			_, session := tx.SessionByToken(ctx, []byte("session of "+goes))
			wantCode(t, session, cardinal.CodeNotFound)
			return err
		})
		again := storetest.Customer(t, n.Store, "GOES").ID

		steps, gone := 0, false
		for more := true; more; steps++ {
			n.write(func(ctx context.Context, tx *store.Tx) (err error) {
				more, err = tx.EraseSome(ctx, goes, 2)
				return err
			})
		}
		if steps < 6 {
			t.Errorf("all went in %d steps", steps)
		}
		n.read(func(ctx context.Context, tx *store.Tx) error {
			left, err := tx.DeletedCustomers(ctx)
			gone = len(left) == 0
			_, againErr := tx.Customer(ctx, again)
			return first(err, againErr)
		})
		same(t, true, gone)
		same(t, store.CustomerFigures{}, figures(goes))
		same(t, full, figures(stays))
		same(t, 3, len(storetest.Audit(t, n.Store, stays)))
		for _, table := range []string{"users", "sign_ins", "audit_entries", "audit_heads", "counters", "imports", "settings", "pins", "sessions"} {
			same(t, 0, rowsOf(t, d, table, goes))
		}
		n.write(func(ctx context.Context, tx *store.Tx) error {
			more, err := tx.EraseSome(ctx, stays, 9)
			same(t, false, more)
			return err
		})
		same(t, full, figures(stays))
	})
}

// rowsOf counts behind the store's back what a table has of a customer.
func rowsOf(t *testing.T, d *storetest.Database, table string, c cardinal.CustomerID) int {
	t.Helper()
	db, err := sql.Open(d.Driver())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	count := 0
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table+" WHERE customer_id = $1", string(c)).Scan(&count); err != nil {
		t.Fatal(err)
	}
	return count
}

// furnish puts some of everything into a customer.
func furnish(t *testing.T, n node, c cardinal.CustomerID) {
	t.Helper()
	users := storetest.Users(t, n.Store, c, "a", "b", "c", "d", "e", "f", "g")
	storetest.Set(t, n.Store, c, map[string]any{"pin.min-length": 6})
	n.write(func(ctx context.Context, tx *store.Tx) error {
		users[0].Role = cardinal.RoleAdministrator
		device := cardinal.Device{ID: cardinal.DeviceID(tx.NewID()), Customer: c, Name: "Copier"}
		for i := range 3 {
			tx.QueueAudit(c, cardinal.AuditEntry{Actor: "console", Action: "noted", Subject: fmt.Sprint(i)})
			if err := tx.AddSignIn(ctx, cardinal.SignIn{ID: tx.NewID(), Customer: c, Time: tx.Now()}, device.ID, ""); err != nil {
				return err
			}
			if _, err := tx.LockCounter(ctx, c, fmt.Sprint("name ", i)); err != nil {
				return err
			}
		}
		return first(
			tx.UpdateUser(ctx, users[0]), tx.AddDevice(ctx, device, []byte("device of "+c)),
			tx.AddAPIToken(ctx, cardinal.APIToken{ID: cardinal.TokenID(tx.NewID()), Customer: c, Name: "sync"}, []byte("token of "+c)),
			tx.AddSession(ctx, store.Session{ID: cardinal.SessionID("session of " + c), User: users[0]}, []byte("session of "+c)),
		)
	})
}
