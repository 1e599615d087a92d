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
	"cardinal/internal/credential"
	"cardinal/internal/setting"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func TestAUserIsMadeWhole(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		storetest.Set(t, o.store, o.customer, map[string]any{setting.PINExpirationHours.Key: 48})
		view := o.create(o.console, "Zoe\u0301", account.Fields{ // decomposed
			FullName: new("Zoé Nová"), Email: new("zoe@example.org"), Department: new("Sales"), Notes: new("two\nlines"),
			Role: new(cardinal.RoleHelpdesk), Disabled: new(true), Password: cardinal.NewPassword(password),
			Credentials: credential.Change{PIN: cardinal.NewPIN(pin), Numbers: []credential.NumberChange{
				numbered(t, cardinal.Primary, number), numbered(t, cardinal.Secondary, "7788990011"),
			}},
		})
		now := o.Clock.Now()
		want := cardinal.User{
			ID: view.ID, Customer: o.customer, Username: "Zoé", FullName: "Zoé Nová", Email: "zoe@example.org", Department: "Sales",
			Notes: "two\nlines", Role: cardinal.RoleHelpdesk, Disabled: true, Source: account.SourceManual, PasswordMustChange: true,
			HasPassword: true, CreatedAt: now, UpdatedAt: now, Revision: view.Revision,
		}
		if view.User != want {
			t.Errorf("made is %+v, want %+v", view.User, want)
		}
		if !view.HasPIN() || !view.PIN.ExpiresAt.Equal(now.Add(48*time.Hour)) || view.PIN.Generated {
			t.Errorf("the PIN is %+v", view.PIN)
		}
		if view.Number(cardinal.Primary) != number || view.Number(cardinal.Secondary) != "7788990011" {
			t.Errorf("the numbers are %+v", view.Numbers)
		}
		if again := o.look("zoé"); fmt.Sprint(again) != fmt.Sprint(view) {
			t.Errorf("looked at, it is %+v, made was %+v", again, view)
		}
		subject := "user Zoé"
		o.audited(0,
			written{"console", "user.created", subject, "", `{"department":"Sales","disabled":true,"email":"zoe@example.org","fullName":"Zoé Nová","notes":"two\nlines","role":"helpdesk"}`},
			written{"console", "card-number.changed", subject, "", `{"primary":"••••C3D4"}`},
			written{"console", "card-number.changed", subject, "", `{"secondary":"••••0011"}`},
			written{"console", "pin.set", subject, "", `{"expiresAt":"2026-03-04T12:00:00Z","generated":false,"replaced":false}`},
			written{"console", "password.set", subject, "", ""},
		)
		if made := o.create(o.program(cardinal.RoleProvisioner), "bert", account.Fields{}); made.Source != account.SourceAPI || made.Role != cardinal.RoleUser {
			t.Errorf("a program makes %+v", made.User)
		}
	})
}

// All that is wrong comes at once, and nothing of the rest is done.
func TestAUserIsMadeWholeOrNotAtAll(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.create(o.console, "anna", account.Fields{Credentials: credential.Change{Numbers: []credential.NumberChange{numbered(t, cardinal.Primary, number)}}})
		entries := len(o.audit(0))
		taken := []credential.NumberChange{numbered(t, cardinal.Primary, strings.ToLower(number)), numbered(t, cardinal.Secondary, "7788990011")}
		for _, c := range []struct {
			name     string
			username string
			fields   account.Fields
			code     cardinal.Code
			want     []string
		}{
			{"no name", "", account.Fields{}, cardinal.CodeInvalid, []string{"username required"}},
			{"impossible name", "a/b", account.Fields{Credentials: withPIN("1")}, cardinal.CodePolicyViolation, []string{"username invalid", "pin too_short"}},
			{"name taken", "ANNA", account.Fields{}, cardinal.CodeConflict, []string{"username taken"}},
			{"name taken and more", "Anna", account.Fields{Email: new("nobody"), Credentials: withPIN("anna1")}, cardinal.CodePolicyViolation,
				[]string{"username taken", "email invalid", "pin common", "pin personal"}},
			{"number taken", "bert", account.Fields{Credentials: credential.Change{Numbers: taken}}, cardinal.CodeConflict, []string{"primaryCardNumber taken"}},
			{"all fields", "bert", account.Fields{
				FullName: new(strings.Repeat("ž", 256)), Email: new("nobody"), Department: new("two\nlines"), Notes: new(strings.Repeat("n", 2001)),
				Role: new(cardinal.RoleProvisioner), Password: cardinal.NewPassword("short"),
				Credentials: credential.Change{PIN: cardinal.NewPIN("1 1"), Numbers: taken},
			}, cardinal.CodePolicyViolation, []string{
				"fullName invalid", "email invalid", "department invalid", "notes invalid", "role invalid", "password too_short",
				"pin too_short", "pin bad_character", "primaryCardNumber taken",
			}},
			{"what no database takes", "bert", account.Fields{FullName: new("a\x00b"), Notes: new("\xff"), Email: new("nobody"), Credentials: withPIN("1234")},
				cardinal.CodePolicyViolation, []string{"fullName invalid", "notes invalid", "email invalid", "pin sequential", "pin common"}},
			{"no role", "bert", account.Fields{Role: new(cardinal.Role("king"))}, cardinal.CodeInvalid, []string{"role invalid"}},
			{"long password", "bert", account.Fields{Password: cardinal.NewPassword(strings.Repeat("wörd ", 41))}, cardinal.CodeInvalid, []string{"password too_long"}},
		} {
			t.Run(c.name, func(t *testing.T) {
				_, err := o.service.CreateUser(t.Context(), o.console, c.username, c.fields)
				refused(t, err, c.code, c.want...)
				if names := o.names(); !slices.Equal(names, []string{"anna"}) {
					t.Errorf("there are now %q", names)
				}
			})
		}
		o.audited(entries)
		o.create(o.console, "bert", account.Fields{Credentials: credential.Change{Numbers: taken[1:]}}) // the other number was left free
	})
}

func TestAUserIsChangedWholeOrNotAtAll(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.create(o.console, "bert", account.Fields{Credentials: credential.Change{Numbers: []credential.NumberChange{numbered(t, cardinal.Primary, "7788990011")}}})
		made := o.create(o.console, "anna", account.Fields{FullName: new("Anna"), Credentials: credential.Change{
			PIN: cardinal.NewPIN(pin), Numbers: []credential.NumberChange{numbered(t, cardinal.Primary, number)},
		}})
		entries := len(o.audit(0))
		o.Clock.Add(time.Hour)
		err := o.update(o.console, "anna", account.Fields{
			FullName: new("Anna Nová"), Email: new("nobody"), Password: cardinal.NewPassword("password1234"),
			Credentials: credential.Change{PIN: cardinal.NewPIN(pin), Numbers: []credential.NumberChange{
				numbered(t, cardinal.Primary, "7788990011"), numbered(t, cardinal.Secondary, "990011")}},
		})
		refused(t, err, cardinal.CodePolicyViolation, "email invalid", "password common", "pin reused", "primaryCardNumber taken")
		for _, f := range []account.Fields{
			{FullName: new("Anna Nová"), Credentials: withPIN("123")},
			{Credentials: credential.Change{RemovePIN: true}, Password: cardinal.NewPassword("x")},
			{Notes: new("new"), Credentials: credential.Change{RemovePIN: true, Numbers: []credential.NumberChange{
				{Slot: cardinal.Primary}, numbered(t, cardinal.Secondary, "7788990011")}}},
		} {
			if err := o.update(o.console, "anna", f); err == nil {
				t.Fatalf("%+v is accepted", f)
			}
		}
		if now := o.look("anna"); fmt.Sprint(now) != fmt.Sprint(made) {
			t.Errorf("a refused change has made of %+v\n%+v", made, now)
		}
		o.audited(entries)

		err = o.update(o.console, "ANNA", account.Fields{
			FullName: new("Anna Nová"), Notes: new(""), Department: new("Sales"),
			Credentials: credential.Change{PIN: cardinal.NewPIN("z8Yk35"), Numbers: []credential.NumberChange{
				{Slot: cardinal.Primary}, numbered(t, cardinal.Secondary, number)}},
		})
		if err != nil {
			t.Fatal(err)
		}
		o.audited(entries,
			written{"console", "user.updated", "user anna", `{"department":"","fullName":"Anna"}`, `{"department":"Sales","fullName":"Anna Nová"}`},
			written{"console", "card-number.changed", "user anna", `{"primary":"••••C3D4"}`, ""},
			written{"console", "card-number.changed", "user anna", "", `{"secondary":"••••C3D4"}`},
			written{"console", "pin.set", "user anna", "", `{"generated":false,"replaced":true}`},
		)
		now := o.look("anna")
		if !now.UpdatedAt.Equal(o.Clock.Now()) || !now.CreatedAt.Equal(made.CreatedAt) || now.ID != made.ID || now.PIN.ID == made.PIN.ID {
			t.Errorf("changed is %+v", now)
		}
		if err := o.update(o.console, "anna", account.Fields{FullName: new("Anna Nová")}); err != nil {
			t.Fatal(err)
		}
		if again := o.look("anna"); again.Revision != now.Revision || len(o.audit(entries)) != 4 {
			t.Error("a change that changes nothing is counted or audited")
		}
	})
}

func TestStaleRevisions(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		first := o.create(o.console, "anna", account.Fields{}).Revision
		next, err := o.service.UpdateUser(t.Context(), o.console, "anna", first, account.Fields{FullName: new("Anna")})
		if err != nil || next.Revision == first {
			t.Fatalf("revision %d after %d, %v", next.Revision, first, err)
		}
		_, err = o.service.UpdateUser(t.Context(), o.console, "anna", first, account.Fields{FullName: new("Other"), Credentials: withPIN(pin)})
		refused(t, err, cardinal.CodeStale)
		refused(t, o.service.DeleteUser(t.Context(), o.console, "anna", first), cardinal.CodeStale)
		if view := o.look("anna"); view.FullName != "Anna" || view.HasPIN() {
			t.Errorf("a stale change made %+v", view)
		}
		if err := o.service.DeleteUser(t.Context(), o.console, "anna", next.Revision); err != nil {
			t.Fatal(err)
		}
		if names := o.names(); names != nil {
			t.Errorf("there are still %q", names)
		}
	})
}

// Two who saw the same revision cannot both save.
func TestTwoSaveAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		seen := o.create(o.console, "anna", account.Fields{}).Revision
		nodes := []*account.Service{o.service, o.node(o.Open(t))}
		answers := make(chan error, 8)
		for i := range cap(answers) {
			go func() {
				_, err := nodes[i%2].UpdateUser(t.Context(), o.console, "anna", seen, account.Fields{FullName: new(fmt.Sprint("Anna ", i))})
				answers <- err
			}()
		}
		saved := 0
		for range cap(answers) {
			switch err := <-answers; cardinal.CodeOf(err) {
			case "":
				saved++
			case cardinal.CodeStale:
			default:
				t.Error(err)
			}
		}
		if saved != 1 {
			t.Errorf("%d saved", saved)
		}
	})
}

func TestDeletingAUser(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		numbers := []credential.NumberChange{numbered(t, cardinal.Primary, number)}
		o.create(o.console, "anna", account.Fields{FullName: new("Anna"), Role: new(cardinal.RoleAuditor), Credentials: credential.Change{PIN: cardinal.NewPIN(pin), Numbers: numbers}})
		open, entries := o.session("anna"), len(o.audit(0))
		if err := o.service.DeleteUser(t.Context(), o.console, "Anna", 0); err != nil {
			t.Fatal(err)
		}
		if open() {
			t.Error("the session goes on")
		}
		o.audited(entries, written{"console", "user.deleted", "user anna", `{"fullName":"Anna","role":"auditor"}`, ""})
		refused(t, o.service.DeleteUser(t.Context(), o.console, "anna", 0), cardinal.CodeNotFound)
		// Name, number and PIN are free again.
		o.create(o.console, "anna", account.Fields{Credentials: credential.Change{PIN: cardinal.NewPIN(pin), Numbers: numbers}})
	})
}

func TestWhatEndsSessions(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.person("boss", cardinal.RoleAdministrator)
		for _, c := range []struct {
			name   string
			fields account.Fields
			ends   bool
		}{
			{"another name", account.Fields{FullName: new("Anna")}, false},
			{"a PIN", account.Fields{Credentials: withPIN(pin)}, false},
			{"another role", account.Fields{Role: new(cardinal.RoleAuditor)}, true},
			{"the same role", account.Fields{Role: new(cardinal.RoleUser)}, false},
			{"disabled", account.Fields{Disabled: new(true)}, true},
			{"a password", account.Fields{Password: cardinal.NewPassword(password)}, true},
			{"a password that is refused", account.Fields{Password: cardinal.NewPassword("x")}, false},
			{"no password", account.Fields{RemovePassword: true}, true},
			{"a role, but something is refused", account.Fields{Role: new(cardinal.RoleAuditor), Email: new("nobody")}, false},
		} {
			t.Run(c.name, func(t *testing.T) {
				name := "anna " + strings.ReplaceAll(c.name, ",", "")
				o.create(o.console, name, account.Fields{Password: cardinal.NewPassword(password)})
				open := o.session(name)
				_ = o.update(o.console, name, c.fields)
				if open() == c.ends {
					t.Errorf("goes on: %v", open())
				}
			})
		}
	})
}

func TestANumberForEveryNewUser(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		if view := o.create(o.console, "before", account.Fields{}); len(view.Numbers) != 0 {
			t.Fatalf("has numbers: %+v", view.Numbers)
		}
		storetest.Set(t, o.store, o.customer, map[string]any{setting.CardIDGenerateForNewUsers.Key: true, setting.CardIDGeneratedLength.Key: 9})
		made := o.create(o.console, "anna", account.Fields{})
		if text := made.Number(cardinal.Primary); len(text) != 9 || strings.Trim(text, "0123456789") != "" || len(made.Numbers) != 1 {
			t.Errorf("the numbers are %+v", made.Numbers)
		}
		own := o.create(o.console, "bert", account.Fields{Credentials: credential.Change{Numbers: []credential.NumberChange{numbered(t, cardinal.Primary, number)}}})
		if own.Number(cardinal.Primary) != number {
			t.Errorf("the numbers are %+v", own.Numbers)
		}
		second := o.create(o.console, "carl", account.Fields{Credentials: credential.Change{Numbers: []credential.NumberChange{numbered(t, cardinal.Secondary, "990011")}}})
		if len(second.Numbers) != 2 || second.Number(cardinal.Secondary) != "990011" {
			t.Errorf("the numbers are %+v", second.Numbers)
		}
		if err := o.update(o.console, "before", account.Fields{FullName: new("Before")}); err != nil || len(o.look("before").Numbers) != 0 {
			t.Errorf("a user who is not new got a number, or %v", err)
		}
	})
}

func TestWhatIsSeenOfAUser(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		storetest.Set(t, o.store, o.customer, map[string]any{
			setting.PINExpirationHours.Key: 1, setting.UserCanViewCardID.Key: "secondary",
		})
		made := o.create(o.console, "anna", account.Fields{Credentials: credential.Change{PIN: cardinal.NewPIN(pin), Numbers: []credential.NumberChange{
			numbered(t, cardinal.Primary, number), numbered(t, cardinal.Secondary, "7788990011")}}})
		self := cardinal.Caller{Kind: cardinal.CallerUser, Customer: o.customer, Role: cardinal.RoleUser, User: made.ID, Name: "anna"}
		for name, c := range map[string]struct {
			caller cardinal.Caller
			want   [2]string
		}{
			"helpdesk": {o.person("help", cardinal.RoleHelpdesk), [2]string{number, "7788990011"}},
			"auditor":  {o.person("audit", cardinal.RoleAuditor), [2]string{"••••C3D4", "••••0011"}},
			"herself":  {self, [2]string{"••••C3D4", "7788990011"}},
		} {
			view, err := o.service.User(t.Context(), c.caller, "ANNA")
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if have := [2]string{view.Number(cardinal.Primary), view.Number(cardinal.Secondary)}; have != c.want {
				t.Errorf("%s sees %q", name, have)
			}
		}
		for _, other := range []string{"help", "nobody"} {
			_, err := o.service.User(t.Context(), self, other)
			refused(t, err, cardinal.CodeForbidden)
		}
		until := o.Clock.Now().Add(time.Minute)
		storetest.Write(t, o.store, func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.LockCounter(ctx, o.customer, store.UserSubject(made.ID)); err != nil {
				return err
			}
			return tx.SetCounter(ctx, o.customer, store.UserSubject(made.ID), store.Counter{Wrong: 5, ChangedAt: tx.Now(), LockedUntil: until})
		})
		if view := o.look("anna"); !view.LockedUntil.Equal(until) || !view.HasPIN() {
			t.Errorf("seen is %+v", view)
		}
		o.Clock.Set(until)
		if view := o.look("anna"); !view.LockedUntil.IsZero() {
			t.Errorf("after the lock, seen is %+v", view)
		}
		o.Clock.Add(59 * time.Minute)
		if view := o.look("anna"); view.HasPIN() {
			t.Errorf("after the PIN's expiry, seen is %+v", view.PIN)
		}
	})
}

func TestListsOfUsers(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		for i, name := range []string{"Émile", "anna", "Bert", "carl_x", "carlyx"} {
			o.create(o.console, name, account.Fields{FullName: new("Person " + name), Email: new(fmt.Sprintf("p%d@example.org", i)),
				Credentials: credential.Change{Numbers: []credential.NumberChange{numbered(t, cardinal.Secondary, fmt.Sprintf("99%dab1234", i))}}})
		}
		list := func(q account.UserQuery) (names []string) {
			t.Helper()
			for range 10 {
				page, err := o.service.Users(t.Context(), o.console, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, user := range page.Users {
					names = append(names, user.Username)
				}
				if q.Cursor = page.Next; q.Cursor == "" {
					return names
				}
			}
			t.Fatal("the list does not end")
			return nil
		}
		all := []string{"anna", "Bert", "carl_x", "carlyx", "Émile"}
		exact := func(text string) cardinal.CardNumber { return numbered(t, cardinal.Primary, text).Number }
		for name, c := range map[string]struct {
			query account.UserQuery
			want  []string
		}{
			"all":                 {account.UserQuery{Limit: 500}, all},
			"by ones":             {account.UserQuery{Limit: 1}, all},
			"by fives":            {account.UserQuery{Limit: 5}, all},
			"text":                {account.UserQuery{Text: "PERSON é", Limit: 2}, []string{"Émile"}},
			"address":             {account.UserQuery{Text: "p2@", Limit: 2}, []string{"Bert"}},
			"no wildcards":        {account.UserQuery{Text: "l_x", Limit: 2}, []string{"carl_x"}},
			"number":              {account.UserQuery{Number: exact("992AB1234"), Limit: 1}, []string{"Bert"}},
			"nobody's number":     {account.UserQuery{Number: exact("992AB1235"), Limit: 1}, nil},
			"end of number":       {account.UserQuery{NumberEnd: "1234", Limit: 3}, all},
			"end of no number":    {account.UserQuery{NumberEnd: "9999", Limit: 3}, nil},
			"text that cannot be": {account.UserQuery{Text: "a\x00\xff", Limit: 3}, nil},
		} {
			if have := list(c.query); !slices.Equal(have, c.want) {
				t.Errorf("%s: %q, want %q", name, have, c.want)
			}
		}
		for _, limit := range []int{0, -1, 501} {
			_, err := o.service.Users(t.Context(), o.console, account.UserQuery{Limit: limit})
			refused(t, err, cardinal.CodeInvalid, "limit invalid")
		}
	})
}

// Where PINs identify, a refusal tells of a live PIN; whoever makes users over
// the API must not be able to try PINs out that way.
func TestTryingPINsOutByMakingUsers(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		storetest.Set(t, o.store, o.customer, map[string]any{setting.PINIdentifiesUser.Key: true})
		o.create(o.console, "anna", account.Fields{Credentials: withPIN(pin)})
		caller := o.program(cardinal.RoleProvisioner)
		limited := 0
		for i := range 110 {
			_, err := o.service.CreateUser(t.Context(), caller, fmt.Sprintf("bert%d", i), account.Fields{Credentials: withPIN(pin)})
			switch cardinal.CodeOf(err) {
			case cardinal.CodePolicyViolation:
				refused(t, err, cardinal.CodePolicyViolation, "pin not_available")
			case cardinal.CodeRateLimited:
				limited++
			default:
				t.Fatalf("try %d: %v", i, err)
			}
		}
		if limited != 10 {
			t.Errorf("%d of 110 tries were refused", limited)
		}
		if n := strings.Count(o.log.String(), "PIN refused"); n != 100 || strings.Contains(o.log.String(), pin) {
			t.Errorf("%d refusals are in the log, or the PIN is", n)
		}
		o.Clock.Add(24 * time.Hour)
		o.create(caller, "bert", account.Fields{Credentials: withPIN("z8Yk35")})
	})
}

func TestAPasswordFromTheConsole(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.create(o.console, "anna", account.Fields{Password: cardinal.NewPassword(password)})
		open, entries := o.session("anna"), len(o.audit(0))
		refused(t, o.service.SetPassword(t.Context(), o.console, "anna", cardinal.NewPassword("x")), cardinal.CodeInvalid, "password too_short")
		refused(t, o.service.SetPassword(t.Context(), o.console, "nobody", cardinal.NewPassword(password)), cardinal.CodeNotFound)
		for _, role := range cardinal.Roles() {
			caller := o.person("as "+string(role), role)
			refused(t, o.service.SetPassword(t.Context(), caller, "anna", cardinal.NewPassword(password)), cardinal.CodeForbidden)
		}
		if view := o.look("anna"); !view.PasswordMustChange || !open() {
			t.Fatal("a refusal changed something")
		}
		if err := o.service.SetPassword(t.Context(), o.console, "Anna", cardinal.NewPassword(password)); err != nil {
			t.Fatal(err)
		}
		if view := o.look("anna"); view.PasswordMustChange || !view.HasPassword || open() {
			t.Errorf("seen is %+v", view.User)
		}
		o.audited(entries, written{"console", "password.set", "user anna", "", ""})
	})
}
