package people

import (
	"encoding/csv"
	"fmt"
	"io"
)

// Writer writes an export: UTF-8, cells parted by commas and quoted as in RFC
// 4180, lines ended by LF. A Reader gives every row back as it was. It is for
// one goroutine.
type Writer struct {
	csv     *csv.Writer
	started bool
}

// NewWriter returns a Writer on w. Nothing is written before the first Write or
// Flush.
func NewWriter(w io.Writer) *Writer { return &Writer{csv: csv.NewWriter(w)} }

// Write writes one user. Cells that a spreadsheet would take for a formula get a
// leading ' that the reader takes off again (spec: import). Rows are buffered
// until Flush; the error is of this or of an earlier row.
func (w *Writer) Write(row Row) error {
	if err := w.start(); err != nil {
		return err
	}
	disabled := "no"
	if row.Disabled {
		disabled = "yes"
	}
	cells := []string{row.Username, row.FullName, row.Email, row.Department, row.Primary, row.Secondary,
		row.Notes, disabled, string(row.Role)}
	for i, cell := range cells {
		cells[i] = Guard(cell)
	}
	return w.line(cells)
}

// Flush writes what is buffered, of an empty export the header line alone, and
// returns the first error of all writing.
func (w *Writer) Flush() error {
	if err := w.start(); err != nil {
		return err
	}
	w.csv.Flush()
	if err := w.csv.Error(); err != nil {
		return fmt.Errorf("write people file: %w", err)
	}
	return nil
}

func (w *Writer) start() error {
	if w.started {
		return nil
	}
	w.started = true
	return w.line([]string{"Username", "Full name", "Email", "Department", "Primary card number",
		"Secondary card number", "Notes", "Disabled", "Role"})
}

func (w *Writer) line(cells []string) error {
	if err := w.csv.Write(cells); err != nil {
		return fmt.Errorf("write people file: %w", err)
	}
	return nil
}
