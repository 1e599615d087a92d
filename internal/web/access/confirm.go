package access

import (
	"net/http"

	"cardinal"
	"cardinal/internal/auth"
	"cardinal/internal/web"
)

// confirmPage asks who it is once more, before something dangerous.
type confirmPage struct {
	*pages
	page *web.Page[formData]
}

func (p *pages) confirmRoutes() ([]web.Route, error) {
	page, err := web.Parse[formData](p.kit, p.inside(), "confirm.html")
	if err != nil {
		return nil, err
	}
	h := &confirmPage{p, page}
	return []web.Route{
		{Pattern: "GET " + web.ConfirmPath, Permission: cardinal.PermOwnDetails, Handle: h.show},
		{Pattern: "POST " + web.ConfirmPath, Permission: cardinal.PermOwnDetails, Handle: h.confirm},
	}, nil
}

func confirmForm(r *http.Request) *web.Form {
	words := web.WordsOf(r)
	form := web.NewForm(words, "confirm", words.T("access.confirm.button"))
	form.Trouble = words.T("access.confirm.failed")
	next := web.SafePath(r.URL.Query().Get("next"), "/")
	form.Cancel = web.Link{URL: "/", Label: words.T("form.cancel")}
	form.Add(web.Field{Name: "currentPassword", Kind: web.Password, Label: words.T("access.confirm.password"), Autocomplete: "current-password", Required: true})
	form.Carry("next", next)
	return form
}

func (h *confirmPage) show(w http.ResponseWriter, r *http.Request) error {
	return h.answer(w, r, confirmForm(r))
}

func (h *confirmPage) answer(w http.ResponseWriter, r *http.Request, form *web.Form) error {
	words := web.WordsOf(r)
	head := web.Head{Title: words.T("access.confirm.title"), Lead: words.T("access.confirm.lead"), Status: form.Status(), Narrow: true}
	return h.page.Show(w, r, head, formData{Form: form})
}

func (h *confirmPage) confirm(w http.ResponseWriter, r *http.Request) error {
	form := confirmForm(r)
	if err := form.Read(r); err != nil {
		return err
	}
	err := h.Auth.Confirm(r.Context(), web.CallerOf(r), auth.Proof{Password: form.Password("currentPassword")})
	if form.Refuse(err) {
		return h.answer(w, r, form)
	}
	if err != nil {
		return err
	}
	return h.kit.Redirect(w, r, form.Value("next"), web.Flash{})
}
