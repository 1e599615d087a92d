package access

import (
	"net/http"

	"cardinal"
	"cardinal/internal/wayback"
	"cardinal/internal/web"
)

// takeLink answers the GET of a link by e-mail, which changes nothing, for mail
// programs open links too: the secret moves from the address into a cookie, so
// that it stays neither in the history nor in what the next page is told, and the
// page comes after that. It reports whether there was a link.
func (p *pages) takeLink(w http.ResponseWriter, r *http.Request, path, name string) (bool, error) {
	if !r.URL.Query().Has("link") {
		return false, nil
	}
	w.Header().Set("Referrer-Policy", "no-referrer")
	token := cardinal.NewToken(r.URL.Query().Get("link"))
	if wayback.IsLink(token) {
		p.kit.Carry(w, r, name, token, wayback.Hour)
	} else {
		p.kit.Drop(w, r, name)
	}
	return true, p.kit.Redirect(w, r, path, web.Flash{})
}

// passwordLink is the cookie of somebody who is choosing a password.
const passwordLink = "password-link"

// linkPage is where a link by e-mail leads.
type linkPage struct {
	*pages
	page *web.Page[formData]
}

// over says that the link does not work, or works no more.
func (h *linkPage) over(w http.ResponseWriter, r *http.Request, name string) error {
	h.kit.Drop(w, r, name)
	words := web.WordsOf(r)
	head := web.Head{Title: words.T("access.link.over-title"), Status: http.StatusNotFound}
	return h.page.Show(w, r, head, formData{Notice: web.Notice{Tone: web.ToneWarning, Text: words.T("access.link.over")}})
}

// newPasswordPage is where a link about a password leads.
type newPasswordPage struct{ linkPage }

func (p *pages) newPasswordRoutes() ([]web.Route, error) {
	page, err := web.Parse[formData](p.kit, outside(), "forgot.html")
	if err != nil {
		return nil, err
	}
	h := &newPasswordPage{linkPage{p, page}}
	return []web.Route{
		{Pattern: "GET " + wayback.PasswordPath, Permission: cardinal.PermNone, Handle: h.show},
		{Pattern: "POST " + wayback.PasswordPath, Permission: cardinal.PermNone, Handle: h.set},
	}, nil
}

func (h *newPasswordPage) show(w http.ResponseWriter, r *http.Request) error {
	if taken, err := h.takeLink(w, r, wayback.PasswordPath, passwordLink); taken || err != nil {
		return err
	}
	link, err := h.Ways.Look(r.Context(), wayback.PasswordPath, h.kit.Carried(r, passwordLink))
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return h.over(w, r, passwordLink)
	}
	if err != nil {
		return err
	}
	return h.answer(w, r, newPasswordForm(web.WordsOf(r)), link)
}

func newPasswordForm(words *web.Words) *web.Form {
	form := web.NewForm(words, "new-password", words.T("access.link.password-button"))
	form.Action, form.Trouble = wayback.PasswordPath, words.T("access.link.password-refused")
	form.Add(web.Field{
		Name: "password", Kind: web.Password, Label: words.T("access.password.new"), Autocomplete: "new-password", Required: true,
		Hint: words.T("access.password.hint"),
	})
	form.Add(web.Field{Name: "again", Kind: web.Password, Label: words.T("access.password.again"), Autocomplete: "new-password", Required: true})
	return form
}

func (h *newPasswordPage) answer(w http.ResponseWriter, r *http.Request, form *web.Form, link wayback.Link) error {
	words := web.WordsOf(r)
	head := web.Head{Title: words.T("access.link.password-title"), Lead: words.T("access.link.password-lead", "Username", link.Username), Status: form.Status()}
	return h.page.Show(w, r, head, formData{Form: form})
}

func (h *newPasswordPage) set(w http.ResponseWriter, r *http.Request) error {
	token := h.kit.Carried(r, passwordLink)
	link, err := h.Ways.Look(r.Context(), wayback.PasswordPath, token)
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return h.over(w, r, passwordLink)
	}
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	form := newPasswordForm(words)
	if err := form.Read(r); err != nil {
		return err
	}
	if form.Password("password").Reveal() != form.Password("again").Reveal() {
		form.Violate("again", words.T("access.password.differ"))
		return h.answer(w, r, form, link)
	}
	err = h.Ways.SetPassword(r.Context(), token, form.Password("password"), originOf(r))
	switch {
	case cardinal.CodeOf(err) == cardinal.CodeNotFound:
		return h.over(w, r, passwordLink)
	case form.Refuse(err):
		return h.answer(w, r, form, link)
	case err != nil:
		return err
	}
	h.kit.Drop(w, r, passwordLink)
	return h.kit.Redirect(w, r, web.SignInPath, web.Success(words.T("access.link.password-set")))
}
