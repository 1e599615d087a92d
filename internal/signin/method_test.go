package signin_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/setting"
	"cardinal/internal/signin"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func TestEveryMethodSignsIn(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.identifying()
		o.giveNumber(username, cardinal.Secondary, "7788990011")
		o.update(func(u *cardinal.User) { u.FullName, u.Email = "Anna Nová", "anna@example.org" })
		o.succeeds(byCardPIN(card, pin)) // makes the PIN one that identifies
		tries := []struct {
			method cardinal.Method
			try    signin.Try
			end    string
		}{
			{cardinal.MethodCard, byCard(card), "C3D4"},
			{cardinal.MethodCardPIN, byCardPIN(card, pin), "C3D4"},
			{cardinal.MethodCardPIN, byCardPIN("  04a1b2c3d4=9912\r", pin), "c3d4"},
			{cardinal.MethodCardPIN, byCardPIN("7788990011", pin), "0011"},
			{cardinal.MethodUsernamePIN, byName(username, pin), ""},
			{cardinal.MethodUsernamePIN, byName("ANNA", pin), ""},
			{cardinal.MethodPIN, byPIN(pin), ""},
		}
		for _, try := range tries {
			want := signin.Person{Username: username, FullName: "Anna Nová", Email: "anna@example.org"}
			if got := o.succeeds(try.try); got != want {
				t.Errorf("%s answers %+v", try.method, got)
			}
		}
		for i, record := range o.records()[1:] {
			want := cardinal.SignIn{
				ID: record.ID, Customer: o.customer, Time: o.Clock.Now(), Device: "Copier 1", Method: tries[i].method,
				Username: username, Outcome: cardinal.OutcomeSuccess, NumberEnd: tries[i].end, Count: 1,
			}
			if record != want {
				t.Errorf("on record is %+v, want %+v", record, want)
			}
		}
	})
}

// Whatever is wrong, the answer is the same; only the record tells why.
func TestOneAnswerForAllThatFails(t *testing.T) {
	const nobody = "99887766"
	cases := []struct {
		name    string
		prepare func(o *office)
		try     signin.Try
		want    cardinal.SignIn
	}{
		{"wrong PIN", nil, byCardPIN(card, wrong),
			cardinal.SignIn{Method: cardinal.MethodCardPIN, Username: username, Outcome: cardinal.OutcomeWrongPIN, NumberEnd: "C3D4"}},
		{"wrong case", nil, byName(username, "K7QW29"),
			cardinal.SignIn{Method: cardinal.MethodUsernamePIN, Username: username, Outcome: cardinal.OutcomeWrongPIN}},
		{"empty PIN", nil, byName(username, ""),
			cardinal.SignIn{Method: cardinal.MethodUsernamePIN, Username: username, Outcome: cardinal.OutcomeWrongPIN}},
		{"unknown card", nil, byCardPIN(nobody, pin),
			cardinal.SignIn{Method: cardinal.MethodCardPIN, Outcome: cardinal.OutcomeUnknown, NumberEnd: "7766"}},
		{"unknown username", nil, byName("bert", pin),
			cardinal.SignIn{Method: cardinal.MethodUsernamePIN, Outcome: cardinal.OutcomeUnknown}},
		{"username that nobody can have", nil, byName("an\x00na\xff", pin),
			cardinal.SignIn{Method: cardinal.MethodUsernamePIN, Outcome: cardinal.OutcomeUnknown}},
		{"no PIN", func(o *office) { o.user("carl"); o.give("carl", nobody, "") }, byCardPIN(nobody, pin),
			cardinal.SignIn{Method: cardinal.MethodCardPIN, Username: "carl", Outcome: cardinal.OutcomeNoPIN, NumberEnd: "7766"}},
		{"disabled", func(o *office) { o.update(func(u *cardinal.User) { u.Disabled = true }) }, byCardPIN(card, pin),
			cardinal.SignIn{Method: cardinal.MethodCardPIN, Username: username, Outcome: cardinal.OutcomeDisabled, NumberEnd: "C3D4"}},
		{"locked", func(o *office) { o.fails(repeat(5, byName(username, wrong))...) }, byCardPIN(card, pin),
			cardinal.SignIn{Method: cardinal.MethodCardPIN, Username: username, Outcome: cardinal.OutcomeLocked, NumberEnd: "C3D4"}},
		{"expired", func(o *office) {
			o.set(map[string]any{setting.PINExpirationHours.Key: 1})
			o.give(username, "", "z8Yk35")
			o.Clock.Add(time.Hour)
		}, byCardPIN(card, "z8Yk35"),
			cardinal.SignIn{Method: cardinal.MethodCardPIN, Username: username, Outcome: cardinal.OutcomeExpired, NumberEnd: "C3D4"}},
		{"method off", nil, byCard(card),
			cardinal.SignIn{Method: cardinal.MethodCard, Outcome: cardinal.OutcomeMethodOff, NumberEnd: "C3D4"}},
		{"PIN alone is off", nil, byPIN(pin),
			cardinal.SignIn{Method: cardinal.MethodPIN, Outcome: cardinal.OutcomeMethodOff}},
		{"nothing", nil, signin.Try{}, cardinal.SignIn{Outcome: cardinal.OutcomeInvalid}},
		{"too much", nil, signin.Try{Number: secret(card), Username: new(string), PIN: pinOf(pin)},
			cardinal.SignIn{Outcome: cardinal.OutcomeInvalid, NumberEnd: "C3D4"}},
		{"no number", nil, byCardPIN("~~~", pin),
			cardinal.SignIn{Method: cardinal.MethodCardPIN, Outcome: cardinal.OutcomeInvalid}},
		{"card of another customer", func(o *office) {
			other := storetest.Customer(o.t, o.store, "Elsewhere").ID
			storetest.User(o.t, o.store, other, "eve")
			here := o.customer
			o.customer = other
			o.give("eve", nobody, pin)
			o.customer = here
		}, byCardPIN(nobody, pin),
			cardinal.SignIn{Method: cardinal.MethodCardPIN, Outcome: cardinal.OutcomeUnknown, NumberEnd: "7766"}},
	}
	everywhere(t, func(t *testing.T, first *office) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				o := newOfficeBeside(t, first)
				if c.prepare != nil {
					c.prepare(o)
				}
				o.fails(c.try)
				records := o.records()
				have := records[len(records)-1]
				c.want.ID, c.want.Customer, c.want.Time, c.want.Device, c.want.Count = have.ID, o.customer, o.Clock.Now(), "Copier 1", 1
				if have != c.want {
					t.Errorf("on record is %+v, want %+v", have, c.want)
				}
			})
		}
	})
}

// newOfficeBeside makes one more customer on the same database, who must get
// the same answer.
func newOfficeBeside(t *testing.T, first *office) *office {
	t.Helper()
	o := *first
	o.t = t
	o.customer = storetest.Customer(t, o.store, t.Name()).ID
	o.anna = o.user(username)
	o.give(username, card, pin)
	o.device = o.newDevice(cardinal.Device{Name: "Copier 1"})
	if o.answer == nil {
		first.fails(byName("nobody", pin))
		o.answer = first.answer
	}
	return &o
}

func TestExpiredAtTheVeryInstant(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.set(map[string]any{setting.PINExpirationHours.Key: 2})
		o.give(username, "", "z8Yk35")
		expiry := o.Clock.Now().Add(2 * time.Hour)
		o.Clock.Set(expiry.Add(-time.Millisecond))
		if person := o.succeeds(byName(username, "z8Yk35")); !person.PINExpiresAt.Equal(expiry) {
			t.Errorf("the PIN is said to expire at %s, not %s", person.PINExpiresAt, expiry)
		}
		o.Clock.Set(expiry)
		o.fails(byName(username, "z8Yk35"))
		if o.stored(o.anna).ID == "" {
			t.Error("something has swept the PIN away: this test shows nothing")
		}
	})
}

// A card alone also tells of the PIN that the user has beside it.
func TestNewPINRequired(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.set(map[string]any{setting.SignInMethods.Key: cardinal.Methods(), setting.PINExpirationHours.Key: 2})
		o.give(username, "", "z8Yk35")
		expiry := o.Clock.Now().Add(2 * time.Hour)
		tries := []signin.Try{byCard(card), byCardPIN(card, "z8Yk35"), byName(username, "z8Yk35")}
		for _, required := range []bool{false, true} {
			behind(t, o, `UPDATE pins SET new_required = $1`, required)
			for _, try := range tries {
				if person := o.succeeds(try); person.NewPINRequired != required || !person.PINExpiresAt.Equal(expiry) {
					t.Errorf("new PIN required: %v, expires: %s; want %v, %s", person.NewPINRequired, person.PINExpiresAt, required, expiry)
				}
			}
		}
		o.Clock.Set(expiry)
		if person := o.succeeds(byCard(card)); person.NewPINRequired || !person.PINExpiresAt.IsZero() {
			t.Errorf("of a PIN that has expired is told %+v", person)
		}
	})
}

// behind changes the database behind the store's back.
func behind(t *testing.T, o *office, statement string, args ...any) {
	t.Helper()
	db := connect(t, o.Database)
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T, d *storetest.Database) *sql.DB {
	t.Helper()
	db, err := sql.Open(d.Driver())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestMethodsThatAreOffCountAgainstNobody(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.set(map[string]any{
			setting.SignInMethods.Key:      []cardinal.Method{cardinal.MethodCardPIN, cardinal.MethodUsernamePIN, cardinal.MethodPIN},
			setting.SignInDeviceBudget.Key: 1,
		})
		o.device = o.newDevice(cardinal.Device{Name: "Gate", Methods: []cardinal.Method{cardinal.MethodCardPIN, cardinal.MethodCard}})
		for range 20 {
			o.fails(
				byCard(card),          // the device may, the customer may not
				byName(username, pin), // the customer may, the device may not
				byName(username, wrong),
				byPIN(pin), // PINs do not identify users
			)
		}
		if n := o.wrongTries(); n != 0 {
			t.Errorf("%d wrong tries are counted against the user", n)
		}
		o.succeeds(byCardPIN(card, pin))
		if n := o.service.Compared(); n != 1 {
			t.Errorf("%d PINs were compared", n)
		}
	})
}

func TestConversionsOfDeviceAndCustomer(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.user("bert")
		o.give("bert", "2490285352", pin)
		raw := o.newDevice(cardinal.Device{Name: "Raw", Conversion: ""})
		reversed := o.newDevice(cardinal.Device{Name: "Reversed", Conversion: "reverse-bytes"})
		o.set(map[string]any{setting.CardNumberConversion.Key: "hex-to-decimal"})
		for _, reader := range []struct {
			device cardinal.Caller
			number string
			finds  bool
		}{{raw, "946EBD28", true}, {reversed, "28BD6E94", true}, {raw, "28BD6E94", false}, {reversed, "2490285352", false}} {
			o.device = reader.device
			if reader.finds {
				if person := o.succeeds(byCardPIN(reader.number, pin)); person.Username != "bert" {
					t.Errorf("%s at %s signs in %s", reader.number, reader.device.Name, person.Username)
				}
			} else {
				o.fails(byCardPIN(reader.number, pin))
			}
		}
		// Numbers are on record as converted; reversed, 2490285352 is 5253289024 in hexadecimal.
		ends := []string{}
		for _, record := range o.records() {
			ends = append(ends, record.NumberEnd)
		}
		want := []string{"5352", "5352", fmt.Sprint(0x28BD6E94)[5:], fmt.Sprint(0x5253289024)[8:]}
		if fmt.Sprint(ends) != fmt.Sprint(want) {
			t.Errorf("on record are %q, want %q", ends, want)
		}
	})
}

func TestWhoMayAsk(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	disabled := o.newDevice(cardinal.Device{Name: "Out of order", Disabled: true})
	elsewhere := o.device
	elsewhere.Customer = storetest.Customer(t, o.store, "Elsewhere").ID
	gone := o.device
	gone.Device = "gone"
	for name, c := range map[string]struct {
		caller cardinal.Caller
		want   cardinal.Code
	}{
		"nobody":                     {cardinal.Caller{}, cardinal.CodeUnauthenticated},
		"console":                    {cardinal.Console(o.customer), cardinal.CodeForbidden},
		"operator's token":           {cardinal.Caller{Kind: cardinal.CallerToken, Customer: o.customer, Role: cardinal.RoleOperator}, cardinal.CodeForbidden},
		"device that is disabled":    {disabled, cardinal.CodeUnauthenticated},
		"device of another customer": {elsewhere, cardinal.CodeUnauthenticated},
		"device that is gone":        {gone, cardinal.CodeUnauthenticated},
	} {
		if _, err := o.service.SignIn(t.Context(), c.caller, byCardPIN(card, pin)); cardinal.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if n := len(o.records()); n != 0 {
		t.Errorf("%d tries are on record", n)
	}
}

func TestDevicesAreSeen(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	seen := func() time.Time {
		var device cardinal.Device
		storetest.Read(t, o.store, func(ctx context.Context, tx *store.Tx) (err error) {
			device, err = tx.Device(ctx, o.customer, o.device.Device)
			return err
		})
		return device.LastSeenAt
	}
	first := o.Clock.Now()
	o.succeeds(byCardPIN(card, pin))
	o.Clock.Add(time.Minute)
	o.succeeds(byCardPIN(card, pin))
	if !seen().Equal(first) {
		t.Errorf("written again at %s, within a minute", seen())
	}
	o.Clock.Add(time.Millisecond)
	o.fails(byCardPIN(card, wrong))
	if !seen().Equal(o.Clock.Now()) {
		t.Errorf("last seen at %s, not %s", seen(), o.Clock.Now())
	}
}

func TestWhoSeesTheRecord(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	bert := o.user("bert")
	o.succeeds(byCardPIN(card, pin))
	o.fails(byCardPIN(card, wrong), byName("bert", pin))
	elsewhere := storetest.Customer(t, o.store, "Elsewhere").ID
	as := func(role cardinal.Role, user cardinal.UserID) cardinal.Caller {
		return cardinal.Caller{Kind: cardinal.CallerUser, Customer: o.customer, Role: role, User: user}
	}
	for name, c := range map[string]struct {
		caller cardinal.Caller
		user   string
		want   int
		code   cardinal.Code
	}{
		"auditor, all":               {as(cardinal.RoleAuditor, "x"), "", 3, ""},
		"auditor, Anna's":            {as(cardinal.RoleAuditor, "x"), "Anna", 2, ""},
		"auditor, nobody's":          {as(cardinal.RoleAuditor, "x"), "carl", 0, cardinal.CodeNotFound},
		"Anna, her own":              {as(cardinal.RoleUser, o.anna.ID), "anna", 2, ""},
		"Anna, all":                  {as(cardinal.RoleUser, o.anna.ID), "", 0, cardinal.CodeForbidden},
		"Anna, Bert's":               {as(cardinal.RoleUser, o.anna.ID), "bert", 0, cardinal.CodeForbidden},
		"Anna, nobody's":             {as(cardinal.RoleUser, o.anna.ID), "carl", 0, cardinal.CodeForbidden},
		"Bert, his own":              {as(cardinal.RoleUser, bert.ID), "bert", 1, ""},
		"device, nobody's":           {o.device, "carl", 0, cardinal.CodeForbidden},
		"nobody":                     {cardinal.Caller{}, "", 0, cardinal.CodeUnauthenticated},
		"another customer, all":      {cardinal.Console(elsewhere), "", 0, ""},
		"another customer, Anna's":   {cardinal.Console(elsewhere), "anna", 0, cardinal.CodeNotFound},
		"another customer's auditor": {cardinal.Caller{Kind: cardinal.CallerUser, Customer: elsewhere, Role: cardinal.RoleAuditor, User: o.anna.ID}, "", 0, ""},
	} {
		records, err := o.service.Records(t.Context(), c.caller, c.user, "", 10)
		if cardinal.CodeOf(err) != c.code || len(records) != c.want {
			t.Errorf("%s: %d records and %v, want %d and %q", name, len(records), err, c.want, c.code)
		}
	}
	newest, err := o.service.Records(t.Context(), cardinal.Console(o.customer), "", "", 1)
	if err != nil || len(newest) != 1 || newest[0].Username != "bert" {
		t.Fatalf("the newest record is %+v, %v", newest, err)
	}
	older, err := o.service.Records(t.Context(), cardinal.Console(o.customer), "", newest[0].ID, 10)
	if err != nil || len(older) != 2 || older[0].Outcome != cardinal.OutcomeWrongPIN {
		t.Fatalf("before it are %+v, %v", older, err)
	}
}
