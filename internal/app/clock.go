package app

import (
	"sync/atomic"
	"time"
)

// Clock is the machine's clock, set back for as long as a sample organisation
// is given a past. The zero Clock is right. Safe for concurrent use.
type Clock struct{ behind atomic.Int64 }

// Now returns the machine's time less what the clock is set back.
func (c *Clock) Now() time.Time { return time.Now().Add(-time.Duration(c.behind.Load())) }

// SetBack makes the clock run behind the machine's by that much; 0 sets it right.
func (c *Clock) SetBack(by time.Duration) { c.behind.Store(int64(by)) }
