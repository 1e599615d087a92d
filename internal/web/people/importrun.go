package people

import (
	"net/http"

	"cardinal"
	"cardinal/internal/directory"
	"cardinal/internal/directory/people"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// How many lines of a report a page shows, and how many are read at a time for a
// file of them.
const (
	reportOnPage = 50
	reportAtOnce = 1000
)

type importRunData struct {
	Run      directory.Import
	State    web.Badge
	Facts    []web.Fact
	Progress web.Progress
	Poll     string // where scripts fetch the page again while it runs; else empty
	Cancel   string // where to post; empty where there is nothing to cancel, or it is not for the caller
	Notice   web.Notice
	Next     nextStep
	Filters  []web.Tab
	Filtered string // the name of the filter, where there is one
	Download string
	Lines    []lineRow
	Empty    web.Empty
	Pager    web.Pager
}

// nextStep is what follows a dry run; its zero value is nothing.
type nextStep struct {
	Title  string
	Text   string
	Post   string // starts the run of the file that was kept
	Button string
	Link   web.Link // to the form, where the file must be chosen again
}

type lineRow struct {
	people.LineResult
	URL   string // of the user; empty where there is none
	Badge web.Badge
}

func (h *importPage) showRun(w http.ResponseWriter, r *http.Request) error {
	caller, words, id := web.CallerOf(r), web.WordsOf(r), cardinal.ImportID(r.PathValue("id"))
	run, err := h.Directory.Import(r.Context(), caller, id)
	if err != nil {
		return err
	}
	query := directory.LineQuery{Result: resultOf(r), Cursor: r.URL.Query().Get("after"), Limit: reportOnPage}
	report, err := h.Directory.LinesOf(r.Context(), caller, id, query)
	if err != nil {
		return err
	}
	self := importURL(id) + office.Query("result", string(query.Result), "after", query.Cursor)
	data := importRunData{
		Run: run, State: stateBadge(words, run), Facts: importFacts(r, run), Download: importURL(id, "report.csv") + office.Query("result", string(query.Result)),
		Filters: filters(words, run, query.Result), Progress: web.Progress{
			ID: "progress", Label: words.T("import.progress"), Done: run.LastLine, Total: run.FileLines, URL: self,
		},
	}
	data.Pager = linePager(words, id, query, report)
	if query.Result != "" {
		data.Filtered = words.Code("import-result", string(query.Result), "")
	}
	data.tell(words, run)
	if run.State == directory.Running {
		data.Poll = self
		if caller.May(cardinal.PermWriteUsers) {
			data.Cancel = importURL(id, "cancel")
		}
	}
	if caller.May(cardinal.PermWriteUsers) && run.DryRun && run.State == directory.Done {
		data.Next = afterDryRun(words, run, h.Directory.Kept(caller, id))
	}
	for _, l := range report.Lines {
		data.Lines = append(data.Lines, lineRowOf(words, run, l))
	}
	head := web.Head{Title: importTitle(words, run), Back: web.Link{URL: office.ImportPath, Label: words.T("import.title")}}
	if caller.May(cardinal.PermWriteUsers) && !run.DryRun && run.State == directory.Done && run.Totals.Created > 0 {
		head.Actions = []web.Link{{URL: inviteImportedURL(), Label: words.T("import.invite"), Icon: "mail"}}
	}
	return h.run.Show(w, r, head, data)
}

// tell says how the import ended, and why the report has no lines.
func (d *importRunData) tell(words *web.Words, run directory.Import) {
	switch run.State {
	case directory.Failed:
		d.Notice = web.Notice{Tone: web.ToneDanger, Title: words.T("import.failed"), Text: run.Detail}
	case directory.Cancelled, directory.Interrupted:
		d.Notice = web.Notice{Tone: web.ToneWarning, Title: d.State.Text, Text: run.Detail}
	case directory.Done:
		if run.Totals.Lines() == 0 {
			d.Notice = web.Notice{Tone: web.ToneWarning, Text: words.T("import.no-lines")}
		}
	case directory.Running:
	}
	d.Empty = web.Empty{Icon: "list-details", Title: words.T("import.empty"), Text: words.T("import.empty-text")}
	if run.State == directory.Running {
		d.Empty.Text = words.T("import.empty-yet")
	}
}

func importTitle(words *web.Words, run directory.Import) string {
	if run.DryRun {
		return words.T("import.title-try", "File", importName(words, run))
	}
	return words.T("import.title-run", "File", importName(words, run))
}

func importFacts(r *http.Request, run directory.Import) []web.Fact {
	words, shell := web.WordsOf(r), web.ShellOf(r)
	kind := words.T("import.kind-run")
	if run.DryRun {
		kind = words.T("import.kind-try")
	}
	facts := []web.Fact{
		{Label: words.T("import.kind"), Text: kind},
		{Label: words.T("import.by"), Text: office.Named(words, run.Actor)},
		{Label: words.T("import.started"), Time: shell.Time(run.StartedAt)},
	}
	if run.State != directory.Running {
		facts = append(facts, web.Fact{Label: words.T("import.ended"), Time: shell.Time(run.ChangedAt)})
	}
	return facts
}

// resultOf is the result that the report is narrowed to, "" for all.
func resultOf(r *http.Request) people.Result {
	for _, result := range people.Results() {
		if r.URL.Query().Get("result") == string(result) {
			return result
		}
	}
	return ""
}

func filters(words *web.Words, run directory.Import, chosen people.Result) []web.Tab {
	tabs := []web.Tab{{
		Label: words.T("import.filter-all", "Count", run.Totals.Lines()), URL: importURL(run.ID), Active: chosen == "",
	}}
	for _, result := range people.Results() {
		tabs = append(tabs, web.Tab{
			Label:  words.Code("import-result", string(result), "") + " (" + words.Number(run.Totals.Of(result)) + ")",
			URL:    importURL(run.ID) + office.Query("result", string(result)),
			Active: chosen == result,
		})
	}
	return tabs
}

func linePager(words *web.Words, id cardinal.ImportID, q directory.LineQuery, found directory.LinePage) web.Pager {
	var pager web.Pager
	if n := len(found.Lines); n > 0 {
		pager.Shown = words.T("import.shown", "From", found.Lines[0].Line, "To", found.Lines[n-1].Line)
	}
	if q.Cursor != "" {
		pager.First = importURL(id) + office.Query("result", string(q.Result))
	}
	if found.Next != "" {
		pager.Next = importURL(id) + office.Query("result", string(q.Result), "after", found.Next)
	}
	return pager
}

func lineRowOf(words *web.Words, run directory.Import, l people.LineResult) lineRow {
	tone := web.ToneNeutral
	switch l.Result {
	case people.Created, people.Updated:
		tone = web.ToneSuccess
	case people.Refused:
		tone = web.ToneDanger
	case people.Unchanged:
	}
	row := lineRow{LineResult: l, Badge: web.Badge{Tone: tone, Text: words.Code("import-result", string(l.Result), "")}}
	if l.Username != "" && l.Result != people.Refused && (!run.DryRun || l.Result != people.Created) {
		row.URL = office.UserURL(l.Username)
	}
	return row
}

// afterDryRun is the step from what would be done to doing it.
func afterDryRun(words *web.Words, run directory.Import, kept bool) nextStep {
	would := run.Totals.Created + run.Totals.Updated
	if would == 0 {
		return nextStep{Title: words.T("import.next-nothing"), Text: words.T("import.next-nothing-text")}
	}
	next := nextStep{Title: words.T("import.next", "Count", would)}
	if kept {
		next.Text, next.Post, next.Button = words.T("import.next-kept"), importURL(run.ID, "run"), words.T("import.next-button")
		return next
	}
	next.Text = words.T("import.next-again")
	next.Link = web.Link{URL: office.ImportPath + office.Query(fieldMode, modeRun), Label: words.T("import.next-choose")}
	return next
}

func (h *importPage) cancel(w http.ResponseWriter, r *http.Request) error {
	id := cardinal.ImportID(r.PathValue("id"))
	if err := h.Directory.Cancel(r.Context(), web.CallerOf(r), id); err != nil {
		return err
	}
	return h.kit.Redirect(w, r, importURL(id), web.Success(web.WordsOf(r).T("import.cancelling")))
}

// startKept is the button that runs what a dry run has tried.
func (h *importPage) startKept(w http.ResponseWriter, r *http.Request) error {
	tried := cardinal.ImportID(r.PathValue("id"))
	if _, err := h.Directory.Import(r.Context(), web.CallerOf(r), tried); err != nil {
		return err
	}
	id, err := h.Directory.StartKept(r.Context(), web.CallerOf(r), tried)
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return h.kit.Redirect(w, r, office.ImportPath+office.Query(fieldMode, modeRun), web.Warning(web.WordsOf(r).T("import.next-again")))
	}
	if err != nil {
		return err
	}
	return h.kit.Redirect(w, r, importURL(id), web.Flash{})
}

// report sends the report as a file, page by page.
func (h *importPage) report(w http.ResponseWriter, r *http.Request) error {
	caller, id, query := web.CallerOf(r), cardinal.ImportID(r.PathValue("id")), directory.LineQuery{Result: resultOf(r), Limit: reportAtOnce}
	name := "import-report.csv"
	if query.Result != "" {
		name = "import-report-" + string(query.Result) + ".csv"
	}
	file := people.NewReportWriter(&download{ResponseWriter: w, name: name})
	for {
		page, err := h.Directory.LinesOf(r.Context(), caller, id, query)
		if err != nil {
			return err
		}
		for _, l := range page.Lines {
			if err := file.Write(l); err != nil {
				return err
			}
		}
		if err := file.Flush(); err != nil {
			return err
		}
		if page.Next == "" {
			return nil
		}
		query.Cursor = page.Next
	}
}
