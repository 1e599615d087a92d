package store

import (
	"context"
	"fmt"
	"time"

	"cardinal"
	"cardinal/internal/store/db"
)

// DeviceSubject names a device among the subjects of counters.
func DeviceSubject(id cardinal.DeviceID) string { return "device " + string(id) }

// DeviceQuery narrows and pages a list of devices. Devices come by folded name.
type DeviceQuery struct {
	After string // folded name of the last device of the page before; empty for the first page
	Text  string // part of the name, without regard to case; empty for all
	Most  int
}

// DevicesByName lists the devices of a customer that a query asks for.
func (tx *Tx) DevicesByName(ctx context.Context, c cardinal.CustomerID, q DeviceQuery) ([]cardinal.Device, error) {
	pattern := ""
	if q.Text != "" {
		pattern = contains(Fold(q.Text))
	}
	rows, err := tx.q.DevicesByName(ctx, db.DevicesByNameParams{CustomerID: string(c), After: q.After, Pattern: pattern, Most: int32(q.Most)})
	if err != nil {
		return nil, fmt.Errorf("list devices: %w", err)
	}
	devices := make([]cardinal.Device, len(rows))
	for i, row := range rows {
		if devices[i], err = device(row); err != nil {
			return nil, err
		}
	}
	return devices, nil
}

// UsersAbove lists the users of a customer whose role is more than user,
// disabled ones too, by folded username after the given one.
func (tx *Tx) UsersAbove(ctx context.Context, c cardinal.CustomerID, after string, most int) ([]cardinal.User, error) {
	rows, err := tx.q.UsersAbove(ctx, db.UsersAboveParams{CustomerID: string(c), After: after, Most: int32(most)})
	return each(rows, err, "users", user)
}

// LastAuditTime returns when the action was last recorded of the subject, not
// before since; the zero time if it was not.
func (tx *Tx) LastAuditTime(ctx context.Context, c cardinal.CustomerID, subject, action string, since time.Time) (time.Time, error) {
	at, err := tx.q.LastAuditTime(ctx, db.LastAuditTimeParams{CustomerID: string(c), Subject: subject, Action: action, Since: millis(since)})
	err = found(err, "audit entry")
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return time.Time{}, nil
	}
	return fromMillis(at), err
}

// CustomerFigures is how much of what a customer has.
type CustomerFigures struct {
	Users   int // all of them
	Above   int // users whose role is more than user
	Devices int
	Tokens  int
}

// CustomerFigures counts what a customer has.
func (tx *Tx) CustomerFigures(ctx context.Context, c cardinal.CustomerID) (CustomerFigures, error) {
	row, err := tx.q.CustomerFigures(ctx, string(c))
	return CustomerFigures{int(row.Users), int(row.Above), int(row.Devices), int(row.Tokens)}, found(err, "customer")
}

// DeleteCustomer puts a customer out of sight, frees its name, and ends its
// sessions, API tokens and devices. The rest is for EraseSome to remove.
func (tx *Tx) DeleteCustomer(ctx context.Context, c cardinal.CustomerID) error {
	rows, err := tx.q.MarkCustomerDeleted(ctx, db.MarkCustomerDeletedParams{ID: string(c), DeletedAt: millis(tx.now)})
	if err := one(rows, err, "customer"); err != nil {
		return err
	}
	for _, end := range []func(context.Context, string) error{
		tx.q.DeleteSessionsOfCustomer, tx.q.DeleteAPITokensOfCustomer, tx.q.DeleteDevicesOfCustomer,
	} {
		if err := end(ctx, string(c)); err != nil {
			return fmt.Errorf("delete customer: %w", err)
		}
	}
	return nil
}

// DeletedCustomers lists the customers that were deleted and not yet erased.
func (tx *Tx) DeletedCustomers(ctx context.Context) ([]cardinal.CustomerID, error) {
	rows, err := tx.q.DeletedCustomers(ctx)
	return each(rows, err, "customers", func(id string) cardinal.CustomerID { return cardinal.CustomerID(id) })
}

// EraseSome removes at most so many rows of a deleted customer, and reports
// whether there may be more; in the end it removes the customer itself. Of one
// that was not deleted it removes nothing.
func (tx *Tx) EraseSome(ctx context.Context, c cardinal.CustomerID, most int) (bool, error) {
	id, limit := string(c), int32(most)
	if rows, err := tx.q.LockDeletedCustomer(ctx, id); err != nil || rows == 0 {
		return false, wrapped("erase customer", err)
	}
	for _, erase := range []func() (int64, error){
		func() (int64, error) { return tx.q.EraseUsers(ctx, db.EraseUsersParams{CustomerID: id, Most: limit}) },
		func() (int64, error) {
			return tx.q.EraseSignIns(ctx, db.EraseSignInsParams{CustomerID: id, Most: limit})
		},
		func() (int64, error) {
			return tx.q.EraseAuditEntries(ctx, db.EraseAuditEntriesParams{CustomerID: id, Most: limit})
		},
		func() (int64, error) {
			return tx.q.EraseEvents(ctx, db.EraseEventsParams{CustomerID: id, Most: limit})
		},
		func() (int64, error) {
			return tx.q.EraseNotifications(ctx, db.EraseNotificationsParams{CustomerID: id, Most: limit})
		},
		func() (int64, error) {
			return tx.q.EraseCounters(ctx, db.EraseCountersParams{CustomerID: id, Most: limit})
		},
		func() (int64, error) {
			return tx.q.EraseImports(ctx, db.EraseImportsParams{CustomerID: id, Most: limit})
		},
	} {
		rows, err := erase()
		if err != nil || rows > 0 {
			return err == nil, wrapped("erase customer", err)
		}
	}
	_, err := tx.q.EraseCustomer(ctx, id)
	return false, wrapped("erase customer", err)
}

func wrapped(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
