package store

import (
	"context"
	"fmt"
	"time"

	"cardinal"
	"cardinal/internal/store/db"
)

// KeyCheck is one check value of the key ring: what tells a wrong ring at once.
type KeyCheck struct {
	Version int
	Sum     []byte
}

// KeyChecks returns the stored check values by version; none in a new database.
func (tx *Tx) KeyChecks(ctx context.Context) ([]KeyCheck, error) {
	rows, err := tx.q.KeyChecks(ctx)
	return each(rows, err, "key checks", func(r db.KeyCheck) KeyCheck { return KeyCheck{int(r.Version), r.Sum} })
}

// AddKeyCheck stores a check value; one that is there already stays.
func (tx *Tx) AddKeyCheck(ctx context.Context, check KeyCheck) error {
	err := tx.q.InsertKeyCheck(ctx, db.InsertKeyCheckParams{Version: int64(check.Version), Sum: check.Sum})
	if err != nil {
		return fmt.Errorf("write key check: %w", err)
	}
	return nil
}

func customer(r db.Customer) cardinal.Customer {
	return cardinal.Customer{ID: cardinal.CustomerID(r.ID), Name: r.Name, CreatedAt: fromMillis(r.CreatedAt)}
}

// AddCustomer makes a customer with an empty audit chain. A taken name is an
// Error of CodeConflict.
func (tx *Tx) AddCustomer(ctx context.Context, c cardinal.Customer) error {
	rows, err := tx.q.InsertCustomer(ctx, db.InsertCustomerParams{
		ID: string(c.ID), Name: c.Name, NameKey: Fold(c.Name), CreatedAt: millis(c.CreatedAt),
	})
	if err := free(rows, err, "name", "name"); err != nil {
		return err
	}
	if err := tx.q.InsertAuditHead(ctx, db.InsertAuditHeadParams{CustomerID: string(c.ID), Mac: []byte{}}); err != nil {
		return fmt.Errorf("write audit head: %w", err)
	}
	return nil
}

// RenameCustomer gives a customer another name, or answers CodeConflict.
func (tx *Tx) RenameCustomer(ctx context.Context, id cardinal.CustomerID, name string) error {
	rows, err := tx.q.RenameCustomer(ctx, db.RenameCustomerParams{Name: name, NameKey: Fold(name), ID: string(id)})
	if err != nil || rows > 0 {
		return one(rows, err, "customer")
	}
	if _, err := tx.Customer(ctx, id); err != nil {
		return err
	}
	return free(0, nil, "name", "name")
}

// Customer reads one customer.
func (tx *Tx) Customer(ctx context.Context, id cardinal.CustomerID) (cardinal.Customer, error) {
	row, err := tx.q.Customer(ctx, string(id))
	return customer(row), found(err, "customer")
}

// CustomerByName reads the customer of that name, compared without regard to case.
func (tx *Tx) CustomerByName(ctx context.Context, name string) (cardinal.Customer, error) {
	row, err := tx.q.CustomerByName(ctx, Fold(name))
	return customer(row), found(err, "customer")
}

// Customers lists at most the given number of customers after the given one, oldest first.
func (tx *Tx) Customers(ctx context.Context, after cardinal.CustomerID, most int) ([]cardinal.Customer, error) {
	rows, err := tx.q.Customers(ctx, db.CustomersParams{After: string(after), Most: int32(most)})
	return each(rows, err, "customers", customer)
}

// StoredSetting is a setting that differs from its default.
type StoredSetting struct {
	Key       string
	Value     string // JSON
	UpdatedAt time.Time
	Revision  int64
}

// Settings reads what a customer has set, by key.
func (tx *Tx) Settings(ctx context.Context, id cardinal.CustomerID) ([]StoredSetting, error) {
	rows, err := tx.q.Settings(ctx, string(id))
	return each(rows, err, "settings", func(r db.Setting) StoredSetting {
		return StoredSetting{r.Key, r.Value, fromMillis(r.UpdatedAt), r.Revision}
	})
}

// SettingTexts reads what a customer has set as JSON texts by key, for setting.Load.
func (tx *Tx) SettingTexts(ctx context.Context, id cardinal.CustomerID) (map[string]string, error) {
	rows, err := tx.q.Settings(ctx, string(id))
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	texts := make(map[string]string, len(rows))
	for _, row := range rows {
		texts[row.Key] = row.Value
	}
	return texts, nil
}

// LockSettings makes other transactions that change settings of the customer wait.
func (tx *Tx) LockSettings(ctx context.Context, id cardinal.CustomerID) error {
	rows, err := tx.q.LockSettings(ctx, string(id))
	return one(rows, err, "customer")
}

// PutSetting writes one setting; value is JSON that the registry has accepted.
func (tx *Tx) PutSetting(ctx context.Context, id cardinal.CustomerID, key, value string) error {
	err := tx.q.UpsertSetting(ctx, db.UpsertSettingParams{CustomerID: string(id), Key: key, Value: value, UpdatedAt: millis(tx.now)})
	if err != nil {
		return fmt.Errorf("write setting: %w", err)
	}
	return nil
}

// DropSetting returns a setting to its default; one that is there already stays.
func (tx *Tx) DropSetting(ctx context.Context, id cardinal.CustomerID, key string) error {
	if _, err := tx.q.DeleteSetting(ctx, db.DeleteSettingParams{CustomerID: string(id), Key: key}); err != nil {
		return fmt.Errorf("drop setting: %w", err)
	}
	return nil
}
