package wayback_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/auth"
	"cardinal/internal/seal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
	"cardinal/internal/wayback"
)

func TestAForgottenPassword(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		session, err := o.signIn("anna", old)
		o.must(err)
		for range 10 {
			_, err := o.signIn("anna", "not the password")
			o.code(cardinal.CodeUnauthenticated, err)
		}
		o.must(o.ask("ANNA@example.org"))
		path, token := o.link()
		if path != wayback.PasswordPath {
			t.Errorf("the link leads to %s", path)
		}
		for range 3 { // looking is what mail programs do too
			link, err := o.service.Look(t.Context(), path, token)
			if err != nil || link.Username != "anna" {
				t.Fatalf("the link is for %+v, %v", link, err)
			}
		}
		if _, err := o.auth.Session(t.Context(), session, o.from); err != nil {
			t.Errorf("before the link is used the session has ended: %v", err)
		}
		o.code(cardinal.CodeInvalid, o.setPassword(token, "short"))
		o.must(o.setPassword(token, fresh))
		o.code(cardinal.CodeNotFound, o.setPassword(token, fresh))
		if _, err := o.auth.Session(t.Context(), session, o.from); cardinal.CodeOf(err) != cardinal.CodeUnauthenticated {
			t.Errorf("after it the session goes on: %v", err)
		}
		if _, err := o.signIn("anna", fresh); err != nil { // wrong tries before are forgotten
			t.Errorf("the new password does not sign in: %v", err)
		}
		if _, err := o.signIn("anna", old); err == nil {
			t.Error("the old password signs in")
		}
		for _, want := range []string{"password.link-sent by anonymous: user anna", "password.reset by user anna: user anna"} {
			if !slices.Contains(o.actions(), want) {
				t.Errorf("the audit lacks %q: %q", want, o.actions())
			}
		}
	})
}

// TestALinkWorksOnce has many use it at the same time.
func TestALinkWorksOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.must(o.ask("anna"))
		_, token := o.link()
		var done sync.WaitGroup
		var set atomic.Int32
		for range 8 {
			done.Go(func() {
				switch err := o.setPassword(token, fresh); cardinal.CodeOf(err) {
				case "":
					set.Add(1)
				case cardinal.CodeNotFound:
				default:
					t.Error(err)
				}
			})
		}
		if done.Wait(); set.Load() != 1 {
			t.Errorf("the password was set %d times", set.Load())
		}
	})
}

func TestWhatEndsALink(t *testing.T) {
	ways := map[string]func(o *office){
		"an hour": func(o *office) { o.Clock.Add(time.Hour) },
		"another link used": func(o *office) {
			o.must(o.ask("anna"))
			_, token := o.link()
			o.must(o.setPassword(token, old))
		},
		"another address": func(o *office) { o.update("anna", func(u *cardinal.User) { u.Email = "anna@elsewhere.example" }) },
		"disabled":        func(o *office) { o.update("anna", func(u *cardinal.User) { u.Disabled = true }) },
	}
	everywhere(t, func(t *testing.T, o *office) {
		for name, end := range ways {
			t.Run(name, func(t *testing.T) {
				o.Clock.Add(2 * time.Hour)
				o.update("anna", func(u *cardinal.User) { u.Email, u.Disabled = "anna@example.org", false })
				o.must(o.ask("anna"))
				path, token := o.link()
				o.Clock.Add(time.Hour - time.Millisecond)
				_, err := o.service.Look(t.Context(), path, token)
				o.must(err)
				end(o)
				_, err = o.service.Look(t.Context(), path, token)
				o.code(cardinal.CodeNotFound, err)
				o.code(cardinal.CodeNotFound, o.setPassword(token, fresh))
			})
		}
		_, err := o.service.Look(t.Context(), wayback.PasswordPath, seal.NewToken(seal.LinkToken))
		o.code(cardinal.CodeNotFound, err)
	})
}

// TestTheAnswerTellsNothing asks for those who get a link and those who do not.
func TestTheAnswerTellsNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.user("bert", "")
		for _, name := range []string{"carl", "dora", "emil", "nobody-else"} {
			o.user(name, old)
		}
		o.update("carl", func(u *cardinal.User) { u.Disabled = true })
		o.update("dora", func(u *cardinal.User) { u.Email = "" })
		o.update("nobody-else", func(u *cardinal.User) { u.Email = "emil@example.org" })
		for _, c := range []struct {
			name  string
			mails int
		}{
			{"anna", 1}, {"Anna@Example.org", 1}, {"nobody", 0}, {"nobody@example.org", 0}, {"", 0}, {"an\x00na\xff", 0}, {"%", 0},
			{"bert", 0}, {"carl", 0}, {"carl@example.org", 0}, {"dora", 0}, {"emil", 1}, {"emil@example.org", 0},
		} {
			if err := o.ask(c.name); err != nil {
				t.Errorf("%q is answered %v", c.name, err)
			}
			if got := len(o.mails()); got != c.mails {
				t.Errorf("%q: %d e-mails were sent, want %d", c.name, got, c.mails)
			}
		}
		if got := strings.Count(strings.Join(o.actions(), "\n"), "password.link-sent"); got != 3 {
			t.Errorf("%d links are on record", got)
		}
	})
}

// TestEveryAnswerTakesAsLong measures what somebody sees who asks.
func TestEveryAnswerTakesAsLong(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	const least = 200 * time.Millisecond
	o.service.AnswerAfter(least)
	for _, name := range []string{"anna", "nobody"} {
		began := time.Now()
		o.must(o.ask(name))
		if took := time.Since(began); took < least {
			t.Errorf("%q is answered after %s", name, took)
		}
	}
}

func TestThreeLinksAnHour(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		sent := func() int {
			for i := range 10 {
				o.must(o.ask([]string{"anna", "anna@example.org"}[i%2]))
			}
			return len(o.mails())
		}
		if got := sent(); got != 3 {
			t.Errorf("%d links were sent at once", got)
		}
		o.Clock.Add(time.Hour - time.Millisecond)
		o.from.Address = "192.0.2.8"
		if got := sent(); got != 0 {
			t.Errorf("%d links were sent within the hour", got)
		}
		o.Clock.Add(time.Millisecond)
		o.from.Address = "192.0.2.9"
		if got := sent(); got != 3 {
			t.Errorf("%d links were sent an hour later", got)
		}
	})
}

// TestThreeLinksAnHourAtOnce asks in parallel, from many addresses.
func TestThreeLinksAnHourAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		var done sync.WaitGroup
		for i := range 12 {
			done.Go(func() {
				from := auth.Origin{Address: "192.0.2." + string(rune('1'+i%9))}
				if err := o.service.Ask(t.Context(), wayback.Password, wayback.Who{Name: "anna"}, from); err != nil {
					t.Error(err)
				}
			})
		}
		done.Wait()
		if got := len(o.mails()); got != 3 {
			t.Errorf("%d links were sent", got)
		}
	})
}

func TestTwentyLinksAnHourFromOneAddress(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		for i := range 20 {
			o.must(o.ask("name" + string(rune('a'+i))))
		}
		o.code(cardinal.CodeRateLimited, o.ask("anna"))
		o.code(cardinal.CodeRateLimited, o.ask("nobody"))
		if got := len(o.mails()); got != 0 {
			t.Errorf("%d links were sent past the limit", got)
		}
		o.Clock.Add(time.Hour)
		o.must(o.ask("anna"))
		if got := len(o.mails()); got != 1 {
			t.Errorf("%d links were sent an hour later", got)
		}
	})
}

func TestWithoutAnAddressOrAServerNothingIsSent(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		offers := func() bool {
			offered, err := o.service.Offers(t.Context(), o.customer, wayback.Password)
			o.must(err)
			return offered
		}
		if !offers() {
			t.Error("with both set it is not offered")
		}
		o.set("customer.address", "")
		if o.must(o.ask("anna")); offers() || len(o.rows("notifications")) > 0 {
			t.Error("without an address there is a link")
		}
		o.set("customer.address", home)
		o.set("mail.messaging-configuration", "")
		if o.must(o.ask("anna")); offers() || len(o.rows("notifications")) > 0 {
			t.Error("without a messaging configuration there is a link")
		}
	})
}

// TestTheOrganisationIsNamed has two with an Anna in each.
func TestTheOrganisationIsNamed(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		storetest.User(t, o.store, storetest.Customer(t, o.store, "Elsewhere").ID, "anna")
		for name, mails := range map[string]int{"": 0, "Nowhere": 0, "Elsewhere": 0, "\xff": 0, "PILSEN print": 1} {
			o.must(o.service.Ask(t.Context(), wayback.Password, wayback.Who{Customer: name, Name: "anna"}, o.from))
			if got := len(o.mails()); got != mails {
				t.Errorf("%q: %d e-mails were sent, want %d", name, got, mails)
			}
		}
	})
}

// TestNoLinkCanBeRead looks for a link in all that is kept.
func TestNoLinkCanBeRead(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		tables := []string{"ways_back", "ways_asked", "counters", "notifications", "audit_entries"}
		o.must(o.ask("anna"))
		before := o.rows(tables...)
		_, token := o.link()
		o.must(o.setPassword(token, fresh))
		for when, text := range map[string]string{"while it waits": before, "afterwards": o.rows(tables...)} {
			if !strings.Contains(text, "anna") {
				t.Fatalf("%s nothing is found at all", when)
			}
			if strings.Contains(text, token.Reveal()) || strings.Contains(text, string(seal.LinkToken)) || strings.Contains(text, fresh) {
				t.Errorf("%s the link or the password can be read", when)
			}
		}
	})
}

// TestLinksArePruned once they are over, and who asked after an hour.
func TestLinksArePruned(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.must(o.ask("anna"))
		prune := func() string {
			storetest.Write(t, o.store, func(ctx context.Context, tx *store.Tx) error {
				return tx.Prune(ctx, store.PastUse{Asked: tx.Now().Add(-wayback.Hour)})
			})
			return o.rows("ways_back", "ways_asked")
		}
		if prune() == "" {
			t.Error("a link is pruned at once")
		}
		o.Clock.Add(time.Hour + time.Millisecond)
		if got := prune(); got != "" {
			t.Errorf("an hour later this is left: %s", got)
		}
	})
}
