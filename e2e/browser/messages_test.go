package browser

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"cardinal/internal/setting"
)

// TestMessages is the story of an administrator who wants users to be told that
// their PIN expires: a mail server, a text, and both chosen in the PIN policy.
func TestMessages(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.set("pin.expiration-hours", "72")
		s.signIn(adminName)
		s.open("/options/new-messaging-configuration")
		if got := s.text(`label[for="configuration-security"], [name=security]:checked + span`); !strings.Contains(got, "STARTTLS") {
			t.Errorf("a new configuration is secured by %q", got)
		}
		s.Type("#configuration-name", "Mail of Acme")
		s.fill("#configuration-host", "localhost")
		s.fill("#configuration-port", strconv.Itoa(closedPort(t)))
		s.Type("#configuration-username", "pins")
		s.Type("#configuration-password", "a secret of the mail server")
		s.Type("#configuration-senderAddress", "pins@acme.example")
		if status := s.Follow("#configuration .form-actions button"); status != http.StatusOK || !strings.Contains(s.text(".flash"), "Mail of Acme was added") {
			t.Fatalf("adding the configuration: %d %s", status, s.text("main"))
		}
		if html := s.html(); strings.Contains(html, "a secret of the mail server") || !strings.Contains(s.text("#configuration-password-hint"), "Set. Leave empty to keep it.") {
			t.Error("the page holds the password, or does not say that it is set")
		}
		s.fill("#test-to", "ada@acme.example")
		s.Follow("#test .form-actions button")
		if got := s.text("#test-result"); !strings.Contains(got, "refused the connection. Check the port") {
			t.Errorf("the test e-mail to a closed port says %q", got)
		}

		s.open("/options/email-templates")
		s.Follow("a[href='/options/email-templates/pin-expiration']")
		s.fill("#template-subject", "Soon over, {{username}}")
		s.Click("button[formtarget=letter]") // the frame is sandboxed: what is in it is tried by TestPreview
		if got := s.count("#template-subject"); got != 1 || s.Path() != "/options/email-templates/pin-expiration" {
			t.Fatalf("the preview led to %s", s.Path())
		}
		if status := s.Follow("#template .form-actions button"); status != http.StatusOK || !strings.Contains(s.text(".flash"), "saved") {
			t.Fatalf("saving the template: %d %s", status, s.text("main"))
		}

		s.open("/security-options")
		for label, id := range map[string]string{
			"PIN expiration notification": "policy-pin.expiration-notice-hours", "Messaging configuration": "policy-pin.expiration-notice.messaging-configuration",
			"PIN expiration notification email template": "policy-pin.expiration-notice.template",
		} {
			if got := s.text(`label[for="` + id + `"]`); got != label {
				t.Errorf("%s is labelled %q", id, got)
			}
		}
		s.fill(at("policy-pin.expiration-notice-hours"), "100")
		made, err := s.app.Notify.Configurations(t.Context(), s.as)
		s.must(err)
		s.choose(at("policy-pin.expiration-notice.messaging-configuration"), string(made[0].ID))
		s.Follow("#policy .form-actions button")
		if got := s.text("main"); !strings.Contains(got, "Not saved yet.") || setting.PINNoticeHours.In(s.values()) != 0 {
			t.Errorf("a notice longer than the life of a PIN is saved unsaid: %s", got)
		}
		s.fill(at("policy-pin.expiration-notice-hours"), "24")
		s.Follow("#policy .form-actions button")
		if v := s.values(); setting.PINNoticeHours.In(v) != 24 || setting.PINNoticeConfiguration.In(v) == "" || setting.PINNoticeTemplate.In(v) != "pin-expiration" {
			t.Fatalf("the settings were not saved: %s", s.text("main"))
		}
		s.open("/options/messaging-configurations")
		s.Follow("th[scope=row] a")
		follow("Delete")(s)
		if got := s.text("main"); !strings.Contains(got, "is in use") || s.count(".confirm") != 0 {
			t.Errorf("a configuration in use can be deleted: %s", got)
		}
	})
}
