package store

import (
	"context"

	"cardinal"
)

// WalkUsers is Users for a list that is too long to be gathered, however short
// it is.
func (tx *Tx) WalkUsers(ctx context.Context, c cardinal.CustomerID, q UserQuery) (UserPage, error) {
	page, those, err := tx.walk(ctx, c, q)
	if err != nil {
		return page, err
	}
	page.Users, err = tx.userRows(ctx, c, those, false)
	return page, err
}
