// Package signin answers devices that ask who somebody is (spec: sign-in). It
// owns the methods, the comparison of PINs, exact lockout of users, devices and
// unknown identifiers, and the record of every try; a try is on record before
// its answer leaves.
//
// Each try is one transaction: its counters are locked in the order of their
// subjects, the PIN is compared while they are held, counters and record are
// written, and after the commit the answer is given. What decides about one try
// (try.go) does not know how many share a transaction, so that tries that wait
// can later be taken together into one.
package signin

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"cardinal"
	"cardinal/internal/seal"
	"cardinal/internal/store"
)

// answerWithin is how long a device waits at most for an answer, also where the
// database is gone (spec: sign-in).
const answerWithin = 1800 * time.Millisecond

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
	compared atomic.Int64
}

// Finder finds the owner of a card number; package credential's Door is one.
type Finder func(context.Context, *store.Tx, cardinal.CustomerID, cardinal.CardNumber) (store.StoredNumber, error)

// New makes the service.
func New(s *store.Store, ring *seal.Ring, finder Finder) *Service {
	return &Service{store: s, ring: ring, finder: finder}
}

// Compared is how many PINs of users this service has compared since it was
// made; what exact lockout promises is counted here.
func (s *Service) Compared() int64 { return s.compared.Load() }

// SignIn answers who presented this at the calling device. Whatever is unknown,
// wrong, expired, disabled or locked is the one Error of CodeSignInFailed; a
// device over its budget gets CodeRateLimited with RetryAfter; if the try cannot
// be put on record, nobody is signed in and the Error is of CodeUnavailable.
func (s *Service) SignIn(ctx context.Context, caller cardinal.Caller, presented Try) (Person, error) {
	if err := caller.Require(cardinal.PermSignInAtDevice); err != nil {
		return Person{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	var verdict verdict
	decide := func(tx *store.Tx) (err error) {
		verdict, err = s.decide(ctx, tx, caller, presented)
		return err
	}
	err := s.store.Write(ctx, decide)
	if cardinal.CodeOf(err) == cardinal.CodeConflict {
		// At the same moment another user's PIN got the tag that this one was to get: now it is there to be seen.
		err = s.store.Write(ctx, decide)
	}
	switch {
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return Person{}, cardinal.Errorf(cardinal.CodeUnavailable, "Sign-in is not possible at the moment. Try again shortly.").Because(err)
	case err != nil:
		return Person{}, err
	case verdict.outcome == cardinal.OutcomeDeviceLocked:
		locked := cardinal.Errorf(cardinal.CodeRateLimited, "This device has made too many wrong tries. Wait before the next one.")
		locked.RetryAfter = verdict.wait
		return Person{}, locked
	case verdict.outcome != cardinal.OutcomeSuccess:
		return Person{}, cardinal.Errorf(cardinal.CodeSignInFailed, "Sign-in failed. Check what you entered and try again.")
	}
	return verdict.person, nil
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
