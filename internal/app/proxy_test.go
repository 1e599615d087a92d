package app

import (
	"net/http"
	"strings"
	"testing"

	"cardinal"
)

func TestOnlyTrustedProxiesAreBelieved(t *testing.T) {
	trusted, err := ParseProxies([]string{"10.0.0.5", "192.168.1.7/24", " 2001:db8::/32 ", ""})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, from, forwarded, proto string
		trusted                      proxies
		address                      string
		https                        bool
	}{
		{"none trusted", "10.0.0.5:1", "203.0.113.9", "https", nil, "10.0.0.5", false},
		{"from elsewhere", "198.51.100.1:1", "203.0.113.9", "https", trusted, "198.51.100.1", false},
		{"from the proxy", "10.0.0.5:1", "203.0.113.9", "https", trusted, "203.0.113.9", true},
		{"from its network", "192.168.1.200:1", "203.0.113.9", "HTTPS", trusted, "203.0.113.9", true},
		{"IPv6", "[2001:db8::1]:1", "2001:db9::7", "https", trusted, "2001:db9::7", true},
		{"mapped", "[::ffff:10.0.0.5]:1", "203.0.113.9", "https", trusted, "203.0.113.9", true},
		{"plain", "10.0.0.5:1", "203.0.113.9", "http", trusted, "203.0.113.9", false},
		{"silent", "10.0.0.5:1", "", "", trusted, "10.0.0.5", false},
		{"two proxies", "10.0.0.5:1", "203.0.113.9, 192.168.1.3", "https", trusted, "203.0.113.9", true},
		{"invented before it", "10.0.0.5:1", "192.0.2.1, 203.0.113.9", "https", trusted, "203.0.113.9", true},
		{"invented scheme before it", "10.0.0.5:1", "203.0.113.9", "https, http", trusted, "203.0.113.9", false},
		{"no address", "10.0.0.5:1", "unknown", "https", trusted, "10.0.0.5", true},
	} {
		r := &http.Request{RemoteAddr: c.from, Header: http.Header{}}
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if c.proto != "" {
			r.Header.Set("X-Forwarded-Proto", c.proto)
		}
		if got := c.trusted.address(r); got != c.address {
			t.Errorf("%s: the client's address is %s, want %s", c.name, got, c.address)
		}
		if got := c.trusted.https(r); got != c.https {
			t.Errorf("%s: TLS %v", c.name, got)
		}
	}
	for _, text := range []string{"10.0.0.0/33", "proxy.example", "10.0.0.5/24/1"} {
		if _, err := ParseProxies([]string{text}); cardinal.CodeOf(err) != cardinal.CodeInvalid || strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
