package browser

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/account"
)

// TestGenerateKeepsWhatWasTyped presses Generate in the middle of an edit.
func TestGenerateKeepsWhatWasTyped(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.person("bruno", "Bruno Costa", cardinal.RoleUser)
		s.signIn(adminName)
		s.open("/users/bruno")
		s.Type("#user-department", "Sales")
		s.Type("#user-secondaryCardNumber", "77001122")
		if status := s.Follow("button[name=generate][value=primary]"); status != http.StatusOK {
			t.Fatalf("the button is answered with %d: %s", status, s.text("main"))
		}
		first := s.view("bruno").Number(cardinal.Primary)
		if len(first) != 8 || s.value("#user-primaryCardNumber") != first || s.value("#user-department") != "Sales" || s.value("#user-secondaryCardNumber") != "77001122" {
			t.Fatalf("number %q, the form has %q, %q and %q", first, s.value("#user-primaryCardNumber"), s.value("#user-department"), s.value("#user-secondaryCardNumber"))
		}
		if view := s.view("bruno"); view.Department != "" || view.Number(cardinal.Secondary) != "" {
			t.Errorf("more than the number was saved: %+v", view)
		}

		s.Follow("button[name=generate][value=primary]")
		if got := s.view("bruno").Number(cardinal.Primary); got != first || !strings.Contains(s.text("[role=status]"), first) {
			t.Errorf("without being asked the number became %q: %s", got, s.text("main"))
		}
		s.Follow("button[name=generate][value=primary]")
		second := s.view("bruno").Number(cardinal.Primary)
		if second == first || s.value("#user-primaryCardNumber") != second || s.value("#user-department") != "Sales" {
			t.Errorf("after the question the number is %q, the form has %q", second, s.value("#user-primaryCardNumber"))
		}

		// The enter key saves; it does not press the buttons beside the fields.
		s.fill("#user-fullName", "Bruno da Costa")
		s.Enter()
		view := s.view("bruno")
		if view.FullName != "Bruno da Costa" || view.Department != "Sales" || view.Number(cardinal.Primary) != second || view.Number(cardinal.Secondary) != "77001122" {
			t.Errorf("saved are %+v: %s", view, s.text("main"))
		}
	})
}

// TestGenerateNoticesOthers has somebody else save before the button is pressed.
func TestGenerateNoticesOthers(t *testing.T) {
	s := newStage(t)
	s.person("bruno", "Bruno Costa", cardinal.RoleUser)
	s.signIn(adminName)
	s.open("/users/bruno")
	theirs := "Finance"
	_, err := s.app.Accounts.UpdateUser(t.Context(), s.as, "bruno", 0, account.Fields{Department: &theirs})
	s.must(err)
	if status := s.Follow("button[name=generate][value=primary]"); status != http.StatusPreconditionFailed || s.view("bruno").Number(cardinal.Primary) != "" {
		t.Errorf("%d, and the number is %q", status, s.view("bruno").Number(cardinal.Primary))
	}
	if got := s.text("#user-department-theirs"); !strings.Contains(got, theirs) {
		t.Errorf("the page shows %q", got)
	}
}

// TestAllThatIsWrong types a number that is none beside other faults.
func TestAllThatIsWrong(t *testing.T) {
	s := newStage(t)
	s.person("bruno", "Bruno Costa", cardinal.RoleUser)
	s.signIn(adminName)
	for path, username := range map[string]string{"/users/bruno": "", "/new-user": "carla"} {
		s.open(path)
		if username != "" {
			s.Type("#user-username", username)
		}
		s.fill("#user-email", "nowhere")
		s.Type("#user-primaryCardNumber", "12 34 !")
		s.Type("#user-pin", "1")
		s.Follow("#user .form-actions button")
		for _, field := range []string{"email", "primaryCardNumber", "pin"} {
			if s.count("#user .summary a[href='#user-"+field+"']") == 0 {
				t.Errorf("%s: nothing is said about %s: %s", path, field, s.text("#user .summary"))
			}
		}
	}
	if view := s.view("bruno"); view.Email == "nowhere" || view.HasPIN() {
		t.Errorf("saved are %+v", view)
	}
}

// TestWhatIsKnownOfAPIN changes the policy after a PIN was set, and asks for a new one.
func TestWhatIsKnownOfAPIN(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.person("bruno", "Bruno Costa", cardinal.RoleUser)
		_, err := s.app.Door.SetPIN(t.Context(), s.as, "bruno", cardinal.NewPIN("805913"))
		s.must(err)
		s.signIn(adminName)
		s.open("/users/bruno")
		if got := s.text("[aria-labelledby=pin-card]"); strings.Contains(got, "Policy") {
			t.Errorf("of a PIN of the present policy the page says %q", got)
		}
		s.clock.add(time.Minute)
		s.set("pin.min-length", "7")
		s.open("/users/bruno")
		if got := s.text("[aria-labelledby=pin-card]"); !strings.Contains(got, "Set before the present policy") {
			t.Errorf("after the policy was changed the page says %q", got)
		}
		s.signInsOf("bruno", "805913")
		s.open("/users/bruno")
		if got := s.text("[aria-labelledby=pin-card]"); !strings.Contains(got, "Known not to meet the policy") || strings.Contains(got, "Set before") {
			t.Errorf("after a sign-in the page says %q", got)
		}
		s.set("pin.identifies-user", "true")
		s.open("/users/bruno")
		if got := s.text("[aria-labelledby=pin-card]"); !strings.Contains(got, "Cannot identify its user yet") {
			t.Errorf("where PINs identify users the page says %q", got)
		}
		s.Follow("a[href='/users/bruno/pin/require']")
		s.Follow(".confirm button[type=submit]")
		if got := s.text("[aria-labelledby=pin-card]"); !s.view("bruno").PIN.NewRequired || !strings.Contains(got, "A new PIN was asked for") || s.count("a[href$='/pin/require']") != 0 {
			t.Errorf("after a new PIN was asked for the page says %q", got)
		}
	})
}
