package account_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/storetest"
)

func TestEventsOfUsers(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		ada := o.person("ada", cardinal.RoleAdministrator)
		before := len(storetest.Events(t, o.store, o.customer))
		o.create(ada, "anna", account.Fields{})
		for _, f := range []account.Fields{{Department: new("Sales")}, {Department: new("Sales")}, {Disabled: new(true)}, {Disabled: new(false)}} {
			if err := o.update(ada, "anna", f); err != nil {
				t.Error(err)
			}
		}
		if err := o.update(ada, "anna", account.Fields{Email: new("no address")}); err == nil {
			t.Error("a bad address was taken")
		}
		want := []string{"user.created anna", "user.updated anna", "user.updated anna", "user.disabled anna", "user.updated anna"}
		if diff := cmp.Diff(want, storetest.Events(t, o.store, o.customer)[before:]); diff != "" {
			t.Error(diff)
		}
	})
}
