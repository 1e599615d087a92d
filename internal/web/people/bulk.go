package people

import (
	"net/http"
	"strings"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/bulk"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// runsOnPage is how many runs one page of their list shows.
const runsOnPage = 25

// bulkPages is what is done to many users at once.
type bulkPages struct {
	kit  *web.Kit
	bulk *bulk.Service
	list *web.Page[bulkListData]
	ask  *web.Page[bulkAskData]
	one  *web.Page[bulkRunData]
}

// BulkRoutes returns the routes of the pages about actions on many users, and
// fails if a template is broken.
func BulkRoutes(kit *web.Kit, service *bulk.Service) ([]web.Route, error) {
	h := &bulkPages{kit: kit, bulk: service}
	var err error
	if h.list, err = web.Parse[bulkListData](kit, area(), "bulk.html"); err != nil {
		return nil, err
	}
	if h.ask, err = web.Parse[bulkAskData](kit, area(), "bulkask.html"); err != nil {
		return nil, err
	}
	if h.one, err = web.Parse[bulkRunData](kit, area(), "bulkrun.html"); err != nil {
		return nil, err
	}
	const one = office.BulkPath + "/{id}"
	return []web.Route{
		{Pattern: "GET " + office.BulkPath, Permission: cardinal.PermReadUsers, Handle: h.showList},
		{Pattern: "GET " + office.BulkPath + "/new", Permission: cardinal.PermWriteUsers, Handle: h.askAll},
		{Pattern: "POST " + office.BulkPath, Permission: cardinal.PermWriteUsers, Repeatable: true, Handle: h.askSelected},
		// Sent twice, it starts one run, and leads to it both times.
		{Pattern: "POST " + office.BulkPath + "/start", Permission: cardinal.PermWriteUsers, Repeatable: true, Handle: h.start},
		{Pattern: "GET " + one, Permission: cardinal.PermReadUsers, Handle: h.show},
		{Pattern: "POST " + one + "/cancel", Permission: cardinal.PermWriteUsers, Repeatable: true, Handle: h.cancel},
		{Pattern: "POST " + one + "/pins", Permission: cardinal.PermWriteCredentials, Fresh: true, Handle: h.pins},
		{Pattern: "GET " + one + "/report", Permission: cardinal.PermReadUsers, Handle: h.report},
	}, nil
}

func bulkURL(id cardinal.BulkID, parts ...string) string {
	return strings.Join(append([]string{office.BulkPath, string(id)}, parts...), "/")
}

type bulkListData struct {
	Rows  []bulkRow
	Empty web.Empty
	Pager web.Pager
}

type bulkRow struct {
	bulk.Run
	URL   string
	Name  string
	By    string
	State web.Badge
}

func (h *bulkPages) showList(w http.ResponseWriter, r *http.Request) error {
	before := r.URL.Query().Get("before")
	runs, err := h.bulk.Runs(r.Context(), web.CallerOf(r), cardinal.BulkID(before), runsOnPage+1)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	data := bulkListData{Empty: web.Empty{
		Icon: "users", Title: words.T("bulk.none"), Text: words.T("bulk.none-text"), Action: web.Link{URL: office.UsersPath, Label: words.T("bulk.to-users")},
	}}
	if before != "" {
		data.Pager.First = office.BulkPath
	}
	if len(runs) > runsOnPage {
		runs = runs[:runsOnPage]
		data.Pager.Next = office.BulkPath + office.Query("before", string(runs[runsOnPage-1].ID))
	}
	for _, run := range runs {
		data.Rows = append(data.Rows, bulkRow{run, bulkURL(run.ID), words.Code("bulk-kind", string(run.Kind), ""), whoStarted(run), bulkState(words, run)})
	}
	head := web.Head{
		Title: words.T("bulk.title"), Lead: words.T("bulk.lead"), Back: web.Link{URL: office.UsersPath, Label: words.T("users.title")},
	}
	if web.CallerOf(r).May(cardinal.PermWriteCredentials) {
		head.Actions = []web.Link{{
			URL: office.BulkURL(string(bulk.GenerateNumbers), string(account.FilterNoNumber)), Label: words.T("bulk.numbers-all"), Icon: "id",
		}}
	}
	return h.list.Show(w, r, head, data)
}
