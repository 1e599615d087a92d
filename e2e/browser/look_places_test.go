package browser

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/browsertest"
	"cardinal/internal/signin"
)

// furnishPlaces puts devices, tokens, administrators and another customer on the
// stage in every state that their pages show.
func (s *stage) furnishPlaces() {
	s.t.Helper()
	ctx := s.t.Context()
	s.set("signin.device.wrong-budget", "4")
	device := func(d cardinal.Device) cardinal.Device {
		made, _, err := s.app.Accounts.CreateDevice(ctx, s.as, d)
		s.must(err)
		return made
	}
	device(cardinal.Device{Name: "Copier, 2nd floor, Building 4 (Research and Development)", Methods: []cardinal.Method{cardinal.MethodCardPIN, cardinal.MethodUsernamePIN}, Conversion: "reverse-bytes | hex-to-decimal:10"})
	off := device(cardinal.Device{Name: "Old kiosk"})
	off.Disabled = true
	_, err := s.app.Accounts.UpdateDevice(ctx, s.as, off)
	s.must(err)
	spent := device(cardinal.Device{Name: "Spent terminal"})
	caller := cardinal.Caller{Kind: cardinal.CallerDevice, Customer: s.as.Customer, Device: spent.ID, Name: spent.Name}
	for i := range 5 {
		username, pin := fmt.Sprint("nobody", i), cardinal.NewPIN("805913")
		if _, err := s.app.SignIn.SignIn(ctx, caller, signin.Try{Username: &username, PIN: &pin}); err == nil {
			s.t.Fatal("nobody signed in")
		}
	}
	for name, lifetime := range map[string]time.Duration{"HR sync": 400 * 24 * time.Hour, "Backup": 10 * 24 * time.Hour, "Forever": 0} {
		_, _, err := s.app.Accounts.CreateToken(ctx, s.as, name, cardinal.RoleProvisioner, lifetime)
		s.must(err)
	}
	_, err = s.app.Accounts.CreateCustomer(ctx, s.as, account.NewCustomer{Name: "Brno Library", Admin: "root", Password: cardinal.NewPassword(password)})
	s.must(err)
}

// follow opens what the first link with these words leads to.
func follow(words string) func(*stage) {
	return func(s *stage) {
		s.t.Helper()
		href := browsertest.Eval[string](s.Browser, `(Array.from(document.querySelectorAll("main a")).find(a => a.innerText.includes(`+quote(words)+`)) || {getAttribute: () => ""}).getAttribute("href")`)
		if href == "" {
			s.t.Fatalf("no link says %s on %s", words, s.Path())
		}
		s.open(href)
	}
}

func inTurn(steps ...func(*stage)) func(*stage) {
	return func(s *stage) {
		for _, step := range steps {
			step(s)
		}
	}
}

func placesLooks() []look {
	return []look{
		{"devices", adminName, "/options/devices", nil},
		{"devices-found", adminName, "/options/devices?find=copier", nil},
		{"devices-not-found", adminName, "/options/devices?find=nothing", nil},
		{"devices-auditor", "aurel", "/options/devices", nil},
		{"device", adminName, "/options/devices?find=Copier of bruno", follow("Copier of bruno")},
		{"device-auditor", "aurel", "/options/devices?find=Copier of bruno", follow("Copier of bruno")},
		{"device-tried", adminName, "/options/devices?find=Copier of bruno", inTurn(follow("Copier of bruno"), func(s *stage) {
			s.fill("#device-conversion", "hex-to-decimal")
			s.Type("#read", "04A2B7C9")
			s.Follow("button[value=try]")
		})},
		{"device-refused", adminName, "/options/devices?find=Copier of bruno", inTurn(follow("Copier of bruno"), func(s *stage) {
			s.fill("#device-conversion", "sideways")
			s.Follow("#device .form-actions button")
		})},
		{"device-new", adminName, "/options/new-device", nil},
		{"device-delete", adminName, "/options/devices?find=Copier of bruno", inTurn(follow("Copier of bruno"), follow("Delete device"))},
		{"device-token", adminName, "/options/devices?find=Copier of bruno", inTurn(follow("Copier of bruno"), follow("New token"), press(".confirm button[type=submit]"))},
		{"tokens", adminName, "/options/api-tokens", nil},
		{"tokens-auditor", "aurel", "/options/api-tokens", nil},
		{"token-new", adminName, "/options/new-api-token", nil},
		{"token-refused", adminName, "/options/new-api-token", press("#token .form-actions button")},
		{"administrators", adminName, "/options/administrators", nil},
		{"administrators-auditor", "aurel", "/options/administrators", nil},
		{"administrator-new", adminName, "/options/new-administrator", nil},
		{"administrator-role", adminName, "/options/administrators/helga", nil},
		{"administrator-remove", adminName, "/options/administrators/helga/remove", nil},
		{"administrator-give", adminName, "/options/give-role", nil},
		{"administrator-found", adminName, "/options/give-role", func(s *stage) { s.Type("#find", "a"); s.Enter() }},
		{"customers", adminName, "/options/customers", nil},
		{"customer-own", adminName, "/options/customers", follow("Acme Corporation")},
		{"customer-new", adminName, "/options/new-customer", nil},
	}
}

// furnishedPlacesLooks are looks that need furnishPlaces.
func furnishedPlacesLooks() []look {
	return []look{
		{"device-locked", adminName, "/options/devices?find=Spent", follow("Spent terminal")},
		{"customer", adminName, "/options/customers", follow("Brno Library")},
		{"customer-delete", adminName, "/options/customers", inTurn(follow("Brno Library"), follow("Delete customer"))},
		{"customer-not-deleted", adminName, "/options/customers", inTurn(follow("Brno Library"), follow("Delete customer"), press("#delete .form-actions button"))},
		{"tokens-full", adminName, "/options/api-tokens", nil},
		{"token-revoke", adminName, "/options/api-tokens", follow("Revoke")},
	}
}

// TestPlacesAreFitToLookAt looks at the pages of devices, API tokens,
// administrators and customers, empty and furnished.
func TestPlacesAreFitToLookAt(t *testing.T) {
	s := newStage(t)
	s.signIn(adminName)
	for _, l := range []look{{"devices-empty", "", "/options/devices", nil}, {"tokens-empty", "", "/options/api-tokens", nil}} {
		s.open(l.path)
		s.examine(l.name)
	}
	s.furnish()
	sessions := map[string]string{adminName: s.session(adminName), "aurel": s.session("aurel")}
	s.furnishPlaces()
	for _, screen := range []struct {
		scheme browsertest.Scheme
		width  int
	}{{browsertest.Light, 1440}, {browsertest.Dark, 390}, {browsertest.Light, 320}} {
		s.Prefer(screen.scheme)
		s.Screen(screen.width, 900)
		all := furnishedPlacesLooks()
		if os.Getenv("CARDINAL_PICTURES") != "" {
			all = append(all, placesLooks()...) // else they are looked at with every other page
		}
		for _, l := range all {
			s.Cookie(s.url, "cardinal-session", sessions[l.as])
			s.open(l.path)
			if l.do != nil {
				l.do(s)
			}
			s.examine(fmt.Sprintf("%s-%s-%d", l.name, screen.scheme, screen.width))
		}
	}
	for _, problem := range s.Problems() {
		if !strings.Contains(problem, "status of 4") {
			t.Errorf("the browser complains: %s", problem)
		}
	}
}

// examine asks axe-core about the page and whether it fits the screen.
func (s *stage) examine(name string) {
	s.t.Helper()
	for _, finding := range s.Axe() {
		s.t.Errorf("%s: %s", name, finding)
	}
	if over := s.Overflow(); over > 0 {
		s.t.Errorf("%s is %d pixels wider than the screen", name, over)
	}
	s.picture(name)
}
