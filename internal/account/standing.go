package account

import (
	"context"

	"cardinal"
	"cardinal/internal/store"
)

// PINStanding counts the live PINs of a customer by how they stand to the
// policy. NotIdentifying matters where PINs identify users, or are about to.
type PINStanding = store.PINStanding

// PINStanding tells how the live PINs stand to the policy of this instant (spec:
// pins, "One door"). Each count but Live is that of the list with the filter
// of the same name.
func (s *Service) PINStanding(ctx context.Context, caller cardinal.Caller) (PINStanding, error) {
	return read(ctx, s, caller, cardinal.PermReadUsers, func(tx *store.Tx) (PINStanding, error) {
		return tx.PINStanding(ctx, caller.Customer)
	})
}
