package auth

import (
	"context"
	"encoding/hex"
	"time"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/seal"
	"cardinal/internal/store"
)

// WaitingLife is how long after the password the second factor may be given,
// and how long a challenge of a passkey may be answered.
const WaitingLife = 5 * time.Minute

// Pending reports whether a token that SignIn returned is not a session yet but
// a sign-in that waits for its second factor.
func Pending(token cardinal.Token) bool { return seal.IsToken(token, seal.PendingToken) }

// SecondStep is what somebody who gave the right password may go on with.
type SecondStep struct {
	Username string
	App      bool // an authenticator app
	Passkey  bool // a passkey that works at this host
	// RecoveryCodes is how many are left.
	RecoveryCodes int
	// Elsewhere are the other hosts that the person has passkeys for.
	Elsewhere []string
}

// SecondStep returns what a waiting sign-in may go on with at a host, or an
// Error of CodeUnauthenticated if it is unknown or older than WaitingLife.
func (s *Service) SecondStep(ctx context.Context, pending cardinal.Token, host string) (SecondStep, error) {
	var step SecondStep
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		user, err := waiting(ctx, tx, pending)
		if err != nil {
			return err
		}
		have, err := factorsOf(ctx, tx, user)
		step = SecondStep{Username: user.Username, App: have.App, RecoveryCodes: have.RecoveryCodes}
		for _, key := range have.Passkeys {
			if key.Host == host {
				step.Passkey = true
			} else {
				step.Elsewhere = append(step.Elsewhere, key.Host)
			}
		}
		return err
	})
	return step, err
}

// waiting finds whose waiting sign-in it is.
func waiting(ctx context.Context, tx *store.Tx, pending cardinal.Token) (cardinal.User, error) {
	found, err := tx.PendingSignInByToken(ctx, seal.TokenHash(pending))
	switch {
	case cardinal.CodeOf(err) == cardinal.CodeNotFound:
		return cardinal.User{}, signInAgain()
	case err != nil:
		return cardinal.User{}, err
	case found.User.Disabled || tx.Now().Sub(found.CreatedAt) > WaitingLife:
		return cardinal.User{}, signInAgain()
	}
	return found.User, nil
}

func signInAgain() error {
	return cardinal.Errorf(cardinal.CodeUnauthenticated, "The time for the second step is over. Sign in again.")
}

// FinishSignIn makes the session of a waiting sign-in, whose secret is then
// worth nothing, and returns the session's secret. A wrong proof is an Error of
// CodeInvalid and counts as wrong passwords do, by itself; a password is none.
func (s *Service) FinishSignIn(ctx context.Context, pending cardinal.Token, proof Proof, from Origin) (cardinal.Token, error) {
	var user cardinal.User
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		user, err = waiting(ctx, tx, pending)
		return err
	})
	if err != nil {
		return cardinal.Token{}, err
	}
	var token cardinal.Token
	try := factorTry{guess: s.factorGuess(user, from.Address), user: user, owner: pendingOwner(pending), proof: proof}
	err = s.try(ctx, try, func(tx *store.Tx, user cardinal.User) error {
		ended, err := tx.EndPendingSignIn(ctx, seal.TokenHash(pending))
		if err != nil {
			return err
		}
		if !ended {
			return signInAgain()
		}
		token, err = openSession(ctx, tx, user, from)
		return err
	})
	if err != nil {
		return cardinal.Token{}, err
	}
	return token, nil
}

// The owners of challenges.
func sessionOwner(caller cardinal.Caller) string { return "session " + string(caller.Session) }
func pendingOwner(pending cardinal.Token) string {
	return "sign-in " + hex.EncodeToString(seal.TokenHash(pending))
}

// factorTry is one try at a second factor and what counts it.
type factorTry struct {
	guess guess
	user  cardinal.User
	owner string // of the passkey's challenge
	proof Proof
}

// factorGuess counts tries at a person's second factor, apart from those at
// their password: who knows the password cannot clear the count with it.
func (s *Service) factorGuess(user cardinal.User, address string) guess {
	return guess{customer: user.Customer, known: true, account: "factor " + string(user.ID), address: AddressSubject(address)}
}

// try counts a try, judges it, and if it is right takes the count back and does
// what it was for, all in one transaction: a code that several present at once
// is right for one of them.
func (s *Service) try(ctx context.Context, t factorTry, then func(*store.Tx, cardinal.User) error) error {
	var refused error
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		refused = nil
		user, err := tx.LockUser(ctx, t.user.Customer, t.user.ID)
		if err != nil {
			return err
		}
		if user.Disabled {
			return signInAgain()
		}
		if refused, err = spend(ctx, tx, t.guess); err != nil || refused != nil {
			return err
		}
		right, err := s.judge(ctx, tx, user, t)
		if err != nil {
			return err
		}
		if !right {
			refused = proofNotRight(t.proof)
			return nil
		}
		if err := takeBack(ctx, tx, t.guess); err != nil {
			return err
		}
		return then(tx, user)
	})
	if err == nil {
		err = refused
	}
	return err
}

// judge reports whether the proof is the user's, and uses it up.
func (s *Service) judge(ctx context.Context, tx *store.Tx, user cardinal.User, t factorTry) (bool, error) {
	switch {
	case !t.proof.AppCode.IsZero():
		return s.useAppCode(ctx, tx, user, t.proof.AppCode)
	case !t.proof.RecoveryCode.IsZero():
		return useRecoveryCode(ctx, tx, user, t.proof.RecoveryCode)
	case len(t.proof.Passkey) > 0:
		return usePasskey(ctx, tx, user, t)
	}
	return false, nil
}

func proofNotRight(p Proof) error {
	switch {
	case !p.RecoveryCode.IsZero():
		return cardinal.Invalid("recovery", "This recovery code is not right, or was used before. Each works once.")
	case len(p.Passkey) > 0:
		return cardinal.Invalid("", "The passkey was not accepted. Try again, or choose another way.")
	}
	return cardinal.Invalid("code", "This code is not right, or was used before. Wait for the next one in your app and type that.")
}

// useRecoveryCode uses up one of the user's codes, and notes it: they are few.
func useRecoveryCode(ctx context.Context, tx *store.Tx, user cardinal.User, code cardinal.Token) (bool, error) {
	used, err := tx.UseRecoveryCode(ctx, user, recoveryHash(user, code))
	if err != nil || !used {
		return false, err
	}
	caller := cardinal.Caller{Kind: cardinal.CallerUser, Customer: user.Customer, Role: user.Role, User: user.ID, Name: user.Username}
	return true, audit.Record(tx, caller, audit.Entry{Action: "recovery-code.used", Subject: "user " + user.Username})
}
