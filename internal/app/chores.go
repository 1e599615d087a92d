package app

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"cardinal/internal/auth"
	"cardinal/internal/idempotency"
	"cardinal/internal/store"
	"cardinal/internal/wayback"
)

// chore is work that the server does by itself, now and then.
type chore struct {
	every  time.Duration
	sooner <-chan struct{} // nil: only then
	do     func(context.Context) error
	failed string // what the log says of an error; it is tried again at the next turn
}

// chores are all of them. Each may run on several nodes at once.
func (a *App) chores() []chore {
	node := rand.Text()
	return []chore{
		{time.Hour, nil, a.prune, "old records could not be pruned"},
		// Often enough that what the dashboard must count itself stays little.
		{5 * time.Minute, nil, a.SignIn.CountPast, "sign-ins could not be counted"},
		// How soon it is noticed that the node of a bulk action is gone, and how exactly issued PINs are erased.
		{5 * time.Second, nil, a.tendBulkActions, "bulk actions could not be looked after"},
		// How soon a deletion is gone on with that another node began, or that failed.
		{time.Hour, a.Accounts.Deleted(), a.Accounts.EraseDeleted, "a deleted organisation could not be removed whole"},
		{5 * time.Second, nil, a.Accounts.PrepareSearch, "searches for users could not be made quick"},
		// A sixth of what is promised (spec: pins).
		{10 * time.Second, nil, func(ctx context.Context) error { return a.expire(ctx, node) }, "expired PINs could not be taken away"},
		// How soon a move is gone on with that failed, or for which another node had no key.
		{time.Hour, nil, a.moveSealed, "sealed values could not be moved to the newest key"},
		{time.Second, nil, a.notify, "notifications could not be looked after"},
	}
}

// regularly does a chore, now and at each of its turns, until ctx ends.
func (a *App) regularly(ctx context.Context, c chore) {
	ticker := time.NewTicker(c.every)
	defer ticker.Stop()
	for {
		if err := c.do(ctx); err != nil && ctx.Err() == nil {
			a.Log.ErrorContext(ctx, c.failed+"; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-c.sooner:
		}
	}
}

// tendBulkActions goes on with bulk actions on which no node works, and erases
// issued PINs that nobody has fetched in time.
func (a *App) tendBulkActions(ctx context.Context) error {
	return errors.Join(a.Bulk.Resume(ctx), a.Bulk.ErasePINs(ctx))
}

// expire takes away the PINs that have expired.
func (a *App) expire(ctx context.Context, node string) error {
	expired, err := a.Door.ExpireDue(ctx, node)
	if expired > 0 {
		a.Log.InfoContext(ctx, "expired PINs taken away", "pins", expired)
	}
	return err
}

// notify queues the notices that are due and sends what waits.
func (a *App) notify(ctx context.Context) error {
	_, err := a.Notify.QueueDue(ctx)
	return errors.Join(err, a.Notify.Deliver(ctx))
}

// prune forgets what is past its use.
func (a *App) prune(ctx context.Context) error {
	err := a.store.Write(ctx, func(tx *store.Tx) error {
		now := tx.Now()
		return tx.Prune(ctx, store.PastUse{
			Keys: now.Add(-idempotency.Kept), Idle: now.Add(-auth.SessionIdle), Absolute: now.Add(-auth.SessionAbsolute),
			Waiting: now.Add(-auth.WaitingLife), Asked: now.Add(-wayback.Hour),
			// A year is the longest that signin.user.forget-hours can ask for.
			Counters: now.AddDate(0, 0, -366),
			// A few days longer than any zone or step of the clock could need.
			Day: now.AddDate(0, 0, -3).Format("2006-01-02"),
		})
	})
	_, events := a.Automation.ForgetOld(ctx)
	_, notifications := a.Notify.Prune(ctx)
	return errors.Join(err, events, notifications)
}
