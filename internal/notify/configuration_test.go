package notify_test

import (
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/auth"
	"cardinal/internal/letter"
	"cardinal/internal/mailsink"
	"cardinal/internal/mailtest"
	"cardinal/internal/notify"
	"cardinal/internal/setting"
)

// change changes settings as an administrator does.
func (p *post) change(key, value string) error {
	accounts := account.New(p.store, p.Ring, p.door, auth.NewPasswords(1), nil)
	return accounts.ChangeSettings(p.t.Context(), p.admin, account.SettingChange{Values: map[string]*string{key: &value}})
}

func TestConfigurations(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*post))) {
		story("an empty secret keeps its value, and none is shown again", func(p *post) {
			authority := mailtest.NewAuthority(p.t)
			sink := mailtest.Sink(p.t, mailsink.Options{TLS: authority.Server(p.t, "127.0.0.1"), Mechanisms: []string{"PLAIN"}, Username: "pins", Password: "s3cret-canary"})
			p.service = p.nodeTrusting(authority.Roots)
			c := p.plain("Relay")
			c.Port, c.Security, c.Authentication, c.Username = sink.Port(), cardinal.MailStartTLS, cardinal.MailAuthPlain, "pins"
			made := p.configure(c, notify.Secrets{Password: cardinal.NewPassword("s3cret-canary")})
			made.Name = "The relay"
			changed, err := p.service.ChangeConfiguration(p.t.Context(), p.admin, made, notify.Secrets{})
			if err != nil {
				p.t.Fatal(err)
			}
			view, err := p.service.Configuration(p.t.Context(), p.admin, made.ID)
			if err != nil {
				p.t.Fatal(err)
			}
			same(p.t, []any{"The relay", true, false, int64(2)}, []any{view.Name, view.HasPassword, view.HasRefreshToken, changed.Revision})
			outcome, err := p.service.SendTest(p.t.Context(), p.admin, made.ID, "ada@example.org")
			if err != nil || !outcome.Sent {
				p.t.Errorf("the test: %+v, %v", outcome, err)
			}
			if got := mailtest.Await(p.t, sink, 1); got[0].To[0] != "ada@example.org" || !got[0].TLS || got[0].User != "pins" {
				p.t.Errorf("the test e-mail: %+v", got[0])
			}
			_, err = p.service.ChangeConfiguration(p.t.Context(), p.admin, made, notify.Secrets{})
			code(p.t, cardinal.CodeStale, err)
			made.Revision = 0
			if _, err := p.service.ChangeConfiguration(p.t.Context(), p.admin, made, notify.Secrets{Password: cardinal.NewPassword("another one")}); err != nil {
				p.t.Fatal(err)
			}
			outcome, err = p.service.SendTest(p.t.Context(), p.admin, made.ID, "ada@example.org")
			if err != nil || outcome.Sent || outcome.Explanation.IsZero() || !strings.HasPrefix(outcome.Answer, "535") {
				p.t.Errorf("with a wrong password: %+v, %v", outcome, err)
			}
		})
		story("a secret that is kept does not go to another server", func(p *post) {
			c := p.plain("Relay")
			c.Security, c.Authentication, c.Username = cardinal.MailStartTLS, cardinal.MailAuthSCRAM, "pins"
			made := p.configure(c, notify.Secrets{Password: cardinal.NewPassword("s3cret")})
			made.Revision = 0
			for _, change := range []func(*cardinal.MessagingConfiguration){
				func(c *cardinal.MessagingConfiguration) { c.Host = "mail.example.net" },
				func(c *cardinal.MessagingConfiguration) { c.Port++ },
				func(c *cardinal.MessagingConfiguration) { c.Security = cardinal.MailPlain },
			} {
				elsewhere := made
				change(&elsewhere)
				_, err := p.service.ChangeConfiguration(p.t.Context(), p.admin, elsewhere, notify.Secrets{})
				code(p.t, cardinal.CodeInvalid, err)
				same(p.t, "password", cardinal.ViolationsOf(err)[0].Field)
				_, err = p.service.ChangeConfiguration(p.t.Context(), p.admin, elsewhere, notify.Secrets{Password: cardinal.NewPassword("s3cret")})
				same(p.t, nil, err)
				_, err = p.service.ChangeConfiguration(p.t.Context(), p.admin, made, notify.Secrets{Password: cardinal.NewPassword("s3cret")})
				same(p.t, nil, err)
			}
		})
		story("all that is wrong is said at once, and nothing is kept", func(p *post) {
			_, err := p.service.AddConfiguration(p.t.Context(), p.admin, cardinal.MessagingConfiguration{
				Port: 70000, Security: "maybe", Authentication: cardinal.MailAuthPlain, SenderAddress: "a@example.org, b@example.org", ReplyTo: "Ada <a@example.org>", RatePerMinute: -1,
			}, notify.Secrets{})
			code(p.t, cardinal.CodeInvalid, err)
			var fields []string
			for _, v := range cardinal.ViolationsOf(err) {
				fields = append(fields, v.Field)
			}
			same(p.t, "name senderAddress replyTo ratePerMinute", strings.Join(fields[:min(4, len(fields))], " "))
			if len(fields) < 5 {
				p.t.Errorf("nothing is said of the server: %v", fields)
			}
			all, err := p.service.Configurations(p.t.Context(), p.admin)
			same(p.t, 0, len(all))
			same(p.t, nil, err)
		})
		story("a name is one configuration's, whatever its case", func(p *post) {
			p.configure(p.plain("Relay"), notify.Secrets{})
			other := p.configure(p.plain("Other"), notify.Secrets{})
			_, err := p.service.AddConfiguration(p.t.Context(), p.admin, p.plain("RELAY"), notify.Secrets{})
			code(p.t, cardinal.CodeConflict, err)
			other.Name = "relay"
			_, err = p.service.ChangeConfiguration(p.t.Context(), p.admin, other, notify.Secrets{})
			code(p.t, cardinal.CodeConflict, err)
		})
		story("one in use stays, and says where it is used", func(p *post) {
			c := p.configure(p.plain("Relay"), notify.Secrets{})
			same(p.t, nil, p.change("pin.expiration-notice.messaging-configuration", `"`+string(c.ID)+`"`))
			err := p.service.DeleteConfiguration(p.t.Context(), p.admin, c.ID)
			code(p.t, cardinal.CodeConflict, err)
			if !strings.Contains(err.Error(), "pin.expiration-notice.messaging-configuration") {
				p.t.Errorf("it does not say where: %v", err)
			}
			same(p.t, nil, p.change("pin.expiration-notice.messaging-configuration", `""`))
			same(p.t, nil, p.service.DeleteConfiguration(p.t.Context(), p.admin, c.ID))
			code(p.t, cardinal.CodeInvalid, p.change("pin.expiration-notice.messaging-configuration", `"`+string(c.ID)+`"`))
		})
		story("what waits to go through one that is deleted is skipped", func(p *post) {
			p.due()
			p.set(map[string]any{"pin.expiration-notice.messaging-configuration": ""})
			all, err := p.service.Configurations(p.t.Context(), p.admin)
			if err != nil {
				p.t.Fatal(err)
			}
			same(p.t, nil, p.service.DeleteConfiguration(p.t.Context(), p.admin, all[0].ID))
			same(p.t, []string{"anna skipped no_configuration"}, p.states())
		})
		story("auditors look, and change nothing; others' are not there", func(p *post) {
			c := p.configure(p.plain("Relay"), notify.Secrets{})
			auditor := p.admin
			auditor.Role = cardinal.RoleAuditor
			_, err := p.service.Configuration(p.t.Context(), auditor, c.ID)
			same(p.t, nil, err)
			_, err = p.service.AddConfiguration(p.t.Context(), auditor, p.plain("New"), notify.Secrets{})
			code(p.t, cardinal.CodeForbidden, err)
			_, err = p.service.SendTest(p.t.Context(), auditor, c.ID, "a@example.org")
			code(p.t, cardinal.CodeForbidden, err)
			other := newPost(p.t, p.Database, p.store, p.t.Name()+" other")
			_, err = p.service.Configuration(p.t.Context(), other.admin, c.ID)
			code(p.t, cardinal.CodeNotFound, err)
			code(p.t, cardinal.CodeNotFound, p.service.DeleteConfiguration(p.t.Context(), other.admin, c.ID))
		})
	})
}

func TestTemplates(t *testing.T) {
	text := func(subject string) notify.TemplateText {
		return notify.TemplateText{Source: letter.Source{Subject: subject, Text: "Until {{ pinExpiration }}.\nTerms of service: none."}, Language: setting.English}
	}
	stories(t, func(_ *testing.T, story func(string, func(*post))) {
		story("an edited predefined template is what is sent, until it is reset", func(p *post) {
			same(p.t, nil, p.service.WriteTemplate(p.t.Context(), p.admin, "pin-expiration", text("Mind your PIN")))
			view, err := p.service.Template(p.t.Context(), p.admin, "pin-expiration")
			same(p.t, nil, err)
			same(p.t, []any{true, true, "en"}, []any{view.Predefined, view.Edited, strings.Join(view.Languages, ",")})
			p.due()
			p.round()
			if got := p.sink.Messages(); len(got) != 1 || got[0].Subject != "Mind your PIN" || !strings.Contains(got[0].Text, "Terms of service") || got[0].HTML != "" {
				p.t.Errorf("sent: %+v", got)
			}
			same(p.t, nil, p.service.ResetTemplate(p.t.Context(), p.admin, "pin-expiration", setting.English))
			back, err := p.service.TemplateText(p.t.Context(), p.admin, "pin-expiration", setting.English)
			if err != nil || back.Written || back.Subject == "Mind your PIN" {
				p.t.Errorf("after the reset: %+v, %v", back, err)
			}
			code(p.t, cardinal.CodeConflict, p.service.DeleteTemplate(p.t.Context(), p.admin, "pin-expiration"))
		})
		story("a template of one's own is chosen, kept while in use, and only where its kind fits", func(p *post) {
			made, err := p.service.AddTemplate(p.t.Context(), p.admin, letter.PINExpiration, "Ours", text("From us"))
			same(p.t, nil, err)
			changed, err := p.service.CopyTemplate(p.t.Context(), p.admin, "pin-changed", "Changed")
			same(p.t, nil, err)
			same(p.t, 6, len(changed.Languages))
			p.due()
			code(p.t, cardinal.CodeInvalid, p.change("pin.expiration-notice.template", `"`+changed.ID+`"`))
			code(p.t, cardinal.CodeInvalid, p.change("pin.expiration-notice.template", `"nothing"`))
			same(p.t, nil, p.change("pin.expiration-notice.template", `"`+made.ID+`"`))
			err = p.service.DeleteTemplate(p.t.Context(), p.admin, made.ID)
			code(p.t, cardinal.CodeConflict, err)
			if !strings.Contains(err.Error(), "pin.expiration-notice.template") {
				p.t.Errorf("it does not say where: %v", err)
			}
			p.pin("bert", "750318")
			p.later(24 * 3600e9)
			p.round()
			got := p.sink.Messages()
			same(p.t, "From us", got[len(got)-1].Subject)
			same(p.t, nil, p.change("pin.expiration-notice.template", `"pin-expiration"`))
			same(p.t, nil, p.service.DeleteTemplate(p.t.Context(), p.admin, made.ID))
			_, err = p.service.AddTemplate(p.t.Context(), p.admin, letter.PINChanged, "CHANGED", notify.TemplateText{Source: letter.Source{Subject: "x", Text: "y"}, Language: setting.English})
			code(p.t, cardinal.CodeConflict, err)
		})
		story("what is wrong is refused with its line", func(p *post) {
			bad := text("{{pinExpiration}} {{nobody}}")
			bad.Text = "one\ntwo {{ three"
			err := p.service.WriteTemplate(p.t.Context(), p.admin, "pin-expiration", bad)
			code(p.t, cardinal.CodeInvalid, err)
			violations := cardinal.ViolationsOf(err)
			if len(violations) != 2 || violations[0].Field != "subject" || violations[1].Field != "text" || !strings.Contains(violations[1].Message, "2") {
				p.t.Errorf("it says %+v", violations)
			}
			_, err = p.service.Preview(p.t.Context(), p.admin, letter.PINExpiration, bad)
			code(p.t, cardinal.CodeInvalid, err)
			shown, err := p.service.Preview(p.t.Context(), p.admin, letter.PINExpiration, text("Preview"))
			if err != nil || shown.Subject != "Preview" || !strings.Contains(shown.Text.Reveal(), "2026") {
				p.t.Errorf("the preview: %v, %v", shown, err)
			}
		})
	})
}
