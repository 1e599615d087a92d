package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// toNotice lists what is due.
func toNotice(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, v setting.Values, most int) ([]store.UnnoticedPIN, error) {
	ahead := lead(v)
	if ahead == 0 {
		return nil, nil
	}
	return tx.PINsToNotice(ctx, c, tx.Now().Add(ahead), most)
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
		due, err := toNotice(ctx, tx, c, v, 1)
		some = len(due) > 0
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
		due, err := toNotice(ctx, tx, c, v, noticesAtOnce)
		if err != nil {
			return err
		}
		for _, pin := range due {
			if err := s.notice(ctx, tx, c, v, pin); err != nil {
				return err
			}
		}
		if queued = len(due); queued == noticesAtOnce {
			return nil
		}
		return tx.DropLease(ctx, lease, s.node)
	})
	return queued, err
}

// notice writes the one notice of a PIN.
func (s *Service) notice(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, v setting.Values, pin store.UnnoticedPIN) error {
	first, err := tx.NoticePIN(ctx, pin)
	if err != nil || !first { // replaced or removed a moment ago
		return err
	}
	user, err := tx.User(ctx, c, pin.User)
	if err != nil {
		return fmt.Errorf("whose PIN it is: %w", err)
	}
	tx.QueueEvent(cardinal.Event{
		Customer: c, Type: cardinal.EventPINExpiring, User: user.ID, Attributes: map[string]string{"expires-at": pin.ExpiresAt.UTC().Format(time.RFC3339)},
	})
	return queue(ctx, tx, user, store.StoredNotification{
		Notification: cardinal.Notification{
			ID: cardinal.NotificationID(tx.NewID()), Kind: string(letter.PINExpiration), Template: setting.PINNoticeTemplate.In(v),
			Configuration: through(v, letter.PINExpiration), PIN: pin.ID, EndsAt: pin.ExpiresAt,
		},
		Details: details{PINExpiration: pin.ExpiresAt.UnixMilli()}.text(),
	})
}

// queue writes a notification to a user, skipped where it could never be sent.
func queue(ctx context.Context, tx *store.Tx, user cardinal.User, n store.StoredNotification) error {
	n.Customer, n.User, n.Username = user.Customer, user.ID, user.Username
	n.State, n.Reason = cardinal.NotificationQueued, hindrance(user, n.Notification)
	if n.Reason != cardinal.ReasonNone {
		n.State, n.Secrets = cardinal.NotificationSkipped, store.Sealed{}
	}
	return tx.AddNotification(ctx, n)
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
