package signin

import (
	"context"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/policy"
	"cardinal/internal/setting"
	"cardinal/internal/store"
	"cardinal/internal/throttle"
)

// succeed writes what a success changes: the count of wrong tries is cleared,
// the PIN's tag moves to today's key and mode, and it is kept whether the PIN
// meets today's policy: the one moment at which that can be known. The first one
// of a user is kept for good.
func (t *try) succeed(ctx context.Context, counter throttle.Counter) error {
	if err := t.tx.MarkSignedIn(ctx, t.user); err != nil {
		return err
	}
	if t.method == cardinal.MethodCard {
		// A card alone proves no PIN: it must not clear the way for guessing one.
		return nil
	}
	if counter.Wrong > 0 {
		if err := t.put(ctx, t.subject, throttle.Counter{}); err != nil {
			return err
		}
	}
	if err := t.retag(ctx); err != nil {
		return err
	}
	return t.keepPolicyMet(ctx)
}

// keepPolicyMet keeps whether the PIN meets the policy, where that is news. That
// it does not is news after each change of the policy, once: what was found
// before tells nothing about the present one.
func (t *try) keepPolicyMet(ctx context.Context) error {
	met, err := t.meetsPolicy(ctx)
	if err != nil {
		return err
	}
	known := t.pin.PolicyKnown && t.pin.PolicyMet == met
	if known && !met {
		changed, err := t.tx.PolicyChangedAt(ctx, t.caller.Customer)
		if err != nil {
			return err
		}
		known = !t.pin.PolicyCheckedAt.Before(changed)
	}
	if known {
		return nil
	}
	return t.tx.SetPolicyMet(ctx, t.pin, met)
}

// retag moves the PIN to the newest key, and to a tag that identifies where
// PINs do by now and no other PIN has that tag.
func (t *try) retag(ctx context.Context) error {
	identify := t.pin.Identifying || setting.PINIdentifiesUser.In(t.values)
	if identify && !t.pin.Identifying {
		taken, err := t.identifies(ctx)
		if err != nil {
			return err
		}
		identify = !taken
	}
	if t.pin.Tag.Version == t.ring.Current() && t.pin.Identifying == identify {
		return nil
	}
	moved := t.pin
	moved.Identifying = identify
	if identify {
		moved.Tag = store.Tag(t.ring.IdentifyingPINTag(t.caller.Customer, *t.PIN))
	} else {
		moved.Tag = store.Tag(t.ring.PINTag(t.caller.Customer, t.user.ID, *t.PIN))
	}
	_, err := t.tx.RetagPIN(ctx, t.caller.Customer, moved)
	return err
}

// identifies reports whether the PIN identifies another user under any key.
func (t *try) identifies(ctx context.Context) (bool, error) {
	found, err := t.findByPIN(ctx)
	return found.ID != "" && found.User != t.user.ID, err
}

func (t *try) findByPIN(ctx context.Context) (store.StoredPIN, error) {
	for _, version := range t.ring.Versions() {
		tag, ok := t.ring.IdentifyingPINTagAt(version, t.caller.Customer, *t.PIN)
		if !ok {
			continue
		}
		found, err := t.tx.PINByTag(ctx, t.caller.Customer, store.Tag(tag))
		if err == nil {
			return found, nil
		}
		if cardinal.CodeOf(err) != cardinal.CodeNotFound {
			return store.StoredPIN{}, err
		}
	}
	return store.StoredPIN{}, nil
}

func (t *try) meetsPolicy(ctx context.Context) (bool, error) {
	owner := cardinal.Owner{Username: t.user.Username, Email: t.user.Email}
	stored, err := t.tx.Numbers(ctx, t.user.ID)
	if err != nil {
		return false, err
	}
	for _, n := range stored {
		number, err := t.ring.OpenNumber(t.caller.Customer, n.User, n.Slot, n.Tag.Version, n.Sealed)
		if err != nil {
			return false, err
		}
		owner.CardNumbers = append(owner.CardNumbers, number)
	}
	return len(policy.Check(setting.Policy(t.values), *t.PIN, owner)) == 0, nil
}

// runPINAlone signs in by the PIN's own tag, within the customer's budget of
// wrong tries a day.
func (t *try) runPINAlone(ctx context.Context) (cardinal.Outcome, error) {
	day := t.tx.Now().In(setting.Location(t.values)).Format("2006-01-02")
	budget, subject := setting.SignInPINPerDay.In(t.values), "pin "+day
	spent, err := t.lock(ctx, subject)
	if err != nil {
		return "", err
	}
	if budget >= 0 && spent.Wrong >= int64(budget) {
		return cardinal.OutcomeMethodOff, nil
	}
	found, err := t.findByPIN(ctx)
	if err != nil {
		return "", err
	}
	t.compared.Add(1)
	if found.ID == "" {
		return cardinal.OutcomeWrongPIN, t.spendPINBudget(ctx, subject, spent)
	}
	if t.user, err = t.tx.User(ctx, t.caller.Customer, found.User); err != nil {
		return "", err
	}
	t.subject = store.UserSubject(t.user.ID)
	counter, err := t.lock(ctx, t.subject)
	if err != nil {
		return "", err
	}
	// Read again under the lock: the PIN may have changed since it was found.
	if err := t.readPIN(ctx); err != nil {
		return "", err
	}
	switch {
	case t.pin.ID != found.ID:
		return cardinal.OutcomeWrongPIN, t.spendPINBudget(ctx, subject, spent)
	case counter.Locked(t.tx.Now()):
		return cardinal.OutcomeLocked, nil
	case t.user.Disabled:
		return cardinal.OutcomeDisabled, nil
	case !t.pin.Live(t.tx.Now()):
		return cardinal.OutcomeExpired, nil
	}
	return cardinal.OutcomeSuccess, t.succeed(ctx, counter)
}

// spendPINBudget counts a wrong try by PIN alone; the try that uses the budget
// up is told to the administrators in the audit log.
func (t *try) spendPINBudget(ctx context.Context, subject string, spent throttle.Counter) error {
	spent.Wrong++
	spent.ChangedAt = t.tx.Now()
	if budget := setting.SignInPINPerDay.In(t.values); spent.Wrong == int64(budget) {
		entry := audit.Entry{Action: "sign-in.pin-budget-spent", Subject: "method pin", After: audit.Fields{"wrongTries": spent.Wrong}}
		if err := audit.Record(t.tx, t.caller, entry); err != nil {
			return err
		}
	}
	return t.put(ctx, subject, spent)
}
