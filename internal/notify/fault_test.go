package notify_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/mailsink"
	"cardinal/internal/mailtest"
	"cardinal/internal/notify"
)

// due has one notice for anna wait in the queue.
func (p *post) due() {
	p.t.Helper()
	p.tellOfExpiry(48, 24)
	p.pin("anna", "604829")
	p.later(24 * time.Hour)
	if n, err := p.service.QueueDue(p.t.Context()); err != nil || n != 1 {
		p.t.Fatalf("%d notices: %v", n, err)
	}
}

// What a server does at each stage, what is then known of the notification, and
// whether the next try, a minute later, brings the message.
func TestFaults(t *testing.T) {
	waiting, failed := cardinal.NotificationQueued, cardinal.NotificationFailed
	for _, c := range []struct {
		fault  mailsink.Fault
		state  cardinal.NotificationState
		answer string // part of it
		copies int    // of the message, after the next try
	}{
		{mailsink.Fault{At: mailsink.Connect, Do: mailsink.Refuse, Code: 421, Text: "busy"}, waiting, "421", 1},
		{mailsink.Fault{At: mailsink.Connect, Do: mailsink.Refuse, Code: 554, Text: "go away"}, waiting, "554", 1},
		{mailsink.Fault{At: mailsink.Connect, Do: mailsink.Drop}, waiting, "", 1},
		{mailsink.Fault{At: mailsink.Connect, Do: mailsink.Stall}, waiting, "", 1},
		{mailsink.Fault{At: mailsink.Hello, Do: mailsink.Drop}, waiting, "", 1},
		{mailsink.Fault{At: mailsink.Sender, Do: mailsink.Refuse, Code: 451, Text: "later"}, waiting, "451 later", 1},
		{mailsink.Fault{At: mailsink.Sender, Do: mailsink.Refuse, Code: 550, Text: "not you"}, failed, "550 not you", 0},
		{mailsink.Fault{At: mailsink.Recipient, Do: mailsink.Refuse, Code: 450, Text: "greylisted"}, waiting, "450 greylisted", 1},
		{mailsink.Fault{At: mailsink.Recipient, Do: mailsink.Refuse, Code: 550, Text: "no such user"}, failed, "550 no such user", 0},
		{mailsink.Fault{At: mailsink.Data, Do: mailsink.Refuse, Code: 452, Text: "full"}, waiting, "452 full", 1},
		{mailsink.Fault{At: mailsink.Data, Do: mailsink.Stall}, waiting, "", 1},
		{mailsink.Fault{At: mailsink.End, Do: mailsink.Refuse, Code: 451, Text: "scanning"}, waiting, "451 scanning", 1},
		{mailsink.Fault{At: mailsink.End, Do: mailsink.Refuse, Code: 554, Text: "spam"}, failed, "554 spam", 0},
		{mailsink.Fault{At: mailsink.End, Do: mailsink.Drop}, waiting, "", 1},
		{mailsink.Fault{At: mailsink.End, Do: mailsink.Lose}, waiting, "", 2},
	} {
		t.Run(strings.TrimSpace(fmt.Sprintf("%s at %s %d", c.fault.Do, c.fault.At, c.fault.Code)), func(t *testing.T) {
			d := newSQLite(t)
			p := newPost(t, d, d.Open(t), "Acme")
			p.due()
			c.fault.Times = 1
			p.sink.Break(c.fault)
			p.round()
			n := p.one()
			if n.State != c.state || n.Tries != 1 || !strings.Contains(n.LastAnswer, c.answer) || n.LastAnswer == "" || n.Explanation == "" {
				t.Errorf("it is %s after %d tries: %q (%s)", n.State, n.Tries, n.LastAnswer, n.Explanation)
			}
			if c.state == waiting {
				same(t, p.Clock.Now().Add(time.Minute), n.NextTryAt)
				p.round()
				same(t, 1, p.one().Tries) // not before its time
				p.later(time.Minute)
				p.round()
				same(t, cardinal.NotificationSent, p.one().State)
			}
			got := p.sink.Messages()
			if len(got) != c.copies {
				t.Fatalf("%d copies arrived", len(got))
			}
			for _, m := range got {
				same(t, got[0].Header.Get("Message-Id"), m.Header.Get("Message-Id"))
			}
		})
	}
}

func TestRetries(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*post))) {
		story("the pauses grow, and the last try is before the PIN expires", func(p *post) {
			p.due()
			p.sink.Break(mailsink.Fault{At: mailsink.Recipient, Do: mailsink.Refuse, Code: 451})
			var pauses []time.Duration
			last := p.Clock.Now()
			for {
				p.round()
				n := p.one()
				if n.State != cardinal.NotificationQueued {
					same(p.t, cardinal.NotificationFailed, n.State)
					break
				}
				pauses = append(pauses, n.NextTryAt.Sub(last))
				last = n.NextTryAt
				p.Clock.Set(last)
			}
			h, m := time.Hour, time.Minute
			same(p.t, []time.Duration{m, 5 * m, 15 * m, h, 4 * h, 4 * h, 4 * h, 4 * h, 4 * h}, pauses)
		})
		story("a server that does not answer holds up no other one, a refused message no other message", func(p *post) {
			p.due()
			p.sink.Break(mailsink.Fault{At: mailsink.Connect, Do: mailsink.Stall})
			other := newPost(p.t, p.Database, p.store, p.t.Name()+" other")
			other.tellOfExpiry(48, 24)
			other.people("carl")
			other.pin("anna", "604829")
			other.pin("bert", "750318")
			other.pin("carl", "930472")
			other.later(24 * time.Hour)
			other.sink.Break(mailsink.Fault{At: mailsink.Recipient, Recipient: "anna@example.org", Do: mailsink.Refuse, Code: 550})
			other.round()
			same(p.t, []string{"anna failed", "bert sent", "carl sent"}, other.states())
			if n := other.sink.Sessions(); n != 1 {
				p.t.Errorf("three messages took %d sessions", n)
			}
		})
		story("what a node had that is gone is sent by another after the lease, as the same message", func(p *post) {
			p.due()
			p.sink.Break(mailsink.Fault{At: mailsink.Sender, Do: mailsink.Stall, Times: 1})
			ctx, kill := context.WithCancel(p.t.Context())
			gone := p.node(p.store)
			if err := gone.Deliver(ctx); err != nil {
				p.t.Fatal(err)
			}
			for p.one().State != cardinal.NotificationSending {
				time.Sleep(time.Millisecond)
			}
			p.deliver(p.service)
			same(p.t, cardinal.NotificationSending, p.one().State)
			p.later(time.Minute)
			p.deliver(p.service)
			n := p.one()
			same(p.t, []any{cardinal.NotificationSent, 2}, []any{n.State, n.Tries})
			kill()
			gone.Wait()
			same(p.t, cardinal.NotificationSent, p.one().State) // the first node has no say any more
			same(p.t, 1, len(p.sink.Messages()))
		})
		story("a node that stops gives back what it had not sent", func(p *post) {
			p.due()
			p.sink.Break(mailsink.Fault{At: mailsink.Sender, Do: mailsink.Stall, Times: 1})
			ctx, stop := context.WithCancel(p.t.Context())
			node := p.node(p.store)
			if err := node.Deliver(ctx); err != nil {
				p.t.Fatal(err)
			}
			for p.one().State != cardinal.NotificationSending {
				time.Sleep(time.Millisecond)
			}
			stop()
			node.Wait()
			p.sink.Mend() // it may have been stopped before it came to where the server stalls
			same(p.t, cardinal.NotificationQueued, p.one().State)
			p.deliver(p.service)
			same(p.t, cardinal.NotificationSent, p.one().State)
		})
		story("no more leave in a minute than the configuration says", func(p *post) {
			p.people("carl", "dora")
			p.tellOfExpiry(48, 24)
			all, err := p.service.Configurations(p.t.Context(), p.admin)
			if err != nil {
				p.t.Fatal(err)
			}
			slow := all[0].MessagingConfiguration
			slow.RatePerMinute = 2
			if _, err := p.service.ChangeConfiguration(p.t.Context(), p.admin, slow, notify.Secrets{}); err != nil {
				p.t.Fatal(err)
			}
			for i, username := range []string{"anna", "bert", "carl", "dora"} {
				p.pin(username, []string{"604829", "750318", "930472", "860317"}[i])
			}
			p.later(24 * time.Hour)
			var sent []int
			for range 4 {
				p.round()
				sent = append(sent, len(p.sink.Messages()))
				p.later(30 * time.Second)
			}
			same(p.t, []int{2, 2, 4, 4}, sent)
		})
		story("what failed can be sent again, as another message; what waits can be cancelled", func(p *post) {
			p.due()
			p.sink.Break(mailsink.Fault{At: mailsink.End, Do: mailsink.Refuse, Code: 554, Times: 1})
			id := p.one().ID
			p.round()
			code(p.t, cardinal.CodeConflict, p.service.Cancel(p.t.Context(), p.admin, id))
			if err := p.service.Resend(p.t.Context(), p.admin, id); err != nil {
				p.t.Fatal(err)
			}
			code(p.t, cardinal.CodeConflict, p.service.Resend(p.t.Context(), p.admin, id))
			p.round()
			same(p.t, cardinal.NotificationSent, p.one().State)
			if err := p.service.Resend(p.t.Context(), p.admin, id); err != nil {
				p.t.Fatal(err)
			}
			p.round()
			ids := map[string]bool{}
			for _, m := range p.sink.Messages() {
				ids[m.Header.Get("Message-Id")] = true
			}
			same(p.t, 2, len(ids))
			if err := p.service.Resend(p.t.Context(), p.admin, id); err != nil {
				p.t.Fatal(err)
			}
			if err := p.service.Cancel(p.t.Context(), p.admin, id); err != nil {
				p.t.Fatal(err)
			}
			p.round()
			same(p.t, []string{"anna cancelled by_hand"}, p.states())
			p.later(24 * time.Hour)
			code(p.t, cardinal.CodeConflict, p.service.Resend(p.t.Context(), p.admin, id)) // the PIN is no more
		})
	})
}

// A foreign server: Exim with STARTTLS, authentication, a recipient that it puts
// off and one that it refuses.
func TestExim(t *testing.T) {
	relay := mailtest.Exim(t)
	d := newSQLite(t)
	p := newPost(t, d, d.Open(t), "Acme")
	p.service = p.nodeTrusting(relay.Roots)
	c := p.configure(cardinal.MessagingConfiguration{
		Name: "Exim", Host: relay.Host, Port: relay.Port, Security: cardinal.MailStartTLS, Authentication: cardinal.MailAuthPlain, Username: relay.Username,
		SenderAddress: "pins@acme.example",
	}, notify.Secrets{Password: cardinal.NewPassword(relay.Password)})
	p.set(map[string]any{"pin.expiration-hours": 48, "pin.expiration-notice-hours": 24, "pin.expiration-notice.messaging-configuration": string(c.ID)})
	p.people("carl")
	p.update("bert", func(u *cardinal.User) { u.Email = relay.Later })
	p.update("carl", func(u *cardinal.User) { u.Email = relay.Nobody })
	for i, username := range []string{"anna", "bert", "carl"} {
		p.pin(username, []string{"604829", "750318", "930472"}[i])
	}
	p.later(24 * time.Hour)
	p.round()
	same(t, []string{"anna sent", "bert queued", "carl failed"}, p.states())
	got := relay.Await(t, 1)
	if len(got) != 1 || !strings.Contains(got[0].Text, "anna") {
		t.Errorf("delivered: %+v", got)
	}
	for _, n := range p.notifications() {
		if want := map[string]string{"anna": "250", "bert": "451", "carl": "550"}[n.Username]; !strings.HasPrefix(n.LastAnswer, want) {
			t.Errorf("%s: %q", n.Username, n.LastAnswer)
		}
	}
}
