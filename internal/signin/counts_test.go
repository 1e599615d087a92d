package signin_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/signin"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// counts sums the tries since a time by how they ended.
func (o *office) counts(since time.Time) string {
	o.t.Helper()
	found, err := o.service.CountsSince(o.t.Context(), cardinal.Console(o.customer), since)
	if err != nil {
		o.t.Fatal(err)
	}
	sums := map[cardinal.Outcome]int64{}
	for _, n := range found.Counts {
		sums[n.Outcome] += n.Tries
	}
	return fmt.Sprintf("%d %d %t", sums[cardinal.OutcomeSuccess], sums[cardinal.OutcomeWrongPIN], found.Behind)
}

func (o *office) countPast(services ...*signin.Service) {
	o.t.Helper()
	for _, s := range append(services, o.service) {
		if err := s.CountPast(o.t.Context()); err != nil {
			o.t.Fatal(err)
		}
	}
}

// kept are the counts that are in the database.
func (o *office) kept() (counts []store.SignInCount) {
	o.t.Helper()
	storetest.Read(o.t, o.store, func(ctx context.Context, tx *store.Tx) (err error) {
		counts, err = tx.SignInCounts(ctx, o.customer, time.Time{})
		return err
	})
	return counts
}

// TestCounts follows tries from the moment they are made to where they are
// counted for good: the sum is the same before and after.
func TestCounts(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.unlimited()
		began := o.Clock.Now()
		o.succeeds(byName(username, pin))
		o.fails(byName(username, wrong))
		o.Clock.Add(14 * time.Minute)
		o.succeeds(byName(username, pin))
		if got := o.counts(began); got != "2 1 false" {
			t.Fatalf("at once the tries are %s", got)
		}
		o.Clock.Add(5*time.Minute + 59*time.Second)
		if o.countPast(); len(o.kept()) != 0 {
			t.Error("a quarter is counted before it has settled")
		}
		o.Clock.Add(time.Second)
		o.countPast(o.node())
		o.countPast()
		want := []store.SignInCount{{Since: began, Outcome: cardinal.OutcomeSuccess, Tries: 2}, {Since: began, Outcome: cardinal.OutcomeWrongPIN, Tries: 1}}
		if got := o.kept(); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Fatalf("kept are %v", got)
		}
		o.succeeds(byName(username, pin))
		if got := o.counts(began); got != "3 1 false" {
			t.Errorf("with those counted the tries are %s", got)
		}
		if got := o.counts(began.Add(signin.Quarter)); got != "1 0 false" {
			t.Errorf("since the second quarter they are %s", got)
		}
		o.Clock.Add(5 * time.Hour)
		if got := o.counts(began); got != "2 1 true" {
			t.Errorf("before the rest is counted they are %s", got)
		}
		if o.countPast(); o.counts(began) != "3 1 false" {
			t.Errorf("afterwards they are %s", o.counts(began))
		}
		o.Clock.Add(401 * 24 * time.Hour)
		if o.countPast(); len(o.kept()) != 0 {
			t.Errorf("after 401 days are kept %v", o.kept())
		}
	})
}

// TestCountsFromTheDayOfAnUpgrade has records from long before anybody counted.
func TestCountsFromTheDayOfAnUpgrade(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.succeeds(byName(username, pin))
		o.Clock.Add(20 * 24 * time.Hour)
		began := o.Clock.Now()
		for range 120 {
			o.remember(1, func(int) cardinal.SignIn { return cardinal.SignIn{Outcome: cardinal.OutcomeSuccess} })
			o.Clock.Add(30 * time.Minute)
		}
		o.countPast()
		if got := o.counts(began.Add(-30 * 24 * time.Hour)); got != "120 0 false" || len(o.kept()) != 120 {
			t.Errorf("the tries are %s in %d quarters", got, len(o.kept()))
		}
	})
}
