package mail_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cardinal/internal/mail"
	"cardinal/internal/mailsink"
	"cardinal/internal/mailtest"
)

// moments are the stages of a server and what a client calls them.
var moments = []struct {
	at     mailsink.Stage
	stage  mail.Stage
	silent bool // cannot refuse in words
	keeps  bool // whether the session goes on after a refusal
}{
	{mailsink.Connect, mail.StageGreeting, false, false},
	{mailsink.Hello, mail.StageGreeting, false, false},
	{mailsink.StartTLS, mail.StageTLS, false, false},
	{mailsink.Handshake, mail.StageTLS, true, false},
	{mailsink.Auth, mail.StageAuthenticate, false, false},
	{mailsink.Sender, mail.StageSender, false, true},
	{mailsink.Recipient, mail.StageRecipient, false, true},
	{mailsink.Data, mail.StageContent, false, true},
	{mailsink.Content, mail.StageEnd, true, false}, // all of it is on its way before the loss shows
	{mailsink.End, mail.StageEnd, false, true},
}

func TestRefusals(t *testing.T) {
	for _, m := range moments {
		for _, code := range []int{450, 550} {
			if m.silent {
				continue
			}
			t.Run(fmt.Sprintf("%s %d", m.at, code), func(t *testing.T) {
				noLeak(t)
				s := newSite(t, "PLAIN")
				s.server.Method = mail.AuthPlain
				s.Break(mailsink.Fault{At: m.at, Code: code, Text: "because of rule seven"})
				_, err := mail.Send(t.Context(), s.server, message())
				f := failure(t, err)
				if f.Stage != m.stage || f.Code != code || f.Temporary != (code == 450) || f.MaybeTaken {
					t.Errorf("got %+v", f)
				}
				if want := fmt.Sprintf("%d because of rule seven", code); f.Answer != want {
					t.Errorf("the answer is %q, want %q", f.Answer, want)
				}
				if said := mail.Explain(err).String(); !strings.Contains(said, "rule seven") {
					t.Errorf("the explanation %q does not hold the answer", said)
				}
				if n := len(s.Messages()); n != 0 {
					t.Errorf("%d messages arrived", n)
				}
				silent(t, err, password, pin)
			})
		}
	}
}

func TestDroppedConnections(t *testing.T) {
	for _, m := range moments {
		t.Run(string(m.at), func(t *testing.T) {
			noLeak(t)
			s := newSite(t, "PLAIN")
			s.server.Method = mail.AuthPlain
			s.Break(mailsink.Fault{At: m.at, Do: mailsink.Drop})
			_, err := mail.Send(t.Context(), s.server, message())
			f := failure(t, err)
			if f.Stage != m.stage || f.Code != 0 || !f.Temporary || !f.Dropped {
				t.Errorf("got %+v", f)
			}
			if f.MaybeTaken != (m.stage == mail.StageEnd) {
				t.Errorf("maybe taken: %v", f.MaybeTaken)
			}
			silent(t, err, password, pin)
		})
	}
}

func TestLostAnswer(t *testing.T) {
	s := newSite(t)
	s.Break(mailsink.Fault{At: mailsink.End, Do: mailsink.Lose, Times: 1})
	_, err := mail.Send(t.Context(), s.server, message())
	if f := failure(t, err); f.Stage != mail.StageEnd || !f.MaybeTaken || !f.Temporary {
		t.Errorf("got %+v", f)
	}
	if _, err := mail.Send(t.Context(), s.server, message()); err != nil {
		t.Fatal(err)
	}
	got := mailtest.Await(t, s.Sink, 2)
	if first, second := string(got[0].Raw), string(got[1].Raw); first != second {
		t.Errorf("two copies differ:\n%s\n%s", first, second)
	}
}

func TestStalledServers(t *testing.T) {
	for _, m := range moments {
		t.Run("cancel at "+string(m.at), func(t *testing.T) {
			noLeak(t)
			s := newSite(t, "PLAIN")
			s.server.Method = mail.AuthPlain
			s.Break(mailsink.Fault{At: m.at, Do: mailsink.Stall})
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(100*time.Millisecond, cancel)
			begin := time.Now()
			_, err := mail.Send(ctx, s.server, message())
			if took := time.Since(begin); took < 90*time.Millisecond || took > time.Second {
				t.Errorf("it took %s", took)
			}
			f := failure(t, err)
			if f.Stage != m.stage || !errors.Is(err, context.Canceled) || !f.Temporary || !f.Dropped {
				t.Errorf("got %+v", f)
			}
			if f.MaybeTaken != (m.stage == mail.StageEnd) {
				t.Errorf("maybe taken: %v", f.MaybeTaken)
			}
		})
	}
	for _, m := range moments {
		t.Run("limit at "+string(m.at), func(t *testing.T) {
			t.Parallel() // they only wait
			s := newSite(t, "PLAIN")
			s.server.Method = mail.AuthPlain
			s.server.Limits = mail.Limits{Connect: time.Second, Command: time.Second, End: time.Second}
			s.Break(mailsink.Fault{At: m.at, Do: mailsink.Stall})
			_, err := mail.Send(t.Context(), s.server, message())
			f := failure(t, err)
			if f.Stage != m.stage || !errors.Is(err, context.DeadlineExceeded) || !f.Temporary {
				t.Errorf("got %+v", f)
			}
			if said := mail.Explain(err).String(); !strings.Contains(said, "in time") && !strings.Contains(said, "stopped answering") && !strings.Contains(said, "silent") {
				t.Errorf("the explanation %q does not speak of time", said)
			}
		})
	}
}

func TestSessionGoesOnAfterARefusal(t *testing.T) {
	for _, m := range moments {
		if !m.keeps {
			continue
		}
		for _, code := range []int{450, 550} {
			t.Run(fmt.Sprintf("%s %d", m.at, code), func(t *testing.T) {
				s := newSite(t)
				s.Break(mailsink.Fault{At: m.at, Code: code, Times: 1})
				session := dial(t, s.server)
				_, err := session.Send(t.Context(), message())
				if f := failure(t, err); f.Dropped || session.Dropped() {
					t.Fatalf("the session is lost: %+v", f)
				}
				for range 2 {
					if _, err := session.Send(t.Context(), message()); err != nil {
						t.Fatal(err)
					}
				}
				if got := mailtest.Await(t, s.Sink, 2); len(got) != 2 || s.Sessions() != 1 {
					t.Errorf("%d messages in %d sessions", len(got), s.Sessions())
				}
			})
		}
	}
	for name, faults := range map[string][]mailsink.Fault{
		"421":           {{At: mailsink.Recipient, Code: 421, Times: 1}},
		"dropped":       {{At: mailsink.Recipient, Do: mailsink.Drop, Times: 1}},
		"reset refused": {{At: mailsink.Recipient, Code: 550, Times: 1}, {At: mailsink.Reset, Code: 502}},
		"reset dropped": {{At: mailsink.Recipient, Code: 550, Times: 1}, {At: mailsink.Reset, Do: mailsink.Drop}},
	} {
		t.Run("not after "+name, func(t *testing.T) {
			noLeak(t)
			s := newSite(t)
			s.Break(faults...)
			session := dial(t, s.server)
			_, err := session.Send(t.Context(), message())
			if f := failure(t, err); f.Stage != mail.StageRecipient || !f.Dropped || !session.Dropped() {
				t.Errorf("got %+v", f)
			}
			_, err = session.Send(t.Context(), message())
			if f := failure(t, err); f.Stage != mail.StageConnect || !f.Dropped || !f.Temporary {
				t.Errorf("a lost session answers %+v", f)
			}
			session.Close()
		})
	}
}

func TestOneRecipientOfMany(t *testing.T) {
	s := newSite(t)
	s.Break(mailsink.Fault{At: mailsink.Recipient, Recipient: "bob@example.org", Code: 550})
	session := dial(t, s.server)
	for _, to := range []string{"ada@example.org", "bob@example.org", "eve@example.org"} {
		m := message()
		m.To.Email = to
		if _, err := session.Send(t.Context(), m); (err != nil) != (to == "bob@example.org") {
			t.Errorf("%s: %v", to, err)
		}
	}
	if got := mailtest.Await(t, s.Sink, 2); got[0].To[0] != "ada@example.org" || got[1].To[0] != "eve@example.org" {
		t.Errorf("got %v and %v", got[0].To, got[1].To)
	}
}

func dial(t *testing.T, server mail.Server) *mail.Session {
	t.Helper()
	s, err := mail.Dial(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}
