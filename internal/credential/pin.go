package credential

import (
	"context"
	"strconv"
	"time"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/letter"
	"cardinal/internal/notify"
	"cardinal/internal/policy"
	"cardinal/internal/seal"
	"cardinal/internal/store"
)

// HistoryKept is how many PINs of a user are remembered: the most that
// pin.history can ask for, so that raising the setting holds at once.
const HistoryKept = 24

// SetPIN gives the user of that name a PIN that somebody chose.
func (d *Door) SetPIN(ctx context.Context, caller cardinal.Caller, username string, pin cardinal.PIN) (cardinal.PINState, error) {
	var state cardinal.PINState
	err := d.change(ctx, caller, username, func(t *task) (err error) {
		state, err = t.mustSetPIN(ctx, pin)
		return err
	})
	return state, err
}

// GeneratePIN gives the user of that name a new random PIN and returns it, the
// one time it can be seen. Length 0 means the setting's.
func (d *Door) GeneratePIN(ctx context.Context, caller cardinal.Caller, username string, length int) (cardinal.PIN, cardinal.PINState, error) {
	var pin cardinal.PIN
	var state cardinal.PINState
	err := d.change(ctx, caller, username, func(t *task) (err error) {
		pin, state, err = t.generatePIN(ctx, length)
		return err
	})
	return pin, state, err
}

// RemovePIN takes away the PIN of the user of that name; no PIN is no error.
func (d *Door) RemovePIN(ctx context.Context, caller cardinal.Caller, username string) error {
	return d.change(ctx, caller, username, func(t *task) error {
		_, err := t.removePIN(ctx)
		return err
	})
}

// Unlock ends the lock of the user of that name and forgets their wrong tries.
func (d *Door) Unlock(ctx context.Context, caller cardinal.Caller, username string) error {
	return d.administer(ctx, caller, username, "user.unlocked", func(tx *store.Tx, user cardinal.User) error {
		return tx.SetCounter(ctx, user.Customer, store.UserSubject(user.ID), store.Counter{})
	})
}

// ResetChangeCounts lets the user of that name change their PIN and number
// today as if they had not yet.
func (d *Door) ResetChangeCounts(ctx context.Context, caller cardinal.Caller, username string) error {
	return d.administer(ctx, caller, username, "user.change-counts-reset", func(tx *store.Tx, user cardinal.User) error {
		return tx.ResetChangeCounts(ctx, user.Customer, store.UserSubject(user.ID))
	})
}

func (d *Door) administer(ctx context.Context, caller cardinal.Caller, username, action string, do func(*store.Tx, cardinal.User) error) error {
	if err := caller.Require(cardinal.PermUnlock); err != nil {
		return err
	}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		user, err := tx.LockUserByName(ctx, caller.Customer, username)
		if err != nil {
			return err
		}
		if err := do(tx, user); err != nil {
			return err
		}
		return audit.Record(tx, caller, audit.Entry{Action: action, Subject: "user " + user.Username})
	})
}

// Matches reports whether pin is the stored one, in constant time. It does not
// ask whether the PIN has expired.
func Matches(ring *seal.Ring, customer cardinal.CustomerID, stored store.StoredPIN, pin cardinal.PIN) bool {
	if stored.Identifying {
		return ring.IdentifyingPINMatches(customer, seal.Tag(stored.Tag), pin)
	}
	return ring.PINMatches(customer, stored.User, seal.Tag(stored.Tag), pin)
}

func (t *task) mustSetPIN(ctx context.Context, pin cardinal.PIN) (cardinal.PINState, error) {
	state, violations, err := t.setPIN(ctx, pin)
	if err != nil {
		return state, err
	}
	return state, refusal(violations)
}

// setPIN judges a PIN that somebody chose and, if it is acceptable, writes it.
// Violations are to undo what was written.
func (t *task) setPIN(ctx context.Context, pin cardinal.PIN) (cardinal.PINState, []cardinal.Violation, error) {
	violations, err := t.judge(ctx, pin)
	if err != nil || len(violations) > 0 {
		return cardinal.PINState{}, violations, err
	}
	return t.writePIN(ctx, pin, false)
}

// writePIN replaces the user's PIN by an acceptable one. A violation means that
// somebody else has taken it since it was judged, and that the user has none now.
func (t *task) writePIN(ctx context.Context, pin cardinal.PIN, generated bool) (cardinal.PINState, []cardinal.Violation, error) {
	if err := t.clear(ctx); err != nil {
		return cardinal.PINState{}, nil, err
	}
	stored := t.newPIN(pin, generated)
	added, err := t.tx.AddPIN(ctx, t.user.Customer, stored)
	if err != nil {
		return cardinal.PINState{}, nil, err
	}
	if !added {
		return cardinal.PINState{}, []cardinal.Violation{policy.ViolationFor(cardinal.ViolationNotAvailable, t.policy)}, nil
	}
	history := t.ring.HistoryTag(t.user.Customer, t.user.ID, pin)
	if err := t.tx.AddPINHistory(ctx, t.user.ID, stored.ID, store.Tag(history), HistoryKept); err != nil {
		return cardinal.PINState{}, nil, err
	}
	return stored.PINState, nil, t.recordPIN(ctx, stored.PINState)
}

// clear takes the present PIN away, if there is one, and forgets wrong tries.
func (t *task) clear(ctx context.Context) error {
	if t.fresh {
		return nil
	}
	// The counter before the PIN: sign-in locks them in that order.
	if err := t.tx.SetCounter(ctx, t.user.Customer, store.UserSubject(t.user.ID), store.Counter{}); err != nil {
		return err
	}
	removed, err := t.tx.RemovePIN(ctx, t.user.ID)
	t.replaced = t.replaced || removed
	return err
}

func (t *task) recordPIN(ctx context.Context, state cardinal.PINState) error {
	after := audit.Fields{"generated": state.Generated, "replaced": t.replaced}
	if !state.ExpiresAt.IsZero() {
		after["expiresAt"] = state.ExpiresAt.Format(time.RFC3339)
	}
	t.happened(cardinal.EventPINSet, map[string]string{"generated": strconv.FormatBool(state.Generated), "replaced": strconv.FormatBool(t.replaced)})
	if err := t.record(ctx, "pin.set", nil, after); err != nil || !t.replaced || t.mailed {
		return err
	}
	return t.tell(ctx, notify.News{Kind: letter.PINChanged})
}

// tell queues an e-mail to the user about what was just done, if the settings
// want one.
func (t *task) tell(ctx context.Context, news notify.News) error {
	return notify.Tell(ctx, t.tx, t.ring, t.values, t.user, news)
}

func (t *task) newPIN(pin cardinal.PIN, generated bool) store.StoredPIN {
	stored := store.StoredPIN{PINState: cardinal.PINState{
		ID: cardinal.PINID(t.tx.NewID()), User: t.user.ID, CreatedAt: t.tx.Now(), Generated: generated,
	}}
	if t.policy.Expiration > 0 {
		stored.ExpiresAt = stored.CreatedAt.Add(t.policy.Expiration)
	}
	if t.policy.IdentifiesUser {
		stored.Identifying, stored.Tag = true, store.Tag(t.ring.IdentifyingPINTag(t.user.Customer, pin))
	} else {
		stored.Tag = store.Tag(t.ring.PINTag(t.user.Customer, t.user.ID, pin))
	}
	return stored
}

// judge returns every rule that the PIN breaks, those that need the database
// included.
func (t *task) judge(ctx context.Context, pin cardinal.PIN) ([]cardinal.Violation, error) {
	owner, err := t.owner()
	if err != nil {
		return nil, err
	}
	violations := policy.Check(t.policy, pin, owner)
	remembered := t.policy.History > 0 && !t.fresh
	if !remembered && !t.policy.IdentifiesUser {
		return violations, nil
	}
	if err := t.probesLeft(ctx); err != nil {
		return nil, err
	}
	reused, err := t.reused(ctx, pin)
	if err != nil {
		return nil, err
	}
	if reused {
		return append(violations, policy.ViolationFor(cardinal.ViolationReused, t.policy)), nil
	}
	taken, err := t.pinTaken(ctx, pin)
	if taken {
		violations = append(violations, policy.ViolationFor(cardinal.ViolationNotAvailable, t.policy))
	}
	return violations, err
}

func (t *task) reused(ctx context.Context, pin cardinal.PIN) (bool, error) {
	if t.policy.History == 0 || t.fresh {
		return false, nil
	}
	// The present PIN apart, for the history is in the order of a clock that may have been set back.
	present, err := t.tx.PIN(ctx, t.user.ID)
	switch {
	case err == nil && Matches(t.ring, t.user.Customer, present, pin):
		return true, nil
	case err != nil && cardinal.CodeOf(err) != cardinal.CodeNotFound:
		return false, err
	}
	tags, err := t.tx.PINHistory(ctx, t.user.ID, t.policy.History)
	if err != nil {
		return false, err
	}
	for _, tag := range tags {
		if t.ring.HistoryMatches(t.user.Customer, t.user.ID, seal.Tag(tag), pin) {
			return true, nil
		}
	}
	return false, nil
}

func (t *task) pinTaken(ctx context.Context, pin cardinal.PIN) (bool, error) {
	if !t.policy.IdentifiesUser {
		return false, nil
	}
	holder, err := t.FindPIN(ctx, t.tx, t.user.Customer, pin)
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return false, nil
	}
	return err == nil && holder.User != t.user.ID, err
}

// FindPIN returns the PIN that identifies its user and is this one, under
// whichever version of the key: the constraint holds within one. CodeNotFound if
// there is none. What it finds must never be told to whoever presented the PIN.
func (d *Door) FindPIN(ctx context.Context, tx *store.Tx, customer cardinal.CustomerID, pin cardinal.PIN) (store.StoredPIN, error) {
	err := error(cardinal.Errorf(cardinal.CodeNotFound, "There is no such PIN."))
	for _, version := range d.ring.Versions() {
		tag, ok := d.ring.IdentifyingPINTagAt(version, customer, pin)
		if !ok {
			continue
		}
		var found store.StoredPIN
		if found, err = tx.PINByTag(ctx, customer, store.Tag(tag)); cardinal.CodeOf(err) != cardinal.CodeNotFound {
			return found, err
		}
	}
	return store.StoredPIN{}, err
}

// generatePIN draws until the database, too, accepts: a PIN that was in use
// before or is taken is drawn again, and nobody is told.
func (t *task) generatePIN(ctx context.Context, length int) (cardinal.PIN, cardinal.PINState, error) {
	owner, err := t.owner()
	if err != nil {
		return cardinal.PIN{}, cardinal.PINState{}, err
	}
	const draws = 1000
	for range draws {
		pin, err := policy.Generate(t.policy, length, owner, t.random)
		if err != nil {
			return cardinal.PIN{}, cardinal.PINState{}, err
		}
		reused, err := t.reused(ctx, pin)
		if err != nil {
			return cardinal.PIN{}, cardinal.PINState{}, err
		}
		taken, err := t.pinTaken(ctx, pin)
		if err != nil {
			return cardinal.PIN{}, cardinal.PINState{}, err
		}
		if reused || taken {
			continue
		}
		// Judged already; and as nobody chose it, it counts as nobody's probe.
		state, violations, err := t.writePIN(ctx, pin, true)
		if err != nil || len(violations) == 0 {
			return pin, state, err
		}
	}
	return cardinal.PIN{}, cardinal.PINState{}, cardinal.Invalid("pin.generated-length",
		"Hardly any PIN of that length is still free. Raise the length of generated PINs (pin.generated-length).")
}

func (t *task) removePIN(ctx context.Context) (bool, error) {
	removed, err := t.tx.RemovePIN(ctx, t.user.ID)
	if err != nil || !removed {
		return false, err
	}
	t.happened(cardinal.EventPINRemoved, nil)
	if err := t.record(ctx, "pin.removed", nil, nil); err != nil {
		return false, err
	}
	return true, t.tell(ctx, notify.News{Kind: letter.PINRemoved})
}
