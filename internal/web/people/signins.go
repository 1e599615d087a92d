package people

import (
	"net/http"

	"cardinal"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// signInsOnPage is how many sign-ins one page of the list shows.
const signInsOnPage = 50

type signInsPage struct {
	*pages
	page *web.Page[signInsData]
}

type signInsData struct {
	Tabs    []web.Tab
	SignIns []cardinal.SignIn
	Empty   web.Empty
	Pager   web.Pager
}

func (p *pages) signInsRoutes() ([]web.Route, error) {
	page, err := web.Parse[signInsData](p.kit, area(), "signins.html")
	if err != nil {
		return nil, err
	}
	h := &signInsPage{p, page}
	return []web.Route{{Pattern: "GET " + office.UsersPath + "/{username}/sign-ins", Permission: cardinal.PermReadSignIns, Handle: h.show}}, nil
}

func (h *signInsPage) show(w http.ResponseWriter, r *http.Request) error {
	view, err := h.view(r)
	if err != nil {
		return err
	}
	before := r.URL.Query().Get("before")
	found, err := h.SignIns.Records(r.Context(), web.CallerOf(r), view.Username, before, signInsOnPage+1)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	path := office.UserURL(view.Username, "sign-ins")
	data := signInsData{Tabs: office.UserTabs(r, view.Username, office.TabSignIns), Empty: web.Empty{
		Icon: "printer", Title: words.T("sign-ins.none"), Text: words.T("sign-ins.none-text", "User", view.Username),
	}}
	if before != "" {
		data.Pager.First = path
	}
	if len(found) > signInsOnPage {
		found = found[:signInsOnPage]
		data.Pager.Next = path + office.Query("before", found[signInsOnPage-1].ID)
	}
	data.SignIns = found
	return h.page.Show(w, r, office.UserHead(words, view.Username, view.FullName), data)
}
