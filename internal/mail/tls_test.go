package mail_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/mail"
	"cardinal/internal/mailsink"
	"cardinal/internal/mailtest"
)

func TestCertificates(t *testing.T) {
	a, other := mailtest.NewAuthority(t), mailtest.NewAuthority(t)
	for _, c := range []struct {
		name   string
		config *tls.Config
		says   string // empty: it is taken
	}{
		{"right", a.Server(t, "127.0.0.1"), ""},
		{"wrong name", a.Server(t, "mail.example.org"), "not valid for 127.0.0.1"},
		{"expired", a.Expired(t, "127.0.0.1"), "expired"},
		{"unknown authority", other.Server(t, "127.0.0.1"), "authority"},
	} {
		for _, implicit := range []bool{false, true} {
			t.Run(c.name+map[bool]string{true: " TLS", false: " STARTTLS"}[implicit], func(t *testing.T) {
				noLeak(t)
				s := mailtest.Sink(t, mailsink.Options{TLS: c.config, Implicit: implicit, Mechanisms: []string{"PLAIN"}, Username: username, Password: password})
				server := mail.Server{
					Host: s.Host(), Port: s.Port(), Roots: a.Roots,
					Method: mail.AuthPlain, Username: username, Password: cardinal.NewPassword(password),
				}
				if implicit {
					server.Security = mail.TLS
				}
				_, err := mail.Send(t.Context(), server, message())
				if c.says == "" {
					if err != nil {
						t.Fatal(err)
					}
					if got := mailtest.Await(t, s, 1)[0]; !got.TLS || got.User != username {
						t.Errorf("TLS %v, user %q", got.TLS, got.User)
					}
					return
				}
				if f := failure(t, err); f.Stage != mail.StageTLS || f.Temporary || f.Code != 0 {
					t.Errorf("got %+v", f)
				}
				if said := mail.Explain(err).String(); !strings.Contains(said, c.says) {
					t.Errorf("the explanation %q does not speak of %q", said, c.says)
				}
			})
		}
	}
}

func TestSecurityIsNeverLess(t *testing.T) {
	plain := mailtest.Sink(t, mailsink.Options{Mechanisms: []string{"PLAIN"}, Username: username, Password: password})
	server := mail.Server{Host: plain.Host(), Port: plain.Port(), Method: mail.AuthPlain, Username: username, Password: cardinal.NewPassword(password)}
	_, err := mail.Send(t.Context(), server, message())
	if f := failure(t, err); f.Stage != mail.StageTLS || f.Temporary {
		t.Errorf("no STARTTLS: %+v", f)
	}
	if said := mail.Explain(err).String(); !strings.Contains(said, "STARTTLS") {
		t.Errorf("the explanation is %q", said)
	}
	server.Security = mail.TLS
	_, err = mail.Send(t.Context(), server, message())
	if f := failure(t, err); f.Stage != mail.StageTLS {
		t.Errorf("TLS with a server in clear: %+v", f)
	}
	if said := mail.Explain(err).String(); !strings.Contains(said, "does not begin with TLS") {
		t.Errorf("the explanation is %q", said)
	}
	server.Security = mail.Plain
	if _, err = mail.Send(t.Context(), server, message()); err != nil {
		t.Errorf("in clear to this machine: %v", err)
	}
}

func TestServersThatAreNotThere(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = mail.Send(t.Context(), mail.Server{Host: "127.0.0.1", Port: port}, message())
	if f := failure(t, err); f.Stage != mail.StageConnect || !f.Temporary || f.MaybeTaken {
		t.Errorf("got %+v", f)
	}
	if said := mail.Explain(err).String(); !strings.Contains(said, "refused the connection") {
		t.Errorf("the explanation is %q", said)
	}
	_, err = mail.Send(t.Context(), mail.Server{Host: "no-such-host.invalid", Port: 587}, message())
	if f := failure(t, err); f.Stage != mail.StageResolve || !f.Temporary {
		t.Errorf("got %+v", f)
	}
	if said := mail.Explain(err).String(); !strings.Contains(said, "no-such-host.invalid") {
		t.Errorf("the explanation is %q", said)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = mail.Send(ended, mail.Server{Host: "no-such-host.invalid", Port: 587}, message())
	if f := failure(t, err); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %+v", f)
	}
}

// odd is a server that says one thing and no more.
func odd(t *testing.T, say func(net.Conn)) mail.Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if c, err := l.Accept(); err == nil {
			say(c)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return mail.Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Security: mail.Plain}
}

func TestServersThatSpeakSomethingElse(t *testing.T) {
	for name, c := range map[string]struct {
		say  func(net.Conn)
		says string
	}{
		"another protocol": {func(c net.Conn) { _, _ = c.Write([]byte("+OK \x1b[31mPOP3\r\n")) }, "does not speak SMTP"},
		"without an end": {func(c net.Conn) {
			for err := error(nil); err == nil; {
				_, err = c.Write([]byte("220-" + strings.Repeat("x", 1000) + "\r\n"))
			}
		}, "hung up"},
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			err := mail.Check(t.Context(), odd(t, c.say))
			if f := failure(t, err); f.Stage != mail.StageGreeting {
				t.Errorf("got %+v", f)
			}
			if said := mail.Explain(err).String(); !strings.Contains(said, c.says) {
				t.Errorf("the explanation is %q", said)
			}
			silent(t, err)
			if took := time.Since(begin); took > 2*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	good := mail.Server{Host: "mail.example.org", Port: 587, Method: mail.AuthPlain, Username: username, Password: cardinal.NewPassword(password)}
	oauth := good
	oauth.Method = mail.AuthXOAUTH2
	oauth.OAuth = mail.OAuth{Endpoint: "https://example.org/token", ClientID: "x", RefreshToken: cardinal.NewToken("y")}
	for _, c := range []struct {
		field string // empty: it is good
		make  func() mail.Server
	}{
		{"", func() mail.Server { return good }},
		{"", func() mail.Server { return oauth }},
		{"", func() mail.Server { return with(good, func(s *mail.Server) { s.Host = "bücher.example" }) }},
		{"", func() mail.Server {
			return with(good, func(s *mail.Server) { s.Host, s.Security = "localhost", mail.Plain })
		}},
		{"", func() mail.Server { return with(good, func(s *mail.Server) { s.Host, s.Security = "::1", mail.Plain }) }},
		{"", func() mail.Server {
			return with(good, func(s *mail.Server) { s.Security, s.Method = mail.Plain, mail.AuthSCRAM })
		}},
		{"", func() mail.Server {
			return with(oauth, func(s *mail.Server) { s.OAuth.Endpoint = "http://127.0.0.1:1/" })
		}},
		{"security", func() mail.Server { return with(good, func(s *mail.Server) { s.Security = mail.Plain }) }},
		{"security", func() mail.Server {
			return with(good, func(s *mail.Server) { s.Security, s.Method = mail.Plain, mail.AuthLogin })
		}},
		{"security", func() mail.Server { return with(oauth, func(s *mail.Server) { s.Security = mail.Plain }) }},
		{"security", func() mail.Server {
			return with(good, func(s *mail.Server) { s.Security, s.Host = mail.Plain, "127.0.0.1.example.org" })
		}},
		{"security", func() mail.Server { return with(good, func(s *mail.Server) { s.Security = "ssl" }) }},
		{"host", func() mail.Server { return with(good, func(s *mail.Server) { s.Host = "" }) }},
		{"host", func() mail.Server { return with(good, func(s *mail.Server) { s.Host = "a b" }) }},
		{"host", func() mail.Server { return with(good, func(s *mail.Server) { s.Host = "mail\r\nQUIT" }) }},
		{"port", func() mail.Server { return with(good, func(s *mail.Server) { s.Port = 65536 }) }},
		{"method", func() mail.Server { return with(good, func(s *mail.Server) { s.Method = "ntlm" }) }},
		{"username", func() mail.Server { return with(good, func(s *mail.Server) { s.Username = "a\x00b" }) }},
		{"password", func() mail.Server { return with(good, func(s *mail.Server) { s.Password = cardinal.Password{} }) }},
		{"endpoint", func() mail.Server {
			return with(oauth, func(s *mail.Server) { s.OAuth.Endpoint = "http://example.org/token" })
		}},
		{"clientID", func() mail.Server { return with(oauth, func(s *mail.Server) { s.OAuth.ClientID = "" }) }},
		{"refreshToken", func() mail.Server {
			return with(oauth, func(s *mail.Server) { s.OAuth.RefreshToken = cardinal.Token{} })
		}},
		{"hello", func() mail.Server { return with(good, func(s *mail.Server) { s.Hello = "a\r\nMAIL" }) }},
		{"limits", func() mail.Server { return with(good, func(s *mail.Server) { s.Limits.End = time.Hour }) }},
	} {
		s := c.make()
		err := s.Validate()
		if c.field == "" {
			if err != nil {
				t.Errorf("%s %s %s: %v", s.Host, s.Security, s.Method, err)
			}
			continue
		}
		if v := cardinal.ViolationsOf(err); len(v) != 1 || v[0].Field != c.field {
			t.Errorf("want a word on %s, got %v", c.field, err)
			continue
		}
		_, err = mail.Dial(t.Context(), s)
		if f := failure(t, err); f.Stage != mail.StageSettings || mail.Explain(err).String() != cardinal.ViolationsOf(s.Validate())[0].Message {
			t.Errorf("%s: %+v", c.field, f)
		}
	}
}

func with(s mail.Server, change func(*mail.Server)) mail.Server {
	change(&s)
	return s
}
