// Package self is the web interface of people for themselves: signing in and
// out, their password, what Cardinal knows of them, and *Change Details*, where
// they change their own PIN and number as far as the settings allow. It also
// resolves sessions for the page kit.
//
// It does not own the pages about other people and the options, which are
// package admin's, nor any rule: it translates between forms and use cases.
package self

import (
	"embed"
	"net/http"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/auth"
	"cardinal/internal/credential"
	"cardinal/internal/signin"
	"cardinal/internal/web"
)

//go:embed *.html
var files embed.FS

// The paths of the pages. Administration belongs to package admin.
const (
	summaryPath  = "/summary"
	changePath   = "/change-details"
	passwordPath = "/password"
	adminPath    = "/users"
)

// Services are the use cases that the pages translate to. All must be given.
type Services struct {
	Accounts *account.Service
	Door     *credential.Door
	Auth     *auth.Service
	SignIns  *signin.Service
}

// pages is what all handlers of this package share.
type pages struct {
	Services
	kit *web.Kit
}

// Routes returns the routes of the pages, and fails if a template is broken.
func Routes(kit *web.Kit, services Services) ([]web.Route, error) {
	p := &pages{Services: services, kit: kit}
	routes := []web.Route{{Pattern: "GET /{$}", Permission: cardinal.PermNone, Handle: p.start}}
	for _, page := range []func() ([]web.Route, error){p.signInRoutes, p.passwordRoutes, p.summaryRoutes, p.changeRoutes} {
		made, err := page()
		if err != nil {
			return nil, err
		}
		routes = append(routes, made...)
	}
	return routes, nil
}

// area is the surroundings of the pages of somebody signed in.
func (p *pages) area() web.Area {
	return web.Area{Layout: web.LayoutUser, Files: files, Nav: p.nav}
}

// nav offers *Change Details* only to whom something there is allowed.
func (p *pages) nav(r *http.Request) (web.Nav, error) {
	session, words := web.SessionOf(r), web.WordsOf(r)
	if session.Held != "" {
		return web.Nav{}, nil
	}
	options, err := p.Door.OwnOptions(r.Context(), session.Caller)
	if err != nil {
		return web.Nav{}, err
	}
	nav := web.Nav{
		Items:  []web.NavItem{{Label: words.T("self.summary.title"), URL: summaryPath, Icon: "home"}},
		Person: []web.NavItem{{Label: words.T("self.password.title"), URL: passwordPath, Icon: "key"}},
	}
	if options.Any() {
		nav.Items = append(nav.Items, web.NavItem{Label: words.T("self.change.title"), URL: changePath, Icon: "id-badge-2"})
	}
	if session.Caller.May(cardinal.PermReadUsers) {
		nav.Items = append(nav.Items, web.NavItem{Label: words.T("self.nav.administration"), URL: adminPath, Icon: "settings"})
	}
	return nav, nil
}

// start leads to where somebody begins: staff to the users, others to their summary.
func (p *pages) start(w http.ResponseWriter, r *http.Request) error {
	session := web.SessionOf(r)
	switch {
	case !session.SignedIn():
		return cardinal.Errorf(cardinal.CodeUnauthenticated, "Sign in first.")
	case session.Held != "":
		return p.kit.Redirect(w, r, session.Held, web.Flash{})
	default:
		return p.forward(w, r, homeOf(session.Caller))
	}
}

// homeOf is where somebody begins.
func homeOf(caller cardinal.Caller) string {
	if caller.May(cardinal.PermReadUsers) {
		return adminPath
	}
	return summaryPath
}

// forward is a redirect that leaves the message of the page before for the next.
func (p *pages) forward(w http.ResponseWriter, r *http.Request, path string) error {
	return p.kit.Redirect(w, r, path, web.Flash{})
}

// back answers GET at an address that only takes forms: with the page of the form.
func (p *pages) back(path string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error { return p.forward(w, r, path) }
}
