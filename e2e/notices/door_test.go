package notices

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"cardinal/internal/mailsink"
)

// occasion is something at the door that people can be told of.
type occasion struct {
	setting string // which switches it on, naming a template of its kind
	kind    string
	subject string
	czech   string
	says    []string // besides the instant, in English and Czech
	happens func(o *office, username string)
	secret  bool // it tells one, which is erased once it was sent
}

func occasions() []occasion {
	return []occasion{
		{
			setting: "mail.pin-changed", kind: "pin-changed", subject: "Your PIN for Acme corporation was changed", czech: "Váš PIN byl změněn (Acme corporation)",
			happens: func(o *office, username string) { o.pin(username, "860317") },
		},
		{
			setting: "mail.pin-removed", kind: "pin-removed", subject: "Your PIN for Acme corporation was removed", czech: "Váš PIN byl odebrán (Acme corporation)",
			happens: func(o *office, username string) { o.api(http.StatusNoContent, "DELETE", "/users/"+username+"/pin", "") },
		},
		{
			setting: "mail.card-number-generated", kind: "card-number-generated", subject: "Your new card/ID number for Acme corporation",
			czech: "Vaše nové číslo karty/ID (Acme corporation)", secret: true,
			happens: func(o *office, username string) {
				o.api(http.StatusCreated, "POST", "/users/"+username+"/card-numbers/primary/generate", "")
			},
		},
		{
			setting: "mail.account-locked", kind: "account-locked", subject: "Your sign-in at Acme corporation is locked",
			czech: "Vaše přihlašování je uzamčeno (Acme corporation)", says: []string{"Copier"},
			happens: func(o *office, username string) {
				for range 4 { // the third locks, and what comes after it is not told of again
					o.signsIn(username, "1111")
				}
			},
		},
	}
}

// Whoever is concerned is told of what happened at the door, once, where the
// setting of it names a template, and not where it is empty, as it comes.
func TestPeopleAreToldOfWhatHappensAtTheDoor(t *testing.T) {
	each(t, func(o *office) {
		o.set("mail.messaging-configuration", `"`+o.relay+`"`)
		o.set("signin.user.limits", `[{"wrong": 3, "lockSeconds": 3600}]`)
		o.set("pin.history", "0")
		for i, what := range occasions() {
			english, czech := "anna"+string(rune('a'+i)), "bara"+string(rune('a'+i))
			o.person(english, "Anna Nováková", "en")
			o.person(czech, "Bára Malá", "cs")
			happens := func(username string) []mailsink.Received {
				o.Helper()
				o.pin(username, "604829")
				o.letters() // nobody is told of the PIN that it begins with, or was told of it already
				what.happens(o, username)
				came := o.letters()
				o.api(http.StatusNoContent, "POST", "/users/"+username+"/unlock", "")
				return came
			}
			if came := happens(english); len(came) != 0 {
				o.Errorf("%s comes switched on: %q", what.setting, told(came))
			}
			o.set(what.setting, `"`+what.kind+`"`)
			for username, want := range map[string][]string{
				english: {what.subject, "Anna Nováková", "Monday, March 2, 2026, 12:00 (CET, UTC+1)"},
				czech:   {what.czech, "Bára Malá", "pondělí 2. března 2026, 12:00 (CET, UTC+1)"},
			} {
				came := happens(username)
				if len(came) != 1 || came[0].Subject != want[0] || came[0].To[0] != username+"@acme.example" {
					o.Fatalf("%s: %d messages came: %q", what.setting, len(came), told(came))
				}
				parts := append([]string{username, want[1], organisation}, what.says...)
				if !what.secret { // the one about a number says which, and no instant
					parts = append(parts, want[2])
				}
				o.says(came[0], parts...)
				what.compare(o, username, came[0])
			}
			o.set(what.setting, `""`)
			if came := happens(czech); len(came) != 0 {
				o.Errorf("%s is switched off, and they are told all the same: %q", what.setting, told(came))
			}
		}
	})
}

// compare compares what a message tells with what is so, and asks for it again.
func (what occasion) compare(o *office, username string, m mailsink.Received) {
	o.Helper()
	if strings.Contains(string(m.Raw), "604829") || strings.Contains(string(m.Raw), "860317") {
		o.Errorf("%s tells a PIN", what.setting)
	}
	sent := o.items("/notifications?username=" + username)[0]
	if sent["kind"] != what.kind || sent["state"] != "sent" {
		o.Errorf("%s is on record as %v", what.setting, sent)
	}
	want := http.StatusNoContent
	if what.secret {
		number := o.api(http.StatusOK, "GET", "/users/"+username, "")["primaryCardNumber"].(string)
		o.says(m, number)
		want = http.StatusConflict // it was erased
	}
	o.api(want, "POST", "/notifications/"+sent["id"].(string)+"/resend", "")
	if again := o.letters(); (len(again) == 1) == what.secret {
		o.Errorf("%s, sent again: %q", what.setting, told(again))
	}
}

// A first PIN replaces nothing, and one that comes by e-mail tells of itself.
func TestNobodyIsToldTwiceOfOneChange(t *testing.T) {
	each(t, func(o *office) {
		o.set("mail.messaging-configuration", `"`+o.relay+`"`)
		o.set("mail.pin-changed", `"pin-changed"`)
		o.set("mail.pin-removed", `"pin-removed"`)
		o.person("anna", "Anna", "")
		o.pin("anna", "604829")
		o.silence("it is a first PIN")
		o.api(http.StatusCreated, "POST", "/users/anna/pin/mail", "")
		if m := o.letter("anna"); m.Subject != "Your new PIN for Acme corporation" {
			o.Errorf("they are told %q", m.Subject)
		}
		o.Log("an end is no removal: it was told of before")
		o.expiry(48, 0)
		o.pin("anna", "750318")
		o.letter("anna")
		o.clock.set(noon.Add(48 * time.Hour))
		if n := o.dies(); n != 1 {
			o.Errorf("%d were deleted", n)
		}
		o.silence("it has expired")
	})
}
