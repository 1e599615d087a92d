package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cardinal"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// prunedAtOnce is how many notifications one transaction deletes: a few
// milliseconds of the database.
const prunedAtOnce = 100

// Prune deletes the notifications, of every customer, that are over for longer
// than notification.record-days, and returns how many. It may be broken off and
// called again, on any node.
func (s *Service) Prune(ctx context.Context) (pruned int, err error) {
	for after := cardinal.CustomerID(""); ; {
		var customers []cardinal.Customer
		err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
			customers, err = tx.Customers(ctx, after, customersRead)
			return err
		})
		if err != nil {
			return pruned, err
		}
		for _, c := range customers {
			n, err := s.pruneOf(ctx, c.ID)
			if pruned += n; err != nil {
				return pruned, fmt.Errorf("prune notifications: %w", err)
			}
			after = c.ID
		}
		if len(customers) < customersRead {
			return pruned, nil
		}
	}
}

func (s *Service) pruneOf(ctx context.Context, c cardinal.CustomerID) (pruned int, err error) {
	for {
		n, err := s.pruneSome(ctx, c)
		if pruned += n; n == 0 || err != nil {
			if errors.Is(err, errElsewhere) {
				err = nil
			}
			return pruned, err
		}
	}
}

// keptSince is from when on notifications are kept; zero: all are.
func keptSince(now time.Time, v setting.Values) time.Time {
	days := setting.NotificationRecordDays.In(v)
	if days < 0 {
		return time.Time{}
	}
	return now.AddDate(0, 0, -days)
}

// pruneSome deletes one batch. Only where there is something to do does it ask for
// the right to write.
func (s *Service) pruneSome(ctx context.Context, c cardinal.CustomerID) (pruned int, err error) {
	some := false
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		some = false
		v, err := values(ctx, tx, c)
		if err != nil {
			return err
		}
		if since := keptSince(tx.Now(), v); !since.IsZero() {
			some, err = tx.HasOldNotification(ctx, c, since)
		}
		return err
	})
	if err != nil || !some {
		return 0, err
	}
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		pruned = 0
		lease := "old notifications of " + string(c)
		mine, err := tx.TakeLease(ctx, lease, s.node, tx.Now().Add(noticeLease))
		if err != nil {
			return err
		}
		if !mine {
			return errElsewhere
		}
		v, err := values(ctx, tx, c)
		if err != nil {
			return err
		}
		since := keptSince(tx.Now(), v)
		if since.IsZero() {
			return nil
		}
		if pruned, err = tx.PruneNotifications(ctx, c, since, prunedAtOnce); err != nil || pruned == prunedAtOnce {
			return err
		}
		return tx.DropLease(ctx, lease, s.node)
	})
	return pruned, err
}
