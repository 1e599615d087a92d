package notify_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/mailsink"
	"cardinal/internal/notify"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

const day = 24 * time.Hour

// alone runs each story on a database of its own: the age of a record is in its
// identifier, and those do not go back with the clock.
func alone(t *testing.T, tell func(story func(name string, tell func(*post)))) {
	t.Helper()
	tell(func(name string, tell func(*post)) {
		t.Run(name, func(t *testing.T) {
			storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) { tell(newPost(t, d, d.Open(t), "Acme")) })
		})
	})
}

// prune returns how many notifications one node prunes.
func (p *post) prune() int {
	p.t.Helper()
	n, err := p.service.Prune(p.t.Context())
	if err != nil {
		p.t.Error(err)
	}
	return n
}

func TestPrune(t *testing.T) {
	alone(t, func(story func(string, func(*post))) {
		story("what is over is kept for as many days as the setting says, and no longer", func(p *post) {
			p.tellOfExpiry(48, 24)
			p.pin("anna", "604829")
			p.later(day)
			p.round()
			p.later(90*day - time.Millisecond)
			same(p.t, 0, p.prune())
			p.later(2 * time.Millisecond)
			p.set(map[string]any{"notification.record-days": 91})
			same(p.t, 0, p.prune())
			p.set(map[string]any{"notification.record-days": -1})
			same(p.t, 0, p.prune())
			p.set(map[string]any{"notification.record-days": 90})
			same(p.t, 1, p.prune())
			same(p.t, []string{}, p.states())
			same(p.t, 0, p.prune())
		})
		story("what waits stays, and what was sent again counts from then", func(p *post) {
			p.tellOfExpiry(24*300, 24*200)
			p.set(map[string]any{"notification.record-days": 1})
			p.pin("anna", "604829")
			p.later(100 * day)
			p.round()
			p.later(10 * day)
			if err := p.service.Resend(p.t.Context(), p.admin, p.one().ID); err != nil {
				p.t.Fatal(err)
			}
			same(p.t, 0, p.prune())
			p.round()
			same(p.t, 0, p.prune())
			same(p.t, []string{"anna sent"}, p.states())
			p.later(day + time.Millisecond)
			same(p.t, 1, p.prune())
		})
		story("a PIN that was told of is not told of again when the record of it is gone", func(p *post) {
			p.tellOfExpiry(24*300, 24*200)
			p.set(map[string]any{"notification.record-days": 1})
			p.pin("anna", "604829")
			p.later(100 * day)
			p.round()
			p.later(10 * day)
			same(p.t, 1, p.prune())
			same(p.t, 0, p.round())
			same(p.t, 1, len(p.sink.Messages()))
		})
		story("another customer keeps its own", func(p *post) {
			other := newPost(p.t, p.Database, p.store, "Elsewhere")
			for _, o := range []*post{p, other} {
				o.tellOfExpiry(48, 24)
				o.pin("anna", "604829")
			}
			p.later(day)
			p.round()
			p.set(map[string]any{"notification.record-days": 10})
			p.later(20 * day)
			same(p.t, 1, p.prune())
			same(p.t, []string{"anna sent"}, other.states())
		})
	})
}

// Many old ones go in several transactions, on whichever node, each once.
func TestManyNodesPrune(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		p := newPost(t, d, d.Open(t), "Acme")
		p.tellOfExpiry(48, 24)
		names := make([]string, 350)
		for i := range names {
			names[i] = fmt.Sprintf("user%03d", i)
		}
		p.people(names...)
		storetest.Write(t, p.store, func(ctx context.Context, tx *store.Tx) error {
			for _, name := range names {
				user, err := tx.UserByName(ctx, p.customer, name)
				if err == nil {
					err = tx.AddNotification(ctx, store.StoredNotification{Notification: cardinal.Notification{
						ID: cardinal.NotificationID(tx.NewID()), Customer: p.customer, User: user.ID, Username: name, Kind: "pin-changed", State: cardinal.NotificationFailed,
					}, Details: "{}"})
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		p.later(91 * day)
		var nodes sync.WaitGroup
		counts := make([]int, 3)
		for i := range counts {
			node := p.node(d.Open(t))
			nodes.Go(func() {
				n, err := node.Prune(t.Context())
				if err != nil {
					t.Error(err)
				}
				counts[i] = n
			})
		}
		nodes.Wait()
		if sum := counts[0] + counts[1] + counts[2] + p.prune(); sum != len(names) || len(p.notifications()) != 0 {
			t.Errorf("%v were pruned of %d, %d are left", counts, len(names), len(p.notifications()))
		}
	})
}

// A user is deleted while an e-mail to them is on its way: nothing that names them
// comes back, and the others are told.
func TestDeletedWhileItIsSent(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		p := newPost(t, d, d.Open(t), "Acme")
		p.tellOfExpiry(48, 24)
		p.pin("anna", "604829")
		p.later(time.Minute)
		p.pin("bert", "750318")
		p.later(day)
		p.sink.Break(mailsink.Fault{At: mailsink.End, Do: mailsink.Stall, Times: 1})
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			p.round()
		}()
		for p.sink.Sessions() == 0 {
			time.Sleep(time.Millisecond)
		}
		storetest.Write(t, p.store, func(ctx context.Context, tx *store.Tx) error {
			u, err := tx.LockUserByName(ctx, p.customer, "anna")
			if err != nil {
				return err
			}
			return tx.DeleteUser(ctx, u)
		})
		<-sent
		all, err := p.service.Notifications(t.Context(), p.admin, notify.Query{Most: 100})
		if err != nil || slices.ContainsFunc(all, func(n notify.NotificationView) bool { return strings.Contains(n.Username+n.LastAnswer, "anna") }) {
			t.Errorf("%v, %v", all, err)
		}
		p.later(time.Hour)
		p.round()
		same(t, []string{"bert sent"}, p.states())
	})
}
