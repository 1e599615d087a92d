package people

import (
	"net/http"
	"strings"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/web"
)

// forever is the year from which on a lock has no end but an administrator's.
const forever = 9999

func detailFacts(words *web.Words, view account.UserView) []web.Fact {
	return []web.Fact{
		{Label: words.T("user.full-name"), Text: view.FullName},
		{Label: words.T("user.email"), Text: view.Email},
		{Label: words.T("user.department"), Text: view.Department},
		{Label: words.T("user.notes"), Text: view.Notes},
		{Label: words.T("user.role"), Text: words.Code("role", string(roleOf(view)), "")},
	}
}

// numberFacts are the numbers, whole or masked as the caller may see them.
func numberFacts(words *web.Words, view account.UserView) []web.Fact {
	var facts []web.Fact
	for _, slot := range cardinal.Slots() {
		fact := web.Fact{Label: words.Code("slot", string(slot), "")}
		for _, number := range view.Numbers {
			switch {
			case number.Slot != slot:
			case number.Full:
				fact.Text = number.Text
			default:
				fact.End = strings.TrimLeft(number.Text, "•")
			}
		}
		facts = append(facts, fact)
	}
	return facts
}

func pinFacts(r *http.Request, view account.UserView) []web.Fact {
	words, shell := web.WordsOf(r), web.ShellOf(r)
	state := web.Fact{Label: words.T("user.pin-state"), Badge: web.Badge{Tone: web.ToneWarning, Text: words.T("user.pin-none")}}
	facts := []web.Fact{state}
	if view.HasPIN() {
		facts[0].Badge = web.Badge{Tone: web.ToneSuccess, Text: words.T("user.pin-set")}
		if view.PIN.Generated {
			facts[0].Badge.Text = words.T("user.pin-generated")
		}
		facts = append(facts, web.Fact{Label: words.T("user.pin-since"), Time: shell.Time(view.PIN.CreatedAt)})
		expires := web.Fact{Label: words.T("user.pin-expires"), Text: words.T("user.pin-never")}
		if !view.PIN.ExpiresAt.IsZero() {
			expires = web.Fact{Label: expires.Label, Time: shell.Time(view.PIN.ExpiresAt)}
		}
		facts = append(facts, expires)
		for _, finding := range view.Findings {
			facts = append(facts, web.Fact{
				Label: words.T("user.pin-policy"), Badge: web.Badge{Tone: toneOf(finding), Text: words.Code("pin-finding", string(finding), "")},
			})
		}
	}
	switch {
	case view.LockedUntil.IsZero():
	case view.LockedUntil.Year() >= forever:
		facts = append(facts, web.Fact{Label: words.T("user.locked-until"), Badge: web.Badge{Tone: web.ToneDanger, Text: words.T("user.locked-forever")}})
	default:
		facts = append(facts, web.Fact{Label: words.T("user.locked-until"), Time: shell.Time(view.LockedUntil)})
	}
	return facts
}

func toneOf(finding account.PINFinding) web.Tone {
	if finding == account.PINBelowPolicy {
		return web.ToneDanger
	}
	return web.ToneWarning
}

func accessFacts(r *http.Request, view account.UserView) []web.Fact {
	words, shell := web.WordsOf(r), web.ShellOf(r)
	password := words.T("user.password-none")
	switch {
	case view.PasswordMustChange:
		password = words.T("user.password-once")
	case view.HasPassword:
		password = words.T("user.password-own")
	}
	return []web.Fact{
		{Label: words.T("user.password"), Text: password},
		{Label: words.T("user.source"), Text: words.Code("source", view.Source, view.Source)},
		{Label: words.T("user.created-at"), Time: shell.Time(view.CreatedAt)},
		{Label: words.T("user.updated-at"), Time: shell.Time(view.UpdatedAt)},
	}
}
