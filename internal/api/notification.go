package api

import (
	"context"
	"net/http"
	"time"

	"cardinal"
	"cardinal/internal/notify"
)

func (s *server) notificationRoutes() []route {
	const tag = "Notifications"
	return []route{
		call(route{
			method: http.MethodGet, path: "/notifications", permission: cardinal.PermReadLogs, status: http.StatusOK,
			id: "listNotifications", tag: tag, summary: "List e-mails to users, newest first",
		}, s.listNotifications),
		call(route{
			method: http.MethodGet, path: "/notifications/{id}", permission: cardinal.PermReadLogs, status: http.StatusOK,
			id: "getNotification", tag: tag, summary: "Read what became of an e-mail to a user",
		}, s.getNotification),
		call(route{
			method: http.MethodPost, path: "/notifications/{id}/resend", permission: cardinal.PermWriteOptions, status: http.StatusNoContent,
			id: "resendNotification", tag: tag, summary: "Queue an e-mail that is over again, as a new message", once: true,
			notes: "409 if it waits already, if what it said was erased, or if it would be refused again for the same reason.",
		}, s.resendNotification),
		call(route{
			method: http.MethodPost, path: "/notifications/{id}/cancel", permission: cardinal.PermWriteOptions, status: http.StatusNoContent,
			id: "cancelNotification", tag: tag, summary: "Keep an e-mail that waits from being sent", once: true,
			notes: "409 if it does not wait.",
		}, s.cancelNotification),
	}
}

// notification is one e-mail to a user.
type notification struct {
	ID          string     `json:"id"`
	Kind        string     `json:"kind" doc:"the kind of its template"`
	Username    string     `json:"username" doc:"as it was when the e-mail was queued"`
	State       string     `json:"state" enum:"queued,sending,sent,failed,skipped,cancelled"`
	Reason      *string    `json:"reason" enum:"no_address,disabled,no_configuration,overtaken,expired,by_hand" doc:"why it was skipped or cancelled; else null"`
	Tries       int        `json:"tries"`
	LastAnswer  *string    `json:"lastAnswer" doc:"the mail server's last answer, or what stood in the way; null: it was not tried"`
	Explanation *string    `json:"explanation" doc:"what went wrong at the last try and what to do next, in plain words; null: nothing did"`
	CreatedAt   time.Time  `json:"createdAt"`
	NextTryAt   *time.Time `json:"nextTryAt" doc:"null: it does not wait"`
	SentAt      *time.Time `json:"sentAt" doc:"null: it was not sent"`
}

func notificationOf(v notify.NotificationView) notification {
	shown := notification{
		ID: string(v.ID), Kind: v.Kind, Username: v.Username, State: string(v.State), Reason: filled(string(v.Reason)), Tries: v.Tries,
		LastAnswer: filled(v.LastAnswer), Explanation: filled(v.Explanation), CreatedAt: v.CreatedAt.UTC(), SentAt: moment(v.SentAt),
	}
	if v.State == cardinal.NotificationQueued {
		shown.NextTryAt = moment(v.NextTryAt)
	}
	return shown
}

type listNotificationsIn struct {
	page
	State    mailState `query:"state" enum:"queued,sending,sent,failed,skipped,cancelled" doc:"only those in this state"`
	Username string    `query:"username" doc:"only those to this user"`
}

func (s *server) listNotifications(ctx context.Context, caller cardinal.Caller, in listNotificationsIn) (answer[list[notification]], error) {
	found, err := s.Notify.Notifications(ctx, caller, notify.Query{
		State: cardinal.NotificationState(in.State), Username: normal(in.Username), Before: cardinal.NotificationID(in.Cursor), Most: in.Limit + 1,
	})
	return paged(found, in.Limit, notificationOf, func(v notify.NotificationView) string { return string(v.ID) }), err
}

type notificationIn struct {
	ID pathID `path:"id"`
}

func (s *server) getNotification(ctx context.Context, caller cardinal.Caller, in notificationIn) (answer[notification], error) {
	found, err := s.Notify.Notification(ctx, caller, cardinal.NotificationID(in.ID))
	return answer[notification]{notificationOf(found)}, err
}

func (s *server) resendNotification(ctx context.Context, caller cardinal.Caller, in notificationIn) (nothing, error) {
	return nothing{}, s.Notify.Resend(ctx, caller, cardinal.NotificationID(in.ID))
}

func (s *server) cancelNotification(ctx context.Context, caller cardinal.Caller, in notificationIn) (nothing, error) {
	return nothing{}, s.Notify.Cancel(ctx, caller, cardinal.NotificationID(in.ID))
}
