package access

import (
	"net/http"

	"cardinal"
	"cardinal/internal/auth"
	"cardinal/internal/web"
)

// The paths of the forms on the page.
const (
	othersPath     = SessionsPath + "/end-others"
	everywherePath = "/sign-out-everywhere"
)

type sessionsPage struct {
	*pages
	page *web.Page[sessionsData]
}

type sessionsData struct {
	Sessions []sessionRow
	Others   int // how many besides this one
}

// sessionRow is a session in words.
type sessionRow struct {
	auth.OpenSession
	Browser string
	End     string // where the form that ends it is posted
}

func (p *pages) sessionsRoutes() ([]web.Route, error) {
	page, err := web.Parse[sessionsData](p.kit, p.inside(), "sessions.html")
	if err != nil {
		return nil, err
	}
	h := &sessionsPage{p, page}
	return []web.Route{
		{Pattern: "GET " + SessionsPath, Permission: cardinal.PermOwnDetails, Handle: h.show},
		{Pattern: "POST " + SessionsPath + "/{id}/end", Permission: cardinal.PermOwnDetails, Handle: h.end},
		{Pattern: "POST " + othersPath, Permission: cardinal.PermOwnDetails, Handle: h.endOthers},
		{Pattern: "GET " + everywherePath, Permission: cardinal.PermOwnDetails, Handle: p.back(SessionsPath)},
		{Pattern: "POST " + everywherePath, Permission: cardinal.PermOwnDetails, Handle: h.signOutEverywhere},
	}, nil
}

func (h *sessionsPage) show(w http.ResponseWriter, r *http.Request) error {
	sessions, err := h.Auth.Sessions(r.Context(), web.CallerOf(r))
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	var data sessionsData
	for _, have := range sessions {
		row := sessionRow{OpenSession: have, Browser: browserWords(words, have.UserAgent)}
		if !have.Current {
			row.End = SessionsPath + "/" + string(have.ID) + "/end"
			data.Others++
		}
		data.Sessions = append(data.Sessions, row)
	}
	return h.page.Show(w, r, web.Head{Title: words.T("access.sessions.title"), Lead: words.T("access.sessions.lead")}, data)
}

func browserWords(words *web.Words, userAgent string) string {
	browser, system := readUserAgent(userAgent)
	switch {
	case browser == "" && system == "":
		return words.T("access.sessions.unknown")
	case browser == "":
		return words.T("access.sessions.system", "System", system)
	case system == "":
		return browser
	}
	return words.T("access.sessions.browser", "Browser", browser, "System", system)
}

func (h *sessionsPage) end(w http.ResponseWriter, r *http.Request) error {
	err := h.Auth.EndSession(r.Context(), web.CallerOf(r), cardinal.SessionID(r.PathValue("id")))
	// One that has ended meanwhile is as wanted.
	if err != nil && cardinal.CodeOf(err) != cardinal.CodeNotFound {
		return err
	}
	return h.kit.Redirect(w, r, SessionsPath, web.Success(web.WordsOf(r).T("access.sessions.ended")))
}

func (h *sessionsPage) endOthers(w http.ResponseWriter, r *http.Request) error {
	if err := h.Auth.EndOtherSessions(r.Context(), web.CallerOf(r)); err != nil {
		return err
	}
	return h.kit.Redirect(w, r, SessionsPath, web.Success(web.WordsOf(r).T("access.sessions.others-ended")))
}

func (h *sessionsPage) signOutEverywhere(w http.ResponseWriter, r *http.Request) error {
	if err := h.Auth.SignOut(r.Context(), web.CallerOf(r), true); err != nil {
		return err
	}
	h.kit.ClearSession(w, r)
	return h.kit.Redirect(w, r, web.SignInPath, web.Success(web.WordsOf(r).T("access.sign-in.signed-out-everywhere")))
}
