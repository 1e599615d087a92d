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

// ExpiredPIN is a PIN past its end, with its user's name.
type ExpiredPIN struct {
	User      cardinal.UserID
	ID        cardinal.PINID
	Username  string
	ExpiredAt time.Time
}

// ExpiredPINs lists up to most PINs of a customer that have expired by the
// transaction's instant, first expired first.
func (tx *Tx) ExpiredPINs(ctx context.Context, c cardinal.CustomerID, most int) ([]ExpiredPIN, error) {
	rows, err := tx.q.ExpiredPINs(ctx, db.ExpiredPINsParams{CustomerID: string(c), Now: millis(tx.now), Most: int32(most)})
	return each(rows, err, "expired PINs", func(r db.ExpiredPINsRow) ExpiredPIN {
		return ExpiredPIN{cardinal.UserID(r.UserID), cardinal.PINID(r.ID), r.Username, fromMillis(r.ExpiresAt)}
	})
}

// DeleteExpiredPIN deletes that very PIN, and reports whether it was still there.
func (tx *Tx) DeleteExpiredPIN(ctx context.Context, p ExpiredPIN) (bool, error) {
	rows, err := tx.q.DeleteExpiredPIN(ctx, db.DeleteExpiredPINParams{UserID: string(p.User), ID: string(p.ID), Now: millis(tx.now)})
	if err != nil {
		return false, fmt.Errorf("delete PIN: %w", err)
	}
	return rows > 0, nil
}
