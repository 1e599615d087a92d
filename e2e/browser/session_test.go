package browser

import (
	"net/http"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/credential"
)

// TestOneTimePassword follows a password from the helpdesk to the person who
// must choose their own before anything else.
func TestOneTimePassword(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.person("bruno", "Bruno Costa", cardinal.RoleUser)
		s.signIn(adminName)
		s.open("/users/bruno/password")
		s.Follow("#password button[type=submit]")
		once := s.text("#new-password")
		if len(once) != 19 || s.Path() != "/users/bruno/password" {
			t.Fatalf("the one-time password has %d characters, at %s", len(once), s.Path())
		}
		s.Click(".menu-button")
		s.Follow("form[action='/sign-out'] button")
		s.open("/users?q=costa")
		if s.Path() != "/sign-in?next=%2Fusers%3Fq%3Dcosta" {
			t.Errorf("who is signed out is led to %s", s.Path())
		}
		s.open("/sign-in")
		s.Type("#sign-in-username", "BRUNO")
		s.Type("#sign-in-password", once)
		s.Enter()
		for _, path := range []string{"/", "/summary", "/change-details", "/users"} {
			s.open(path)
			if s.Path() != "/password" || s.count(".topnav") != 0 {
				t.Errorf("before a password of their own is chosen, %s leads to %s", path, s.Path())
			}
		}
		own := func(again string) int {
			s.Type("#password-currentPassword", once)
			s.Type("#password-password", "eleven green parrots")
			s.Type("#password-again", again)
			return s.Follow("#password button[type=submit]")
		}
		if status := own("eleven green parrot"); status != http.StatusUnprocessableEntity || !strings.Contains(s.text(".summary"), "differ") {
			t.Errorf("two different passwords: %d %s", status, s.text(".summary"))
		}
		if own("eleven green parrots"); s.Path() != "/summary" || !strings.Contains(s.text(".flash"), "changed") {
			t.Errorf("the new password leads to %s: %s", s.Path(), s.text("main"))
		}
		s.open("/password")
		s.Follow("form[action='/sign-out-everywhere'] button")
		if s.open("/summary"); !strings.HasPrefix(s.Path(), "/sign-in") {
			t.Errorf("after signing out everywhere one is still at %s", s.Path())
		}
	})
}

// TestPINNeverSignsIn tries a PIN where a password belongs, then a wrong name:
// both get one answer.
func TestPINNeverSignsIn(t *testing.T) {
	s := newStage(t)
	s.person("bruno", "Bruno Costa", cardinal.RoleUser)
	_, err := s.app.Door.SetPIN(t.Context(), s.as, "bruno", cardinal.NewPIN("805913"))
	s.must(err)
	var answers []string
	for _, username := range []string{"bruno", "nobody"} {
		s.open("/sign-in")
		s.Type("#sign-in-username", username)
		s.Type("#sign-in-password", "805913")
		if status := s.Enter(); status != http.StatusUnprocessableEntity {
			t.Errorf("%s with a PIN for a password is answered with %d", username, status)
		}
		answers = append(answers, s.text("main"))
	}
	if answers[0] != answers[1] {
		t.Errorf("a known and an unknown name are told apart: %q, %q", answers[0], answers[1])
	}
}

// TestOrganisationField is there only where there is a choice.
func TestOrganisationField(t *testing.T) {
	s := newStage(t)
	s.open("/sign-in")
	if s.count("#sign-in-organisation") != 0 || !strings.Contains(s.text("main"), "Acme Corporation") {
		t.Error("with one organisation the page asks for it, or does not name it")
	}
	_, err := s.app.Accounts.CreateCustomer(t.Context(), s.as, account.NewCustomer{Name: "Globex", Admin: adminName, Password: cardinal.NewPassword("another long password")})
	s.must(err)
	s.open("/sign-in")
	s.Type("#sign-in-organisation", "globex")
	s.Type("#sign-in-username", adminName)
	s.Type("#sign-in-password", "another long password")
	if s.Enter(); s.Path() != "/dashboard" || s.text(".masthead .organisation") != "Globex" {
		t.Errorf("the administrator of the second organisation is at %s of %s", s.Path(), s.text(".masthead .organisation"))
	}
}

// TestMenusFollowTheRole looks at what each role is offered, and at pages that
// are not for it.
func TestMenusFollowTheRole(t *testing.T) {
	s := newStage(t)
	s.person("bruno", "Bruno Costa", cardinal.RoleUser)
	s.person("helga", "Helga Brandt", cardinal.RoleHelpdesk)
	s.person("aurel", "Aurel Popescu", cardinal.RoleAuditor)
	s.must(s.app.Door.SetNumber(t.Context(), s.as, "bruno", credential.NumberChange{Slot: cardinal.Primary, Number: number(t, "77120045")}))
	for _, c := range []struct{ as, menu, refused string }{
		{"bruno", "/summary", "/dashboard /logs/audit /logs/sign-ins /logs/application /users /users/helga /new-user /security-options /options/general /options/config-editor"},
		{"helga", "/dashboard /users /logs/sign-ins", "/security-options /options/general /options/config-editor"},
		{"aurel", "/dashboard /users /security-options /options/general /options/messaging-configurations /options/email-templates /options/devices /options/api-tokens /options/administrators /options/config-editor /logs/audit /logs/sign-ins /logs/notifications /logs/application", "/new-user /users/bruno/delete /users/bruno/pin/generate /users/bruno/password"},
		{adminName, "/dashboard /users /security-options /options/general /options/messaging-configurations /options/email-templates /options/devices /options/api-tokens /options/administrators /options/customers /options/config-editor /logs/audit /logs/sign-ins /logs/notifications /logs/application", ""},
	} {
		s.signIn(c.as)
		if got := s.links("#navigation a"); got != c.menu {
			t.Errorf("%s is offered %s", c.as, got)
		}
		for path := range strings.FieldsSeq(c.refused) {
			if s.open(path); s.text("h1") != "You may not do this" {
				t.Errorf("%s opens %s: %s", c.as, path, s.text("h1"))
			}
		}
	}
	s.signIn("aurel")
	for _, path := range []string{"/users", "/users/bruno"} {
		s.open(path)
		if html := s.html(); strings.Contains(html, "77120045") || !strings.Contains(html, "0045") || s.count("main input:not([type=hidden],[type=search]), main .btn-primary:not([href='/export-users'])") != 0 {
			t.Errorf("an auditor sees a whole number, none at all, or something to change at %s", path)
		}
	}
}
