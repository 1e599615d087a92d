package people

import (
	"net/http"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/setting"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

type newUserPage struct {
	*pages
	page *web.Page[formData]
}

// formData is a page that is one form.
type formData struct{ Form *web.Form }

func (p *pages) newUserRoutes() ([]web.Route, error) {
	page, err := web.Parse[formData](p.kit, area(), "form.html")
	if err != nil {
		return nil, err
	}
	h := &newUserPage{p, page}
	return []web.Route{
		{Pattern: "GET " + office.NewUserPath, Permission: cardinal.PermWriteUsers, Handle: h.show},
		{Pattern: "POST " + office.NewUserPath, Permission: cardinal.PermWriteUsers, Handle: h.create},
	}, nil
}

func (h *newUserPage) form(r *http.Request) (*web.Form, error) {
	values, err := h.Accounts.Values(r.Context(), web.CallerOf(r))
	if err != nil {
		return nil, err
	}
	words := web.WordsOf(r)
	form := userForm(r, account.UserView{}, setting.Policy(values))
	form.Submit = words.T("user.create")
	form.Cancel = web.Link{URL: office.UsersPath, Label: words.T("office.cancel")}
	return form, nil
}

func (h *newUserPage) show(w http.ResponseWriter, r *http.Request) error {
	form, err := h.form(r)
	if err != nil {
		return err
	}
	return h.answer(w, r, form)
}

func (h *newUserPage) answer(w http.ResponseWriter, r *http.Request, form *web.Form) error {
	words := web.WordsOf(r)
	return h.page.Show(w, r, web.Head{
		Title: words.T("user.new"), Status: form.Status(), Narrow: true, Back: web.Link{URL: office.UsersPath, Label: words.T("users.title")},
	}, formData{form})
}

func (h *newUserPage) create(w http.ResponseWriter, r *http.Request) error {
	form, err := h.form(r)
	if err != nil {
		return err
	}
	if err := form.Read(r); err != nil {
		return err
	}
	view, err := h.Accounts.CreateUser(r.Context(), web.CallerOf(r), form.Value("username"), fieldsOf(form))
	if form.Refuse(office.NamingRules(web.WordsOf(r), err)) {
		return h.answer(w, r, form)
	}
	if err != nil {
		return err
	}
	return h.kit.Redirect(w, r, office.UserURL(view.Username), web.Success(web.WordsOf(r).T("user.created", "User", view.Username)))
}
