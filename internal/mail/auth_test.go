package mail_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/mail"
	"cardinal/internal/mailsink"
	"cardinal/internal/mailtest"
)

func TestMethods(t *testing.T) {
	all := []string{"LOGIN", "PLAIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"}
	for _, c := range []struct {
		name    string
		method  mail.Method
		offered []string
	}{
		{"PLAIN", mail.AuthPlain, all},
		{"LOGIN", mail.AuthLogin, all},
		{"CRAM-MD5", mail.AuthCRAMMD5, all},
		{"SCRAM", mail.AuthSCRAM, all},
		{"SCRAM with SHA-256 alone", mail.AuthSCRAM, []string{"SCRAM-SHA-256"}},
		{"SCRAM with SHA-1 alone", mail.AuthSCRAM, []string{"SCRAM-SHA-1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, c.offered...)
			s.server.Method = c.method
			if err := mail.Check(t.Context(), s.server); err != nil {
				t.Fatal(err)
			}
			if _, err := mail.Send(t.Context(), s.server, message()); err != nil {
				t.Fatal(err)
			}
			if got := mailtest.Await(t, s.Sink, 1)[0]; got.User != username || !got.TLS {
				t.Errorf("user %q, TLS %v", got.User, got.TLS)
			}
			s.server.Password = cardinal.NewPassword("wrong horse battery")
			err := mail.Check(t.Context(), s.server)
			if f := failure(t, err); f.Stage != mail.StageAuthenticate || f.Code != 535 || f.Temporary {
				t.Errorf("a wrong password: %+v", f)
			}
			silent(t, err, "wrong horse battery")
			s.server.Username = "somebody"
			if f := failure(t, mail.Check(t.Context(), s.server)); f.Code != 535 {
				t.Errorf("a wrong username: %+v", f)
			}
		})
	}
}

func TestMethodThatIsNotOffered(t *testing.T) {
	for _, c := range []struct {
		method  mail.Method
		offered []string
	}{
		{mail.AuthPlain, []string{"LOGIN"}},
		{mail.AuthLogin, []string{"PLAIN"}},
		{mail.AuthCRAMMD5, nil},
		{mail.AuthSCRAM, []string{"PLAIN", "SCRAM-SHA-512"}},
		{mail.AuthXOAUTH2, []string{"PLAIN"}},
	} {
		s := newSite(t, c.offered...)
		s.server.Method = c.method
		s.server.OAuth = mail.OAuth{Endpoint: "https://127.0.0.1:1/", ClientID: "x", RefreshToken: cardinal.NewToken("y")}
		err := mail.Check(t.Context(), s.server)
		f := failure(t, err)
		if f.Stage != mail.StageAuthenticate || f.Temporary || f.Code != 0 {
			t.Errorf("%s: %+v", c.method, f)
		}
		if said := mail.Explain(err).String(); !strings.Contains(said, "does not offer") {
			t.Errorf("%s: %q", c.method, said)
		}
	}
}

// A server may say back what it heard, in whichever form.
func TestAnswersThatEchoSecrets(t *testing.T) {
	encoded := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	long := strings.Repeat("Zm9v", 20)
	for name, c := range map[string]struct {
		fault   mailsink.Fault
		secrets []string
	}{
		"password":        {mailsink.Fault{At: mailsink.Auth, Text: "not " + password + ", please"}, []string{password}},
		"password, coded": {mailsink.Fault{At: mailsink.Auth, Text: "not " + encoded(password)}, []string{encoded(password)}},
		"initial answer":  {mailsink.Fault{At: mailsink.Auth, Text: "AUTH PLAIN " + encoded("\x00"+username+"\x00"+password)}, []string{encoded("\x00" + username + "\x00" + password)[:20]}},
		"PIN":             {mailsink.Fault{At: mailsink.End, Text: "looks like spam: " + pin + "!"}, []string{pin}},
		"text":            {mailsink.Fault{At: mailsink.End, Text: "bad line: Hello Ada, your PIN is " + pin}, []string{pin}},
		"HTML":            {mailsink.Fault{At: mailsink.Data, Text: "bad <p>Hello Ada,</p><p>your PIN is <b>"}, []string{"Hello Ada"}},
		"word as secret":  {mailsink.Fault{At: mailsink.End, Text: "spam: abcdxyz"}, []string{"abcdxyz"}},
		"later password":  {mailsink.Fault{At: mailsink.Recipient, Text: "your password was " + password}, []string{password}},
		"cut":             {mailsink.Fault{At: mailsink.End, Text: long + " " + strings.Repeat("x", 280-len(long)) + " " + password}, []string{"horse", "corr"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "PLAIN")
			s.server.Method = mail.AuthPlain
			c.fault.Code = 550
			s.Break(c.fault)
			m := message()
			m.Secrets = []cardinal.Secret{cardinal.NewPIN("abcdxyz").Secret}
			_, err := mail.Send(t.Context(), s.server, m)
			silent(t, err, c.secrets...)
			f := failure(t, err)
			if !strings.HasPrefix(f.Answer, "550 ") || !strings.Contains(f.Answer, cardinal.Redacted) && name != "cut" {
				t.Errorf("the answer is %q", f.Answer)
			}
			if n := len([]rune(f.Answer)); n > 300 {
				t.Errorf("the answer has %d characters", n)
			}
		})
	}
}

// oauthSite is a server that takes the newest token of an endpoint.
func oauthSite(t *testing.T) (*site, *mailtest.Tokens) {
	t.Helper()
	k := mailtest.NewTokens(t)
	a := mailtest.NewAuthority(t)
	s := mailtest.Sink(t, mailsink.Options{TLS: a.Server(t, "127.0.0.1"), Mechanisms: []string{"XOAUTH2"}, Username: username, Token: k.Good})
	roots := a.Roots.Clone()
	k.Trust(roots)
	return &site{s, mail.Server{
		Host: s.Host(), Port: s.Port(), Roots: roots, Method: mail.AuthXOAUTH2, Username: username,
		OAuth: mail.OAuth{
			Endpoint: k.URL, ClientID: k.ClientID,
			ClientSecret: cardinal.NewPassword(k.ClientSecret), RefreshToken: cardinal.NewToken(k.Refresh()),
		},
	}}, k
}

func TestTokens(t *testing.T) {
	t.Run("each session has a fresh one", func(t *testing.T) {
		s, k := oauthSite(t)
		noLeak(t) // also while the endpoint goes on, which would keep a connection open
		s.server.OAuth.Rotated = func(cardinal.Token) { t.Error("nothing was rotated") }
		for range 2 {
			if _, err := mail.Send(t.Context(), s.server, message()); err != nil {
				t.Fatal(err)
			}
		}
		if got := mailtest.Await(t, s.Sink, 2); got[1].User != username || k.Given() != 2 {
			t.Errorf("user %q, %d tokens", got[1].User, k.Given())
		}
	})
	t.Run("a new refresh token is handed back even if sending fails", func(t *testing.T) {
		s, k := oauthSite(t)
		k.Rotate()
		s.Break(mailsink.Fault{At: mailsink.Auth, Code: 454, Times: 1})
		var kept []cardinal.Token
		s.server.OAuth.Rotated = func(token cardinal.Token) { kept = append(kept, token) }
		_, err := mail.Send(t.Context(), s.server, message())
		if f := failure(t, err); f.Stage != mail.StageAuthenticate || !f.Temporary {
			t.Errorf("got %+v", f)
		}
		if len(kept) != 1 || kept[0].Reveal() != k.Refresh() {
			t.Fatalf("%d tokens were handed back", len(kept))
		}
		_, err = mail.Send(t.Context(), s.server, message())
		if f := failure(t, err); f.Stage != mail.StageToken {
			t.Errorf("the old one still works: %+v", f)
		}
		s.server.OAuth.RefreshToken = kept[0]
		if _, err := mail.Send(t.Context(), s.server, message()); err != nil {
			t.Error(err)
		}
	})
	t.Run("a server that refuses the token", func(t *testing.T) {
		noLeak(t)
		s, k := oauthSite(t)
		k.Answer(http.StatusOK, `{"access_token":"a-token-that-is-not-good"}`)
		err := mail.Check(t.Context(), s.server)
		if f := failure(t, err); f.Stage != mail.StageAuthenticate || f.Code != 535 || f.Temporary {
			t.Errorf("got %+v", f)
		}
		silent(t, err, "a-token-that")
	})
}

func TestTokenEndpointsThatRefuse(t *testing.T) {
	for name, c := range map[string]struct {
		arrange   func(*site, *mailtest.Tokens)
		temporary bool
		says      string
	}{
		"revoked": {func(_ *site, k *mailtest.Tokens) { k.Revoke() }, false, "invalid_grant"},
		"wrong secret": {func(s *site, _ *mailtest.Tokens) {
			s.server.OAuth.ClientSecret = cardinal.NewPassword("another-secret")
		}, false, "invalid_client"},
		"out of order":   {func(_ *site, k *mailtest.Tokens) { k.Answer(503, "<html>down</html>") }, true, "out of order"},
		"too many":       {func(_ *site, k *mailtest.Tokens) { k.Answer(429, "{}") }, true, "out of order"},
		"no token in it": {func(_ *site, k *mailtest.Tokens) { k.Answer(200, "{}") }, false, "no token"},
		"a redirection":  {func(_ *site, k *mailtest.Tokens) { k.Answer(302, "") }, false, "no token"},
		"unreachable":    {func(s *site, _ *mailtest.Tokens) { s.server.OAuth.Endpoint = "https://127.0.0.1:1/token" }, true, "cannot be reached"},
		"unknown issuer": {func(s *site, _ *mailtest.Tokens) {
			s.server.OAuth.Endpoint = strings.Replace(s.server.OAuth.Endpoint, "127.0.0.1", "localhost", 1)
		}, false, "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			noLeak(t)
			s, k := oauthSite(t)
			refresh := k.Refresh()
			c.arrange(s, k)
			err := mail.Check(t.Context(), s.server)
			f := failure(t, err)
			if f.Stage != mail.StageToken || f.Temporary != c.temporary {
				t.Errorf("got %+v", f)
			}
			if said := mail.Explain(err).String(); !strings.Contains(said, c.says) {
				t.Errorf("the explanation %q does not speak of %q", said, c.says)
			}
			silent(t, err, refresh, k.ClientSecret, "another-secret", "/token")
		})
	}
	t.Run("silent", func(t *testing.T) {
		s, k := oauthSite(t)
		k.Stall()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		begin := time.Now()
		err := mail.Check(ctx, s.server)
		if took := time.Since(begin); took > time.Second {
			t.Errorf("it took %s", took)
		}
		if f := failure(t, err); f.Stage != mail.StageToken || !errors.Is(err, context.Canceled) {
			t.Errorf("got %+v", f)
		}
	})
}
