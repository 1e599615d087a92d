// Package setup is the guided set-up of a new installation: the organisation and
// its first administrator, behind a one-time link, then PIN policy, people and a
// first device. What is left undone is resumed later.
//
// It owns the link and the pages; what they do are the use cases that the usual
// pages translate to as well.
package setup

import (
	"embed"
	"net/http"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/auth"
	"cardinal/internal/web"
)

//go:embed *.html
var files embed.FS

// The paths of the pages.
const (
	linkPath   = web.SetupPath + "/link/{token}"
	policyPath = web.SetupPath + "/policy"
	peoplePath = web.SetupPath + "/people"
	devicePath = web.SetupPath + "/device"
	finishPath = web.SetupPath + "/finish"
)

// Link is the path of the set-up link with a token.
func Link(token cardinal.Token) string { return web.SetupPath + "/link/" + token.Reveal() }

// Services are the use cases that the pages translate to, and the way in. All
// must be given.
type Services struct {
	Accounts *account.Service
	Auth     *auth.Service
	Gate     *Gate
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
	for _, page := range []func() ([]web.Route, error){p.organisationRoutes, p.policyRoutes, p.peopleRoutes, p.deviceRoutes} {
		made, err := page()
		if err != nil {
			return nil, err
		}
		routes = append(routes, made...)
	}
	return append(routes, web.Route{Pattern: "POST " + finishPath, Permission: cardinal.PermWriteOptions, Handle: p.finish}), nil
}

func area() web.Area { return web.Area{Layout: web.LayoutSignedOut, Files: files} }

// stage is one of the four steps as the list on top of the page shows it.
type stage struct {
	Label         string
	Done, Present bool
	Number, Of    int
}

// Steps is the list on top of each page.
type steps []stage

// Present returns the step that the page is about.
func (s steps) Present() stage {
	for _, one := range s {
		if one.Present {
			return one
		}
	}
	return stage{}
}

func stepsAt(words *web.Words, present int) steps {
	labels := []string{words.T("setup.step-organisation"), words.T("setup.step-policy"), words.T("setup.step-people"), words.T("setup.step-device")}
	list := make(steps, len(labels))
	for i, label := range labels {
		list[i] = stage{label, i < present, i == present, i + 1, len(labels)}
	}
	return list
}

// pathOf is the page of a step.
func pathOf(step account.SetupStep) string {
	switch step {
	case account.SetupPolicy:
		return policyPath
	case account.SetupPeople:
		return peoplePath
	case account.SetupDevice:
		return devicePath
	}
	return "/"
}

// next notes that a step is done, or left for later, and leads to the one after.
func (p *pages) next(w http.ResponseWriter, r *http.Request, step account.SetupStep) error {
	if err := p.Accounts.SetSetupStep(r.Context(), web.CallerOf(r), step); err != nil {
		return err
	}
	message := web.Flash{}
	if step == account.SetupDone {
		message = web.Success(web.WordsOf(r).T("setup.finished"))
	}
	return p.kit.Redirect(w, r, pathOf(step), message)
}

// finish ends the set-up, wherever it is: the rest is on the usual pages.
func (p *pages) finish(w http.ResponseWriter, r *http.Request) error {
	return p.next(w, r, account.SetupDone)
}

// resumed returns nil while there is a set-up to finish; afterwards its pages are gone.
func (p *pages) resumed(r *http.Request) error {
	step, err := p.Accounts.SetupStep(r.Context(), web.CallerOf(r))
	if err == nil && step == account.SetupDone {
		err = cardinal.ErrNotFound
	}
	return err
}
