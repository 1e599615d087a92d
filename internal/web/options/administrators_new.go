package options

import (
	"net/http"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/auth"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

func administratorForm(r *http.Request) *web.Form {
	words := web.WordsOf(r)
	form := web.NewForm(words, "administrator", words.T("administrators.create"))
	form.Cancel = cancel(words, office.AdministratorsPath)
	form.Add(web.Field{Name: "username", Kind: web.Text, Label: words.T("administrators.username"), Hint: words.T("administrators.username-hint"), Required: true, MaxLength: cardinal.UsernameMaxLength})
	form.Add(web.Field{Name: "fullName", Kind: web.Text, Label: words.T("administrators.full-name"), MaxLength: cardinal.FieldMaxLength})
	form.Add(web.Field{Name: "email", Kind: web.Email, Label: words.T("administrators.email"), MaxLength: cardinal.FieldMaxLength})
	form.Add(web.Field{Name: "role", Kind: web.Radio, Label: words.T("administrators.role"), Value: string(cardinal.RoleAdministrator), Options: roleOptions(r, personRoles()...)})
	return form
}

func (h *administratorsPage) showNew(w http.ResponseWriter, r *http.Request) error {
	return h.answerNew(w, r, administratorForm(r))
}

func (h *administratorsPage) answerNew(w http.ResponseWriter, r *http.Request, form *web.Form) error {
	words := web.WordsOf(r)
	return h.form.Show(w, r, web.Head{
		Title: words.T("administrators.new"), Lead: words.T("administrators.new-lead"), Status: form.Status(), Narrow: true,
		Back: web.Link{URL: office.AdministratorsPath, Label: words.T("administrators.title")},
	}, placeForm{Form: form})
}

func (h *administratorsPage) create(w http.ResponseWriter, r *http.Request) error {
	words, form := web.WordsOf(r), administratorForm(r)
	if err := form.Read(r); err != nil {
		return err
	}
	name, email, role, password := form.Value("fullName"), form.Value("email"), cardinal.Role(form.Value("role")), auth.OneTimePassword()
	view, err := h.Accounts.CreateUser(r.Context(), web.CallerOf(r), form.Value("username"), account.Fields{
		FullName: &name, Email: &email, Role: &role, Password: password,
	})
	if form.Refuse(err) {
		return h.answerNew(w, r, form)
	}
	if err != nil {
		return err
	}
	return h.once.Show(w, r, web.Head{Title: nameOf(view.User), Back: web.Link{URL: office.AdministratorsPath, Label: words.T("administrators.title")}}, placeOnce{
		Once:  web.Once{ID: "new-password", Label: words.T("administrators.made", "User", view.Username), Secret: password.Secret, Note: words.T("administrators.made-note")},
		Title: words.T("administrators.next"),
		Steps: []string{words.T("administrators.next-hand"), words.T("administrators.next-open", "Server", origin(r)+web.SignInPath), words.T("administrators.next-choose")},
		Done:  web.Link{URL: office.AdministratorsPath, Label: words.T("administrators.done")},
	})
}
