package people

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"cardinal"
)

// ReportWriter writes results of lines as CSV for spreadsheets: line, username,
// result, reasons in words, and their codes for scripts. Cells that a spreadsheet
// would take for a formula get a leading '. It is for one goroutine.
type ReportWriter struct {
	csv     *csv.Writer
	started bool
}

// NewReportWriter returns a ReportWriter on w. Nothing is written before the
// first Write or Flush.
func NewReportWriter(w io.Writer) *ReportWriter { return &ReportWriter{csv: csv.NewWriter(w)} }

// Write writes one result; it is buffered until Flush.
func (w *ReportWriter) Write(l LineResult) error {
	reasons := make([]string, len(l.Reasons))
	for i, reason := range l.Reasons {
		reasons[i] = reason.Message
	}
	return w.line([]string{
		strconv.Itoa(l.Line), Guard(l.Username), string(l.Result), Guard(strings.Join(reasons, " ")),
		strings.Join(cardinal.ViolationCodes(l.Reasons), " "),
	})
}

// Flush writes what is buffered, of an empty report the header line alone, and
// returns the first error of all writing.
func (w *ReportWriter) Flush() error {
	if err := w.line(nil); err != nil {
		return err
	}
	w.csv.Flush()
	if err := w.csv.Error(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// line writes a line after the header line, which no cells leave alone.
func (w *ReportWriter) line(cells []string) error {
	if !w.started {
		w.started = true
		if err := w.line([]string{"Line", "Username", "Result", "Reasons", "Codes"}); err != nil {
			return err
		}
	}
	if cells == nil {
		return nil
	}
	if err := w.csv.Write(cells); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}
