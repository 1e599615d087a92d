package throttle

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"cardinal"
)

func start() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func byDefault() Lockout {
	return Lockout{
		Limits: []cardinal.LockLimit{{Wrong: 5, LockSeconds: 60}, {Wrong: 10, LockSeconds: 900}, {Wrong: 15, LockSeconds: 0}},
		Forget: 24 * time.Hour,
	}
}

// TestTheLadderOfLocks walks the default limits as spec sign-in tells them.
func TestTheLadderOfLocks(t *testing.T) {
	now, c, l := start(), Counter{}, byDefault()
	for try := int64(1); try <= 15; try++ {
		if c.Locked(now) {
			t.Fatalf("locked before try %d", try)
		}
		c = l.Wrong(c, now)
		if c.Wrong != try {
			t.Fatalf("try %d counts as %d", try, c.Wrong)
		}
		want := map[int64]time.Duration{5: time.Minute, 10: 15 * time.Minute}[try]
		switch {
		case try == 15:
			if !c.Permanent() || !c.Locked(now.AddDate(100, 0, 0)) {
				t.Fatal("15 wrong tries lock until somebody unlocks")
			}
		case want > 0:
			if c.LockedUntil != now.Add(want) || !c.Locked(now.Add(want-1)) || c.Locked(now.Add(want)) {
				t.Fatalf("try %d locks until %v", try, c.LockedUntil)
			}
			now = c.LockedUntil
		default:
			if c.Locked(now) {
				t.Fatalf("try %d locks", try)
			}
		}
	}
}

func TestPastTheLastLimitEveryWrongTryLocks(t *testing.T) {
	l := Lockout{Limits: []cardinal.LockLimit{{Wrong: 2, LockSeconds: 10}}, Forget: time.Hour}
	now, c := start(), Counter{}
	for range 2 {
		c = l.Wrong(c, now)
	}
	for range 3 {
		now = c.LockedUntil
		if c = l.Wrong(c, now); c.LockedUntil != now.Add(10*time.Second) {
			t.Fatalf("locked until %v at %v", c.LockedUntil, now)
		}
	}
}

func TestTriesAreForgotten(t *testing.T) {
	l, now := byDefault(), start()
	c := Counter{}
	for range 4 {
		c = l.Wrong(c, now)
	}
	if got := l.Wrong(c, now.Add(24*time.Hour-1)); !got.Locked(now.Add(24 * time.Hour)) {
		t.Error("the fifth try just within the day does not lock")
	}
	if got := l.Wrong(c, now.Add(24*time.Hour)); got.Wrong != 1 || got.Locked(now.Add(24*time.Hour)) {
		t.Errorf("after a day without a wrong try the count is %d", got.Wrong)
	}
}

func TestBucket(t *testing.T) {
	b, now := Bucket{Budget: 30, RefillPerMinute: 2}, start()
	c := b.Refilled(Counter{}, now)
	tries := 0
	for empty, _ := b.Empty(c); !empty; empty, _ = b.Empty(c) {
		c = b.Spend(c, WrongTry)
		tries++
	}
	if tries != 30 {
		t.Fatalf("%d wrong tries in a budget of 30", tries)
	}
	_, wait := b.Empty(c)
	if wait != 30*time.Second {
		t.Errorf("the next try is in %v, want 30 s", wait)
	}
	if empty, _ := b.Empty(b.Refilled(c, now.Add(wait-time.Millisecond))); !empty {
		t.Error("refilled too early")
	}
	if empty, _ := b.Empty(b.Refilled(c, now.Add(wait))); empty {
		t.Error("not refilled in time")
	}
	if got := b.Refilled(c, now.Add(-time.Hour)); got != c {
		t.Error("a clock that was set back changed the counter")
	}
	if got := b.Refilled(c, now.AddDate(200, 0, 0)); got.Wrong != 0 {
		t.Error("a long time does not refill")
	}
}

func TestUnknownCardsCostHalf(t *testing.T) {
	b, c := Bucket{Budget: 3, RefillPerMinute: 1}, Counter{ChangedAt: start()}
	tries := 0
	for empty, _ := b.Empty(c); !empty; empty, _ = b.Empty(c) {
		c = b.Spend(c, UnknownCard)
		tries++
	}
	if tries != 5 { // a sixth could be a wrong try of a known card, which would exceed the budget
		t.Errorf("%d tries", tries)
	}
	if empty, _ := (Bucket{Budget: -1}).Empty(Counter{Wrong: 1 << 60}); empty {
		t.Error("a bucket without limit is empty")
	}
}

// TestNeverMoreComparedThanTheLimits checks, for any limits and pauses, that
// between a lock's start and its end nothing is let through, and that no more
// tries than the first limit pass before the first lock.
func TestNeverMoreComparedThanTheLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.IntRange(1, 20).Draw(t, "first")
		l := Lockout{Limits: []cardinal.LockLimit{{Wrong: first, LockSeconds: rapid.IntRange(1, 600).Draw(t, "seconds")}}, Forget: 24 * time.Hour}
		now, c, compared := start(), Counter{}, 0
		for range rapid.IntRange(1, 60).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "pause")) * time.Second)
			if c.Locked(now) {
				continue
			}
			compared++
			locked := c.LockedUntil
			c = l.Wrong(c, now)
			if compared > first && now.Before(locked) {
				t.Fatal("compared during a lock")
			}
			if compared == first && !c.Locked(now) {
				t.Fatalf("%d wrong tries do not lock", compared)
			}
		}
	})
}

// TestTheWaitIsTheWait checks that a bucket that is empty lets a try through
// after the wait it tells and not a moment before, whatever was spent, also
// under a larger budget or while there was none.
func TestTheWaitIsTheWait(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Bucket{Budget: rapid.IntRange(1, 10_000).Draw(t, "budget"), RefillPerMinute: rapid.IntRange(1, 1000).Draw(t, "refill")}
		now := start()
		c := b.Refilled(Counter{Wrong: rapid.Int64Range(0, 1<<50).Draw(t, "spent"), ChangedAt: now}, now)
		empty, wait := b.Empty(c)
		if !empty {
			if wait != 0 {
				t.Fatalf("not empty, but a wait of %s", wait)
			}
			return
		}
		if wait <= 0 || wait > time.Minute+time.Millisecond {
			t.Fatalf("a wait of %s for one try", wait)
		}
		// The database keeps milliseconds.
		if empty, _ := b.Empty(b.Refilled(c, now.Add(wait+time.Millisecond))); empty {
			t.Fatalf("still empty after %s", wait)
		}
		if empty, _ := b.Empty(b.Refilled(c, now.Add(wait-2*time.Millisecond))); !empty {
			t.Fatalf("refilled before %s", wait)
		}
	})
}

// TestABucketNeverGivesMoreThanItHas checks that, over any course of tries and
// pauses, no more wrong tries pass than the budget and what time has refilled.
func TestABucketNeverGivesMoreThanItHas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Bucket{Budget: rapid.IntRange(0, 20).Draw(t, "budget"), RefillPerMinute: rapid.IntRange(1, 10).Draw(t, "refill")}
		now := start()
		c, spent := Counter{ChangedAt: now}, Cost(0)
		for range rapid.IntRange(1, 100).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.IntRange(-5000, 30_000).Draw(t, "pause")) * time.Millisecond)
			c = b.Refilled(c, now)
			if empty, _ := b.Empty(c); empty {
				continue
			}
			cost := rapid.SampledFrom([]Cost{WrongTry, UnknownCard}).Draw(t, "cost")
			c, spent = b.Spend(c, cost), spent+cost
		}
		latest := max(c.ChangedAt.Sub(start()), 0).Milliseconds()
		most := int64(b.Budget)*int64(WrongTry) + latest*int64(b.RefillPerMinute)*int64(WrongTry)/60_000
		if int64(spent) > most {
			t.Fatalf("%d millionths spent where there were %d", spent, most)
		}
	})
}

func TestTheClockSetBackForgetsNothing(t *testing.T) {
	l, c := byDefault(), Counter{}
	for range 4 {
		c = l.Wrong(c, start())
	}
	if c = l.Wrong(c, start().Add(-48*time.Hour)); c.Wrong != 5 {
		t.Errorf("%d wrong tries are counted", c.Wrong)
	}
}

// TestAPermanentLockIsNotForgotten: an administrator's lock must not end
// because nobody tried for a day.
func TestAPermanentLockIsNotForgotten(t *testing.T) {
	l := Lockout{Limits: []cardinal.LockLimit{{Wrong: 1, LockSeconds: 0}}, Forget: time.Hour}
	c := l.Wrong(Counter{}, start())
	if !c.Locked(start().AddDate(50, 0, 0)) || !c.Permanent() {
		t.Error("the lock ends")
	}
	if c = l.Wrong(c, start().AddDate(1, 0, 0)); c.Wrong != 2 || !c.Permanent() {
		t.Errorf("after a further try: %+v", c)
	}
}
