package app

import (
	"context"
	"fmt"
	"net/http"

	"cardinal"
	"cardinal/internal/api"
	"cardinal/internal/audit"
	"cardinal/internal/idempotency"
	"cardinal/internal/seal"
	"cardinal/internal/web"
	"cardinal/internal/web/access"
	"cardinal/internal/web/office"
	"cardinal/internal/web/options"
	"cardinal/internal/web/people"
	"cardinal/internal/web/self"
	"cardinal/internal/web/setup"
)

// Handler returns what answers requests: the API below /api, the health checks,
// and the pages at everything else.
func (a *App) Handler() (http.Handler, error) {
	rest, err := a.restHandler()
	if err != nil {
		return nil, fmt.Errorf("make the API: %w", err)
	}
	pages, err := a.pagesHandler()
	if err != nil {
		return nil, fmt.Errorf("make the pages: %w", err)
	}
	mux := http.NewServeMux()
	for _, path := range []string{"/api/", "/healthz", "/readyz"} {
		mux.Handle(path, proxies(a.config.TrustedProxies).behind(rest))
	}
	for path, handler := range a.config.Beside {
		mux.Handle(path, handler)
		mux.Handle(path+"/", handler)
	}
	mux.Handle("/", pages)
	return mux, nil
}

func (a *App) restHandler() (http.Handler, error) {
	return api.New(api.Services{
		Accounts: a.Accounts, Credentials: a.Door, SignIns: a.SignIn, Auth: a.Auth, Directory: a.Directory,
		Repeats: idempotency.New(a.store, a.ring), Notify: a.Notify, Ways: a.Ways, Bulk: a.Bulk,
		AuditEntries: func(ctx context.Context, caller cardinal.Caller, subject string, before int64, most int) ([]cardinal.AuditEntry, error) {
			return audit.List(ctx, a.store, caller, subject, before, most)
		},
		Ready: a.Ready, Now: a.store.Now, Log: a.Log,
	})
}

func (a *App) pagesHandler() (http.Handler, error) {
	kit, err := a.kit()
	if err != nil {
		return nil, err
	}
	routes, err := a.pageRoutes(kit)
	if err != nil {
		return nil, err
	}
	return kit.Handler(routes...)
}

// Pages returns the routes of all pages with the permissions they need, the
// kit's own left out: the list that tests draw the pages from.
func (a *App) Pages() ([]web.Route, error) {
	kit, err := a.kit()
	if err != nil {
		return nil, err
	}
	return a.pageRoutes(kit)
}

func (a *App) kit() (*web.Kit, error) {
	forms := idempotency.New(a.store, a.ring)
	return web.New(web.Config{
		Authenticate: access.Sessions(a.Auth, a.Accounts),
		Sent:         web.Sent{Claim: forms.Claim, Forget: forms.Forget}, Around: a.around, KeepLanguage: a.Accounts.SetOwnLanguage,
		// Every node with the same ring reads the messages that another one wrote.
		Key: a.ring.MAC("", seal.PurposeSession, "messages of pages").Sum,
		Now: a.store.Now, ClockOffset: a.config.ClockOffset, Log: a.Log,
		HTTPS: proxies(a.config.TrustedProxies).https, Address: proxies(a.config.TrustedProxies).address,
	})
}

// around is what stands around an error: what stands around the pages where
// somebody begins.
func (a *App) around(r *http.Request) (web.Layout, web.Nav, error) {
	if session := web.SessionOf(r); session.Held == "" && session.Caller.May(cardinal.PermReadUsers) {
		nav, err := office.Nav(r)
		return web.LayoutAdministrator, nav, err
	}
	nav, err := self.Nav(a.Door)(r)
	return web.LayoutUser, nav, err
}

func (a *App) pageRoutes(kit *web.Kit) ([]web.Route, error) {
	routes, err := self.Routes(kit, self.Services{Accounts: a.Accounts, Door: a.Door, Auth: a.Auth, SignIns: a.SignIn})
	if err != nil {
		return nil, err
	}
	for _, more := range []func() ([]web.Route, error){
		func() ([]web.Route, error) {
			return access.Routes(kit, access.Services{Accounts: a.Accounts, Auth: a.Auth, Ways: a.Ways, Nav: self.Nav(a.Door)})
		},
		func() ([]web.Route, error) {
			return setup.Routes(kit, setup.Services{Accounts: a.Accounts, Auth: a.Auth, Gate: a.gate})
		},
		func() ([]web.Route, error) {
			return people.Routes(kit, people.Services{
				Accounts: a.Accounts, Door: a.Door, Auth: a.Auth, SignIns: a.SignIn, Ways: a.Ways, Directory: a.Directory, Audit: a.auditOf,
			})
		},
		func() ([]web.Route, error) { return people.BulkRoutes(kit, a.Bulk) },
		func() ([]web.Route, error) {
			return options.Routes(kit, options.Services{Accounts: a.Accounts, Notify: a.Notify})
		},
		func() ([]web.Route, error) { return a.logRoutes(kit) },
		func() ([]web.Route, error) { return a.dashboardRoutes(kit) },
	} {
		made, err := more()
		if err != nil {
			return nil, err
		}
		routes = append(routes, made...)
	}
	return routes, nil
}

// auditOf is the history of one subject, for the pages that show it.
func (a *App) auditOf(ctx context.Context, caller cardinal.Caller, subject string, before int64, most int) ([]cardinal.AuditEntry, error) {
	found, err := audit.Search(ctx, a.store, caller, audit.Filter{About: subject}, before, most)
	return found.Entries, err
}
