// Package notices walks what the document about the PIN policy says of expiry
// and of the notice of it, sentence by sentence, over the API and with a real mail
// server. It owns that the sentences are true of the whole; why they are is tested
// where it is decided.
package notices

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"cardinal/internal/apptest"
	"cardinal/internal/mailsink"
	"cardinal/internal/mailtest"
)

// “PIN expiration specifies how many hours the PIN is valid. After the specified
// time the PIN expires and is deleted.”
func TestAPINIsValidForSoManyHoursAndThenDeleted(t *testing.T) {
	each(t, func(o *office) {
		o.set("pin.expiration-hours", "48")
		o.person("anna", "Anna Nováková", "")
		if got := o.pin("anna", "604829"); got != "2026-03-04T11:00:00Z" {
			o.Errorf("it expires at %s", got)
		}
		end := noon.Add(48 * time.Hour)
		o.clock.set(end.Add(-time.Millisecond))
		if n := o.dies(); n != 0 || !o.signsIn("anna", "604829") {
			o.Errorf("before its end it does not sign in, or %d were taken away", n)
		}
		o.clock.set(end)
		if o.signsIn("anna", "604829") {
			o.Error("at its end it signs in")
		}
		if user := o.api(http.StatusOK, "GET", "/users/anna", ""); user["hasPin"] != false {
			o.Errorf("at its end it is there for the API: %v", user)
		}
		if n := o.dies(); n != 1 {
			o.Errorf("%d were deleted", n)
		}
		if user := o.api(http.StatusOK, "GET", "/users/anna", ""); user["pinCreatedAt"] != nil || user["pinExpiresAt"] != nil {
			o.Errorf("it was not deleted: %v", user)
		}
		entry := o.items("/audit-entries?subject=user%20anna&limit=1")[0]
		if entry["action"] != "pin.expired" || entry["actor"] != "system" || entry["time"] != "2026-03-04T11:00:00Z" {
			o.Errorf("the audit log says %v", entry)
		}
		if n := o.dies(); n != 0 {
			o.Errorf("%d were deleted again", n)
		}
	})
}

// “Enabling PIN expiration applies only to newly created PINs.”
func TestEnablingExpiryAppliesToNewPINsAlone(t *testing.T) {
	each(t, func(o *office) {
		o.person("anna", "Anna", "")
		o.person("bert", "Bert", "")
		o.person("carl", "Carl", "")
		if got := o.pin("anna", "604829"); got != "" {
			o.Errorf("without the setting it expires at %s", got)
		}
		o.expiry(48, 24)
		if got := o.pin("bert", "750318"); got != "2026-03-04T11:00:00Z" {
			o.Errorf("a new one expires at %s", got)
		}
		o.expiry(0, 24)
		if got := o.pin("carl", "930472"); got != "" {
			o.Errorf("switched off again it expires at %s", got)
		}
		o.clock.set(noon.Add(87600 * time.Hour))
		o.round()
		if n := o.dies(); n != 1 || !o.signsIn("anna", "604829") || !o.signsIn("carl", "930472") || o.signsIn("bert", "750318") {
			o.Errorf("years later %d are deleted, and others sign in than those without an end", n)
		}
	})
}

// Every change of the settings leaves existing PINs alone, as the section says of
// the policy as a whole.
func TestNoSettingTouchesAnExistingPIN(t *testing.T) {
	each(t, func(o *office) {
		o.expiry(100, 10)
		o.person("anna", "Anna", "")
		o.person("bert", "Bert", "")
		o.pin("anna", "604829")
		o.set("pin.expiration-hours", "0")
		o.pin("bert", "750318")
		state := func() string {
			var lines []string
			for _, user := range o.items("/users") {
				lines = append(lines, fmt.Sprint(user["username"], user["hasPin"], user["pinCreatedAt"], user["pinExpiresAt"]))
			}
			return strings.Join(lines, "\n") + fmt.Sprint(o.signsIn("anna", "604829"), o.signsIn("bert", "750318"))
		}
		before := state()
		if strings.Count(before, "true") != 4 {
			o.Fatalf("to begin with: %s", before)
		}
		for _, change := range [][2]string{
			{"pin.expiration-hours", "1"}, {"pin.expiration-hours", "87600"}, {"pin.expiration-hours", "0"},
			{"pin.expiration-notice-hours", "0"}, {"pin.expiration-notice-hours", "87600"},
			{"pin.min-length", "12"}, {"pin.max-length", "20"}, {"pin.characters", `"digits"`}, {"pin.disallow-sequential", "false"},
			{"pin.disallow-steps", "true"}, {"pin.disallow-common", "false"}, {"pin.disallow-personal", "false"}, {"pin.history", "24"},
			{"pin.generated-length", "9"}, {"pin.generated-characters", `"letters-and-digits"`}, {"pin.identifies-user", "true"},
			{"pin.expiration-notice.messaging-configuration", `""`},
		} {
			o.set(change[0], change[1])
			o.round()
			o.dies()
			if after := state(); after != before {
				o.Errorf("with %s at %s PINs changed from\n%s\nto\n%s", change[0], change[1], before, after)
			}
		}
	})
}

// “The administrator can configure how many hours in advance of the PIN’s
// expiration the system sends an email notification to the user.”
func TestTheNoticeGoesOutSoManyHoursBefore(t *testing.T) {
	each(t, func(o *office) {
		o.expiry(48, 5)
		o.person("anna", "Anna Nováková", "")
		o.pin("anna", "604829")
		due := noon.Add(43 * time.Hour)
		o.clock.set(due.Add(-time.Millisecond))
		o.silence("it is not due")
		o.clock.set(due)
		m := o.letter("anna")
		if m.Subject != "Your PIN for Acme corporation expires soon" || m.From != "office@acme.example" {
			o.Errorf("%q comes from %s", m.Subject, m.From)
		}
		o.says(m, "Wednesday, March 4, 2026, 12:00 (CET, UTC+1)", "Anna Nováková", "anna", organisation)
		if strings.Contains(string(m.Raw), "604829") {
			o.Error("it tells the PIN")
		}
		o.silence("there is one for each PIN")
		sent := o.items("/notifications?username=anna")
		if len(sent) != 1 || sent[0]["kind"] != "pin-expiration" || sent[0]["state"] != "sent" || sent[0]["sentAt"] != "2026-03-04T06:00:00Z" {
			o.Errorf("the API says %v", sent)
		}
		o.Log("a new PIN has its own, and one that was removed has none")
		o.person("bert", "Bert", "")
		o.pin("bert", "750318")
		o.pin("anna", "860317")
		o.api(http.StatusNoContent, "DELETE", "/users/bert/pin", "")
		o.clock.set(due.Add(43 * time.Hour))
		o.letter("anna")
		o.Log("after its end there is nothing to tell")
		o.pin("bert", "930472")
		o.clock.set(due.Add(1000 * time.Hour))
		o.silence("it has expired")
	})
}

// “When this is set to 0 or PIN expiration is set to 0 the notifications will not
// be sent.”
func TestZeroSwitchesNoticesOff(t *testing.T) {
	each(t, func(o *office) {
		o.expiry(48, 24)
		o.person("anna", "Anna", "")
		o.pin("anna", "604829")
		o.clock.set(noon.Add(30 * time.Hour))
		o.set("pin.expiration-notice-hours", "0")
		o.silence("the hours of the notice are 0")
		o.set("pin.expiration-notice-hours", "24")
		o.set("pin.expiration-hours", "0")
		o.silence("the hours of expiry are 0")
		if got := o.items("/notifications"); len(got) != 0 {
			o.Errorf("there are notifications: %v", got)
		}
		o.set("pin.expiration-hours", "48")
		o.letter("anna")
	})
}

// “In Messaging configuration, select which of your messaging configurations will
// be used to send emails.”
func TestTheSelectedConfigurationSends(t *testing.T) {
	each(t, func(o *office) {
		annex := mailtest.Sink(o.T, mailsink.Options{})
		other := o.configure("Annex", annex)
		o.expiry(48, 24)
		o.set("pin.expiration-notice.messaging-configuration", `"`+other+`"`)
		o.person("anna", "Anna", "")
		o.pin("anna", "604829")
		o.clock.set(noon.Add(24 * time.Hour))
		o.silence("another configuration is selected")
		if got := annex.Messages(); len(got) != 1 || got[0].From != "annex@acme.example" {
			o.Errorf("through the one that is selected came %q", told(got))
		}
		o.Log("without one it is on record why nobody was told")
		o.set("pin.expiration-notice.messaging-configuration", `""`)
		o.person("bert", "Bert", "")
		o.pin("bert", "750318")
		o.clock.set(noon.Add(48 * time.Hour))
		o.silence("none is selected")
		if got := o.items("/notifications?username=bert"); len(got) != 1 || got[0]["state"] != "skipped" || got[0]["reason"] != "no_configuration" {
			o.Errorf("the API says %v", got)
		}
	})
}

// “In PIN expiration notification email template, select which of existing emails
// templates will be used […]. It uses predefined template by default, which can be
// customized by, for example, adding terms of service. It is also possible to create
// custom template and use it. There are several variables usable for this template.”
func TestTheSelectedTemplateIsUsed(t *testing.T) {
	each(t, func(o *office) {
		o.expiry(48, 24)
		o.person("anna", "Anna", "")
		next := func(pin string) mailsink.Received {
			o.Helper()
			o.pin("anna", pin)
			o.clock.set(o.clock.Now().Add(24 * time.Hour))
			return o.letter("anna")
		}
		if v := o.api(http.StatusOK, "GET", "/settings/pin.expiration-notice.template", ""); v["value"] != "pin-expiration" || v["modified"] != false {
			o.Errorf("by default it is %v", v)
		}
		original := next("604829")

		o.Log("the predefined one, with terms of service")
		const text = "/email-templates/pin-expiration/texts/en"
		predefined := o.api(http.StatusOK, "GET", text, "")
		body := fmt.Sprintf(`{"subject": %q, "text": %q, "html": %q}`, predefined["subject"], predefined["text"].(string)+"\nTerms of service: be kind.",
			predefined["html"].(string)+"<p>Terms of service: be kind.</p>")
		o.api(http.StatusOK, "PUT", text, body)
		o.says(next("750318"), "Terms of service: be kind.", "Thursday, March 5, 2026")
		o.api(http.StatusOK, "DELETE", text, "")
		if back := next("930472"); back.Subject != original.Subject || strings.Contains(back.Text, "Terms") {
			o.Errorf("returned to the original it is %q %s", back.Subject, back.Text)
		}

		o.Log("a custom one, with every variable of the section")
		made := o.api(http.StatusCreated, "POST", "/email-templates", `{"kind": "pin-expiration", "name": "Short", "subject": "{{customer-name}}: {{username}}",
			"text": "Until {{pinExpiration}}: {{username}} of {{ customer-name }}.", "html": "<p>Until {{pinExpiration}}: {{username}} of {{ customer-name }}.</p>", "language": "en"}`)
		o.set("pin.expiration-notice.template", `"`+made["id"].(string)+`"`)
		m := next("860317")
		o.says(m, "Until Saturday, March 7, 2026, 12:00 (CET, UTC+1): anna of Acme corporation.")
		if m.Subject != "Acme corporation: anna" {
			o.Errorf("the subject is %q", m.Subject)
		}
		o.api(http.StatusUnprocessableEntity, "POST", "/email-templates", `{"kind": "pin-expiration", "name": "Odd", "subject": "x", "text": "{{pin}}", "language": "en"}`)
	})
}

// The notice is in the reader's language, and says when by the organisation's clocks.
func TestTheNoticeSpeaksTheReadersLanguage(t *testing.T) {
	each(t, func(o *office) {
		o.expiry(48, 24)
		words := map[string][2]string{
			"en": {"Your PIN for Acme corporation expires soon", "Wednesday, March 4, 2026, 12:00 (CET, UTC+1)"},
			"cs": {"Platnost vašeho PIN brzy skončí (Acme corporation)", "středa 4. března 2026, 12:00 (CET, UTC+1)"},
			"de": {"Ihre PIN für Acme corporation läuft bald ab", "Mittwoch, 4. März 2026, 12:00 Uhr (CET, UTC+1)"},
			"es": {"Su PIN de Acme corporation caduca pronto", "miércoles, 4 de marzo de 2026, 12:00 (CET, UTC+1)"},
			"fr": {"Votre code PIN pour Acme corporation expire bientôt", "mercredi 4 mars 2026 à 12:00 (CET, UTC+1)"},
			"ja": {"Acme corporation の PIN の有効期限が近づいています", "2026年3月4日水曜日 12:00 (CET, UTC+1)"},
		}
		for language := range words {
			o.person("reader-"+language, "Reader", language)
			o.pin("reader-"+language, "604829")
		}
		o.clock.set(noon.Add(24 * time.Hour))
		came := o.letters()
		for _, m := range came {
			language := strings.TrimSuffix(strings.TrimPrefix(m.To[0], "reader-"), "@acme.example")
			if want := words[language][0]; m.Subject != want {
				o.Errorf("%s: the subject is %q", language, m.Subject)
			}
			o.says(m, words[language][1])
		}
		if len(came) != len(words) {
			o.Errorf("%d messages", len(came))
		}
	})
}

// An hour is an hour when the clocks change: the notice keeps its distance to the
// end, and both are told by the clocks of then.
func TestOverDaylightSavingTime(t *testing.T) {
	for name, night := range map[string]struct {
		made   time.Time
		says   string // of 48 hours
		czech  string
		notice time.Time
	}{
		"March, the night has an hour less": {
			time.Date(2026, 3, 27, 11, 0, 0, 0, time.UTC), "Sunday, March 29, 2026, 13:00 (CEST, UTC+2)", "neděle 29. března 2026, 13:00 (CEST, UTC+2)",
			time.Date(2026, 3, 28, 11, 0, 0, 0, time.UTC),
		},
		"March, the hour that there is not": {
			time.Date(2026, 3, 27, 1, 30, 0, 0, time.UTC), "Sunday, March 29, 2026, 03:30 (CEST, UTC+2)", "neděle 29. března 2026, 3:30 (CEST, UTC+2)",
			time.Date(2026, 3, 28, 1, 30, 0, 0, time.UTC),
		},
		"October, the night has an hour more": {
			time.Date(2026, 10, 23, 10, 0, 0, 0, time.UTC), "Sunday, October 25, 2026, 11:00 (CET, UTC+1)", "neděle 25. října 2026, 11:00 (CET, UTC+1)",
			time.Date(2026, 10, 24, 10, 0, 0, 0, time.UTC),
		},
		"October, the hour that comes twice, first": {
			time.Date(2026, 10, 23, 0, 30, 0, 0, time.UTC), "Sunday, October 25, 2026, 02:30 (CEST, UTC+2)", "neděle 25. října 2026, 2:30 (CEST, UTC+2)",
			time.Date(2026, 10, 24, 0, 30, 0, 0, time.UTC),
		},
		"October, the hour that comes twice, second": {
			time.Date(2026, 10, 23, 1, 30, 0, 0, time.UTC), "Sunday, October 25, 2026, 02:30 (CET, UTC+1)", "neděle 25. října 2026, 2:30 (CET, UTC+1)",
			time.Date(2026, 10, 24, 1, 30, 0, 0, time.UTC),
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, "")
			o.clock.set(night.made)
			o.expiry(48, 24)
			o.person("anna", "Anna", "en")
			o.person("bára", "Bára", "cs")
			o.pin("anna", "604829")
			o.pin("bára", "750318")
			o.clock.set(night.notice.Add(-time.Millisecond))
			o.silence("it is not due")
			o.clock.set(night.notice)
			for _, m := range o.letters() {
				want := night.says
				if strings.HasPrefix(m.To[0], "b") {
					want = night.czech
				}
				o.says(m, want)
			}
			if n := len(o.items("/notifications?state=sent")); n != 2 {
				t.Errorf("%d were told", n)
			}
			end := night.made.Add(48 * time.Hour)
			o.clock.set(end.Add(-time.Millisecond))
			if !o.signsIn("anna", "604829") || o.dies() != 0 {
				t.Error("it is gone before its end")
			}
			o.clock.set(end)
			if o.signsIn("anna", "604829") || o.dies() != 2 {
				t.Error("it is there at its end")
			}
		})
	}
}

// A server does all of this by itself.
func TestAServerDoesItByItself(t *testing.T) {
	t.Parallel()
	clock := &clock{now: noon}
	s := apptest.Start(t, apptest.Options{Clock: clock.Now})
	_, token, err := s.Accounts.CreateToken(t.Context(), s.Console(), "story", "administrator", 0)
	if err != nil {
		t.Fatal(err)
	}
	o := &office{T: t, app: s.App, url: s.URL, as: s.Console(), token: token.Reveal(), clock: clock, post: mailtest.Sink(t, mailsink.Options{})}
	o.relay = o.configure("Office", o.post)
	o.expiry(48, 24)
	o.person("anna", "Anna", "")
	o.pin("anna", "604829")
	clock.set(noon.Add(24 * time.Hour))
	begun := time.Now()
	mailtest.Await(t, o.post, 1) // at most ten seconds
	t.Logf("the notice came %s after it was due", time.Since(begun).Round(time.Millisecond))
	clock.set(noon.Add(48 * time.Hour))
	begun = time.Now()
	for o.items("/audit-entries?subject=user%20anna&limit=1")[0]["action"] != "pin.expired" {
		if time.Since(begun) > time.Minute {
			t.Fatal("a minute after its end the PIN is still there")
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Logf("the PIN was deleted %s after its end", time.Since(begun).Round(time.Millisecond))
}
