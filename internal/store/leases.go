package store

import (
	"context"
	"fmt"
	"time"

	"cardinal"
	"cardinal/internal/store/db"
)

// TakeLease gives a node a piece of periodic work alone until the instant, or
// longer if it has it already. It reports false where another node has it.
func (tx *Tx) TakeLease(ctx context.Context, name, node string, until time.Time) (bool, error) {
	rows, err := tx.q.TakeLease(ctx, db.TakeLeaseParams{Name: name, Node: node, LeasedUntil: millis(until), Now: millis(tx.now)})
	if err != nil {
		return false, fmt.Errorf("take lease: %w", err)
	}
	return rows > 0, nil
}

// DropLease gives the work up, if the node still has it.
func (tx *Tx) DropLease(ctx context.Context, name, node string) error {
	return wrapped("drop lease", tx.q.DropLease(ctx, db.DropLeaseParams{Name: name, Node: node}))
}

// ExpiredPIN is a PIN past its end, with whose it was.
type ExpiredPIN struct {
	User      cardinal.UserID
	Username  string
	ExpiredAt time.Time
}

// HasExpiredPIN reports whether a PIN of the customer has expired by the
// transaction's instant.
func (tx *Tx) HasExpiredPIN(ctx context.Context, c cardinal.CustomerID) (bool, error) {
	some, err := tx.q.HasExpiredPIN(ctx, db.HasExpiredPINParams{CustomerID: string(c), Now: millis(tx.now)})
	return some, wrapped("look for expired PINs", err)
}

// DeleteExpiredPINs deletes up to most PINs of a customer that have expired by
// the transaction's instant, first expired first, and returns those that it has
// deleted. One that is replaced or prolonged at the same time is not among them.
func (tx *Tx) DeleteExpiredPINs(ctx context.Context, c cardinal.CustomerID, most int) ([]ExpiredPIN, error) {
	rows, err := tx.q.DeleteExpiredPINs(ctx, db.DeleteExpiredPINsParams{CustomerID: string(c), Now: millis(tx.now), Most: int32(most)})
	return each(rows, err, "expired PINs", func(r db.DeleteExpiredPINsRow) ExpiredPIN {
		return ExpiredPIN{cardinal.UserID(r.UserID), r.Username, fromMillis(r.ExpiresAt)}
	})
}
