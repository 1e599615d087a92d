package people

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/setting"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// usersOnPage is how many users one page of the list shows.
const usersOnPage = 50

type usersPage struct {
	*pages
	page *web.Page[usersData]
}

func (p *pages) usersRoutes() ([]web.Route, error) {
	page, err := web.Parse[usersData](p.kit, area(), "users.html")
	if err != nil {
		return nil, err
	}
	h := &usersPage{p, page}
	return []web.Route{
		{Pattern: "GET " + office.UsersPath, Permission: cardinal.PermReadUsers, Handle: h.list},
		{Pattern: "POST " + office.UsersPath, Permission: cardinal.PermReadUsers, Repeatable: true, Handle: h.search},
	}, nil
}

// list shows the users that the address means.
func (h *usersPage) list(w http.ResponseWriter, r *http.Request) error {
	view := viewOf(r.URL.Query())
	found, err := h.find(r, view)
	if err != nil {
		return err
	}
	return h.answer(w, r, view, found)
}

// search takes what was typed into the search box. What has a digit in it may be
// a number, and some numbers are letters alone: both are answered at once, so
// that they never stand in an address; all else becomes a page that can be kept.
// Scripts, which ask while one types, are always answered at once.
func (h *usersPage) search(w http.ResponseWriter, r *http.Request) error {
	if err := (&web.Form{}).Read(r); err != nil {
		return err
	}
	view := viewOf(r.PostForm)
	found, err := h.find(r, view)
	if err != nil {
		return err
	}
	view.secret = found.ByNumber || strings.IndexFunc(view.query.Text, unicode.IsDigit) >= 0
	if view.secret || r.Header.Get("HX-Request") != "" {
		return h.answer(w, r, view, found)
	}
	return h.kit.Redirect(w, r, view.url("at", view.query.Cursor), web.Flash{})
}

func (h *usersPage) find(r *http.Request, view usersView) (account.UserList, error) {
	q := view.query
	q.Limit = usersOnPage
	return h.Accounts.FindUsers(r.Context(), web.CallerOf(r), q)
}

func (h *usersPage) answer(w http.ResponseWriter, r *http.Request, view usersView, found account.UserList) error {
	words, caller := web.WordsOf(r), web.CallerOf(r)
	values, err := h.Accounts.Values(r.Context(), caller)
	if err != nil {
		return err
	}
	head := web.Head{Title: words.T("users.title"), Lead: words.T("users.lead", "Organisation", web.SessionOf(r).Organisation)}
	if caller.May(cardinal.PermWriteUsers) {
		head.Actions = []web.Link{
			{URL: office.NewUserPath, Label: words.T("users.add"), Icon: "user-plus"},
			{URL: office.ImportPath, Label: words.T("users.import"), Icon: "file-import"},
		}
	}
	head.Actions = append(head.Actions, web.Link{URL: office.ExportPath, Label: words.T("users.export"), Icon: "file-export"})
	if caller.May(cardinal.PermWriteUsers) {
		head.Actions = append(head.Actions, web.Link{URL: office.BulkPath, Label: words.T("bulk.title"), Icon: "list-details"})
	}
	return h.page.Show(w, r, head, listed(r, view, found, setting.PINIdentifiesUser.In(values)))
}

// usersView is one way to look at the list: what is searched for, and in which
// order.
type usersView struct {
	query  account.UserQuery
	order  string
	secret bool // the text may be a number and never stands in an address
}

// viewOf reads a view from an address or a form. What it does not know, the use
// case refuses.
func viewOf(values url.Values) usersView {
	v := usersView{query: queryOf(values), order: values.Get("order")}
	v.query.Text = strings.TrimSpace(v.query.Text)
	v.query.Cursor = values.Get("at")
	v.query.Sort, v.query.Down = orderOf(v.order)
	return v
}

// firstOrder is the order of the list before anybody chose one.
const firstOrder = "name"

// orderOf reads an order as forms and addresses name it: what the list is sorted
// by, with a - in front where it is turned round.
func orderOf(order string) (by account.UserSort, down bool) {
	if order == "" {
		order = firstOrder
	}
	name, down := strings.CutPrefix(order, "-")
	if name == "username" {
		return account.SortUsername, down
	}
	return account.UserSort(name), down
}

// orders are all that can be chosen.
func orders() []string {
	return []string{"name", "-name", "username", "-username", "-created", "created", "pin-expires", "-pin-expires"}
}

// narrowed reports whether not all users are shown.
func (v usersView) narrowed() bool {
	return v.query.Text != "" || v.query.Filter != "" || v.query.Role != "" || v.query.Source != ""
}

// url is the address of the view, further pairs included; a text that may be a
// number is left out.
func (v usersView) url(more ...string) string {
	pairs := []string{"filter", string(v.query.Filter), "role", string(v.query.Role), "source", v.query.Source, "order", v.order}
	if !v.secret {
		pairs = append(pairs, "q", v.query.Text)
	}
	return office.UsersPath + office.Query(append(pairs, more...)...)
}

// narrowing is what a form carries along that is about the same users.
func (v usersView) narrowing() []web.Hidden {
	return present(
		web.Hidden{Name: "q", Value: v.query.Text}, web.Hidden{Name: "filter", Value: string(v.query.Filter)},
		web.Hidden{Name: "role", Value: string(v.query.Role)}, web.Hidden{Name: "source", Value: v.query.Source},
	)
}

func present(fields ...web.Hidden) []web.Hidden {
	var given []web.Hidden
	for _, field := range fields {
		if field.Value != "" {
			given = append(given, field)
		}
	}
	return given
}
