package account_test

import (
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/auth"
	"cardinal/internal/setting"
	"cardinal/internal/storetest"
)

// empty is an installation without a customer.
func empty(t *testing.T, d *storetest.Database) *office {
	t.Helper()
	o := &office{Database: d, t: t, store: d.Open(t), passwords: auth.NewPasswords(2)}
	o.service = o.node(o.store)
	return o
}

func TestInstalling(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		o := empty(t, d)
		if _, err := o.service.CustomerNamed(t.Context(), ""); cardinal.CodeOf(err) != cardinal.CodeNotFound {
			t.Errorf("of none, the only one is %v", err)
		}
		first := account.NewCustomer{Name: "Acme", Admin: "root", Password: cardinal.NewPassword(password)}
		made, err := o.service.Install(t.Context(), first)
		if err != nil {
			t.Fatal(err)
		}
		o.customer, o.console = made.ID, cardinal.Console(made.ID)
		root := o.look("root")
		if root.Role != cardinal.RoleOperator || root.PasswordMustChange || !root.HasPassword || root.Source != account.SourceManual {
			t.Errorf("the first administrator is %+v", root.User)
		}
		service := auth.New(o.store, o.Ring, o.passwords)
		if _, err := service.SignIn(t.Context(), auth.Credentials{Username: "root", Password: cardinal.NewPassword(password)}, auth.Origin{}); err != nil {
			t.Errorf("the first administrator cannot sign in: %v", err)
		}
		if value := o.setting(setting.CustomerName.Key); value.Value != `"Acme"` || !value.Modified {
			t.Errorf("the name is %+v", value)
		}
		if found, err := o.service.CustomerNamed(t.Context(), ""); err != nil || found != made {
			t.Errorf("the only one is %+v, %v", found, err)
		}
		o.audited(0,
			written{"console", "customer.created", "customer Acme", "", ""},
			written{"console", "user.created", "user root", "", `{"role":"operator"}`},
			written{"user root", "session.opened", "user root", "", ""},
		)
		first.Name = "Other"
		_, err = o.service.Install(t.Context(), first)
		refused(t, err, cardinal.CodeConflict)
	})
}

// An operator adds customers, whose administrators are not operators: neither
// from the web interface nor from the console.
func TestAddingCustomers(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		operator := o.person("op", cardinal.RoleOperator)
		for name, caller := range map[string]cardinal.Caller{"Brno": operator, "Zlín": o.console} {
			before := len(o.audit(0))
			made, err := o.service.CreateCustomer(t.Context(), caller, account.NewCustomer{Name: name, Admin: "boss", Password: cardinal.NewPassword(password)})
			if err != nil {
				t.Fatal(err)
			}
			there := *o
			there.customer, there.console = made.ID, cardinal.Console(made.ID)
			if boss := there.look("boss"); boss.Role != cardinal.RoleAdministrator || boss.Customer != made.ID {
				t.Errorf("%s: the administrator is %+v", name, boss.User)
			}
			actor := caller.Actor()
			there.audited(0, written{actor, "customer.created", "customer " + name, "", ""}, written{actor, "user.created", "user boss", "", `{"role":"administrator"}`})
			o.audited(before, written{actor, "customer.created", "customer " + name, "", ""})
		}
		nobody, err := o.service.CreateCustomer(t.Context(), operator, account.NewCustomer{Name: "Nobody's"})
		if err != nil {
			t.Fatal(err)
		}
		there := *o
		there.console = cardinal.Console(nobody.ID)
		if names := there.names(); names != nil {
			t.Errorf("there are %q", names)
		}
		list, err := o.service.Customers(t.Context(), operator, "", 2)
		if err != nil || len(list) != 2 || list[0].ID != o.customer {
			t.Errorf("the first are %+v, %v", list, err)
		}
		if list, err = o.service.Customers(t.Context(), operator, list[1].ID, 10); err != nil || len(list) != 2 || list[1].ID != nobody.ID {
			t.Errorf("the next are %+v, %v", list, err)
		}
		if _, err := o.service.CustomerNamed(t.Context(), ""); cardinal.CodeOf(err) != cardinal.CodeInvalid {
			t.Errorf("of several, the only one is %v", err)
		}
	})
}

func TestCustomersThatCannotBe(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		for name, c := range map[string]struct {
			customer account.NewCustomer
			code     cardinal.Code
			want     []string
		}{
			"no name":     {account.NewCustomer{}, cardinal.CodeInvalid, []string{"name invalid"}},
			"long name":   {account.NewCustomer{Name: strings.Repeat("ž", 101)}, cardinal.CodeInvalid, []string{"name invalid"}},
			"no UTF-8":    {account.NewCustomer{Name: "a\xff"}, cardinal.CodeInvalid, []string{"name invalid"}},
			"name taken":  {account.NewCustomer{Name: "PILSEN PRINT", Admin: "boss", Password: cardinal.NewPassword(password)}, cardinal.CodeConflict, []string{"name taken"}},
			"all at once": {account.NewCustomer{Admin: "a/b", Password: cardinal.NewPassword("x")}, cardinal.CodeInvalid, []string{"name invalid", "username invalid", "password too_short"}},
			"no password": {account.NewCustomer{Name: "Brno", Admin: "boss"}, cardinal.CodeInvalid, []string{"password too_short"}},
		} {
			t.Run(name, func(t *testing.T) {
				_, err := o.service.CreateCustomer(t.Context(), o.console, c.customer)
				refused(t, err, c.code, c.want...)
			})
		}
		if list, err := o.service.Customers(t.Context(), o.console, "", 10); err != nil || len(list) != 1 {
			t.Errorf("there are %+v, %v", list, err)
		}
	})
}
