package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pquerna/otp/totp"

	"cardinal"
	"cardinal/internal/auth"
	"cardinal/internal/browsertest"
	"cardinal/internal/wayback"
)

// accessLooks are the states of the pages about getting in.
func accessLooks() []look {
	p := &twoStep{}
	return []look{
		{"factor-none", adminName, "/second-factor", nil},
		{"factor-app", adminName, "/second-factor/app", nil},
		{"factor-app-refused", adminName, "/second-factor/app", func(s *stage) { s.Type("#app-code", "000000"); s.Enter() }},
		{"factor-passkey", adminName, "/second-factor/passkeys", nil},
		{"factor-user", "bruno", "/second-factor", nil},
		{"factor-set-up", "", "/sign-in", func(s *stage) { p.opens(s, "/second-factor") }},
		{"factor-codes-ask", "", "/sign-in", func(s *stage) { p.opens(s, "/second-factor/recovery-codes") }},
		{"factor-codes", "", "/sign-in", func(s *stage) {
			p.opens(s, "/second-factor/recovery-codes")
			s.Follow(".confirm button[type=submit]")
		}},
		{"second-app", "", "/sign-in", func(s *stage) { p.waits(s, "app") }},
		{"second-refused", "", "/sign-in", func(s *stage) { p.waits(s, "app"); s.Follow("#second button[type=submit]") }},
		{"second-recovery", "", "/sign-in", func(s *stage) { p.waits(s, "recovery") }},
		{"sessions", "helga", "/sessions", nil},
		{"confirm", adminName, "/confirm?next=/users", nil},
		{"confirm-refused", adminName, "/confirm", press("#confirm button[type=submit]")},
	}
}

// waysLooks are the states of the ways back, of a stage that has its post.
func waysLooks(p *post) []look {
	linked := func(kind wayback.Kind) func(*stage) {
		return func(s *stage) {
			s.clock.add(wayback.Hour) // links are few in an hour
			s.must(s.app.Ways.Ask(s.t.Context(), kind, wayback.Who{Name: "bruno"}, auth.Origin{Address: "127.0.0.1"}))
			s.open(p.link("bruno"))
		}
	}
	password, pin := linked(wayback.Password), linked(wayback.PIN)
	return []look{
		{"sign-in-ways", "", "/sign-in", nil},
		{"forgot-password", "", "/forgot-password", nil},
		{"forgot-password-refused", "", "/forgot-password", press("#forgot button[type=submit]")},
		{"forgot-password-sent", "", "/forgot-password/sent", nil},
		{"forgot-pin", "", "/forgot-pin", nil},
		{"forgot-pin-sent", "", "/forgot-pin/sent", nil},
		{"link-password", "", "/sign-in", password},
		{"link-password-refused", "", "/sign-in", inTurn(password, press("#new-password button[type=submit]"))},
		{"link-over", "", "/new-pin?link=nothing", nil},
		{"link-pin", "", "/sign-in", pin},
		{"link-pin-sent", "", "/new-pin/sent", nil},
		{"change-mail", "bruno", "/change-details/pin-by-e-mail", nil},
		{"user-invite", adminName, "/users/dmitri", nil},
	}
}

// TestWaysBackAreFitToLookAt looks at the pages of the ways back, also where there
// are none.
func TestWaysBackAreFitToLookAt(t *testing.T) {
	s := newStage(t)
	s.furnish()
	s.open("/forgot-password")
	s.examine("forgot-off")
	looks := waysLooks(s.hasPost())
	sessions := map[string]string{"": "", "bruno": s.session("bruno"), adminName: s.session(adminName)}
	for i, screen := range []screen{{browsertest.Light, 1440}, {browsertest.Dark, 390}, {browsertest.Light, 320}, {browsertest.Dark, 1440}} {
		s.Prefer(screen.scheme)
		s.Screen(screen.width, 900)
		for j, l := range looks {
			if (i+j)%2 != 0 {
				continue
			}
			s.Cookie(s.url, "cardinal-session", sessions[l.as])
			s.open(l.path)
			if l.do != nil {
				l.do(s)
			}
			s.examine(fmt.Sprintf("%s-%s-%d", l.name, screen.scheme, screen.width))
		}
	}
}

// twoStep is Gisela, who has an authenticator app, set up anew for each of them.
type twoStep struct {
	codes   []cardinal.Token
	session string
}

// password signs Gisela in as far as the password goes.
func (p *twoStep) password(s *stage) cardinal.Token {
	s.t.Helper()
	sign := func() cardinal.Token {
		token, err := s.app.Auth.SignIn(s.t.Context(), auth.Credentials{Username: "gisela", Password: cardinal.NewPassword(password)}, auth.Origin{Address: "127.0.0.1"})
		s.must(err)
		return token
	}
	if p.codes == nil {
		if err := s.app.Auth.RemoveFactors(s.t.Context(), s.as, "gisela"); cardinal.CodeOf(err) == cardinal.CodeNotFound {
			s.person("gisela", "Gisela Moretti", cardinal.RoleAdministrator)
		}
		person, err := s.app.Auth.Session(s.t.Context(), sign(), auth.Origin{})
		s.must(err)
		offer, err := s.app.Auth.NewApp(person.Caller, "Cardinal")
		s.must(err)
		code, err := totp.GenerateCode(strings.ReplaceAll(offer.Key.Reveal(), " ", ""), s.clock.Now())
		s.must(err)
		p.codes, err = s.app.Auth.AddApp(s.t.Context(), person.Caller, offer.Sealed, cardinal.NewToken(code))
		s.must(err)
	}
	return sign()
}

// waits opens the second step of signing in.
func (p *twoStep) waits(s *stage, with string) {
	s.t.Helper()
	s.Cookie(s.url, "cardinal-sign-in", p.password(s).Reveal())
	s.open("/sign-in/second?with=" + with)
}

// opens opens a page as Gisela, who signs in once, with a recovery code.
func (p *twoStep) opens(s *stage, path string) {
	s.t.Helper()
	if p.session == "" {
		token, err := s.app.Auth.FinishSignIn(s.t.Context(), p.password(s), auth.Proof{RecoveryCode: p.first(s)}, auth.Origin{Address: "127.0.0.1"})
		s.must(err)
		p.session = token.Reveal()
	}
	s.Cookie(s.url, "cardinal-session", p.session)
	s.open(path)
}

// first is a recovery code, of which the app's making gave some.
func (p *twoStep) first(s *stage) cardinal.Token {
	p.password(s)
	return p.codes[0]
}
