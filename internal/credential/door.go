// Package credential is the one door for PINs and card numbers: whoever sets,
// generates or removes one, and on whichever path, does it here. It owns the
// decision (policy, history, uniqueness, daily limits), the write and the audit
// entry, in one transaction; a refusal changes nothing but the counts of tries.
//
// It does not own the other fields of users (package account) nor the
// comparison of PINs at devices (package signin).
package credential

import (
	"context"
	"io"
	"log/slog"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/policy"
	"cardinal/internal/seal"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// Door sets, generates and removes PINs and card numbers. Safe for concurrent use.
type Door struct {
	store  *store.Store
	ring   *seal.Ring
	random io.Reader
	log    *slog.Logger
}

// New makes the door. Random is crypto/rand.Reader save in tests of the
// generators; log gets a line for every PIN refused over the API.
func New(s *store.Store, ring *seal.Ring, random io.Reader, log *slog.Logger) *Door {
	return &Door{s, ring, random, log}
}

// Change is what is wanted of one user's credentials. The zero Change wants nothing.
type Change struct {
	PIN       cardinal.PIN // to be set; zero: leave alone
	RemovePIN bool
	Numbers   []NumberChange // at most one for each slot
}

// NumberChange sets the number in a slot; the zero Number removes it.
type NumberChange struct {
	Slot   cardinal.Slot
	Number cardinal.CardNumber
}

// IsZero reports whether nothing is wanted.
func (c Change) IsZero() bool { return c.PIN.IsZero() && !c.RemovePIN && len(c.Numbers) == 0 }

// task is one user's change under way: all that deciding needs, read in the
// transaction that writes.
type task struct {
	*Door
	tx       *store.Tx
	caller   cardinal.Caller
	user     cardinal.User
	values   setting.Values
	policy   cardinal.Policy
	numbers  map[cardinal.Slot]store.StoredNumber
	fresh    bool // the user was made in this transaction and has had nothing yet
	own      bool // self-service, which has a daily limit of its own
	replaced bool // a PIN was there before
	mailed   bool // the new PIN goes to the user by e-mail, which tells them enough
}

func (d *Door) begin(ctx context.Context, tx *store.Tx, caller cardinal.Caller, user cardinal.User) (*task, error) {
	texts, err := tx.SettingTexts(ctx, user.Customer)
	if err != nil {
		return nil, err
	}
	values := setting.Load(texts)
	return d.beginWith(ctx, tx, Acting{caller, values}, user)
}

// Acting is a caller with the settings in force, read in the same transaction:
// for work on many users that reads them once.
type Acting struct {
	Caller   cardinal.Caller
	Settings setting.Values
}

func (d *Door) beginWith(ctx context.Context, tx *store.Tx, by Acting, user cardinal.User) (*task, error) {
	stored, err := tx.Numbers(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	t := d.beginFresh(tx, by, user)
	t.fresh = false
	for _, n := range stored {
		t.numbers[n.Slot] = n
	}
	return t, nil
}

func (d *Door) beginFresh(tx *store.Tx, by Acting, user cardinal.User) *task {
	return &task{
		Door: d, tx: tx, caller: by.Caller, user: user, values: by.Settings, policy: setting.Policy(by.Settings),
		numbers: map[cardinal.Slot]store.StoredNumber{}, fresh: true,
	}
}

// ApplyToNew is Apply for a user who was just made in the caller's transaction:
// what they have need not be looked up, for there is nothing.
func (d *Door) ApplyToNew(ctx context.Context, tx *store.Tx, by Acting, user cardinal.User, change Change) error {
	if change.IsZero() {
		return nil
	}
	if err := by.Caller.Require(cardinal.PermWriteCredentials); err != nil {
		return err
	}
	_, err := d.beginFresh(tx, by, user).apply(ctx, change)
	return err
}

// Apply makes a change in the caller's transaction, all of it or, with an error,
// none that outlives Attempt. The user must have been locked or made in this
// transaction. It reports whether anything was changed. A refusal is an Error of
// CodePolicyViolation or CodeConflict with every violation at once.
func (d *Door) Apply(ctx context.Context, tx *store.Tx, by Acting, user cardinal.User, change Change) (bool, error) {
	if change.IsZero() {
		return false, nil
	}
	if err := by.Caller.Require(cardinal.PermWriteCredentials); err != nil {
		return false, err
	}
	t, err := d.beginWith(ctx, tx, by, user)
	if err != nil {
		return false, err
	}
	return t.apply(ctx, change)
}

func (t *task) apply(ctx context.Context, change Change) (bool, error) {
	changed, violations, err := t.setNumbers(ctx, change.Numbers)
	if err != nil {
		return false, err
	}
	if change.RemovePIN {
		removed, err := t.removePIN(ctx)
		if err != nil {
			return false, err
		}
		changed = changed || removed
	}
	if !change.PIN.IsZero() {
		_, refused, err := t.setPIN(ctx, change.PIN)
		if err != nil {
			return false, err
		}
		violations = append(violations, refused...)
		changed = true
	}
	return changed, refusal(violations)
}

// refusal makes the error of violations, nil for none: a policy violation if the
// PIN is among them, else a conflict.
func refusal(violations []cardinal.Violation) error {
	if len(violations) == 0 {
		return nil
	}
	e := &cardinal.Error{Code: cardinal.CodeConflict, Detail: violations[0].Message, Violations: violations}
	for _, v := range violations {
		if v.Field == "pin" {
			e.Code = cardinal.CodePolicyViolation
			e.Detail = "The PIN does not meet the policy. Nothing was changed."
		}
	}
	return e
}

// change runs do for the user of that name in a transaction of its own, with the
// user locked, as an Attempt.
func (d *Door) change(ctx context.Context, caller cardinal.Caller, username string, do func(*task) error) error {
	if err := caller.Require(cardinal.PermWriteCredentials); err != nil {
		return err
	}
	var refused error
	err := d.store.Write(ctx, func(tx *store.Tx) error {
		user, err := tx.LockUserByName(ctx, caller.Customer, username)
		if err != nil {
			return err
		}
		t, err := d.begin(ctx, tx, caller, user)
		if err != nil {
			return err
		}
		refused, err = d.Attempt(ctx, tx, Acting{caller, t.values}, user, func() error { return do(t) })
		return err
	})
	if err != nil {
		return err
	}
	return refused
}

// happened queues an event about the user.
func (t *task) happened(what cardinal.EventType, attributes map[string]string) {
	t.tx.QueueEvent(cardinal.Event{Customer: t.user.Customer, Type: what, User: t.user.ID, Attributes: attributes})
}

// record writes down a change of PIN or numbers: in the user's revision, so that
// nobody overwrites it unseen, and in the audit log.
func (t *task) record(ctx context.Context, action string, before, after audit.Fields) error {
	if !t.fresh {
		if err := t.tx.ReviseUser(ctx, t.user); err != nil {
			return err
		}
	}
	return audit.Record(t.tx, t.caller, audit.Entry{Action: action, Subject: "user " + t.user.Username, Before: before, After: after})
}

// owner is what the policy may know of the user, with their numbers opened.
func (t *task) owner() (cardinal.Owner, error) {
	owner := cardinal.Owner{Username: t.user.Username, Email: t.user.Email}
	for _, slot := range cardinal.Slots() {
		stored, ok := t.numbers[slot]
		if !ok {
			continue
		}
		number, err := t.open(stored)
		if err != nil {
			return owner, err
		}
		owner.CardNumbers = append(owner.CardNumbers, number)
	}
	return owner, nil
}

// CheckPolicy tells which rules of the policy a PIN breaks, and writes nothing.
// With a username (CodeNotFound if unknown) the rule about personal details looks
// at that user; it takes the right to write credentials, or to be that user,
// whose numbers are then left out. It never looks at what PINs there are, so it
// tells nobody whether a PIN is somebody's.
func (d *Door) CheckPolicy(ctx context.Context, caller cardinal.Caller, pin cardinal.PIN, username string) ([]cardinal.Violation, error) {
	if err := caller.Require(cardinal.PermCheckPolicy); err != nil {
		return nil, err
	}
	var violations []cardinal.Violation
	err := d.store.Read(ctx, func(tx *store.Tx) error {
		texts, err := tx.SettingTexts(ctx, caller.Customer)
		if err != nil {
			return err
		}
		by, owner := Acting{caller, setting.Load(texts)}, cardinal.Owner{}
		if username != "" {
			if owner, err = d.ownerFor(ctx, tx, by, username); err != nil {
				return err
			}
		}
		violations = policy.Check(setting.Policy(by.Settings), pin, owner)
		return nil
	})
	return violations, err
}

func (d *Door) ownerFor(ctx context.Context, tx *store.Tx, by Acting, username string) (cardinal.Owner, error) {
	user, err := tx.UserByName(ctx, by.Caller.Customer, username)
	switch {
	case err == nil && user.ID == by.Caller.User && !by.Caller.May(cardinal.PermWriteCredentials):
		return cardinal.Owner{Username: user.Username, Email: user.Email}, nil
	case !by.Caller.May(cardinal.PermWriteCredentials):
		// Before the user is told to be unknown, or usernames could be tried out.
		return cardinal.Owner{}, by.Caller.Require(cardinal.PermWriteCredentials)
	case err != nil:
		return cardinal.Owner{}, err
	}
	t, err := d.beginWith(ctx, tx, by, user)
	if err != nil {
		return cardinal.Owner{}, err
	}
	return t.owner()
}

// Foresee returns what the policy alone says of a change for a user who cannot
// be made, so that all that is wrong is told at once.
func (d *Door) Foresee(by Acting, user cardinal.User, change Change) []cardinal.Violation {
	if change.PIN.IsZero() {
		return nil
	}
	owner := cardinal.Owner{Username: user.Username, Email: user.Email}
	for _, n := range change.Numbers {
		owner.CardNumbers = append(owner.CardNumbers, n.Number)
	}
	return policy.Check(setting.Policy(by.Settings), change.PIN, owner)
}
