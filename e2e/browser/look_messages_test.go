package browser

import (
	"fmt"
	"net"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/browsertest"
	"cardinal/internal/notify"
)

// closedPort is a port of this machine at which nobody listens.
func closedPort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// furnishMessages makes a messaging configuration that does not work, a template,
// and notifications in several states.
func (s *stage) furnishMessages() {
	s.t.Helper()
	ctx := s.t.Context()
	made, err := s.app.Notify.AddConfiguration(ctx, s.as, cardinal.MessagingConfiguration{
		Name: "Mail of Acme", Host: "localhost", Port: closedPort(s.t), Security: cardinal.MailStartTLS, Authentication: cardinal.MailAuthPlain,
		Username: "pins@acme.example", SenderAddress: "pins@acme.example", SenderName: "Acme PINs",
	}, notify.Secrets{Password: cardinal.NewPassword("a secret of the mail server")})
	s.must(err)
	_, err = s.app.Notify.CopyTemplate(ctx, s.as, "pin-expiration", "Reminder for Sales")
	s.must(err)
	s.set("pin.expiration-notice.messaging-configuration", `"`+string(made.ID)+`"`)
	s.set("pin.expiration-notice-hours", "71")
	s.clock.add(2 * time.Hour)
	if queued, err := s.app.Notify.QueueDue(ctx); err != nil || queued == 0 {
		s.t.Fatalf("%d notices were due: %v", queued, err)
	}
	s.must(s.app.Notify.Deliver(ctx))
	s.app.Notify.Wait()
}

func messagesLooks() []look {
	one := "/options/messaging-configurations"
	letter := "/options/email-templates/pin-expiration"
	own := inTurn(follow("Reminder for Sales"))
	return []look{
		{"messaging", adminName, one, nil},
		{"messaging-auditor", "aurel", one, follow("Mail of Acme")},
		{"messaging-new", adminName, "/options/new-messaging-configuration", nil},
		{"messaging-refused", adminName, "/options/new-messaging-configuration", press("#configuration .form-actions button")},
		{"messaging-one", adminName, one, follow("Mail of Acme")},
		{"messaging-tested", adminName, one, inTurn(follow("Mail of Acme"), press("#test .form-actions button"))},
		{"messaging-delete", adminName, one, inTurn(follow("Mail of Acme"), follow("Delete"))},
		{"templates", adminName, "/options/email-templates", nil},
		{"template", adminName, letter, nil},
		{"template-auditor", "aurel", letter + "?language=ja", nil},
		{"template-refused", adminName, letter, func(s *stage) {
			s.fill("#template-subject", "Hello {{nobody}}")
			s.Follow("#template .form-actions button")
		}},
		{"template-own", adminName, "/options/email-templates", own},
		{"template-new", adminName, "/options/new-email-template", nil},
		{"template-copy", adminName, letter + "/copy", nil},
		{"template-rename", adminName, "/options/email-templates", inTurn(own, follow("Rename"))},
		{"template-reset", adminName, letter + "/reset?language=de", nil},
		{"template-delete", adminName, "/options/email-templates", inTurn(own, follow("Delete"))},
		{"notifications", adminName, "/logs/notifications", nil},
		{"notifications-none", adminName, "/logs/notifications?state=sent", nil},
		{"notifications-auditor", "aurel", "/logs/notifications", nil},
		{"user-notifications", adminName, "/users/bruno/notifications", nil},
		{"user-no-notifications", adminName, "/users/dmitri/notifications", nil},
		{"policy-noticed", adminName, "/security-options", func(s *stage) {
			s.fill(at("policy-pin.expiration-notice-hours"), "100")
			s.Follow("#policy button[type=submit]")
		}},
	}
}

// TestMessagesAreFitToLookAt looks at what is there before there are messages, and
// at the dashboard after.
func TestMessagesAreFitToLookAt(t *testing.T) {
	s := newStage(t)
	s.signIn(adminName)
	for _, l := range []look{{"messaging-empty", "", "/options/messaging-configurations", nil}, {"notifications-empty", "", "/logs/notifications", nil}} {
		s.open(l.path)
		s.examine(l.name)
	}
	s.furnish()
	s.furnishMessages()
	for _, screen := range []screen{{browsertest.Light, 1440}, {browsertest.Dark, 320}} {
		s.Prefer(screen.scheme)
		s.Screen(screen.width, 900)
		s.open("/dashboard")
		s.examine(fmt.Sprintf("dashboard-noticed-%s-%d", screen.scheme, screen.width))
	}
}
