package mail_test

import (
	"slices"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/mail"
	"cardinal/internal/mailsink"
	"cardinal/internal/mailtest"
)

func TestExim(t *testing.T) {
	relay := mailtest.Exim(t)
	server := mail.Server{
		Host: relay.Host, Port: relay.Port, Roots: relay.Roots,
		Method: mail.AuthPlain, Username: relay.Username, Password: cardinal.NewPassword(relay.Password),
	}
	t.Run("takes messages, in one session with refusals in between", func(t *testing.T) {
		session := dial(t, server)
		for _, to := range []string{"ada@example.org", relay.Later, relay.Nobody, "bob@example.org"} {
			m := message()
			m.To = mail.Address{Name: "Zoë 李", Email: to}
			m.Subject = "Ihre neue PIN für " + to
			m.Text = ".\nFrom here on:\n" + strings.Repeat("long line ", 200) + "\n"
			answer, err := session.Send(t.Context(), m)
			switch to {
			case relay.Later:
				refusedBy(t, err, 451, true, "come back later")
			case relay.Nobody:
				refusedBy(t, err, 550, false, "no mailbox here")
			default:
				if err != nil || !strings.HasPrefix(answer, "250 ") {
					t.Errorf("%s: %q, %v", to, answer, err)
				}
			}
		}
		got := relay.Await(t, 2)
		slices.SortFunc(got, func(a, b mailsink.Received) int { return strings.Compare(a.Subject, b.Subject) }) // deliveries overtake one another
		for i, to := range []string{"ada@example.org", "bob@example.org"} {
			if got[i].Subject != "Ihre neue PIN für "+to || got[i].Header.Get("Message-ID") != "<"+message().ID+">" || got[i].Header.Get("Auto-Submitted") != "auto-generated" {
				t.Errorf("%s: %q", to, got[i].Header)
			}
			if want := ".\nFrom here on:\n" + strings.Repeat("long line ", 200) + "\n"; got[i].Text != want || got[i].HTML != message().HTML {
				t.Errorf("%s: text %q, HTML %q", to, got[i].Text, got[i].HTML)
			}
		}
	})
	t.Run("refuses a wrong password", func(t *testing.T) {
		wrong := server
		wrong.Password = cardinal.NewPassword("not-this-one")
		err := mail.Check(t.Context(), wrong)
		if f := failure(t, err); f.Stage != mail.StageAuthenticate || f.Code != 535 || f.Temporary {
			t.Errorf("got %+v", f)
		}
		silent(t, err, "not-this-one")
	})
	t.Run("wants somebody to sign in", func(t *testing.T) {
		nobody := server
		nobody.Method = mail.AuthNone
		_, err := mail.Send(t.Context(), nobody, message())
		refusedBy(t, err, 550, false, "sign in first")
	})
	t.Run("does not offer SCRAM", func(t *testing.T) {
		scram := server
		scram.Method = mail.AuthSCRAM
		err := mail.Check(t.Context(), scram)
		if f := failure(t, err); f.Stage != mail.StageAuthenticate || f.Code != 0 {
			t.Errorf("got %+v", f)
		}
	})
	t.Run("is not trusted without its authority", func(t *testing.T) {
		foreign := server
		foreign.Roots = mailtest.NewAuthority(t).Roots
		err := mail.Check(t.Context(), foreign)
		if said := mail.Explain(err).String(); failure(t, err).Stage != mail.StageTLS || !strings.Contains(said, "authority") {
			t.Errorf("the explanation is %q", said)
		}
	})
	t.Run("takes addresses in another script", func(t *testing.T) {
		m := message()
		m.To.Email = "用户@例え.example"
		if _, err := mail.Send(t.Context(), server, m); err != nil {
			t.Error(err)
		}
	})
}

func refusedBy(t *testing.T, err error, code int, temporary bool, says string) {
	t.Helper()
	f := failure(t, err)
	if f.Stage != mail.StageRecipient || f.Code != code || f.Temporary != temporary || f.Dropped || !strings.Contains(f.Answer, says) {
		t.Errorf("got %+v", f)
	}
	silent(t, err, pin)
}
