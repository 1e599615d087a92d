// Package admin is the web interface of administrators, helpdesk and auditors:
// users with their PINs and numbers, the PIN policy, the options and the config
// editor.
//
// It owns the pages and the translation between forms and use cases. It does
// not own any rule, nor the pages of people about themselves, which are package
// self's. Settings are drawn from their declarations in package setting: there is
// no second list of labels and ranges here.
package admin

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

// The paths of the pages, and of package self's that the navigation leads to.
const (
	usersPath   = "/users"
	newUserPath = "/new-user"
	policyPath  = "/security-options"
	generalPath = "/options/general"
	configPath  = "/options/config-editor"
	ownPath     = "/summary"
	ownPassword = "/password"
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
	var routes []web.Route
	for _, page := range []func() ([]web.Route, error){
		p.usersRoutes, p.newUserRoutes, p.userRoutes, p.askRoutes, p.onceRoutes, p.signInsRoutes, p.policyRoutes, p.generalRoutes, p.configRoutes,
	} {
		made, err := page()
		if err != nil {
			return nil, err
		}
		routes = append(routes, made...)
	}
	return routes, nil
}

func area() web.Area {
	return web.Area{Layout: web.LayoutAdministrator, Files: files, Nav: nav}
}

// nav offers what the caller's role may see.
func nav(r *http.Request) (web.Nav, error) {
	caller, words := web.CallerOf(r), web.WordsOf(r)
	nav := web.Nav{Person: []web.NavItem{
		{Label: words.T("admin.nav.own"), URL: ownPath, Icon: "user"},
		{Label: words.T("admin.nav.password"), URL: ownPassword, Icon: "key"},
	}}
	if caller.May(cardinal.PermReadUsers) {
		nav.Items = append(nav.Items, web.NavItem{Label: words.T("users.title"), URL: usersPath, Icon: "users", Active: r.URL.Path == newUserPath})
	}
	if caller.May(cardinal.PermReadOptions) {
		nav.Items = append(nav.Items,
			web.NavItem{Label: words.T("policy.title"), URL: policyPath, Icon: "shield-lock"},
			web.NavItem{Label: words.T("admin.nav.options"), Icon: "settings", Children: []web.NavItem{
				{Label: words.T("general.nav"), URL: generalPath},
				{Label: words.T("admin.nav.actions"), Children: []web.NavItem{{Label: words.T("config.title"), URL: configPath}}},
			}})
	}
	return nav, nil
}

// instant prepares a time for a fact.
func instant(r *http.Request) web.Shell {
	return web.Shell{Session: web.SessionOf(r), Words: web.WordsOf(r)}
}
