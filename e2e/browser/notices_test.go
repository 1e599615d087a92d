package browser

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/browsertest"
	"cardinal/internal/mailsink"
	"cardinal/internal/mailtest"
	"cardinal/internal/setting"
)

// letters queues and sends what is due, as a server does every second, and returns
// what came to the mail server since it was last asked.
func (s *stage) letters(post *mailsink.Sink) []mailsink.Received {
	s.t.Helper()
	_, err := s.app.Notify.QueueDue(s.t.Context())
	s.must(err)
	s.must(s.app.Notify.Deliver(s.t.Context()))
	s.app.Notify.Wait()
	came := post.Messages()
	post.Forget()
	return came
}

// letter is the only message that came; it must say all this.
func (s *stage) letter(post *mailsink.Sink, to string, parts ...string) mailsink.Received {
	s.t.Helper()
	came := s.letters(post)
	if len(came) != 1 || !slices.Contains(came[0].To, to+"@acme.example") {
		s.t.Fatalf("%d messages came: %q", len(came), told(came))
	}
	for _, part := range parts {
		if !strings.Contains(came[0].Text, part) || !strings.Contains(came[0].HTML, part) {
			s.t.Errorf("the message does not say %q:\n%s", part, came[0].Text)
		}
	}
	return came[0]
}

// told is whom messages went to, and their subjects.
func told(came []mailsink.Received) []string {
	var told []string
	for _, m := range came {
		told = append(told, strings.Join(m.To, " ")+": "+m.Subject)
	}
	return told
}

// warned changes the form of the policy and saves it: the first time it is told
// what is odd, and nothing is saved; the second time it is.
func (s *stage) warned(what string, change func()) {
	s.t.Helper()
	before := s.values()
	s.open("/security-options")
	change()
	s.Follow("#policy .form-actions button")
	if got := s.text("main"); !strings.Contains(got, "Not saved yet.") || !strings.Contains(got, what) {
		s.t.Errorf("nothing warns that %q: %s", what, got)
	}
	if now := s.values(); setting.PINNoticeHours.In(now) != setting.PINNoticeHours.In(before) {
		s.t.Error("it was saved with the warning")
	}
	s.Follow("#policy .form-actions button")
	if got := s.text(".flash"); got == "" {
		s.t.Errorf("it cannot be saved all the same: %s", s.text("main"))
	}
}

// TestNoticeStatements walks what the document about the PIN policy says of expiry
// and of the notice of it, on the pages and with a real mail server.
func TestNoticeStatements(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		post := mailtest.Sink(t, mailsink.Options{})
		s.person("bruno", "Bruno Costa", cardinal.RoleUser)
		s.person("dora", "Dora Malá", cardinal.RoleUser)
		s.signIn(adminName)
		s.edits("dora", "930472", true)

		t.Log("a notice without a messaging configuration is warned of")
		s.warned("No messaging configuration is chosen.", func() {
			s.fill(at("policy-pin.expiration-hours"), "72")
			s.fill(at("policy-pin.expiration-notice-hours"), "24")
		})

		t.Log("in Messaging configuration, select which of your messaging configurations will be used")
		s.open("/options/new-messaging-configuration")
		s.Type("#configuration-name", "Mail of Acme")
		s.fill("#configuration-host", post.Host())
		s.fill("#configuration-port", fmt.Sprint(post.Port()))
		s.mark("security", "none")
		s.choose("select[name=authentication]", "none")
		s.Type("#configuration-senderAddress", "pins@acme.example")
		if status := s.Follow("#configuration .form-actions button"); status != http.StatusOK || s.text(".flash") == "" {
			t.Fatalf("adding the configuration: %d %s", status, s.text("main"))
		}
		made, err := s.app.Notify.Configurations(t.Context(), s.as)
		s.must(err)
		s.savesPolicy(func() {
			if got := s.text(at("policy-pin.expiration-notice.messaging-configuration")); !strings.Contains(got, "Mail of Acme") {
				t.Errorf("it cannot be selected: %s", got)
			}
			s.choose(at("policy-pin.expiration-notice.messaging-configuration"), string(made[0].ID))
		})

		t.Log("so many hours before its end, and not before, the user is told, by the predefined template")
		s.edits("bruno", "805913", true)
		born := s.clock.Now()
		s.clock.add(48*time.Hour - time.Millisecond)
		if came := s.letters(post); len(came) != 0 {
			t.Errorf("it is not due: %q", told(came))
		}
		s.clock.add(time.Millisecond)
		m := s.letter(post, "bruno", "Friday, May 15, 2026, 11:41 (CEST, UTC+2)", "Bruno Costa", "bruno", "Acme Corporation")
		if m.Subject != "Your PIN for Acme Corporation expires soon" {
			t.Errorf("the subject is %q", m.Subject)
		}
		s.signIn(adminName)
		s.open("/logs/notifications")
		if got := s.text("tbody"); !strings.Contains(got, "Sent") || !strings.Contains(got, "bruno") || strings.Contains(got, "dora") {
			t.Errorf("Logs › Notifications says %q", got)
		}

		t.Log("after the specified time the PIN expires and is deleted; the one from before has no end")
		s.clock.set(born.Add(72*time.Hour - 2*time.Millisecond)) // each try comes a millisecond later
		s.presents("bruno", "805913", true)
		s.presents("bruno", "805913", false)
		if expired, err := s.app.Door.ExpireDue(t.Context(), "story"); err != nil || expired != 1 {
			t.Errorf("%d were deleted, %v", expired, err)
		}
		if view := s.view("bruno"); view.HasPIN() || !view.PIN.CreatedAt.IsZero() {
			t.Errorf("it is still there: %+v", view.PIN)
		}
		s.presents("dora", "930472", true)

		s.templates(post)

		t.Log("a notice longer than the life of a PIN is warned of")
		s.signIn(adminName)
		s.warned("Everybody is told at once.", func() { s.fill(at("policy-pin.expiration-notice-hours"), "72") })
		s.edits("bruno", "416083", true)
		s.letter(post, "bruno")

		t.Log("0 switches notices off, and expiry")
		s.savesPolicy(func() { s.fill(at("policy-pin.expiration-notice-hours"), "0") })
		s.edits("bruno", "273904", true)
		s.clock.add(71 * time.Hour)
		if came := s.letters(post); len(came) != 0 {
			t.Errorf("they are told: %q", told(came))
		}
		s.signIn(adminName)
		s.savesPolicy(func() { s.fill(at("policy-pin.expiration-hours"), "0") })
		if view := s.view("bruno"); view.PIN.ExpiresAt.IsZero() {
			t.Error("the PIN from before has lost its end")
		}
		s.edits("bruno", "619402", true)
		if view := s.view("bruno"); !view.PIN.ExpiresAt.IsZero() {
			t.Errorf("it expires at %s", view.PIN.ExpiresAt)
		}
	})
}

// templates: the predefined one is customized by terms of service, and a custom
// one is made and used, in the language of the reader.
func (s *stage) templates(post *mailsink.Sink) {
	s.t.Helper()
	next := func(pin string, parts ...string) mailsink.Received {
		s.t.Helper()
		s.signIn(adminName)
		s.edits("bruno", pin, true)
		s.clock.add(48 * time.Hour)
		return s.letter(post, "bruno", parts...)
	}
	write := func(path, subject, text, html string) {
		s.t.Helper()
		s.open(path)
		s.fill("#template-subject", subject)
		s.fill("#template-text", text)
		s.fill("#template-html", html)
		if status := s.Follow("#template .form-actions button"); status != http.StatusOK || !strings.Contains(s.text(".flash"), "saved") {
			s.t.Fatalf("saving the template: %d %s", status, s.text("main"))
		}
	}
	s.t.Log("the predefined template is customized by terms of service")
	s.signIn(adminName)
	write("/options/email-templates/pin-expiration", "Over on time, {{username}}", "{{pinExpiration}}. Terms of service: be kind.", "<p>{{pinExpiration}}. Terms of service: be kind.</p>")
	if m := next("750318", "Terms of service: be kind."); m.Subject != "Over on time, bruno" {
		s.t.Errorf("the subject is %q", m.Subject)
	}
	s.t.Log("a custom template is made and used")
	s.signIn(adminName)
	s.open("/options/email-templates/pin-expiration/copy")
	s.Type("#template-name", "For Sales")
	if status := s.Follow(".form-actions button"); status != http.StatusOK {
		s.t.Fatalf("copying the template: %d %s", status, s.text("main"))
	}
	made, err := s.app.Notify.Templates(s.t.Context(), s.as)
	s.must(err)
	custom := made[len(made)-1].ID
	const all = "{{username}} of {{customer-name}}: {{pinExpiration}}"
	write("/options/email-templates/"+custom, "For sales", all, "<p>"+all+"</p>")
	s.savesPolicy(func() { s.choose(at("policy-pin.expiration-notice.template"), custom) })
	next("860317", "bruno of Acme Corporation: "+s.clock.Now().Add(72*time.Hour).In(prague(s.t)).Format("Monday, January 2, 2006, 15:04")+" (CEST, UTC+2)")
	s.t.Log("whoever reads their pages in Czech is told in Czech")
	bruno := s.view("bruno")
	self := cardinal.Caller{Kind: cardinal.CallerUser, Customer: s.as.Customer, Role: cardinal.RoleUser, User: bruno.ID, Name: "bruno"}
	s.must(s.app.Accounts.SetOwnLanguage(s.t.Context(), self, "cs"))
	s.signIn(adminName)
	s.savesPolicy(func() { s.choose(at("policy-pin.expiration-notice.template"), "pin-expiration") })
	if m := next("518304", "května 2026", "Bruno Costa"); m.Subject != "Platnost vašeho PIN brzy skončí (Acme Corporation)" {
		s.t.Errorf("the subject is %q", m.Subject)
	}
}

func prague(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Prague")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// mark chooses a radio button.
func (s *stage) mark(name, value string) {
	s.t.Helper()
	browsertest.Eval[bool](s.Browser, `(document.querySelector(`+quote("input[name="+name+"][value="+value+"]")+`).checked = true)`)
}
