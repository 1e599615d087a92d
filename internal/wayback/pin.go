package wayback

import (
	"context"

	"cardinal"
	"cardinal/internal/auth"
	"cardinal/internal/seal"
	"cardinal/internal/store"
)

// IssuePIN sends the user of a link a new PIN by e-mail in place of the one they
// have, and uses the link up. It counts against the user's PIN changes of the day;
// past them the error is of CodeRateLimited and the link still works. It is of
// CodeNotFound as that of Look, and where users may not ask for PINs any more.
func (s *Service) IssuePIN(ctx context.Context, token cardinal.Token, from auth.Origin) error {
	var refused error
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		user, err := lock(ctx, tx, PINPath, token)
		if err != nil {
			return err
		}
		refused, err = s.door.RequestPINIn(ctx, tx, self(user, from), user)
		if err != nil || refused != nil {
			return err
		}
		return tx.UseWayBack(ctx, seal.TokenHash(token))
	})
	if err != nil {
		return err
	}
	return refused
}
