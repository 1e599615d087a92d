package browser

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/browsertest"
	"cardinal/internal/signin"
)

// The documents that Cardinal grew from, statement by statement and in their
// order, each as somebody meets it. What they say of notices is in notices_test.go;
// what they say of trigger rules has no page yet.

// TestPolicyStatements walks the document about the PIN policy.
func TestPolicyStatements(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.person("bruno", "Bruno Costa", cardinal.RoleUser)
		s.set("user.can-change-pin", "true")
		s.set("user.can-change-pin.num-times-per-day", "-1")
		s.signIn(adminName)

		t.Log("the policy is a section of Security options, under the tab General")
		s.Follow("a[href='/security-options']")
		if h, tab, section := s.text("h1"), s.text(".tabs a[aria-current]"), s.text("#policy legend"); h != "Security options" || tab != "General" || section != "PIN policy" {
			t.Errorf("the page is %q, tab %q, section %q", h, tab, section)
		}

		t.Log("the minimal length cannot be switched off, nor be less than 4")
		for _, least := range []string{"3", "0", "-1", ""} {
			s.open("/security-options")
			s.fill(at("policy-pin.min-length"), least)
			if status := s.Follow("#policy .form-actions button"); status != http.StatusUnprocessableEntity || s.text("#policy > .summary:first-child") == "" {
				t.Errorf("a minimal length of %q is answered with %d", least, status)
			}
		}

		t.Log("sequential characters and repeated patterns are refused, with regard to case")
		s.open("/users/bruno")
		for _, pin := range []string{"1234", "4321", "1111", "abcd", "AAAA", "ABCD"} {
			s.edits("bruno", pin, false)
		}
		for _, pin := range []string{"AbCd", "aaAA"} {
			s.edits("bruno", pin, true)
		}
		t.Log("switched off, only what another rule forbids is refused, and the form names that rule")
		s.savesPolicy(func() { s.tick(at("policy-pin.disallow-sequential"), false) })
		s.edits("bruno", "1234", false)
		if got := s.text("#user > .summary:first-child"); !strings.Contains(got, "most used") && !strings.Contains(got, "common") {
			t.Errorf("the form does not name the rule that refused: %s", got)
		}
		s.savesPolicy(func() { s.tick(at("policy-pin.disallow-common"), false) })
		s.edits("bruno", "1234", true)
		s.savesPolicy(func() {
			s.tick(at("policy-pin.disallow-sequential"), true)
			s.tick(at("policy-pin.disallow-common"), true)
		})

		t.Log("users editing their own details are held to it, with the errors at the top of the form")
		s.signIn("bruno")
		s.open("/change-details")
		s.refused("4321", "follow one another")

		t.Log("programs are held to it; that the log has the refusal is a script of package e2e")
		s.programSets("bruno", "1234", http.StatusUnprocessableEntity)
		s.programSets("bruno", "805913", http.StatusOK)

		t.Log("a changed policy leaves existing PINs alone")
		before := s.view("bruno").PIN
		s.signIn(adminName)
		s.savesPolicy(func() { s.fill(at("policy-pin.min-length"), "8") })
		if after := s.view("bruno").PIN; after != before {
			t.Errorf("the PIN was %+v and is %+v", before, after)
		}
		s.presents("bruno", "805913", true)
		s.edits("bruno", "730582", false)

		t.Log("PIN expiration is in hours and holds for newly created PINs alone")
		s.savesPolicy(func() { s.fill(at("policy-pin.expiration-hours"), "24") })
		if after := s.view("bruno").PIN; !after.ExpiresAt.IsZero() {
			t.Errorf("an existing PIN expires at %v", after.ExpiresAt)
		}
		s.edits("bruno", "73058264", true)
		s.presents("bruno", "73058264", true)
		s.clock.add(24*time.Hour - time.Minute)
		s.presents("bruno", "73058264", true)
		t.Log("after the time the PIN is no more")
		s.clock.add(2 * time.Minute)
		s.presents("bruno", "73058264", false)
		s.signIn(adminName)
		s.open("/users/bruno")
		if got := s.text("main"); strings.Contains(got, "Remove PIN") {
			t.Errorf("the expired PIN is still shown: %s", got)
		}
	})
}

// savesPolicy changes the form of the policy and saves it.
func (s *stage) savesPolicy(change func()) {
	s.t.Helper()
	s.open("/security-options")
	change()
	if status := s.Follow("#policy .form-actions button"); status != http.StatusOK || s.text(".flash") == "" {
		s.t.Fatalf("saving the policy: %d %s", status, s.text("main"))
	}
}

// edits has the administrator give somebody a PIN on *User details*.
func (s *stage) edits(username, pin string, taken bool) {
	s.t.Helper()
	before := s.view(username).PIN.ID
	s.open("/users/" + username)
	s.Type("#user-pin", pin)
	status := s.Follow("#user .form-actions button")
	if changed := s.view(username).PIN.ID != before; changed != taken {
		s.t.Errorf("the PIN was taken: %t, want %t; %d %s", changed, taken, status, s.text("#user > .summary:first-child"))
	}
	if !taken && (status != http.StatusUnprocessableEntity || s.text("#user > .summary:first-child") == "") {
		s.t.Errorf("the refusal is answered with %d and %q at the top of the form", status, s.text("#user > :first-child"))
	}
}

// programSets has a program give somebody a PIN over the API.
func (s *stage) programSets(username, pin string, want int) {
	s.t.Helper()
	_, token, err := s.app.Accounts.CreateToken(s.t.Context(), s.as, fmt.Sprintf("sync %d", want), cardinal.RoleProvisioner, 0)
	s.must(err)
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPut, s.url+"/api/v1/users/"+username+"/pin", strings.NewReader(`{"pin":"`+pin+`"}`))
	s.must(err)
	request.Header.Set("Authorization", "Bearer "+token.Reveal())
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	s.must(err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	s.must(err)
	if answer.StatusCode != want || strings.Contains(string(body), pin) {
		s.t.Errorf("the program gets %d: %s", answer.StatusCode, body)
	}
}

// presents has somebody key in a PIN at a device.
func (s *stage) presents(username, text string, right bool) {
	s.t.Helper()
	const name = "Copier of the story"
	device, _, err := s.app.Accounts.CreateDevice(s.t.Context(), s.as, cardinal.Device{Name: name + fmt.Sprint(s.clock.Now().UnixNano())})
	s.must(err)
	s.clock.add(time.Millisecond)
	pin := cardinal.NewPIN(text)
	_, err = s.app.SignIn.SignIn(s.t.Context(), cardinal.Caller{Kind: cardinal.CallerDevice, Customer: s.as.Customer, Device: device.ID, Name: device.Name},
		signin.Try{Username: &username, PIN: &pin})
	if (err == nil) != right {
		s.t.Errorf("presenting the PIN: %v", err)
	}
}

// TestSelfManagementStatements walks the document about users who look after
// their own PIN and number, as far as the story of numbers does not.
func TestSelfManagementStatements(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.person("bruno", "Bruno Costa", cardinal.RoleUser)
		general := func(change func()) {
			s.signIn(adminName)
			s.open("/options/general")
			change()
			if status := s.Follow("#general .form-actions button"); status != http.StatusOK {
				t.Fatalf("saving Options › General: %d %s", status, s.text("main"))
			}
			s.signIn("bruno")
		}

		t.Log("allowed to change their PIN, users have the menu item Change Details with that option alone")
		general(func() { s.tick(at("general-user.can-change-pin"), true) })
		if got := s.text("a[href='/change-details']"); got != "Change Details" {
			t.Fatalf("the menu item is %q", got)
		}
		s.Follow("a[href='/change-details']")
		if s.count("#pin") != 1 || s.count("#number") != 0 || !strings.Contains(s.text("main"), "Change Card/ID PIN") {
			t.Errorf("the page offers %s", s.text("main"))
		}
		s.accepted("805913")

		t.Log("allowed to change their number, they change the one that was selected, and not the other")
		for _, slot := range cardinal.Slots() {
			general(func() {
				s.tick(at("general-user.can-change-card-id"), true)
				s.choose(at("general-user.can-change-card-id.which"), string(slot))
			})
			other := cardinal.Secondary
			if slot == cardinal.Secondary {
				other = cardinal.Primary
			}
			before := s.view("bruno")
			s.open("/change-details")
			if got := s.text("#number button[type=submit]"); got != "Change Number" {
				t.Errorf("the button says %q", got)
			}
			s.Follow("#number button[type=submit]")
			if after := s.view("bruno"); after.Number(slot) == before.Number(slot) || after.Number(other) != before.Number(other) {
				t.Errorf("%s: the numbers were %v and are %v", slot, before.Numbers, after.Numbers)
			}
		}

		t.Log("with auto-generate they cannot type a number, and without it they choose one")
		s.open("/change-details")
		if s.count("#number input[type=text], #number input[type=password]") != 0 {
			t.Error("a number can be typed")
		}
		general(func() { s.tick(at("general-user.can-change-card-id.auto-generate"), false) })
		s.open("/change-details")
		s.Type("#number input:not([type=hidden])", "55512345")
		s.Follow("#number button[type=submit]")
		if got := s.view("bruno").Number(cardinal.Secondary); got != "55512345" {
			t.Errorf("the number of their own choosing is %q: %s", got, s.text("main"))
		}

		t.Log("not allowed any more, the page is gone")
		general(func() {
			s.tick(at("general-user.can-change-pin"), false)
			s.tick(at("general-user.can-change-card-id"), false)
		})
		if s.count("a[href='/change-details']") != 0 {
			t.Error("the menu item is still there")
		}
		s.open("/change-details")
		if got := s.text("h1"); got != "Page not found" {
			t.Errorf("the page is still there: %q", got)
		}
	})
}

// choose selects an option of a select.
func (s *stage) choose(selector, value string) {
	s.t.Helper()
	browsertest.Eval[bool](s.Browser, `(document.querySelector(`+quote(selector)+`).value = `+quote(value)+`, true)`)
}
