package people

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"cardinal"
	"cardinal/internal/bulk"
	"cardinal/internal/directory/people"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// linesOnPage is how many users one page of a report shows.
const linesOnPage = 50

type bulkRunData struct {
	URL      string
	Running  bool
	Progress web.Progress
	Over     web.Notice // how it ended
	Stats    []web.Stat
	Facts    []web.Fact
	Cancel   string // where to post; empty where it is not for the caller, or over
	PINs     bulkPINs
	Tabs     []web.Tab
	Lines    []bulkLine
	Nobody   web.Empty
	Pager    web.Pager
	Report   string
}

// bulkPINs is what has become of the PINs that were issued.
type bulkPINs struct {
	Title, Text, Hint string
	Download          string // where to post
	Button            string
}

type bulkLine struct {
	Username string
	URL      string
	Badge    web.Badge
	Reasons  []string
}

func (h *bulkPages) show(w http.ResponseWriter, r *http.Request) error {
	caller, words := web.CallerOf(r), web.WordsOf(r)
	run, err := h.bulk.Run(r.Context(), caller, cardinal.BulkID(r.PathValue("id")))
	if err != nil {
		return err
	}
	if run.State != bulk.Running && r.Header.Get("HX-Request") != "" {
		// The part that asks is about the work under way; now there is more to see.
		w.Header().Set("HX-Refresh", "true")
		w.WriteHeader(http.StatusOK)
		return nil
	}
	name := words.Code("bulk-kind", string(run.Kind), "")
	data := bulkRunData{
		URL: bulkURL(run.ID), Running: run.State == bulk.Running, Facts: bulkFacts(r, run), PINs: pinsOf(r, run),
		Progress: web.Progress{ID: "bulk-progress", Label: name, Done: run.Position(), Total: run.Total},
		Over:     overOf(words, run), Stats: bulkStats(words, run),
	}
	if data.Running && !run.Stopping && caller.May(run.Kind.Permission()) {
		data.Cancel = bulkURL(run.ID, "cancel")
	}
	if err := h.addReport(r, run, &data); err != nil {
		return err
	}
	return h.one.Show(w, r, web.Head{Title: name, Back: web.Link{URL: office.BulkPath, Label: words.T("bulk.title")}}, data)
}

func bulkFacts(r *http.Request, run bulk.Run) []web.Fact {
	words, shell := web.WordsOf(r), web.ShellOf(r)
	facts := []web.Fact{
		{Label: words.T("bulk.state"), Badge: bulkState(words, run)},
		{Label: words.T("bulk.by"), Text: whoStarted(run)},
		{Label: words.T("bulk.started"), Time: shell.Time(run.StartedAt)},
	}
	if !run.EndedAt.IsZero() {
		facts = append(facts, web.Fact{Label: words.T("bulk.ended"), Time: shell.Time(run.EndedAt)})
	}
	if !run.Expires.IsZero() {
		facts = append(facts, web.Fact{Label: words.T("bulk.pins-expire"), Time: shell.Time(run.Expires)})
	}
	return facts
}

func bulkStats(words *web.Words, run bulk.Run) []web.Stat {
	of := func(outcome bulk.Outcome, count int, tone web.Tone) web.Stat {
		return web.Stat{Label: words.Code("bulk-outcome", string(outcome), ""), Value: words.Number(count), Tone: tone}
	}
	refused := web.ToneNeutral
	if run.Refused > 0 {
		refused = web.ToneDanger
	}
	return []web.Stat{
		of(bulk.Changed, run.Done, web.ToneNeutral), of(bulk.Unchanged, run.Unchanged, web.ToneNeutral), of(bulk.Refused, run.Refused, refused),
		{Label: words.T("bulk.left"), Value: words.Number(run.Total - run.Position()), Tone: web.ToneNeutral},
	}
}

// overOf says how a run ended where that needs words.
func overOf(words *web.Words, run bulk.Run) web.Notice {
	switch {
	case run.State == bulk.Cancelled:
		return web.Notice{Tone: web.ToneWarning, Text: words.T("bulk.cancelled", "Done", run.Position(), "Total", run.Total)}
	case run.State == bulk.Failed:
		return web.Notice{Tone: web.ToneDanger, Title: words.T("bulk.failed", "Done", run.Position(), "Total", run.Total), Text: words.Say(run.Detail)}
	case run.State == bulk.Done && run.Refused > 0:
		return web.Notice{Tone: web.ToneWarning, Text: words.T("bulk.over-refused", "Count", run.Refused)}
	case run.State == bulk.Done:
		return web.Notice{Tone: web.ToneSuccess, Text: words.T("bulk.over")}
	}
	return web.Notice{}
}

func pinsOf(r *http.Request, run bulk.Run) bulkPINs {
	words, shell := web.WordsOf(r), web.ShellOf(r)
	switch {
	case run.Kind != bulk.IssuePINs:
	case run.State == bulk.Running:
		return bulkPINs{Title: words.T("bulk.pins"), Text: words.T("bulk.pins-later")}
	case run.PINs == bulk.PINsFetched:
		return bulkPINs{Title: words.T("bulk.pins-fetched", "Count", run.PINsCount, "When", shell.Time(run.PINsAt).Local()), Text: words.T("bulk.pins-lost")}
	case run.PINs == bulk.PINsErased:
		return bulkPINs{Title: words.T("bulk.pins-erased", "When", shell.Time(run.PINsAt).Local()), Text: words.T("bulk.pins-lost")}
	case run.PINs == bulk.PINsKept && !run.Mine:
		return bulkPINs{Title: words.T("bulk.pins"), Text: words.T("bulk.pins-other", "Actor", whoStarted(run), "When", shell.Time(run.PINsUntil()).Local())}
	case run.PINs == bulk.PINsKept:
		return bulkPINs{
			Title: words.T("bulk.pins-once"), Text: words.T("bulk.pins-once-text", "When", shell.Time(run.PINsUntil()).Local()), Hint: words.T("bulk.pins-text"),
			Download: bulkURL(run.ID, "pins"), Button: words.T("bulk.pins-button", "Count", run.PINsCount),
		}
	}
	return bulkPINs{}
}

// addReport adds the page of the report that ?only= and ?after= ask for.
func (h *bulkPages) addReport(r *http.Request, run bulk.Run, data *bulkRunData) error {
	words := web.WordsOf(r)
	only := bulk.Outcome(r.URL.Query().Get("only"))
	after, _ := strconv.Atoi(r.URL.Query().Get("after")) // what is no number is the first page
	lines, err := h.bulk.Lines(r.Context(), web.CallerOf(r), run.ID, only, max(0, after), linesOnPage+1)
	if err != nil {
		return err
	}
	tab := func(label string, outcome bulk.Outcome) {
		data.Tabs = append(data.Tabs, web.Tab{Label: label, URL: data.URL + office.Query("only", string(outcome)), Active: outcome == only})
	}
	tab(words.T("bulk.all"), "")
	for _, outcome := range []bulk.Outcome{bulk.Changed, bulk.Unchanged, bulk.Refused} {
		tab(words.Code("bulk-outcome", string(outcome), ""), outcome)
	}
	if after > 0 {
		data.Pager.First = data.URL + office.Query("only", string(only))
	}
	if len(lines) > linesOnPage {
		lines = lines[:linesOnPage]
		data.Pager.Next = data.URL + office.Query("only", string(only), "after", strconv.Itoa(lines[linesOnPage-1].Position))
	}
	for _, line := range lines {
		data.Lines = append(data.Lines, bulkLine{line.Username, office.UserURL(line.Username), outcomeBadge(words, line.Outcome), reasonsOf(words, line)})
	}
	data.Nobody = web.Empty{Icon: "list", Title: words.T("bulk.report-none"), Text: words.T("bulk.report-none-text")}
	if run.Position() > 0 {
		data.Report = bulkURL(run.ID, "report")
	}
	return nil
}

func reasonsOf(words *web.Words, line bulk.Line) []string {
	var texts []string
	for _, reason := range line.Reasons {
		texts = append(texts, words.Code("violation", string(reason.Code), words.Say(reason.Message)))
	}
	return texts
}

func (h *bulkPages) cancel(w http.ResponseWriter, r *http.Request) error {
	id := cardinal.BulkID(r.PathValue("id"))
	if err := h.bulk.Cancel(r.Context(), web.CallerOf(r), id); err != nil {
		return err
	}
	return h.kit.Redirect(w, r, bulkURL(id), web.Success(web.WordsOf(r).T("bulk.cancel-asked")))
}

// pins is the download of issued PINs, which happens once.
func (h *bulkPages) pins(w http.ResponseWriter, r *http.Request) error {
	issued, err := h.bulk.FetchPINs(r.Context(), web.CallerOf(r), cardinal.BulkID(r.PathValue("id")))
	if err != nil {
		return err
	}
	file := beginCSV(w, "cardinal-pins.csv", "Username", "Full name", "Email", "Department", "PIN")
	for _, i := range issued {
		writeCSV(file, i.Username, i.FullName, i.Email, i.Department, i.PIN.Reveal())
	}
	file.Flush()
	if err := file.Error(); err != nil {
		return fmt.Errorf("send issued PINs: %w", err)
	}
	return nil
}

// report is the download of what became of every user.
func (h *bulkPages) report(w http.ResponseWriter, r *http.Request) error {
	id, words := cardinal.BulkID(r.PathValue("id")), web.WordsOf(r)
	var file *csv.Writer
	err := h.bulk.Export(r.Context(), web.CallerOf(r), id, func(line bulk.Line) error {
		if file == nil {
			file = beginCSV(w, "cardinal-report.csv", "Username", "Outcome", "Reasons")
		}
		writeCSV(file, line.Username, string(line.Outcome), strings.Join(reasonsOf(words, line), " "))
		return file.Error()
	})
	if err != nil {
		return err
	}
	if file == nil {
		file = beginCSV(w, "cardinal-report.csv", "Username", "Outcome", "Reasons")
	}
	file.Flush()
	if err := file.Error(); err != nil {
		return fmt.Errorf("send the report of a bulk action: %w", err)
	}
	return nil
}

func beginCSV(w http.ResponseWriter, name string, columns ...string) *csv.Writer {
	header := w.Header()
	header.Set("Content-Type", "text/csv; charset=utf-8")
	header.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	header.Set("Cache-Control", "no-store")
	file := csv.NewWriter(w)
	_ = file.Write(columns) // as every error of writing, told by file.Error
	return file
}

// writeCSV writes a row in which nothing passes for a formula.
func writeCSV(file *csv.Writer, cells ...string) {
	for i, cell := range cells {
		cells[i] = people.Guard(cell)
	}
	_ = file.Write(cells) // as every error of writing, told by file.Error
}
