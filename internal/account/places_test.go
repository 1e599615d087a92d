package account_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/auth"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func (o *office) device(name string) cardinal.Device {
	o.t.Helper()
	made, _, err := o.service.CreateDevice(o.t.Context(), o.console, cardinal.Device{Name: name})
	if err != nil {
		o.t.Fatal(err)
	}
	return made
}

// wrongTries leaves so many wrong tries, in millionths of one, on a device's counter.
func (o *office) wrongTries(id cardinal.DeviceID, wrong int64) {
	o.t.Helper()
	storetest.Write(o.t, o.store, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.LockCounter(ctx, o.customer, store.DeviceSubject(id)); err != nil {
			return err
		}
		return tx.SetCounter(ctx, o.customer, store.DeviceSubject(id), store.Counter{Wrong: wrong, ChangedAt: tx.Now()})
	})
}

func TestTheListOfDevices(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		for _, name := range []string{"Lobby", "Annex 2", "annex 1"} {
			o.device(name)
		}
		list := func(q account.DeviceQuery) string {
			t.Helper()
			page, err := o.service.DeviceList(ctx, o.console, q)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, view := range page.Devices {
				names = append(names, view.Name)
			}
			return strings.Join(append(names, "next:"+page.Next), ", ")
		}
		for want, q := range map[string]account.DeviceQuery{
			"annex 1, Annex 2, Lobby, next:": {Limit: 3},
			"annex 1, Annex 2, next:annex 2": {Limit: 2},
			"Lobby, next:":                   {Limit: 2, Cursor: "annex 2"},
			"Annex 2, next:":                 {Limit: 2, Text: "ANNEX", Cursor: "annex 1"},
			"next:":                          {Limit: 2, Text: "\x00"},
		} {
			if got := list(q); got != want {
				t.Errorf("%+v gives %q, want %q", q, got, want)
			}
		}
		for _, limit := range []int{0, 501} {
			_, err := o.service.DeviceList(ctx, o.console, account.DeviceQuery{Limit: limit})
			refused(t, err, cardinal.CodeInvalid, "limit invalid")
		}
	})
}

func TestUnlockingADevice(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		ctx, made := t.Context(), o.device("Copier")
		locked := func() time.Time {
			t.Helper()
			view, err := o.service.DeviceView(ctx, o.console, made.ID)
			if err != nil || view.ID != made.ID {
				t.Fatal(view, err)
			}
			page, err := o.service.DeviceList(ctx, o.console, account.DeviceQuery{Limit: 1})
			if err != nil || !page.Devices[0].LockedUntil.Equal(view.LockedUntil) {
				t.Fatalf("the list says %v and the device %v, %v", page.Devices[0].LockedUntil, view.LockedUntil, err)
			}
			return view.LockedUntil
		}
		storetest.Set(t, o.store, o.customer, map[string]any{"signin.device.wrong-budget": 3, "signin.device.wrong-refill-per-minute": 2})
		o.wrongTries(made.ID, 2_000_000)
		if at := locked(); !at.IsZero() {
			t.Errorf("with a try left it is locked until %v", at)
		}
		o.wrongTries(made.ID, 3_000_000)
		if at := locked(); !at.Equal(o.Clock.Now().Add(30 * time.Second)) {
			t.Errorf("with no try left it is locked until %v", at)
		}
		o.Clock.Add(10 * time.Second)
		if at := locked(); at.Sub(o.Clock.Now()).Round(time.Millisecond) != 20*time.Second {
			t.Errorf("ten seconds later it is locked until %v", at)
		}
		entries := len(o.audit(0))
		if err := o.service.UnlockDevice(ctx, o.console, made.ID); err != nil || !locked().IsZero() {
			t.Errorf("unlocked it is locked until %v, %v", locked(), err)
		}
		o.audited(entries, written{"console", "device.unlocked", "device Copier", "", ""})
		refused(t, o.service.UnlockDevice(ctx, o.console, "nobody"), cardinal.CodeNotFound)
	})
}

// A number is tried as the sign-in reads it: by the device's conversion, then by
// the organisation's.
func TestTryingAConversion(t *testing.T) {
	o := onSQLite(t)
	try := func(conversion, read string) string {
		seen, err := o.service.TryConversion(t.Context(), o.console, conversion, cardinal.NewToken(read).Secret)
		if err != nil {
			for _, v := range cardinal.ViolationsOf(err) {
				if v.Message == "" || strings.Contains(v.Message, read) {
					t.Errorf("the message is %q", v.Message)
				}
			}
			return fmt.Sprint(cardinal.CodeOf(err), " ", cardinal.ViolationsOf(err)[0].Field)
		}
		return seen.Reveal()
	}
	for _, c := range []struct{ customers, conversion, read, want string }{
		{"", "", " 04A1B2=x ", "04A1B2"},
		{"", "hex-to-decimal", "DEADBEEF", "3735928559"},
		{"reverse-bytes", "decimal-to-hex", "3735928559", "EFBEADDE"},
		{"", "sideways", "04A1B2", "invalid conversion"},
		{"", "hex-to-decimal", "XYZW", "invalid read"},
		{"", "", "??!!", "invalid read"},
	} {
		storetest.Set(t, o.store, o.customer, map[string]any{"card-number.conversion": c.customers})
		if got := try(c.conversion, c.read); got != c.want {
			t.Errorf("%+v gives %q", c, got)
		}
	}
}

func TestTheNameOfATokenIsItsOwn(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		made, _, err := o.service.CreateToken(ctx, o.console, "Sync", cardinal.RoleAuditor, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		o.Clock.Add(2 * time.Hour) // an expired one holds its name too
		entries := len(o.audit(0))
		_, token, err := o.service.CreateToken(ctx, o.console, "SYNC", cardinal.RoleAuditor, 0)
		refused(t, err, cardinal.CodeConflict, "name taken")
		if !token.IsZero() {
			t.Error("a refusal comes with a token")
		}
		o.audited(entries)
		other, err := o.service.CreateCustomer(ctx, o.console, account.NewCustomer{Name: "Another"})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := o.service.CreateToken(ctx, cardinal.Console(other.ID), "sync", cardinal.RoleAuditor, 0); err != nil {
			t.Errorf("another customer's token of that name: %v", err)
		}
		if err := o.service.DeleteToken(ctx, o.console, made.ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err := o.service.CreateToken(ctx, o.console, "sync", cardinal.RoleAuditor, 0); err != nil {
			t.Errorf("the name of a deleted token: %v", err)
		}
	})
}

func TestHowATokenStands(t *testing.T) {
	o := onSQLite(t)
	ctx, now := t.Context(), o.Clock.Now()
	day := 24 * time.Hour
	for name, until := range map[string]time.Time{"eternal": {}, "long": now.Add(14*day + time.Millisecond), "soon": now.Add(14 * day), "over": now.Add(day)} {
		if _, _, err := o.service.CreateTokenUntil(ctx, o.console, name, cardinal.RoleAuditor, until); err != nil {
			t.Fatal(name, err)
		}
	}
	_, _, err := o.service.CreateTokenUntil(ctx, o.console, "past", cardinal.RoleAuditor, now)
	refused(t, err, cardinal.CodeInvalid, "expiresAt invalid")
	states := func() map[string]account.TokenState {
		views, err := o.service.TokenViews(ctx, o.console, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]account.TokenState{}
		for _, view := range views {
			found[view.Name] = view.State
		}
		return found
	}
	want := map[string]account.TokenState{"eternal": account.TokenLive, "long": account.TokenLive, "soon": account.TokenSoon, "over": account.TokenSoon}
	if got := states(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the tokens are %v", got)
	}
	o.Clock.Add(day)
	want["long"], want["over"] = account.TokenSoon, account.TokenExpired
	if got := states(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("a day later the tokens are %v", got)
	}
}

func TestWhoAdministrates(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		boss, help := o.person("boss", cardinal.RoleAdministrator), o.person("Help", cardinal.RoleHelpdesk)
		o.person("anna", cardinal.RoleUser)
		o.person("late", cardinal.RoleAuditor)
		if _, err := o.service.UpdateUser(ctx, o.console, "Help", 0, account.Fields{Password: cardinal.NewPassword(password)}); err != nil {
			t.Fatal(err)
		}
		if _, err := o.service.UpdateUser(ctx, o.console, "late", 0, account.Fields{Password: cardinal.NewPassword(password)}); err != nil {
			t.Fatal(err)
		}
		o.Clock.Add(time.Hour)
		signedIn := o.Clock.Now()
		for _, name := range []string{"help", "late"} {
			from := auth.Credentials{Username: name, Password: cardinal.NewPassword(password)}
			if _, err := auth.New(o.store, o.Ring, o.passwords).SignIn(ctx, from, auth.Origin{}); err != nil {
				t.Fatal(err)
			}
		}
		o.Clock.Add(time.Hour)
		// Of two people who had one name after the other, only the later one's sign-ins count.
		if err := o.service.DeleteUser(ctx, o.console, "late", 0); err != nil {
			t.Fatal(err)
		}
		o.person("late", cardinal.RoleAuditor)
		storetest.Write(t, o.store, func(ctx context.Context, tx *store.Tx) error {
			return tx.PutTOTPSecret(ctx, o.look("help").User, store.TOTPSecret{Sealed: []byte("sealed")})
		})
		page, err := o.service.Administrators(ctx, boss, "", 2)
		if err != nil || len(page.Administrators) != 2 || page.Next != "help" {
			t.Fatalf("the first are %+v, %v", page, err)
		}
		first, second := page.Administrators[0], page.Administrators[1]
		if first.SecondFactor || !second.SecondFactor {
			t.Errorf("second factors: %v and %v", first.SecondFactor, second.SecondFactor)
		}
		if first.ID != boss.User || !first.LastSessionAt.IsZero() || second.ID != help.User || !second.LastSessionAt.Equal(signedIn) {
			t.Errorf("they are %+v", page.Administrators)
		}
		page, err = o.service.Administrators(ctx, boss, page.Next, 2)
		if err != nil || len(page.Administrators) != 1 || page.Administrators[0].Username != "late" || !page.Administrators[0].LastSessionAt.IsZero() || page.Next != "" {
			t.Errorf("the next are %+v, %v", page, err)
		}
		refusedTo := []cardinal.Role{cardinal.RoleUser, cardinal.RoleHelpdesk, cardinal.RoleProvisioner}
		for _, role := range cardinal.Roles() {
			_, err := o.service.Administrators(ctx, o.program(role), "", 2)
			if (cardinal.CodeOf(err) == cardinal.CodeForbidden) != slices.Contains(refusedTo, role) {
				t.Errorf("%s is answered %v", role, err)
			}
		}
	})
}

func TestDeletingACustomer(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		made, err := o.service.CreateCustomer(ctx, o.console, account.NewCustomer{
			Name: "Brno Library", Admin: "root", Password: cardinal.NewPassword(password), OneTime: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		there := *o
		there.customer, there.console = made.ID, cardinal.Console(made.ID)
		if !there.look("root").PasswordMustChange {
			t.Error("the one-time password of the first administrator need not be changed")
		}
		there.create(there.console, "anna", account.Fields{Credentials: withPIN(pin)})
		_, device, err := o.service.CreateDevice(ctx, there.console, cardinal.Device{Name: "Copier"})
		if err != nil {
			t.Fatal(err)
		}
		open := there.session("root")
		view, err := o.service.Customer(ctx, o.console, made.ID)
		if err != nil || view.Customer != made || view.Users != 2 || view.Administrators != 1 || view.Devices != 1 || view.Tokens != 0 {
			t.Errorf("the customer is %+v, %v", view, err)
		}
		if views, err := o.service.CustomerViews(ctx, o.console, o.customer, 9); err != nil || len(views) != 1 || views[0] != view {
			t.Errorf("the others are %+v, %v", views, err)
		}
		refused(t, o.service.DeleteCustomer(ctx, o.console, o.customer), cardinal.CodeConflict)
		refused(t, o.service.DeleteCustomer(ctx, o.console, "nobody"), cardinal.CodeNotFound)
		for _, role := range []cardinal.Role{cardinal.RoleAdministrator, cardinal.RoleAuditor} {
			refused(t, o.service.DeleteCustomer(ctx, o.program(role), made.ID), cardinal.CodeForbidden)
			_, err := o.service.Customer(ctx, o.program(role), made.ID)
			refused(t, err, cardinal.CodeForbidden)
		}
		entries := len(o.audit(0))
		if err := o.service.DeleteCustomer(ctx, o.console, made.ID); err != nil {
			t.Fatal(err)
		}
		if o.bearer(device) != "unauthenticated" || open() {
			t.Error("a device or a session of the deleted customer goes on")
		}
		_, err = auth.New(o.store, o.Ring, o.passwords).SignIn(ctx, auth.Credentials{Customer: "Brno Library", Username: "root", Password: cardinal.NewPassword(password)}, auth.Origin{})
		refused(t, err, cardinal.CodeUnauthenticated)
		o.audited(entries, written{"console", "customer.deleted", "customer Brno Library", `{"devices":1,"users":2}`, ""})
		refused(t, o.service.DeleteCustomer(ctx, o.console, made.ID), cardinal.CodeNotFound)
		// The operator of a deleted customer deletes nobody with a call that was under way.
		refused(t, o.service.DeleteCustomer(ctx, there.console, o.customer), cardinal.CodeNotFound)

		<-o.service.Deleted()
		if err := o.service.EraseDeleted(ctx); err != nil {
			t.Fatal(err)
		}
		storetest.Read(t, o.store, func(ctx context.Context, tx *store.Tx) error {
			left, err := tx.DeletedCustomers(ctx)
			if len(left) > 0 {
				t.Errorf("there is something left of %v", left)
			}
			return err
		})
		if _, err := o.service.CreateCustomer(ctx, o.console, account.NewCustomer{Name: "Brno Library"}); err != nil {
			t.Errorf("the name is not free: %v", err)
		}
	})
}

func TestPlacesAskForTheirPermission(t *testing.T) {
	o := onSQLite(t)
	ctx, made := t.Context(), o.device("Copier")
	calls := map[string]struct {
		permission cardinal.Permission
		call       func(cardinal.Caller) error
	}{
		"DeviceList": {cardinal.PermReadOptions, func(c cardinal.Caller) error {
			_, err := o.service.DeviceList(ctx, c, account.DeviceQuery{Limit: 1})
			return err
		}},
		"DeviceView":   {cardinal.PermReadOptions, func(c cardinal.Caller) error { _, err := o.service.DeviceView(ctx, c, made.ID); return err }},
		"TokenViews":   {cardinal.PermReadOptions, func(c cardinal.Caller) error { _, err := o.service.TokenViews(ctx, c, "", 1); return err }},
		"UnlockDevice": {cardinal.PermWriteOptions, func(c cardinal.Caller) error { return o.service.UnlockDevice(ctx, c, made.ID) }},
		"TryConversion": {cardinal.PermReadOptions, func(c cardinal.Caller) error {
			_, err := o.service.TryConversion(ctx, c, "", cardinal.NewToken("1").Secret)
			return err
		}},
		"CustomerViews": {cardinal.PermCustomers, func(c cardinal.Caller) error { _, err := o.service.CustomerViews(ctx, c, "", 1); return err }},
	}
	for name, c := range calls {
		for _, role := range cardinal.Roles() {
			if err := c.call(o.program(role)); (cardinal.CodeOf(err) == cardinal.CodeForbidden) == role.May(c.permission) {
				t.Errorf("%s by %s: %v", name, role, err)
			}
		}
	}
	stranger := cardinal.Console(storetest.Customer(t, o.store, "Another").ID)
	_, err := o.service.DeviceView(ctx, stranger, made.ID)
	refused(t, err, cardinal.CodeNotFound)
	refused(t, o.service.UnlockDevice(ctx, stranger, made.ID), cardinal.CodeNotFound)
}
