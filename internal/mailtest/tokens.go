package mailtest

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Tokens is a token endpoint (RFC 6749) over HTTPS for one client. It is safe
// for concurrent use.
type Tokens struct {
	URL          string
	ClientID     string
	ClientSecret string

	authority *Authority

	mu      sync.Mutex
	given   int
	refresh string
	access  string
	rotates bool
	status  int
	body    string
	stalled bool
	done    chan struct{}
}

// NewTokens starts an endpoint, to be closed when t ends.
func NewTokens(t testing.TB) *Tokens {
	t.Helper()
	a := NewAuthority(t)
	k := &Tokens{authority: a, ClientID: "client-of-a-test", ClientSecret: rand.Text(), refresh: rand.Text(), done: make(chan struct{})}
	server := httptest.NewUnstartedServer(k)
	server.TLS = a.Server(t, "127.0.0.1")
	server.StartTLS()
	k.URL = server.URL + "/token"
	t.Cleanup(func() {
		close(k.done)
		server.Close()
	})
	return k
}

// Trust makes roots vouch for the endpoint.
func (k *Tokens) Trust(roots *x509.CertPool) { roots.AddCert(k.authority.own) }

// Given returns how many access tokens were given so far.
func (k *Tokens) Given() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.given
}

// Refresh returns the refresh token that is good now.
func (k *Tokens) Refresh() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.refresh
}

// Good reports whether token is the newest access token.
func (k *Tokens) Good(token string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.access != "" && token == k.access
}

// Rotate makes each answer bring a new refresh token, which replaces the old.
func (k *Tokens) Rotate() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rotates = true
}

// Revoke makes all tokens that were given worthless.
func (k *Tokens) Revoke() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refresh, k.access = rand.Text(), rand.Text()
}

// Answer makes the endpoint give this answer to everybody, whatever is asked.
func (k *Tokens) Answer(status int, body string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.status, k.body = status, body
}

// Stall makes the endpoint never answer.
func (k *Tokens) Stall() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stalled = true
}

// ServeHTTP answers a request for a token.
func (k *Tokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	right := r.Method == http.MethodPost && r.FormValue("grant_type") == "refresh_token" &&
		r.FormValue("client_id") == k.ClientID && r.FormValue("client_secret") == k.ClientSecret
	switch {
	case k.stalled:
		k.mu.Unlock()
		select {
		case <-k.done:
		case <-r.Context().Done():
		}
		k.mu.Lock()
	case k.status != 0:
		w.Header().Set("Location", k.URL) // for 3xx: whoever follows comes back for ever
		w.WriteHeader(k.status)
		_, _ = w.Write([]byte(k.body))
	case !right:
		reply(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
	case r.FormValue("refresh_token") != k.refresh:
		reply(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant", "error_description": "Token has been expired or revoked: " + r.FormValue("refresh_token")})
	default:
		k.access = rand.Text()
		k.given++
		answer := map[string]any{"access_token": k.access, "token_type": "Bearer", "expires_in": 3600}
		if k.rotates {
			k.refresh = rand.Text()
			answer["refresh_token"] = k.refresh
		}
		reply(w, http.StatusOK, answer)
	}
}

func reply(w http.ResponseWriter, status int, answer map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}
