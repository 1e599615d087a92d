package api

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"cardinal"
	"cardinal/internal/auth"
)

// burst is how many seconds' worth of requests a token may make at once (spec:
// api): 500 at 50 a second.
const burst = 10

// maxRates bounds the memory that the rates of tokens take.
const maxRates = 10_000

// rates counts the requests of each token, in this process. Safe for concurrent use.
type rates struct {
	lock    sync.Mutex
	byToken map[string]*rate.Limiter
}

func newRates() *rates { return &rates{byToken: map[string]*rate.Limiter{}} }

// allow takes one request from the token's rate, or returns an Error of
// CodeRateLimited that says when the next may come.
func (r *rates) allow(b auth.Bearer, now time.Time) error {
	if b.RatePerSecond < 0 {
		return nil
	}
	limiter := r.of(string(b.Caller.Token)+" "+string(b.Caller.Device), b.RatePerSecond, now)
	reservation := limiter.ReserveN(now, 1)
	if wait := reservation.DelayFrom(now); wait > 0 {
		reservation.CancelAt(now)
		e := cardinal.Errorf(cardinal.CodeRateLimited, "This token has made too many requests. Wait as long as Retry-After says.")
		e.RetryAfter = wait
		return e
	}
	return nil
}

func (r *rates) of(token string, perSecond int, now time.Time) *rate.Limiter {
	r.lock.Lock()
	defer r.lock.Unlock()
	limiter, known := r.byToken[token]
	if !known {
		r.makeRoom(now)
		limiter = rate.NewLimiter(rate.Limit(perSecond), perSecond*burst)
		r.byToken[token] = limiter
	}
	if limiter.Limit() != rate.Limit(perSecond) { // the setting was changed
		limiter.SetLimitAt(now, rate.Limit(perSecond))
		limiter.SetBurstAt(now, perSecond*burst)
	}
	return limiter
}

// makeRoom forgets the tokens that have their whole burst again: a new limiter
// would be the same. Where none has, all are forgotten rather than the memory
// filled.
func (r *rates) makeRoom(now time.Time) {
	if len(r.byToken) < maxRates {
		return
	}
	for token, limiter := range r.byToken {
		if limiter.TokensAt(now) >= float64(limiter.Burst()) {
			delete(r.byToken, token)
		}
	}
	if len(r.byToken) >= maxRates {
		clear(r.byToken)
	}
}
