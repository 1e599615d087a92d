package directory

import (
	"context"
	"errors"
	"slices"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/credential"
	"cardinal/internal/directory/people"
	"cardinal/internal/store"
)

// line is one line of the file with what it asks of a user.
type line struct {
	people.Person
	fields account.Fields // prepared
}

// fieldsOf translates what a line asks for.
func fieldsOf(p people.Person) account.Fields {
	f := account.Fields{
		FullName: wanted(p.FullName), Email: wanted(p.Email), Department: wanted(p.Department), Notes: wanted(p.Notes),
		Role: wanted(p.Role), Disabled: wanted(p.Disabled), Password: p.Password.Value, RemovePassword: p.Password.Op == people.Clear,
	}
	f.Credentials = credential.Change{PIN: p.PIN.Value, RemovePIN: p.PIN.Op == people.Clear, Numbers: numbersOf(p)}
	return f
}

func wanted[T any](c people.Change[T]) *T {
	if c.Op == people.Leave {
		return nil
	}
	return &c.Value
}

func numbersOf(p people.Person) []credential.NumberChange {
	var changes []credential.NumberChange
	if p.Primary.Op != people.Leave {
		changes = append(changes, credential.NumberChange{Slot: cardinal.Primary, Number: p.Primary.Value})
	}
	if p.Secondary.Op != people.Leave {
		changes = append(changes, credential.NumberChange{Slot: cardinal.Secondary, Number: p.Secondary.Value})
	}
	return changes
}

// batch is one transaction of an import under way.
type batch struct {
	*Service
	tx     *store.Tx
	by     credential.Acting
	held   *held
	lines  []people.LineResult // what was decided, in the order in which it was
	ending ending
	told   []telling // refusals that told about PINs, for a dry run to count
	taken  int       // how many lines were dealt with
	// creating tells that the last line was about a user who was not there.
	creating bool
}

// telling is a refusal of a change of a user.
type telling struct {
	user    cardinal.User
	refused error
}

func (b *batch) decide(result people.LineResult) { b.lines = append(b.lines, result) }

// take deals with one line: whole or not at all. The error ends the import.
func (b *batch) take(ctx context.Context, l line) error {
	if l.Malformed() {
		b.decide(l.Refuse(l.Violations))
		return nil
	}
	result, user, refused, err := b.attempt(ctx, l)
	switch {
	case err != nil:
		return err
	case refused == nil:
		b.decide(people.LineResult{Line: l.Line, Username: l.Username, Result: result})
		return nil
	}
	b.told = append(b.told, telling{user, refused})
	closed, err := b.exchange(ctx, l, user, refused)
	if err == nil && !closed {
		b.decide(l.Refuse(reasons(refused)))
	}
	return err
}

// attempt creates or updates the user of a line. Lines are mostly like the one
// before: where that one made a user, this one tries to, and is told if there is
// one, which spares a look-up for each line. The second try is for that, and for
// a user whom somebody else makes at the same moment.
func (b *batch) attempt(ctx context.Context, l line) (result people.Result, user cardinal.User, refused, err error) {
	customer := b.by.Caller.Customer
	nobody := cardinal.User{Customer: customer, Username: l.Username}
	for range 2 {
		if !b.creating {
			user, err = b.tx.UserByName(ctx, customer, l.Username)
			if cardinal.CodeOf(err) != cardinal.CodeNotFound {
				return b.change(ctx, l, user, err)
			}
		}
		refused, err = b.create(ctx, l, nobody)
		if b.creating = takenUsername(refused) == nil; b.creating {
			break
		}
	}
	return people.Created, nobody, refused, err
}

// change updates a user who was found, unless there is nothing to change.
func (b *batch) change(ctx context.Context, l line, user cardinal.User, err error) (people.Result, cardinal.User, error, error) {
	if err != nil {
		return "", user, nil, err
	}
	same, err := b.unchanged(ctx, l, user)
	if err != nil || same {
		return people.Unchanged, user, nil, err
	}
	return b.update(ctx, l, user)
}

// takenUsername returns the part of a refusal that is about the username being
// somebody's, nil if there is none.
func takenUsername(refused error) error {
	for _, v := range cardinal.ViolationsOf(refused) {
		if v.Code == cardinal.ViolationTaken && v.Field == "username" {
			return &cardinal.Error{Code: cardinal.CodeConflict, Detail: v.Message, Violations: []cardinal.Violation{v}}
		}
	}
	return nil
}

func (b *batch) create(ctx context.Context, l line, user cardinal.User) (refused, err error) {
	return b.door.Attempt(ctx, b.tx, b.by, user, func() error {
		_, err := b.accounts.CreateIn(ctx, b.tx, b.by, account.NewUser{Username: l.Username, Source: account.SourceImport, Fields: l.fields})
		if taken := takenUsername(err); taken != nil {
			return taken // alone: what else is wrong is judged where the user is updated
		}
		return together(l.Violations, err)
	})
}

func (b *batch) update(ctx context.Context, l line, user cardinal.User) (people.Result, cardinal.User, error, error) {
	user, err := b.tx.LockUser(ctx, user.Customer, user.ID)
	if err != nil {
		return "", user, nil, err
	}
	changed := false
	refused, err := b.door.Attempt(ctx, b.tx, b.by, user, func() (err error) {
		changed, err = b.accounts.UpdateIn(ctx, b.tx, b.by, user, l.fields)
		return together(l.Violations, err)
	})
	if changed {
		return people.Updated, user, refused, err
	}
	return people.Unchanged, user, refused, err
}

// unchanged reports whether a line asks for nothing but what is there already,
// so that it need lock and write nothing.
func (b *batch) unchanged(ctx context.Context, l line, user cardinal.User) (bool, error) {
	if len(l.Violations) > 0 || asksOfFields(l.fields, user) || asksOfSecrets(l.fields, user) {
		return false, nil
	}
	numbers := l.fields.Credentials.Numbers
	if len(numbers) == 0 {
		return true, nil
	}
	present, err := b.door.Numbers(ctx, b.tx, b.by, user.ID)
	for _, change := range numbers {
		if !same(change, present) {
			return false, err
		}
	}
	return err == nil, err
}

func asksOfFields(f account.Fields, user cardinal.User) bool {
	return differs(f.FullName, user.FullName) || differs(f.Email, user.Email) || differs(f.Department, user.Department) ||
		differs(f.Notes, user.Notes) || differs(f.Role, user.Role) || differs(f.Disabled, user.Disabled)
}

// asksOfSecrets takes a PIN or password that is given for a new one: whether it
// is the present one, nobody is told.
func asksOfSecrets(f account.Fields, user cardinal.User) bool {
	return !f.Credentials.PIN.IsZero() || f.Credentials.RemovePIN || !f.Password.IsZero() || f.RemovePassword && user.HasPassword
}

func differs[T comparable](wanted *T, present T) bool { return wanted != nil && *wanted != present }

func same(change credential.NumberChange, present []credential.Number) bool {
	for _, n := range present {
		if n.Slot == change.Slot {
			return n.Full && n.Text == change.Number.Reveal()
		}
	}
	return change.Number.IsZero()
}

// together makes one refusal of what is wrong with the form of a line and of
// what else speaks against it. A fault is not a refusal and stays what it is.
func together(form []cardinal.Violation, err error) error {
	if len(form) == 0 {
		return err
	}
	switch cardinal.CodeOf(err) {
	case cardinal.CodeInternal, cardinal.CodeUnavailable, cardinal.CodeStorageFull:
		return err
	}
	found := &cardinal.Error{Code: cardinal.CodeInvalid, Detail: "The line is not right. Nothing was changed.", Violations: slices.Clone(form)}
	for _, v := range reasons(err) {
		if v.Field == "pin" {
			found.Code = cardinal.CodePolicyViolation
		}
		if !slices.ContainsFunc(found.Violations, v.Equal) {
			found.Violations = append(found.Violations, v)
		}
	}
	return found
}

// reasons are what the report says of a refusal.
func reasons(refused error) []cardinal.Violation {
	if refused == nil {
		return nil
	}
	if violations := cardinal.ViolationsOf(refused); len(violations) > 0 {
		return violations
	}
	v := cardinal.Violation{Code: cardinal.ViolationCode(cardinal.CodeOf(refused)), Message: refused.Error()}
	if known, ok := errors.AsType[*cardinal.Error](refused); ok && known.Unwrap() == nil {
		v = cardinal.Violated(v.Code, "", "%s", known.Sentence())
	}
	return []cardinal.Violation{v}
}
