package credential

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/letter"
	"cardinal/internal/notify"
	"cardinal/internal/policy"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// Number is a card number as one caller may see it.
type Number struct {
	Slot cardinal.Slot
	Text string // the number, or •••• and its last four characters
	Full bool   // whether Text is the number
}

// SetNumber puts a number into a slot of the user of that name, or removes the
// one there if number is zero. A number of somebody else is CodeConflict.
func (d *Door) SetNumber(ctx context.Context, caller cardinal.Caller, username string, change NumberChange) error {
	return d.change(ctx, caller, username, func(t *task) error {
		_, err := t.apply(ctx, Change{Numbers: []NumberChange{change}})
		return err
	})
}

// GenerateNumber puts a new random number into a slot and returns it.
func (d *Door) GenerateNumber(ctx context.Context, caller cardinal.Caller, username string, slot cardinal.Slot) (cardinal.CardNumber, error) {
	var number cardinal.CardNumber
	err := d.change(ctx, caller, username, func(t *task) (err error) {
		number, err = t.generateNumber(ctx, slot)
		return err
	})
	return number, err
}

// GenerateForNew gives a user who was just made in the caller's transaction a
// primary number, where user.card-id.generate-for-new-users wants it and they
// have none.
func (d *Door) GenerateForNew(ctx context.Context, tx *store.Tx, by Acting, user cardinal.User) error {
	if !setting.CardIDGenerateForNewUsers.In(by.Settings) {
		return nil
	}
	t, err := d.beginWith(ctx, tx, by, user)
	if err != nil {
		return err
	}
	if _, has := t.numbers[cardinal.Primary]; has {
		return nil
	}
	_, err = t.generateNumber(ctx, cardinal.Primary)
	return err
}

// Numbers returns a user's numbers as the caller may see them: in full with the
// right to read numbers, and one's own as user.can-view-card-id says.
func (d *Door) Numbers(ctx context.Context, tx *store.Tx, by Acting, user cardinal.UserID) ([]Number, error) {
	stored, err := tx.Numbers(ctx, user)
	if err != nil {
		return nil, err
	}
	return d.Shown(by, user, stored)
}

// Shown returns a user's stored numbers as the caller may see them.
func (d *Door) Shown(by Acting, user cardinal.UserID, stored []store.StoredNumber) ([]Number, error) {
	numbers := make([]Number, len(stored))
	for i, n := range stored {
		numbers[i] = Number{Slot: n.Slot, Text: cardinal.MaskedNumber(n.End)}
		if !maySee(by, user, n.Slot) {
			continue
		}
		number, err := d.ring.OpenNumber(by.Caller.Customer, user, n.Slot, n.Tag.Version, n.Sealed)
		if err != nil {
			return nil, fmt.Errorf("open the %s number of user %s: %w", n.Slot, user, err)
		}
		numbers[i].Text, numbers[i].Full = number.Reveal(), true
	}
	return numbers, nil
}

func maySee(by Acting, user cardinal.UserID, slot cardinal.Slot) bool {
	if by.Caller.May(cardinal.PermReadNumbers) {
		return true
	}
	return by.Caller.User == user && by.Caller.Kind == cardinal.CallerUser && setting.UserCanViewCardID.In(by.Settings).Shows(slot)
}

// FindNumber returns whose number it is, under whichever version of the key, or
// CodeNotFound.
func (d *Door) FindNumber(ctx context.Context, tx *store.Tx, customer cardinal.CustomerID, number cardinal.CardNumber) (store.StoredNumber, error) {
	var err error
	tags := d.ring.NumberTags(customer, number)
	if len(tags) > 1 {
		tags = append(tags, tags[0]) // once more: it may have moved there after it was not found there
	}
	for _, tag := range tags {
		var found store.StoredNumber
		if found, err = tx.NumberByTag(ctx, customer, store.Tag(tag)); err == nil {
			return found, nil
		}
		if cardinal.CodeOf(err) != cardinal.CodeNotFound {
			return store.StoredNumber{}, err
		}
	}
	return store.StoredNumber{}, err
}

// FindOwners returns who has each number, under whichever version of the key, in
// the order of the numbers: a statement for each version, however many there are.
func (d *Door) FindOwners(ctx context.Context, tx *store.Tx, customer cardinal.CustomerID, numbers []cardinal.CardNumber) ([]store.NumberOwner, error) {
	var tags []store.Tag
	for _, number := range numbers {
		for _, tag := range d.ring.NumberTags(customer, number) {
			tags = append(tags, store.Tag(tag))
		}
	}
	found, err := tx.OwnersOfNumbers(ctx, customer, tags)
	if err != nil {
		return nil, err
	}
	owners, versions := make([]store.NumberOwner, len(numbers)), len(d.ring.Versions())
	for i := range owners {
		for at := i * versions; at < (i+1)*versions && owners[i].User == ""; at++ {
			owners[i] = store.NumberOwner{User: found[at], Tag: tags[at]}
		}
	}
	return owners, nil
}

func (t *task) open(n store.StoredNumber) (cardinal.CardNumber, error) {
	number, err := t.ring.OpenNumber(t.user.Customer, n.User, n.Slot, n.Tag.Version, n.Sealed)
	if err != nil {
		return number, fmt.Errorf("open the %s number of user %s: %w", n.Slot, n.User, err)
	}
	return number, nil
}

// setNumbers empties all slots that change before it fills them, so that a
// user's own two numbers can change places.
func (t *task) setNumbers(ctx context.Context, changes []NumberChange) (bool, []cardinal.Violation, error) {
	var wanted []NumberChange
	before := t.numbers
	for _, change := range changes {
		same, err := t.hasAlready(change)
		if err != nil {
			return false, nil, err
		}
		if !same {
			wanted = append(wanted, change)
		}
	}
	if len(wanted) == 0 {
		return false, nil, nil
	}
	t.numbers = maps.Clone(before)
	for _, change := range wanted {
		if _, full := before[change.Slot]; !full {
			continue
		}
		if _, err := t.tx.RemoveNumber(ctx, t.user.ID, change.Slot); err != nil {
			return false, nil, err
		}
		delete(t.numbers, change.Slot)
	}
	var violations []cardinal.Violation
	for _, change := range wanted {
		if change.Number.IsZero() {
			continue
		}
		taken, err := t.addNumber(ctx, change)
		if err != nil {
			return false, nil, err
		}
		if taken {
			violations = append(violations, numberTaken(change.Slot))
		}
	}
	if len(violations) > 0 {
		return true, violations, nil
	}
	return true, nil, t.recordNumbers(ctx, wanted, before)
}

func (t *task) hasAlready(change NumberChange) (bool, error) {
	stored, ok := t.numbers[change.Slot]
	if !ok || change.Number.IsZero() {
		return !ok && change.Number.IsZero(), nil
	}
	present, err := t.open(stored)
	return err == nil && present.Reveal() == change.Number.Reveal(), err
}

// addNumber writes a number into an empty slot and reports whether it is taken.
func (t *task) addNumber(ctx context.Context, change NumberChange) (bool, error) {
	tags := t.ring.NumberTags(t.user.Customer, change.Number)
	// The constraint guards the current version; numbers under older ones are looked up.
	for _, tag := range tags[1:] {
		if _, err := t.tx.NumberByTag(ctx, t.user.Customer, store.Tag(tag)); cardinal.CodeOf(err) != cardinal.CodeNotFound {
			return err == nil, err
		}
	}
	_, sealed, err := t.ring.SealNumber(t.user.Customer, t.user.ID, change.Slot, change.Number)
	if err != nil {
		return false, fmt.Errorf("seal number: %w", err)
	}
	stored := store.StoredNumber{
		User: t.user.ID, Slot: change.Slot, Tag: store.Tag(tags[0]), Sealed: sealed, End: change.Number.End(), Digits: digits(change.Number),
	}
	added, err := t.tx.AddNumber(ctx, t.user.Customer, stored)
	if added {
		t.numbers[change.Slot] = stored
	}
	return !added, err
}

// digits returns the length of a number that could have been generated, else 0.
func digits(number cardinal.CardNumber) int {
	text := number.Reveal()
	if text[0] == '0' || strings.Trim(text, "0123456789") != "" {
		return 0
	}
	return len(text)
}

func (t *task) recordNumbers(ctx context.Context, changes []NumberChange, before map[cardinal.Slot]store.StoredNumber) error {
	for _, change := range changes {
		fields := func(end string) audit.Fields {
			if end == "" {
				return nil
			}
			return audit.Fields{string(change.Slot): cardinal.MaskedNumber(end)}
		}
		t.happened(cardinal.EventCardNumberChanged, map[string]string{"slot": string(change.Slot), "removed": strconv.FormatBool(change.Number.IsZero())})
		if err := t.record(ctx, "card-number.changed", fields(before[change.Slot].End), fields(change.Number.End())); err != nil {
			return err
		}
	}
	return nil
}

// NumberField is the name of a slot's field in forms, requests and violations.
func NumberField(slot cardinal.Slot) string { return string(slot) + "CardNumber" }

func numberTaken(slot cardinal.Slot) cardinal.Violation {
	return cardinal.Violation{Code: cardinal.ViolationTaken, Field: NumberField(slot), Message: "This card number is taken. Choose another one."}
}

// generateNumber draws until a number is free. After a few that are taken it
// counts, and refuses where fewer than one in a thousand would still be free.
func (t *task) generateNumber(ctx context.Context, slot cardinal.Slot) (cardinal.CardNumber, error) {
	length, present := setting.CardIDGeneratedLength.In(t.values), t.numbers
	const drawsBeforeCount, draws = 5, 20_000
	for draw := range draws {
		if draw == drawsBeforeCount {
			if err := t.numbersLeft(ctx, length); err != nil {
				return cardinal.CardNumber{}, err
			}
		}
		text, err := policy.GenerateNumber(length, t.random)
		if err != nil {
			return cardinal.CardNumber{}, fmt.Errorf("generate number: %w", err)
		}
		number, err := cardinal.ParseCardNumber(NumberField(slot), text)
		if err != nil {
			return cardinal.CardNumber{}, err
		}
		_, err = t.FindNumber(ctx, t.tx, t.user.Customer, number)
		if err == nil {
			continue
		}
		if cardinal.CodeOf(err) != cardinal.CodeNotFound {
			return cardinal.CardNumber{}, err
		}
		t.numbers = present // also after a draw that somebody took meanwhile
		_, taken, err := t.setNumbers(ctx, []NumberChange{{slot, number}})
		switch {
		case err != nil:
			return number, err
		case len(taken) == 0:
			return number, t.tell(ctx, notify.News{Kind: letter.CardNumberGenerated, Slot: slot, CardNumber: number})
		}
	}
	return cardinal.CardNumber{}, numbersUsedUp()
}

func (t *task) numbersLeft(ctx context.Context, length int) error {
	taken, err := t.tx.CountNumbers(ctx, t.user.Customer, length)
	if err != nil {
		return err
	}
	// All that can be drawn: nine in ten of the acceptable texts do not begin with 0.
	drawn := cardinal.Policy{Characters: cardinal.Digits, GeneratedCharacters: cardinal.Digits, DisallowSequential: true}
	all := policy.Acceptable(drawn, length) * 9 / 10
	if (all-float64(taken))*1000 < all {
		return numbersUsedUp()
	}
	return nil
}

func numbersUsedUp() error {
	return cardinal.Invalid(setting.CardIDGeneratedLength.Key,
		"Nearly all numbers of that length are taken. Raise the length of generated numbers (user.card-id.generated-length).")
}
