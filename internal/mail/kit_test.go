package mail_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/mail"
	"cardinal/internal/mailsink"
	"cardinal/internal/mailtest"
)

const (
	username = "cardinal"
	password = "correct horse battery"
	pin      = "730518"
)

// site is a server in the process with the settings to reach it.
type site struct {
	*mailsink.Sink
	server mail.Server
}

// newSite starts a server with STARTTLS that wants the methods named.
func newSite(t *testing.T, mechanisms ...string) *site {
	t.Helper()
	a := mailtest.NewAuthority(t)
	s := mailtest.Sink(t, mailsink.Options{TLS: a.Server(t, "127.0.0.1"), Mechanisms: mechanisms, Username: username, Password: password})
	return &site{s, mail.Server{
		Host: s.Host(), Port: s.Port(), Roots: a.Roots,
		Username: username, Password: cardinal.NewPassword(password),
		Limits: mail.Limits{Connect: 5 * time.Second, Command: 5 * time.Second, End: 5 * time.Second},
	}}
}

func message() mail.Message {
	return mail.Message{
		From:    mail.Address{Name: "Cardinal", Email: "pin@example.org"},
		To:      mail.Address{Name: "Ada Lovelace", Email: "ada@example.org"},
		Subject: "Your new PIN",
		Text:    "Hello Ada,\n\nyour PIN is " + pin + ".\n",
		HTML:    "<p>Hello Ada,</p><p>your PIN is <b>" + pin + "</b>.</p>",
		ID:      "notification-1@cardinal.example.org",
		Date:    time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
	}
}

func failure(t *testing.T, err error) *mail.Failure {
	t.Helper()
	var f *mail.Failure
	if !errors.As(err, &f) {
		t.Fatalf("%v is no Failure", err)
	}
	return f
}

// noLeak fails t if more goroutines run at its end than now.
func noLeak(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				stacks := make([]byte, 1<<16)
				t.Errorf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
				return
			}
		}
	})
}

// silent fails t if an error says what must not be said.
func silent(t *testing.T, err error, secrets ...string) {
	t.Helper()
	f := failure(t, err)
	texts := []string{f.Answer, mail.Explain(err).String()}
	for e := err; e != nil; e = errors.Unwrap(e) {
		texts = append(texts, e.Error())
	}
	for _, text := range texts {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%q holds %q", text, secret)
			}
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
			t.Errorf("%q holds control characters", text)
		}
	}
}
