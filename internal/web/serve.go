package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"cardinal"
)

// FreshFor is how long a session counts as confirmed; see Route.Fresh.
const FreshFor = 15 * time.Minute

// contentPolicy is sent with every answer. Images may come as data: because
// Tabler's style sheet holds its arrows and ticks that way.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// framedPolicy is sent with what stands in a frame of another page: its own style
// in its own text, and nothing that runs, loads or is sent.
const framedPolicy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; sandbox; frame-ancestors 'self'"

// open is the outermost step: request id, security headers, language and
// theme, and the net under everything that panics.
func (k *Kit) open(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := &exchange{id: newRequestID(), https: k.config.HTTPS(r), theme: themeOf(r), words: k.catalogue.choose(r, Session{})}
		e.session.Caller = cardinal.Caller{Kind: cardinal.CallerAnonymous, Address: k.config.Address(r), RequestID: e.id}
		r = withExchange(r, e)
		setSecurityHeaders(w.Header(), e)
		w = &answer{ResponseWriter: w, exchange: e}
		defer k.catch(w, r)
		next.ServeHTTP(w, r)
	})
}

func setSecurityHeaders(h http.Header, e *exchange) {
	h.Set("X-Request-Id", e.id)
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "no-store")
	if e.https {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// catch turns a panic into the page of an internal error.
func (k *Kit) catch(w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it the same way
		panic(p)
	}
	k.fail(w, r, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
}

// serve wraps a route's handler: body limit, session, permission, errors.
func (k *Kit) serve(route Route) http.Handler {
	limit := route.MaxBody
	if limit == 0 {
		limit = maxBody
	}
	return k.adapt(func(w http.ResponseWriter, r *http.Request) error {
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		if route.Framed {
			w.Header().Set("Content-Security-Policy", framedPolicy)
		}
		if err := k.resolve(w, r); err != nil {
			return err
		}
		// Before the permission: who is held somewhere is not told what they may not see.
		if held := SessionOf(r).Held; keeps(held, r.URL.Path) && route.Permission != cardinal.PermNone {
			return k.Redirect(w, r, held, Flash{})
		}
		if err := CallerOf(r).Require(route.Permission); err != nil {
			return err
		}
		if route.Fresh && k.config.Now().Sub(SessionOf(r).ConfirmedAt) > FreshFor {
			return k.askToConfirm(w, r)
		}
		return k.handleOnce(route, w, r)
	})
}

// keeps reports whether whoever is held at a path is kept from another one.
func keeps(held, path string) bool {
	return held != "" && path != held && !strings.HasPrefix(path, held+"/") && path != ConfirmPath
}

// askToConfirm sends whoever has not proved for a while who they are to do so. A
// form that was sent is lost, so they come back to the page it is on.
func (k *Kit) askToConfirm(w http.ResponseWriter, r *http.Request) error {
	next, message := SafePath(r.URL.RequestURI(), "/"), Flash{}
	if r.Method == http.MethodPost {
		next = formPage(r)
		message = Warning(WordsOf(r).T("shell.confirm-first"))
	}
	target := ConfirmPath + "?next=" + url.QueryEscape(next)
	if r.Header.Get("HX-Request") != "" {
		w.Header().Set("HX-Redirect", target)
		w.WriteHeader(http.StatusUnauthorized)
		return nil
	}
	return k.Redirect(w, r, target, message)
}

// formPage returns the path of the page that a form was sent from, or "/" if the
// browser does not say.
func formPage(r *http.Request) string {
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host != r.Host {
		return "/"
	}
	return SafePath(from.RequestURI(), "/")
}

// adapt makes an http.Handler of a Handler.
func (k *Kit) adapt(handle Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := handle(w, r); err != nil {
			k.fail(w, r, err)
		}
	})
}

// resolve finds out whose session it is, if there is one.
func (k *Kit) resolve(w http.ResponseWriter, r *http.Request) error {
	e := exchangeOf(r)
	if token := k.sessionToken(r); !token.IsZero() {
		session, err := k.config.Authenticate(r.Context(), token)
		switch {
		case errors.Is(err, cardinal.ErrUnauthenticated):
			k.ClearSession(w, r)
		case err != nil:
			return fmt.Errorf("resolve the session: %w", err)
		default:
			session.Caller.Address, session.Caller.RequestID = e.session.Caller.Address, e.id
			e.session = session
			e.words = k.catalogue.choose(r, session)
		}
	}
	return nil
}

// fail answers with the page that belongs to err.
func (k *Kit) fail(w http.ResponseWriter, r *http.Request, err error) {
	code := cardinal.CodeOf(err)
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		code = cardinal.CodeTooLarge
	}
	f := faultOf(code)
	if f.status >= http.StatusInternalServerError && r.Context().Err() == nil {
		k.config.Log.ErrorContext(r.Context(), "page failed", "requestId", RequestID(r), "route", r.Pattern, "error", err)
	}
	if exchangeOf(r).started {
		// Half a page is out; closing the connection is the only way to say so.
		panic(http.ErrAbortHandler)
	}
	if code == cardinal.CodeUnauthenticated && !SessionOf(r).SignedIn() && k.askToSignIn(w, r) == nil {
		return
	}
	k.showFault(w, r, f.because(err))
}

// askToSignIn sends an anonymous visitor to the sign-in page, and afterwards
// back to where they wanted to go. A form that was sent is lost: they are told
// so, and come back to the page it is on.
func (k *Kit) askToSignIn(w http.ResponseWriter, r *http.Request) error {
	target, next, message := SignInPath, SafePath(r.URL.RequestURI(), "/"), Flash{}
	if r.Method == http.MethodPost {
		next, message = formPage(r), Warning(WordsOf(r).T("shell.signed-out"))
	}
	if next != "/" {
		target += "?next=" + url.QueryEscape(next)
	}
	if r.Header.Get("HX-Request") != "" {
		// A redirect would put the sign-in page into a corner of the present one.
		w.Header().Set("HX-Redirect", target)
		w.WriteHeader(http.StatusUnauthorized)
		return nil
	}
	return k.Redirect(w, r, target, message)
}

// SafePath returns target if it is a path on this site, and otherwise
// fallback: what a "next" parameter may hold.
func SafePath(target, fallback string) string {
	if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") || strings.ContainsAny(target, "\\\r\n\t") {
		return fallback
	}
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil {
		return fallback
	}
	return target
}
