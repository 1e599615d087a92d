package auth_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/auth"
	"cardinal/internal/seal"
	"cardinal/internal/setting"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// rowsOf returns the rows of a table as text, behind the store's back.
func rowsOf(o *office, table string) []string {
	o.t.Helper()
	db, err := sql.Open(o.Driver())
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(o.t.Context(), "SELECT * FROM "+table)
	if err != nil {
		o.t.Fatal(err)
	}
	columns, err := rows.Columns()
	if err != nil {
		o.t.Fatal(err)
	}
	var texts []string
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(sql.RawBytes)
		}
		if err := rows.Scan(values...); err != nil {
			o.t.Fatal(err)
		}
		text := ""
		for _, value := range values {
			text += string(*value.(*sql.RawBytes)) + "\t"
		}
		texts = append(texts, text)
	}
	if err := rows.Err(); err != nil {
		o.t.Fatal(err)
	}
	return texts
}

func TestTheLifeOfASession(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		t.Run("idle", func(_ *testing.T) {
			token := o.signsIn("anna", right)
			o.Clock.Add(auth.SessionIdle)
			o.session(token)
			o.Clock.Add(auth.SessionIdle)
			o.session(token) // its use was noted
			o.Clock.Add(auth.SessionIdle + time.Millisecond)
			o.ended(token)
		})
		t.Run("used all day", func(_ *testing.T) {
			token, begin := o.signsIn("anna", right), o.Clock.Now()
			for !o.Clock.Now().After(begin.Add(auth.SessionAbsolute)) {
				o.session(token)
				o.Clock.Add(time.Hour)
			}
			o.ended(token)
		})
		t.Run("noted once a minute", func(t *testing.T) {
			token := o.signsIn("anna", right)
			before := fmt.Sprint(rowsOf(o, "sessions"))
			o.Clock.Add(time.Minute)
			o.session(token)
			if fmt.Sprint(rowsOf(o, "sessions")) != before {
				t.Error("written within a minute")
			}
			o.Clock.Add(time.Millisecond)
			o.session(token)
			if fmt.Sprint(rowsOf(o, "sessions")) == before {
				t.Error("not written after a minute")
			}
		})
		t.Run("signed out", func(t *testing.T) {
			one, two := o.signsIn("anna", right), o.signsIn("anna", right)
			if err := o.service.SignOut(t.Context(), o.session(one).Caller, false); err != nil {
				t.Fatal(err)
			}
			o.ended(one)
			three := o.signsIn("anna", right)
			if err := o.service.SignOut(t.Context(), o.session(two).Caller, true); err != nil {
				t.Fatal(err)
			}
			o.ended(two)
			o.ended(three)
		})
		t.Run("not by another customer", func(t *testing.T) {
			token := o.signsIn("anna", right)
			stranger := o.session(token).Caller
			stranger.Customer = storetest.Customer(t, o.store, "Elsewhere").ID
			for _, everywhere := range []bool{false, true} {
				if err := o.service.SignOut(t.Context(), stranger, everywhere); err != nil {
					t.Fatal(err)
				}
			}
			o.session(token)
		})
		t.Run("role and disabling hold at once", func(t *testing.T) {
			token, err := o.signIn(auth.Credentials{Customer: "Pilsen Print", Username: "anna", Password: cardinal.NewPassword(right)})
			if err != nil {
				t.Fatal(err)
			}
			o.update(func(u *cardinal.User) { u.Role = cardinal.RoleAuditor })
			if role := o.session(token).Caller.Role; role != cardinal.RoleAuditor {
				t.Errorf("goes on as %s", role)
			}
			o.update(func(u *cardinal.User) { u.Disabled = true })
			o.ended(token)
		})
		t.Run("nobody's", func(_ *testing.T) {
			o.ended(cardinal.Token{})
			o.ended(seal.NewToken(seal.SessionToken))
			o.ended(o.token(cardinal.APIToken{Name: "sync", Role: cardinal.RoleOperator}))
		})
	})
}

func TestChangePassword(t *testing.T) {
	const fresh = "battery staple horse"
	everywhere(t, func(t *testing.T, o *office) {
		o.setPassword(o.anna, right, true)
		mine, other := o.signsIn("anna", right), o.signsIn("anna", right)
		caller := o.session(mine).Caller
		var renewed cardinal.Token
		change := func(current, wanted string) (err error) {
			renewed, err = o.service.ChangePassword(t.Context(), caller, cardinal.NewPassword(current), cardinal.NewPassword(wanted))
			return err
		}
		refusals := []struct {
			current, wanted, field string
			code                   cardinal.ViolationCode
		}{
			{wrong, fresh, "currentPassword", cardinal.ViolationInvalid},
			{right, "short", "password", cardinal.ViolationTooShort},
			{right, right, "password", cardinal.ViolationReused},
			{right, "password1234", "password", cardinal.ViolationCommon},
		}
		for _, c := range refusals {
			err := change(c.current, c.wanted)
			violations := cardinal.ViolationsOf(err)
			if cardinal.CodeOf(err) != cardinal.CodeInvalid || len(violations) != 1 || violations[0].Field != c.field || violations[0].Code != c.code {
				t.Errorf("%s to %s: %v, %+v", c.current, c.wanted, err, violations)
			}
		}
		o.session(mine)
		o.session(other)
		if err := change(right, fresh); err != nil {
			t.Fatal(err)
		}
		if now := o.session(renewed); now.PasswordMustChange || now.Caller.Session != caller.Session {
			t.Errorf("a password of one's own must be changed: %v, in session %s of %s", now.PasswordMustChange, now.Caller.Session, caller.Session)
		}
		o.ended(mine) // the secret from before opens nothing
		o.ended(other)
		o.fails(credentials("anna", right))
		o.signsIn("anna", fresh)
		entries := storetest.Audit(t, o.store, o.customer)
		changed := 0
		for _, entry := range entries {
			if entry.Action == "password.changed" && entry.Subject == "user anna" && entry.Before == "" && entry.After == "" {
				changed++
			}
		}
		if changed != 1 {
			t.Errorf("the audit log has %d changes of the password", changed)
		}
		for _, kind := range []cardinal.CallerKind{cardinal.CallerToken, cardinal.CallerDevice, cardinal.CallerConsole, cardinal.CallerAnonymous} {
			stranger := caller
			stranger.Kind = kind
			_, err := o.service.ChangePassword(t.Context(), stranger, cardinal.NewPassword(fresh), cardinal.NewPassword(right))
			if cardinal.CodeOf(err) != cardinal.CodeForbidden {
				t.Errorf("%s: %v", kind, err)
			}
		}
	})
}

// Guessing the present password counts like guessing at the door, but a new one
// that is refused is no guess.
func TestGuessingThePresentPassword(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	caller := o.session(o.signsIn("anna", right)).Caller
	change := func(current, wanted string) cardinal.Code {
		_, err := o.service.ChangePassword(t.Context(), caller, cardinal.NewPassword(current), cardinal.NewPassword(wanted))
		return cardinal.CodeOf(err)
	}
	for range 15 {
		if code := change(right, "short"); code != cardinal.CodeInvalid {
			t.Fatalf("a short password: %s", code)
		}
	}
	for range 10 {
		if code := change(wrong, "battery staple horse"); code != cardinal.CodeInvalid {
			t.Fatalf("a guess: %s", code)
		}
	}
	if code := change(right, "battery staple horse"); code != cardinal.CodeRateLimited {
		t.Errorf("past the limit: %s", code)
	}
	o.limited(credentials("anna", right))
	o.Clock.Add(15 * time.Minute)
	if code := change(right, "battery staple horse"); code != "" {
		t.Errorf("after the lock: %s", code)
	}
	o.signsIn("anna", "battery staple horse")
}

// Who knows an old password must not undo the change of it.
func TestAPasswordChangedDuringTheComparison(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	caller := o.session(o.signsIn("anna", right)).Caller
	before := addressCount(o)
	next, err := auth.NewPasswords(1).Hash(t.Context(), cardinal.NewPassword("quite another horse"))
	if err != nil {
		t.Fatal(err)
	}
	release := o.passwords.Hold()
	answer := make(chan error, 1)
	go func() {
		_, err := o.service.ChangePassword(t.Context(), caller, cardinal.NewPassword(right), cardinal.NewPassword("battery staple horse"))
		answer <- err
	}()
	for addressCount(o) == before {
		time.Sleep(time.Millisecond)
	}
	storetest.Write(t, o.store, func(ctx context.Context, tx *store.Tx) error {
		return tx.SetPassword(ctx, o.anna, string(next), false)
	})
	release()
	if err := <-answer; cardinal.CodeOf(err) != cardinal.CodeInvalid {
		t.Errorf("answered %v", err)
	}
	o.signsIn("anna", "quite another horse")
}

func TestBearer(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		bearer := func(token cardinal.Token) auth.Bearer {
			t.Helper()
			b, err := o.service.Bearer(t.Context(), token, o.from)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		refused := func(token cardinal.Token) {
			t.Helper()
			b, err := o.service.Bearer(t.Context(), token, o.from)
			if cardinal.CodeOf(err) != cardinal.CodeUnauthenticated || b != (auth.Bearer{}) {
				t.Errorf("answered %+v, %v", b, err)
			}
		}
		begin := o.Clock.Now()
		o.Clock.Add(-2 * time.Hour)
		short := o.token(cardinal.APIToken{Name: "short", Role: cardinal.RoleProvisioner, ExpiresAt: begin.Add(time.Hour)})
		long := o.token(cardinal.APIToken{Name: "long", Role: cardinal.RoleAuditor})
		o.Clock.Set(begin)

		got := bearer(short)
		want := cardinal.Caller{
			Kind: cardinal.CallerToken, Customer: o.customer, Role: cardinal.RoleProvisioner, Token: got.Caller.Token, Name: "short",
			Address: o.from.Address, RequestID: "r1",
		}
		if got.Caller != want || got.Caller.Token == "" || got.RatePerSecond != 50 {
			t.Errorf("the token's bearer is %+v", got)
		}
		o.Clock.Set(begin.Add(time.Hour - time.Millisecond))
		bearer(short)
		o.Clock.Set(begin.Add(time.Hour))
		refused(short)
		storetest.Set(t, o.store, o.customer, map[string]any{setting.APIRatePerSecond.Key: 7})
		if rate := bearer(long).RatePerSecond; rate != 7 {
			t.Errorf("the rate is %d", rate)
		}

		printer, id := o.device("Printer", false)
		device := bearer(printer)
		want = cardinal.Caller{
			Kind: cardinal.CallerDevice, Customer: o.customer, Device: id, Name: "Printer", Address: o.from.Address, RequestID: "r1",
			Proof: string(seal.TokenHash(printer)),
		}
		if device.Caller != want {
			t.Errorf("the device's bearer is %+v", device)
		}
		for _, p := range []cardinal.Permission{cardinal.PermReadUsers, cardinal.PermOwnDetails, cardinal.PermReadOptions} {
			if device.Caller.May(p) {
				t.Errorf("a device may %s", p)
			}
		}
		out, _ := o.device("Out of order", true)
		refused(out)
		refused(cardinal.Token{})
		refused(seal.NewToken(seal.APIToken))
		refused(seal.NewToken(seal.DeviceToken))
		refused(o.signsIn("anna", right))
	})
}

func TestUseOfTokensIsNoted(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	token := o.token(cardinal.APIToken{Name: "sync", Role: cardinal.RoleAuditor})
	use := func() time.Time {
		t.Helper()
		b, err := o.service.Bearer(t.Context(), token, o.from)
		if err != nil {
			t.Fatal(err)
		}
		var found cardinal.APIToken
		storetest.Read(t, o.store, func(ctx context.Context, tx *store.Tx) error {
			found, err = tx.APIToken(ctx, o.customer, b.Caller.Token)
			return err
		})
		return found.LastUsedAt
	}
	first := o.Clock.Now()
	if noted := use(); !noted.Equal(first) {
		t.Errorf("noted is %s", noted)
	}
	o.Clock.Add(time.Minute)
	if noted := use(); !noted.Equal(first) {
		t.Errorf("written again within a minute")
	}
	o.Clock.Add(time.Millisecond)
	if noted := use(); !noted.Equal(o.Clock.Now()) {
		t.Errorf("noted is %s, not %s", noted, o.Clock.Now())
	}
}

// device adds a device and returns its token.
func (o *office) device(name string, disabled bool) (cardinal.Token, cardinal.DeviceID) {
	o.t.Helper()
	token := seal.NewToken(seal.DeviceToken)
	var id cardinal.DeviceID
	storetest.Write(o.t, o.store, func(ctx context.Context, tx *store.Tx) error {
		id = cardinal.DeviceID(tx.NewID())
		d := cardinal.Device{ID: id, Customer: o.customer, Name: name, Disabled: disabled}
		return tx.AddDevice(ctx, d, seal.TokenHash(token))
	})
	return token, id
}
