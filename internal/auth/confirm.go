package auth

import (
	"context"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/seal"
	"cardinal/internal/store"
)

// Proof is what somebody proves with who they are: exactly one of its parts.
type Proof struct {
	Password     cardinal.Password
	AppCode      cardinal.Token // of the authenticator app
	RecoveryCode cardinal.Token
	Passkey      []byte // the browser's answer to a challenge, as JSON
	Site         Site   // where the passkey was used
}

// Confirm notes that the caller proved again who they are, with the password, a
// code of the app or a passkey. A wrong proof is an Error of CodeInvalid and
// counts like one at sign-in.
func (s *Service) Confirm(ctx context.Context, caller cardinal.Caller, proof Proof) error {
	if err := peopleOnly(caller); err != nil {
		return err
	}
	confirm := func(tx *store.Tx) error { return tx.ConfirmSession(ctx, caller.Customer, caller.Session) }
	if proof.Password.IsZero() {
		try := factorTry{guess: s.factorGuess(self(caller), caller.Address), user: self(caller), owner: sessionOwner(caller), proof: proof}
		return s.try(ctx, try, func(tx *store.Tx, _ cardinal.User) error { return confirm(tx) })
	}
	g, user, hash, err := s.present(ctx, caller, proof.Password)
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		_, same, err := lockUnchanged(ctx, tx, user, hash)
		if err != nil {
			return err
		}
		if !same {
			return currentNotRight()
		}
		if err := takeBack(ctx, tx, g); err != nil {
			return err
		}
		return confirm(tx)
	})
}

// present compares the caller's present password; a wrong one counts like one
// at sign-in.
func (s *Service) present(ctx context.Context, caller cardinal.Caller, current cardinal.Password) (guess, cardinal.User, Hash, error) {
	g := guess{customer: caller.Customer, known: true, account: s.account(caller.Customer, caller.Name), address: AddressSubject(caller.Address)}
	user, hash, err := s.begin(ctx, g, caller.Name)
	if err != nil {
		return g, user, hash, err
	}
	matches, err := s.passwords.Matches(ctx, hash, current)
	if err == nil && (!matches || user.ID != caller.User) {
		err = currentNotRight()
	}
	return g, user, hash, err
}

// ChangePassword gives the caller another password after asking for the present
// one, ends their other sessions, and returns the new secret of the present one.
// Tries count like those of SignIn.
func (s *Service) ChangePassword(ctx context.Context, caller cardinal.Caller, current, wanted cardinal.Password) (cardinal.Token, error) {
	if err := peopleOnly(caller); err != nil {
		return cardinal.Token{}, err
	}
	violations := CheckPassword(wanted, caller.Name)
	if len(violations) == 0 && current.Reveal() == wanted.Reveal() {
		violations = []cardinal.Violation{{Code: cardinal.ViolationReused, Field: "password", Message: "This is the present password. Choose a new one."}}
	}
	if len(violations) > 0 {
		return cardinal.Token{}, &cardinal.Error{Code: cardinal.CodeInvalid, Detail: violations[0].Message, Violations: violations}
	}
	g, user, hash, err := s.present(ctx, caller, current)
	if err != nil {
		return cardinal.Token{}, err
	}
	fresh, err := s.passwords.Hash(ctx, wanted)
	if err != nil {
		return cardinal.Token{}, err
	}
	token := seal.NewToken(seal.SessionToken)
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		user, same, err := lockUnchanged(ctx, tx, user, hash)
		if err != nil {
			return err
		}
		if !same {
			return currentNotRight()
		}
		if err := takeBack(ctx, tx, g); err != nil {
			return err
		}
		if err := tx.SetPassword(ctx, user, string(fresh), false); err != nil {
			return err
		}
		if err := tx.EndSessionsOf(ctx, user, caller.Session); err != nil {
			return err
		}
		if err := tx.RenewSession(ctx, caller.Customer, caller.Session, seal.TokenHash(token)); err != nil {
			return err
		}
		return audit.Record(tx, caller, audit.Entry{Action: "password.changed", Subject: "user " + user.Username})
	})
	if err != nil {
		return cardinal.Token{}, err
	}
	return token, nil
}

func currentNotRight() error {
	return cardinal.Invalid("currentPassword", "The present password is not right.")
}
