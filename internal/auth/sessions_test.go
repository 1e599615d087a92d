package auth_test

import (
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/auth"
	"cardinal/internal/storetest"
)

func TestSessionsAreListedAndEnded(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.user("bert", right)
		old := o.signsIn("anna", right)
		o.Clock.Add(auth.SessionIdle + time.Second)
		one, two, three := o.signsIn("anna", right), o.signsIn("anna", right), o.signsIn("anna", right)
		berts := o.session(o.signsIn("bert", right)).Caller
		caller := o.session(two).Caller
		list, err := o.service.Sessions(t.Context(), caller)
		if err != nil || len(list) != 3 || !list[0].Current || list[0].ID != caller.Session || list[1].Current || list[2].Current {
			t.Fatalf("listed are %+v, %v", list, err)
		}
		if s := list[0]; s.Address != o.from.Address || s.UserAgent != o.from.UserAgent || !s.SignedIn.Equal(o.Clock.Now()) || !s.LastSeen.Equal(o.Clock.Now()) {
			t.Errorf("the present one is %+v", s)
		}
		o.ended(old)
		end := func(by cardinal.Caller, token cardinal.Token) cardinal.Code {
			return cardinal.CodeOf(o.service.EndSession(t.Context(), by, o.session(token).Caller.Session))
		}
		if code := end(berts, one); code != cardinal.CodeNotFound {
			t.Errorf("another's session: %s", code)
		}
		if code := end(caller, one); code != "" {
			t.Errorf("an own session: %s", code)
		}
		o.ended(one)
		o.session(three)
		if err := o.service.EndOtherSessions(t.Context(), caller); err != nil {
			t.Fatal(err)
		}
		o.ended(three)
		o.session(two)
	})
}

func TestSigningAnotherOutEverywhere(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.update(func(u *cardinal.User) { u.Role = cardinal.RoleAdministrator })
		session := o.signsIn("anna", right)
		by := cardinal.Caller{Kind: cardinal.CallerUser, Customer: o.customer, User: "boss", Name: "boss"}
		elsewhere := storetest.Customer(t, o.store, "Elsewhere").ID
		for _, c := range []struct {
			role     cardinal.Role
			customer cardinal.CustomerID
			username string
			want     cardinal.Code
		}{
			{cardinal.RoleAuditor, o.customer, "anna", cardinal.CodeForbidden},
			{cardinal.RoleHelpdesk, o.customer, "anna", cardinal.CodeForbidden},
			{cardinal.RoleOperator, elsewhere, "anna", cardinal.CodeNotFound},
			{cardinal.RoleOperator, o.customer, "nobody", cardinal.CodeNotFound},
		} {
			by.Role, by.Customer = c.role, c.customer
			if err := o.service.EndSessionsOf(t.Context(), by, c.username); cardinal.CodeOf(err) != c.want {
				t.Errorf("%s for %s: %v", c.role, c.username, err)
			}
			o.session(session)
		}
		by.Role, by.Customer = cardinal.RoleAdministrator, o.customer
		if err := o.service.EndSessionsOf(t.Context(), by, "anna"); err != nil {
			t.Fatal(err)
		}
		o.ended(session)
	})
}
