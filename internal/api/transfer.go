package api

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"cardinal"
	"cardinal/internal/directory"
	"cardinal/internal/directory/people"
)

func (s *server) importRoutes() []route {
	const tag = "Import and export"
	return []route{
		call(route{
			method: http.MethodPost, path: "/imports", permission: cardinal.PermWriteUsers, status: http.StatusAccepted,
			id: "startImport", tag: tag, summary: "Import a file of people", once: true,
			notes: "The body is the CSV file, at most 64 MiB. The import goes on by itself; read it to see how far it is.",
		}, s.startImport),
		call(route{
			method: http.MethodGet, path: "/imports", permission: cardinal.PermReadUsers, status: http.StatusOK,
			id: "listImports", tag: tag, summary: "List imports, newest first",
		}, s.listImports),
		call(route{
			method: http.MethodGet, path: "/imports/{id}", permission: cardinal.PermReadUsers, status: http.StatusOK,
			id: "getImport", tag: tag, summary: "Read how far an import is, with the result of each line",
		}, s.getImport),
		call(route{
			method: http.MethodPost, path: "/imports/{id}/cancel", permission: cardinal.PermWriteUsers, status: http.StatusNoContent,
			id: "cancelImport", tag: tag, summary: "Stop an import after its current batch", once: true,
		}, s.cancelImport),
		call(route{
			method: http.MethodGet, path: "/exports/users", permission: cardinal.PermReadUsers, status: http.StatusOK,
			id: "exportUsers", tag: tag, summary: "Export the users as a CSV file",
			notes: "With what the caller may see; the export is audited. PINs cannot be exported: nobody has them.",
		}, s.exportUsers),
	}
}

type startImportIn struct {
	DryRun      bool   `query:"dryRun" doc:"say what the import would do, and write nothing"`
	Conversion  string `query:"conversion" doc:"how the card numbers of the file are converted, as in the setting card-number.conversion"`
	ContentType string `header:"Content-Type"`
	Body        io.Reader
}

type startedImport struct {
	ID string `json:"id"`
}

func (s *server) startImport(ctx context.Context, caller cardinal.Caller, in startImportIn) (tagged[startedImport], error) {
	if strings.HasPrefix(strings.ToLower(in.ContentType), "multipart/") {
		return tagged[startedImport]{}, cardinal.Errorf(cardinal.CodeMalformed, "Send the file itself as the body, not a form that holds it.")
	}
	id, err := s.Directory.Start(ctx, caller, in.Body, directory.Options{DryRun: in.DryRun, Conversion: in.Conversion})
	if err != nil {
		return tagged[startedImport]{}, err
	}
	return tagged[startedImport]{Location: prefix + "/imports/" + string(id), Body: startedImport{string(id)}}, nil
}

// importRun is how far an import is.
type importRun struct {
	ID        string        `json:"id"`
	State     string        `json:"state" enum:"running,done,cancelled,failed,interrupted"`
	DryRun    bool          `json:"dryRun"`
	Actor     string        `json:"actor" doc:"who started it"`
	Detail    string        `json:"detail" doc:"why it failed or where it stopped; else empty"`
	LastLine  int           `json:"lastLine" doc:"the last line of the file that was dealt with"`
	StartedAt time.Time     `json:"startedAt"`
	ChangedAt time.Time     `json:"changedAt"`
	Totals    people.Totals `json:"totals"`
}

func importOf(i directory.Import) importRun {
	return importRun{
		ID: string(i.ID), State: string(i.State), DryRun: i.DryRun, Actor: i.Actor, Detail: i.Detail, LastLine: i.LastLine,
		StartedAt: i.StartedAt.UTC(), ChangedAt: i.ChangedAt.UTC(), Totals: i.Totals,
	}
}

func (s *server) listImports(ctx context.Context, caller cardinal.Caller, in page) (answer[list[importRun]], error) {
	found, err := s.Directory.Imports(ctx, caller, cardinal.ImportID(in.Cursor), in.Limit+1)
	return paged(found, in.Limit, importOf, func(i directory.Import) string { return string(i.ID) }), err
}

type importIn struct {
	ID pathID `path:"id"`
}

// importReport is an import with what became of each line.
type importReport struct {
	importRun
	Lines []importLine `json:"lines" nullable:"false"`
}

type importLine struct {
	Line     int             `json:"line"`
	Username string          `json:"username"`
	Result   string          `json:"result" enum:"created,updated,unchanged,refused"`
	Reasons  []violationOnly `json:"reasons" nullable:"false"`
}

func (s *server) getImport(ctx context.Context, caller cardinal.Caller, in importIn) (answer[importReport], error) {
	id := cardinal.ImportID(in.ID)
	run, err := s.Directory.Import(ctx, caller, id)
	if err != nil {
		return answer[importReport]{}, err
	}
	report, err := s.Directory.Report(ctx, caller, id)
	if err != nil {
		return answer[importReport]{}, err
	}
	// The report was read later: its state and totals go with its lines.
	run.State, run.Totals = directory.State(report.State), report.Totals
	lines := make([]importLine, len(report.Lines))
	for i, l := range report.Lines {
		lines[i] = importLine{l.Line, l.Username, string(l.Result), violationsOnly(l.Reasons)}
	}
	return answer[importReport]{importReport{importOf(run), lines}}, nil
}

func (s *server) cancelImport(ctx context.Context, caller cardinal.Caller, in importIn) (nothing, error) {
	return nothing{}, s.Directory.Cancel(ctx, caller, cardinal.ImportID(in.ID))
}

type exported struct {
	Disposition string                `header:"Content-Disposition"`
	Body        func(io.Writer) error `contentType:"text/csv; charset=utf-8"`
}

func (s *server) exportUsers(ctx context.Context, caller cardinal.Caller, _ struct{}) (exported, error) {
	return exported{`attachment; filename="users.csv"`, func(w io.Writer) error {
		return s.Directory.Export(ctx, caller, w)
	}}, nil
}
