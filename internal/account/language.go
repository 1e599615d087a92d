package account

import (
	"context"
	"slices"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// SetOwnLanguage keeps the language that the caller chose for their pages, one
// of setting.Languages. Choosing the present one again writes nothing.
func (s *Service) SetOwnLanguage(ctx context.Context, caller cardinal.Caller, language string) error {
	if caller.Kind != cardinal.CallerUser {
		return cardinal.Errorf(cardinal.CodeForbidden, "Only people who sign in here have this.")
	}
	if err := caller.Require(cardinal.PermOwnDetails); err != nil {
		return err
	}
	if !slices.Contains(setting.Languages(), setting.Language(language)) {
		return cardinal.Invalid("language", "There is no such language.")
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		user, err := tx.LockUser(ctx, caller.Customer, caller.User)
		if err != nil || user.Language == language {
			return err
		}
		if err := tx.SetLanguage(ctx, user, language); err != nil {
			return err
		}
		tx.QueueEvent(cardinal.Event{Customer: user.Customer, Type: cardinal.EventUserUpdated, User: user.ID})
		return audit.Record(tx, caller, audit.Entry{
			Action: "user.updated", Subject: "user " + user.Username,
			Before: map[string]any{"language": user.Language}, After: map[string]any{"language": language},
		})
	})
}
