package options

import (
	"net/http"

	"golang.org/x/text/unicode/norm"

	"cardinal/internal/account"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// deleteForm asks for the customer's name: what goes with it cannot be had back.
func deleteForm(r *http.Request, view account.CustomerView) *web.Form {
	words := web.WordsOf(r)
	form := web.NewForm(words, "delete", words.T("customers.delete-button", "Customer", view.Name))
	form.Danger, form.Trouble = true, words.T("customers.not-deleted")
	form.Cancel = cancel(words, below(office.CustomersPath, string(view.ID)))
	form.Add(web.Field{Name: "name", Kind: web.Text, Label: words.T("customers.type-name", "Customer", view.Name), Required: true, MaxLength: 100})
	return form
}

func (h *customersPage) askDelete(w http.ResponseWriter, r *http.Request) error {
	view, err := h.customer(r)
	if err != nil {
		return err
	}
	return h.answerDelete(w, r, view, deleteForm(r, view))
}

func (h *customersPage) answerDelete(w http.ResponseWriter, r *http.Request, view account.CustomerView, form *web.Form) error {
	words := web.WordsOf(r)
	return h.form.Show(w, r, web.Head{
		Title: words.T("customers.delete-ask", "Customer", view.Name), Status: form.Status(), Narrow: true,
		Back: web.Link{URL: below(office.CustomersPath, string(view.ID)), Label: view.Name},
	}, placeForm{Form: form, Effects: []string{
		words.T("customers.delete-users", "Count", view.Users), words.T("customers.delete-devices", "Devices", words.Number(view.Devices), "Tokens", words.Number(view.Tokens)),
		words.T("customers.delete-logs"), words.T("customers.delete-for-good"),
	}})
}

func (h *customersPage) delete(w http.ResponseWriter, r *http.Request) error {
	view, err := h.customer(r)
	if err != nil {
		return err
	}
	words, form := web.WordsOf(r), deleteForm(r, view)
	if err := form.Read(r); err != nil {
		return err
	}
	if norm.NFC.String(form.Value("name")) != norm.NFC.String(view.Name) {
		form.Violate("name", words.T("customers.name-differs"))
		return h.answerDelete(w, r, view, form)
	}
	err = h.Accounts.DeleteCustomer(r.Context(), web.CallerOf(r), view.ID)
	if form.Refuse(err) {
		return h.answerDelete(w, r, view, form)
	}
	if err != nil {
		return err
	}
	return h.kit.Redirect(w, r, office.CustomersPath, web.Success(words.T("customers.deleted", "Customer", view.Name)))
}
