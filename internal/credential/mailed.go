package credential

import (
	"context"

	"cardinal"
	"cardinal/internal/letter"
	"cardinal/internal/notify"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// MailPIN gives the user of that name a new random PIN in place of the one they
// have and queues the e-mail that tells it to them. Whoever cannot be written to is
// refused with CodeConflict, and keeps the PIN they have.
func (d *Door) MailPIN(ctx context.Context, caller cardinal.Caller, username string) (cardinal.PINState, error) {
	var state cardinal.PINState
	err := d.change(ctx, caller, username, func(t *task) (err error) {
		state, err = t.mailPIN(ctx)
		return err
	})
	return state, err
}

// MailPINIn is MailPIN in a transaction under way, for a user who is locked in it.
func (d *Door) MailPINIn(ctx context.Context, tx *store.Tx, by Acting, user cardinal.User) error {
	t, err := d.permitted(ctx, tx, by, user)
	if err != nil {
		return err
	}
	_, err = t.mailPIN(ctx)
	return err
}

// RequestPIN sends the caller a new random PIN by e-mail in place of the one they
// have. Every call counts against user.can-change-pin.num-times-per-day; past it
// the error is of CodeRateLimited. CodeNotFound: users may not ask for it.
func (d *Door) RequestPIN(ctx context.Context, caller cardinal.Caller) error {
	return d.changeOwn(ctx, caller, requestLimit(), func(t *task) error { _, err := t.mailPIN(ctx); return err })
}

// RequestPINIn is RequestPIN in a transaction under way, for a user who is locked in
// it. With a refusal, the first result, it must be committed all the same.
func (d *Door) RequestPINIn(ctx context.Context, tx *store.Tx, caller cardinal.Caller, user cardinal.User) (refused, err error) {
	t, err := d.begin(ctx, tx, caller, user)
	if err != nil {
		return nil, err
	}
	return d.ownIn(ctx, t, requestLimit(), func(t *task) error { _, err := t.mailPIN(ctx); return err })
}

// mailPIN makes the PIN and the e-mail, or neither.
func (t *task) mailPIN(ctx context.Context) (cardinal.PINState, error) {
	switch err := Mailable(t.user, t.values); {
	case err != nil && t.own:
		return cardinal.PINState{}, cardinal.Errorf(cardinal.CodeConflict, "No e-mail can be sent to you from here. Ask your help desk.")
	case err != nil:
		return cardinal.PINState{}, err
	}
	t.mailed = true
	pin, state, err := t.generatePIN(ctx, 0)
	if err != nil {
		return state, err
	}
	return state, t.tell(ctx, notify.News{
		Kind: letter.PINIssued, Template: string(letter.PINIssued), PIN: pin, PINExpiration: state.ExpiresAt, EndsAt: state.ExpiresAt,
	})
}

// Mailable returns why a user cannot be sent what opens a door, as an Error of
// CodeConflict, or nil.
func Mailable(user cardinal.User, v setting.Values) error {
	switch {
	case user.Disabled:
		return cardinal.Errorf(cardinal.CodeConflict, "This user is disabled and gets no e-mail. Enable them first.")
	case user.Email == "":
		return cardinal.Errorf(cardinal.CodeConflict, "This user has no e-mail address. Enter one first.")
	}
	return CanMail(v)
}

// CanMail returns why no e-mail but notices of expiry can leave, as an Error of
// CodeConflict, or nil.
func CanMail(v setting.Values) error {
	if setting.MailConfiguration.In(v) == "" {
		return cardinal.Errorf(cardinal.CodeConflict, "E-mail is not set up here. An administrator chooses a messaging configuration first (mail.messaging-configuration).")
	}
	return nil
}
