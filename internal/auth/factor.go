package auth

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/seal"
	"cardinal/internal/store"
)

// RecoveryCodes is how many recovery codes somebody gets; RecoveryCodesFew is
// from how many left on they should make new ones.
const (
	RecoveryCodes    = 10
	RecoveryCodesFew = 3
)

// Passkey is a passkey as its person sees it.
type Passkey struct {
	ID         string
	Name       string
	Host       string // the only host it works at
	CreatedAt  time.Time
	LastUsedAt time.Time // zero: never
}

// Factors is what somebody can give after the password.
type Factors struct {
	App           bool
	AppSince      time.Time // zero without an app
	Passkeys      []Passkey
	RecoveryCodes int // left
}

// Any reports whether there is a second factor. Recovery codes alone are none.
func (f Factors) Any() bool { return f.App || len(f.Passkeys) > 0 }

// Factors returns what a person has; everybody may ask about themselves, others
// need to see users.
func (s *Service) Factors(ctx context.Context, caller cardinal.Caller, username string) (Factors, error) {
	var have Factors
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		user, err := tx.UserByName(ctx, caller.Customer, username)
		if user.ID == "" || user.ID != caller.User {
			if err := caller.Require(cardinal.PermReadUsers); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		have, err = factorsOf(ctx, tx, user)
		return err
	})
	return have, err
}

// SecondFactors tells of each of the users whether they have a second factor,
// in one look at the database however many they are. Users of other customers
// have none.
func (s *Service) SecondFactors(ctx context.Context, caller cardinal.Caller, users []cardinal.UserID) (map[cardinal.UserID]bool, error) {
	if err := caller.Require(cardinal.PermReadUsers); err != nil {
		return nil, err
	}
	var with []cardinal.UserID
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		with, err = tx.UsersWithSecondFactor(ctx, caller.Customer)
		return err
	})
	if err != nil {
		return nil, err
	}
	has := make(map[cardinal.UserID]bool, len(with))
	for _, id := range with {
		has[id] = true
	}
	answer := make(map[cardinal.UserID]bool, len(users))
	for _, id := range users {
		answer[id] = has[id]
	}
	return answer, nil
}

func factorsOf(ctx context.Context, tx *store.Tx, user cardinal.User) (Factors, error) {
	var have Factors
	app, err := tx.TOTPSecret(ctx, user)
	switch {
	case err == nil:
		have.App, have.AppSince = true, app.CreatedAt
	case cardinal.CodeOf(err) != cardinal.CodeNotFound:
		return have, err
	}
	keys, err := tx.Passkeys(ctx, user)
	if err != nil {
		return have, err
	}
	for _, key := range keys {
		have.Passkeys = append(have.Passkeys, Passkey{key.ID, key.Name, key.Host, key.CreatedAt, key.LastUsedAt})
	}
	have.RecoveryCodes, err = tx.CountRecoveryCodes(ctx, user)
	return have, err
}

// RemoveFactors takes a person's second factor and recovery codes away and ends
// their sessions: for administrators, when somebody has lost their telephone,
// and for nobody who is outranked by the person.
func (s *Service) RemoveFactors(ctx context.Context, caller cardinal.Caller, username string) error {
	if err := caller.Require(cardinal.PermGrantRoles); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		user, err := subordinate(ctx, tx, caller, username)
		if err != nil {
			return err
		}
		has, err := tx.HasSecondFactor(ctx, user)
		if err != nil {
			return err
		}
		if !has {
			return cardinal.Errorf(cardinal.CodeNotFound, "This person has no second factor.")
		}
		if err := tx.DeleteTOTPSecret(ctx, user); err != nil {
			return err
		}
		if err := tx.DeletePasskeys(ctx, user); err != nil {
			return err
		}
		if err := tx.ReplaceRecoveryCodes(ctx, user, nil); err != nil {
			return err
		}
		if err := tx.EndSessionsOf(ctx, user, ""); err != nil {
			return err
		}
		return recordFactor(tx, caller, "second-factor.removed", user.Username, audit.Fields{"kind": "all"})
	})
}

// change runs what somebody does to their own second factor, with their row locked.
func (s *Service) change(ctx context.Context, caller cardinal.Caller, do func(*store.Tx, cardinal.User) error) error {
	if err := peopleOnly(caller); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		user, err := tx.LockUser(ctx, caller.Customer, caller.User)
		if err != nil {
			return err
		}
		return do(tx, user)
	})
}

// mayEnrol refuses whoever does not need a second factor.
func mayEnrol(caller cardinal.Caller) error {
	if err := peopleOnly(caller); err != nil {
		return err
	}
	if !mayHaveFactor(caller.Role) {
		return cardinal.Errorf(cardinal.CodeForbidden, "A second factor is for people who look after others here.")
	}
	return nil
}

// firstCodes gives recovery codes to whoever has none, and returns them.
func firstCodes(ctx context.Context, tx *store.Tx, user cardinal.User) ([]cardinal.Token, error) {
	left, err := tx.CountRecoveryCodes(ctx, user)
	if err != nil || left > 0 {
		return nil, err
	}
	return newCodes(ctx, tx, user)
}

// NewRecoveryCodes gives the caller ten recovery codes in place of those before
// and returns them, the one time they can be seen. Whoever has no second factor
// needs none: CodeConflict.
func (s *Service) NewRecoveryCodes(ctx context.Context, caller cardinal.Caller) ([]cardinal.Token, error) {
	var codes []cardinal.Token
	err := s.change(ctx, caller, func(tx *store.Tx, user cardinal.User) error {
		has, err := tx.HasSecondFactor(ctx, user)
		if err != nil {
			return err
		}
		if !has {
			return cardinal.Errorf(cardinal.CodeConflict, "Recovery codes stand in for a second factor. Set one up first.")
		}
		if codes, err = newCodes(ctx, tx, user); err != nil {
			return err
		}
		return recordFactor(tx, caller, "recovery-codes.renewed", user.Username, nil)
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// newCodes draws codes of 80 random bits each, in an alphabet without 0, 1, 8
// and 9, so that they can be written down.
func newCodes(ctx context.Context, tx *store.Tx, user cardinal.User) ([]cardinal.Token, error) {
	codes := make([]cardinal.Token, RecoveryCodes)
	hashes := make([][]byte, RecoveryCodes)
	for i := range codes {
		text := strings.ToLower(rand.Text()[:16])
		codes[i] = cardinal.NewToken(strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:]}, "-"))
		hashes[i] = recoveryHash(user, codes[i])
	}
	return codes, tx.ReplaceRecoveryCodes(ctx, user, hashes)
}

// recoveryHash takes a code as people type it: case, spaces and hyphens do not matter.
func recoveryHash(user cardinal.User, code cardinal.Token) []byte {
	plain := strings.NewReplacer(" ", "", "-", "").Replace(strings.ToLower(code.Reveal()))
	return seal.TokenHash(cardinal.NewToken("recovery " + string(user.ID) + " " + plain))
}

// lastGone takes the recovery codes of whoever has no second factor any more.
func lastGone(ctx context.Context, tx *store.Tx, user cardinal.User) error {
	has, err := tx.HasSecondFactor(ctx, user)
	if err != nil || has {
		return err
	}
	return tx.ReplaceRecoveryCodes(ctx, user, nil)
}

func recordFactor(tx *store.Tx, caller cardinal.Caller, action, username string, after audit.Fields) error {
	return audit.Record(tx, caller, audit.Entry{Action: action, Subject: "user " + username, After: after})
}
