package browser

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"

	"cardinal"
	"cardinal/internal/browsertest"
)

// shown is the code that an app with the key shows now, a step after the last.
func (s *stage) shown(key string) string {
	s.t.Helper()
	s.clock.add(30 * time.Second)
	code, err := totp.GenerateCode(strings.ReplaceAll(key, " ", ""), s.clock.Now())
	s.must(err)
	return code
}

// password goes to the sign-in page and gives the right password.
func (s *stage) password(username string) {
	s.t.Helper()
	s.open("/sign-in")
	if s.Path() != "/sign-in" {
		s.Click(".menu-button")
		s.Follow("form[action='/sign-out'] button")
	}
	s.Type("#sign-in-username", username)
	s.Type("#sign-in-password", password)
	s.Enter()
}

// TestAuthenticatorApp is the story of an administrator who sets up an app, signs
// in with it, loses it, and uses a recovery code.
func TestAuthenticatorApp(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.signIn(adminName)
		s.open("/second-factor")
		s.Follow("a[href='/second-factor/app']")
		key := s.text("#app-key")
		if qr := browsertest.Eval[int](s.Browser, `document.querySelector(".enrol-qr").naturalWidth`); qr != 256 || len(strings.ReplaceAll(key, " ", "")) != 32 {
			t.Fatalf("the QR code is %d pixels wide, the key %q", qr, key)
		}
		s.Type("#app-code", "000000")
		if status := s.Enter(); status != http.StatusUnprocessableEntity || s.text("#app-key") != key {
			t.Fatalf("a wrong code is answered with %d and the key %q", status, s.text("#app-key"))
		}
		s.Type("#app-code", s.shown(key))
		s.Enter()
		codes := strings.Fields(s.text(".codes"))
		if len(codes) != 10 {
			t.Fatalf("the recovery codes are %v: %s", codes, s.text("main"))
		}

		s.password(adminName)
		for _, path := range []string{"/users", "/summary", "/second-factor", "/"} {
			if s.open(path); !strings.HasPrefix(s.Path(), "/sign-in") {
				t.Errorf("with the password alone %s opens", path)
			}
		}
		s.open("/sign-in/second")
		s.Type("#second-code", "123123")
		if status := s.Enter(); status != http.StatusUnprocessableEntity || !strings.Contains(s.text(".summary"), "not right") {
			t.Errorf("a wrong code: %d %s", status, s.text("main"))
		}
		s.Type("#second-code", s.shown(key))
		if s.Enter(); s.Path() == "/sign-in/second" {
			t.Fatalf("the code does not sign in: %s", s.text("main"))
		}

		s.password(adminName)
		s.Follow("a[href*='with=recovery']")
		s.Type("#second-recovery", codes[3])
		if s.Enter(); !strings.Contains(s.text(".flash"), "9 are left") {
			t.Errorf("after a recovery code: %s at %s", s.text("main"), s.Path())
		}

		s.clock.add(16 * time.Minute)
		s.open("/second-factor")
		s.Follow("a[href='/second-factor/app/remove']")
		if s.Path() != "/confirm?next=%2Fsecond-factor%2Fapp%2Fremove" {
			t.Fatalf("a quarter of an hour later it is not asked who it is: %s", s.Path())
		}
		s.Follow("a[href*='with=app']")
		s.Type("#confirm-code", s.shown(key))
		s.Enter()
		s.Follow(".confirm button[type=submit]")
		if !strings.Contains(s.text(".flash"), "removed") {
			t.Errorf("the app is not removed: %s", s.text("main"))
		}
		s.signIn(adminName)
	})
}

// TestSecondFactorRequired holds whoever has none where one is set up.
func TestSecondFactorRequired(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.person("helga", "Helga Brandt", cardinal.RoleHelpdesk)
		s.person("bruno", "Bruno Costa", cardinal.RoleUser)
		s.set("auth.second-factor-required", "true")
		s.signIn("bruno")
		if s.Path() != "/summary" {
			t.Errorf("a user is led to %s", s.Path())
		}
		s.signIn("helga")
		for _, path := range []string{"/", "/users", "/summary"} {
			if s.open(path); s.Path() != "/second-factor" {
				t.Errorf("%s leads to %s", path, s.Path())
			}
		}
		s.Follow("a[href='/second-factor/app']")
		s.Type("#app-code", s.shown(s.text("#app-key")))
		s.Enter()
		s.Follow(".once .btn-primary")
		if s.open("/users"); s.Path() != "/users" {
			t.Errorf("with a second factor /users leads to %s: %s", s.Path(), s.text("main"))
		}
	})
}

// authenticator gives the browser a device with passkeys that always says yes.
func (s *stage) authenticator() {
	s.t.Helper()
	browsertest.Do(s.Browser, command(webauthn.Enable, webauthn.EnableParams{}))
	browsertest.Do(s.Browser, command(webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		},
	}))
}

func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[R] {
	return func(ctx context.Context, t *chromedp.Target) (R, error) { return cdp.Call(ctx, t, c, params) }
}

// TestPasskeys makes a passkey, signs in with it, confirms with it and removes it.
func TestPasskeys(t *testing.T) {
	s := newStage(t)
	s.signIn(adminName)
	if s.open("/second-factor"); s.count("a[href='/second-factor/passkeys']") != 0 || !strings.Contains(s.text("main"), "not an IP address") {
		t.Errorf("at an IP address passkeys are offered, or it is not said why not: %s", s.text("main"))
	}
	s.url = strings.Replace(s.url, "127.0.0.1", "localhost", 1)
	s.authenticator()
	s.signIn(adminName)
	s.open("/second-factor/passkeys")
	s.fill("#passkey-name", "Ada's laptop")
	s.Click("#passkey button[type=submit]")
	browsertest.Await(s.Browser, `document.querySelectorAll(".codes li").length`, 10)
	if n := s.count(".codes li"); n != 10 {
		t.Fatalf("%d recovery codes after the passkey: %s", n, s.text("main"))
	}
	if s.open("/second-factor"); !strings.Contains(s.text("main"), "Ada's laptop") {
		t.Errorf("the passkey is not listed: %s", s.text("main"))
	}

	s.password(adminName)
	if s.Path() != "/sign-in/second" {
		t.Fatalf("the password leads to %s", s.Path())
	}
	s.Click("#second button[type=submit]")
	if !browsertest.Await(s.Browser, `location.pathname !== "/sign-in/second"`, true) {
		t.Fatalf("the passkey does not sign in: %s", s.text("main"))
	}

	s.clock.add(16 * time.Minute)
	s.open("/second-factor")
	s.Follow("td a[href$='/remove']")
	s.Follow("a[href*='with=passkey']")
	s.Click("#confirm button[type=submit]")
	if got := browsertest.Await(s.Browser, `document.querySelectorAll(".confirm").length`, 1); got != 1 {
		t.Fatalf("the passkey does not confirm: %s", s.text("main"))
	}
	s.Follow(".confirm button[type=submit]")
	if s.count("td a[href$='/remove']") != 0 {
		t.Errorf("the passkey is still there: %s", s.text("main"))
	}
	s.signIn(adminName)

	s.Scripts(false)
	s.open("/second-factor/passkeys")
	if status := s.Follow("#passkey button[type=submit]"); status != http.StatusUnprocessableEntity || !strings.Contains(s.text(".summary"), "JavaScript") {
		t.Errorf("without scripts: %d %s", status, s.text("main"))
	}
	for _, problem := range s.Problems() {
		if !strings.Contains(problem, "status of 4") {
			t.Errorf("the browser complains: %s", problem)
		}
	}
}

// TestWhereOneIsSignedIn lists the sessions and ends one, the others, and all.
func TestWhereOneIsSignedIn(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.person("bruno", "Bruno Costa", cardinal.RoleUser)
		for range 3 {
			s.session("bruno")
		}
		s.signIn("bruno")
		s.Click(".menu-button")
		s.Follow(".menu-panel a[href='/sessions']")
		if got := s.text("tbody tr:first-child"); s.count("tbody tr") != 4 || !strings.Contains(got, "on Linux") || !strings.Contains(got, "This one") {
			t.Fatalf("%d sessions, the first: %s", s.count("tbody tr"), got)
		}
		if s.Follow("tbody tr:nth-child(2) button"); s.count("tbody tr") != 3 {
			t.Errorf("%d sessions after one was ended", s.count("tbody tr"))
		}
		if s.Follow("form[action='/sessions/end-others'] button"); s.count("tbody tr") != 1 {
			t.Errorf("%d sessions after the others were ended", s.count("tbody tr"))
		}
		s.Follow("form[action='/sign-out-everywhere'] button")
		if s.open("/summary"); !strings.HasPrefix(s.Path(), "/sign-in") {
			t.Errorf("after signing out everywhere one is still at %s", s.Path())
		}
	})
}

// TestDangerousActsAskWhoItIs lets a screen stand open for a while.
func TestDangerousActsAskWhoItIs(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.person("bruno", "Bruno Costa", cardinal.RoleUser)
		s.signIn(adminName)
		s.open("/users/bruno/delete")
		s.clock.add(16 * time.Minute)
		s.Follow(".confirm button[type=submit]")
		if s.Path() != "/confirm?next=%2Fusers%2Fbruno%2Fdelete" || !strings.Contains(s.text(".flash"), "Nothing was done yet") {
			t.Fatalf("the form leads to %s: %s", s.Path(), s.text("main"))
		}
		s.Type("#confirm-currentPassword", "not the password")
		if status := s.Enter(); status != http.StatusUnprocessableEntity {
			t.Errorf("a wrong password is answered with %d: %s", status, s.text("main"))
		}
		s.Type("#confirm-currentPassword", password)
		if s.Enter(); s.Path() != "/users/bruno/delete" {
			t.Fatalf("after the password one is at %s", s.Path())
		}
		if s.view("bruno").Username != "bruno" {
			t.Error("deleted before it was confirmed")
		}
		s.Follow(".confirm button[type=submit]")
		if _, err := s.app.Accounts.User(t.Context(), s.as, "bruno"); cardinal.CodeOf(err) != cardinal.CodeNotFound {
			t.Errorf("not deleted after it was confirmed: %v at %s", err, s.Path())
		}
	})
}
