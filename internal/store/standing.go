package store

import (
	"context"
	"fmt"
	"time"

	"cardinal"
	"cardinal/internal/store/db"
)

// PolicyChangedAt reads when the PIN policy of a customer was last changed;
// zero while it is as it was at first.
func (tx *Tx) PolicyChangedAt(ctx context.Context, c cardinal.CustomerID) (time.Time, error) {
	at, err := tx.q.PolicyChangedAt(ctx, string(c))
	return fromMillis(at), found(err, "customer")
}

// TouchPolicy notes that the PIN policy of a customer changes at the
// transaction's instant.
func (tx *Tx) TouchPolicy(ctx context.Context, c cardinal.CustomerID) error {
	rows, err := tx.q.SetPolicyChangedAt(ctx, db.SetPolicyChangedAtParams{ID: string(c), PolicyChangedAt: millis(tx.now)})
	return one(rows, err, "customer")
}

// PINStanding counts the PINs of a customer that sign in at the transaction's
// instant, by how they stand to the policy.
type PINStanding struct {
	Live           int
	BeforePolicy   int // set before the policy was last changed
	BelowPolicy    int // found since then not to meet it
	NotIdentifying int // their tag does not find the user
	// PolicyChangedAt is zero while the policy is as it was at first.
	PolicyChangedAt time.Time
}

// PINStanding counts the PINs that sign in.
func (tx *Tx) PINStanding(ctx context.Context, c cardinal.CustomerID) (PINStanding, error) {
	changed, err := tx.PolicyChangedAt(ctx, c)
	if err != nil {
		return PINStanding{}, err
	}
	row, err := tx.q.PINStanding(ctx, db.PINStandingParams{CustomerID: string(c), ChangedAt: millis(changed), Now: millis(tx.now)})
	if err != nil {
		return PINStanding{}, fmt.Errorf("count PINs: %w", err)
	}
	return PINStanding{
		Live: int(row.Live), BeforePolicy: int(row.BeforePolicy), BelowPolicy: int(row.BelowPolicy),
		NotIdentifying: int(row.NotIdentifying), PolicyChangedAt: changed,
	}, nil
}
