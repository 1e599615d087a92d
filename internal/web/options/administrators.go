package options

import (
	"net/http"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// administratorsPage is *Options › Administrators*: the people whose role is
// more than user.
type administratorsPage struct {
	*places
	list *web.Page[administratorsData]
	give *web.Page[giveData]
}

type administratorsData struct {
	Rows  []administratorRow
	Pager web.Pager
}

type administratorRow struct {
	account.Administrator
	URL    string
	Name   string // full name, or else username
	You    bool
	Change string // where the role is changed; empty for whom may not
}

func (p *pages) administratorRoutes() ([]web.Route, error) {
	shared, err := p.places()
	if err != nil {
		return nil, err
	}
	list, err := web.Parse[administratorsData](p.kit, area(), "administrators.html")
	if err != nil {
		return nil, err
	}
	give, err := web.Parse[giveData](p.kit, area(), "administrators_give.html")
	if err != nil {
		return nil, err
	}
	h := &administratorsPage{shared, list, give}
	const path = office.AdministratorsPath + "/{username}"
	return []web.Route{
		{Pattern: "GET " + office.AdministratorsPath, Permission: cardinal.PermReadOptions, Handle: h.show},
		{Pattern: "GET " + office.NewAdministratorPath, Permission: cardinal.PermGrantRoles, Fresh: true, Handle: h.showNew},
		{Pattern: "POST " + office.NewAdministratorPath, Permission: cardinal.PermGrantRoles, Fresh: true, Handle: h.create},
		{Pattern: "GET " + office.GiveRolePath, Permission: cardinal.PermGrantRoles, Handle: h.showGive},
		{Pattern: "POST " + office.GiveRolePath, Permission: cardinal.PermGrantRoles, Repeatable: true, Handle: h.find},
		{Pattern: "GET " + path, Permission: cardinal.PermGrantRoles, Fresh: true, Handle: h.showRole},
		{Pattern: "POST " + path, Permission: cardinal.PermGrantRoles, Fresh: true, Handle: h.saveRole},
		{Pattern: "GET " + path + "/remove", Permission: cardinal.PermGrantRoles, Fresh: true, Handle: h.askRemove},
		{Pattern: "POST " + path + "/remove", Permission: cardinal.PermGrantRoles, Fresh: true, Handle: h.remove},
	}, nil
}

func (h *administratorsPage) show(w http.ResponseWriter, r *http.Request) error {
	words, caller, after := web.WordsOf(r), web.CallerOf(r), r.URL.Query().Get("after")
	found, err := h.Accounts.Administrators(r.Context(), caller, after, placesOnPage)
	if err != nil {
		return err
	}
	shown := words.T("administrators.shown", "Count", len(found.Administrators))
	data := administratorsData{Pager: firstAndNext(shown, office.AdministratorsPath, "", after, found.Next)}
	mayChange := caller.May(cardinal.PermGrantRoles)
	for _, person := range found.Administrators {
		row := administratorRow{Administrator: person, URL: office.UserURL(person.Username), Name: nameOf(person.User), You: person.ID == caller.User}
		if mayChange && !row.You && !person.Role.Outranks(caller.Role) {
			row.Change = administratorURL(person.Username)
		}
		data.Rows = append(data.Rows, row)
	}
	head := web.Head{Title: words.T("administrators.title"), Lead: words.T("administrators.lead")}
	if mayChange {
		head.Actions = []web.Link{
			{URL: office.NewAdministratorPath, Label: words.T("administrators.add"), Icon: "user-plus"},
			{URL: office.GiveRolePath, Label: words.T("administrators.give"), Icon: "key"},
		}
	}
	return h.list.Show(w, r, head, data)
}

func nameOf(user cardinal.User) string {
	if user.FullName == "" {
		return user.Username
	}
	return user.FullName
}
