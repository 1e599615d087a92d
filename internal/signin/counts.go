package signin

import (
	"context"
	"errors"
	"time"

	"cardinal"
	"cardinal/internal/store"
)

// Quarter is the stretch of time in which tries are counted together. The hours
// and days of every time zone of today are whole quarters.
const Quarter = 15 * time.Minute

const (
	// settle is how long after its end a quarter is counted: a try is on record
	// within seconds of its time.
	settle = 5 * time.Minute
	// countsKept is how long counts are kept.
	countsKept = 400 * 24 * time.Hour
	// firstLook is how far back the first count goes: as far as any chart.
	firstLook = 9 * 24 * time.Hour
	// quartersAtOnce is how many quarters one transaction counts.
	quartersAtOnce = 96
	// uncountedMost is how many quarters are counted while somebody waits.
	uncountedMost = 12
)

// Count is how many tries ended so in the quarter that began at Since.
type Count = store.SignInCount

// CountPast counts the tries of every customer in the quarters that are over,
// where they are not counted yet, and forgets counts of more than 400 days ago.
// Several nodes may do it at once: what one has counted the others leave alone.
func (s *Service) CountPast(ctx context.Context) error {
	var after cardinal.CustomerID
	var faults []error
	for {
		var customers []cardinal.Customer
		err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
			customers, err = tx.Customers(ctx, after, 100)
			return err
		})
		if err != nil || len(customers) == 0 {
			return errors.Join(append(faults, err)...)
		}
		for _, customer := range customers {
			faults = append(faults, s.countPastOf(ctx, customer.ID))
			after = customer.ID
		}
	}
}

// countPastOf counts in a reading transaction, so that nobody who writes waits,
// and writes the result in a short one.
func (s *Service) countPastOf(ctx context.Context, customer cardinal.CustomerID) error {
	for {
		var t tally
		err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
			t, err = count(ctx, tx, customer)
			return err
		})
		if err != nil || !t.until.After(t.seen) {
			return err
		}
		mine := false
		err = s.store.Write(ctx, func(tx *store.Tx) (err error) {
			mine, err = tx.AddSignInCounts(ctx, customer, t.counts, t.seen, t.until, tx.Now().Add(-countsKept))
			return err
		})
		if err != nil || !mine || t.over {
			return err
		}
	}
}

// tally is what was counted from seen to before until; over says that nothing is
// left to count.
type tally struct {
	counts      []Count
	seen, until time.Time
	over        bool
}

func count(ctx context.Context, tx *store.Tx, customer cardinal.CustomerID) (tally, error) {
	end := tx.Now().Add(-settle).Truncate(Quarter)
	seen, err := tx.SignInsCountedUntil(ctx, customer)
	if err != nil {
		return tally{}, err
	}
	if seen.IsZero() {
		seen = end.Add(-firstLook)
	}
	t := tally{seen: seen, until: seen}
	for range quartersAtOnce {
		first, err := tx.FirstSignInFrom(ctx, customer, t.until)
		if err != nil {
			return t, err
		}
		// Quarters without a try need no count.
		quarter := first.Truncate(Quarter)
		if first.IsZero() || !quarter.Before(end) {
			t.until, t.over = end, true
			return t, nil
		}
		counts, err := tx.TallySignIns(ctx, customer, quarter, quarter.Add(Quarter))
		if err != nil {
			return t, err
		}
		t.counts = append(t.counts, counts...)
		t.until = quarter.Add(Quarter)
	}
	return t, nil
}

// Counts are the tries since a time, by quarter and outcome.
type Counts struct {
	Counts []Count
	// Behind says that quarters between are not counted yet: Counts is too low.
	Behind bool
}

// CountsSince returns the tries of the caller's customer since the quarter of a
// time. What is not counted yet, usually the present quarter, is counted now.
func (s *Service) CountsSince(ctx context.Context, caller cardinal.Caller, since time.Time) (Counts, error) {
	var result Counts
	if err := caller.Require(cardinal.PermReadSignIns); err != nil {
		return result, err
	}
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		since := since.Truncate(Quarter)
		counts, err := tx.SignInCounts(ctx, caller.Customer, since)
		if err != nil {
			return err
		}
		until, err := tx.SignInsCountedUntil(ctx, caller.Customer)
		if err != nil {
			return err
		}
		present := tx.Now().Truncate(Quarter)
		from := present.Add(-(uncountedMost - 1) * Quarter)
		uncounted := since
		if until.After(uncounted) {
			uncounted = until
		}
		first, err := tx.FirstSignInFrom(ctx, caller.Customer, uncounted)
		if err != nil {
			return err
		}
		result = Counts{Counts: counts, Behind: !first.IsZero() && first.Before(from)}
		if uncounted.After(from) {
			from = uncounted
		}
		for ; !from.After(present); from = from.Add(Quarter) {
			tried, err := tx.TallySignIns(ctx, caller.Customer, from, from.Add(Quarter))
			if err != nil {
				return err
			}
			result.Counts = append(result.Counts, tried...)
		}
		return nil
	})
	return result, err
}
