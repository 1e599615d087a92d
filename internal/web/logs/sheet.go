package logs

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"time"

	"cardinal"
	"cardinal/internal/directory/people"
)

// sheet writes an export as it comes: nothing leaves before its first line, so
// that what fails until then is still told on a page.
type sheet struct {
	w       http.ResponseWriter
	csv     *csv.Writer
	zone    *time.Location
	name    string
	head    []string
	refused error
	started bool
}

func (p *pages) newSheet(w http.ResponseWriter, r *http.Request, f *filter, name string, head ...string) *sheet {
	s := &sheet{w: w, csv: csv.NewWriter(w), zone: zoneOf(r), name: name + "-" + p.Now().In(zoneOf(r)).Format("2006-01-02") + ".csv", head: head}
	if f.Form.Refused() {
		s.refused = cardinal.Errorf(cardinal.CodeInvalid, "The filter cannot be read. Go back and correct it.")
	}
	return s
}

func (s *sheet) start() error {
	if s.started {
		return nil
	}
	s.started = true
	s.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	s.w.Header().Set("Content-Disposition", `attachment; filename="`+s.name+`"`)
	return s.write(s.head...)
}

// write writes a line. Cells that a spreadsheet would execute are defused.
func (s *sheet) write(cells ...string) error {
	if s.refused != nil {
		return s.refused
	}
	if err := s.start(); err != nil {
		return err
	}
	guarded := make([]string, len(cells))
	for i, cell := range cells {
		guarded[i] = people.Guard(cell)
	}
	if err := s.csv.Write(guarded); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	return nil
}

// end finishes the file; of an empty export the head alone.
func (s *sheet) end(err error) error {
	if err != nil {
		return err
	}
	if s.refused != nil {
		return s.refused
	}
	if err := s.start(); err != nil {
		return err
	}
	s.csv.Flush()
	if err := s.csv.Error(); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	return nil
}

func (s *sheet) local(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(s.zone).Format("2006-01-02 15:04:05")
}

func (s *sheet) utc(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// badForm is the error of a form that cannot be read.
func badForm(err error) error {
	return cardinal.Errorf(cardinal.CodeMalformed, "The form could not be read. Go back and send it again.").Because(err)
}
