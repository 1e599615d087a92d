// Package self is the web interface of people for themselves: what Cardinal
// knows of them, and *Change Details*, where they change their own PIN and
// number as far as the settings allow. It also owns the navigation around the
// pages of people about themselves.
//
// It does not own how they get in, which is package access's, the pages about
// other people and the options, nor any rule: it translates between forms and
// use cases.
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
	"cardinal/internal/web/access"
)

//go:embed *.html
var files embed.FS

// The paths of the pages. Administration belongs to package admin.
const (
	summaryPath = "/summary"
	changePath  = "/change-details"
	adminPath   = "/dashboard"
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
	for _, page := range []func() ([]web.Route, error){p.summaryRoutes, p.changeRoutes} {
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
	return web.Area{Layout: web.LayoutUser, Files: files, Nav: Nav(p.Door)}
}

// Nav returns the navigation around the pages of people about themselves, of
// this package and of access. It offers *Change Details* only to whom something
// there is allowed, and nothing to who is held somewhere.
func Nav(door *credential.Door) func(*http.Request) (web.Nav, error) {
	return func(r *http.Request) (web.Nav, error) { return nav(r, door) }
}

func nav(r *http.Request, door *credential.Door) (web.Nav, error) {
	session, words := web.SessionOf(r), web.WordsOf(r)
	if session.Held != "" {
		return web.Nav{}, nil
	}
	options, err := door.OwnOptions(r.Context(), session.Caller)
	if err != nil {
		return web.Nav{}, err
	}
	nav := web.Nav{
		Items:  []web.NavItem{{Label: words.T("self.summary.title"), URL: summaryPath, Icon: "home"}},
		Person: access.Menu(r),
	}
	if options.Any() {
		nav.Items = append(nav.Items, web.NavItem{Label: words.T("self.change.title"), URL: changePath, Icon: "id-badge-2"})
	}
	if session.Caller.May(cardinal.PermReadUsers) {
		nav.Items = append(nav.Items, web.NavItem{Label: words.T("self.nav.administration"), URL: adminPath, Icon: "settings"})
	}
	return nav, nil
}

// start leads to where somebody begins: staff to the dashboard, others to their summary.
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

// view returns the signed-in person's own record.
func (p *pages) view(r *http.Request) (account.UserView, error) {
	caller := web.CallerOf(r)
	return p.Accounts.User(r.Context(), caller, caller.Name)
}
