package credential

import (
	"context"

	"cardinal"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// ChangesToday is how often a user has changed their own PIN and number in the
// customer's present calendar day, and how often they may; below 0: without limit.
type ChangesToday struct {
	PIN, MostPIN       int
	Number, MostNumber int
}

// ChangesToday returns the counts of the user of that name. An administrator's
// edits are not among them.
func (d *Door) ChangesToday(ctx context.Context, caller cardinal.Caller, username string) (ChangesToday, error) {
	if err := caller.Require(cardinal.PermReadUsers); err != nil {
		return ChangesToday{}, err
	}
	var changes ChangesToday
	err := d.store.Read(ctx, func(tx *store.Tx) error {
		user, err := tx.UserByName(ctx, caller.Customer, username)
		if err != nil {
			return err
		}
		texts, err := tx.SettingTexts(ctx, caller.Customer)
		if err != nil {
			return err
		}
		values := setting.Load(texts)
		changes = ChangesToday{MostPIN: setting.UserCanChangePINTimes.In(values), MostNumber: setting.UserCanChangeCardIDTimes.In(values)}
		key := store.ChangeKey{Customer: user.Customer, Subject: store.UserSubject(user.ID), Kind: countPIN, Day: today(tx, values)}
		if changes.PIN, err = tx.ChangeCount(ctx, key); err != nil {
			return err
		}
		key.Kind = countNumber
		changes.Number, err = tx.ChangeCount(ctx, key)
		return err
	})
	return changes, err
}
