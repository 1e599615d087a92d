package app

import (
	"context"
	"time"

	"cardinal/internal/web"
	"cardinal/internal/web/dashboard"
)

// countEvery is how often sign-ins are counted for the dashboard: often enough
// that what it must count itself stays little.
const countEvery = 5 * time.Minute

func (a *App) dashboardRoutes(kit *web.Kit) ([]web.Route, error) {
	return dashboard.Routes(kit, dashboard.Services{Accounts: a.Accounts, SignIns: a.SignIn, Directory: a.Directory, Notify: a.Notify})
}

// countRegularly counts the sign-ins that nobody has counted yet, now and every
// few minutes.
func (a *App) countRegularly(ctx context.Context) {
	ticker := time.NewTicker(countEvery)
	defer ticker.Stop()
	for {
		if err := a.SignIn.CountPast(ctx); err != nil && ctx.Err() == nil {
			a.Log.ErrorContext(ctx, "sign-ins could not be counted", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
