package idempotency_test

import (
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/idempotency"
	"cardinal/internal/storetest"
)

func TestForms(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		nodes := d.Open(t)
		customer := storetest.Customer(t, nodes, "Pilsen Print")
		here, there := idempotency.New(nodes, d.Ring), idempotency.New(d.Open(t), d.Ring)
		anna := cardinal.Caller{Kind: cardinal.CallerUser, Customer: customer.ID, Role: cardinal.RoleUser, Session: "session-1", Name: "anna"}
		elsewhere := anna
		elsewhere.Session = "session-2"
		claim := func(what string, s *idempotency.Service, by cardinal.Caller, digest string, want bool) {
			t.Helper()
			if first, err := s.Claim(t.Context(), by, digest); err != nil || first != want {
				t.Errorf("%s: %t, %v", what, first, err)
			}
		}
		claim("the first sending", here, anna, "a", true)
		claim("the second, at another node", there, anna, "a", false)
		claim("another form", here, anna, "b", true)
		claim("another session", here, elsewhere, "a", true)
		if err := there.Forget(t.Context(), anna, "a"); err != nil {
			t.Fatal(err)
		}
		claim("what was forgotten", here, anna, "a", true)
		claim("what was not", here, elsewhere, "a", false)
		d.Clock.Add(idempotency.Kept + time.Millisecond)
		claim("a day later", here, elsewhere, "a", true)
	})
}
