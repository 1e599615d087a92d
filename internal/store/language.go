package store

import (
	"context"

	"cardinal"
	"cardinal/internal/store/db"
)

// SetLanguage writes the language that a user chose; it is no part of the
// record that others change, so the revision stays.
func (tx *Tx) SetLanguage(ctx context.Context, u cardinal.User, language string) error {
	rows, err := tx.q.SetUserLanguage(ctx, db.SetUserLanguageParams{CustomerID: string(u.Customer), ID: string(u.ID), Language: language})
	return one(rows, err, "user")
}
