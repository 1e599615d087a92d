package self

import (
	"net/http"

	"cardinal"
	"cardinal/internal/web"
)

// everywherePath takes the form that ends all sessions.
const everywherePath = "/sign-out-everywhere"

type passwordPage struct {
	*pages
	page *web.Page[passwordData]
}

type passwordData struct {
	Form       *web.Form
	Everywhere string // where the other form is posted; empty while a new password is due
}

func (p *pages) passwordRoutes() ([]web.Route, error) {
	page, err := web.Parse[passwordData](p.kit, p.area(), "password.html")
	if err != nil {
		return nil, err
	}
	h := &passwordPage{p, page}
	return []web.Route{
		{Pattern: "GET " + passwordPath, Permission: cardinal.PermOwnDetails, Handle: h.show},
		{Pattern: "POST " + passwordPath, Permission: cardinal.PermOwnDetails, Handle: h.change},
		{Pattern: "GET " + everywherePath, Permission: cardinal.PermOwnDetails, Handle: p.back(passwordPath)},
		{Pattern: "POST " + everywherePath, Permission: cardinal.PermOwnDetails, Handle: h.signOutEverywhere},
	}, nil
}

func passwordForm(words *web.Words) *web.Form {
	form := web.NewForm(words, "password", words.T("self.password.button"))
	form.Trouble = words.T("self.password.refused")
	form.Add(web.Field{Name: "currentPassword", Kind: web.Password, Label: words.T("self.password.current"), Autocomplete: "current-password", Required: true})
	form.Add(web.Field{
		Name: "password", Kind: web.Password, Label: words.T("self.password.new"), Autocomplete: "new-password", Required: true,
		Hint: words.T("self.password.hint"),
	})
	form.Add(web.Field{Name: "again", Kind: web.Password, Label: words.T("self.password.again"), Autocomplete: "new-password", Required: true})
	return form
}

func (h *passwordPage) show(w http.ResponseWriter, r *http.Request) error {
	return h.answer(w, r, passwordForm(web.WordsOf(r)))
}

func (h *passwordPage) answer(w http.ResponseWriter, r *http.Request, form *web.Form) error {
	words := web.WordsOf(r)
	head := web.Head{Title: words.T("self.password.title"), Status: form.Status(), Narrow: true}
	data := passwordData{Form: form, Everywhere: everywherePath}
	if web.SessionOf(r).Held != "" {
		head.Title, head.Lead, data.Everywhere = words.T("self.password.due-title"), words.T("self.password.due"), ""
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
		form.Violate("again", words.T("self.password.differ"))
		return h.answer(w, r, form)
	}
	err := h.Auth.ChangePassword(r.Context(), web.CallerOf(r), form.Password("currentPassword"), form.Password("password"))
	if form.Refuse(err) {
		return h.answer(w, r, form)
	}
	if err != nil {
		return err
	}
	next := passwordPath
	if web.SessionOf(r).Held != "" {
		next = homeOf(web.CallerOf(r))
	}
	return h.kit.Redirect(w, r, next, web.Success(words.T("self.password.changed")))
}

func (h *passwordPage) signOutEverywhere(w http.ResponseWriter, r *http.Request) error {
	if err := h.Auth.SignOut(r.Context(), web.CallerOf(r), true); err != nil {
		return err
	}
	h.kit.ClearSession(w, r)
	return h.kit.Redirect(w, r, web.SignInPath, web.Success(web.WordsOf(r).T("self.sign-in.signed-out-everywhere")))
}
