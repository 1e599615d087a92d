package mail_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"cardinal/internal/mail"
	"cardinal/internal/mailsink"
)

func TestExplanationsSayWhatToDo(t *testing.T) {
	for _, c := range []struct {
		fault mailsink.Fault
		says  string
	}{
		{mailsink.Fault{At: mailsink.Connect, Code: 554}, "takes no mail from this machine"},
		{mailsink.Fault{At: mailsink.Connect, Do: mailsink.Drop}, "hung up before it greeted. Check port and security"},
		{mailsink.Fault{At: mailsink.StartTLS, Code: 454}, "refused to change to TLS"},
		{mailsink.Fault{At: mailsink.Handshake, Do: mailsink.Drop}, "broke while TLS began. Check port and security"},
		{mailsink.Fault{At: mailsink.Auth, Code: 535}, "Check username, password and method"},
		{mailsink.Fault{At: mailsink.Auth, Code: 454}, "cannot check the password now. Try again later"},
		{mailsink.Fault{At: mailsink.Auth, Do: mailsink.Drop}, "broke the connection off. Try again later"},
		{mailsink.Fault{At: mailsink.Sender, Code: 550}, "Use an address that this account may send from"},
		{mailsink.Fault{At: mailsink.Sender, Code: 450}, "does not take mail from this sender now"},
		{mailsink.Fault{At: mailsink.Sender, Do: mailsink.Drop}, "broke the connection off. Try again later"},
		{mailsink.Fault{At: mailsink.Recipient, Code: 550}, "refused the recipient. Check the address"},
		{mailsink.Fault{At: mailsink.Recipient, Code: 450}, "does not take mail for this recipient now"},
		{mailsink.Fault{At: mailsink.Data, Code: 554}, "refused the message"},
		{mailsink.Fault{At: mailsink.Data, Do: mailsink.Drop}, "broke the connection off. Try again later"},
		{mailsink.Fault{At: mailsink.End, Code: 452}, "does not take the message now"},
		{mailsink.Fault{At: mailsink.End, Do: mailsink.Lose}, "may make a second copy"},
	} {
		t.Run(fmt.Sprintf("%s %s %d", c.fault.At, c.fault.Do, c.fault.Code), func(t *testing.T) {
			s := newSite(t, "PLAIN")
			s.server.Method = mail.AuthPlain
			s.Break(c.fault)
			_, err := mail.Send(t.Context(), s.server, message())
			said := mail.Explain(err)
			if !strings.Contains(said.String(), c.says) {
				t.Errorf("got %q, want %q in it", said, c.says)
			}
			if format, _ := said.Parts(); strings.Contains(format, "127.0.0.1") {
				t.Errorf("the format %q holds a value", format)
			}
		})
	}
}

func TestExplanationsOfOtherErrors(t *testing.T) {
	if said := mail.Explain(errors.New("disk full, PIN 1234")).String(); said != "The message could not be sent." {
		t.Errorf("got %q", said)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if said := mail.Explain(mail.Check(ended, newSite(t).server)).String(); said != "Sending was interrupted." {
		t.Errorf("got %q", said)
	}
}
