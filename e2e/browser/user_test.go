package browser

import (
	"net/http"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/browsertest"
	"cardinal/internal/credential"
)

// links are the paths that the selected links lead to, in order.
func (s *stage) links(selector string) string {
	return browsertest.Eval[string](s.Browser, `Array.from(document.querySelectorAll(`+quote(selector)+`), a => a.getAttribute("href")).join(" ")`)
}

func (s *stage) value(selector string) string {
	return browsertest.Eval[string](s.Browser, `document.querySelector(`+quote(selector)+`).value`)
}

// TestOneSave is the story of an administrator who edits fields, numbers and PIN
// of a user in one form: it is saved as a whole or not at all.
func TestOneSave(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.signIn(adminName)
		s.Follow("#navigation a[href='/users']")
		s.Follow("a[href='/new-user']")
		s.Type("#user-username", `acme\anna+1`)
		s.Type("#user-fullName", "Anna Lindqvist")
		s.Type("#user-pin", "1234")
		if status := s.Follow("#user .form-actions button"); status != http.StatusUnprocessableEntity || s.value("#user-fullName") != "Anna Lindqvist" || s.value("#user-pin") != "" {
			t.Fatalf("the refused user: %d, name %q", status, s.value("#user-fullName"))
		}
		s.Type("#user-pin", "805913")
		if status := s.Follow("#user .form-actions button"); status != http.StatusOK || s.Path() != "/users/acme%5Canna+1" {
			t.Fatalf("the new user: %d at %s: %s", status, s.Path(), s.text("main"))
		}
		pin := s.view(`acme\anna+1`).PIN.ID
		s.Type("#user-department", "Sales")
		s.Type("#user-primaryCardNumber", "04a2b7c9")
		s.Type("#user-pin", "4321")
		if status := s.Follow("#user .form-actions button"); status != http.StatusUnprocessableEntity || !strings.Contains(s.text("#user > .summary:first-child"), "follow one another") {
			t.Errorf("the refused change: %d %s", status, s.text(".summary"))
		}
		if view := s.view(`acme\anna+1`); view.Department != "" || view.Number(cardinal.Primary) != "" || view.PIN.ID != pin {
			t.Errorf("the refused change left %+v", view)
		}
		if s.value("#user-department") != "Sales" || s.value("#user-primaryCardNumber") != "04a2b7c9" {
			t.Error("what was typed is gone")
		}
		s.Follow("#user .form-actions button")
		if view := s.view(`acme\anna+1`); view.Department != "Sales" || view.Number(cardinal.Primary) != "04a2b7c9" || view.PIN.ID != pin {
			t.Errorf("the change is not there: %s, %+v", s.text("main"), view)
		}
	})
}

// TestStaleUser has somebody else save in between.
func TestStaleUser(t *testing.T) {
	s := newStage(t)
	s.person("bruno", "Bruno Costa", cardinal.RoleUser)
	s.signIn(adminName)
	s.open("/users/bruno")
	theirs := "Bruno da Costa"
	_, err := s.app.Accounts.UpdateUser(t.Context(), s.as, "bruno", 0, account.Fields{FullName: &theirs})
	s.must(err)
	s.fill("#user-fullName", "Bruno M. Costa")
	if status := s.Follow("#user .form-actions button"); status != http.StatusPreconditionFailed || s.view("bruno").FullName != theirs {
		t.Fatalf("the stale save is answered with %d and makes %s", status, s.view("bruno").FullName)
	}
	if got := s.text("#user-fullName-theirs"); !strings.Contains(got, theirs) || s.value("#user-fullName") != "Bruno M. Costa" {
		t.Errorf("the page shows %q and %q", got, s.value("#user-fullName"))
	}
	s.Follow("#user .form-actions button")
	if got := s.view("bruno").FullName; got != "Bruno M. Costa" {
		t.Errorf("saved knowingly, the name is %s", got)
	}
}

// TestStalePolicy is the same for settings.
func TestStalePolicy(t *testing.T) {
	s := newStage(t)
	s.signIn(adminName)
	s.open("/security-options")
	s.set("pin.min-length", "5")
	s.fill(at("policy-pin.min-length"), "7")
	if status := s.Follow("#policy button[type=submit]"); status != http.StatusPreconditionFailed || !strings.Contains(s.text(at("policy-pin.min-length-theirs")), "5") {
		t.Fatalf("the stale save is answered with %d: %s", status, s.text("main"))
	}
	s.Follow("#policy button[type=submit]")
	if got, _ := s.values().Raw(definition(t, "pin.min-length")); got != "7" {
		t.Errorf("saved knowingly, the length is %s", got)
	}
}

// TestTryPIN tries a PIN against a policy that is typed but not saved.
func TestTryPIN(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.signIn(adminName)
		s.open("/security-options")
		s.fill(at("policy-pin.min-length"), "8")
		s.Type("#try", "805913")
		s.Enter()
		if got := s.text("#try-result"); !strings.Contains(got, "at least 8 characters") || strings.Contains(s.html(), "805913") {
			t.Errorf("the try says %q, or the page holds the PIN", got)
		}
		if got, _ := s.values().Raw(definition(t, "pin.min-length")); got != "4" {
			t.Errorf("the try saved the length %s", got)
		}
		s.fill(at("policy-pin.min-length"), "6")
		s.Type("#try", "805913")
		s.Follow("button[value=try]")
		if got := s.text("#try-result"); !strings.Contains(got, "accepted") {
			t.Errorf("the second try says %q", got)
		}
	})
}

// TestFindUsers searches by text, by a number and by its end; a number never
// stands in a URL.
func TestFindUsers(t *testing.T) {
	s := newStage(t)
	s.furnish()
	s.must(s.app.Door.SetNumber(t.Context(), s.as, "dmitri", credential.NumberChange{Slot: cardinal.Primary, Number: number(t, "deadbeef")}))
	s.signIn(adminName)
	bruno := s.view("bruno").Number(cardinal.Primary)
	for _, c := range []struct{ typed, found, path string }{
		{"costa", "/users/bruno", "/users?q=costa"},
		{bruno, "/users/bruno", "/users"},
		{"04a2b7c9d1", "/users/bruno", "/users"},
		{bruno[len(bruno)-4:], "/users/bruno", "/users"},
		{"99999999999", "", "/users"},
		{"DeadBeef", "/users/dmitri", "/users"},
	} {
		s.open("/users")
		s.Type("#find", c.typed)
		s.Enter()
		if got := s.links("tbody a"); got != c.found || s.Path() != c.path {
			t.Errorf("%q finds %q at %s", c.typed, got, s.Path())
		}
	}
}

// TestPagesOfUsers leafs through a list that is longer than a page.
func TestPagesOfUsers(t *testing.T) {
	s := newStage(t)
	for i := range 60 {
		_, err := s.app.Accounts.CreateUser(t.Context(), s.as, "person"+string(rune('A'+i/10))+string(rune('0'+i%10)), account.Fields{})
		s.must(err)
	}
	s.signIn(adminName)
	s.open("/users")
	if n := s.count("tbody tr"); n != 50 {
		t.Errorf("the first page has %d users", n)
	}
	s.Follow("a[rel=next]")
	if n := s.count("tbody tr"); n != 11 || s.count("a[rel=next]") != 0 {
		t.Errorf("the second page has %d users", n)
	}
	s.Type("#find", "5")
	s.Enter()
	if n := s.count("tbody tr"); n != 6 || s.Path() != "/users" {
		t.Errorf("the search finds %d users at %s", n, s.Path())
	}
}

// TestPINOfUser generates, replaces and removes a PIN; it is shown in the answer
// alone.
func TestPINOfUser(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.person("bruno", "Bruno Costa", cardinal.RoleUser)
		s.signIn(adminName)
		s.open("/users/bruno")
		s.Follow("form[action$='/pin/generate'] button")
		first := s.text("#new-pin")
		s.Follow(".once-page .btn-primary")
		if len(first) != 6 || s.Path() != "/users/bruno" || strings.Contains(s.html(), first) {
			t.Fatalf("a PIN of %d characters, then %s", len(first), s.Path())
		}
		s.Follow("a[href$='/pin/generate']")
		if s.count("#new-pin") != 0 || !strings.Contains(s.text(".confirm"), "stops working") {
			t.Fatal("a PIN is replaced without asking")
		}
		s.Follow(".confirm button[type=submit]")
		if second := s.text("#new-pin"); second == first || !s.view("bruno").PIN.Generated {
			t.Error("the PIN was not replaced")
		}
		s.open("/users/bruno")
		s.Follow("a[href$='/pin/remove']")
		s.Follow(".confirm button[type=submit]")
		if s.view("bruno").HasPIN() || !strings.Contains(s.text(".flash"), "removed") {
			t.Errorf("the PIN is still there: %s", s.text("main"))
		}
		s.Follow("button[name=generate][value=primary]")
		if number := s.view("bruno").Number(cardinal.Primary); len(number) != 8 || s.value("#user-primaryCardNumber") != number {
			t.Errorf("the generated number is %q, the field has %q", number, s.value("#user-primaryCardNumber"))
		}
		s.open("/users/bruno/delete")
		s.Follow(".confirm button[type=submit]")
		if s.links("tbody a") != "/users/ada" || s.Path() != "/users" {
			t.Errorf("after the deletion there are %s at %s", s.links("tbody a"), s.Path())
		}
	})
}

// TestUnlock ends a lock and gives a used-up day back.
func TestUnlock(t *testing.T) {
	s := newStage(t)
	s.person("bruno", "Bruno Costa", cardinal.RoleUser)
	s.set("user.can-change-card-id", "true")
	_, err := s.app.Door.SetPIN(t.Context(), s.as, "bruno", cardinal.NewPIN("805913"))
	s.must(err)
	s.signInsOf("bruno", "1", "2", "3", "4", "5")
	s.signIn("bruno")
	s.open("/change-details")
	s.Follow("#number button[type=submit]")
	s.signIn(adminName)
	s.open("/users/bruno")
	if got := s.text("main"); !strings.Contains(got, "Locked until") || !strings.Contains(got, "1 of 3") {
		t.Errorf("the page does not tell of lock and count: %s", got)
	}
	s.Follow("form[action$='/unlock'] button")
	s.Follow("form[action$='/reset-changes'] button")
	if got := s.text("main"); strings.Contains(got, "Locked until") || !strings.Contains(got, "0 of 3") || s.count("form[action$='/unlock']") != 0 {
		t.Errorf("lock or count are still there: %s", got)
	}
}
