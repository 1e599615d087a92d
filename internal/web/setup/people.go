package setup

import (
	"net/http"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/web"
)

// peoplePage is the step of the people, which the usual pages do.
type peoplePage struct {
	*pages
	page *web.Page[peopleData]
}

type peopleData struct {
	Steps  steps
	Import string // the pages that add people
	Add    string
	Some   bool // there is somebody besides the administrator
}

// The usual pages, as package office names them.
const (
	importPath  = "/users/import"
	newUserPath = "/new-user"
)

func (p *pages) peopleRoutes() ([]web.Route, error) {
	page, err := web.Parse[peopleData](p.kit, area(), "people.html")
	if err != nil {
		return nil, err
	}
	h := &peoplePage{p, page}
	return []web.Route{
		{Pattern: "GET " + peoplePath, Permission: cardinal.PermWriteOptions, Handle: h.show},
		{Pattern: "POST " + peoplePath, Permission: cardinal.PermWriteOptions, Handle: h.goOn},
	}, nil
}

func (h *peoplePage) show(w http.ResponseWriter, r *http.Request) error {
	if err := h.resumed(r); err != nil {
		return err
	}
	found, err := h.Accounts.Users(r.Context(), web.CallerOf(r), account.UserQuery{Limit: 2})
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	head := web.Head{Title: words.T("setup.people-title"), Lead: words.T("setup.people-lead")}
	return h.page.Show(w, r, head, peopleData{stepsAt(words, 2), importPath, newUserPath, len(found.Users) > 1})
}

func (h *peoplePage) goOn(w http.ResponseWriter, r *http.Request) error {
	if err := h.resumed(r); err != nil {
		return err
	}
	return h.next(w, r, account.SetupDevice)
}
