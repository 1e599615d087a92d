package notify_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cardinal"
	"cardinal/internal/mailsink"
	"cardinal/internal/notify"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// week is a customer over whom days pass, with what was seen so far.
type week struct {
	*post
	rt    *rapid.T
	told  map[cardinal.PINID]int
	seen  map[cardinal.NotificationID]bool
	drawn int
}

// TestAWeek lets a week pass in which settings change, nodes stop and servers
// fail, in any order, and holds what is promised of it all.
func TestAWeek(t *testing.T) {
	d := newSQLite(t)
	s := d.Open(t)
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		p := newPost(t, d, s, fmt.Sprint("week ", runs))
		p.tellOfExpiry(48, 24)
		w := &week{post: p, rt: rt, told: map[cardinal.PINID]int{}, seen: map[cardinal.NotificationID]bool{}}
		for began := p.Clock.Now(); p.Clock.Now().Sub(began) < 7*24*time.Hour; {
			w.something()
			p.later(time.Duration(rapid.IntRange(1, 12*60).Draw(rt, "minutes")) * time.Minute)
			w.work()
			w.holds()
		}
		_ = p.sink.Close() // one of many; the last ones are closed with the test
	})
}

// something happens to people, settings or servers.
func (w *week) something() {
	user := rapid.SampledFrom([]string{"anna", "bert"}).Draw(w.rt, "user")
	before := w.pins()
	switch what := rapid.SampledFrom([]string{"pin", "pin", "remove", "hours", "notice", "fail", "mend", "restart", "nothing"}).Draw(w.rt, "what"); what {
	case "pin":
		w.drawn++
		if _, _, err := w.door.GeneratePIN(w.t.Context(), w.admin, user, 0); err != nil {
			w.rt.Fatal(err)
		}
		return
	case "remove":
		if err := w.door.RemovePIN(w.t.Context(), w.admin, user); err != nil {
			w.rt.Fatal(err)
		}
		return
	case "hours":
		w.set(map[string]any{"pin.expiration-hours": rapid.SampledFrom([]int{0, 1, 24, 48, 100}).Draw(w.rt, "hours")})
	case "notice":
		w.set(map[string]any{"pin.expiration-notice-hours": rapid.SampledFrom([]int{0, 1, 24, 200}).Draw(w.rt, "hours")})
	case "fail":
		at := rapid.SampledFrom([]mailsink.Stage{mailsink.Connect, mailsink.Sender, mailsink.Recipient, mailsink.Data, mailsink.End}).Draw(w.rt, "at")
		do := rapid.SampledFrom([]mailsink.Action{mailsink.Refuse, mailsink.Drop}).Draw(w.rt, "do")
		code := rapid.SampledFrom([]int{421, 451, 550}).Draw(w.rt, "code")
		w.sink.Break(mailsink.Fault{At: at, Do: do, Code: code, Times: rapid.IntRange(0, 3).Draw(w.rt, "times")})
	case "mend":
		w.sink.Mend()
	case "restart":
		w.service = w.node(w.store)
	}
	if after := w.pins(); fmt.Sprint(before) != fmt.Sprint(after) {
		w.rt.Fatalf("no PIN was changed, but they were %v and are %v", before, after)
	}
}

// pins are the PINs of the people, with their ends.
func (w *week) pins() map[string]cardinal.PINState {
	pins := map[string]cardinal.PINState{}
	storetest.Read(w.t, w.store, func(ctx context.Context, tx *store.Tx) error {
		for _, username := range []string{"anna", "bert"} {
			u, err := tx.UserByName(ctx, w.customer, username)
			if err != nil {
				return err
			}
			pin, err := tx.PIN(ctx, u.ID)
			if err == nil {
				pins[username] = pin.PINState
			} else if cardinal.CodeOf(err) != cardinal.CodeNotFound {
				return err
			}
		}
		return nil
	})
	return pins
}

// work is what a server does beside answering; it may be down.
func (w *week) work() {
	if rapid.IntRange(0, 4).Draw(w.rt, "down") == 0 {
		return
	}
	w.round()
	if _, err := w.door.ExpireDue(w.t.Context(), "node"); err != nil {
		w.rt.Fatal(err)
	}
	for username, pin := range w.pins() {
		if !pin.ExpiresAt.IsZero() && !pin.ExpiresAt.After(w.Clock.Now()) {
			w.rt.Fatalf("the PIN of %s is there at %v and ended at %v", username, w.Clock.Now(), pin.ExpiresAt)
		}
	}
}

// holds checks the notifications that were sent since it was last asked.
func (w *week) holds() {
	pins := w.pins()
	all, err := w.service.Notifications(w.t.Context(), w.admin, notify.Query{Most: 500})
	if err != nil {
		w.rt.Fatal(err)
	}
	for _, n := range all {
		if n.State != cardinal.NotificationSent || w.seen[n.ID] {
			continue
		}
		w.seen[n.ID] = true
		if w.told[n.PIN]++; w.told[n.PIN] > 1 {
			w.rt.Fatalf("there are two notices for one PIN of %s", n.Username)
		}
		if !n.SentAt.Before(n.EndsAt) {
			w.rt.Fatalf("a notice went out at %v for a PIN that ended at %v", n.SentAt, n.EndsAt)
		}
		if pin, has := pins[n.Username]; n.SentAt.Equal(w.Clock.Now()) && (!has && n.EndsAt.After(w.Clock.Now()) || has && pin.ID != n.PIN) {
			w.rt.Fatalf("a notice went out for a PIN of %s that is no more", n.Username)
		}
	}
	if got := len(w.sink.Messages()); got < len(w.seen) {
		w.rt.Fatalf("%d notices count as sent, but %d messages arrived", len(w.seen), got)
	}
}
