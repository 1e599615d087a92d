package wayback

import (
	"context"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/auth"
	"cardinal/internal/seal"
	"cardinal/internal/store"
)

// SetPassword gives the user of a link the password that they chose, ends all
// their sessions and uses the link up. A second factor stays and is asked for at
// the next sign-in. The error is of CodeInvalid with what is wrong with the
// password, after which the link still works, or of CodeNotFound as that of Look.
func (s *Service) SetPassword(ctx context.Context, token cardinal.Token, wanted cardinal.Password, from auth.Origin) error {
	link, err := s.Look(ctx, PasswordPath, token)
	if err != nil {
		return err
	}
	if violations := auth.CheckPassword(wanted, link.Username); len(violations) > 0 {
		return &cardinal.Error{Code: cardinal.CodeInvalid, Detail: violations[0].Message, Violations: violations}
	}
	// Outside any transaction: hashing takes longer than all else.
	hash, err := s.passwords.Hash(ctx, wanted)
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		user, err := redeem(ctx, tx, PasswordPath, token)
		if err != nil {
			return err
		}
		if err := tx.SetPassword(ctx, user, string(hash), false); err != nil {
			return err
		}
		if err := tx.EndSessionsOf(ctx, user, ""); err != nil {
			return err
		}
		if err := s.auth.ForgetTries(ctx, tx, user); err != nil {
			return err
		}
		return audit.Record(tx, self(user, from), audit.Entry{
			Action: "password.reset", Subject: "user " + user.Username, After: audit.Fields{"link": string(link.Kind)},
		})
	})
}

// redeem uses a link up and returns its user, locked.
func redeem(ctx context.Context, tx *store.Tx, path string, token cardinal.Token) (cardinal.User, error) {
	user, err := lock(ctx, tx, path, token)
	if err != nil {
		return user, err
	}
	return user, tx.UseWayBack(ctx, seal.TokenHash(token))
}

// lock locks the user of a link that works.
func lock(ctx context.Context, tx *store.Tx, path string, token cardinal.Token) (cardinal.User, error) {
	found, err := valid(ctx, tx, path, token)
	if err != nil {
		return cardinal.User{}, err
	}
	user, err := tx.LockUser(ctx, found.User.Customer, found.User.ID)
	if err != nil {
		return user, err
	}
	// Once more: another may have used it while this waited for the lock.
	_, err = valid(ctx, tx, path, token)
	return user, err
}
