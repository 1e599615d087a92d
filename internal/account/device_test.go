package account_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/auth"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// bearer returns the name of whose token it is, or the code of the refusal.
func (o *office) bearer(token cardinal.Token) string {
	o.t.Helper()
	b, err := auth.New(o.store, o.Ring, o.passwords).Bearer(o.t.Context(), token, auth.Origin{})
	if err != nil {
		return string(cardinal.CodeOf(err))
	}
	return b.Caller.Name
}

func TestTheLifeOfADevice(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		pinOnly := []cardinal.Method{cardinal.MethodCardPIN}
		made, token, err := o.service.CreateDevice(ctx, o.console, cardinal.Device{
			ID: "mine", Customer: "mine", Revision: 7, Name: "Copier 1", Methods: pinOnly, Conversion: "hex-to-decimal",
		})
		if err != nil {
			t.Fatal(err)
		}
		want := cardinal.Device{
			ID: made.ID, Customer: o.customer, Name: "Copier 1", Methods: pinOnly, Conversion: "hex-to-decimal", CreatedAt: o.Clock.Now(), Revision: 1,
		}
		if fmt.Sprint(made) != fmt.Sprint(want) || made.ID == "mine" {
			t.Errorf("made is %+v", made)
		}
		if read, err := o.service.Device(ctx, o.console, made.ID); err != nil || fmt.Sprint(read) != fmt.Sprint(want) {
			t.Errorf("read is %+v, %v", read, err)
		}
		if name := o.bearer(token); name != "Copier 1" {
			t.Errorf("the token is %s's", name)
		}

		other, _, err := o.service.CreateDevice(ctx, o.console, cardinal.Device{Name: "Copier 2"})
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = o.service.CreateDevice(ctx, o.console, cardinal.Device{Name: "COPIER 1"})
		refused(t, err, cardinal.CodeConflict, "name taken")
		other.Name = "copier 1"
		_, err = o.service.UpdateDevice(ctx, o.console, other)
		refused(t, err, cardinal.CodeConflict, "name taken")

		changed, err := o.service.UpdateDevice(ctx, o.console, cardinal.Device{ID: made.ID, Name: "COPIER 1", Disabled: true, Revision: 1})
		if err != nil || changed.Revision != 2 || changed.Methods != nil || changed.Conversion != "" || !changed.Disabled {
			t.Fatalf("changed is %+v, %v", changed, err)
		}
		_, err = o.service.UpdateDevice(ctx, o.console, cardinal.Device{ID: made.ID, Name: "Copier 9", Revision: 1})
		refused(t, err, cardinal.CodeStale)
		if name := o.bearer(token); name != "unauthenticated" {
			t.Errorf("the token of a disabled device is %s's", name)
		}
		if _, err = o.service.UpdateDevice(ctx, o.console, cardinal.Device{ID: made.ID, Name: "COPIER 1"}); err != nil {
			t.Fatal(err)
		}

		same, err := o.service.UpdateDevice(ctx, o.console, cardinal.Device{ID: made.ID, Name: "COPIER 1"})
		if err != nil || same.Revision != 3 {
			t.Errorf("a change that changes nothing makes %+v, %v", same, err)
		}

		renewed, err := o.service.RenewDeviceToken(ctx, o.console, made.ID)
		if err != nil || o.bearer(token) != "unauthenticated" || o.bearer(renewed) != "COPIER 1" {
			t.Errorf("after a renewal the tokens are %s's and %s's, %v", o.bearer(token), o.bearer(renewed), err)
		}
		list, err := o.service.Devices(ctx, o.console, "", 1)
		if err != nil || len(list) != 1 || list[0].ID != made.ID {
			t.Errorf("the first is %+v, %v", list, err)
		}
		if list, err = o.service.Devices(ctx, o.console, list[0].ID, 10); err != nil || len(list) != 1 || list[0].ID != other.ID {
			t.Errorf("the next are %+v, %v", list, err)
		}
		refused(t, o.service.DeleteDevice(ctx, o.console, made.ID, 3), cardinal.CodeStale)
		if err := o.service.DeleteDevice(ctx, o.console, made.ID, 4); err != nil || o.bearer(renewed) != "unauthenticated" {
			t.Errorf("the token of a deleted device is %s's, %v", o.bearer(renewed), err)
		}
		refused(t, o.service.DeleteDevice(ctx, o.console, made.ID, 0), cardinal.CodeNotFound)
		_, err = o.service.RenewDeviceToken(ctx, o.console, made.ID)
		refused(t, err, cardinal.CodeNotFound)
		o.audited(0,
			written{"console", "device.created", "device Copier 1", "", `{"conversion":"hex-to-decimal","disabled":false,"methods":["card-pin"],"name":"Copier 1"}`},
			written{"console", "device.created", "device Copier 2", "", `{"conversion":"","disabled":false,"methods":null,"name":"Copier 2"}`},
			written{"console", "device.updated", "device Copier 1",
				`{"conversion":"hex-to-decimal","disabled":false,"methods":["card-pin"],"name":"Copier 1"}`,
				`{"conversion":"","disabled":true,"methods":null,"name":"COPIER 1"}`},
			written{"console", "device.updated", "device COPIER 1", `{"disabled":true}`, `{"disabled":false}`},
			written{"console", "device.token-renewed", "device COPIER 1", "", ""},
			written{"console", "device.deleted", "device COPIER 1", `{"conversion":"","disabled":false,"methods":null,"name":"COPIER 1"}`, ""},
		)
	})
}

func TestDevicesThatCannotBe(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		for name, c := range map[string]struct {
			device cardinal.Device
			want   []string
		}{
			"no name":          {cardinal.Device{}, []string{"name invalid"}},
			"long name":        {cardinal.Device{Name: strings.Repeat("ž", 101)}, []string{"name invalid"}},
			"two lines":        {cardinal.Device{Name: "a\nb"}, []string{"name invalid"}},
			"no method":        {cardinal.Device{Name: "a", Methods: []cardinal.Method{}}, []string{"methods invalid"}},
			"unknown methods":  {cardinal.Device{Name: "a", Methods: []cardinal.Method{"face", "iris"}}, []string{"methods invalid"}},
			"conversion":       {cardinal.Device{Name: "a", Conversion: "upside-down"}, []string{"conversion invalid"}},
			"zero in it":       {cardinal.Device{Name: "a", Conversion: "regex:(\x00)"}, []string{"conversion invalid"}},
			"long conversion":  {cardinal.Device{Name: "a", Conversion: "regex:(" + strings.Repeat("a", 255) + ")"}, []string{"conversion invalid"}},
			"all at once":      {cardinal.Device{Name: "", Methods: []cardinal.Method{"face"}, Conversion: "x"}, []string{"name invalid", "methods invalid", "conversion invalid"}},
			"as long as it be": {cardinal.Device{Name: strings.Repeat("ž", 100), Methods: cardinal.Methods(), Conversion: "reverse-bytes|hex-to-decimal"}, nil},
		} {
			_, _, err := o.service.CreateDevice(t.Context(), o.console, c.device)
			if c.want == nil {
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			t.Run(name, func(t *testing.T) {
				refused(t, err, cardinal.CodeInvalid, c.want...)
				_, err := o.service.UpdateDevice(t.Context(), o.console, c.device)
				refused(t, err, cardinal.CodeInvalid, c.want...)
			})
		}
		if devices, err := o.service.Devices(t.Context(), o.console, "", 10); err != nil || len(devices) != 1 {
			t.Errorf("%d devices, %v", len(devices), err)
		}
	})
}

func TestTheLifeOfAToken(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		ctx, boss := t.Context(), o.person("boss", cardinal.RoleAdministrator)
		made, token, err := o.service.CreateToken(ctx, boss, "sync", cardinal.RoleProvisioner, 90*24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		now := o.Clock.Now()
		want := cardinal.APIToken{
			ID: made.ID, Customer: o.customer, Name: "sync", Role: cardinal.RoleProvisioner, CreatedBy: "user boss", CreatedAt: now, ExpiresAt: now.AddDate(0, 0, 90),
		}
		if made != want {
			t.Errorf("made is %+v", made)
		}
		if read, err := o.service.Token(ctx, boss, made.ID); err != nil || read != want {
			t.Errorf("read is %+v, %v", read, err)
		}
		forever, eternal, err := o.service.CreateToken(ctx, boss, "backup", cardinal.RoleAdministrator, 0)
		if err != nil || !forever.ExpiresAt.IsZero() {
			t.Fatalf("%+v, %v", forever, err)
		}
		o.Clock.Set(made.ExpiresAt.Add(-time.Millisecond))
		if name := o.bearer(token); name != "sync" {
			t.Errorf("the token is %s's", name)
		}
		o.Clock.Set(made.ExpiresAt)
		if o.bearer(token) != "unauthenticated" || o.bearer(eternal) != "backup" {
			t.Errorf("the tokens are %s's and %s's", o.bearer(token), o.bearer(eternal))
		}
		list, err := o.service.Tokens(ctx, boss, "", 1)
		if err != nil || len(list) != 1 || list[0].ID != made.ID {
			t.Errorf("the first is %+v, %v", list, err)
		}
		if list, err = o.service.Tokens(ctx, boss, list[0].ID, 10); err != nil || len(list) != 1 || list[0].ID != forever.ID || list[0].LastUsedAt.IsZero() {
			t.Errorf("the next are %+v, %v", list, err)
		}
		if err := o.service.DeleteToken(ctx, boss, forever.ID); err != nil || o.bearer(eternal) != "unauthenticated" {
			t.Errorf("a deleted token is %s's, %v", o.bearer(eternal), err)
		}
		refused(t, o.service.DeleteToken(ctx, boss, forever.ID), cardinal.CodeNotFound)
		o.audited(0,
			written{"user boss", "api-token.created", "API token sync", "", `{"expiresAt":"2026-05-31T12:00:00Z","role":"provisioner"}`},
			written{"user boss", "api-token.created", "API token backup", "", `{"role":"administrator"}`},
			written{"user boss", "api-token.deleted", "API token backup", "", ""},
		)
	})
}

func TestWhichTokensCannotBe(t *testing.T) {
	o := onSQLite(t)
	ctx, boss := t.Context(), o.person("boss", cardinal.RoleAdministrator)
	create := func(caller cardinal.Caller, name string, role cardinal.Role, lifetime time.Duration) error {
		_, token, err := o.service.CreateToken(ctx, caller, name, role, lifetime)
		if err != nil && !token.IsZero() {
			t.Error("a refusal comes with a token")
		}
		return err
	}
	refused(t, create(boss, "", cardinal.RoleAuditor, 0), cardinal.CodeInvalid, "name invalid")
	refused(t, create(boss, "a\x00", cardinal.RoleUser, -1), cardinal.CodeInvalid, "name invalid", "role invalid", "expiresAt invalid")
	refused(t, create(boss, "sync", "king", 0), cardinal.CodeInvalid, "role invalid")
	refused(t, create(boss, "sync", cardinal.RoleOperator, 0), cardinal.CodeForbidden)
	refused(t, create(o.program(cardinal.RoleAdministrator), "sync", cardinal.RoleOperator, 0), cardinal.CodeForbidden)
	made, _, err := o.service.CreateToken(ctx, o.console, "top", cardinal.RoleOperator, 0)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, o.service.DeleteToken(ctx, boss, made.ID), cardinal.CodeForbidden)
	if tokens, err := o.service.Tokens(ctx, boss, "", 10); err != nil || len(tokens) != 1 {
		t.Errorf("%+v, %v", tokens, err)
	}
}

// What is handed out once is stored as a hash alone.
func TestTokensAreNotStored(t *testing.T) {
	o := onSQLite(t)
	_, device, err := o.service.CreateDevice(t.Context(), o.console, cardinal.Device{Name: "Copier"})
	if err != nil {
		t.Fatal(err)
	}
	_, program, err := o.service.CreateToken(t.Context(), o.console, "sync", cardinal.RoleAuditor, 0)
	if err != nil {
		t.Fatal(err)
	}
	storetest.Read(t, o.store, func(ctx context.Context, tx *store.Tx) error {
		for _, token := range []cardinal.Token{device, program} {
			if _, err := tx.DeviceByToken(ctx, []byte(token.Reveal())); cardinal.CodeOf(err) != cardinal.CodeNotFound {
				t.Error("a device's token is stored")
			}
			if _, err := tx.APITokenByHash(ctx, []byte(token.Reveal())); cardinal.CodeOf(err) != cardinal.CodeNotFound {
				t.Error("an API token is stored")
			}
		}
		return nil
	})
	o.audit(0) // fails where the log has a token
}
