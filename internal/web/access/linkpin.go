package access

import (
	"net/http"

	"cardinal"
	"cardinal/internal/wayback"
	"cardinal/internal/web"
)

// pinLink is the cookie of somebody who is about to have a PIN sent.
const pinLink = "pin-link"

// newPINPage is where a link about a PIN leads: its button has the PIN made.
type newPINPage struct{ linkPage }

func (p *pages) newPINRoutes() ([]web.Route, error) {
	page, err := web.Parse[formData](p.kit, outside(), "forgot.html")
	if err != nil {
		return nil, err
	}
	h := &newPINPage{linkPage{p, page}}
	return []web.Route{
		{Pattern: "GET " + wayback.PINPath, Permission: cardinal.PermNone, Handle: h.show},
		{Pattern: "POST " + wayback.PINPath, Permission: cardinal.PermNone, Handle: h.issue},
		{Pattern: "GET " + wayback.PINPath + sentPath, Permission: cardinal.PermNone, Handle: h.sent},
	}, nil
}

func newPINForm(words *web.Words) *web.Form {
	form := web.NewForm(words, "new-pin", words.T("access.link.pin-button"))
	form.Action, form.Trouble = wayback.PINPath, words.T("access.link.pin-refused")
	return form
}

func (h *newPINPage) show(w http.ResponseWriter, r *http.Request) error {
	if taken, err := h.takeLink(w, r, wayback.PINPath, pinLink); taken || err != nil {
		return err
	}
	return h.answer(w, r, newPINForm(web.WordsOf(r)))
}

func (h *newPINPage) answer(w http.ResponseWriter, r *http.Request, form *web.Form) error {
	link, err := h.Ways.Look(r.Context(), wayback.PINPath, h.kit.Carried(r, pinLink))
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return h.over(w, r, pinLink)
	}
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	head := web.Head{Title: words.T("access.link.pin-title"), Lead: words.T("access.link.pin-lead", "Username", link.Username), Status: form.Status()}
	return h.page.Show(w, r, head, formData{Form: form})
}

func (h *newPINPage) issue(w http.ResponseWriter, r *http.Request) error {
	form := newPINForm(web.WordsOf(r))
	err := h.Ways.IssuePIN(r.Context(), h.kit.Carried(r, pinLink), originOf(r))
	switch {
	case cardinal.CodeOf(err) == cardinal.CodeNotFound:
		return h.over(w, r, pinLink)
	case form.Refuse(err):
		return h.answer(w, r, form)
	case err != nil:
		return err
	}
	h.kit.Drop(w, r, pinLink)
	return h.kit.Redirect(w, r, wayback.PINPath+sentPath, web.Flash{})
}

func (h *newPINPage) sent(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	head := web.Head{Title: words.T("access.forgot.sent-title")}
	return h.page.Show(w, r, head, formData{Notice: web.Notice{Tone: web.ToneSuccess, Text: words.T("access.link.pin-sent")}})
}
