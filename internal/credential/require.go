package credential

import (
	"context"

	"cardinal"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// RequireNewPIN marks the PIN of the user of that name so that every sign-in
// with it says that a new one is wanted, and asks the user by e-mail where the
// settings have a way for that. It reports false for who has no PIN, or
// one so marked.
func (d *Door) RequireNewPIN(ctx context.Context, caller cardinal.Caller, username string) (bool, error) {
	if err := caller.Require(cardinal.PermWriteCredentials); err != nil {
		return false, err
	}
	marked := false
	err := d.store.Write(ctx, func(tx *store.Tx) error {
		user, err := tx.LockUserByName(ctx, caller.Customer, username)
		if err != nil {
			return err
		}
		texts, err := tx.SettingTexts(ctx, caller.Customer)
		if err != nil {
			return err
		}
		marked, err = d.RequireNewPINIn(ctx, tx, Acting{caller, setting.Load(texts)}, user)
		return err
	})
	return marked, err
}
