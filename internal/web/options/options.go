// Package options is the pages on which administrators decide how Cardinal
// behaves: *Security options*, *Options › General* and what stands beside it, and
// the config editor.
//
// It owns the pages and the translation between forms and use cases. Settings
// are drawn from their declarations in package setting: there is no second list
// of labels and ranges here.
package options

import (
	"embed"

	"cardinal/internal/account"
	"cardinal/internal/notify"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

//go:embed *.html
var files embed.FS

// Services are the use cases that the pages translate to. All must be given.
type Services struct {
	Accounts *account.Service
	Notify   *notify.Service
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
	for _, page := range []func() ([]web.Route, error){p.policyRoutes, p.signInRoutes, p.generalRoutes, p.configRoutes, p.messagingRoutes, p.templateRoutes,
		p.deviceRoutes, p.tokenRoutes, p.administratorRoutes, p.customerRoutes,
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
