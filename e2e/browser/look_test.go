package browser

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/browsertest"
	"cardinal/internal/credential"
	"cardinal/internal/signin"
)

// furnish puts people on the stage in every state that pages show.
func (s *stage) furnish() {
	s.t.Helper()
	ctx := s.t.Context()
	s.set("pin.expiration-hours", "72")
	for _, p := range []struct {
		username, name, department string
		role                       cardinal.Role
	}{
		{"bruno", "Bruno Costa", "Sales", cardinal.RoleUser},
		{"chiamaka", "Chiamaka Okonkwo-Featherstonehaugh", "Research and Development, Building 4", cardinal.RoleUser},
		{"dmitri", "", "", cardinal.RoleUser},
		{"elodie", "Élodie Martin", "Finance", cardinal.RoleUser},
		{"helga", "Helga Brandt", "IT", cardinal.RoleHelpdesk},
		{"aurel", "Aurel Popescu", "Audit", cardinal.RoleAuditor},
	} {
		s.person(p.username, p.name, p.role)
		_, err := s.app.Accounts.UpdateUser(ctx, s.as, p.username, 0, account.Fields{Department: &p.department})
		s.must(err)
	}
	for _, username := range []string{"bruno", "chiamaka", "helga"} {
		_, err := s.app.Door.GenerateNumber(ctx, s.as, username, cardinal.Primary)
		s.must(err)
	}
	s.must(s.app.Door.SetNumber(ctx, s.as, "bruno", credential.NumberChange{Slot: cardinal.Secondary, Number: number(s.t, "04A2B7C9D1")}))
	for _, given := range [][2]string{{"bruno", "805913"}, {"chiamaka", "730582"}} { // in an order, which the audit log shows
		_, err := s.app.Door.SetPIN(ctx, s.as, given[0], cardinal.NewPIN(given[1]))
		s.must(err)
	}
	disabled := true
	_, err := s.app.Accounts.UpdateUser(ctx, s.as, "elodie", 0, account.Fields{Disabled: &disabled})
	s.must(err)
	s.signInsOf("bruno", "805913", "4471", "805913")
	s.signInsOf("chiamaka", "1", "2", "3", "4", "5")
}

func number(t *testing.T, text string) cardinal.CardNumber {
	t.Helper()
	n, err := cardinal.ParseCardNumber("number", text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// signInsOf has somebody try PINs at a device, a minute apart.
func (s *stage) signInsOf(username string, pins ...string) {
	s.t.Helper()
	ctx := s.t.Context()
	device, _, err := s.app.Accounts.CreateDevice(ctx, s.as, cardinal.Device{Name: "Copier of " + username})
	s.must(err)
	caller := cardinal.Caller{Kind: cardinal.CallerDevice, Customer: s.as.Customer, Device: device.ID, Name: device.Name}
	for _, text := range pins {
		pin := cardinal.NewPIN(text)
		s.clock.add(time.Minute)
		_, err := s.app.SignIn.SignIn(ctx, caller, signin.Try{Username: &username, PIN: &pin})
		if err != nil && cardinal.CodeOf(err) != cardinal.CodeSignInFailed {
			s.t.Fatal(err)
		}
	}
}

// look is one page as somebody sees it: where it is, and what is done there first.
type look struct {
	name, as, path string
	do             func(s *stage)
}

func press(selector string) func(*stage) {
	return func(s *stage) { s.Follow(selector) }
}

func looks() []look {
	return slices.Concat(pageLooks(), accessLooks(), bulkLooks(), optionsLooks(), placesLooks(), importLooks(), logsLooks(), dashboardLooks(), usersLooks(), messagesLooks())
}

func pageLooks() []look {
	return []look{
		{"sign-in", "", "/sign-in", nil},
		{"sign-in-refused", "", "/sign-in", press("#sign-in button[type=submit]")},
		{"users", adminName, "/users", nil},
		{"users-found", adminName, "/users", func(s *stage) { s.Type("#find", "04A2B7C9D1"); s.Enter() }},
		{"users-nobody", adminName, "/users?q=nobody", nil},
		{"users-auditor", "aurel", "/users", nil},
		{"new-user", adminName, "/new-user", nil},
		{"new-user-refused", adminName, "/new-user", func(s *stage) { s.Type("#user-pin", "1234"); s.Follow("#user .form-actions button") }},
		{"user", adminName, "/users/bruno", nil},
		{"user-locked", adminName, "/users/chiamaka", nil},
		{"user-bare", adminName, "/users/dmitri", nil},
		{"user-refused", adminName, "/users/bruno", func(s *stage) {
			s.fill("#user-email", "not an address")
			s.Type("#user-pin", "1234")
			s.Follow("#user .form-actions button")
		}},
		{"user-above", "helga", "/users/ada", nil},
		{"user-auditor", "aurel", "/users/bruno", nil},
		{"user-sign-ins", adminName, "/users/bruno/sign-ins", nil},
		{"user-no-sign-ins", adminName, "/users/dmitri/sign-ins", nil},
		{"user-delete", adminName, "/users/dmitri/delete", nil},
		{"pin-remove", adminName, "/users/bruno/pin/remove", nil},
		{"pin-generate", adminName, "/users/bruno/pin/generate", nil},
		{"pin-generated", adminName, "/users/elodie/pin/generate", press(".confirm button[type=submit]")},
		{"number-generate", adminName, "/users/bruno", press("button[name=generate][value=primary]")},
		{"pin-require", adminName, "/users/bruno/pin/require", nil},
		{"password-one-time", adminName, "/users/dmitri/password", nil},
		{"password-generated", adminName, "/users/elodie/password", press("#password button[type=submit]")},
		{"policy", adminName, "/security-options", nil},
		{"policy-tried", adminName, "/security-options", func(s *stage) { s.Type("#try", "1234"); s.Follow("button[value=try]") }},
		{"policy-refused", adminName, "/security-options", func(s *stage) {
			s.fill(at("policy-pin.min-length"), "3")
			s.Follow("#policy button[type=submit]")
		}},
		{"policy-auditor", "aurel", "/security-options", nil},
		{"general", adminName, "/options/general", nil},
		{"general-auditor", "aurel", "/options/general", nil},
		{"config", adminName, "/options/config-editor", nil},
		{"config-found", adminName, "/options/config-editor?find=num-times", nil},
		{"config-none", adminName, "/options/config-editor?find=nothing", nil},
		{"config-auditor", "aurel", "/options/config-editor?find=pin", nil},
		{"summary", "bruno", "/summary", nil},
		{"summary-bare", "dmitri", "/summary", nil},
		{"change", "bruno", "/change-details", nil},
		{"change-refused", "bruno", "/change-details", func(s *stage) { s.submitPIN("123456") }},
		{"change-number", "bruno", "/change-details", press("#number button[type=submit]")},
		{"password", "bruno", "/password", nil},
		{"password-refused", "bruno", "/password", press("#password button[type=submit]")},
		{"forbidden", "bruno", "/users", nil},
	}
}

// furnishedElsewhere are pages that TestPlacesAreFitToLookAt and
// TestWaysBackAreFitToLookAt look at.
func furnishedElsewhere() []string {
	return []string{
		"GET /options/api-tokens/{id}/revoke", "GET /options/customers/{id}/delete", "GET /forgot-password", "GET /forgot-password/sent", "GET /forgot-pin",
		"GET /forgot-pin/sent", "GET /new-password", "GET /new-pin", "GET /new-pin/sent", "GET /change-details/pin-by-e-mail",
	}
}

// TestEveryPageIsFitToLookAt asks axe-core about every page in every state, light
// and dark, wide and narrow: each state on one of the screens in turn, on all of
// them with CARDINAL_LOOK=all. With CARDINAL_PICTURES set to a folder it leaves
// pictures there.
func TestEveryPageIsFitToLookAt(t *testing.T) {
	s := newStage(t)
	s.furnish()
	s.furnishMessages()
	s.openToUsers()
	sessions := map[string]string{"": ""}
	for _, l := range looks() {
		if _, have := sessions[l.as]; !have {
			sessions[l.as] = s.session(l.as)
		}
	}
	atlas, seen := s.atlas(), map[string]bool{}
	all := os.Getenv("CARDINAL_LOOK") == "all"
	for i, screen := range []screen{{browsertest.Light, 1440}, {browsertest.Dark, 1440}, {browsertest.Dark, 320}, {browsertest.Light, 390}} {
		s.Prefer(screen.scheme)
		s.Screen(screen.width, 900)
		for j, l := range looks() {
			if !all && (i+j)%4 != 0 {
				continue
			}
			s.Cookie(s.url, "cardinal-session", sessions[l.as])
			s.open(l.path)
			if l.do != nil {
				l.do(s)
			}
			seen[atlas.pattern(s.Path())] = true
			s.examine(fmt.Sprintf("%s-%s-%d", l.name, screen.scheme, screen.width))
		}
	}
	for _, route := range atlas.routes {
		if strings.HasPrefix(route.Pattern, "GET ") && !seen[route.Pattern] && notPages()[route.Pattern] == "" && !slices.Contains(furnishedElsewhere(), route.Pattern) {
			t.Errorf("nobody looks at %s: add it to the looks", route.Pattern)
		}
	}
	for _, problem := range s.Problems() {
		if !strings.Contains(problem, "status of 4") {
			t.Errorf("the browser complains: %s", problem)
		}
	}
}
