package browser

import (
	"net/http"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/browsertest"
)

func (s *stage) html() string {
	return browsertest.Eval[string](s.Browser, `document.documentElement.outerHTML`)
}

// TestNumbers is the story of *User self-management of Card/ID Numbers*: an
// administrator allows it, a user presses *Change Number* three times and is told
// at the fourth, and the administrator raises the limit in the config editor.
func TestNumbers(t *testing.T) {
	const told = "Your ID number has been changed too many times. Please contact your system administrator for assistance."
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.person("bruno", "Bruno Costa", cardinal.RoleUser)
		s.signIn("bruno")
		if s.count("a[href='/change-details']") != 0 {
			t.Error("Change Details is offered before anything is allowed")
		}
		s.open("/change-details")
		if got := s.text("h1"); got != "Page not found" {
			t.Errorf("Change Details is there before anything is allowed: %q", got)
		}

		s.signIn(adminName)
		s.open("/options/general")
		for label, id := range map[string]string{
			"Allow users to change their Card/ID PIN":                            "general-user.can-change-pin",
			"Allow users to change their Card/ID number":                         "general-user.can-change-card-id",
			"Auto-generate random number (users cannot manually enter a number)": "general-user.can-change-card-id.auto-generate",
		} {
			if got := s.text(`label[for="` + id + `"]`); got != label {
				t.Errorf("%s is labelled %q", id, got)
			}
		}
		s.tick(at("general-user.can-change-card-id"), true)
		s.Follow("#general button[type=submit]")

		s.signIn("bruno")
		s.Follow("a[href='/change-details']")
		seen := map[string]bool{"": true}
		for range 3 {
			status := s.Follow("#number button[type=submit]")
			number := s.text("#new-number")
			if status != http.StatusOK || seen[number] || s.view("bruno").Number(cardinal.Primary) != number {
				t.Fatalf("the press was answered with %d and number %q", status, number)
			}
			seen[number] = true
		}
		before := s.view("bruno").Number(cardinal.Primary)
		status := s.Follow("#number button[type=submit]")
		if got := s.text("#number .summary p"); status != http.StatusTooManyRequests || got != told {
			t.Errorf("the fourth press was answered with %d: %q", status, got)
		}
		if s.view("bruno").Number(cardinal.Primary) != before {
			t.Error("the fourth press changed the number")
		}

		s.signIn(adminName)
		s.open("/options/config-editor")
		s.Type("#find", "user.can-change-card-id.num-times-per-day")
		if got := s.text(".search button"); got != "GO" {
			t.Errorf("the button of the quick find says %q", got)
		}
		s.Follow(".search button")
		row := "#setting-user-can-change-card-id-num-times-per-day"
		if s.count(".setting") != 1 || !strings.Contains(s.text(row), "Default: 3") || strings.Contains(s.text(row), "Modified") {
			t.Fatalf("the quick find found %d: %s", s.count(".setting"), s.text(".setting"))
		}
		s.fill(row+" input[type=text]", "4")
		if got := s.text(row + " button[type=submit]"); got != "Update" {
			t.Errorf("the row's button says %q", got)
		}
		s.Follow(row + " button[type=submit]")
		if !strings.Contains(s.text(row), "Modified") {
			t.Errorf("the row does not say that it was modified: %s", s.text(row))
		}

		s.signIn("bruno")
		s.open("/change-details")
		if status := s.Follow("#number button[type=submit]"); status != http.StatusOK || s.text("#new-number") == "" {
			t.Errorf("the press within the raised limit was answered with %d", status)
		}
	})
}
