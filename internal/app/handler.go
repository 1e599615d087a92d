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
	"cardinal/internal/web/options"
	"cardinal/internal/web/people"
	"cardinal/internal/web/self"
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
		mux.Handle(path, rest)
	}
	mux.Handle("/", pages)
	return mux, nil
}

func (a *App) restHandler() (http.Handler, error) {
	return api.New(api.Services{
		Accounts: a.Accounts, Credentials: a.Door, SignIns: a.SignIn, Auth: a.Auth, Directory: a.Directory,
		Repeats: idempotency.New(a.store, a.ring),
		AuditEntries: func(ctx context.Context, caller cardinal.Caller, subject string, before int64, most int) ([]cardinal.AuditEntry, error) {
			return audit.List(ctx, a.store, caller, subject, before, most)
		},
		Ready: a.Ready, Now: a.store.Now, Log: a.Log,
	})
}

func (a *App) pagesHandler() (http.Handler, error) {
	kit, err := web.New(web.Config{
		Authenticate: access.Sessions(a.Auth, a.Accounts),
		// Every node with the same ring reads the messages that another one wrote.
		Key: a.ring.MAC("", seal.PurposeSession, "messages of pages").Sum,
		Now: a.store.Now, ClockOffset: a.config.ClockOffset, Log: a.Log,
	})
	if err != nil {
		return nil, err
	}
	routes, err := self.Routes(kit, self.Services{Accounts: a.Accounts, Door: a.Door, Auth: a.Auth, SignIns: a.SignIn})
	if err != nil {
		return nil, err
	}
	for _, more := range []func() ([]web.Route, error){
		func() ([]web.Route, error) {
			return access.Routes(kit, access.Services{Accounts: a.Accounts, Auth: a.Auth, Nav: self.Nav(a.Door)})
		},
		func() ([]web.Route, error) {
			return people.Routes(kit, people.Services{Accounts: a.Accounts, Door: a.Door, Auth: a.Auth, SignIns: a.SignIn})
		},
		func() ([]web.Route, error) { return options.Routes(kit, options.Services{Accounts: a.Accounts}) },
	} {
		made, err := more()
		if err != nil {
			return nil, err
		}
		routes = append(routes, made...)
	}
	return kit.Handler(routes...)
}
