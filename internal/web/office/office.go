// Package office is what the pages of administrators, helpdesk and auditors
// share: the navigation around them, and the paths by which they name one
// another. It owns no page; those are the packages beside it.
package office

import (
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"cardinal"
	"cardinal/internal/web"
	"cardinal/internal/web/access"
)

// The paths of the pages, for links that lead from one package to another.
const (
	DashboardPath    = "/dashboard"
	UsersPath        = "/users"
	NewUserPath      = "/new-user"
	ImportPath       = "/import-users"
	ExportPath       = "/export-users"
	PolicyPath       = "/security-options"
	GeneralPath      = "/options/general"
	ConfigEditorPath = "/options/config-editor"

	AuditLogPath       = "/logs/audit"
	SignInsPath        = "/logs/sign-ins"
	NotificationsPath  = "/logs/notifications"
	ApplicationLogPath = "/logs/application"

	MessagingPath        = "/options/messaging-configurations"
	NewMessagingPath     = "/options/new-messaging-configuration"
	TemplatesPath        = "/options/email-templates"
	NewTemplatePath      = "/options/new-email-template"
	DevicesPath          = "/options/devices"
	NewDevicePath        = "/options/new-device"
	TokensPath           = "/options/api-tokens"
	NewTokenPath         = "/options/new-api-token"
	AdministratorsPath   = "/options/administrators"
	NewAdministratorPath = "/options/new-administrator"
	GiveRolePath         = "/options/give-role"
	CustomersPath        = "/options/customers"
	NewCustomerPath      = "/options/new-customer"
)

// ownPath is the page that package self begins with.
const ownPath = "/summary"

// Area returns the surroundings of the pages whose templates are in files.
func Area(files fs.FS) web.Area {
	return web.Area{Layout: web.LayoutAdministrator, Files: files, Nav: Nav}
}

// entry is one line of the navigation: whoever has the permission sees it.
type entry struct {
	permission cardinal.Permission
	label      string
	url        string
	icon       string
	also       []string // other paths below which the entry is the active one
	children   []entry
}

func entries(words *web.Words) []entry {
	return []entry{
		{permission: cardinal.PermReadUsers, label: words.T("dashboard.title"), url: DashboardPath, icon: "dashboard"},
		{permission: cardinal.PermReadUsers, label: words.T("users.title"), url: UsersPath, icon: "users", also: []string{NewUserPath, BulkPath, ImportPath, ExportPath}},
		{permission: cardinal.PermReadOptions, label: words.T("policy.title"), url: PolicyPath, icon: "shield-lock"},
		{permission: cardinal.PermReadOptions, label: words.T("office.options"), icon: "settings", children: []entry{
			{permission: cardinal.PermReadOptions, label: words.T("general.nav"), url: GeneralPath},
			{permission: cardinal.PermReadOptions, label: words.T("messaging.title"), url: MessagingPath, also: []string{NewMessagingPath}},
			{permission: cardinal.PermReadOptions, label: words.T("templates.title"), url: TemplatesPath, also: []string{NewTemplatePath}},
			{permission: cardinal.PermReadOptions, label: words.T("devices.title"), url: DevicesPath, also: []string{NewDevicePath}},
			{permission: cardinal.PermReadOptions, label: words.T("tokens.title"), url: TokensPath, also: []string{NewTokenPath}},
			{permission: cardinal.PermReadOptions, label: words.T("administrators.title"), url: AdministratorsPath, also: []string{NewAdministratorPath, GiveRolePath}},
			{permission: cardinal.PermCustomers, label: words.T("customers.title"), url: CustomersPath, also: []string{NewCustomerPath}},
			{permission: cardinal.PermReadOptions, label: words.T("office.actions"), children: []entry{
				{permission: cardinal.PermReadOptions, label: words.T("config.title"), url: ConfigEditorPath},
			}},
		}},
		{permission: cardinal.PermReadSignIns, label: words.T("logs.title"), icon: "clipboard-list", children: []entry{
			{permission: cardinal.PermReadLogs, label: words.T("logs.audit"), url: AuditLogPath},
			{permission: cardinal.PermReadSignIns, label: words.T("logs.sign-ins"), url: SignInsPath},
			{permission: cardinal.PermReadLogs, label: words.T("notifications.title"), url: NotificationsPath},
			{permission: cardinal.PermReadLogs, label: words.T("logs.application"), url: ApplicationLogPath},
		}},
	}
}

// Nav offers what the caller's role may see.
func Nav(r *http.Request) (web.Nav, error) {
	words := web.WordsOf(r)
	return web.Nav{
		Items:  items(r, entries(words)),
		Person: append([]web.NavItem{{Label: words.T("office.own"), URL: ownPath, Icon: "user"}}, access.Menu(r)...),
	}, nil
}

func items(r *http.Request, entries []entry) []web.NavItem {
	var shown []web.NavItem
	for _, e := range entries {
		if !web.CallerOf(r).May(e.permission) {
			continue
		}
		item := web.NavItem{Label: e.label, URL: e.url, Icon: e.icon, Children: items(r, e.children)}
		for _, path := range e.also {
			item.Active = item.Active || r.URL.Path == path || strings.HasPrefix(r.URL.Path, path+"/")
		}
		shown = append(shown, item)
	}
	return shown
}

// UserURL is the page *User details*; parts lead to what is below it.
func UserURL(username string, parts ...string) string {
	return strings.Join(append([]string{UsersPath, url.PathEscape(username)}, parts...), "/")
}

// Query makes "?name=value&…" of pairs, leaving out what is empty.
func Query(pairs ...string) string {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}
