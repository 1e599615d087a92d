package options

import (
	"net/http"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// customersPage is *Options › Customers*: the organisations of this installation,
// for its operators.
type customersPage struct {
	*places
	list *web.Page[customersData]
	one  *web.Page[customerData]
}

type customersData struct {
	Rows  []customerRow
	Pager web.Pager
}

type customerRow struct {
	account.CustomerView
	URL string
	Own bool
}

type customerData struct {
	Own    web.Notice
	Facts  []web.Fact
	Delete string // where it is deleted; empty for the caller's own
}

// customersPerPage is smaller than for other lists: the people of each are counted.
const customersPerPage = 25

func (p *pages) customerRoutes() ([]web.Route, error) {
	shared, err := p.places()
	if err != nil {
		return nil, err
	}
	list, err := web.Parse[customersData](p.kit, area(), "customers.html")
	if err != nil {
		return nil, err
	}
	one, err := web.Parse[customerData](p.kit, area(), "customers_one.html")
	if err != nil {
		return nil, err
	}
	h := &customersPage{shared, list, one}
	const path = office.CustomersPath + "/{id}"
	return []web.Route{
		{Pattern: "GET " + office.CustomersPath, Permission: cardinal.PermCustomers, Handle: h.showAll},
		{Pattern: "GET " + office.NewCustomerPath, Permission: cardinal.PermCustomers, Fresh: true, Handle: h.showNew},
		{Pattern: "POST " + office.NewCustomerPath, Permission: cardinal.PermCustomers, Fresh: true, Handle: h.create},
		{Pattern: "GET " + path, Permission: cardinal.PermCustomers, Handle: h.show},
		{Pattern: "GET " + path + "/delete", Permission: cardinal.PermCustomers, Fresh: true, Handle: h.askDelete},
		{Pattern: "POST " + path + "/delete", Permission: cardinal.PermCustomers, Fresh: true, Handle: h.delete},
	}, nil
}

func (h *customersPage) showAll(w http.ResponseWriter, r *http.Request) error {
	words, caller, after := web.WordsOf(r), web.CallerOf(r), r.URL.Query().Get("after")
	if !cardinal.CleanText(after) {
		after = ""
	}
	found, err := h.Accounts.CustomerViews(r.Context(), caller, cardinal.CustomerID(after), customersPerPage+1)
	if err != nil {
		return err
	}
	next := ""
	if len(found) > customersPerPage {
		found = found[:customersPerPage]
		next = string(found[customersPerPage-1].ID)
	}
	data := customersData{Pager: firstAndNext(words.T("customers.shown", "Count", len(found)), office.CustomersPath, "", after, next)}
	for _, view := range found {
		data.Rows = append(data.Rows, customerRow{view, below(office.CustomersPath, string(view.ID)), view.ID == caller.Customer})
	}
	return h.list.Show(w, r, web.Head{
		Title: words.T("customers.title"), Lead: words.T("customers.lead"),
		Actions: []web.Link{{URL: office.NewCustomerPath, Label: words.T("customers.add"), Icon: "plus"}},
	}, data)
}

func (h *customersPage) customer(r *http.Request) (account.CustomerView, error) {
	return h.Accounts.Customer(r.Context(), web.CallerOf(r), cardinal.CustomerID(r.PathValue("id")))
}

func (h *customersPage) show(w http.ResponseWriter, r *http.Request) error {
	view, err := h.customer(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	data := customerData{Facts: []web.Fact{
		{Label: words.T("customers.name"), Text: view.Name},
		{Label: words.T("customers.created"), Time: web.ShellOf(r).Time(view.CreatedAt)},
		{Label: words.T("customers.users"), Text: words.Number(view.Users)},
		{Label: words.T("customers.administrators"), Text: words.Number(view.Administrators)},
		{Label: words.T("customers.devices"), Text: words.Number(view.Devices)},
		{Label: words.T("customers.tokens"), Text: words.Number(view.Tokens)},
	}}
	if view.ID == web.CallerOf(r).Customer {
		data.Facts[0].Link = web.Link{URL: office.GeneralPath, Label: words.T("customers.rename")}
		data.Own = web.Notice{Tone: web.ToneInfo, Text: words.T("customers.own-text")}
	} else {
		data.Delete = below(office.CustomersPath, string(view.ID), "delete")
	}
	head := web.Head{Title: view.Name, Narrow: true, Back: web.Link{URL: office.CustomersPath, Label: words.T("customers.title")}}
	return h.one.Show(w, r, head, data)
}
