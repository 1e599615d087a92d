package app

import (
	"context"
	"errors"
	"time"
)

// tendEvery is how soon a bulk action whose node is gone is noticed, once it
// counts as gone, and how exactly issued PINs are erased.
const tendEvery = 5 * time.Second

// tendBulkActions goes on with bulk actions on which no node works, and erases
// issued PINs that nobody has fetched in time, now and every few seconds.
func (a *App) tendBulkActions(ctx context.Context) {
	ticker := time.NewTicker(tendEvery)
	defer ticker.Stop()
	for {
		if err := errors.Join(a.Bulk.Resume(ctx), a.Bulk.ErasePINs(ctx)); err != nil && ctx.Err() == nil {
			a.Log.ErrorContext(ctx, "bulk actions could not be looked after", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
