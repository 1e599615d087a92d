// Package logs is the pages that tell what happened: *Audit*, *Sign-ins*,
// *Notifications* and *Application log*, with filters and, save for notifications,
// time range and export.
//
// It owns the pages and the translation between filters and use cases. It does
// not own what is on record, nor how an audit entry reads, which is package
// office's. What was typed to find a number never stands in a URL: such a search
// is answered to its POST, and so are the pages behind it.
package logs

import (
	"context"
	"embed"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/applog"
	"cardinal/internal/audit"
	"cardinal/internal/notify"
	"cardinal/internal/signin"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

//go:embed *.html
var files embed.FS

// onPage is how many lines one page of a log shows.
const onPage = 50

// Services are the use cases that the pages translate to. All must be given.
type Services struct {
	Accounts    *account.Service
	SignIns     *signin.Service
	Notify      *notify.Service
	Application *applog.Service
	// SearchAudit and ExportAudit are those of package audit on the program's data.
	SearchAudit func(ctx context.Context, caller cardinal.Caller, f audit.Filter, before int64, most int) (audit.Found, error)
	ExportAudit func(ctx context.Context, caller cardinal.Caller, f audit.Filter, write func(cardinal.AuditEntry) error) error
	// Now is the program's clock.
	Now func() time.Time
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
	for _, page := range []func() ([]web.Route, error){p.auditRoutes, p.signInsRoutes, p.notificationRoutes, p.applicationRoutes} {
		made, err := page()
		if err != nil {
			return nil, err
		}
		routes = append(routes, made...)
	}
	return routes, nil
}

func area() web.Area { return office.Area(files) }

// routesOf are the routes of one log: the page, its search, and its export.
func routesOf(path string, permission cardinal.Permission, show, search, export web.Handler) []web.Route {
	return []web.Route{
		{Pattern: "GET " + path, Permission: permission, Handle: show},
		{Pattern: "POST " + path, Permission: permission, Repeatable: true, Handle: search},
		{Pattern: "POST " + path + "/export", Permission: permission, Fresh: true, Repeatable: true, Handle: export},
	}
}
