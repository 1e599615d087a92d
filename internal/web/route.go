package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"cardinal"
)

// Handler answers a request, or returns an error before anything was written;
// the kit turns the error into a page. An Error's Detail is shown, any other
// error only as its request id.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Route is one line of the table of routes.
type Route struct {
	// Pattern is a method and a path as http.ServeMux takes them: "GET /users/{id}".
	Pattern string
	// Permission is what the caller must have. It has no default: a public
	// route says cardinal.PermNone.
	Permission cardinal.Permission
	// Fresh marks what is dangerous to leave to whoever finds a screen unlocked: the
	// session must have been confirmed, with password or second factor, within
	// FreshFor. Otherwise GET leads to ConfirmPath and back, and POST does nothing
	// and leads there and to the page that its form is on. Signing in confirms.
	// Mark both the page of the form and its POST: deleting people and customers,
	// giving passwords or roles, making tokens, changing second factors, exports
	// and whatever shows many PINs.
	Fresh bool
	// MaxBody is the most bytes of a request's body; 0 means 1 MiB.
	MaxBody int64
	// Repeatable says that a form sent twice does no harm: a search, a preview, a choice.
	Repeatable bool
	// Framed says that the answer stands in a sandboxed frame of another page: it
	// may have style in its text, and neither loads nor runs anything.
	Framed bool
	Handle Handler
}

// maxBody is how many bytes a request may have (spec: api, errors).
const maxBody = 1 << 20

func (r Route) check() error {
	method, path, found := strings.Cut(r.Pattern, " ")
	switch {
	case !found || !strings.HasPrefix(path, "/"):
		return fmt.Errorf("web: route %q: the pattern must be a method, a space and a path", r.Pattern)
	case !slices.Contains([]string{http.MethodGet, http.MethodPost}, method):
		return fmt.Errorf("web: route %q: pages answer GET and POST alone", r.Pattern)
	case r.Permission == "":
		return fmt.Errorf("web: route %q does not declare the permission it needs", r.Pattern)
	case r.Permission != cardinal.PermNone && !cardinal.RoleOperator.May(r.Permission):
		return fmt.Errorf("web: route %q needs the permission %q, which no role has", r.Pattern, r.Permission)
	case r.Handle == nil:
		return fmt.Errorf("web: route %q has no handler", r.Pattern)
	}
	return nil
}

// Handler returns what serves the routes, the kit's own among them: assets,
// the choice of theme and language. It fails if a route is incomplete or
// conflicts with another.
func (k *Kit) Handler(routes ...Route) (http.Handler, error) {
	mux := http.NewServeMux()
	var faults []error
	for _, route := range append(k.routes(), routes...) {
		err := route.check()
		if err == nil {
			err = register(mux, route.Pattern, k.serve(route))
		}
		faults = append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(k.adapt(func(http.ResponseWriter, *http.Request) error {
		return cardinal.Errorf(cardinal.CodeForbidden, "This form was sent from another site. Open the page here and send it again.")
	}))
	return compress(k.open(protection.Handler(k.dispatch(mux))))
}

// register adds a pattern; ServeMux panics over a pattern that conflicts with
// another, which becomes an error here.
func register(mux *http.ServeMux, pattern string, handler http.Handler) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("web: route %q: %v", pattern, p)
		}
	}()
	mux.Handle(pattern, handler)
	return nil
}

// routes are the kit's own.
func (k *Kit) routes() []Route {
	return []Route{
		{Pattern: "GET " + assetPrefix + "{hash}/{name}", Permission: cardinal.PermNone, Handle: k.assets.serve},
		{Pattern: "POST " + AppearancePath, Permission: cardinal.PermNone, Repeatable: true, Handle: k.saveAppearance},
	}
}

// dispatch serves what a pattern matches; what none matches gets a page of
// the kit in place of ServeMux's bare text.
func (k *Kit) dispatch(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		if err := k.resolve(w, r); err != nil {
			k.fail(w, r, err)
			return
		}
		refusal := refused{header: http.Header{}}
		handler.ServeHTTP(&refusal, r)
		if refusal.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", refusal.header.Get("Allow"))
			k.showFault(w, r, fault{status: http.StatusMethodNotAllowed, key: "method-not-allowed"})
			return
		}
		k.showFault(w, r, faultOf(cardinal.CodeNotFound))
	})
}

// refused takes down how ServeMux would refuse a request.
type refused struct {
	header http.Header
	status int
}

func (r *refused) Header() http.Header         { return r.header }
func (r *refused) WriteHeader(status int)      { r.status = status }
func (r *refused) Write(p []byte) (int, error) { return len(p), nil }
