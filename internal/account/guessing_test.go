package account_test

import (
	"fmt"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/credential"
	"cardinal/internal/policy"
)

// Only PINs that sign in and devices that are in use are worth a guess.
func TestSituation(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		if err := o.change(map[string]string{"signin.user.limits": `[{"wrong":3,"lockSeconds":90},{"wrong":6,"lockSeconds":0}]`, "signin.pin.wrong-per-day": "-1", "signin.user.forget-hours": "2", "pin.expiration-hours": "1"}); err != nil {
			t.Fatal(err)
		}
		pin := cardinal.NewPIN("805913")
		for _, name := range []string{"anna", "bert"} {
			o.create(o.console, name, account.Fields{Credentials: credential.Change{PIN: pin}})
		}
		if err := o.change(map[string]string{"pin.expiration-hours": "0"}); err != nil {
			t.Fatal(err)
		}
		o.create(o.console, "carl", account.Fields{Credentials: credential.Change{PIN: pin}})
		o.create(o.console, "dora", account.Fields{})
		for i, disabled := range []bool{false, true, false} {
			if _, _, err := o.service.CreateDevice(t.Context(), o.console, cardinal.Device{Name: fmt.Sprint("Copier ", i), Disabled: disabled}); err != nil {
				t.Fatal(err)
			}
		}
		want := policy.Lockout{
			UserLimits: []policy.UserLimit{{Wrong: 3, Lock: 90 * time.Second}, {Wrong: 6}}, UserForget: 2 * time.Hour,
			DeviceBudget: 30, DeviceRefillPerMinute: 2, PINAlonePerDay: policy.Unlimited,
		}
		for _, holders := range []int{3, 1} {
			got, err := o.service.Situation(t.Context(), o.person(fmt.Sprint("auditor", holders), cardinal.RoleAuditor))
			if err != nil || got.Holders != holders || got.Standing.Live != holders || got.Devices != 2 || fmt.Sprint(got.Lockout) != fmt.Sprint(want) {
				t.Errorf("it is %+v, %v; want %d holders and %+v", got, err, holders, want)
			}
			o.Clock.Add(time.Hour) // two of the PINs expire
		}
		_, err := o.service.Situation(t.Context(), o.person("helga", cardinal.RoleHelpdesk))
		refused(t, err, cardinal.CodeForbidden)
	})
}
