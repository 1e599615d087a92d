package browser

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/browsertest"
	"cardinal/internal/credential"
	"cardinal/internal/setting"
)

// shows waits until the element shows the text: what scripts fetch comes later.
func (s *stage) shows(selector, text string) bool {
	s.t.Helper()
	for range 100 {
		if strings.Contains(s.text(selector), text) {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Errorf("%s does not show %q but %q", selector, text, s.text(selector))
	return false
}

// holders makes so many users who hold a PIN.
func (s *stage) holders(count int) {
	s.t.Helper()
	for i := range count {
		name := fmt.Sprintf("holder%02d", i)
		_, err := s.app.Accounts.CreateUser(s.t.Context(), s.as, name, account.Fields{Credentials: credential.Change{PIN: cardinal.NewPIN(fmt.Sprintf("8059%02d", i+13))}})
		s.must(err)
	}
}

// TestTryWhileTyping has the try-out field and the risk follow the form without
// a button, and leave no trace.
func TestTryWhileTyping(t *testing.T) {
	s := newStage(t)
	s.holders(3)
	s.signIn(adminName)
	s.open("/security-options")
	s.Type("#try", "1234")
	s.shows("#try-result", "Do not allow sequential PIN")
	s.tick(at("policy-pin.disallow-sequential"), false)
	s.shows("#try-result", "Do not allow common PINs: ")
	s.tick(at("policy-pin.disallow-common"), false)
	s.shows("#try-result", "accepted")
	s.fill(at("policy-pin.min-length"), "8")
	s.shows("#try-result", "Minimal PIN length")
	s.shows("#weight", "With 8 characters")
	s.fill(at("policy-pin.min-length"), "eight")
	s.shows("#try-result", "has to be corrected")
	s.shows("#weight", "has to be corrected")
	if got := browsertest.Eval[string](s.Browser, `document.activeElement.name`); got != "pin.min-length" {
		t.Errorf("the focus went to %q", got)
	}
	if strings.Contains(s.html(), "1234") {
		t.Error("the page holds the PIN")
	}
	if raw, modified := s.values().Raw(definition(t, "pin.min-length")); raw != "4" || modified {
		t.Errorf("the length was saved: %s", raw)
	}
	for _, problem := range s.Problems() {
		t.Errorf("the browser complains: %s", problem)
	}
}

// TestGuessingRisk edits the form, has the risk worked out anew, fills in the
// length that is proposed, and saves it.
func TestGuessingRisk(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.holders(12)
		s.clock.add(time.Minute)
		s.signIn(adminName)
		s.open("/security-options")
		// 4 digits without the common, sequential and repeated ones: 8,900 of 10,000.
		if got := s.text("#weight"); !strings.Contains(got, "With a found card, 1 guess in 8,900 opens the account.") || strings.Contains(got, "somebody's account") || !strings.Contains(got, "12 users with a PIN") {
			t.Errorf("the risk is told as %s", got)
		}
		if n := s.count("#risk-chart .chart-points"); n != 1 {
			t.Errorf("with a card the chart has %d lines", n)
		}
		s.tick(at("policy-pin.identifies-user"), true)
		s.Follow("button[value=risk]")
		// 12 of 8,900: one guess in 740.
		if got := s.text("#weight"); !strings.Contains(got, "1 guess in 740 opens somebody's account.") || !strings.Contains(got, "12 PINs cannot identify") {
			t.Errorf("by PIN alone the risk is told as %s", got)
		}
		if n := s.count("#risk-chart .chart-points"); n != 2 || !strings.Contains(s.text("#risk-chart"), "Today: 12 users") {
			t.Errorf("by PIN alone the chart has %d lines: %s", n, s.text("#risk-chart"))
		}
		s.Follow("button[value=propose]")
		proposed := s.value(at("policy-pin.min-length"))
		if proposed != "8" || !browsertest.Eval[bool](s.Browser, `document.querySelector('[name="pin.identifies-user"]').checked`) {
			t.Errorf("%s is filled in, or the rest of the form is gone", proposed)
		}
		if raw, modified := s.values().Raw(definition(t, "pin.min-length")); raw != "4" || modified {
			t.Errorf("the proposal was saved: %s", raw)
		}
		s.Follow("#policy .form-actions button")
		if raw, _ := s.values().Raw(definition(t, "pin.min-length")); raw != "8" {
			t.Errorf("saved is %s", raw)
		}
		// What the stricter policy makes of the PINs in use is offered by itself.
		if got := s.text("main .notice-info"); !strings.Contains(got, "Decide what becomes of them") {
			t.Errorf("after a stricter policy the page says %q", got)
		}
		if got := s.text("#standing-card ~ .card-body, [aria-labelledby=standing-card]"); !strings.Contains(got, "12 PINs were set before the present policy") {
			t.Errorf("the standing is %q", got)
		}
		if got := s.links("#pin-before-policy .note a"); got != "/users?filter=pin-before-policy" {
			t.Errorf("the list is at %s", got)
		}
		want := "/bulk-actions/new?action=require-new-pins&filter=pin-before-policy /bulk-actions/new?action=expire-pins&filter=pin-before-policy " +
			"/bulk-actions/new?action=issue-pins&filter=pin-before-policy"
		if got := s.links("#pin-before-policy .buttons a"); got != want {
			t.Errorf("the offers lead to %s", got)
		}
	})
}

// TestSignInOptions changes the lockout step by step, and is refused what cannot be.
func TestSignInOptions(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.signIn(adminName)
		s.open("/security-options")
		s.Follow(".tabs a[href='/security-options/sign-in']")
		if s.count(".lock-step") != 3 || s.value(at("sign-in-step.1.for")) != "15" || s.value(at("sign-in-step.1.unit")) != "minutes" || s.value(at("sign-in-step.2.unit")) != "unlocked" {
			t.Fatalf("the lockout is shown as %s", s.text(".lock-steps"))
		}
		s.fill(at("sign-in-signin.user.forget-hours"), "48")
		s.Follow("button[value=add]")
		if s.count(".lock-step") != 4 || s.value(at("sign-in-signin.user.forget-hours")) != "48" {
			t.Fatalf("with a step more there are %d, and 48 hours are %s", s.count(".lock-step"), s.value(at("sign-in-signin.user.forget-hours")))
		}
		s.fill(at("sign-in-step.3.wrong"), "12")
		if status := s.Follow("#sign-in .form-actions button"); status != http.StatusUnprocessableEntity {
			t.Errorf("a broken lockout is answered with %d", status)
		}
		for id, want := range map[string]string{
			"sign-in-step.2.unit-error": "only the last step", "sign-in-step.3.wrong-error": "more wrong tries", "sign-in-step.3.for-error": "7 days",
		} {
			if got := s.text(at(id)); !strings.Contains(got, want) {
				t.Errorf("%s says %q", id, got)
			}
		}
		s.Follow("button[value='remove.1']")
		s.choose(at("sign-in-step.1.unit"), "hours")
		s.fill(at("sign-in-step.1.for"), "2")
		s.fill(at("sign-in-step.2.wrong"), "40")
		s.choose(at("sign-in-step.2.unit"), "unlocked")
		s.tick(at("sign-in-signin.pin.wrong-per-day.unlimited"), true)
		if status := s.Follow("#sign-in .form-actions button"); status != http.StatusOK || !strings.Contains(s.text(".flash"), "saved") {
			t.Fatalf("saving: %d %s", status, s.text("main"))
		}
		values := s.values()
		want := "[{5 60} {15 7200} {40 0}] 48 -1 30"
		if got := fmt.Sprint(setting.SignInUserLimits.In(values), setting.SignInUserForgetHours.In(values), setting.SignInPINPerDay.In(values), setting.SignInDeviceBudget.In(values)); got != want {
			t.Errorf("saved is %s, want %s", got, want)
		}
		// The enter key saves; it does not press the first button.
		s.fill(at("sign-in-signin.user.forget-hours"), "12")
		s.Enter()
		if got := setting.SignInUserForgetHours.In(s.values()); got != 12 || s.count(".lock-step") != 3 {
			t.Errorf("after enter it is %d hours and %d steps", got, s.count(".lock-step"))
		}
		// Somebody else saves in between.
		s.open("/security-options/sign-in")
		s.set("signin.user.limits", `[{"wrong":7,"lockSeconds":30}]`)
		s.fill(at("sign-in-step.0.wrong"), "6")
		if status := s.Follow("#sign-in .form-actions button"); status != http.StatusPreconditionFailed || !strings.Contains(s.text("#steps-theirs"), "After 7 wrong tries: locked for 30 seconds") {
			t.Errorf("the stale save is answered with %d: %s", status, s.text("#steps-theirs"))
		}
		s.person("aurel", "", cardinal.RoleAuditor)
		s.signIn("aurel")
		s.open("/security-options/sign-in")
		if got := s.text(".facts"); !strings.Contains(got, "After 7 wrong tries: locked for 30 seconds.") || !strings.Contains(got, "Without limit") || s.count("main input") != 0 {
			t.Errorf("an auditor reads %s", got)
		}
	})
}

// TestOrganisationsLanguage chooses a language, which pages fall back to.
func TestOrganisationsLanguage(t *testing.T) {
	s := newStage(t)
	s.signIn(adminName)
	s.open("/options/general")
	if got := s.text(at("general-customer.language")); !strings.Contains(got, "English") || !strings.Contains(got, "Čeština") {
		t.Errorf("the choice is %q", got)
	}
	s.choose(at("general-customer.language"), "cs")
	s.Follow("#general .form-actions button")
	if got := setting.CustomerLanguage.In(s.values()); got != "cs" {
		t.Errorf("the language is %s", got)
	}
	// A refusal calls the setting as the page does, and not by its key.
	s.fill(at("general-customer.time-zone"), "Mars/Base")
	s.Follow("#general .form-actions button")
	if got := s.text("#general .summary"); strings.Contains(got, "customer.time-zone") || s.count("#general .summary a") != 1 {
		t.Errorf("the refusal says %q", got)
	}
}

// TestConfigEditorByName finds a setting while typing, is told what is wrong in
// the words of the page, and resets.
func TestConfigEditorByName(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.signIn(adminName)
		s.open("/options/config-editor")
		all := s.count(".setting")
		s.Type("#find", "history")
		if browsertest.Eval[bool](s.Browser, `!!window.htmx`) {
			s.shows("#settings [role=status]", "1 setting found")
		}
		s.Follow(".search button")
		if n := s.count(".setting"); n != 1 || all < 30 || s.Path() != "/options/config-editor?find=history" {
			t.Fatalf("%d of %d settings at %s", n, all, s.Path())
		}
		row := "#setting-pin-history"
		s.fill(at("setting-pin-history-form-pin.history"), "99")
		s.Follow(row + " .form-actions button")
		if got := s.text(row + " .summary"); !strings.Contains(got, "PINs that may not return takes a whole number from 0 to 24") || s.count(".setting") != 1 {
			t.Errorf("the refusal says %q", got)
		}
		s.fill(at("setting-pin-history-form-pin.history"), "5")
		s.Follow(row + " .form-actions button")
		if got := s.text(row + " h2"); !strings.Contains(got, "Modified") || setting.PINHistory.In(s.values()) != 5 {
			t.Errorf("after the update the row says %q", got)
		}
		s.Follow(row + " .setting-reset button")
		if got := s.text(row + " h2"); strings.Contains(got, "Modified") || setting.PINHistory.In(s.values()) != 1 {
			t.Errorf("after the reset the row says %q", got)
		}
	})
}

// TestTheFormNamesTheRule switches one rule off, and sees which further one
// refuses the PIN.
func TestTheFormNamesTheRule(t *testing.T) {
	s := newStage(t)
	s.set("pin.disallow-sequential", "false")
	s.person("bruno", "", cardinal.RoleUser)
	s.signIn(adminName)
	for _, path := range []string{"/users/bruno", "/new-user"} {
		s.open(path)
		s.Type("#user-pin", "1234")
		if path == "/new-user" {
			s.Type("#user-username", "anna")
		}
		s.Follow("#user .form-actions button")
		if got := s.text("#user > .summary"); !strings.Contains(got, "Do not allow common PINs: This PIN is among the most used ones") {
			t.Errorf("%s says %q", path, got)
		}
	}
}
