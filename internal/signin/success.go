package signin

import (
	"cardinal"
	"cardinal/internal/policy"
	"cardinal/internal/setting"
	"cardinal/internal/store"
	"cardinal/internal/throttle"
)

// succeed notes what a success changes: the count of wrong tries is cleared,
// the PIN's tag moves to today's key and mode, and it is kept whether the PIN
// meets today's policy: the one moment at which that can be known. The first one
// of a user is kept for good.
func (t *try) succeed() error {
	t.user.first = t.user.first || !t.user.SignedIn
	if t.method == cardinal.MethodCard {
		// A card alone proves no PIN: it must not clear the way for guessing one.
		return nil
	}
	if t.counters[t.subject].Wrong > 0 {
		t.put(t.subject, throttle.Counter{})
	}
	t.retag()
	return t.judge()
}

// retag moves the PIN to the newest key, and to a tag that identifies where
// PINs do by now and no other PIN has that tag.
func (t *try) retag() {
	pin := &t.user.PIN
	identify := pin.Identifying || t.mayIdentify() && t.findPIN(t.tags).ID == ""
	if pin.Tag.Version == t.ring.Current() && pin.Identifying == identify {
		return
	}
	pin.Identifying = identify
	if identify {
		pin.Tag = store.Tag(t.ring.IdentifyingPINTag(t.customer, *t.PIN))
		t.pins[pin.Tag.Key()] = store.FoundPIN{ID: pin.ID, User: t.user.ID}
	} else {
		pin.Tag = store.Tag(t.ring.PINTag(t.customer, t.user.ID, *t.PIN))
	}
	t.user.retagged = true
}

// mayIdentify reports whether the PIN of the owner is to get a tag that
// identifies, if that is free.
func (t *try) mayIdentify() bool {
	return t.PIN != nil && setting.PINIdentifiesUser.In(t.values) && t.method != cardinal.MethodPIN
}

// judge notes whether the PIN meets the policy, where that is news. That it does
// not is news after each change of the policy, once: what was found before tells
// nothing about the present one.
func (t *try) judge() error {
	met, err := t.meetsPolicy()
	if err != nil {
		return err
	}
	pin := &t.user.PIN
	known := pin.PolicyKnown && pin.PolicyMet == met
	if known && (met || !pin.PolicyCheckedAt.Before(t.policyChanged)) {
		return nil
	}
	pin.PolicyKnown, pin.PolicyMet, pin.PolicyCheckedAt = true, met, t.now
	t.user.judged = true
	return nil
}

func (t *try) meetsPolicy() (bool, error) {
	owner := cardinal.Owner{Username: t.user.Username, Email: t.user.Email}
	for _, n := range t.user.Numbers {
		number, err := t.ring.OpenNumber(t.customer, n.User, n.Slot, n.Tag.Version, n.Sealed)
		if err != nil {
			return false, err
		}
		owner.CardNumbers = append(owner.CardNumbers, number)
	}
	return len(policy.Check(t.policy, *t.PIN, owner)) == 0, nil
}
