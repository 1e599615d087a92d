package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"cardinal"
	"cardinal/internal/store/db"
)

// StoredNotification is a notification with what stands in it.
type StoredNotification struct {
	cardinal.Notification
	Explanation string // of the last answer: a sentence as JSON, or empty
	Details     string // a JSON object without secrets
	Secrets     Sealed
	Node        string
	LeasedUntil time.Time
}

func notification(r db.Notification) StoredNotification {
	return StoredNotification{
		Notification: cardinal.Notification{
			ID: cardinal.NotificationID(r.ID), Customer: cardinal.CustomerID(r.CustomerID), Kind: r.Kind, Template: r.TemplateID,
			Configuration: cardinal.ConfigurationID(r.ConfigurationID), User: cardinal.UserID(r.UserID), Username: r.Username, PIN: cardinal.PINID(r.PinID),
			State: cardinal.NotificationState(r.State), Reason: cardinal.NotificationReason(r.Reason), Tries: int(r.Tries), LastAnswer: r.LastAnswer,
			Copy: int(r.Copy), CreatedAt: fromMillis(r.CreatedAt), NextTryAt: fromMillis(r.NextTryAt), EndsAt: fromMillis(r.EndsAt),
			TriedAt: fromMillis(r.TriedAt), SentAt: fromMillis(r.SentAt),
		},
		Explanation: r.Explanation, Details: r.Details, Secrets: Sealed{int(r.KeyVersion), r.Sealed}, Node: r.Node, LeasedUntil: fromMillis(r.LeasedUntil),
	}
}

// AddNotification writes a notification that begins in its state at the
// transaction's instant.
func (tx *Tx) AddNotification(ctx context.Context, n StoredNotification) error {
	return wrapped("write notification", tx.q.InsertNotification(ctx, db.InsertNotificationParams{
		ID: string(n.ID), CustomerID: string(n.Customer), Kind: n.Kind, TemplateID: n.Template, ConfigurationID: string(n.Configuration),
		UserID: string(n.User), Username: n.Username, PinID: string(n.PIN), State: string(n.State), Reason: string(n.Reason), Details: n.Details,
		KeyVersion: int64(n.Secrets.Version), Sealed: sealedBytes(n.Secrets), CreatedAt: millis(tx.now), NextTryAt: millis(tx.now), EndsAt: millis(n.EndsAt),
	}))
}

// notificationRows is how many notifications one statement writes, of so many
// columns each.
const (
	notificationRows    = 20
	notificationColumns = 24
)

// insertNotificationRows is InsertNotification for notificationRows rows.
var insertNotificationRows = sync.OnceValue(func() string {
	return insertRows(`notifications (id, customer_id, kind, template_id, configuration_id, user_id, username, pin_id, state, reason, tries,
  last_answer, explanation, copy, details, key_version, sealed, created_at, next_try_at, ends_at, tried_at, sent_at, node, leased_until)`,
		notificationRows, notificationColumns)
})

// AddNotifications is AddNotification for many.
func (tx *Tx) AddNotifications(ctx context.Context, notifications []StoredNotification) error {
	now := millis(tx.now)
	for ; len(notifications) >= notificationRows; notifications = notifications[notificationRows:] {
		args := make([]any, 0, notificationRows*notificationColumns)
		for _, n := range notifications[:notificationRows] {
			args = append(args, string(n.ID), string(n.Customer), n.Kind, n.Template, string(n.Configuration), string(n.User), n.Username, string(n.PIN),
				string(n.State), string(n.Reason), 0, "", "", 0, n.Details, int64(n.Secrets.Version), sealedBytes(n.Secrets), now, now, millis(n.EndsAt), 0, 0, "", 0)
		}
		if _, err := tx.work.ExecContext(ctx, insertNotificationRows(), args...); err != nil {
			return fmt.Errorf("write notifications: %w", err)
		}
	}
	for _, n := range notifications {
		if err := tx.AddNotification(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// Notification reads one notification of a customer.
func (tx *Tx) Notification(ctx context.Context, c cardinal.CustomerID, id cardinal.NotificationID) (StoredNotification, error) {
	row, err := tx.q.Notification(ctx, db.NotificationParams{CustomerID: string(c), ID: string(id)})
	return notification(row), found(err, "notification")
}

// LockNotification is Notification, and makes other transactions that lock it wait.
func (tx *Tx) LockNotification(ctx context.Context, c cardinal.CustomerID, id cardinal.NotificationID) (StoredNotification, error) {
	row, err := tx.q.LockNotification(ctx, db.LockNotificationParams{CustomerID: string(c), ID: string(id)})
	return notification(row), found(err, "notification")
}

// NotificationQuery narrows a list of notifications: to one user, or else to one state.
type NotificationQuery struct {
	User   cardinal.UserID
	State  cardinal.NotificationState
	Before cardinal.NotificationID // empty: from the newest on
	Most   int
}

// Notifications lists the notifications that a query asks for, newest first.
func (tx *Tx) Notifications(ctx context.Context, c cardinal.CustomerID, q NotificationQuery) ([]StoredNotification, error) {
	last, most := before(string(q.Before)), int32(q.Most)
	var rows []db.Notification
	var err error
	switch {
	case q.User != "":
		rows, err = tx.q.NotificationsOfUser(ctx, db.NotificationsOfUserParams{UserID: string(q.User), CustomerID: string(c), Before: last, Most: most})
	case q.State != "":
		rows, err = tx.q.NotificationsInState(ctx, db.NotificationsInStateParams{CustomerID: string(c), State: string(q.State), Before: last, Most: most})
	default:
		rows, err = tx.q.Notifications(ctx, db.NotificationsParams{CustomerID: string(c), Before: last, Most: most})
	}
	return each(rows, err, "notifications", notification)
}

// CountNotifications counts the notifications of a customer made since the
// instant, or of all with the zero time, by state; a state without any is missing.
func (tx *Tx) CountNotifications(ctx context.Context, c cardinal.CustomerID, since time.Time) (map[cardinal.NotificationState]int, error) {
	first := ""
	if !since.IsZero() {
		first = tx.IDOf("", since)
	}
	rows, err := tx.q.CountNotifications(ctx, db.CountNotificationsParams{CustomerID: string(c), Since: first})
	if err != nil {
		return nil, fmt.Errorf("count notifications: %w", err)
	}
	counts := make(map[cardinal.NotificationState]int, len(rows))
	for _, row := range rows {
		counts[cardinal.NotificationState(row.State)] = int(row.Notifications)
	}
	return counts, nil
}

// Outbox is a messaging configuration with notifications that are due.
type Outbox struct {
	Customer      cardinal.CustomerID
	Configuration cardinal.ConfigurationID
}

// Outboxes lists up to most configurations, of all customers, through which
// something is to be sent at the transaction's instant.
func (tx *Tx) Outboxes(ctx context.Context, most int) ([]Outbox, error) {
	rows, err := tx.q.ConfigurationsWithMail(ctx, db.ConfigurationsWithMailParams{Now: millis(tx.now), Most: int32(most)})
	return each(rows, err, "outboxes", func(r db.ConfigurationsWithMailRow) Outbox {
		return Outbox{cardinal.CustomerID(r.CustomerID), cardinal.ConfigurationID(r.ID)}
	})
}

// ClaimNotification gives a node the next notification of a configuration that
// is due: first one that a node has had for too long, then the one that is due
// longest. It counts as tried. CodeNotFound: there is none, or another node took
// it in this moment.
func (tx *Tx) ClaimNotification(ctx context.Context, id cardinal.ConfigurationID, node string, until time.Time) (StoredNotification, error) {
	row, err := tx.q.ReclaimNotification(ctx, db.ReclaimNotificationParams{
		Node: node, LeasedUntil: millis(until), Now: millis(tx.now), ConfigurationID: string(id),
	})
	if err = found(err, "notification"); cardinal.CodeOf(err) == cardinal.CodeNotFound {
		row, err = tx.q.ClaimNotification(ctx, db.ClaimNotificationParams{
			Node: node, LeasedUntil: millis(until), Now: millis(tx.now), ConfigurationID: string(id),
		})
		err = found(err, "notification")
	}
	return notification(row), err
}

// CountTried counts how many messages were tried through a configuration after
// the instant, and tells when the first of these was; zero if there was none.
func (tx *Tx) CountTried(ctx context.Context, id cardinal.ConfigurationID, since time.Time) (n int, first time.Time, err error) {
	row, err := tx.q.CountTried(ctx, db.CountTriedParams{ConfigurationID: string(id), Since: millis(since)})
	return int(row.Tried), fromMillis(row.First), wrapped("count tries", err)
}

// SettleNotification writes what has become of a try of the node that has the
// notification: State, Reason, LastAnswer, Explanation, NextTryAt, SentAt and
// Secrets. It reports false if another node has it by now.
func (tx *Tx) SettleNotification(ctx context.Context, n StoredNotification) (bool, error) {
	rows, err := tx.q.SettleNotification(ctx, db.SettleNotificationParams{
		State: string(n.State), Reason: string(n.Reason), LastAnswer: n.LastAnswer, Explanation: n.Explanation, NextTryAt: millis(n.NextTryAt),
		SentAt: millis(n.SentAt), Sealed: sealedBytes(n.Secrets), ID: string(n.ID), Node: n.Node,
	})
	return rows > 0, wrapped("write notification", err)
}

// CancelNotification cancels a notification that waits and erases its secrets.
// It reports false if it does not wait.
func (tx *Tx) CancelNotification(ctx context.Context, n cardinal.Notification, reason cardinal.NotificationReason) (bool, error) {
	rows, err := tx.q.CancelNotification(ctx, db.CancelNotificationParams{CustomerID: string(n.Customer), ID: string(n.ID), Reason: string(reason), Sealed: []byte{}})
	return rows > 0, wrapped("write notification", err)
}

// RequeueNotification queues a notification again that is over, as another copy,
// through the configuration. It reports false if it is not over.
func (tx *Tx) RequeueNotification(ctx context.Context, n cardinal.Notification, through cardinal.ConfigurationID) (bool, error) {
	rows, err := tx.q.RequeueNotification(ctx, db.RequeueNotificationParams{
		CustomerID: string(n.Customer), ID: string(n.ID), ConfigurationID: string(through), Now: millis(tx.now),
	})
	return rows > 0, wrapped("write notification", err)
}

// SkipQueued skips all that waits to go through a configuration, and erases its
// secrets.
func (tx *Tx) SkipQueued(ctx context.Context, id cardinal.ConfigurationID, reason cardinal.NotificationReason) error {
	return wrapped("write notifications", tx.q.SkipQueued(ctx, db.SkipQueuedParams{ConfigurationID: string(id), Reason: string(reason), Sealed: []byte{}}))
}

// HasOldNotification reports whether PruneNotifications would delete something.
func (tx *Tx) HasOldNotification(ctx context.Context, c cardinal.CustomerID, before time.Time) (bool, error) {
	rows, err := tx.q.HasOldNotification(ctx, db.HasOldNotificationParams{
		CustomerID: string(c), Before: tx.IDOf("", before), TriedBefore: millis(before),
	})
	return len(rows) > 0, wrapped("look for old notifications", err)
}

// PruneNotifications deletes up to most notifications of a customer that are over,
// and that were neither made nor tried at the instant or later. It returns how many.
func (tx *Tx) PruneNotifications(ctx context.Context, c cardinal.CustomerID, before time.Time, most int) (int, error) {
	rows, err := tx.q.PruneNotifications(ctx, db.PruneNotificationsParams{
		CustomerID: string(c), Before: tx.IDOf("", before), TriedBefore: millis(before), Most: int32(most),
	})
	return int(rows), wrapped("prune notifications", err)
}
