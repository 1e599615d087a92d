// Package signin answers devices that ask who somebody is (spec: sign-in). It
// owns the methods, the comparison of PINs, exact lockout of users, devices and
// unknown identifiers, and the record of every try; a try is on record before
// its answer leaves.
//
// Tries that wait while a transaction commits share the next one (line.go). It
// reads what all of them need, a few statements however many they are, with their
// counters locked in the order of their subjects (batch.go); it decides about
// them one by one in memory, in the order in which they came (try.go, ledger.go),
// which knows of no database; it writes counters and records, and after the
// commit all are answered. A lone try shares with nobody and waits for nobody.
package signin

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"cardinal"
	"cardinal/internal/metric"
	"cardinal/internal/seal"
	"cardinal/internal/store"
)

const (
	// answerWithin is how long a device waits at most for an answer, also where the
	// database is gone (spec: sign-in).
	answerWithin = 1800 * time.Millisecond
	// endWithin is how much longer it waits for the end of a transaction that was
	// told to end, so that what was refused is not on record as well.
	endWithin = 150 * time.Millisecond
	// comeBackAfter is when to try again where the line is full.
	comeBackAfter = time.Second
)

// errFull refuses a try since too many wait.
var errFull = errors.New("the line is full")

// Try is what a user presented at a device; nil is what was not presented.
type Try struct {
	Number   *cardinal.Secret // as the reader gave it
	Username *string
	PIN      *cardinal.PIN
}

// Person is the answer to a successful sign-in.
type Person struct {
	Username       string
	FullName       string
	Email          string
	PINExpiresAt   time.Time // zero: does not expire, or there is no PIN
	NewPINRequired bool
}

// Service signs users in at devices. Safe for concurrent use.
type Service struct {
	store    *store.Store
	ring     *seal.Ring
	finder   Finder
	metrics  *metric.Set
	line     line
	compared atomic.Int64
}

// Finder finds the owners of card numbers, in the order of the numbers; package
// credential's Door is one.
type Finder func(context.Context, *store.Tx, cardinal.CustomerID, []cardinal.CardNumber) ([]store.NumberOwner, error)

// New makes the service. Metrics may be nil.
func New(s *store.Store, ring *seal.Ring, finder Finder, metrics *metric.Set) *Service {
	return &Service{store: s, ring: ring, finder: finder, metrics: metrics}
}

// Compared is how many PINs of users this service has compared since it was
// made, those of transactions that did not commit left out, for of them nobody
// learns; what exact lockout promises is counted here.
func (s *Service) Compared() int64 { return s.compared.Load() }

// SignIn answers who presented this at the calling device. Whatever is unknown,
// wrong, expired, disabled or locked is the one Error of CodeSignInFailed; a
// device over its budget gets CodeRateLimited with RetryAfter; if the try cannot
// be put on record, nobody is signed in and the Error is of CodeUnavailable, and
// so it is, with RetryAfter, where too many wait already. A try whose context
// ends while it waits is not counted.
func (s *Service) SignIn(ctx context.Context, caller cardinal.Caller, presented Try) (Person, error) {
	if err := caller.Require(cardinal.PermSignInAtDevice); err != nil {
		return Person{}, err
	}
	began := s.store.Now()
	a, ended := s.await(ctx, caller, presented)
	s.measure(a, ended, s.store.Now().Sub(began))
	return tell(a, ended)
}

// measure counts a try that was answered. Ended is why the request's context
// ended, if it did.
func (s *Service) measure(a answer, ended error, took time.Duration) {
	switch {
	case a.err == nil:
		s.metrics.Tried(a.verdict.method, a.verdict.outcome, took)
	case errors.Is(ended, context.Canceled):
		s.metrics.Refused(metric.Cancelled)
	case errors.Is(a.err, errFull):
		s.metrics.Refused(metric.QueueFull)
	case cardinal.CodeOf(a.err) != cardinal.CodeUnauthenticated:
		s.metrics.Refused(metric.Unavailable)
	}
}

// await joins the line and returns what came of it, and why the context ended if
// it did.
func (s *Service) await(ctx context.Context, caller cardinal.Caller, presented Try) (a answer, ended error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	deadline, _ := ctx.Deadline()
	w := &waiter{caller: caller, presented: presented, done: ctx.Done(), deadline: deadline, answer: make(chan answer, 1)}
	full, serve := s.line.join(w)
	if full {
		return answer{err: errFull}, nil
	}
	if serve {
		go s.serve(context.WithoutCancel(ctx)) // for all who wait, whoever leaves
	}
	select {
	case a = <-w.answer:
	case <-ctx.Done():
		a = answer{err: ctx.Err()}
		if !s.line.leave(w) {
			a = s.awaitEnd(ctx, w)
		}
	}
	return a, ctx.Err()
}

// awaitEnd waits for what comes of a try that is being decided although its time
// is over. Nobody is there to be told where the request itself has ended.
func (s *Service) awaitEnd(ctx context.Context, w *waiter) answer {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return answer{err: ctx.Err()}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
	defer cancel()
	select {
	case a := <-w.answer:
		return a
	case <-ctx.Done():
		return answer{err: ctx.Err()}
	}
}

func tell(a answer, ended error) (Person, error) {
	switch {
	case errors.Is(a.err, errFull):
		refused := cardinal.Errorf(cardinal.CodeUnavailable, "Too many people are signing in at the moment. Try again shortly.")
		refused.RetryAfter = comeBackAfter
		return Person{}, refused
	case a.err != nil && errors.Is(errors.Join(ended, a.err), context.DeadlineExceeded):
		return Person{}, cardinal.Errorf(cardinal.CodeUnavailable, "Sign-in is not possible at the moment. Try again shortly.").Because(a.err)
	case a.err != nil:
		return Person{}, a.err
	case a.verdict.outcome == cardinal.OutcomeDeviceLocked:
		locked := cardinal.Errorf(cardinal.CodeRateLimited, "This device has made too many wrong tries. Wait before the next one.")
		locked.RetryAfter = a.verdict.wait
		return Person{}, locked
	case a.verdict.outcome != cardinal.OutcomeSuccess:
		return Person{}, cardinal.Errorf(cardinal.CodeSignInFailed, "Sign-in failed. Check what you entered and try again.")
	}
	return a.verdict.person, nil
}

// Records lists sign-ins before the given one, newest first, of one user where
// a username is given; an empty ID begins with the newest.
func (s *Service) Records(ctx context.Context, caller cardinal.Caller, username, before string, most int) ([]cardinal.SignIn, error) {
	var records []cardinal.SignIn
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		if username == "" {
			if err := caller.Require(cardinal.PermReadSignIns); err != nil {
				return err
			}
			var err error
			records, err = tx.SignIns(ctx, caller.Customer, before, most)
			return err
		}
		user, err := tx.UserByName(ctx, caller.Customer, username)
		if err != nil && cardinal.CodeOf(err) != cardinal.CodeNotFound {
			return err
		}
		if user.ID == "" || user.ID != caller.User {
			if err := caller.Require(cardinal.PermReadSignIns); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		records, err = tx.SignInsOfUser(ctx, user, before, most)
		return err
	})
	return records, err
}
