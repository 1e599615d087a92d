package store

import (
	"context"
	"fmt"
	"time"

	"cardinal"
	"cardinal/internal/store/db"
)

// DuePINs is how many PINs expire in a stretch of time.
type DuePINs struct {
	Since time.Time
	PINs  int
}

// PINsDue counts the PINs that expire from begin to before end in stretches of
// step, which start at multiples of step in UTC; those without any are left out.
func (tx *Tx) PINsDue(ctx context.Context, c cardinal.CustomerID, begin, end time.Time, step time.Duration) ([]DuePINs, error) {
	ms := step.Milliseconds()
	rows, err := tx.q.PINsDue(ctx, db.PINsDueParams{CustomerID: string(c), BeginTime: millis(begin), EndTime: far(end), Step: ms})
	return each(rows, err, "PINs", func(r db.PINsDueRow) DuePINs { return DuePINs{fromMillis(r.Slot * ms), int(r.Pins)} })
}

// CountOwnersOfNumbers counts the users of a customer that have a card number.
func (tx *Tx) CountOwnersOfNumbers(ctx context.Context, c cardinal.CustomerID) (int, error) {
	n, err := tx.q.CountOwnersOfNumbers(ctx, string(c))
	return counted(n, err, "card numbers")
}

// CountUsersWithoutAddress counts the users that have no e-mail address.
func (tx *Tx) CountUsersWithoutAddress(ctx context.Context, c cardinal.CustomerID) (int, error) {
	n, err := tx.q.CountUsersWithoutAddress(ctx, string(c))
	return counted(n, err, "users")
}

// CountLockedUsers counts the users that are locked at the instant of the
// transaction.
func (tx *Tx) CountLockedUsers(ctx context.Context, c cardinal.CustomerID) (int, error) {
	n, err := tx.q.CountLockedUsers(ctx, db.CountLockedUsersParams{CustomerID: string(c), Now: millis(tx.now)})
	return counted(n, err, "locked users")
}

func counted(n int64, err error, what string) (int, error) {
	if err != nil {
		return 0, fmt.Errorf("count %s: %w", what, err)
	}
	return int(n), nil
}

// SignInCount is how many tries ended so in a stretch of time.
type SignInCount struct {
	Since   time.Time
	Outcome cardinal.Outcome
	Tries   int64
}

// TallySignIns counts the tries on record from begin to before end by outcome.
func (tx *Tx) TallySignIns(ctx context.Context, c cardinal.CustomerID, begin, end time.Time) ([]SignInCount, error) {
	rows, err := tx.q.TallySignIns(ctx, db.TallySignInsParams{CustomerID: string(c), Since: idAt(begin), Before: idAt(end)})
	return each(rows, err, "sign-ins", func(r db.TallySignInsRow) SignInCount {
		return SignInCount{begin, cardinal.Outcome(r.Outcome), r.Tries}
	})
}

// FirstSignInFrom returns the time of the first try on record at that time or
// later, the zero time if there is none.
func (tx *Tx) FirstSignInFrom(ctx context.Context, c cardinal.CustomerID, at time.Time) (time.Time, error) {
	ms, err := tx.q.FirstSignInFrom(ctx, db.FirstSignInFromParams{CustomerID: string(c), Since: idAt(at)})
	err = found(err, "sign-in")
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return time.Time{}, nil
	}
	return fromMillis(ms), err
}

// SignInsCountedUntil returns the time before which all tries are counted, the
// zero time if none are.
func (tx *Tx) SignInsCountedUntil(ctx context.Context, c cardinal.CustomerID) (time.Time, error) {
	ms, err := tx.q.SignInsCountedUntil(ctx, string(c))
	err = found(err, "count of sign-ins")
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return time.Time{}, nil
	}
	return fromMillis(ms), err
}

// AddSignInCounts keeps the counts of all tries from the time until which they
// were counted, as it was seen, to before until. It does nothing, and reports
// false, if somebody else has counted on in the meantime. Counts of before old
// are forgotten.
func (tx *Tx) AddSignInCounts(ctx context.Context, c cardinal.CustomerID, counts []SignInCount, seen, until, old time.Time) (bool, error) {
	if err := tx.q.BeginCountingSignIns(ctx, db.BeginCountingSignInsParams{CustomerID: string(c), Until: millis(seen)}); err != nil {
		return false, fmt.Errorf("begin to count sign-ins: %w", err)
	}
	moved, err := tx.q.MoveSignInsCounted(ctx, db.MoveSignInsCountedParams{CustomerID: string(c), Until: millis(until), Seen: millis(seen)})
	if err != nil {
		return false, fmt.Errorf("write how far sign-ins are counted: %w", err)
	}
	if moved == 0 {
		return false, nil
	}
	for _, n := range counts {
		err := tx.q.InsertSignInCount(ctx, db.InsertSignInCountParams{
			CustomerID: string(c), Since: millis(n.Since), Outcome: string(n.Outcome), Tries: n.Tries,
		})
		if err != nil {
			return false, fmt.Errorf("write the count of sign-ins: %w", err)
		}
	}
	if err := tx.q.PruneSignInCounts(ctx, db.PruneSignInCountsParams{CustomerID: string(c), Since: millis(old)}); err != nil {
		return false, fmt.Errorf("forget counts of sign-ins: %w", err)
	}
	return true, nil
}

// SignInCounts lists what was counted since a time, in its order.
func (tx *Tx) SignInCounts(ctx context.Context, c cardinal.CustomerID, since time.Time) ([]SignInCount, error) {
	rows, err := tx.q.SignInCounts(ctx, db.SignInCountsParams{CustomerID: string(c), BeginTime: millis(since)})
	return each(rows, err, "counts of sign-ins", func(r db.SignInCount) SignInCount {
		return SignInCount{fromMillis(r.Since), cardinal.Outcome(r.Outcome), r.Tries}
	})
}
