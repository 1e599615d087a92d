package logs

import (
	"net/http"

	"cardinal"
	"cardinal/internal/notify"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

type notificationsPage struct {
	*pages
	page *web.Page[notificationsData]
}

// notificationsData is *Logs › Notifications*, or the tab of one user.
type notificationsData struct {
	Tabs   []web.Tab // of the user
	States []web.Tab
	Rows   []notificationRow
	Here   string // where actions lead back to; empty for who may only read
	Empty  web.Empty
	Pager  web.Pager
	Alone  bool // it is about one user, whose name is known
}

type notificationRow struct {
	notify.NotificationView
	User   web.Link
	Badge  web.Badge
	Why    string // why it was skipped or cancelled
	Said   string // what went wrong, in plain words
	Answer string // the server's words
	Again  string // posts it once more; empty: it cannot be
	Cancel string
}

func (p *pages) notificationRoutes() ([]web.Route, error) {
	page, err := web.Parse[notificationsData](p.kit, area(), "notifications.html")
	if err != nil {
		return nil, err
	}
	h := &notificationsPage{p, page}
	return []web.Route{
		{Pattern: "GET " + office.NotificationsPath, Permission: cardinal.PermReadLogs, Handle: h.show},
		{Pattern: "POST " + office.NotificationsPath + "/{id}/resend", Permission: cardinal.PermWriteOptions, Handle: h.resend},
		{Pattern: "POST " + office.NotificationsPath + "/{id}/cancel", Permission: cardinal.PermWriteOptions, Handle: h.cancel},
		{Pattern: "GET " + office.UsersPath + "/{username}/" + office.TabNotifications, Permission: cardinal.PermReadLogs, Handle: h.showUser},
	}, nil
}

// stateOf is the state that a request narrows the list to; "" for all.
func stateOf(r *http.Request) cardinal.NotificationState {
	for _, state := range cardinal.NotificationStates() {
		if string(state) == r.URL.Query().Get("state") {
			return state
		}
	}
	return ""
}

func (h *notificationsPage) show(w http.ResponseWriter, r *http.Request) error {
	words, state := web.WordsOf(r), stateOf(r)
	data := notificationsData{Empty: web.Empty{Icon: "mail", Title: words.T("notifications.none"), Text: words.T("notifications.none-text")}}
	if state != "" {
		data.Empty = web.Empty{
			Icon: "search", Title: words.T("notifications.none-such"), Text: words.T("notifications.none-such-text"),
			Action: web.Link{URL: office.NotificationsPath, Label: words.T("notifications.every")},
		}
	}
	tab := func(of cardinal.NotificationState, label string) {
		data.States = append(data.States, web.Tab{Label: label, URL: office.NotificationsPath + office.Query("state", string(of)), Active: of == state})
	}
	tab("", words.T("notifications.every-state"))
	for _, of := range cardinal.NotificationStates() {
		tab(of, words.Code("notification-state", string(of), ""))
	}
	if err := h.fill(r, &data, notify.Query{State: state}, office.NotificationsPath); err != nil {
		return err
	}
	return h.page.Show(w, r, web.Head{Title: words.T("notifications.title"), Lead: words.T("notifications.lead")}, data)
}

func (h *notificationsPage) showUser(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	user, err := h.Accounts.User(r.Context(), web.CallerOf(r), r.PathValue("username"))
	if err != nil {
		return err
	}
	data := notificationsData{
		Tabs: office.UserTabs(r, user.Username, office.TabNotifications), Alone: true,
		Empty: web.Empty{Icon: "mail", Title: words.T("notifications.none"), Text: words.T("notifications.none-user", "User", user.Username)},
	}
	if err := h.fill(r, &data, notify.Query{User: user.ID}, office.UserURL(user.Username, office.TabNotifications)); err != nil {
		return err
	}
	return h.page.Show(w, r, office.UserHead(words, user.Username, user.FullName), data)
}

// fill puts one page of the list into data.
func (h *notificationsPage) fill(r *http.Request, data *notificationsData, q notify.Query, path string) error {
	q.Before, q.Most = cardinal.NotificationID(r.URL.Query().Get("before")), onPage+1
	found, err := h.Notify.Notifications(r.Context(), web.CallerOf(r), q)
	if err != nil {
		return err
	}
	if q.Before != "" {
		data.Pager.First = path + office.Query("state", string(q.State))
	}
	if len(found) > onPage {
		found = found[:onPage]
		data.Pager.Next = path + office.Query("state", string(q.State), "before", string(found[onPage-1].ID))
	}
	words, may := web.WordsOf(r), web.CallerOf(r).May(cardinal.PermWriteOptions)
	if may {
		data.Here = r.URL.RequestURI()
	}
	for _, view := range found {
		data.Rows = append(data.Rows, notificationRowOf(words, view, may))
	}
	data.Pager.Shown = words.T("notifications.shown", "Count", len(found))
	return nil
}

func notificationRowOf(words *web.Words, view notify.NotificationView, may bool) notificationRow {
	row := notificationRow{
		NotificationView: view, User: web.Link{URL: office.UserURL(view.Username), Label: view.Username},
		Badge: web.Badge{Tone: stateTone(view.State), Text: words.Code("notification-state", string(view.State), string(view.State))},
		Why:   words.Code("notification-reason", string(view.Reason), ""), Answer: view.LastAnswer,
	}
	if view.Explanation != "" {
		if row.Said = words.Say(view.Explanation); view.LastAnswer == view.Explanation {
			row.Answer = ""
		}
	}
	path := office.NotificationsPath + "/" + string(view.ID)
	if may && view.Resendable {
		row.Again = path + "/resend"
	}
	if may && view.State == cardinal.NotificationQueued {
		row.Cancel = path + "/cancel"
	}
	return row
}

func stateTone(state cardinal.NotificationState) web.Tone {
	switch state {
	case cardinal.NotificationSent:
		return web.ToneSuccess
	case cardinal.NotificationFailed:
		return web.ToneDanger
	case cardinal.NotificationSkipped:
		return web.ToneWarning
	case cardinal.NotificationQueued, cardinal.NotificationSending:
		return web.ToneInfo
	}
	return web.ToneNeutral
}

func (h *notificationsPage) resend(w http.ResponseWriter, r *http.Request) error {
	err := h.Notify.Resend(r.Context(), web.CallerOf(r), cardinal.NotificationID(r.PathValue("id")))
	return h.after(w, r, err, web.WordsOf(r).T("notifications.resent"))
}

func (h *notificationsPage) cancel(w http.ResponseWriter, r *http.Request) error {
	err := h.Notify.Cancel(r.Context(), web.CallerOf(r), cardinal.NotificationID(r.PathValue("id")))
	return h.after(w, r, err, web.WordsOf(r).T("notifications.cancelled"))
}

// after leads back to the list with what became of an action.
func (h *notificationsPage) after(w http.ResponseWriter, r *http.Request, err error, done string) error {
	if err != nil {
		return err
	}
	return h.kit.Redirect(w, r, web.SafePath(r.PostFormValue("back"), office.NotificationsPath), web.Success(done))
}
