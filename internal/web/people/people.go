// Package people is the pages about users: the list, *User details* with PINs
// and numbers, what is done to many of them at once, and their files: import and
// export.
//
// It owns the pages and the translation between forms and use cases. It does
// not own any rule, nor the pages of people about themselves, which are package
// self's.
package people

import (
	"context"
	"embed"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/auth"
	"cardinal/internal/credential"
	"cardinal/internal/directory"
	"cardinal/internal/signin"
	"cardinal/internal/wayback"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

//go:embed *.html
var files embed.FS

// Services are the use cases that the pages translate to. All must be given.
type Services struct {
	Accounts *account.Service
	Door     *credential.Door
	Auth     *auth.Service
	SignIns  *signin.Service
	Ways     *wayback.Service

	Directory *directory.Service
	// Audit returns entries about one subject, as in "user anna", newest first:
	// at most so many before a number, of which 0 is none.
	Audit func(ctx context.Context, caller cardinal.Caller, subject string, before int64, most int) ([]cardinal.AuditEntry, error)
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
		p.usersRoutes, p.newUserRoutes, p.userRoutes, p.askRoutes, p.onceRoutes, p.signInsRoutes,
		p.userAuditRoutes, p.importRoutes, p.exportRoutes,
	} {
		made, err := page()
		if err != nil {
			return nil, err
		}
		routes = append(routes, made...)
	}
	return routes, nil
}

func area() web.Area { return office.Area(files) }
