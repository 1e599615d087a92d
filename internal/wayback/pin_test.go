package wayback_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/credential"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
	"cardinal/internal/wayback"
)

func (o *office) askPIN(name string) error {
	o.t.Helper()
	return o.service.Ask(o.t.Context(), wayback.PIN, wayback.Who{Name: name}, o.from)
}

func (o *office) issue(token cardinal.Token) error {
	o.t.Helper()
	return o.service.IssuePIN(o.t.Context(), token, o.from)
}

func (o *office) stored(name string) (user cardinal.User, pin store.StoredPIN) {
	o.t.Helper()
	storetest.Read(o.t, o.store, func(ctx context.Context, tx *store.Tx) (err error) {
		if user, err = tx.UserByName(ctx, o.customer, name); err != nil {
			return err
		}
		pin, err = tx.PIN(ctx, user.ID)
		if cardinal.CodeOf(err) == cardinal.CodeNotFound {
			err = nil
		}
		return err
	})
	return user, pin
}

// present is which PIN the user has.
func (o *office) present(name string) cardinal.PINID {
	o.t.Helper()
	_, pin := o.stored(name)
	return pin.ID
}

// matches reports whether the user's PIN is this one.
func (o *office) matches(name string, pin cardinal.PIN) bool {
	o.t.Helper()
	_, have := o.stored(name)
	return credential.Matches(o.Ring, o.customer, have, pin)
}

// self is the user signed in.
func (o *office) self(name string) cardinal.Caller {
	o.t.Helper()
	user, _ := o.stored(name)
	return cardinal.Caller{Kind: cardinal.CallerUser, Customer: o.customer, Role: user.Role, User: user.ID, Name: name}
}

var pinForm = regexp.MustCompile(`\b[0-9]{6}\b`)

// pin is the PIN in the only e-mail that has arrived.
func (o *office) pin() cardinal.PIN {
	o.t.Helper()
	mails := o.mails()
	if len(mails) != 1 || pinForm.FindString(mails[0].Text) == "" {
		o.t.Fatalf("%d e-mails have arrived: %v", len(mails), mails)
	}
	return cardinal.NewPIN(pinForm.FindString(mails[0].Text))
}

// TestAForgottenPIN asks for the link, which changes nothing, and uses it.
func TestAForgottenPIN(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		if o.must(o.askPIN("anna")); len(o.mails()) != 0 {
			t.Error("where the setting is off a link is sent")
		}
		o.set("user.can-request-pin", true)
		o.user("bert", "") // who has no password has a PIN all the same
		state, err := o.door.SetPIN(t.Context(), o.admin, "bert", cardinal.NewPIN("805913"))
		o.must(err)
		o.must(o.askPIN("bert@example.org"))
		path, token := o.link()
		if link, err := o.service.Look(t.Context(), path, token); err != nil || path != wayback.PINPath || link.Username != "bert" {
			t.Fatalf("the link leads to %s for %+v, %v", path, link, err)
		}
		o.code(cardinal.CodeNotFound, o.setPassword(token, fresh))
		if o.present("bert") != state.ID {
			t.Error("the PIN has changed before the link was used")
		}
		o.must(o.issue(token))
		secrets := o.rows("notifications", "pins", "audit_entries")
		sent := o.pin()
		if o.present("bert") == state.ID || !o.matches("bert", sent) {
			t.Error("the PIN that was sent is not the one in force")
		}
		if strings.Contains(secrets, sent.Reveal()) || strings.Contains(o.rows("notifications"), sent.Reveal()) {
			t.Error("the PIN can be read in the database")
		}
		o.code(cardinal.CodeNotFound, o.issue(token))
		for _, want := range []string{"pin.link-sent by anonymous: user bert", "pin.set by user bert: user bert"} {
			if !slices.Contains(o.actions(), want) {
				t.Errorf("the audit lacks %q: %q", want, o.actions())
			}
		}
	})
}

// TestPINsByLinkCountAgainstTheDay keeps the link for the day after.
func TestPINsByLinkCountAgainstTheDay(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.set("user.can-request-pin", true)
		o.set("user.can-change-pin.num-times-per-day", 1)
		o.must(o.askPIN("anna"))
		_, first := o.link()
		o.must(o.askPIN("anna"))
		_, second := o.link()
		o.must(o.issue(first))
		sent := o.pin()
		o.code(cardinal.CodeRateLimited, o.issue(second))
		if len(o.mails()) != 0 || !o.matches("anna", sent) {
			t.Error("past the limit of the day the PIN has changed")
		}
		o.set("user.can-change-pin.num-times-per-day", 2)
		o.must(o.issue(second))
		o.pin()
	})
}

// TestAPINThatCannotBeSentIsNotMade leaves the PIN in force, with and without a link.
func TestAPINThatCannotBeSentIsNotMade(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.set("user.can-request-pin", true)
		state, err := o.door.SetPIN(t.Context(), o.admin, "anna", cardinal.NewPIN("805913"))
		o.must(err)
		o.must(o.askPIN("anna"))
		_, token := o.link()
		o.set("mail.messaging-configuration", "")
		o.code(cardinal.CodeConflict, o.issue(token))
		o.code(cardinal.CodeConflict, o.door.RequestPIN(t.Context(), o.self("anna")))
		if o.present("anna") != state.ID {
			t.Error("the PIN was replaced by one that nobody knows")
		}
		o.set("user.can-request-pin", false)
		o.code(cardinal.CodeNotFound, o.issue(token))
		o.code(cardinal.CodeNotFound, o.door.RequestPIN(t.Context(), o.self("anna")))
	})
}

// TestPINsForThoseSignedIn need no link, and count.
func TestPINsForThoseSignedIn(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.set("user.can-request-pin", true)
		o.set("user.can-change-pin.num-times-per-day", 2)
		o.set("mail.pin-changed", "pin-changed") // the PIN itself tells enough
		for range 2 {
			o.must(o.door.RequestPIN(t.Context(), o.self("anna")))
			if sent := o.pin(); !o.matches("anna", sent) {
				t.Error("the PIN that was sent is not the one in force")
			}
		}
		o.code(cardinal.CodeRateLimited, o.door.RequestPIN(t.Context(), o.self("anna")))
		if got := len(o.mails()); got != 0 {
			t.Errorf("past the limit of the day %d e-mails were sent", got)
		}
	})
}
