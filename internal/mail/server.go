package mail

import (
	"crypto/x509"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"cardinal"
)

// Security says how the connection to a server is protected.
type Security string

// The ways to protect a connection. The zero value counts as StartTLS.
const (
	StartTLS Security = "starttls" // begins in clear and must change to TLS before anything is said
	TLS      Security = "tls"      // TLS from the first byte, usually port 465 (RFC 8314)
	Plain    Security = "none"     // in clear to the end: for a relay on the same machine
)

// Method says how Cardinal proves to the server who it is.
type Method string

// The methods of authentication. The zero value counts as AuthNone.
const (
	AuthNone    Method = "none"
	AuthPlain   Method = "plain"    // RFC 4616
	AuthLogin   Method = "login"    // what old servers have instead of PLAIN
	AuthCRAMMD5 Method = "cram-md5" // RFC 2195
	AuthSCRAM   Method = "scram"    // RFC 5802, RFC 7677: SHA-256 where it is offered, else SHA-1
	AuthXOAUTH2 Method = "xoauth2"  // a fresh access token for each session
)

// Server is everything that must be known to send through one mail server.
//
// With security Plain everybody on the way can read along. PLAIN, LOGIN and
// XOAUTH2 would show the password or token, so together with Plain they are
// refused unless Host is this machine (localhost, 127.0.0.0/8, ::1); CRAM-MD5
// and SCRAM do not show the password and are left to the administrator.
type Server struct {
	Host     string // a name, which may be international, or an IP address
	Port     int    // 1–65535
	Security Security
	Method   Method
	Username string            // for every method but AuthNone
	Password cardinal.Password // for every method but AuthNone and AuthXOAUTH2
	OAuth    OAuth             // for AuthXOAUTH2
	Limits   Limits
	Hello    string         // the name given in EHLO; empty: the own address of the connection
	Roots    *x509.CertPool // who may vouch for certificates; nil: whom this machine trusts
}

// OAuth says where access tokens come from (RFC 6749, section 6).
type OAuth struct {
	Endpoint     string // https; http only on this machine
	ClientID     string
	ClientSecret cardinal.Password // may be empty, for public clients
	RefreshToken cardinal.Token
	// Rotated is called with the refresh token that replaces the one above, as
	// soon as the endpoint has given it and before the server sees the access
	// token: whether or not sending succeeds, only the new one may work from
	// then on. If nil, a new one is dropped.
	Rotated func(cardinal.Token)
}

// Limits say how long to wait. Zero fields count as the default named there.
type Limits struct {
	Connect time.Duration // to find, reach and greet, each: 1 s to 2 min, by default 15 s
	Command time.Duration // for an answer to one command, and for a token: 1 s to 5 min, by default 1 min
	// End is how long the server may think about a whole message: 1 s to
	// 10 min, by default 5 min. What it has taken but not confirmed within
	// this time is sent twice (RFC 5321, section 4.5.3.2.6).
	End time.Duration
}

func (l Limits) orDefaults() Limits {
	or := func(given, otherwise time.Duration) time.Duration {
		if given == 0 {
			return otherwise
		}
		return given
	}
	return Limits{
		Connect: or(l.Connect, 15*time.Second),
		Command: or(l.Command, time.Minute),
		End:     or(l.End, 5*time.Minute),
	}
}

func (s Server) orDefaults() Server {
	if s.Security == "" {
		s.Security = StartTLS
	}
	if s.Method == "" {
		s.Method = AuthNone
	}
	s.Limits = s.Limits.orDefaults()
	return s
}

// Validate returns nil if the settings can be tried, or else a
// cardinal.CodeInvalid error about the first field that cannot be: "host",
// "port", "security", "method", "username", "password", "endpoint",
// "clientID", "refreshToken", "hello" or "limits". It connects to nobody.
func (s Server) Validate() error {
	s = s.orDefaults()
	switch {
	case !validHost(s.Host):
		return cardinal.Invalid("host", "This is not the name or the address of a server.")
	case s.Port < 1 || s.Port > 65535:
		return cardinal.Invalid("port", "A port is a number from 1 to 65535. Mail servers usually have 587, 465 or 25.")
	case s.Security != StartTLS && s.Security != TLS && s.Security != Plain:
		return cardinal.Invalid("security", "Choose STARTTLS, TLS or none.")
	case s.Hello != "" && !printable(s.Hello):
		return cardinal.Invalid("hello", "The name of this machine has only letters, digits, dots and hyphens.")
	case !s.Limits.valid():
		return cardinal.Invalid("limits", "A time to wait is at least 1 second, and at most 2 minutes to connect, 5 for an answer and 10 for a message.")
	}
	return s.validateMethod()
}

func (s Server) validateMethod() error {
	shown := false // whether whoever listens would learn the secret
	switch s.Method {
	case AuthNone:
		return nil
	case AuthPlain, AuthLogin:
		shown = true
	case AuthCRAMMD5, AuthSCRAM:
	case AuthXOAUTH2:
		shown = true
	default:
		return cardinal.Invalid("method", "Choose how to sign in to the server: none, PLAIN, LOGIN, CRAM-MD5, SCRAM or XOAUTH2.")
	}
	switch {
	case shown && s.Security == Plain && !loopback(s.Host):
		return cardinal.Invalid("security", "Without TLS everybody on the way could read the password. Choose STARTTLS or TLS, or a method that does not show it.")
	case s.Username == "" || !cardinal.CleanText(s.Username):
		return cardinal.Invalid("username", "The server wants a username for this method.")
	case s.Method == AuthXOAUTH2:
		return s.OAuth.validate()
	case s.Password.IsZero() || strings.ContainsRune(s.Password.Reveal(), 0):
		return cardinal.Invalid("password", "The server wants a password for this method.")
	}
	return nil
}

func (o OAuth) validate() error {
	u, err := url.Parse(o.Endpoint)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return cardinal.Invalid("endpoint", "The address that tokens come from begins with https://.")
	case o.ClientID == "":
		return cardinal.Invalid("clientID", "A client ID is required.")
	case o.RefreshToken.IsZero():
		return cardinal.Invalid("refreshToken", "A refresh token is required.")
	}
	return nil
}

func (l Limits) valid() bool {
	within := func(d, most time.Duration) bool { return d >= time.Second && d <= most }
	return within(l.Connect, 2*time.Minute) && within(l.Command, 5*time.Minute) && within(l.End, 10*time.Minute)
}

// asciiHost is the name as DNS and certificates have it.
func asciiHost(host string) (string, error) {
	if _, err := netip.ParseAddr(host); err == nil {
		return host, nil
	}
	return idna.Lookup.ToASCII(strings.TrimSuffix(host, "."))
}

func validHost(host string) bool {
	ascii, err := asciiHost(host)
	return err == nil && ascii != "" && len(ascii) <= 253 && printable(ascii)
}

// printable reports whether a text is ASCII without spaces and controls.
func printable(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

func loopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}
