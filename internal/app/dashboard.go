package app

import (
	"cardinal/internal/web"
	"cardinal/internal/web/dashboard"
)

func (a *App) dashboardRoutes(kit *web.Kit) ([]web.Route, error) {
	return dashboard.Routes(kit, dashboard.Services{Accounts: a.Accounts, SignIns: a.SignIn, Directory: a.Directory, Notify: a.Notify})
}
