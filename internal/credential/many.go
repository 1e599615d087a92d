package credential

import (
	"context"
	"time"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/letter"
	"cardinal/internal/notify"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// The functions here are for work on many users: each changes one user, who is
// locked in the caller's transaction, inside an Attempt.

// GeneratePINIn gives the user a new random PIN in place of the one they have
// and returns it, the one time it can be seen.
func (d *Door) GeneratePINIn(ctx context.Context, tx *store.Tx, by Acting, user cardinal.User) (cardinal.PIN, cardinal.PINState, error) {
	t, err := d.permitted(ctx, tx, by, user)
	if err != nil {
		return cardinal.PIN{}, cardinal.PINState{}, err
	}
	return t.generatePIN(ctx, 0)
}

// GenerateNumberIn gives the user a random primary number unless they have one,
// and reports whether it did.
func (d *Door) GenerateNumberIn(ctx context.Context, tx *store.Tx, by Acting, user cardinal.User) (bool, error) {
	t, err := d.permitted(ctx, tx, by, user)
	if err != nil {
		return false, err
	}
	if _, has := t.numbers[cardinal.Primary]; has {
		return false, nil
	}
	_, err = t.generateNumber(ctx, cardinal.Primary)
	return err == nil, err
}

// RequireNewPINIn marks the user's PIN so that every sign-in with it says that
// a new one is wanted, and asks the user by e-mail where the settings have a way
// for that. It reports false for who has no PIN, or one so marked.
func (d *Door) RequireNewPINIn(ctx context.Context, tx *store.Tx, by Acting, user cardinal.User) (bool, error) {
	return d.markPIN(ctx, tx, by, user, func(t *task, pin cardinal.PINState) (bool, error) {
		marked, err := tx.RequireNewPIN(ctx, pin)
		if err != nil || !marked {
			return false, err
		}
		if err := t.record(ctx, "pin.new-required", nil, nil); err != nil || setting.MailConfiguration.In(t.values) == "" {
			return true, err // without a way for e-mail, sign-ins alone say so
		}
		return true, t.tell(ctx, notify.News{Kind: letter.NewPINWanted})
	})
}

// ShortenPINIn lets the user's PIN expire at an instant, which must be to come.
// It reports false for who has no PIN, or one that expires by then anyway.
func (d *Door) ShortenPINIn(ctx context.Context, tx *store.Tx, by Acting, user cardinal.User, expires time.Time) (bool, error) {
	if !expires.After(tx.Now()) {
		return false, cardinal.Invalid("expires", "This instant has passed. Choose a later day.")
	}
	return d.markPIN(ctx, tx, by, user, func(t *task, pin cardinal.PINState) (bool, error) {
		shortened, err := tx.ShortenPIN(ctx, pin, expires)
		if err != nil || !shortened {
			return false, err
		}
		before := audit.Fields{"expiresAt": nil}
		if !pin.ExpiresAt.IsZero() {
			before["expiresAt"] = pin.ExpiresAt.Format(time.RFC3339)
		}
		return true, t.record(ctx, "pin.expiry-set", before, audit.Fields{"expiresAt": expires.UTC().Format(time.RFC3339)})
	})
}

func (d *Door) permitted(ctx context.Context, tx *store.Tx, by Acting, user cardinal.User) (*task, error) {
	if err := by.Caller.Require(cardinal.PermWriteCredentials); err != nil {
		return nil, err
	}
	return d.beginWith(ctx, tx, by, user)
}

func (d *Door) markPIN(ctx context.Context, tx *store.Tx, by Acting, user cardinal.User, mark func(*task, cardinal.PINState) (bool, error)) (bool, error) {
	if err := by.Caller.Require(cardinal.PermWriteCredentials); err != nil {
		return false, err
	}
	pin, err := tx.PIN(ctx, user.ID)
	if cardinal.CodeOf(err) == cardinal.CodeNotFound || err == nil && !pin.Live(tx.Now()) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	t := d.beginFresh(tx, by, user) // their numbers play no part
	t.fresh = false
	return mark(t, pin.PINState)
}
