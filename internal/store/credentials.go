package store

import (
	"context"
	"fmt"
	"time"

	"cardinal"
	"cardinal/internal/store/db"
)

// Tag is the keyed digest under which a PIN or a number is stored, with the
// version of the key.
type Tag struct {
	Version int
	Sum     []byte
}

// StoredPIN is a PIN as the database has it: its state and its tag.
type StoredPIN struct {
	cardinal.PINState
	Tag         Tag
	Identifying bool // the tag is the customer's, not the user's: the PIN alone finds the user
	// PolicyKnown tells whether the PIN has been compared with a policy at PolicyCheckedAt, and PolicyMet how that went.
	PolicyKnown     bool
	PolicyMet       bool
	PolicyCheckedAt time.Time
}

func storedPIN(r db.Pin) StoredPIN {
	return StoredPIN{
		PINState: cardinal.PINState{
			ID: cardinal.PINID(r.ID), User: cardinal.UserID(r.UserID), CreatedAt: fromMillis(r.CreatedAt),
			ExpiresAt: fromMillis(r.ExpiresAt), Generated: r.Generated, NewRequired: r.NewRequired,
		},
		Tag: Tag{int(r.KeyVersion), r.Tag}, Identifying: r.Identifying,
		PolicyKnown: r.PolicyKnown, PolicyMet: r.PolicyMet, PolicyCheckedAt: fromMillis(r.PolicyCheckedAt),
	}
}

// PIN reads the PIN of a user, whether it has expired or not; CodeNotFound if
// they have none.
func (tx *Tx) PIN(ctx context.Context, id cardinal.UserID) (StoredPIN, error) {
	row, err := tx.q.PIN(ctx, string(id))
	return storedPIN(row), found(err, "PIN")
}

// PINByTag finds the PIN with an identifying tag; CodeNotFound if there is none.
func (tx *Tx) PINByTag(ctx context.Context, c cardinal.CustomerID, tag Tag) (StoredPIN, error) {
	row, err := tx.q.PINByTag(ctx, db.PINByTagParams{CustomerID: string(c), KeyVersion: int64(tag.Version), Tag: tag.Sum})
	return storedPIN(row), found(err, "PIN")
}

// AddPIN writes a PIN for a user who has none. It reports false, and writes
// nothing, where the tag belongs to another PIN of the customer.
func (tx *Tx) AddPIN(ctx context.Context, c cardinal.CustomerID, p StoredPIN) (bool, error) {
	rows, err := tx.q.UpsertPIN(ctx, db.UpsertPINParams{
		UserID: string(p.User), CustomerID: string(c), ID: string(p.ID), KeyVersion: int64(p.Tag.Version), Tag: p.Tag.Sum,
		Identifying: p.Identifying, Generated: p.Generated, CreatedAt: millis(p.CreatedAt), ExpiresAt: millis(p.ExpiresAt),
	})
	if err != nil {
		return false, fmt.Errorf("write PIN: %w", err)
	}
	return rows > 0, nil
}

// RemovePIN deletes the PIN of a user and reports whether there was one.
func (tx *Tx) RemovePIN(ctx context.Context, id cardinal.UserID) (bool, error) {
	rows, err := tx.q.DeletePIN(ctx, string(id))
	if err != nil {
		return false, fmt.Errorf("delete PIN: %w", err)
	}
	return rows > 0, nil
}

// RetagPIN stores a live PIN under another tag. It reports false, and writes
// nothing, where the tag belongs to another PIN or the PIN has changed.
func (tx *Tx) RetagPIN(ctx context.Context, c cardinal.CustomerID, p StoredPIN) (bool, error) {
	rows, err := tx.q.RetagPIN(ctx, db.RetagPINParams{
		KeyVersion: int64(p.Tag.Version), Tag: p.Tag.Sum, Identifying: p.Identifying,
		UserID: string(p.User), ID: string(p.ID), CustomerID: string(c),
	})
	if err != nil {
		return false, fmt.Errorf("write PIN tag: %w", err)
	}
	return rows > 0, nil
}

// SetPolicyMet keeps whether a PIN met the policy at the transaction's instant.
func (tx *Tx) SetPolicyMet(ctx context.Context, p StoredPIN, met bool) error {
	err := tx.q.SetPINPolicyMet(ctx, db.SetPINPolicyMetParams{
		UserID: string(p.User), ID: string(p.ID), PolicyMet: met, PolicyCheckedAt: millis(tx.now),
	})
	if err != nil {
		return fmt.Errorf("write PIN: %w", err)
	}
	return nil
}

// AddPINHistory remembers a PIN's tag and forgets those of the user's that are
// older than the newest keep ones.
func (tx *Tx) AddPINHistory(ctx context.Context, user cardinal.UserID, id cardinal.PINID, tag Tag, keep int) error {
	err := tx.q.InsertPINHistory(ctx, db.InsertPINHistoryParams{
		UserID: string(user), PinID: string(id), KeyVersion: int64(tag.Version), Tag: tag.Sum,
	})
	if err != nil {
		return fmt.Errorf("write PIN history: %w", err)
	}
	rows, err := tx.q.PINHistory(ctx, db.PINHistoryParams{UserID: string(user), Limit: int32(keep)})
	if err != nil {
		return fmt.Errorf("read PIN history: %w", err)
	}
	if len(rows) < keep {
		return nil
	}
	err = tx.q.PrunePINHistory(ctx, db.PrunePINHistoryParams{UserID: string(user), PinID: rows[len(rows)-1].PinID})
	if err != nil {
		return fmt.Errorf("prune PIN history: %w", err)
	}
	return nil
}

// PINHistory reads the tags of the last most PINs of a user, newest first.
func (tx *Tx) PINHistory(ctx context.Context, user cardinal.UserID, most int) ([]Tag, error) {
	rows, err := tx.q.PINHistory(ctx, db.PINHistoryParams{UserID: string(user), Limit: int32(most)})
	return each(rows, err, "PIN history", func(r db.PinHistory) Tag { return Tag{int(r.KeyVersion), r.Tag} })
}

// CountPINs counts the PINs of a customer that sign in at the transaction's instant.
func (tx *Tx) CountPINs(ctx context.Context, c cardinal.CustomerID) (int, error) {
	n, err := tx.q.CountPINs(ctx, db.CountPINsParams{CustomerID: string(c), Now: millis(tx.now)})
	if err != nil {
		return 0, fmt.Errorf("count PINs: %w", err)
	}
	return int(n), nil
}

// StoredNumber is a card number as the database has it.
type StoredNumber struct {
	User      cardinal.UserID
	Slot      cardinal.Slot
	Tag       Tag
	Sealed    []byte // opened by package seal under Tag.Version
	End       string // the last four characters
	Digits    int    // how many digits, if it has nothing else and no 0 in front; otherwise 0
	CreatedAt time.Time
}

func storedNumber(r db.CardNumber) StoredNumber {
	return StoredNumber{
		User: cardinal.UserID(r.UserID), Slot: cardinal.Slot(r.Slot), Tag: Tag{int(r.KeyVersion), r.Tag},
		Sealed: r.Sealed, End: r.NumberEnd, Digits: int(r.Digits), CreatedAt: fromMillis(r.CreatedAt),
	}
}

// Numbers reads the card numbers of a user, primary first.
func (tx *Tx) Numbers(ctx context.Context, id cardinal.UserID) ([]StoredNumber, error) {
	rows, err := tx.q.CardNumbers(ctx, string(id))
	return each(rows, err, "card numbers", storedNumber)
}

// NumberByTag finds a card number; CodeNotFound if nobody has it.
func (tx *Tx) NumberByTag(ctx context.Context, c cardinal.CustomerID, tag Tag) (StoredNumber, error) {
	row, err := tx.q.CardNumberByTag(ctx, db.CardNumberByTagParams{CustomerID: string(c), KeyVersion: int64(tag.Version), Tag: tag.Sum})
	return storedNumber(row), found(err, "card number")
}

// AddNumber writes a card number into an empty slot. It reports false, and
// writes nothing, where the number is taken.
func (tx *Tx) AddNumber(ctx context.Context, c cardinal.CustomerID, n StoredNumber) (bool, error) {
	rows, err := tx.q.InsertCardNumber(ctx, db.InsertCardNumberParams{
		UserID: string(n.User), Slot: string(n.Slot), CustomerID: string(c), KeyVersion: int64(n.Tag.Version),
		Tag: n.Tag.Sum, Sealed: n.Sealed, NumberEnd: n.End, Digits: int64(n.Digits), CreatedAt: millis(tx.now),
	})
	if err != nil {
		return false, fmt.Errorf("write card number: %w", err)
	}
	return rows > 0, nil
}

// RemoveNumber empties a slot and reports whether there was a number in it.
func (tx *Tx) RemoveNumber(ctx context.Context, id cardinal.UserID, slot cardinal.Slot) (bool, error) {
	rows, err := tx.q.DeleteCardNumber(ctx, db.DeleteCardNumberParams{UserID: string(id), Slot: string(slot)})
	if err != nil {
		return false, fmt.Errorf("delete card number: %w", err)
	}
	return rows > 0, nil
}

// CountNumbers counts the card numbers of a customer, in both slots, that are
// so many digits long and could have been generated.
func (tx *Tx) CountNumbers(ctx context.Context, c cardinal.CustomerID, digits int) (int, error) {
	n, err := tx.q.CountCardNumbers(ctx, db.CountCardNumbersParams{CustomerID: string(c), Digits: int64(digits)})
	if err != nil {
		return 0, fmt.Errorf("count card numbers: %w", err)
	}
	return int(n), nil
}

// ChangeKey names a daily count: what was changed, of whom, on which day.
type ChangeKey struct {
	Customer cardinal.CustomerID
	Subject  string // "user ID", "token ID", …
	Kind     string
	Day      string // 2006-01-02 in the customer's time zone
}

// CountChange adds one to a daily count unless it has reached most, and reports
// whether it did. Exact under concurrency.
func (tx *Tx) CountChange(ctx context.Context, k ChangeKey, most int) (bool, error) {
	if most <= 0 {
		return false, nil
	}
	rows, err := tx.q.CountChange(ctx, db.CountChangeParams{
		CustomerID: string(k.Customer), Subject: k.Subject, Kind: k.Kind, Day: k.Day, Most: int64(most),
	})
	if err != nil {
		return false, fmt.Errorf("count change: %w", err)
	}
	return rows > 0, nil
}

// ChangeCount reads a daily count; 0 if nothing was counted.
func (tx *Tx) ChangeCount(ctx context.Context, k ChangeKey) (int, error) {
	n, err := tx.q.ChangeCount(ctx, db.ChangeCountParams{CustomerID: string(k.Customer), Subject: k.Subject, Kind: k.Kind, Day: k.Day})
	err = found(err, "count")
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return 0, nil
	}
	return int(n), err
}

// ResetChangeCounts forgets all daily counts of a subject.
func (tx *Tx) ResetChangeCounts(ctx context.Context, c cardinal.CustomerID, subject string) error {
	if err := tx.q.DeleteChangeCounts(ctx, db.DeleteChangeCountsParams{CustomerID: string(c), Subject: subject}); err != nil {
		return fmt.Errorf("reset change counts: %w", err)
	}
	return nil
}
