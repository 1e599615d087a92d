package people

import (
	"net/http"
	"slices"
	"strconv"

	"cardinal"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// entriesOnPage is how many audit entries one page of a user's history shows.
const entriesOnPage = 50

type userAuditPage struct {
	*pages
	page *web.Page[userAuditData]
}

type userAuditData struct {
	Tabs    []web.Tab
	History web.History
	Empty   web.Empty
	Pager   web.Pager
}

func (p *pages) userAuditRoutes() ([]web.Route, error) {
	page, err := web.Parse[userAuditData](p.kit, area(), "useraudit.html")
	if err != nil {
		return nil, err
	}
	h := &userAuditPage{p, page}
	return []web.Route{{Pattern: "GET " + office.UsersPath + "/{username}/" + office.TabAudit, Permission: cardinal.PermReadLogs, Handle: h.show}}, nil
}

// show lists what was done to the user, newest first.
func (h *userAuditPage) show(w http.ResponseWriter, r *http.Request) error {
	view, err := h.view(r)
	if err != nil {
		return err
	}
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64) // what is no number begins with the newest
	before = max(0, before)
	subject := "user " + view.Username
	found, err := h.Audit(r.Context(), web.CallerOf(r), subject, before, entriesOnPage+1)
	if err != nil {
		return err
	}
	// Of nobody with this very name a search finds those whose name it is a part of.
	found = slices.DeleteFunc(found, func(e cardinal.AuditEntry) bool { return e.Subject != subject })
	words, shell := web.WordsOf(r), web.ShellOf(r)
	path := office.UserURL(view.Username, office.TabAudit)
	data := userAuditData{Tabs: office.UserTabs(r, view.Username, office.TabAudit), Empty: web.Empty{
		Icon: "history", Title: words.T("user.audit-none"), Text: words.T("user.audit-none-text", "User", view.Username),
	}}
	if before != 0 {
		data.Pager.First = path
	}
	if len(found) > entriesOnPage {
		found = found[:entriesOnPage]
		data.Pager.Next = path + office.Query("before", strconv.FormatInt(found[entriesOnPage-1].Number, 10))
	}
	for _, entry := range found {
		data.History.Events = append(data.History.Events, office.Happening(shell, entry))
	}
	data.Pager.Shown = words.T("user.audit-shown", "Count", len(found))
	return h.page.Show(w, r, office.UserHead(words, view.Username, view.FullName), data)
}
