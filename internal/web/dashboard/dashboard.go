// Package dashboard is the page that staff begin with: how things stand, what
// happened lately, and what needs attention, each with a link to the list behind
// it.
//
// It owns the page. It does not own any figure, which are those of the use
// cases, nor the lists.
package dashboard

import (
	"embed"
	"net/http"
	"slices"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/directory"
	"cardinal/internal/notify"
	"cardinal/internal/signin"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

//go:embed *.html
var files embed.FS

// Services are the use cases that the page translates to. All must be given.
type Services struct {
	Accounts  *account.Service
	SignIns   *signin.Service
	Directory *directory.Service
	Notify    *notify.Service
}

type page struct {
	Services
	page *web.Page[data]
}

type data struct {
	Stats     []web.Stat
	Notices   []web.Stat // nil where nobody is told anything
	Attention []matter
	SignIns   figure
	Due       figure
}

// matter is one thing that needs attention.
type matter struct {
	Tone web.Tone
	Text string
	Link web.Link
}

// figure is a chart with the stretches of time it can show, or why there is none.
type figure struct {
	ID     string
	Title  string
	Spans  []web.Tab
	Chart  web.Chart
	Empty  web.Empty
	Behind bool // not everything is counted yet
	Hidden bool // not for this caller
}

// Routes returns the routes of the page, and fails if its template is broken.
func Routes(kit *web.Kit, services Services) ([]web.Route, error) {
	parsed, err := web.Parse[data](kit, office.Area(files), "dashboard.html")
	if err != nil {
		return nil, err
	}
	p := &page{services, parsed}
	return []web.Route{{Pattern: "GET " + office.DashboardPath, Permission: cardinal.PermReadUsers, Handle: p.show}}, nil
}

func (p *page) show(w http.ResponseWriter, r *http.Request) error {
	caller, words := web.CallerOf(r), web.WordsOf(r)
	view, err := p.Accounts.Overview(r.Context(), caller)
	if err != nil {
		return err
	}
	shown := data{Stats: stats(words, view), Due: due(r, view), SignIns: figure{Hidden: true}}
	var lately []signin.Count
	if caller.May(cardinal.PermReadSignIns) {
		yesterday, spans := view.Now.Add(-day), signInSpans(r, view.Now)
		since := yesterday
		if spans.from().Before(since) {
			since = spans.from()
		}
		tries, err := p.SignIns.CountsSince(r.Context(), caller, since)
		if err != nil {
			return err
		}
		shown.SignIns = signIns(r, spans, tries)
		lately = slices.DeleteFunc(tries.Counts, func(n signin.Count) bool { return n.Since.Before(yesterday) })
	}
	failed, err := p.failedImport(r, view.Now)
	if err != nil {
		return err
	}
	post, err := p.post(r, view.Now)
	if err != nil {
		return err
	}
	shown.Notices = post.stats(r)
	shown.Attention = append(attention(r, view, lately, failed), post.attention(r)...)
	pressing := []web.Tone{web.ToneDanger, web.ToneWarning, web.ToneInfo}
	slices.SortStableFunc(shown.Attention, func(a, b matter) int { return slices.Index(pressing, a.Tone) - slices.Index(pressing, b.Tone) })
	head := web.Head{Title: words.T("dashboard.title"), Lead: words.T("dashboard.lead", "Organisation", web.SessionOf(r).Organisation)}
	return p.page.Show(w, r, head, shown)
}

const day = 24 * time.Hour

// failedImport is the newest import of the last week, if it failed.
func (p *page) failedImport(r *http.Request, now time.Time) (cardinal.ImportID, error) {
	found, err := p.Directory.Imports(r.Context(), web.CallerOf(r), "", 1)
	if err != nil || len(found) == 0 {
		return "", err
	}
	last := found[0]
	if last.State != directory.Failed && last.State != directory.Interrupted || now.Sub(last.StartedAt) > 7*day {
		return "", nil
	}
	return last.ID, nil
}

// filtered is the list of users in one state.
func filtered(filter account.UserFilter) string {
	return office.UsersPath + office.Query("filter", string(filter))
}

func stats(words *web.Words, o account.Overview) []web.Stat {
	withoutPIN, withoutNumber := o.Users-o.Standing.Live, o.Users-o.WithNumber
	return []web.Stat{
		{Label: words.T("dashboard.users"), Value: words.Number(o.Users), URL: office.UsersPath},
		{
			Label: words.T("dashboard.with-pin"), Value: words.Number(o.Standing.Live), Note: words.T("dashboard.without", "Count", withoutPIN),
			URL: filtered(account.FilterNoPIN),
		},
		{
			Label: words.T("dashboard.with-number"), Value: words.Number(o.WithNumber), Note: words.T("dashboard.without", "Count", withoutNumber),
			URL: filtered(account.FilterNoNumber),
		},
		{Label: words.T("dashboard.due-today"), Value: words.Number(o.DueToday), URL: filtered(account.FilterExpiringToday)},
		{Label: words.T("dashboard.due-week"), Value: words.Number(o.DueWeek), URL: filtered(account.FilterExpiring)},
	}
}
