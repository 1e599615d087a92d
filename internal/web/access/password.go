package access

import (
	"net/http"
	"time"

	"cardinal"
	"cardinal/internal/web"
)

type passwordPage struct {
	*pages
	page *web.Page[passwordData]
}

type passwordData struct {
	Form       *web.Form
	Everywhere string // where the other form is posted; empty while a new password is due
}

func (p *pages) passwordRoutes() ([]web.Route, error) {
	page, err := web.Parse[passwordData](p.kit, p.inside(), "password.html")
	if err != nil {
		return nil, err
	}
	h := &passwordPage{p, page}
	return []web.Route{
		{Pattern: "GET " + PasswordPath, Permission: cardinal.PermOwnDetails, Handle: h.show},
		{Pattern: "POST " + PasswordPath, Permission: cardinal.PermOwnDetails, Handle: h.change},
	}, nil
}

func passwordForm(words *web.Words) *web.Form {
	form := web.NewForm(words, "password", words.T("access.password.button"))
	form.Trouble = words.T("access.password.refused")
	form.Add(web.Field{Name: "currentPassword", Kind: web.Password, Label: words.T("access.password.current"), Autocomplete: "current-password", Required: true})
	form.Add(web.Field{
		Name: "password", Kind: web.Password, Label: words.T("access.password.new"), Autocomplete: "new-password", Required: true,
		Hint: words.T("access.password.hint"),
	})
	form.Add(web.Field{Name: "again", Kind: web.Password, Label: words.T("access.password.again"), Autocomplete: "new-password", Required: true})
	return form
}

func (h *passwordPage) show(w http.ResponseWriter, r *http.Request) error {
	return h.answer(w, r, passwordForm(web.WordsOf(r)))
}

func (h *passwordPage) answer(w http.ResponseWriter, r *http.Request, form *web.Form) error {
	words := web.WordsOf(r)
	head := web.Head{Title: words.T("access.password.title"), Status: form.Status(), Narrow: true}
	data := passwordData{Form: form, Everywhere: everywherePath}
	if web.SessionOf(r).Held != "" {
		head.Title, head.Lead, data.Everywhere = words.T("access.password.due-title"), words.T("access.password.due"), ""
	}
	return h.page.Show(w, r, head, data)
}

func (h *passwordPage) change(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	form := passwordForm(words)
	if err := form.Read(r); err != nil {
		return err
	}
	if form.Password("password").Reveal() != form.Password("again").Reveal() {
		form.Violate("again", words.T("access.password.differ"))
		return h.answer(w, r, form)
	}
	token, err := h.Auth.ChangePassword(r.Context(), web.CallerOf(r), form.Password("currentPassword"), form.Password("password"))
	if form.Refuse(err) {
		return h.answer(w, r, form)
	}
	if err != nil {
		return err
	}
	h.kit.SetSession(w, r, token, time.Time{})
	next := PasswordPath
	if web.SessionOf(r).Held != "" {
		next = "/"
	}
	return h.kit.Redirect(w, r, next, web.Success(words.T("access.password.changed")))
}
