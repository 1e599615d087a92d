package access

import (
	"net/http"

	"cardinal/internal/auth"
	"cardinal/internal/web"
)

// way is one of the ways to prove who one is.
type way string

const (
	withPassword way = "password"
	withApp      way = "app"
	withPasskey  way = "passkey"
	withRecovery way = "recovery"
)

// chosen returns the way that was asked for, if it is one of those there are,
// and otherwise the first of them.
func chosen(wanted string, there []way) way {
	for _, w := range there {
		if string(w) == wanted {
			return w
		}
	}
	return there[0]
}

// proving is a page that asks for a proof in one way and leads to the others.
type proving struct {
	Form    *web.Form // in every way but the passkey
	Passkey passkeyForm
	Others  []web.Link
}

// passkeyForm is a form that scripts send with a passkey's answer.
type passkeyForm struct {
	Form    *web.Form
	Kind    string // "make" or "use"
	Options string // where scripts ask for the options
}

// proofForm asks for a proof in one way; the answer is read by readProof.
func proofForm(words *web.Words, id string, with way, next string) *web.Form {
	submit := words.T("access.prove.button")
	if with == withPasskey {
		submit = words.T("access.passkey.use")
	}
	form := web.NewForm(words, id, submit)
	form.Carry("with", string(with))
	form.Carry("next", next)
	switch with {
	case withPassword:
		form.Add(web.Field{Name: "currentPassword", Kind: web.Password, Label: words.T("access.prove.password"), Autocomplete: "current-password", Required: true})
	case withApp:
		form.Add(web.Field{
			Name: "code", Kind: web.Password, Label: words.T("access.prove.code"), Hint: words.T("access.prove.code-hint"),
			Autocomplete: "one-time-code", InputMode: "numeric", Required: true, Short: true,
		})
	case withRecovery:
		form.Add(web.Field{Name: "recovery", Kind: web.Password, Label: words.T("access.prove.recovery"), Hint: words.T("access.prove.recovery-hint"), Required: true})
	case withPasskey:
		form.Carry("answer", "")
	}
	return form
}

// readProof takes what was posted into a form made by proofForm in this way, and
// refuses the form where nothing was typed.
func readProof(r *http.Request, form *web.Form, with way) (auth.Proof, error) {
	if err := form.Read(r); err != nil {
		return auth.Proof{}, err
	}
	for i := range form.Hidden {
		if form.Hidden[i].Name == "with" {
			form.Hidden[i].Value = string(with) // not what was posted, which may not be offered
		}
	}
	return proofOf(r, form, with), nil
}

func proofOf(r *http.Request, form *web.Form, with way) auth.Proof {
	words := web.WordsOf(r)
	missing := func(empty bool, field, message string) {
		if empty {
			form.Violate(field, message)
		}
	}
	switch with {
	case withPassword:
		missing(form.Password("currentPassword").IsZero(), "currentPassword", words.T("access.prove.password-missing"))
		return auth.Proof{Password: form.Password("currentPassword")}
	case withApp:
		missing(form.Token("code").IsZero(), "code", words.T("access.prove.code-missing"))
		return auth.Proof{AppCode: form.Token("code")}
	case withRecovery:
		missing(form.Token("recovery").IsZero(), "recovery", words.T("access.prove.recovery-missing"))
		return auth.Proof{RecoveryCode: form.Token("recovery")}
	}
	answer := takeAnswer(form)
	missing(answer == "", "", words.T("access.passkey.needs-scripts"))
	site, err := siteOf(r)
	missing(err != nil, "", words.T("access.passkey.not-here"))
	return auth.Proof{Passkey: []byte(answer), Site: site}
}

// takeAnswer takes a passkey's answer out of a form, so that the page that
// follows asks for a new one.
func takeAnswer(form *web.Form) string {
	for i, hidden := range form.Hidden {
		if hidden.Name == "answer" {
			form.Hidden[i].Value = ""
			return hidden.Value
		}
	}
	return ""
}

// prove makes the page of a form made by proofForm.
func prove(form *web.Form, options string, others []web.Link) proving {
	if way(form.Value("with")) == withPasskey {
		return proving{Passkey: passkeyForm{form, "use", options}, Others: others}
	}
	return proving{Form: form, Others: others}
}

// otherWays are links to the ways that are not the chosen one.
func otherWays(words *web.Words, there []way, present way, url func(way) string) []web.Link {
	var links []web.Link
	for _, w := range there {
		if w != present {
			links = append(links, web.Link{URL: url(w), Label: words.Code("access-way", string(w), "")})
		}
	}
	return links
}

// siteOf is where the browser sees this server, if passkeys work there.
func siteOf(r *http.Request) (auth.Site, error) {
	return auth.SiteOf(r.Host, web.Encrypted(r))
}

// writeJSON answers a script.
func writeJSON(w http.ResponseWriter, body []byte) error {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) //nolint:gosec // JSON, and said to be; the reader is gone: nobody to tell
	return nil
}
