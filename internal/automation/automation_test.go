package automation_test

import (
	"context"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/automation"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func TestOldEventsAreForgotten(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		s := d.Open(t)
		var customers []cardinal.CustomerID
		for _, name := range []string{"Pilsen Print", "Brno Print"} {
			customers = append(customers, storetest.Customer(t, s, name).ID)
		}
		happen := func(times int) {
			storetest.Write(t, s, func(_ context.Context, tx *store.Tx) error {
				for range times {
					for _, c := range customers {
						tx.QueueEvent(cardinal.Event{Customer: c, Type: cardinal.EventPINSet})
					}
				}
				return nil
			})
		}
		happen(1001)
		d.Clock.Set(d.Clock.Now().Add(time.Millisecond))
		happen(3)
		service := automation.New(s)
		forget := func(want int) {
			t.Helper()
			if n, err := service.ForgetOld(t.Context()); err != nil || n != want {
				t.Errorf("forgot %d, want %d: %v", n, want, err)
			}
		}
		d.Clock.Set(d.Clock.Now().Add(automation.Kept - time.Millisecond))
		forget(0)
		d.Clock.Set(d.Clock.Now().Add(time.Millisecond))
		forget(2002)
		happen(1)
		for _, c := range customers {
			err := s.Read(t.Context(), func(tx *store.Tx) error {
				left, err := tx.Events(t.Context(), c, 0, 10)
				if len(left) != 4 || left[0].Number != 1002 || left[3].Number != 1005 {
					t.Errorf("left are %v", left)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
}
