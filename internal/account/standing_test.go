package account_test

import (
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/account"
)

// The policy counts as changed when a rule of it is another one, and only then.
func TestTheInstantOfTheLastChangeOfThePolicy(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		standing := func() account.PINStanding {
			t.Helper()
			s, err := o.service.PINStanding(t.Context(), o.console)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		var want time.Time
		for _, step := range []struct {
			values  map[string]string
			another bool
		}{
			{map[string]string{"customer.time-zone": `"Europe/Prague"`}, false},
			{map[string]string{"pin.min-length": "4"}, false}, // the default, now written down
			{map[string]string{"pin.min-length": "6"}, true},
			{map[string]string{"pin.min-length": " 6 "}, false},
			{map[string]string{"user.can-change-pin": "true"}, false},
			{map[string]string{"pin.expiration-hours": "100", "customer.time-zone": ""}, true},
			{map[string]string{"pin.min-length": ""}, true},
			{map[string]string{"pin.min-length": "99", "pin.history": "3"}, false}, // refused
		} {
			o.Clock.Add(time.Minute)
			if step.another {
				want = o.Clock.Now()
			}
			if err := o.change(step.values); err != nil && cardinal.CodeOf(err) != cardinal.CodeInvalid {
				t.Fatal(err)
			}
			if got := standing().PolicyChangedAt; !got.Equal(want) {
				t.Errorf("after %v the policy changed at %s, want %s", step.values, got, want)
			}
		}
	})
}

func TestPINStandingIsForThoseWhoReadUsers(t *testing.T) {
	o := onSQLite(t)
	o.create(o.console, "anna", account.Fields{})
	if _, err := o.service.PINStanding(t.Context(), o.person("carl", cardinal.RoleAuditor)); err != nil {
		t.Error(err)
	}
	_, err := o.service.PINStanding(t.Context(), o.person("bert", cardinal.RoleUser))
	refused(t, err, cardinal.CodeForbidden)
}
