package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"cardinal"
)

func (s *server) auditRoutes() []route {
	return []route{
		call(route{
			method: http.MethodGet, path: "/audit-entries", permission: cardinal.PermReadLogs, status: http.StatusOK,
			id: "listAuditEntries", tag: "Audit", summary: "List who changed what, newest first",
		}, s.listAuditEntries),
	}
}

type auditEntry struct {
	Number  int64           `json:"number" doc:"1, 2, 3, … without gaps"`
	Time    time.Time       `json:"time"`
	Actor   string          `json:"actor"`
	Action  string          `json:"action"`
	Subject string          `json:"subject"`
	Before  json.RawMessage `json:"before" doc:"an object of the fields that changed, or null"`
	After   json.RawMessage `json:"after" doc:"an object of the fields that changed, or null"`
	Address string          `json:"address"`
}

type listAuditEntriesIn struct {
	page
	Subject string `query:"subject" doc:"only entries about this, as in: user anna"`
}

func (s *server) listAuditEntries(ctx context.Context, caller cardinal.Caller, in listAuditEntriesIn) (answer[list[auditEntry]], error) {
	var before int64
	if in.Cursor != "" {
		n, err := strconv.ParseInt(string(in.Cursor), 10, 64)
		if err != nil || n < 1 {
			return answer[list[auditEntry]]{}, cardinal.Invalid("cursor", "This is not a cursor from an answer. Leave it out to begin at the first page.")
		}
		before = n
	}
	found, err := s.AuditEntries(ctx, caller, in.Subject, before, in.Limit+1)
	return paged(found, in.Limit, auditEntryOf, func(e cardinal.AuditEntry) string { return strconv.FormatInt(e.Number, 10) }), err
}

func auditEntryOf(e cardinal.AuditEntry) auditEntry {
	return auditEntry{
		Number: e.Number, Time: e.Time.UTC(), Actor: e.Actor, Action: e.Action, Subject: e.Subject,
		Before: object(e.Before), After: object(e.After), Address: e.Address,
	}
}

// object is a JSON object that may be missing.
func object(text string) json.RawMessage {
	if text == "" {
		return json.RawMessage("null")
	}
	return json.RawMessage(text)
}
