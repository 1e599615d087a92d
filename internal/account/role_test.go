package account_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/credential"
	"cardinal/internal/setting"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// Whoever has which role gives and takes which: nobody above their own, and
// below administrator nobody at all.
func TestWhoGivesWhichRole(t *testing.T) {
	o := onSQLite(t)
	o.person("spare", cardinal.RoleOperator) // so that there is always an administrator left
	people := []cardinal.Role{cardinal.RoleUser, cardinal.RoleAuditor, cardinal.RoleHelpdesk, cardinal.RoleAdministrator, cardinal.RoleOperator}
	serial := 0
	name := func() string { serial++; return fmt.Sprint("person ", serial) }
	for _, role := range cardinal.Roles() {
		caller := o.person("as "+string(role), role)
		if role == cardinal.RoleProvisioner {
			caller = o.program(role)
		}
		writes := role.May(cardinal.PermWriteUsers)
		grants := role == cardinal.RoleAdministrator || role == cardinal.RoleOperator
		for _, from := range people {
			for _, to := range people {
				who := name()
				o.person(who, from)
				err := o.update(caller, who, account.Fields{Role: &to, FullName: &who})
				allowed := writes && !from.Outranks(role) && (from == to || grants && !to.Outranks(role))
				if have := cardinal.CodeOf(err); allowed != (have == "") || !allowed && have != cardinal.CodeForbidden {
					t.Errorf("%s makes a %s a %s: %v", role, from, to, err)
				}
				if now := o.look(who); allowed && now.Role != to || !allowed && (now.Role != from || now.FullName != "") {
					t.Errorf("%s wanted to make a %s a %s, who is now %s %q", role, from, to, now.Role, now.FullName)
				}
			}
			who := name()
			_, err := o.service.CreateUser(t.Context(), caller, who, account.Fields{Role: &from})
			allowed := writes && (from == cardinal.RoleUser || grants && !from.Outranks(role))
			if have := cardinal.CodeOf(err); allowed != (have == "") || !allowed && have != cardinal.CodeForbidden {
				t.Errorf("%s creates a %s: %v", role, from, err)
			}
			if allowed != slices.Contains(o.names(), who) {
				t.Errorf("%s created a %s: %v", role, from, !allowed)
			}
		}
	}
}

// With somebody's password or address one could become them.
func TestNobodyTouchesThoseAbove(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		boss, help := o.person("boss", cardinal.RoleAdministrator), o.person("help", cardinal.RoleHelpdesk)
		o.person("audit", cardinal.RoleAuditor)
		operator := o.person("op", cardinal.RoleOperator)
		touch := map[string]account.Fields{
			"e-mail":      {Email: new("me@example.org")},
			"name":        {FullName: new("Me")},
			"disabled":    {Disabled: new(true)},
			"password":    {Password: cardinal.NewPassword(password)},
			"no password": {RemovePassword: true},
			"demotion":    {Role: new(cardinal.RoleUser)},
		}
		entries := len(o.audit(0))
		for _, c := range []struct {
			caller cardinal.Caller
			above  string
		}{
			{help, "boss"}, {help, "op"}, {boss, "op"}, {o.program(cardinal.RoleProvisioner), "help"}, {o.program(cardinal.RoleHelpdesk), "boss"},
		} {
			for name, fields := range touch {
				if err := o.update(c.caller, c.above, fields); cardinal.CodeOf(err) != cardinal.CodeForbidden {
					t.Errorf("%s, %s of %s: %v", c.caller.Actor(), name, c.above, err)
				}
			}
			refused(t, o.service.DeleteUser(t.Context(), c.caller, c.above, 0), cardinal.CodeForbidden)
		}
		// What is forbidden is said before all that is wrong besides.
		refused(t, o.update(help, "boss", account.Fields{Email: new("nobody"), Credentials: withPIN("1")}), cardinal.CodeForbidden)
		_, err := o.service.CreateUser(t.Context(), help, "new", account.Fields{Role: new(cardinal.RoleHelpdesk), Email: new("nobody")})
		refused(t, err, cardinal.CodeForbidden)
		o.audited(entries)
		for caller, below := range map[cardinal.Caller]string{help: "audit", boss: "help", operator: "boss", o.program(cardinal.RoleProvisioner): "audit"} {
			if err := o.update(caller, below, account.Fields{Email: new("new@example.org"), Password: cardinal.NewPassword(password)}); err != nil {
				t.Errorf("%s changes %s: %v", caller.Actor(), below, err)
			}
		}
	})
}

func TestTheLastAdministratorStays(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.person("helper", cardinal.RoleHelpdesk)
		boss := o.person("boss", cardinal.RoleAdministrator)
		gone := o.person("gone", cardinal.RoleAdministrator)
		if err := o.update(o.console, "gone", account.Fields{Disabled: new(true)}); err != nil {
			t.Fatal(err)
		}
		elsewhere := *o
		elsewhere.customer = storetest.Customer(t, o.store, "Elsewhere").ID
		elsewhere.person("chief", cardinal.RoleAdministrator)
		entries := len(o.audit(0))
		stays := func() {
			t.Helper()
			for _, caller := range []cardinal.Caller{boss, o.console} {
				refused(t, o.update(caller, "boss", account.Fields{Role: new(cardinal.RoleHelpdesk)}), cardinal.CodeInvalid, "role invalid")
				refused(t, o.update(caller, "boss", account.Fields{Disabled: new(true), FullName: new("Boss")}), cardinal.CodeInvalid, "role invalid")
				refused(t, o.service.DeleteUser(t.Context(), caller, "boss", 0), cardinal.CodeInvalid, "role invalid")
			}
		}
		stays() // one who is disabled, and one of another customer, do not count
		o.audited(entries)
		if err := o.update(boss, "gone", account.Fields{Role: new(cardinal.RoleUser)}); err != nil {
			t.Fatalf("one who is disabled can go: %v", err)
		}
		if err := o.update(o.console, "gone", account.Fields{Role: new(cardinal.RoleOperator), Disabled: new(false)}); err != nil {
			t.Fatal(err)
		}
		if err := o.update(boss, "boss", account.Fields{Role: new(cardinal.RoleUser)}); err != nil {
			t.Fatalf("an operator is one, too: %v", err)
		}
		gone.Role = cardinal.RoleOperator
		refused(t, o.service.DeleteUser(t.Context(), gone, "gone", 0), cardinal.CodeInvalid, "role invalid")
	})
}

// Two who demote one another at the same moment must not both succeed.
func TestTwoAdministratorsLeaveAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		nodes := []*account.Service{o.service, o.node(o.Open(t))}
		for round := range 10 {
			names := []string{fmt.Sprint("one ", round), fmt.Sprint("two ", round)}
			for _, name := range names {
				o.person(name, cardinal.RoleAdministrator)
			}
			answers := make(chan error, 2)
			for i, name := range names {
				go func() {
					if round%2 == 0 {
						answers <- nodes[i].DeleteUser(t.Context(), o.console, name, 0)
						return
					}
					_, err := nodes[i].UpdateUser(t.Context(), o.console, name, 0, account.Fields{Disabled: new(true)})
					answers <- err
				}()
			}
			codes := []string{string(cardinal.CodeOf(<-answers)), string(cardinal.CodeOf(<-answers))}
			if slices.Sort(codes); !slices.Equal(codes, []string{"", "invalid"}) {
				t.Fatalf("answered %q", codes)
			}
			for _, name := range names { // the one who is left goes with the spare one's help
				o.person(name+" spare", cardinal.RoleUser)
				storetest.Write(t, o.store, func(ctx context.Context, tx *store.Tx) error {
					user, err := tx.UserByName(ctx, o.customer, name)
					if cardinal.CodeOf(err) == cardinal.CodeNotFound {
						return nil
					}
					user.Role = cardinal.RoleUser
					return tx.UpdateUser(ctx, user)
				})
			}
		}
	})
}

// calls are all use cases, as a caller would make them in an office that has a
// user anna, a device and an API token, with the permission each needs.
func calls(t *testing.T, o *office, device cardinal.DeviceID, token cardinal.TokenID) map[cardinal.Permission]map[string]func(cardinal.Caller) error {
	t.Helper()
	s, ctx := o.service, t.Context()
	set := func(key, value string) account.SettingChange {
		return account.SettingChange{Values: map[string]*string{key: &value}}
	}
	return map[cardinal.Permission]map[string]func(cardinal.Caller) error{
		cardinal.PermReadUsers: {
			"User": func(c cardinal.Caller) error { _, err := s.User(ctx, c, "anna"); return err },
			"Users": func(c cardinal.Caller) error {
				page, err := s.Users(ctx, c, account.UserQuery{Text: "anna", Limit: 10})
				return orNotFound(len(page.Users), err)
			},
			"Users by number": func(c cardinal.Caller) error {
				page, err := s.Users(ctx, c, account.UserQuery{Number: numbered(t, cardinal.Primary, number).Number, Limit: 10})
				return orNotFound(len(page.Users), err)
			},
			"Users by the end of a number": func(c cardinal.Caller) error {
				page, err := s.Users(ctx, c, account.UserQuery{NumberEnd: "C3D4", Limit: 10})
				return orNotFound(len(page.Users), err)
			},
		},
		cardinal.PermWriteUsers: {
			"UpdateUser": func(c cardinal.Caller) error {
				_, err := s.UpdateUser(ctx, c, "anna", 0, account.Fields{FullName: new("Anna")})
				return err
			},
			"UpdateUser's PIN": func(c cardinal.Caller) error {
				_, err := s.UpdateUser(ctx, c, "anna", 0, account.Fields{Credentials: credential.Change{RemovePIN: true}})
				return err
			},
			"DeleteUser": func(c cardinal.Caller) error { return s.DeleteUser(ctx, c, "anna", 1000) },
		},
		cardinal.PermReadOptions: {
			"Device": func(c cardinal.Caller) error { _, err := s.Device(ctx, c, device); return err },
			"Devices": func(c cardinal.Caller) error {
				found, err := s.Devices(ctx, c, "", 10)
				return orNotFound(len(found), err)
			},
			"Token": func(c cardinal.Caller) error { _, err := s.Token(ctx, c, token); return err },
			"Tokens": func(c cardinal.Caller) error {
				found, err := s.Tokens(ctx, c, "", 10)
				return orNotFound(len(found), err)
			},
			"Setting": func(c cardinal.Caller) error {
				view, err := s.Setting(ctx, c, setting.CustomerName.Key)
				return orNotFound(map[string]int{`"Pilsen Print"`: 1}[view.Value], err)
			},
			"Settings": func(c cardinal.Caller) error {
				views, err := s.Settings(ctx, c, "customer.name")
				if err != nil {
					return err
				}
				return orNotFound(map[string]int{`"Pilsen Print"`: 1}[views[0].Value], err)
			},
		},
		cardinal.PermWriteOptions: {
			"UpdateDevice": func(c cardinal.Caller) error {
				_, err := s.UpdateDevice(ctx, c, cardinal.Device{ID: device, Name: "Copier", Revision: 1000})
				return err
			},
			"RenewDeviceToken": func(c cardinal.Caller) error { _, err := s.RenewDeviceToken(ctx, c, device); return err },
			"DeleteDevice":     func(c cardinal.Caller) error { return s.DeleteDevice(ctx, c, device, 0) },
			"DeleteToken":      func(c cardinal.Caller) error { return s.DeleteToken(ctx, c, token) },
			"ChangeSettings": func(c cardinal.Caller) error {
				change := set(setting.PINMinLength.Key, "6")
				change.Seen = map[string]string{setting.PINMinLength.Key: "nobody saw this"}
				return s.ChangeSettings(ctx, c, change)
			},
		},
		cardinal.PermCustomers: {
			"Customers": func(c cardinal.Caller) error { _, err := s.Customers(ctx, c, "", 10); return err },
		},
	}
}

func orNotFound(found int, err error) error {
	if err == nil && found == 0 {
		return cardinal.ErrNotFound
	}
	return err
}

// furnished is an office with Anna, a device and a token.
func furnished(t *testing.T, o *office) (cardinal.DeviceID, cardinal.TokenID) {
	t.Helper()
	o.create(o.console, "anna", account.Fields{Credentials: credential.Change{PIN: cardinal.NewPIN(pin),
		Numbers: []credential.NumberChange{numbered(t, cardinal.Primary, number)}}})
	device, _, err := o.service.CreateDevice(t.Context(), o.console, cardinal.Device{Name: "Copier"})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := o.service.CreateToken(t.Context(), o.console, "sync", cardinal.RoleProvisioner, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return device.ID, token.ID
}

func TestEveryCallAsksForItsPermission(t *testing.T) {
	o := onSQLite(t)
	device, token := furnished(t, o)
	callers := []cardinal.Caller{{}, {Kind: cardinal.CallerDevice, Customer: o.customer, Device: device}}
	for _, role := range cardinal.Roles() {
		callers = append(callers, cardinal.Caller{Kind: cardinal.CallerUser, Customer: o.customer, Role: role, User: "x", Name: string(role)})
	}
	creating := map[cardinal.Permission]map[string]func(cardinal.Caller) error{
		cardinal.PermWriteUsers: {"CreateUser": func(c cardinal.Caller) error {
			_, err := o.service.CreateUser(t.Context(), c, "anna", account.Fields{})
			return err
		}},
		cardinal.PermWriteOptions: {
			"CreateDevice": func(c cardinal.Caller) error {
				_, _, err := o.service.CreateDevice(t.Context(), c, cardinal.Device{Name: "copier"})
				return err
			},
			"CreateToken": func(c cardinal.Caller) error {
				_, _, err := o.service.CreateToken(t.Context(), c, "", cardinal.RoleAuditor, 0)
				return err
			},
		},
		cardinal.PermCustomers: {"CreateCustomer": func(c cardinal.Caller) error {
			_, err := o.service.CreateCustomer(t.Context(), c, account.NewCustomer{})
			return err
		}},
	}
	entries := len(o.audit(0))
	for _, all := range []map[cardinal.Permission]map[string]func(cardinal.Caller) error{calls(t, o, device, token), creating} {
		for permission, named := range all {
			for name, call := range named {
				for _, caller := range callers {
					var want cardinal.Code
					switch {
					case caller.May(permission):
						continue // what is allowed is tested elsewhere
					case caller.Kind == "":
						want = cardinal.CodeUnauthenticated
					default:
						want = cardinal.CodeForbidden
					}
					if err := call(caller); cardinal.CodeOf(err) != want {
						t.Errorf("%s by %q: %v, want %s", name, caller.Actor(), err, want)
					}
				}
			}
		}
	}
	o.audited(entries)
}

// The customer comes from the caller: whatever an operator elsewhere asks for
// by name or ID, they find nothing here, and nothing happens.
func TestNothingOfAnotherCustomerIsReached(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		device, token := furnished(t, o)
		elsewhere := *o
		elsewhere.customer = storetest.Customer(t, o.store, "Elsewhere").ID
		stranger := cardinal.Console(elsewhere.customer)
		all := calls(t, o, device, token)
		delete(all, cardinal.PermCustomers) // operators see all customers
		entries, before := len(o.audit(0)), snapshot(t, o)
		for _, named := range all {
			for _, name := range slices.Sorted(maps.Keys(named)) {
				err := named[name](stranger)
				want := cardinal.CodeNotFound
				if name == "ChangeSettings" {
					want = cardinal.CodeStale // it is their own setting that they asked for
				}
				if cardinal.CodeOf(err) != want {
					t.Errorf("%s from elsewhere: %v", name, err)
				}
			}
		}
		err := o.service.ChangeSettings(t.Context(), stranger, account.SettingChange{Values: map[string]*string{"pin.min-length": new("5")}})
		if err != nil {
			t.Fatal(err)
		}
		o.audited(entries)
		if after := snapshot(t, o); after != before {
			t.Errorf("before\n%s\nafter\n%s", before, after)
		}
		// Names are one's own: the same ones are free elsewhere, cards and PINs too.
		elsewhere.console = stranger
		furnished(t, &elsewhere)
		for name, call := range all[cardinal.PermReadUsers] {
			if err := call(stranger); err != nil {
				t.Errorf("%s of one's own: %v", name, err)
			}
		}
		if elsewhere.look("anna").ID == o.look("anna").ID {
			t.Error("two are one")
		}
		// A user's ID of another customer is nobody's here.
		mixed := cardinal.Caller{Kind: cardinal.CallerUser, Customer: elsewhere.customer, Role: cardinal.RoleUser, User: o.look("anna").ID}
		_, err = o.service.User(t.Context(), mixed, "anna")
		refused(t, err, cardinal.CodeForbidden)
	})
}

// snapshot is all that can be seen of an office.
func snapshot(t *testing.T, o *office) string {
	t.Helper()
	users, err := o.service.Users(t.Context(), o.console, account.UserQuery{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	devices, err := o.service.Devices(t.Context(), o.console, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := o.service.Tokens(t.Context(), o.console, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	settings, err := o.service.Values(t.Context(), o.console)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%+v\n%+v\n%+v\n%+v", users, devices, tokens, setting.Policy(settings))
}
