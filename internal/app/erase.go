package app

import (
	"context"
	"time"
)

// eraseEvery is how soon a deletion is gone on with that another node began, or
// that failed.
const eraseEvery = time.Hour

// eraseRegularly removes what is left of deleted customers: now, whenever one is
// deleted, and every hour.
func (a *App) eraseRegularly(ctx context.Context) {
	ticker := time.NewTicker(eraseEvery)
	defer ticker.Stop()
	for {
		if err := a.Accounts.EraseDeleted(ctx); err != nil && ctx.Err() == nil {
			a.Log.ErrorContext(ctx, "a deleted organisation could not be removed whole; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-a.Accounts.Deleted():
		}
	}
}
