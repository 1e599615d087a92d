package store

import (
	"context"
	"fmt"
	"time"

	"cardinal"
	"cardinal/internal/store/db"
)

// ImportRun is how far an import has come.
type ImportRun struct {
	ID        cardinal.ImportID
	Customer  cardinal.CustomerID
	State     string
	DryRun    bool
	Actor     string
	Detail    string // why it failed, or where it was cancelled
	Created   int
	Updated   int
	Unchanged int
	Refused   int
	LastLine  int  // the last line of the file that was dealt with
	Cancelled bool // somebody asked it to stop
	StartedAt time.Time
	ChangedAt time.Time
	FileName  string // as whoever sent it calls it; may be empty
	FileLines int    // how many lines the file has, about; 0: not known
}

func importRun(r db.Import) ImportRun {
	return ImportRun{
		ID: cardinal.ImportID(r.ID), Customer: cardinal.CustomerID(r.CustomerID), State: r.State, DryRun: r.DryRun,
		Actor: r.Actor, Detail: r.Detail, Created: int(r.Created), Updated: int(r.Updated), Unchanged: int(r.Unchanged),
		Refused: int(r.Refused), LastLine: int(r.LastLine), Cancelled: r.Cancelled,
		StartedAt: fromMillis(r.StartedAt), ChangedAt: fromMillis(r.ChangedAt),
		FileName: r.FileName, FileLines: int(r.FileLines),
	}
}

// AddImport writes a run that begins at the transaction's instant.
func (tx *Tx) AddImport(ctx context.Context, run ImportRun) error {
	err := tx.q.InsertImport(ctx, db.InsertImportParams{
		ID: string(run.ID), CustomerID: string(run.Customer), State: run.State, DryRun: run.DryRun, Actor: run.Actor, StartedAt: millis(tx.now),
		FileName: run.FileName, FileLines: int64(run.FileLines),
	})
	if err != nil {
		return fmt.Errorf("write import: %w", err)
	}
	return nil
}

// Import reads one run of a customer.
func (tx *Tx) Import(ctx context.Context, c cardinal.CustomerID, id cardinal.ImportID) (ImportRun, error) {
	row, err := tx.q.ImportRun(ctx, db.ImportRunParams{CustomerID: string(c), ID: string(id)})
	return importRun(row), found(err, "import")
}

// Imports lists runs before the given one, newest first; an empty ID begins
// with the newest.
func (tx *Tx) Imports(ctx context.Context, c cardinal.CustomerID, beforeID cardinal.ImportID, most int) ([]ImportRun, error) {
	rows, err := tx.q.ImportRuns(ctx, db.ImportRunsParams{CustomerID: string(c), Before: before(string(beforeID)), Most: int32(most)})
	return each(rows, err, "imports", importRun)
}

// MoveImport writes how far a run has come.
func (tx *Tx) MoveImport(ctx context.Context, run ImportRun) error {
	err := tx.q.MoveImport(ctx, db.MoveImportParams{
		ID: string(run.ID), State: run.State, Detail: run.Detail, Created: int64(run.Created), Updated: int64(run.Updated),
		Unchanged: int64(run.Unchanged), Refused: int64(run.Refused), LastLine: int64(run.LastLine), ChangedAt: millis(tx.now),
	})
	if err != nil {
		return fmt.Errorf("write import: %w", err)
	}
	return nil
}

// CancelImport asks a running import to stop after its batch and reports
// whether it was running.
func (tx *Tx) CancelImport(ctx context.Context, c cardinal.CustomerID, id cardinal.ImportID) (bool, error) {
	rows, err := tx.q.CancelImport(ctx, db.CancelImportParams{CustomerID: string(c), ID: string(id)})
	if err != nil {
		return false, fmt.Errorf("cancel import: %w", err)
	}
	return rows > 0, nil
}

// ImportReport is the results of one batch of lines as a JSON array.
type ImportReport struct {
	FirstLine int
	Lines     string
	Results   string // which results are among the lines, as in "created refused"
}

// AddImportReport writes the results of a batch.
func (tx *Tx) AddImportReport(ctx context.Context, id cardinal.ImportID, r ImportReport) error {
	err := tx.q.InsertImportReport(ctx, db.InsertImportReportParams{ImportID: string(id), FirstLine: int64(r.FirstLine), Lines: r.Lines, Results: r.Results})
	if err != nil {
		return fmt.Errorf("write import report: %w", err)
	}
	return nil
}

// ImportReports lists the batches after a line, in the order of the file: those
// with a result among their lines, unless result is empty.
func (tx *Tx) ImportReports(ctx context.Context, id cardinal.ImportID, result string, after, most int) ([]ImportReport, error) {
	rows, err := tx.q.ImportReports(ctx, db.ImportReportsParams{ImportID: string(id), Result: result, After: int64(after), Most: int32(most)})
	return each(rows, err, "import reports", func(r db.ImportReport) ImportReport {
		return ImportReport{int(r.FirstLine), r.Lines, r.Results}
	})
}
