// Package access is the pages about getting in: signing in with password and
// second factor, signing out, links by e-mail for who forgot their password, proving once more who one is, one's own password
// and second factors, and where one is signed in. It also resolves sessions for
// the page kit.
//
// It does not own what people find once they are in, nor any rule: those about
// passwords, factors and sessions are package auth's.
package access

import (
	"embed"
	"net/http"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/auth"
	"cardinal/internal/wayback"
	"cardinal/internal/web"
)

//go:embed *.html
var files embed.FS

// The paths that menus of other packages lead to.
const (
	PasswordPath = "/password"
	SessionsPath = "/sessions"
	FactorPath   = "/second-factor"
)

// Services are the use cases that the pages translate to, and the navigation
// around the pages of somebody signed in. All must be given.
type Services struct {
	Accounts *account.Service
	Auth     *auth.Service
	Ways     *wayback.Service
	Nav      func(*http.Request) (web.Nav, error)
}

// pages is what all handlers of this package share.
type pages struct {
	Services
	kit *web.Kit
}

// Routes returns the routes of the pages, and fails if a template is broken.
func Routes(kit *web.Kit, services Services) ([]web.Route, error) {
	p := &pages{Services: services, kit: kit}
	var routes []web.Route
	for _, page := range []func() ([]web.Route, error){
		p.signInRoutes, p.secondRoutes, p.passwordRoutes, p.confirmRoutes, p.sessionsRoutes,
		p.forgotRoutes, p.newPasswordRoutes, p.newPINRoutes, p.factorRoutes, p.appRoutes, p.passkeyRoutes, p.codesRoutes,
	} {
		made, err := page()
		if err != nil {
			return nil, err
		}
		routes = append(routes, made...)
	}
	return routes, nil
}

// outside is the surroundings of the pages before one is in.
func outside() web.Area { return web.Area{Layout: web.LayoutSignedOut, Files: files} }

// inside is the surroundings of the pages of somebody signed in.
func (p *pages) inside() web.Area {
	return web.Area{Layout: web.LayoutUser, Files: files, Nav: p.Nav}
}

// Menu returns what stands in the menu under the person's name about getting in.
func Menu(r *http.Request) []web.NavItem {
	words := web.WordsOf(r)
	menu := []web.NavItem{
		{Label: words.T("access.password.title"), URL: PasswordPath, Icon: "key"},
		{Label: words.T("access.sessions.title"), URL: SessionsPath, Icon: "device-desktop"},
	}
	if web.CallerOf(r).Role.Outranks(cardinal.RoleUser) {
		menu = append(menu, web.NavItem{Label: words.T("access.factor.title"), URL: FactorPath, Icon: "shield-lock"})
	}
	return menu
}

// formData is a page that is one form.
type formData struct {
	Form   *web.Form
	Notice web.Notice
}

// back answers GET at an address that only takes forms: with the page of the form.
func (p *pages) back(path string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error { return p.kit.Redirect(w, r, path, web.Flash{}) }
}

// originOf is where a sign-in comes from.
func originOf(r *http.Request) auth.Origin {
	caller := web.CallerOf(r)
	return auth.Origin{Address: caller.Address, UserAgent: r.UserAgent(), RequestID: caller.RequestID}
}
