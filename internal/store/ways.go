package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cardinal"
	"cardinal/internal/store/db"
)

// WayPIN is the kind of the links that are about a PIN; all others are about the
// password, and end when one is set.
const WayPIN = "pin"

// WayBack is a link by e-mail; its secret is kept as a hash only.
type WayBack struct {
	User   cardinal.User
	Kind   string
	Email  string // where it was sent
	EndsAt time.Time
}

// AddWayBack writes a link of a user with the hash of its secret.
func (tx *Tx) AddWayBack(ctx context.Context, w WayBack, tokenHash []byte) error {
	return wrapped("write link", tx.q.InsertWayBack(ctx, db.InsertWayBackParams{
		TokenHash: tokenHash, CustomerID: string(w.User.Customer), UserID: string(w.User.ID), Kind: w.Kind, Email: w.Email,
		CreatedAt: millis(tx.now), EndsAt: millis(w.EndsAt),
	}))
}

// WayBack finds a link with its user; CodeNotFound if there is none.
func (tx *Tx) WayBack(ctx context.Context, tokenHash []byte) (WayBack, error) {
	row, err := tx.q.WayBack(ctx, tokenHash)
	return WayBack{user(row.User), row.WaysBack.Kind, row.WaysBack.Email, fromMillis(row.WaysBack.EndsAt)}, found(err, "link")
}

// UseWayBack removes a link that was found in this transaction under the lock of
// its user: of several who use the same one, one finds it.
func (tx *Tx) UseWayBack(ctx context.Context, tokenHash []byte) error {
	rows, err := tx.q.DeleteWayBack(ctx, tokenHash)
	return one(rows, err, "link")
}

// dropPasswordLinks removes the links with which the user could set a password.
func (tx *Tx) dropPasswordLinks(ctx context.Context, u cardinal.User) error {
	_, err := tx.q.DeleteWaysBackOf(ctx, db.DeleteWaysBackOfParams{CustomerID: string(u.Customer), UserID: string(u.ID), Kind: WayPIN})
	return wrapped("end links", err)
}

// AskForWay counts that a subject asks for a link and reports whether it may: at
// most so often since an instant. What is refused is not counted. Several are
// asked for in the order of their subjects.
func (tx *Tx) AskForWay(ctx context.Context, c cardinal.CustomerID, subject string, most int, since time.Time) (bool, error) {
	if _, err := tx.LockCounter(ctx, c, subject); err != nil {
		return false, err
	}
	asked, err := tx.q.CountWaysAsked(ctx, db.CountWaysAskedParams{CustomerID: string(c), Subject: subject, CreatedAt: millis(since)})
	if err != nil {
		return false, fmt.Errorf("count links asked for: %w", err)
	}
	if asked >= int64(most) {
		return false, nil
	}
	err = tx.q.InsertWayAsked(ctx, db.InsertWayAskedParams{ID: tx.NewID(), CustomerID: string(c), Subject: subject, CreatedAt: millis(tx.now)})
	return true, wrapped("write link asked for", err)
}

// UsersByEmail lists users of a customer with that address, compared without
// regard to the case of its ASCII letters, who are not disabled.
func (tx *Tx) UsersByEmail(ctx context.Context, c cardinal.CustomerID, email string, most int) ([]cardinal.User, error) {
	rows, err := tx.q.UsersByEmail(ctx, db.UsersByEmailParams{CustomerID: string(c), Email: email, Most: int32(most)})
	return each(rows, err, "users", user)
}

func (tx *Tx) pruneWays(ctx context.Context, asked time.Time) error {
	_, linksErr := tx.q.PruneWaysBack(ctx, millis(tx.now))
	_, askedErr := tx.q.PruneWaysAsked(ctx, millis(asked))
	return errors.Join(linksErr, askedErr)
}
