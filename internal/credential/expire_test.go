package credential_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// expire takes away what has expired, as a node of that name.
func (s *shop) expire(node string) int {
	s.t.Helper()
	n, err := s.door.ExpireDue(s.t.Context(), node)
	if err != nil {
		s.t.Error(err)
	}
	return n
}

func TestPINsExpire(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		story("a PIN is gone from its instant on, and its end is on record", func(s *shop) {
			s.set("pin.expiration-hours", 24)
			s.mustSetPIN("anna", "604829")
			s.set("pin.expiration-hours", 0)
			s.mustSetPIN("bert", "750318")
			made := s.Clock.Now()
			s.Clock.Set(made.Add(24*time.Hour - time.Millisecond))
			same(s.t, 0, s.expire("n1"))
			same(s.t, true, s.has("anna", "604829"))
			s.Clock.Set(made.Add(24 * time.Hour))
			same(s.t, 1, s.expire("n1"))
			same(s.t, 0, s.expire("n1"))
			same(s.t, []bool{false, true}, []bool{s.has("anna", "604829"), s.has("bert", "750318")})
			entries := storetest.Audit(s.t, s.store, s.customer)
			last := entries[len(entries)-1]
			same(s.t, []string{"system", "pin.expired", "user anna", `{"expiredAt":"2026-03-03T12:00:00Z"}`}, []string{last.Actor, last.Action, last.Subject, last.Before})
		})
		story("changes of the setting leave existing PINs alone", func(s *shop) {
			s.mustSetPIN("anna", "604829")
			s.set("pin.expiration-hours", 1)
			s.Clock.Set(s.Clock.Now().AddDate(5, 0, 0))
			same(s.t, 0, s.expire("n1"))
			same(s.t, true, s.has("anna", "604829"))
		})
		story("a PIN that was replaced in time is not touched", func(s *shop) {
			s.set("pin.expiration-hours", 1)
			s.mustSetPIN("anna", "604829")
			s.Clock.Set(s.Clock.Now().Add(time.Minute))
			s.mustSetPIN("anna", "750318")
			s.Clock.Set(s.Clock.Now().Add(59 * time.Minute))
			same(s.t, 0, s.expire("n1"))
			same(s.t, true, s.has("anna", "750318"))
		})
		story("a customer on whom another node works is left to it, until it has been silent", func(s *shop) {
			s.set("pin.expiration-hours", 1)
			s.mustSetPIN("anna", "604829")
			s.Clock.Set(s.Clock.Now().Add(time.Hour))
			storetest.Write(s.t, s.store, func(ctx context.Context, tx *store.Tx) error {
				taken, err := tx.TakeLease(ctx, "expired PINs of "+string(s.customer), "n2", tx.Now().Add(30*time.Second))
				same(s.t, true, taken)
				return err
			})
			same(s.t, 0, s.expire("n1"))
			s.Clock.Set(s.Clock.Now().Add(30 * time.Second))
			same(s.t, 1, s.expire("n1"))
		})
	})
}

// Many PINs and several nodes: each PIN ends once.
func TestManyPINsExpireOnce(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		first := d.Open(t)
		customer := storetest.Customer(t, first, "Acme")
		usernames := make([]string, 250)
		for i := range usernames {
			usernames[i] = fmt.Sprintf("user%03d", i)
		}
		storetest.Users(t, first, customer.ID, usernames...)
		s := (&shop{Database: d, t: t, customer: customer.ID}).at(first, d.Ring)
		s.set("pin.expiration-hours", 1)
		for i, username := range usernames {
			s.mustSetPIN(username, fmt.Sprintf("60%04d", i*37+211))
		}
		s.Clock.Set(s.Clock.Now().Add(2 * time.Hour))
		var nodes sync.WaitGroup
		counts := make([]int, 3)
		for i := range counts {
			node := s.at(d.Open(t), d.Ring)
			nodes.Go(func() { counts[i] = node.expire(fmt.Sprint("n", i)) })
		}
		nodes.Wait()
		counts[0] += s.expire("n0") // what a node left to another one that was just ready
		same(t, len(usernames), counts[0]+counts[1]+counts[2])
		expired := 0
		for _, action := range s.actions() {
			if action == "pin.expired" {
				expired++
			}
		}
		same(t, len(usernames), expired)
	})
}
