package web

import (
	"net/http"
	"time"

	"cardinal"
)

// The paths that the kit itself names; the pages behind the first four belong
// to the pages' packages.
const (
	SignInPath     = "/sign-in"
	SignOutPath    = "/sign-out" // answers POST
	ConfirmPath    = "/confirm"  // asks who it is once more; see Route.Fresh
	SetupPath      = "/setup"    // leads through a new installation
	AppearancePath = "/appearance"
)

// sessionCookie is the name of the session's cookie.
func (k *Kit) sessionCookie(r *http.Request) string { return k.tokenCookie(r, "session") }

// tokenCookie is the name of a cookie with a token. Over TLS it has the prefix
// that keeps other hosts and plain HTTP from setting it (RFC 6265bis).
func (k *Kit) tokenCookie(r *http.Request, name string) string {
	if k.config.HTTPS(r) {
		return "__Host-cardinal-" + name
	}
	return "cardinal-" + name
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
func (k *Kit) sessionToken(r *http.Request) cardinal.Token { return k.Carried(r, "session") }

// Carry gives the browser a token that is no session, under a name of its own,
// for so long: that of a sign-in or a set-up that has several pages.
func (k *Kit) Carry(w http.ResponseWriter, r *http.Request, name string, token cardinal.Token, life time.Duration) {
	c := k.cookie(r, k.tokenCookie(r, name), token.Reveal())
	c.MaxAge = int(life.Seconds())
	http.SetCookie(w, c)
}

// Carried returns the token that came with the request under the name, or none.
func (k *Kit) Carried(r *http.Request, name string) cardinal.Token {
	c, err := r.Cookie(k.tokenCookie(r, name))
	if err != nil {
		return cardinal.Token{}
	}
	return cardinal.NewToken(c.Value)
}

// Drop makes the browser forget the token of that name.
func (k *Kit) Drop(w http.ResponseWriter, r *http.Request, name string) {
	k.clear(w, r, k.tokenCookie(r, name))
}
