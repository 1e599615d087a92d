package idempotency

import (
	"context"

	"cardinal"
	"cardinal/internal/store"
)

// Claim reports whether a form of that digest is sent the first time in the
// caller's session. It stands for 24 hours.
func (s *Service) Claim(ctx context.Context, caller cardinal.Caller, digest string) (bool, error) {
	var first bool
	err := s.store.Write(ctx, func(tx *store.Tx) (err error) {
		first, _, err = tx.ClaimKey(ctx, caller.Customer, formOf(caller, digest), []byte{}, Kept)
		return err
	})
	return first, err
}

// Forget makes a form that changed nothing one that was not sent.
func (s *Service) Forget(ctx context.Context, caller cardinal.Caller, digest string) error {
	return s.store.Write(ctx, func(tx *store.Tx) error { return tx.ReleaseKey(ctx, formOf(caller, digest)) })
}

func formOf(caller cardinal.Caller, digest string) store.IdempotencyKey {
	return store.IdempotencyKey{Caller: "session " + string(caller.Session), Key: digest}
}
