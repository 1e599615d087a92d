package app

import (
	"context"
	"net/http"

	"cardinal"
	"cardinal/internal/api"
	"cardinal/internal/audit"
	"cardinal/internal/idempotency"
)

// Handler returns what answers requests: the API below /api, the health checks,
// and the pages at everything else.
func (a *App) Handler() (http.Handler, error) {
	rest, err := api.New(api.Services{
		Accounts: a.Accounts, Credentials: a.Door, SignIns: a.SignIn, Auth: a.Auth, Directory: a.Directory,
		Repeats: idempotency.New(a.store, a.ring),
		AuditEntries: func(ctx context.Context, caller cardinal.Caller, subject string, before int64, most int) ([]cardinal.AuditEntry, error) {
			return audit.List(ctx, a.store, caller, subject, before, most)
		},
		Ready: a.Ready, Now: a.store.Now, Log: a.Log,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for _, path := range []string{"/api/", "/healthz", "/readyz"} {
		mux.Handle(path, rest)
	}
	return mux, nil
}
