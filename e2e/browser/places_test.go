package browser

import (
	"net/http"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/auth"
)

// bearer is whose token it is, or the code of the refusal.
func (s *stage) bearer(token string) string {
	s.t.Helper()
	found, err := s.app.Auth.Bearer(s.t.Context(), cardinal.NewToken(token), auth.Origin{})
	if err != nil {
		return string(cardinal.CodeOf(err))
	}
	return found.Caller.Name
}

// TestDeviceStory: an administrator adds a device, copies its token once, tries
// a conversion, gives it a new token, and deletes it.
func TestDeviceStory(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.signIn(adminName)
		s.open("/options/devices")
		s.Follow(".empty-state a")
		s.Type("#device-name", "Copier, 2nd floor")
		s.Click("input[name=methods][value=card-pin]")
		if status := s.Follow("#device .form-actions button"); status != http.StatusOK {
			t.Fatalf("adding the device: %d %s", status, s.text("main"))
		}
		token := s.text("#device-token")
		if s.bearer(token) != "Copier, 2nd floor" {
			t.Errorf("the token that is shown is %s's", s.bearer(token))
		}
		if example := s.text(".example"); !strings.Contains(example, s.url+"/api/v1/sign-in") || strings.Contains(example, token) {
			t.Errorf("the example is %s", example)
		}
		s.Follow(".once-page .btn-primary")
		if strings.Contains(s.html(), token) {
			t.Error("the token is shown a second time")
		}

		s.fill("#device-conversion", "hex-to-decimal")
		s.Type("#read", "DEADBEEF")
		s.Follow("button[value=try]")
		if got := s.text("#try-result"); !strings.Contains(got, "3735928559") || s.value("#device-conversion") != "hex-to-decimal" {
			t.Errorf("the try says %s", got)
		}
		s.fill("#read", "")
		s.Follow("#device .form-actions button")
		view, err := s.app.Accounts.DeviceView(t.Context(), s.as, cardinal.DeviceID(strings.TrimPrefix(s.Path(), "/options/devices/")))
		s.must(err)
		if view.Conversion != "hex-to-decimal" || len(view.Methods) != 1 || view.Methods[0] != cardinal.MethodCardPIN {
			t.Errorf("saved is %+v: %s", view, s.text("main"))
		}

		theirs := view.Device
		theirs.Name = "Their name"
		_, err = s.app.Accounts.UpdateDevice(t.Context(), s.as, theirs)
		s.must(err)
		s.fill("#device-name", "My name")
		if status := s.Follow("#device .form-actions button"); status != http.StatusPreconditionFailed || !strings.Contains(s.text("#device-name-theirs"), "Their name") {
			t.Errorf("the stale save: %d %s", status, s.text("main"))
		}
		if s.Follow("#device .form-actions button"); !strings.Contains(s.text("h1"), "My name") {
			t.Errorf("saved knowingly, it is %s", s.text("h1"))
		}

		s.Follow("a[href$='/token']")
		s.Follow(".confirm button[type=submit]")
		if renewed := s.text("#device-token"); s.bearer(token) != "unauthenticated" || s.bearer(renewed) != "My name" {
			t.Errorf("after a renewal the tokens are %s's and %s's", s.bearer(token), s.bearer(renewed))
		}
		s.Follow(".once-page .btn-primary")
		s.Follow("a[href$='/delete']")
		s.Follow(".confirm button[type=submit]")
		if got := s.text("main"); !strings.Contains(got, "My name was deleted") || !strings.Contains(got, "No devices yet") {
			t.Errorf("after the deletion the page says %s", got)
		}
	})
}

// TestTokenStory: an API token is shown once, its name is its own, and it is
// refused once it is revoked.
func TestTokenStory(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.signIn(adminName)
		s.open("/options/api-tokens")
		s.Follow(".empty-state a")
		s.Type("#token-name", "HR sync")
		s.Follow("#token .form-actions button")
		token := s.text("#api-token")
		if s.bearer(token) != "HR sync" {
			t.Errorf("the token that is shown is %s's", s.bearer(token))
		}
		s.Follow(".once-page .btn-primary")
		if got := s.text("tbody tr"); !strings.Contains(got, "Provisioner") || !strings.Contains(got, "by user ada") || strings.Contains(s.html(), token) {
			t.Errorf("the list says %s", got)
		}
		s.Follow("a[href='/options/new-api-token']")
		s.Type("#token-name", "hr SYNC")
		if status := s.Follow("#token .form-actions button"); status != http.StatusConflict || !strings.Contains(s.text(".summary"), "taken") {
			t.Errorf("the same name: %d %s", status, s.text("main"))
		}
		s.open("/options/api-tokens")
		s.Follow(".row-action a")
		s.Follow(".confirm button[type=submit]")
		if s.bearer(token) != "unauthenticated" || !strings.Contains(s.text("main"), "No API tokens yet") {
			t.Errorf("a revoked token is %s's: %s", s.bearer(token), s.text("main"))
		}
	})
}

// TestAdministratorStory: somebody new becomes administrator with a one-time
// password, a user is given a role and loses it again.
func TestAdministratorStory(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.person("bruno", "Bruno Costa", cardinal.RoleUser)
		s.signIn(adminName)
		s.open("/options/administrators")
		if got := s.count(".row-action a"); got != 0 {
			t.Errorf("the only administrator is offered %d buttons for their own role", got)
		}
		s.Follow("a[href='/options/new-administrator']")
		s.Type("#administrator-username", "carla")
		s.Follow("#administrator .form-actions button")
		oneTime := s.text("#new-password")
		if view := s.view("carla"); view.Role != cardinal.RoleAdministrator || !view.PasswordMustChange {
			t.Errorf("the new administrator is %+v", view.User)
		}
		_, err := s.app.Auth.SignIn(t.Context(), auth.Credentials{Username: "carla", Password: cardinal.NewPassword(oneTime)}, auth.Origin{})
		s.must(err)

		s.open("/options/give-role")
		s.Type("#find", "costa")
		s.Enter()
		s.Follow(".row-action a")
		s.Click("input[name=role][value=auditor]")
		s.Follow("#role .form-actions button")
		if role := s.view("bruno").Role; role != cardinal.RoleAuditor || !strings.Contains(s.text(".flash"), "Bruno Costa has the role Auditor") {
			t.Errorf("the role is %s: %s", role, s.text("main"))
		}
		s.open("/options/administrators/bruno")
		s.Follow("a[href$='/remove']")
		s.Follow(".confirm button[type=submit]")
		if role := s.view("bruno").Role; role != cardinal.RoleUser {
			t.Errorf("the role is %s: %s", role, s.text("main"))
		}
	})
}

// TestCustomerStory: an operator adds a customer and deletes it by its name.
func TestCustomerStory(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.signIn(adminName)
		s.open("/options/customers")
		s.Follow("a[href='/options/new-customer']")
		s.Type("#customer-name", "Brno Library")
		s.Type("#customer-username", "root")
		s.Follow("#customer .form-actions button")
		right := auth.Credentials{Customer: "brno library", Username: "root", Password: cardinal.NewPassword(s.text("#new-password"))}
		if _, err := s.app.Auth.SignIn(t.Context(), right, auth.Origin{}); err != nil {
			t.Errorf("its administrator cannot sign in: %v", err)
		}
		s.Follow(".once-page .btn-primary")
		page := s.Path()
		s.Follow("a[href$='/delete']")
		s.Type("#delete-name", "brno")
		if status := s.Follow("#delete .form-actions button"); status != http.StatusUnprocessableEntity {
			t.Errorf("another name is answered %d", status)
		}
		s.fill("#delete-name", "Brno Library")
		s.Follow("#delete .form-actions button")
		if got := s.text(".flash"); !strings.Contains(got, "Brno Library was deleted") || s.count("tbody tr") != 1 {
			t.Errorf("after the deletion: %s", s.text("main"))
		}
		if s.open(page); !strings.Contains(s.text("h1"), "not found") {
			t.Errorf("the page of the deleted customer says %s", s.text("main"))
		}
		if _, err := s.app.Auth.SignIn(t.Context(), right, auth.Origin{}); cardinal.CodeOf(err) != cardinal.CodeUnauthenticated {
			t.Errorf("its administrator still signs in: %v", err)
		}
	})
}

// TestWhoReadsPlaces: auditors see what there is, without buttons, and nobody
// gets a page above their role.
func TestWhoReadsPlaces(t *testing.T) {
	s := newStage(t)
	s.person("aurel", "", cardinal.RoleAuditor)
	s.person("helga", "", cardinal.RoleHelpdesk)
	s.person("mira", "", cardinal.RoleAdministrator)
	made, _, err := s.app.Accounts.CreateDevice(t.Context(), s.as, cardinal.Device{Name: "Copier"})
	s.must(err)
	token, _, err := s.app.Accounts.CreateToken(t.Context(), s.as, "sync", cardinal.RoleOperator, 0)
	s.must(err)
	sessions := map[string]string{}
	for _, username := range []string{adminName, "mira", "aurel", "helga"} {
		sessions[username] = s.session(username)
	}
	other, err := s.app.Accounts.CreateCustomer(t.Context(), s.as, account.NewCustomer{Name: "Brno Library"})
	s.must(err)
	reads := []string{"/options/devices", "/options/devices/" + string(made.ID), "/options/api-tokens", "/options/administrators"}
	changes := []string{
		"/options/new-device", reads[1] + "/token", reads[1] + "/delete", "/options/new-api-token", "/options/api-tokens/" + string(token.ID) + "/revoke",
		"/options/new-administrator", "/options/give-role", "/options/administrators/helga", "/options/administrators/helga/remove",
	}
	customers := []string{"/options/customers", "/options/new-customer", "/options/customers/" + string(other.ID), "/options/customers/" + string(other.ID) + "/delete"}
	for username, may := range map[string][3]bool{adminName: {true, true, true}, "mira": {true, true, false}, "aurel": {true, false, false}, "helga": {}} {
		s.Cookie(s.url, "cardinal-session", sessions[username])
		for i, paths := range [][]string{reads, changes, customers} {
			for _, path := range paths {
				s.open(path)
				if forbidden := strings.Contains(s.text("h1"), "You may not do this"); forbidden == may[i] {
					t.Errorf("%s at %s: %s", username, path, s.text("main"))
				}
				if username == "aurel" && may[i] && s.count("main form:not([role=search]), main .row-action a, main .btn-primary:not([href='/api/docs'])") > 0 {
					t.Errorf("an auditor is offered buttons at %s: %s", path, s.text("main"))
				}
			}
		}
	}
	s.Cookie(s.url, "cardinal-session", sessions["mira"])
	s.open("/options/api-tokens")
	if got := s.count(".row-action a"); got != 0 {
		t.Error("an administrator is offered to revoke an operator's token")
	}
}
