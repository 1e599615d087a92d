package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cardinal"
	"cardinal/internal/app"
	"cardinal/internal/notify"
)

type notificationGroup struct {
	List   notificationList   `cmd:"" help:"List e-mails to users, newest first."`
	Resend notificationResend `cmd:"" help:"Queue an e-mail that is over again."`
	Cancel notificationCancel `cmd:"" help:"Keep an e-mail that waits from being sent."`
}

type notificationList struct {
	State string `enum:",queued,sending,sent,failed,skipped,cancelled" default:"" placeholder:"STATE" help:"Only those in this state: queued, sending, sent, failed, skipped or cancelled."`
	User  string `placeholder:"USERNAME" help:"Only those to this user."`
	Limit int    `default:"100" help:"How many to list, 1 to 500."`
}

// notificationJSON is a notification as the API shows it.
type notificationJSON struct {
	ID          cardinal.NotificationID    `json:"id"`
	Kind        string                     `json:"kind"`
	Username    string                     `json:"username"`
	State       cardinal.NotificationState `json:"state"`
	Reason      *string                    `json:"reason"`
	Tries       int                        `json:"tries"`
	LastAnswer  *string                    `json:"lastAnswer"`
	Explanation *string                    `json:"explanation"`
	CreatedAt   time.Time                  `json:"createdAt"`
	NextTryAt   *time.Time                 `json:"nextTryAt"`
	SentAt      *time.Time                 `json:"sentAt"`
}

func notificationAsJSON(v notify.NotificationView) notificationJSON {
	shown := notificationJSON{
		ID: v.ID, Kind: v.Kind, Username: v.Username, State: v.State, Reason: filled(string(v.Reason)), Tries: v.Tries, LastAnswer: filled(v.LastAnswer),
		Explanation: filled(v.Explanation), CreatedAt: v.CreatedAt, SentAt: optionalTime(v.SentAt),
	}
	if v.State == cardinal.NotificationQueued {
		shown.NextTryAt = optionalTime(v.NextTryAt)
	}
	return shown
}

// Run prints a line for each notification, and on standard error whether there
// are more.
func (c notificationList) Run(ctx context.Context, g *Global, t terminal) error {
	return g.with(ctx, func(a *app.App, caller cardinal.Caller) error {
		if c.Limit < 1 || c.Limit > 500 {
			return cardinal.Errorf(cardinal.CodeInvalid, "--limit takes a number from 1 to 500.")
		}
		views, err := a.Notify.Notifications(ctx, caller, notify.Query{Username: c.User, State: cardinal.NotificationState(c.State), Most: c.Limit + 1})
		if err != nil {
			return err
		}
		if len(views) > c.Limit {
			views = views[:c.Limit]
			_, _ = fmt.Fprintln(t.err, "There are more. --limit, --state and --user choose which are listed.")
		}
		if g.JSON {
			items := make([]notificationJSON, len(views))
			for i, v := range views {
				items[i] = notificationAsJSON(v)
			}
			return printJSON(t, map[string]any{"items": items})
		}
		return printTable(t, views, func(v notify.NotificationView) []string {
			state := string(v.State)
			if v.Reason != "" {
				state += " (" + strings.ReplaceAll(string(v.Reason), "_", " ") + ")"
			}
			return []string{string(v.ID), v.CreatedAt.Format("2006-01-02 15:04 MST"), v.Username, v.Kind, state, fmt.Sprintf("tries: %d", v.Tries), v.LastAnswer}
		})
	})
}

type notificationResend struct {
	ID string `arg:"" help:"Which; the list shows it."`
}

// Run queues one notification again.
func (c notificationResend) Run(ctx context.Context, g *Global, t terminal) error {
	return g.with(ctx, func(a *app.App, caller cardinal.Caller) error {
		id := cardinal.NotificationID(c.ID)
		if err := a.Notify.Resend(ctx, caller, id); err != nil {
			return err
		}
		view, err := a.Notify.Notification(ctx, caller, id)
		return printNotification(t, g.JSON, view, err)
	})
}

type notificationCancel struct {
	ID string `arg:"" help:"Which; the list shows it."`
}

// Run cancels one notification.
func (c notificationCancel) Run(ctx context.Context, g *Global, t terminal) error {
	return g.with(ctx, func(a *app.App, caller cardinal.Caller) error {
		id := cardinal.NotificationID(c.ID)
		if err := a.Notify.Cancel(ctx, caller, id); err != nil {
			return err
		}
		view, err := a.Notify.Notification(ctx, caller, id)
		return printNotification(t, g.JSON, view, err)
	})
}

// printNotification prints what has become of a notification.
func printNotification(t terminal, json bool, view notify.NotificationView, err error) error {
	switch {
	case err != nil:
		return err
	case json:
		return printJSON(t, notificationAsJSON(view))
	}
	return printLine(t, "The notification to %s is %s.", view.Username, view.State)
}
