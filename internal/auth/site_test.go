package auth_test

import (
	"testing"

	"cardinal"
	"cardinal/internal/auth"
)

func TestWherePasskeysWork(t *testing.T) {
	for _, c := range []struct {
		host      string
		encrypted bool
		want      auth.Site
	}{
		{"cardinal.example.com", true, auth.Site{Host: "cardinal.example.com", Origin: "https://cardinal.example.com"}},
		{"Cardinal.Example.com:8443", true, auth.Site{Host: "cardinal.example.com", Origin: "https://cardinal.example.com:8443"}},
		{"localhost:8420", false, auth.Site{Host: "localhost", Origin: "http://localhost:8420"}},
		{"cardinal.localhost", false, auth.Site{Host: "cardinal.localhost", Origin: "http://cardinal.localhost"}},
		{"localhost", true, auth.Site{Host: "localhost", Origin: "https://localhost"}},
		{"cardinal.example.com", false, auth.Site{}},
		{"notlocalhost", false, auth.Site{}},
		{"127.0.0.1:8420", false, auth.Site{}},
		{"127.0.0.1", true, auth.Site{}},
		{"[::1]:8420", true, auth.Site{}},
		{"", true, auth.Site{}},
	} {
		site, err := auth.SiteOf(c.host, c.encrypted)
		if site != c.want || (err == nil) != (c.want != auth.Site{}) || err != nil && cardinal.CodeOf(err) != cardinal.CodeInvalid {
			t.Errorf("%s, TLS %v: %+v, %v", c.host, c.encrypted, site, err)
		}
	}
}
