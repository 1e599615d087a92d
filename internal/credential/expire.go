package credential

import (
	"context"
	"errors"
	"time"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/store"
)

// How PINs are taken away that have expired: in transactions of few
// milliseconds, so that sign-ins pass between them, each by one node alone. After
// expireTime no more are taken if somebody waits for the database, and after
// expireMost, or when there are expiredMost, in any case, since a commit takes
// the longer the more there were.
const (
	expiredAtOnce = 40
	expiredMost   = 4 * expiredAtOnce
	expireTime    = 5 * time.Millisecond
	expireMost    = 12 * time.Millisecond
	expiryLease   = 30 * time.Second
	customersRead = 200
)

// ExpireDue deletes the PINs that have expired by now, of every customer, with
// an audit entry "pin.expired" each, and returns how many this call deleted. A
// PIN signs nobody in from its instant on, whether or not it was deleted yet.
// Node names who works: customers on which another node works are left to it.
// It may be broken off at any time and goes on where it was.
func (d *Door) ExpireDue(ctx context.Context, node string) (expired int, err error) {
	for after := cardinal.CustomerID(""); ; {
		var customers []cardinal.Customer
		err := d.store.Read(ctx, func(tx *store.Tx) (err error) {
			customers, err = tx.Customers(ctx, after, customersRead)
			return err
		})
		if err != nil {
			return expired, err
		}
		for _, c := range customers {
			n, err := d.expireOf(ctx, c.ID, node)
			if expired += n; err != nil {
				return expired, err
			}
			after = c.ID
		}
		if len(customers) < customersRead {
			return expired, nil
		}
	}
}

// errElsewhere ends the work on a customer on whom another node works.
var errElsewhere = errors.New("another node takes expired PINs away")

func (d *Door) expireOf(ctx context.Context, c cardinal.CustomerID, node string) (expired int, err error) {
	for {
		n, err := d.expireSome(ctx, c, node)
		if expired += n; n == 0 || err != nil {
			if errors.Is(err, errElsewhere) {
				err = nil
			}
			return expired, err
		}
	}
}

// expireSome deletes one batch. Only where there is something to do does it ask
// for the right to write.
func (d *Door) expireSome(ctx context.Context, c cardinal.CustomerID, node string) (expired int, err error) {
	some := false
	err = d.store.Read(ctx, func(tx *store.Tx) (err error) {
		some, err = tx.HasExpiredPIN(ctx, c)
		return err
	})
	if err != nil || !some {
		return 0, err
	}
	err = d.store.Write(ctx, func(tx *store.Tx) (err error) {
		expired, err = d.expireIn(ctx, tx, c, node)
		return err
	})
	if err != nil {
		return 0, err
	}
	return expired, nil
}

// expireIn deletes a few at a time for as long as nobody has waited too long.
func (d *Door) expireIn(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, node string) (expired int, err error) {
	lease := "expired PINs of " + string(c)
	mine, err := tx.TakeLease(ctx, lease, node, tx.Now().Add(expiryLease))
	if err != nil {
		return 0, err
	}
	if !mine {
		return 0, errElsewhere
	}
	for expired < expiredMost {
		pins, err := tx.DeleteExpiredPINs(ctx, c, expiredAtOnce)
		if err != nil {
			return 0, err
		}
		for _, pin := range pins {
			tx.QueueEvent(cardinal.Event{Customer: c, Type: cardinal.EventPINExpired, User: pin.User})
			fields := audit.Fields{"expiredAt": pin.ExpiredAt.Format(time.RFC3339)}
			if err := audit.Record(tx, cardinal.System(c), audit.Entry{Action: "pin.expired", Subject: "user " + pin.Username, Before: fields}); err != nil {
				return 0, err
			}
		}
		if expired += len(pins); len(pins) < expiredAtOnce {
			return expired, tx.DropLease(ctx, lease, node)
		}
		if d.waitedFor(tx) {
			break
		}
	}
	return expired, nil
}

// waitedFor reports whether others have waited for the transaction long enough.
func (d *Door) waitedFor(tx *store.Tx) bool {
	spent := d.store.Now().Sub(tx.Now())
	return spent >= expireMost || spent >= expireTime && tx.Awaited()
}
