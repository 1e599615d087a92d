package browser

import (
	"net/http"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/setting"
)

// withAndWithoutScripts runs a story twice: every page works without JavaScript.
func withAndWithoutScripts(t *testing.T, story func(t *testing.T, s *stage)) {
	t.Helper()
	t.Parallel()
	for _, scripts := range []bool{true, false} {
		name := "with scripts"
		if !scripts {
			name = "without scripts"
		}
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.Scripts(scripts)
			story(t, s)
			for _, problem := range s.Problems() {
				if !strings.Contains(problem, "status of 4") {
					t.Errorf("the browser complains: %s", problem)
				}
			}
		})
	}
}

// TestPINPolicy is the story of the PIN policy: an administrator sets it on
// *Security options › General › PIN policy*, and a user with *Change Details*
// is held to it.
func TestPINPolicy(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.person("bruno", "Bruno Costa", cardinal.RoleUser)
		s.set("user.can-change-pin", "true")
		s.signIn(adminName)
		s.Follow("a[href='/security-options']")
		if got := s.text(".tabs a[aria-current]") + " / " + s.text("#policy legend"); got != "General / PIN policy" {
			t.Errorf("tab and section are %q", got)
		}
		for label, id := range map[string]string{
			"Minimal PIN length": "policy-pin.min-length", "Do not allow sequential PIN": "policy-pin.disallow-sequential", "PIN expiration": "policy-pin.expiration-hours",
		} {
			if got := s.text(`label[for="` + id + `"]`); got != label {
				t.Errorf("%s is labelled %q", id, got)
			}
		}
		s.fill(at("policy-pin.min-length"), "6")
		s.tick(at("policy-pin.disallow-sequential"), true)
		s.fill(at("policy-pin.expiration-hours"), "48")
		if status := s.Follow("#policy button[type=submit]"); status != http.StatusOK || !strings.Contains(s.text(".flash"), "saved") {
			t.Fatalf("saving the policy: %d %s", status, s.text("main"))
		}
		if p := setting.Policy(s.values()); p.MinLength != 6 || !p.DisallowSequential || p.Expiration.Hours() != 48 {
			t.Fatalf("the policy is %+v", p)
		}

		s.signIn("bruno")
		s.Follow("a[href='/change-details']")
		s.refused("123456", "follow one another")
		s.refused("12345", "at least 6 characters")
		s.accepted("805913")
		if view := s.view("bruno"); view.PIN.ExpiresAt.Sub(view.PIN.CreatedAt).Hours() != 48 {
			t.Errorf("the new PIN lives from %v to %v", view.PIN.CreatedAt, view.PIN.ExpiresAt)
		}
		s.open("/summary")
		if got := s.text("main"); !strings.Contains(got, "May 14, 2026, 11:41") {
			t.Errorf("the summary does not say when the PIN expires: %s", got)
		}
	})
}

// submitPIN types a PIN twice on Change Details and returns the answer's status.
func (s *stage) submitPIN(pin string) int {
	s.Type("#pin-pin", pin)
	s.Type("#pin-again", pin)
	return s.Follow("#pin button[type=submit]")
}

// refused submits a PIN that must not be taken, with the reason at the top.
func (s *stage) refused(pin, reason string) {
	s.t.Helper()
	before := s.view("bruno").PIN.ID
	status := s.submitPIN(pin)
	if summary := s.text("#pin > .summary:first-child"); status != http.StatusUnprocessableEntity || !strings.Contains(summary, reason) {
		s.t.Errorf("the refusal was %d: %q", status, summary)
	}
	if html := s.html(); strings.Contains(html, pin) {
		s.t.Error("the page holds the PIN that was refused")
	}
	if s.view("bruno").PIN.ID != before {
		s.t.Error("the refused PIN was set")
	}
}

func (s *stage) accepted(pin string) {
	s.t.Helper()
	before := s.view("bruno").PIN.ID
	if status := s.submitPIN(pin); status != http.StatusOK || !strings.Contains(s.text(".flash"), "changed") {
		s.t.Errorf("the answer was %d: %s", status, s.text("main"))
	}
	if s.view("bruno").PIN.ID == before {
		s.t.Error("the PIN was not set")
	}
}
