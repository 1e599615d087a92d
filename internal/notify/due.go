package notify

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"cardinal"
	"cardinal/internal/letter"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// How notices are queued: in transactions of few milliseconds, by one node for
// each customer.
const (
	noticesAtOnce = 100
	noticeLease   = 30 * time.Second
	customersRead = 200
)

// details are what stands in a notification, secrets apart.
type details struct {
	PINExpiration int64  `json:"pinExpiration,omitempty"` // milliseconds since 1970
	Time          int64  `json:"time,omitempty"`
	Device        string `json:"device,omitempty"`
	Slot          string `json:"slot,omitempty"`
	ValidUntil    int64  `json:"validUntil,omitempty"`
}

func (d details) text() string {
	text, _ := json.Marshal(d) // numbers and texts always encode
	return string(text)
}

// QueueDue writes the notices of expiry that are due by now, of every customer,
// and returns how many. A notice is due when the PIN expires within
// pin.expiration-notice-hours, as the setting is now; a PIN has one at most,
// whatever becomes of it. It may be broken off and called again, on any node.
func (s *Service) QueueDue(ctx context.Context) (queued int, err error) {
	for after := cardinal.CustomerID(""); ; {
		var customers []cardinal.Customer
		err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
			customers, err = tx.Customers(ctx, after, customersRead)
			return err
		})
		if err != nil {
			return queued, err
		}
		for _, c := range customers {
			n, err := s.queueOf(ctx, c.ID)
			if queued += n; err != nil {
				return queued, err
			}
			after = c.ID
		}
		if len(customers) < customersRead {
			return queued, nil
		}
	}
}

// errElsewhere ends the work on a customer on whom another node works.
var errElsewhere = errors.New("another node looks after this")

func (s *Service) queueOf(ctx context.Context, c cardinal.CustomerID) (queued int, err error) {
	for {
		n, err := s.queueSome(ctx, c)
		if queued += n; n == 0 || err != nil {
			if errors.Is(err, errElsewhere) {
				err = nil
			}
			return queued, err
		}
	}
}

// lead is how long before its end a user is told of it; 0: not at all.
func lead(v setting.Values) time.Duration {
	if setting.PINExpirationHours.In(v) == 0 {
		return 0
	}
	return time.Duration(setting.PINNoticeHours.In(v)) * time.Hour
}

// queueSome writes one batch. Only where there is something to do does it ask
// for the right to write.
func (s *Service) queueSome(ctx context.Context, c cardinal.CustomerID) (queued int, err error) {
	some := false
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		v, err := values(ctx, tx, c)
		if err != nil {
			return err
		}
		if ahead := lead(v); ahead > 0 {
			some, err = tx.HasPINToNotice(ctx, c, tx.Now().Add(ahead))
		}
		return err
	})
	if err != nil || !some {
		return 0, err
	}
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		queued = 0
		lease := "notices of " + string(c)
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
		if ahead := lead(v); ahead > 0 {
			if queued, err = notice(ctx, tx, c, v, tx.Now().Add(ahead)); err != nil {
				return err
			}
		}
		if queued == noticesAtOnce {
			return nil
		}
		return tx.DropLease(ctx, lease, s.node)
	})
	return queued, err
}

// notice writes the one notice of each of some PINs that expire by the instant.
func notice(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, v setting.Values, until time.Time) (int, error) {
	pins, err := tx.NoticePINs(ctx, c, until, noticesAtOnce)
	if err != nil {
		return 0, err
	}
	notices := make([]store.StoredNotification, len(pins))
	for i, pin := range pins {
		tx.QueueEvent(cardinal.Event{
			Customer: c, Type: cardinal.EventPINExpiring, User: pin.User.ID,
			Attributes: map[string]string{"expires-at": pin.ExpiresAt.UTC().Format(time.RFC3339)},
		})
		notices[i] = begun(pin.User, store.StoredNotification{
			Notification: cardinal.Notification{
				ID: cardinal.NotificationID(tx.NewID()), Kind: string(letter.PINExpiration), Template: setting.PINNoticeTemplate.In(v),
				Configuration: through(v, letter.PINExpiration), PIN: pin.ID, EndsAt: pin.ExpiresAt,
			},
			Details: details{PINExpiration: pin.ExpiresAt.UnixMilli()}.text(),
		})
	}
	return len(pins), tx.AddNotifications(ctx, notices)
}

// queue writes a notification to a user, skipped where it could never be sent.
func queue(ctx context.Context, tx *store.Tx, user cardinal.User, n store.StoredNotification) error {
	return tx.AddNotification(ctx, begun(user, n))
}

// begun is a notification to a user in the state that it begins in.
func begun(user cardinal.User, n store.StoredNotification) store.StoredNotification {
	n.Customer, n.User, n.Username = user.Customer, user.ID, user.Username
	n.State, n.Reason = cardinal.NotificationQueued, hindrance(user, n.Notification)
	if n.Reason != cardinal.ReasonNone {
		n.State, n.Secrets = cardinal.NotificationSkipped, store.Sealed{}
	}
	return n
}

// hindrance is why a notification to the user cannot be sent, if something is in
// the way.
func hindrance(user cardinal.User, n cardinal.Notification) cardinal.NotificationReason {
	switch {
	case user.Disabled:
		return cardinal.ReasonDisabled
	case user.Email == "":
		return cardinal.ReasonNoAddress
	case n.Configuration == "":
		return cardinal.ReasonNoConfiguration
	}
	return cardinal.ReasonNone
}
