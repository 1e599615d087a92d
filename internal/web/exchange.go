package web

import (
	"context"
	"net"
	"net/http"
	"time"

	"cardinal"
)

// Session is who looks at a page, as Config.Authenticate resolved it.
type Session struct {
	Caller       cardinal.Caller // Address and RequestID are filled in by the kit
	Organisation string          // the customer's name
	Person       string          // the name to greet: full name, or else username
	Zone         *time.Location  // the customer's time zone; nil is UTC
	Language     string          // the language that the person chose, such as "en"; may be empty
	// OrganisationLanguage is the customer's, for browsers that ask for none of ours; may be empty.
	OrganisationLanguage string
	// Held is the one path that the person may go to for now, with what is below
	// it, where something must be done first; every other page but the public ones
	// and ConfirmPath leads there. Empty lets them go anywhere.
	Held string
	// SetupOpen tells that the person could finish the guided set-up; a banner
	// leads to SetupPath.
	SetupOpen bool
	// ConfirmedAt is when the person last proved who they are; see Route.Fresh.
	ConfirmedAt time.Time
}

// SignedIn reports whether somebody is signed in.
func (s Session) SignedIn() bool {
	return s.Caller.Kind != "" && s.Caller.Kind != cardinal.CallerAnonymous
}

// exchange is what the kit knows of one request and its answer. It belongs to
// the goroutine that serves the request.
type exchange struct {
	id      string
	session Session
	words   *Words
	theme   Theme
	https   bool
	started bool // the answer's header is out
	status  int  // of the answer, once it is out
}

type exchangeKey struct{}

func withExchange(r *http.Request, e *exchange) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), exchangeKey{}, e))
}

// exchangeOf returns the request's exchange, or nil for a request that did not
// come through Kit.Handler.
func exchangeOf(r *http.Request) *exchange {
	e, _ := r.Context().Value(exchangeKey{}).(*exchange)
	return e
}

// SessionOf returns the session of a request that came through Kit.Handler;
// on a public page it may be one in which nobody is signed in.
func SessionOf(r *http.Request) Session {
	if e := exchangeOf(r); e != nil {
		return e.session
	}
	return Session{}
}

// CallerOf returns who asks, with address and request id: the caller to hand
// to use cases.
func CallerOf(r *http.Request) cardinal.Caller { return SessionOf(r).Caller }

// Encrypted reports whether the request came over TLS, as Config.HTTPS says.
func Encrypted(r *http.Request) bool {
	e := exchangeOf(r)
	return e != nil && e.https
}

// RequestID returns the request's id, or "" outside Kit.Handler.
func RequestID(r *http.Request) string {
	if e := exchangeOf(r); e != nil {
		return e.id
	}
	return ""
}

// WordsOf returns the catalogue in the language of the request.
func WordsOf(r *http.Request) *Words {
	if e := exchangeOf(r); e != nil {
		return e.words
	}
	return nil
}

// answer notes when the header goes out, after which no error page can follow.
type answer struct {
	http.ResponseWriter
	exchange *exchange
}

func (a *answer) WriteHeader(status int) {
	a.exchange.started, a.exchange.status = true, status
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	a.exchange.started = true
	return a.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach flushing and deadlines.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// local reports whether the request names this very machine, where browsers
// treat plain HTTP as secure.
func local(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host == "localhost" || len(host) > 10 && host[len(host)-10:] == ".localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
