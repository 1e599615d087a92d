package bulk

import (
	"context"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// post gives the customer what e-mail leaves through, as far as it is looked at
// before it does, and returns its users: one without an address, one disabled.
func (o *office) post(t *testing.T) {
	t.Helper()
	o.people(t, 4)
	storetest.Set(t, o.store, o.admin.Customer, map[string]any{"mail.messaging-configuration": "relay", "customer.address": "https://pins.example.org"})
	nowhere, disabled := "", true
	o.change(t, "u00002", account.Fields{Email: &nowhere})
	o.change(t, "u00003", account.Fields{Disabled: &disabled})
}

// queued are the notifications that wait, as kind and user.
func (o *office) queued(t *testing.T) string {
	t.Helper()
	var waiting []string
	storetest.Read(t, o.store, func(ctx context.Context, tx *store.Tx) error {
		all, err := tx.Notifications(ctx, o.admin.Customer, store.NotificationQuery{Most: 100})
		for _, n := range all {
			waiting = append(waiting, n.Kind+" "+n.Username+" "+string(n.State))
		}
		return err
	})
	return strings.Join(waiting, ", ")
}

// TestPINsGoOutByEMail makes none that nobody is told.
func TestPINsGoOutByEMail(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.post(t)
		before := map[string]cardinal.PINID{}
		for _, name := range []string{"u00001", "u00002", "u00003"} {
			_, state, err := o.door.GeneratePIN(t.Context(), o.admin, name, 0)
			if err != nil {
				t.Fatal(err)
			}
			before[name] = state.ID
		}
		run := o.run(t, o.admin, Request{Kind: MailPINs, Selection: everybody()})
		if got := o.outcomes(t, run.ID); got != "u00001:done u00002:refused(conflict) u00003:refused(conflict) u00004:done" || run.PINs != NoPINs {
			t.Errorf("%s, PINs %s", got, run.PINs)
		}
		if got := o.queued(t); got != "pin-issued u00004 queued, pin-issued u00001 queued" {
			t.Errorf("queued: %s", got)
		}
		for name, was := range before {
			if changed := o.view(t, name).PIN.ID != was; changed != (name == "u00001") {
				t.Errorf("%s: changed is %v", name, changed)
			}
		}
	})
}

// TestNewPINsAreAskedForByEMail where there is a way for that and the setting
// wants it; who cannot be written to is asked at their sign-ins alone.
func TestNewPINsAreAskedForByEMail(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.post(t)
		for i, c := range []struct {
			settings map[string]any
			queued   string
		}{
			{map[string]any{"mail.new-pin-wanted": ""}, ""},
			{map[string]any{"mail.new-pin-wanted": "new-pin-wanted", "mail.messaging-configuration": ""}, ""},
			{map[string]any{"mail.messaging-configuration": "relay"}, "new-pin-wanted u00002 skipped, new-pin-wanted u00001 queued"},
		} {
			storetest.Set(t, o.store, o.admin.Customer, c.settings)
			for _, name := range []string{"u00001", "u00002"} {
				if _, _, err := o.door.GeneratePIN(t.Context(), o.admin, name, 0); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 { // who was asked is not asked again
				o.run(t, o.admin, Request{Kind: RequireNewPINs, Selection: everybody()})
			}
			if got := o.queued(t); got != c.queued {
				t.Errorf("%d: queued: %s", i, got)
			}
			if view := o.view(t, "u00001"); !view.PIN.NewRequired {
				t.Errorf("%d: the PIN is not marked", i)
			}
		}
	})
}

// TestInvitationsAreForThoseWithoutAPassword leaves the others unchanged.
func TestInvitationsAreForThoseWithoutAPassword(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.post(t)
		if err := o.accounts.SetPassword(t.Context(), cardinal.Console(o.admin.Customer), "u00004", cardinal.NewPassword("correct horse battery")); err != nil {
			t.Fatal(err)
		}
		run := o.run(t, o.admin, Request{Kind: Invite, Selection: everybody()})
		if got := o.outcomes(t, run.ID); got != "u00001:done u00002:refused(conflict) u00003:refused(conflict) u00004:unchanged" {
			t.Error(got)
		}
		if got := o.queued(t); got != "invitation u00001 queued" || o.audited(t, "user.invited") != 1 {
			t.Errorf("queued: %s", got)
		}
	})
}

// TestWithoutAWayForEMailNothingBegins tells so before anybody is asked.
func TestWithoutAWayForEMailNothingBegins(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	o.post(t)
	try := func(key string, kind Kind, want cardinal.Code) {
		t.Helper()
		storetest.Set(t, o.store, o.admin.Customer, map[string]any{"mail.messaging-configuration": "relay", "customer.address": "https://pins.example.org"})
		storetest.Set(t, o.store, o.admin.Customer, map[string]any{key: ""})
		id, err := o.NewID(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		request := Request{Kind: kind, Selection: everybody()}
		_, err = o.Plan(t.Context(), o.admin, request)
		wantCode(t, "plan", err, want)
		wantCode(t, "start", o.Start(t.Context(), o.admin, id, request), want)
	}
	try("mail.messaging-configuration", MailPINs, cardinal.CodeConflict)
	try("mail.messaging-configuration", Invite, cardinal.CodeConflict)
	try("customer.address", Invite, cardinal.CodeConflict)
	try("customer.address", MailPINs, "")
	if err := o.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}
