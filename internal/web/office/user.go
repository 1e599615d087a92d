package office

import (
	"net/http"

	"cardinal"
	"cardinal/internal/web"
)

// The tabs of *User details*, by the part of the address that leads to them.
const (
	TabDetails       = ""
	TabSignIns       = "sign-ins"
	TabNotifications = "notifications"
	TabAudit         = "audit"
)

// UserTabs are the tabs of a user's page that the caller may see.
func UserTabs(r *http.Request, username, active string) []web.Tab {
	words, caller := web.WordsOf(r), web.CallerOf(r)
	tabs := []web.Tab{{Label: words.T("user.tab-details"), URL: UserURL(username), Active: active == TabDetails}}
	add := func(permission cardinal.Permission, label, tab string) {
		if caller.May(permission) {
			tabs = append(tabs, web.Tab{Label: label, URL: UserURL(username, tab), Active: active == tab})
		}
	}
	add(cardinal.PermReadSignIns, words.T("user.tab-sign-ins"), TabSignIns)
	add(cardinal.PermReadLogs, words.T("user.tab-notifications"), TabNotifications)
	add(cardinal.PermReadLogs, words.T("user.tab-audit"), TabAudit)
	return tabs
}

// UserHead is the head of all tabs of a user's page.
func UserHead(words *web.Words, username, fullName string) web.Head {
	head := web.Head{Title: fullName, Lead: username, Back: web.Link{URL: UsersPath, Label: words.T("users.title")}}
	if fullName == "" {
		head.Title, head.Lead = username, ""
	}
	return head
}
