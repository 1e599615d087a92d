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

func testDevices(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	other := storetest.Customer(t, n.Store, "not of "+t.Name()).ID
	made := map[string]cardinal.Device{}
	add := func(c cardinal.CustomerID, name string, methods []cardinal.Method) func(context.Context, *store.Tx) error {
		return func(ctx context.Context, tx *store.Tx) error {
			device := cardinal.Device{ID: cardinal.DeviceID(tx.NewID()), Customer: c, Name: name, Methods: methods, Conversion: "reverse-bytes | hex-to-decimal", Disabled: true, CreatedAt: tx.Now(), Revision: 1}
			made[name] = device
			return tx.AddDevice(ctx, device, []byte("token of "+name))
		}
	}
	n.write(add(c, "Lobby", nil))
	n.write(add(c, "Škola", []cardinal.Method{cardinal.MethodPIN, cardinal.MethodCard}))
	n.write(add(other, "Theirs", []cardinal.Method{}))
	taken(t, n.refusal(cardinal.CodeConflict, add(c, "šKOLA", nil)), "name")
	t.Run("come back as written", func(t *testing.T) {
		n := n.in(t)
		n.write(func(ctx context.Context, tx *store.Tx) error {
			for name, get := range map[string]func() (cardinal.Device, error){
				"Lobby":  func() (cardinal.Device, error) { return tx.Device(ctx, c, made["Lobby"].ID) },
				"Škola":  func() (cardinal.Device, error) { return tx.LockDevice(ctx, c, made["Škola"].ID) },
				"Theirs": func() (cardinal.Device, error) { return tx.DeviceByToken(ctx, []byte("token of Theirs")) },
			} {
				got, err := get()
				if err != nil {
					return err
				}
				same(t, made[name], got)
			}
			return nil
		})
	})
	t.Run("are not found elsewhere", func(t *testing.T) {
		n := n.in(t)
		foreign := made["Theirs"]
		foreign.Customer = c
		for _, try := range []func(context.Context, *store.Tx) error{
			func(ctx context.Context, tx *store.Tx) error { _, err := tx.Device(ctx, c, foreign.ID); return err },
			func(ctx context.Context, tx *store.Tx) error { _, err := tx.LockDevice(ctx, c, foreign.ID); return err },
			func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.DeviceByToken(ctx, []byte("token of"))
				return err
			},
			func(ctx context.Context, tx *store.Tx) error { return tx.UpdateDevice(ctx, foreign) },
			func(ctx context.Context, tx *store.Tx) error { return tx.DeleteDevice(ctx, foreign) },
			func(ctx context.Context, tx *store.Tx) error { return tx.SetDeviceToken(ctx, foreign, []byte("t")) },
		} {
			n.refused(cardinal.CodeNotFound, try)
		}
	})
	t.Run("change, but not to a taken name", func(t *testing.T) {
		n := n.in(t)
		lobby := made["Lobby"]
		lobby.Name, lobby.Disabled, lobby.Conversion, lobby.Methods = "LOBBY", false, "", []cardinal.Method{cardinal.MethodCardPIN}
		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateDevice(ctx, lobby) })
		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.SetDeviceToken(ctx, lobby, []byte("new")) })
		lobby.Revision = 3
		n.read(func(ctx context.Context, tx *store.Tx) error {
			got, err := tx.DeviceByToken(ctx, []byte("new"))
			same(t, lobby, got)
			return err
		})
		n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.DeviceByToken(ctx, []byte("token of Lobby"))
			return err
		})
		lobby.Name = "ŠKOLA"
		taken(t, n.refusal(cardinal.CodeConflict, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateDevice(ctx, lobby) }), "name")
	})
	t.Run("are seen, counted, listed and deleted", func(t *testing.T) {
		n := n.in(t)
		seenAt := d.Clock.Now().Add(time.Hour)
		for _, at := range []time.Time{seenAt, seenAt.Add(-time.Minute)} { // the clock of another node is behind
			d.Clock.Set(at)
			n.write(func(ctx context.Context, tx *store.Tx) error { return tx.TouchDevice(ctx, made["Škola"].ID) })
		}
		n.read(func(ctx context.Context, tx *store.Tx) error {
			page, err := tx.Devices(ctx, c, "", 1)
			same(t, []string{"LOBBY"}, deviceNames(page))
			rest, restErr := tx.Devices(ctx, c, page[0].ID, 9)
			same(t, []string{"Škola"}, deviceNames(rest))
			same(t, seenAt, rest[0].LastSeenAt)
			count, countErr := tx.CountDevices(ctx, c)
			same(t, 1, count) // the other is disabled
			return first(err, restErr, countErr)
		})
		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteDevice(ctx, made["Lobby"]) })
		n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteDevice(ctx, made["Lobby"]) })
	})
}

func deviceNames(devices []cardinal.Device) []string {
	return names(devices, func(d cardinal.Device) string { return d.Name })
}

func testCounters(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	other := storetest.Customer(t, n.Store, "not of "+t.Name()).ID
	want := store.Counter{Wrong: 1 << 40, ChangedAt: someTime().UTC(), LockedUntil: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}
	n.write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.SetCounter(ctx, c, "user 1", want); err != nil {
			return err
		}
		none, err := tx.Counter(ctx, c, "user 1")
		same(t, store.Counter{}, none)
		if err != nil {
			return err
		}
		none, err = tx.LockCounter(ctx, c, "user 1")
		same(t, store.Counter{}, none)
		return first(err, tx.SetCounter(ctx, c, "user 1", want))
	})
	n.write(func(ctx context.Context, tx *store.Tx) error {
		locked, err := tx.LockCounter(ctx, c, "user 1")
		same(t, want, locked)
		if err != nil {
			return err
		}
		elsewhere, err := tx.Counter(ctx, other, "user 1")
		same(t, store.Counter{}, elsewhere)
		return err
	})
	n.read(func(ctx context.Context, tx *store.Tx) error {
		got, err := tx.Counter(ctx, c, "user 1")
		same(t, want, got)
		return err
	})
}

func testSignIns(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	user := storetest.User(t, n.Store, c, "anna")
	var written []cardinal.SignIn
	n.write(func(ctx context.Context, tx *store.Tx) error {
		for i := range 5 {
			s := cardinal.SignIn{
				ID: tx.NewID(), Customer: c, Time: someTime().UTC().Add(time.Duration(i)), Device: "Škola", Method: cardinal.MethodCardPIN,
				Username: "anna", Outcome: cardinal.OutcomeWrongPIN, NumberEnd: fmt.Sprint("000", i), Count: 1,
			}
			s.Time = s.Time.Truncate(time.Millisecond)
			id := user.ID
			if i%2 == 1 {
				id, s.Username = "", ""
			}
			written = append(written, s)
			if err := tx.AddSignIn(ctx, s, "device", id); err != nil {
				return err
			}
		}
		written[4].Count = 2
		return tx.AddSignIn(ctx, written[4], "device", user.ID)
	})
	list := func(before string, most int) (got []cardinal.SignIn) {
		n.read(func(ctx context.Context, tx *store.Tx) (err error) {
			got, err = tx.SignIns(ctx, c, before, most)
			return err
		})
		return got
	}
	same(t, []cardinal.SignIn{written[4], written[3]}, list("", 2))
	same(t, []cardinal.SignIn{written[2], written[1], written[0]}, list(written[3].ID, 9))
	n.read(func(ctx context.Context, tx *store.Tx) error {
		got, err := tx.SignInsOfUser(ctx, user, "", 2)
		same(t, []cardinal.SignIn{written[4], written[2]}, got)
		rest, restErr := tx.SignInsOfUser(ctx, user, written[2].ID, 9)
		same(t, []cardinal.SignIn{written[0]}, rest)
		elsewhere, otherErr := tx.SignIns(ctx, "other", "", 9)
		same(t, 0, len(elsewhere))
		return first(err, restErr, otherErr)
	})
}

func TestIDOfIsOneIdentifierInItsPlace(t *testing.T) {
	d := storetest.New(t, storetest.SQLite)
	node{d.Open(t), t}.read(func(_ context.Context, tx *store.Tx) error {
		at := d.Clock.Now()
		same(t, tx.IDOf("device 1", at), tx.IDOf("device 1", at))
		same(t, len(tx.NewID()), len(tx.IDOf("device 1", at)))
		if tx.IDOf("device 1", at) == tx.IDOf("device 2", at) || tx.IDOf("device 1", at) >= tx.IDOf("device 1", at.Add(time.Millisecond)) {
			t.Error("two subjects have one identifier, or a later time sorts before")
		}
		if before, after := tx.IDOf("device 1", at.Add(-time.Millisecond)), tx.IDOf("device 1", at.Add(time.Minute)); tx.NewID() < before || tx.NewID() > after {
			t.Error("an identifier of now does not stand between those of before and later")
		}
		return nil
	})
}
