package browser

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/mailsink"
	"cardinal/internal/mailtest"
	"cardinal/internal/notify"
)

// post is a mail server in the process through which a stage sends its e-mail.
type post struct {
	*mailsink.Sink
	s    *stage
	seen int // messages that were looked at
}

// hasPost lets the stage send e-mail, with links that lead back to it.
func (s *stage) hasPost() *post {
	s.t.Helper()
	p := &post{Sink: mailtest.Sink(s.t, mailsink.Options{}), s: s}
	relay, err := s.app.Notify.AddConfiguration(s.t.Context(), s.as, cardinal.MessagingConfiguration{
		Name: "Relay", Host: p.Host(), Port: p.Port(), Security: cardinal.MailPlain, Authentication: cardinal.MailAuthNone, SenderAddress: "pins@acme.example",
	}, notify.Secrets{})
	s.must(err)
	s.set("mail.messaging-configuration", `"`+string(relay.ID)+`"`)
	s.set("customer.address", `"`+s.url+`"`)
	s.set("user.can-request-pin", "true")
	return p
}

// mails are the e-mails that have come since they were last looked at.
func (p *post) mails() []mailsink.Received {
	p.s.t.Helper()
	p.s.must(p.s.app.Notify.Deliver(p.s.t.Context()))
	p.s.app.Notify.Wait()
	all := p.Messages()
	fresh := all[p.seen:]
	p.seen = len(all)
	return fresh
}

// one is the only e-mail that has come, to somebody.
func (p *post) one(username string) mailsink.Received {
	p.s.t.Helper()
	mails := p.mails()
	if len(mails) != 1 || len(mails[0].To) != 1 || mails[0].To[0] != username+"@acme.example" {
		p.s.t.Fatalf("e-mails have come: %v, want one to %s", mails, username)
	}
	return mails[0]
}

var (
	linkInText = regexp.MustCompile(`http://[0-9.:]+(/[a-z-]+\?link=[A-Za-z0-9_]+)`)
	pinInText  = regexp.MustCompile(`(?m)^\s*([0-9]{4,})\s*$|PIN[^0-9\n]*([0-9]{4,})`)
)

// link is the path to which the only e-mail leads.
func (p *post) link(username string) string {
	p.s.t.Helper()
	text := p.one(username).Text
	found := linkInText.FindStringSubmatch(text)
	if found == nil {
		p.s.t.Fatalf("an e-mail leads nowhere:\n%s", text)
	}
	return found[1]
}

// ask has a link sent from the sign-in page and returns what was answered.
func (s *stage) ask(label, name string) string {
	s.t.Helper()
	s.open("/sign-in")
	follow(label)(s)
	s.Type("#forgot-name", name)
	if status := s.Enter(); status != http.StatusOK {
		s.t.Fatalf("asking for a link: %d %s", status, s.text("main"))
	}
	return s.text("main")
}

// TestForgottenPassword is the story of Bruno, who cannot sign in, until he can.
func TestForgottenPassword(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.person("bruno", "Bruno Costa", cardinal.RoleUser)
		p := s.hasPost()
		unknown := s.ask("Forgot your password?", "nobody")
		if known := s.ask("Forgot your password?", "bruno@acme.example"); known != unknown || !strings.Contains(known, "If there is somebody of that name") {
			t.Errorf("Bruno is answered %q, and nobody %q", known, unknown)
		}
		link := p.link("bruno")
		s.open(link)
		if s.Path() != "/new-password" || strings.Contains(s.html(), link[strings.Index(link, "=")+1:]) {
			t.Errorf("the link's secret stays at %s", s.Path())
		}
		if got := s.text("main"); !strings.Contains(got, "bruno") {
			t.Errorf("it is not said whose password it is: %s", got)
		}
		s.Type("#new-password-password", "a wholly new password")
		s.Type("#new-password-again", "a wholly other password")
		if s.Enter(); !strings.Contains(s.text("main"), "The password was not set.") {
			t.Errorf("two passwords that differ: %s", s.text("main"))
		}
		s.Type("#new-password-password", "a wholly new password")
		s.Type("#new-password-again", "a wholly new password")
		if s.Enter(); s.Path() != "/sign-in" || !strings.Contains(s.text(".flash"), "Your new password is set.") {
			t.Fatalf("setting it led to %s: %s", s.Path(), s.text("main"))
		}
		s.Type("#sign-in-username", "bruno")
		s.Type("#sign-in-password", "a wholly new password")
		if s.Enter(); s.Path() != "/summary" {
			t.Errorf("Bruno is at %s: %s", s.Path(), s.text("main"))
		}
		if s.open(link); !strings.Contains(s.text("h1"), "This link does not work") {
			t.Errorf("the link works twice: %s", s.text("main"))
		}
	})
}

// TestForgottenPIN is the story of Bruno, who has a new PIN sent, from the sign-in
// page and from Change Details.
func TestForgottenPIN(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.person("bruno", "Bruno Costa", cardinal.RoleUser)
		p := s.hasPost()
		s.ask("Forgot your PIN?", "bruno")
		link := p.link("bruno")
		s.open(link)
		if s.view("bruno").HasPIN() {
			t.Fatal("opening the link has made a PIN")
		}
		if s.Follow("#new-pin button[type=submit]"); !strings.Contains(s.text("main"), "Your new PIN is on its way") {
			t.Fatalf("it was answered %s", s.text("main"))
		}
		if text := p.one("bruno").Text; pinInText.FindString(text) == "" || !s.view("bruno").PIN.Generated {
			t.Errorf("the e-mail has no PIN:\n%s", text)
		}
		s.signIn("bruno")
		s.open("/change-details")
		if s.Follow("#mail-pin button[type=submit]"); !strings.Contains(s.text("main"), "on its way") {
			t.Errorf("asking on Change Details: %s", s.text("main"))
		}
		p.one("bruno")
	})
}

// TestInvitations is the story of an administrator who invites one person from
// their page and many from the list.
func TestInvitations(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		for _, username := range []string{"bruno", "chiamaka"} {
			_, err := s.app.Accounts.CreateUser(t.Context(), s.as, username, account.Fields{Email: new(username + "@acme.example")})
			s.must(err)
		}
		p := s.hasPost()
		s.signIn(adminName)
		s.open("/users/bruno")
		if s.Follow("form[action$='/invite'] button"); !strings.Contains(s.text(".flash"), "is on its way") {
			t.Fatalf("inviting Bruno: %s", s.text("main"))
		}
		p.one("bruno")
		s.open("/bulk-actions/new?action=invite")
		s.Follow("#bulk button[type=submit]")
		s.must(s.app.Bulk.Wait(t.Context()))
		links := map[string]string{}
		for _, m := range p.mails() {
			links[m.To[0]] = linkInText.FindStringSubmatch(m.Text)[1]
		}
		if len(links) != 2 || links["chiamaka@acme.example"] == "" {
			t.Fatalf("who has no password was invited, and nobody else: %v", links)
		}
		s.Cookie(s.url, "cardinal-session", "")
		s.open(links["bruno@acme.example"])
		s.Type("#new-password-password", "the very first password")
		s.Type("#new-password-again", "the very first password")
		if s.Enter(); s.Path() != "/sign-in" {
			t.Fatalf("setting it led to %s: %s", s.Path(), s.text("main"))
		}
		if !s.view("bruno").HasPassword {
			t.Error("Bruno has no password")
		}
	})
}
