package notify_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func TestNoticeOfExpiry(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*post))) {
		story("it goes out at its instant, once, in the words of the reader", func(p *post) {
			p.set(map[string]any{"customer.time-zone": "Europe/Prague", "customer.name": "Acme"})
			p.tellOfExpiry(48, 24)
			p.update("anna", func(u *cardinal.User) { u.FullName, u.Language = "Anna Nováková", "cs" })
			made := p.Clock.Now()
			p.pin("anna", "604829")
			p.Clock.Set(made.Add(24*time.Hour - time.Millisecond))
			same(p.t, 0, p.round())
			p.Clock.Set(made.Add(24 * time.Hour))
			same(p.t, 1, p.round())
			same(p.t, 0, p.round())
			same(p.t, []string{"pin.set anna generated=false replaced=false", "pin.expiring anna expires-at=2026-03-04T12:00:00Z"}, storetest.Events(p.t, p.store, p.customer))
			n := p.one()
			same(p.t, []any{cardinal.NotificationSent, 1, made.Add(24 * time.Hour), "anna"}, []any{n.State, n.Tries, n.SentAt, n.Username})
			got := p.sink.Messages()
			if len(got) != 1 {
				p.t.Fatalf("%d messages", len(got))
			}
			m := got[0]
			same(p.t, []string{"pins@acme.example", "anna@example.org"}, []string{m.From, strings.Join(m.To, ",")})
			// 4 March 2026, 12:00 UTC is 13:00 in Prague.
			for _, part := range []string{"4. března 2026", "13:00", "Acme", "PIN"} {
				if !strings.Contains(m.Text, part) || !strings.Contains(m.HTML, part) {
					p.t.Errorf("%q is missing in\n%s\n%s", part, m.Text, m.HTML)
				}
			}
			if strings.Contains(string(m.Raw), "604829") || m.Header.Get("Auto-Submitted") != "auto-generated" {
				p.t.Errorf("the message is\n%s", m.Raw)
			}
		})
		story("over the change to daylight saving time the hour is that of the clock on the wall", func(p *post) {
			p.set(map[string]any{"customer.time-zone": "Europe/Prague"})
			p.tellOfExpiry(48, 24)
			p.Clock.Set(time.Date(2026, 3, 27, 11, 0, 0, 0, time.UTC)) // noon in Prague; the night to 29 March has one hour less
			p.pin("anna", "604829")
			p.later(24 * time.Hour)
			p.round()
			if got := p.sink.Messages(); len(got) != 1 || !strings.Contains(got[0].Text, "March 29, 2026, 13:00 (CEST") {
				p.t.Errorf("the notice is %+v", got)
			}
		})
		story("either setting at 0 switches it off, also for PINs that live already", func(p *post) {
			p.tellOfExpiry(48, 24)
			p.pin("anna", "604829")
			p.later(30 * time.Hour)
			p.set(map[string]any{"pin.expiration-notice-hours": 0})
			same(p.t, 0, p.round())
			p.set(map[string]any{"pin.expiration-notice-hours": 24, "pin.expiration-hours": 0})
			same(p.t, 0, p.round())
			p.set(map[string]any{"pin.expiration-hours": 1})
			same(p.t, 1, p.round())
		})
		story("a lead longer than the life of a PIN tells at once", func(p *post) {
			p.tellOfExpiry(2, 48)
			p.pin("anna", "604829")
			same(p.t, 1, p.round())
		})
		story("after a stop it goes out as long as the PIN lives, and not after", func(p *post) {
			p.tellOfExpiry(48, 24)
			p.pin("anna", "604829")
			p.later(24 * time.Hour)
			p.pin("bert", "750318")
			p.later(24*time.Hour - time.Millisecond) // anna's has its last instant, bert's is due since a millisecond less than a day
			same(p.t, 1, p.round())
			p.later(24 * time.Hour)
			same(p.t, 1, p.round())
			same(p.t, []string{"anna sent", "bert sent"}, p.states())
			p.later(time.Hour)
			p.pin("anna", "860317")
			p.later(48 * time.Hour)
			same(p.t, 0, p.round())
		})
		story("a PIN that is changed or removed before it went out cancels it, and the new PIN has its own", func(p *post) {
			p.tellOfExpiry(48, 24)
			p.pin("anna", "604829")
			p.pin("bert", "750318")
			p.later(24 * time.Hour)
			if _, err := p.service.QueueDue(p.t.Context()); err != nil {
				p.t.Fatal(err)
			}
			p.pin("anna", "860317")
			if err := p.door.RemovePIN(p.t.Context(), p.admin, "bert"); err != nil {
				p.t.Fatal(err)
			}
			p.round()
			same(p.t, []string{"anna cancelled overtaken", "bert cancelled overtaken"}, p.states())
			p.later(24 * time.Hour)
			p.round()
			same(p.t, "anna sent", p.states()[2])
			same(p.t, 1, len(p.sink.Messages()))
		})
		story("who cannot be told is skipped, with the reason", func(p *post) {
			p.people("carl", "dora")
			p.tellOfExpiry(48, 24)
			for i, username := range []string{"anna", "bert", "carl"} {
				p.pin(username, []string{"604829", "750318", "930472"}[i])
			}
			p.update("anna", func(u *cardinal.User) { u.Email = "" })
			p.update("bert", func(u *cardinal.User) { u.Disabled = true })
			p.later(24 * time.Hour)
			p.round()
			p.pin("dora", "860317")
			p.set(map[string]any{"pin.expiration-notice.messaging-configuration": ""})
			p.later(24 * time.Hour)
			p.round()
			same(p.t, []string{"anna skipped no_address", "bert skipped disabled", "carl sent", "dora skipped no_configuration"}, p.states())
			counts, err := p.service.Counts(p.t.Context(), p.admin, p.Clock.Now().Add(-48*time.Hour))
			if err != nil {
				p.t.Fatal(err)
			}
			same(p.t, map[cardinal.NotificationState]int{cardinal.NotificationSent: 1, cardinal.NotificationSkipped: 3}, counts)
		})
		story("with a user who is deleted goes what they were to be told", func(p *post) {
			p.tellOfExpiry(48, 24)
			p.pin("anna", "604829")
			p.later(24 * time.Hour)
			if _, err := p.service.QueueDue(p.t.Context()); err != nil {
				p.t.Fatal(err)
			}
			storetest.Write(p.t, p.store, func(ctx context.Context, tx *store.Tx) error {
				u, err := tx.LockUserByName(ctx, p.customer, "anna")
				if err != nil {
					return err
				}
				return tx.DeleteUser(ctx, u)
			})
			p.round()
			same(p.t, []string{}, p.states())
			same(p.t, 0, len(p.sink.Messages()))
		})
		story("changes of the settings touch no PIN", func(p *post) {
			p.pin("anna", "604829")
			p.tellOfExpiry(1, 1)
			p.later(9000 * time.Hour)
			same(p.t, 0, p.round())
			same(p.t, 0, len(p.notifications()))
		})
	})
}

// Several nodes queue and send: each PIN has one notice, each notice one message.
func TestManyNodes(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		p := newPost(t, d, d.Open(t), "Acme")
		p.tellOfExpiry(48, 24)
		usernames := make([]string, 150)
		for i := range usernames {
			usernames[i] = fmt.Sprintf("user%03d", i)
		}
		p.people(usernames...)
		for i, username := range usernames {
			p.pin(username, fmt.Sprintf("60%04d", i*37+211))
		}
		p.later(30 * time.Hour)
		var nodes sync.WaitGroup
		for range 3 {
			node := p.node(d.Open(t))
			nodes.Go(func() {
				for range 40 {
					if _, err := node.QueueDue(t.Context()); err != nil {
						t.Error(err)
					}
					p.deliver(node)
				}
			})
		}
		nodes.Wait()
		p.round()
		seen := map[string]int{}
		for _, m := range p.sink.Messages() {
			seen[m.To[0]]++
		}
		for _, username := range usernames {
			if n := seen[username+"@example.org"]; n != 1 {
				t.Errorf("%s has %d messages", username, n)
			}
		}
		for _, n := range p.notifications() {
			if n.State != cardinal.NotificationSent || n.Tries != 1 {
				t.Errorf("%s: %s after %d tries", n.Username, n.State, n.Tries)
			}
		}
	})
}
