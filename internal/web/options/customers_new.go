package options

import (
	"net/http"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/auth"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

func customerForm(r *http.Request) *web.Form {
	words := web.WordsOf(r)
	form := web.NewForm(words, "customer", words.T("customers.create"))
	form.Cancel = cancel(words, office.CustomersPath)
	form.Add(web.Field{Name: "name", Kind: web.Text, Label: words.T("customers.name"), Hint: words.T("customers.name-hint"), Required: true, MaxLength: 100})
	form.Add(web.Field{
		Name: "username", Kind: web.Text, Label: words.T("customers.admin"), Hint: words.T("customers.admin-hint"), Required: true, MaxLength: cardinal.UsernameMaxLength,
	})
	return form
}

func (h *customersPage) showNew(w http.ResponseWriter, r *http.Request) error {
	return h.answerNew(w, r, customerForm(r))
}

func (h *customersPage) answerNew(w http.ResponseWriter, r *http.Request, form *web.Form) error {
	words := web.WordsOf(r)
	return h.form.Show(w, r, web.Head{
		Title: words.T("customers.new"), Lead: words.T("customers.new-lead"), Status: form.Status(), Narrow: true,
		Back: web.Link{URL: office.CustomersPath, Label: words.T("customers.title")},
	}, placeForm{Form: form})
}

func (h *customersPage) create(w http.ResponseWriter, r *http.Request) error {
	words, form := web.WordsOf(r), customerForm(r)
	if err := form.Read(r); err != nil {
		return err
	}
	admin, password := form.Value("username"), auth.OneTimePassword()
	if admin == "" {
		form.Violate("username", words.T("customers.admin-missing"))
		return h.answerNew(w, r, form)
	}
	made, err := h.Accounts.CreateCustomer(r.Context(), web.CallerOf(r), account.NewCustomer{Name: form.Value("name"), Admin: admin, Password: password, OneTime: true})
	if form.Refuse(err) {
		return h.answerNew(w, r, form)
	}
	if err != nil {
		return err
	}
	return h.once.Show(w, r, web.Head{Title: made.Name, Back: web.Link{URL: office.CustomersPath, Label: words.T("customers.title")}}, placeOnce{
		Once:  web.Once{ID: "new-password", Label: words.T("customers.made", "User", admin), Secret: password.Secret, Note: words.T("customers.made-note")},
		Title: words.T("customers.next"),
		Steps: []string{words.T("customers.next-hand"), words.T("customers.next-open", "Server", origin(r)+web.SignInPath, "Customer", made.Name), words.T("customers.next-choose")},
		Done:  web.Link{URL: below(office.CustomersPath, string(made.ID)), Label: words.T("customers.done")},
	})
}
