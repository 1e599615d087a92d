package store

import (
	"context"
	"time"

	"cardinal/internal/store/db"
)

// Backlog is work that is due and not done.
type Backlog struct {
	Due    int
	Oldest time.Time // since when the oldest is due; zero: nothing is
}

// Backlogs are what all customers have that is due by the transaction's instant:
// PINs to be taken away, and notifications to be sent.
func (tx *Tx) Backlogs(ctx context.Context) (expiry, notices Backlog, err error) {
	pins, err := tx.q.ExpiryDue(ctx, millis(tx.now))
	if err != nil {
		return expiry, notices, wrapped("count expired PINs", err)
	}
	mails, err := tx.q.NotificationsDue(ctx, millis(tx.now))
	return backlog(db.NotificationsDueRow(pins)), backlog(mails), wrapped("count notifications that are due", err)
}

func backlog(r db.NotificationsDueRow) Backlog { return Backlog{int(r.Due), fromMillis(r.Oldest)} }
