package mail_test

import (
	"strings"
	"testing"

	"cardinal/internal/mail"
	"cardinal/internal/mailsink"
	"cardinal/internal/mailtest"
)

func TestMessageArrivesAsItWasMeant(t *testing.T) {
	s := newSite(t)
	m := message()
	m.From.Name, m.To.Name = "PIN-Dienst Köln", "محمد"
	m.ReplyTo = mail.Address{Name: "Help", Email: "help@example.org"}
	m.Text = "..\n.\nFrom me\n\ttab and trailing \n" + strings.Repeat("ü", 3000) + "\n"
	answer, err := mail.Send(t.Context(), s.server, m)
	if err != nil || answer != "250 2.0.0 kept" {
		t.Fatalf("%q, %v", answer, err)
	}
	got := mailtest.Await(t, s.Sink, 1)[0]
	for what, pair := range map[string][2]string{
		"sender of the envelope": {got.From, m.From.Email},
		"recipients":             {strings.Join(got.To, " "), m.To.Email},
		"subject":                {got.Subject, m.Subject},
		"text":                   {got.Text, m.Text},
		"HTML":                   {got.HTML, m.HTML},
		"Message-ID":             {got.Header.Get("Message-ID"), "<" + m.ID + ">"},
		"Auto-Submitted":         {got.Header.Get("Auto-Submitted"), "auto-generated"},
		"date":                   {got.Header.Get("Date"), "Mon, 23 Nov 2026 12:00:00 +0000"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %q, want %q", what, pair[0], pair[1])
		}
	}
	for header, want := range map[string]mail.Address{"From": m.From, "To": m.To, "Reply-To": m.ReplyTo} {
		list, err := got.Header.AddressList(header)
		if err != nil || len(list) != 1 || list[0].Name != want.Name || list[0].Address != want.Email {
			t.Errorf("%s: %v, %v", header, list, err)
		}
	}
	if !got.TLS || got.UTF8 {
		t.Errorf("TLS %v, SMTPUTF8 %v", got.TLS, got.UTF8)
	}
}

func TestAddressesInOtherScripts(t *testing.T) {
	a := mailtest.NewAuthority(t)
	for _, c := range []struct {
		to        string
		asciiOnly bool
		arrives   string // empty: refused
		utf8      bool
	}{
		{"用户@例え.example", false, "用户@例え.example", true},
		{"用户@例え.example", true, "", false},
		{"ada@bücher.example", false, "ada@xn--bcher-kva.example", false},
		{"ada@bücher.example", true, "ada@xn--bcher-kva.example", false},
	} {
		s := mailtest.Sink(t, mailsink.Options{TLS: a.Server(t, "127.0.0.1"), ASCIIOnly: c.asciiOnly})
		session := dial(t, mail.Server{Host: s.Host(), Port: s.Port(), Roots: a.Roots})
		m := message()
		m.To.Email = c.to
		_, err := session.Send(t.Context(), m)
		if c.arrives == "" {
			f := failure(t, err)
			if said := mail.Explain(err).String(); f.Stage != mail.StageRecipient || f.Temporary || f.Dropped || !strings.Contains(said, "script") {
				t.Errorf("%s: %+v, %q", c.to, f, said)
			}
			if _, err := session.Send(t.Context(), message()); err != nil {
				t.Errorf("after %s: %v", c.to, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.to, err)
			continue
		}
		if got := mailtest.Await(t, s, 1)[0]; got.To[0] != c.arrives || got.UTF8 != c.utf8 {
			t.Errorf("%s arrives as %s, SMTPUTF8 %v", c.to, got.To[0], got.UTF8)
		}
	}
}
