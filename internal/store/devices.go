package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"cardinal"
	"cardinal/internal/store/db"
)

func device(r db.Device) (cardinal.Device, error) {
	d := cardinal.Device{
		ID: cardinal.DeviceID(r.ID), Customer: cardinal.CustomerID(r.CustomerID), Name: r.Name, Conversion: r.Conversion,
		Disabled: r.Disabled, CreatedAt: fromMillis(r.CreatedAt), LastSeenAt: fromMillis(r.LastSeenAt), Revision: r.Revision,
	}
	if r.Methods == "" {
		return d, nil
	}
	if err := json.Unmarshal([]byte(r.Methods), &d.Methods); err != nil {
		return d, fmt.Errorf("read methods of device %s: %w", r.ID, err)
	}
	return d, nil
}

func aDevice(r db.Device, err error) (cardinal.Device, error) {
	if err := found(err, "device"); err != nil {
		return cardinal.Device{}, err
	}
	return device(r)
}

func methodsText(methods []cardinal.Method) (string, error) {
	if methods == nil {
		return "", nil
	}
	text, err := json.Marshal(methods)
	if err != nil {
		return "", fmt.Errorf("write methods: %w", err)
	}
	return string(text), nil
}

// AddDevice writes a new device with the hash of its token. A taken name is an
// Error of CodeConflict.
func (tx *Tx) AddDevice(ctx context.Context, d cardinal.Device, tokenHash []byte) error {
	methods, err := methodsText(d.Methods)
	if err != nil {
		return err
	}
	rows, err := tx.q.InsertDevice(ctx, db.InsertDeviceParams{
		ID: string(d.ID), CustomerID: string(d.Customer), Name: d.Name, NameKey: Fold(d.Name), Methods: methods,
		Conversion: d.Conversion, Disabled: d.Disabled, TokenHash: tokenHash, CreatedAt: millis(tx.now),
	})
	return free(rows, err, "name", "name")
}

// UpdateDevice writes the fields of a device and counts up the revision. A
// taken name is an Error of CodeConflict.
func (tx *Tx) UpdateDevice(ctx context.Context, d cardinal.Device) error {
	methods, err := methodsText(d.Methods)
	if err != nil {
		return err
	}
	rows, err := tx.q.UpdateDevice(ctx, db.UpdateDeviceParams{
		Name: d.Name, NameKey: Fold(d.Name), Methods: methods, Conversion: d.Conversion, Disabled: d.Disabled,
		CustomerID: string(d.Customer), ID: string(d.ID),
	})
	if err != nil || rows > 0 {
		return one(rows, err, "device")
	}
	if _, err := tx.Device(ctx, d.Customer, d.ID); err != nil {
		return err
	}
	return free(0, nil, "name", "name")
}

// SetDeviceToken gives a device another token; the one before stops working.
func (tx *Tx) SetDeviceToken(ctx context.Context, d cardinal.Device, tokenHash []byte) error {
	rows, err := tx.q.SetDeviceToken(ctx, db.SetDeviceTokenParams{CustomerID: string(d.Customer), ID: string(d.ID), TokenHash: tokenHash})
	return one(rows, err, "device")
}

// TouchDevice notes that the device was seen at the transaction's instant.
func (tx *Tx) TouchDevice(ctx context.Context, id cardinal.DeviceID) error {
	if err := tx.q.TouchDevice(ctx, db.TouchDeviceParams{ID: string(id), LastSeenAt: millis(tx.now)}); err != nil {
		return fmt.Errorf("write device: %w", err)
	}
	return nil
}

// Device reads one device of a customer.
func (tx *Tx) Device(ctx context.Context, c cardinal.CustomerID, id cardinal.DeviceID) (cardinal.Device, error) {
	return aDevice(tx.q.Device(ctx, db.DeviceParams{CustomerID: string(c), ID: string(id)}))
}

// LockDevice reads a device and makes other transactions that lock it wait.
func (tx *Tx) LockDevice(ctx context.Context, c cardinal.CustomerID, id cardinal.DeviceID) (cardinal.Device, error) {
	return aDevice(tx.q.LockDevice(ctx, db.LockDeviceParams{CustomerID: string(c), ID: string(id)}))
}

// DeviceByToken finds the device, of whichever customer, that has this token.
func (tx *Tx) DeviceByToken(ctx context.Context, tokenHash []byte) (cardinal.Device, error) {
	return aDevice(tx.q.DeviceByToken(ctx, tokenHash))
}

// Devices lists devices of a customer after the given one, oldest first.
func (tx *Tx) Devices(ctx context.Context, c cardinal.CustomerID, after cardinal.DeviceID, most int) ([]cardinal.Device, error) {
	rows, err := tx.q.Devices(ctx, db.DevicesParams{CustomerID: string(c), After: string(after), Most: int32(most)})
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

// DeleteDevice removes a device; what the records say of it stays.
func (tx *Tx) DeleteDevice(ctx context.Context, d cardinal.Device) error {
	rows, err := tx.q.DeleteDevice(ctx, db.DeleteDeviceParams{CustomerID: string(d.Customer), ID: string(d.ID)})
	return one(rows, err, "device")
}

// CountDevices counts the devices of a customer that are not disabled.
func (tx *Tx) CountDevices(ctx context.Context, c cardinal.CustomerID) (int, error) {
	n, err := tx.q.CountDevices(ctx, string(c))
	if err != nil {
		return 0, fmt.Errorf("count devices: %w", err)
	}
	return int(n), nil
}

// Counter is what exact lockout keeps of one subject.
type Counter struct {
	Wrong       int64 // in the unit of whoever counts
	ChangedAt   time.Time
	LockedUntil time.Time // zero: not locked
}

// UserSubject names a user among the subjects of counters and daily counts.
func UserSubject(id cardinal.UserID) string { return "user " + string(id) }

// LockCounter reads the counter of a subject, made if it is missing, and makes
// other transactions that lock it wait. Several are locked in the order of
// their subjects.
func (tx *Tx) LockCounter(ctx context.Context, c cardinal.CustomerID, subject string) (Counter, error) {
	for {
		if err := tx.q.MakeCounter(ctx, db.MakeCounterParams{CustomerID: string(c), Subject: subject}); err != nil {
			return Counter{}, fmt.Errorf("make counter: %w", err)
		}
		row, err := tx.q.LockCounter(ctx, db.LockCounterParams{CustomerID: string(c), Subject: subject})
		if errors.Is(err, sql.ErrNoRows) {
			continue // it was there when it was to be made, and has been pruned since
		}
		return Counter{row.Wrong, fromMillis(row.ChangedAt), fromMillis(row.LockedUntil)}, found(err, "counter")
	}
}

// Counter reads the counter of a subject; the zero Counter if it has none.
func (tx *Tx) Counter(ctx context.Context, c cardinal.CustomerID, subject string) (Counter, error) {
	row, err := tx.q.Counter(ctx, db.CounterParams{CustomerID: string(c), Subject: subject})
	err = found(err, "counter")
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return Counter{}, nil
	}
	return Counter{row.Wrong, fromMillis(row.ChangedAt), fromMillis(row.LockedUntil)}, err
}

// SetCounter writes a counter; one that was never locked is not made.
func (tx *Tx) SetCounter(ctx context.Context, c cardinal.CustomerID, subject string, n Counter) error {
	err := tx.q.SetCounter(ctx, db.SetCounterParams{
		CustomerID: string(c), Subject: subject, Wrong: n.Wrong, ChangedAt: millis(n.ChangedAt), LockedUntil: millis(n.LockedUntil),
	})
	if err != nil {
		return fmt.Errorf("write counter: %w", err)
	}
	return nil
}

// AddSignIn puts a try on record, under the device's and the user's IDs (the
// latter empty if unknown). Where an entry with that ID exists, it counts one
// more try.
func (tx *Tx) AddSignIn(ctx context.Context, s cardinal.SignIn, device cardinal.DeviceID, user cardinal.UserID) error {
	err := tx.q.InsertSignIn(ctx, db.InsertSignInParams{
		ID: s.ID, CustomerID: string(s.Customer), Time: millis(s.Time), DeviceID: string(device), Device: s.Device,
		Method: string(s.Method), UserID: string(user), Username: s.Username, Outcome: string(s.Outcome), NumberEnd: s.NumberEnd,
	})
	if err != nil {
		return fmt.Errorf("write sign-in: %w", err)
	}
	return nil
}

func signIn(r db.SignIn) cardinal.SignIn {
	return cardinal.SignIn{
		ID: r.ID, Customer: cardinal.CustomerID(r.CustomerID), Time: fromMillis(r.Time), Device: r.Device,
		Method: cardinal.Method(r.Method), Username: r.Username, Outcome: cardinal.Outcome(r.Outcome),
		NumberEnd: r.NumberEnd, Count: r.Tries,
	}
}

// lastID sorts after every identifier, in the order of every language: those
// made before the year 2248 begin with a 0.
const lastID = "z"

func before(id string) string {
	if id == "" {
		return lastID
	}
	return id
}

// SignIns lists sign-ins before the given one, newest first; an empty ID begins
// with the newest.
func (tx *Tx) SignIns(ctx context.Context, c cardinal.CustomerID, beforeID string, most int) ([]cardinal.SignIn, error) {
	rows, err := tx.q.SignIns(ctx, db.SignInsParams{CustomerID: string(c), Before: before(beforeID), Most: int32(most)})
	return each(rows, err, "sign-ins", signIn)
}

// SignInsOfUser is SignIns of one user.
func (tx *Tx) SignInsOfUser(ctx context.Context, u cardinal.User, beforeID string, most int) ([]cardinal.SignIn, error) {
	rows, err := tx.q.SignInsOfUser(ctx, db.SignInsOfUserParams{
		CustomerID: string(u.Customer), UserID: string(u.ID), Before: before(beforeID), Most: int32(most),
	})
	return each(rows, err, "sign-ins", signIn)
}
