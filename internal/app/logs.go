package app

import (
	"context"
	"os"
	"path/filepath"

	"cardinal"
	"cardinal/internal/applog"
	"cardinal/internal/audit"
	"cardinal/internal/web"
	"cardinal/internal/web/logs"
)

// logFolder is where the log file and those that were rotated away are.
func logFolder(data string) string { return filepath.Join(data, "log") }

func (a *App) logRoutes(kit *web.Kit) ([]web.Route, error) {
	machine, err := os.Hostname()
	if err != nil {
		machine = "localhost"
	}
	return logs.Routes(kit, logs.Services{
		Accounts: a.Accounts, SignIns: a.SignIn, Notify: a.Notify, Application: applog.New(a.store, logFolder(a.config.Data), machine), Now: a.store.Now,
		SearchAudit: func(ctx context.Context, caller cardinal.Caller, f audit.Filter, before int64, most int) (audit.Found, error) {
			return audit.Search(ctx, a.store, caller, f, before, most)
		},
		ExportAudit: func(ctx context.Context, caller cardinal.Caller, f audit.Filter, write func(cardinal.AuditEntry) error) error {
			return audit.Export(ctx, a.store, caller, f, write)
		},
	})
}
