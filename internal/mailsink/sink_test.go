package mailsink_test

import (
	"context"
	"errors"
	"net"
	"net/smtp"
	"strconv"
	"strings"
	"testing"
	"time"

	"cardinal/internal/mailsink"
)

const letter = "From: a@example.org\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHello=\r\n, =C3=BC\r\n..\r\n"

func listen(t *testing.T, o mailsink.Options) (*mailsink.Sink, string) {
	t.Helper()
	s, err := mailsink.Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, net.JoinHostPort(s.Host(), strconv.Itoa(s.Port()))
}

// The standard library is the other side here: it knows nothing of Cardinal.
func TestItKeepsWhatAForeignClientSends(t *testing.T) {
	s, address := listen(t, mailsink.Options{Mechanisms: []string{"PLAIN", "CRAM-MD5"}, Username: "ada", Password: "lovelace"})
	for i, auth := range []smtp.Auth{smtp.PlainAuth("", "ada", "lovelace", s.Host()), smtp.CRAMMD5Auth("ada", "lovelace")} {
		if err := smtp.SendMail(address, auth, "a@example.org", []string{"b@example.org", "c@example.org"}, []byte(letter)); err != nil {
			t.Fatal(err)
		}
		got, err := s.Await(t.Context(), i+1)
		if err != nil {
			t.Fatal(err)
		}
		m := got[i]
		if m.From != "a@example.org" || strings.Join(m.To, " ") != "b@example.org c@example.org" || m.User != "ada" || m.TLS {
			t.Errorf("envelope: %+v", m)
		}
		if string(m.Raw) != letter || m.Subject != "Grüße" || m.Text != "Hello, ü\n..\n" || m.Header.Get("From") != "a@example.org" {
			t.Errorf("got %q, subject %q, text %q", m.Raw, m.Subject, m.Text)
		}
	}
	s.Forget()
	if n := len(s.Messages()); n != 0 || s.Sessions() != 2 {
		t.Errorf("%d messages after Forget, %d sessions", n, s.Sessions())
	}
}

func TestItWantsWhatItOffers(t *testing.T) {
	_, address := listen(t, mailsink.Options{Mechanisms: []string{"PLAIN", "CRAM-MD5"}, Username: "ada", Password: "lovelace"})
	for name, auth := range map[string]smtp.Auth{
		"nobody":   nil,
		"PLAIN":    smtp.PlainAuth("", "ada", "byron", "127.0.0.1"),
		"CRAM-MD5": smtp.CRAMMD5Auth("ada", "byron"),
	} {
		if err := smtp.SendMail(address, auth, "a@example.org", []string{"b@example.org"}, []byte(letter)); err == nil {
			t.Errorf("%s got in", name)
		}
	}
}

func TestFaultsHappenAsOftenAsTheyShould(t *testing.T) {
	s, address := listen(t, mailsink.Options{})
	send := func(to string) error {
		return smtp.SendMail(address, nil, "a@example.org", []string{to}, []byte(letter))
	}
	s.Break(
		mailsink.Fault{At: mailsink.Recipient, Recipient: "b@example.org", Code: 550},
		mailsink.Fault{At: mailsink.End, Code: 451, Times: 2},
	)
	for i, want := range []bool{false, false, true, true} {
		if err := send("c@example.org"); (err == nil) != want {
			t.Errorf("try %d: %v", i, err)
		}
		if err := send("b@example.org"); err == nil || !strings.HasPrefix(err.Error(), "550 ") {
			t.Errorf("the refused recipient: %v", err)
		}
	}
	s.Mend()
	if err := send("b@example.org"); err != nil {
		t.Error(err)
	}
}

func TestCloseCutsOffWhoWaits(t *testing.T) {
	s, address := listen(t, mailsink.Options{})
	s.Break(mailsink.Fault{At: mailsink.Connect, Do: mailsink.Stall})
	done := make(chan error, 1)
	go func() {
		done <- smtp.SendMail(address, nil, "a@example.org", []string{"b@example.org"}, []byte(letter))
	}()
	for s.Sessions() == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		if err == nil {
			t.Error("a stalled client succeeded")
		}
	case <-time.After(5 * time.Second):
		t.Error("a stalled client waits on")
	}
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	s, _ := listen(t, mailsink.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.Await(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(letter))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+\r\n--b--\r\n--a--\r\n"))
	f.Add([]byte("no header"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if got := mailsink.Read(raw); string(got.Raw) != string(raw) || strings.Contains(got.Text, "\r\n") {
			t.Errorf("got %+v", got)
		}
	})
}
