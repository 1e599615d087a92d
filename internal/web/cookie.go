package web

import (
	"net/http"
	"time"

	"cardinal"
)

// The paths that the kit itself names; the pages behind the first three belong
// to the pages' packages.
const (
	SignInPath     = "/sign-in"
	SignOutPath    = "/sign-out" // answers POST
	ConfirmPath    = "/confirm"  // asks who it is once more; see Route.Fresh
	AppearancePath = "/appearance"
)

// sessionCookie is the name of the session's cookie. Over TLS it has the
// prefix that keeps other hosts and plain HTTP from setting it (RFC 6265bis).
func (k *Kit) sessionCookie(r *http.Request) string {
	if k.config.HTTPS(r) {
		return "__Host-cardinal-session"
	}
	return "cardinal-session"
}

// secure reports whether a cookie can be marked Secure: under TLS alone. On
// http://localhost Chromium and Firefox would take such a cookie too, but Safari
// drops it without a word, and nobody could sign in; what never leaves the
// machine is not the worse for it. Elsewhere plain HTTP shows a banner.
func (k *Kit) secure(r *http.Request) bool { return k.config.HTTPS(r) }

// cookie returns a cookie as all of the kit's are: for this host, out of
// scripts' reach, not sent by other sites' forms.
func (k *Kit) cookie(r *http.Request, name, value string) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, Secure: k.secure(r), SameSite: http.SameSiteLaxMode}
}

// SetSession gives the browser the token of a new session. The browser forgets
// it at expires; the zero time means when it is closed.
func (k *Kit) SetSession(w http.ResponseWriter, r *http.Request, token cardinal.Token, expires time.Time) {
	c := k.cookie(r, k.sessionCookie(r), token.Reveal())
	c.Expires = expires
	http.SetCookie(w, c)
}

// ClearSession makes the browser forget the session's token.
func (k *Kit) ClearSession(w http.ResponseWriter, r *http.Request) {
	k.clear(w, r, k.sessionCookie(r))
}

func (k *Kit) clear(w http.ResponseWriter, r *http.Request, name string) {
	c := k.cookie(r, name, "")
	c.MaxAge = -1
	http.SetCookie(w, c)
}

// sessionToken returns the token that came with the request, or none.
func (k *Kit) sessionToken(r *http.Request) cardinal.Token {
	c, err := r.Cookie(k.sessionCookie(r))
	if err != nil {
		return cardinal.Token{}
	}
	return cardinal.NewToken(c.Value)
}
