// Package throttle decides exact lockout (spec: sign-in): given a counter and
// an instant, may there be a try, and what is the counter after a wrong one. It
// is pure: counters are read, locked and written by whoever asks.
package throttle

import (
	"time"

	"cardinal"
)

// Counter is what is kept of one subject. Wrong is in tries for a user and in
// the unit of Cost for a Bucket.
type Counter struct {
	Wrong       int64
	ChangedAt   time.Time // of the last wrong try; zero: never
	LockedUntil time.Time // zero: not locked
}

// forever is the end of a lock that only an administrator or a new PIN ends.
func forever() time.Time { return time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) }

// Locked reports whether the counter forbids a try at now.
func (c Counter) Locked(now time.Time) bool { return now.Before(c.LockedUntil) }

// Permanent reports whether the lock does not end by itself.
func (c Counter) Permanent() bool { return !c.LockedUntil.Before(forever()) }

// Lockout is the limits for one user or one unknown number.
type Lockout struct {
	Limits []cardinal.LockLimit // rising by Wrong; at least one
	Forget time.Duration        // without a wrong try for so long, the count starts again
}

// Wrong returns the counter after a wrong try at now, which must not be locked.
// At exactly each limit the subject is locked; in between tries count without a
// lock; past the last limit every wrong try locks again, or a short list of
// limits would in the end be none.
func (l Lockout) Wrong(c Counter, now time.Time) Counter {
	if now.Sub(c.ChangedAt) >= l.Forget && !c.Permanent() {
		c = Counter{}
	}
	c.Wrong++
	c.ChangedAt, c.LockedUntil = now, time.Time{}
	last := l.Limits[len(l.Limits)-1]
	if c.Wrong > int64(last.Wrong) {
		c.LockedUntil = end(last, now)
		return c
	}
	for _, limit := range l.Limits {
		if c.Wrong == int64(limit.Wrong) {
			c.LockedUntil = end(limit, now)
		}
	}
	return c
}

func end(l cardinal.LockLimit, now time.Time) time.Time {
	if l.LockSeconds == 0 {
		return forever()
	}
	return now.Add(time.Duration(l.LockSeconds) * time.Second)
}

// Cost is what a try takes from a Bucket, in millionths of a wrong try.
type Cost int64

// The costs. A card that nobody owns costs half, so that the first day of term
// does not lock the printers.
const (
	WrongTry    Cost = 1_000_000
	UnknownCard Cost = WrongTry / 2
)

// Bucket is the budget of wrong tries of one device: it is spent by wrong tries
// and refilled by time alone, never by a success.
type Bucket struct {
	Budget          int // wrong tries; below 0: without limit
	RefillPerMinute int // wrong tries
}

// Refilled returns the counter as it stands at now. What was spent under a
// larger budget counts as today's budget at most.
func (b Bucket) Refilled(c Counter, now time.Time) Counter {
	if b.Budget >= 0 {
		c.Wrong = min(c.Wrong, int64(b.Budget)*int64(WrongTry))
	}
	// A clock that was set back refills nothing and takes nothing away.
	if elapsed := now.Sub(c.ChangedAt); elapsed > 0 {
		const most = 30 * 24 * time.Hour // what is longer would overflow, and refills any bucket
		refill := min(elapsed, most).Milliseconds() * int64(b.RefillPerMinute) * int64(WrongTry) / time.Minute.Milliseconds()
		c.Wrong = max(0, c.Wrong-refill)
		c.ChangedAt = now
	}
	return c
}

// Empty reports whether a refilled counter forbids a further try, because a
// wrong one would exceed the budget, and how long until one is possible again.
func (b Bucket) Empty(c Counter) (bool, time.Duration) {
	if b.Budget < 0 {
		return false, 0
	}
	over := c.Wrong + int64(WrongTry) - int64(b.Budget)*int64(WrongTry)
	if over <= 0 {
		return false, 0
	}
	perMinute := int64(b.RefillPerMinute) * int64(WrongTry)
	return true, time.Duration((over*int64(time.Minute) + perMinute - 1) / perMinute)
}

// Spend returns a refilled counter after a wrong try.
func (b Bucket) Spend(c Counter, cost Cost) Counter {
	c.Wrong += int64(cost)
	return c
}
