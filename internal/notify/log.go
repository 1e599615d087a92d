package notify

import (
	"context"
	"time"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/letter"
	"cardinal/internal/store"
)

// NotificationView is a notification as pages and the API list it.
type NotificationView struct {
	cardinal.Notification
	Explanation string // of LastAnswer, an English sentence of mail.Explain; empty: none
	Resendable  bool   // what it says is still there to be sent again
}

// Query narrows the list of notifications: to one user, to one state, or to both.
type Query struct {
	User     cardinal.UserID
	Username string // instead of User
	State    cardinal.NotificationState
	Before   cardinal.NotificationID // empty: from the newest on
	Most     int                     // 1–501: a page, and one more that tells whether there is another
}

const listedMost = 500

// Notifications lists notifications of the caller's customer, newest first.
// CodeNotFound: nobody has the username.
func (s *Service) Notifications(ctx context.Context, caller cardinal.Caller, q Query) ([]NotificationView, error) {
	if err := caller.Require(cardinal.PermReadLogs); err != nil {
		return nil, err
	}
	if q.Most < 1 || q.Most > listedMost+1 {
		return nil, cardinal.Invalid("limit", "A page has 1 to 500 notifications.")
	}
	var views []NotificationView
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		if q.Username != "" {
			user, err := tx.UserByName(ctx, caller.Customer, q.Username)
			if err != nil {
				return err
			}
			q.User = user.ID
		}
		found, err := listed(ctx, tx, caller.Customer, q)
		views = make([]NotificationView, len(found))
		for i, n := range found {
			views[i] = viewOf(n)
		}
		return err
	})
	return views, err
}

// listed reads the notifications that a query asks for. The store narrows to a
// user or to a state; of a user there are few, so their states are sorted out here.
func listed(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, q Query) ([]store.StoredNotification, error) {
	asked := store.NotificationQuery{User: q.User, State: q.State, Before: q.Before, Most: q.Most}
	if q.User == "" || q.State == "" {
		return tx.Notifications(ctx, c, asked)
	}
	var all []store.StoredNotification
	for {
		found, err := tx.Notifications(ctx, c, asked)
		if err != nil {
			return nil, err
		}
		for _, n := range found {
			if n.State == q.State && len(all) < q.Most {
				all = append(all, n)
			}
		}
		if len(found) < asked.Most || len(all) == q.Most {
			return all, nil
		}
		asked.Before = found[len(found)-1].ID
	}
}

// Notification returns one notification.
func (s *Service) Notification(ctx context.Context, caller cardinal.Caller, id cardinal.NotificationID) (NotificationView, error) {
	if err := caller.Require(cardinal.PermReadLogs); err != nil {
		return NotificationView{}, err
	}
	var view NotificationView
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		found, err := tx.Notification(ctx, caller.Customer, id)
		view = viewOf(found)
		return err
	})
	return view, err
}

func viewOf(n store.StoredNotification) NotificationView {
	return NotificationView{Notification: n.Notification, Explanation: n.Explanation, Resendable: resendable(n.Notification)}
}

// resendable reports whether a notification is over and has nothing in it that
// was erased when it was.
func resendable(n cardinal.Notification) bool {
	over := n.State != cardinal.NotificationQueued && n.State != cardinal.NotificationSending
	switch letter.Kind(n.Kind) {
	case letter.PINIssued, letter.CardNumberGenerated, letter.Invitation, letter.PasswordReset:
		return false
	}
	return over
}

// Counts are how many notifications of the last days are in each state.
func (s *Service) Counts(ctx context.Context, caller cardinal.Caller, since time.Time) (map[cardinal.NotificationState]int, error) {
	if err := caller.Require(cardinal.PermReadUsers); err != nil {
		return nil, err
	}
	var counts map[cardinal.NotificationState]int
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		counts, err = tx.CountNotifications(ctx, caller.Customer, since)
		return err
	})
	return counts, err
}

// Resend queues a notification again that is over, as a new message, through the
// configuration that is set now. CodeConflict: it waits already, what it said was
// erased, or it would be refused again for the same reason.
func (s *Service) Resend(ctx context.Context, caller cardinal.Caller, id cardinal.NotificationID) error {
	return s.write(ctx, caller, func(tx *store.Tx) error {
		n, err := tx.LockNotification(ctx, caller.Customer, id)
		if err != nil {
			return err
		}
		if !resendable(n.Notification) {
			return cardinal.Errorf(cardinal.CodeConflict, "This notification waits already, or what it said was erased when it was over. It cannot be sent again.")
		}
		v, err := values(ctx, tx, caller.Customer)
		if err != nil {
			return err
		}
		n.Configuration = through(v, letter.Kind(n.Kind))
		if gone, err := overtaken(ctx, tx, n.Notification); err != nil || gone {
			if err != nil {
				return err
			}
			return cardinal.Errorf(cardinal.CodeConflict, "The PIN that this notification is about is no more. There is nothing left to tell.")
		}
		user, err := tx.User(ctx, caller.Customer, n.User)
		if err != nil {
			return err
		}
		if err := inTheWay(hindrance(user, n.Notification)); err != nil {
			return err
		}
		if _, err := tx.RequeueNotification(ctx, n.Notification, n.Configuration); err != nil {
			return err
		}
		return audit.Record(tx, caller, audit.Entry{Action: "notification.resent", Subject: "user " + n.Username, After: audit.Fields{"kind": n.Kind}})
	})
}

func inTheWay(reason cardinal.NotificationReason) error {
	switch reason {
	case cardinal.ReasonDisabled:
		return cardinal.Errorf(cardinal.CodeConflict, "The user is disabled. Enable them first.")
	case cardinal.ReasonNoAddress:
		return cardinal.Errorf(cardinal.CodeConflict, "The user has no e-mail address. Enter one first.")
	case cardinal.ReasonNoConfiguration:
		return cardinal.Errorf(cardinal.CodeConflict, "No messaging configuration is set for this kind of e-mail. Choose one first.")
	}
	return nil
}

// Cancel keeps a notification that waits from being sent. CodeConflict: it does
// not wait.
func (s *Service) Cancel(ctx context.Context, caller cardinal.Caller, id cardinal.NotificationID) error {
	return s.write(ctx, caller, func(tx *store.Tx) error {
		n, err := tx.LockNotification(ctx, caller.Customer, id)
		if err != nil {
			return err
		}
		cancelled, err := tx.CancelNotification(ctx, n.Notification, cardinal.ReasonByHand)
		if err != nil {
			return err
		}
		if !cancelled {
			return cardinal.Errorf(cardinal.CodeConflict, "This notification does not wait any more. Only one that waits can be cancelled.")
		}
		return audit.Record(tx, caller, audit.Entry{Action: "notification.cancelled", Subject: "user " + n.Username, After: audit.Fields{"kind": n.Kind}})
	})
}
