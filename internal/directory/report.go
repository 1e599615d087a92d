package directory

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"cardinal"
	"cardinal/internal/directory/people"
	"cardinal/internal/store"
)

// batchesAtOnce is how many batches of a report are read at a time.
const batchesAtOnce = 4

// LineQuery asks for a part of the report of an import.
type LineQuery struct {
	Result people.Result // lines with this result alone; empty: all
	Cursor string        // LinePage.Next of the page before; empty: from the first line
	Limit  int           // the most lines, 1 or more
}

// LinePage is a part of a report, by line number.
type LinePage struct {
	Lines []people.LineResult
	Next  string // the cursor of the page after this one; empty where there is no more so far
}

// LinesOf reads one page of the report of an import, and of the database no
// more than the batches that the page is made of. A cursor that is none is an
// Error of CodeInvalid.
func (s *Service) LinesOf(ctx context.Context, caller cardinal.Caller, id cardinal.ImportID, q LineQuery) (LinePage, error) {
	if err := caller.Require(cardinal.PermReadUsers); err != nil {
		return LinePage{}, err
	}
	p, err := newPaging(q)
	if err != nil {
		return LinePage{}, err
	}
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		if _, err := tx.Import(ctx, caller.Customer, id); err != nil {
			return err
		}
		after := p.batch - 1 // the batch in which the page before ended is read again
		for len(p.lines) <= q.Limit {
			batches, err := tx.ImportReports(ctx, id, string(q.Result), after, batchesAtOnce)
			if err != nil {
				return err
			}
			for _, b := range batches {
				after = b.FirstLine
				if err := p.take(b); err != nil {
					return fmt.Errorf("report of import %s: %w", id, err)
				}
			}
			if len(batches) < batchesAtOnce {
				break
			}
		}
		return nil
	})
	return p.page(), err
}

// paging collects the lines of one page, and one more to know whether there is more.
type paging struct {
	LineQuery
	batch, line int // where the page before ended; 0 before the first
	lines       []people.LineResult
	batches     []int // the first line of the batch that each line is of
}

func newPaging(q LineQuery) (*paging, error) {
	p := &paging{LineQuery: q}
	if q.Cursor == "" {
		return p, nil
	}
	if n, err := fmt.Sscanf(q.Cursor, "%d-%d", &p.batch, &p.line); n != 2 || err != nil || p.batch < 1 || p.line < p.batch {
		return nil, cardinal.Invalid("cursor", "This is not a page of the report. Begin at the first one.")
	}
	return p, nil
}

func (p *paging) take(b store.ImportReport) error {
	var lines []people.LineResult
	if err := json.Unmarshal([]byte(b.Lines), &lines); err != nil {
		return fmt.Errorf("batch of line %d: %w", b.FirstLine, err)
	}
	for _, l := range lines {
		wanted := l.Line > p.line && (p.Result == "" || p.Result == l.Result)
		if wanted && len(p.lines) <= p.Limit {
			p.lines, p.batches = append(p.lines, l), append(p.batches, b.FirstLine)
		}
	}
	return nil
}

func (p *paging) page() LinePage {
	if len(p.lines) <= p.Limit {
		return LinePage{Lines: p.lines}
	}
	last := p.Limit - 1
	return LinePage{Lines: p.lines[:p.Limit], Next: fmt.Sprintf("%d-%d", p.batches[last], p.lines[last].Line)}
}

// Lines returns results of an import after a line, by line number: at least
// most where there are so many, and whole batches of them. No result means that
// there is no more so far.
func (s *Service) Lines(ctx context.Context, caller cardinal.Caller, id cardinal.ImportID, after, most int) ([]people.LineResult, error) {
	if err := caller.Require(cardinal.PermReadUsers); err != nil {
		return nil, err
	}
	var lines []people.LineResult
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		if _, err := tx.Import(ctx, caller.Customer, id); err != nil {
			return err
		}
		for len(lines) < most {
			batches, err := tx.ImportReports(ctx, id, "", after, 1)
			if err != nil || len(batches) == 0 {
				return err
			}
			after = batches[0].FirstLine
			var batch []people.LineResult
			if err := json.Unmarshal([]byte(batches[0].Lines), &batch); err != nil {
				return fmt.Errorf("report of import %s: %w", id, err)
			}
			lines = append(lines, batch...)
		}
		return nil
	})
	return lines, err
}

// Report returns an import with the results of all its lines so far.
func (s *Service) Report(ctx context.Context, caller cardinal.Caller, id cardinal.ImportID) (people.Report, error) {
	i, err := s.Import(ctx, caller, id)
	if err != nil {
		return people.Report{}, err
	}
	lines, err := s.Lines(ctx, caller, id, 0, math.MaxInt)
	if lines == nil {
		lines = []people.LineResult{}
	}
	return people.Report{ID: string(id), State: string(i.State), Totals: i.Totals, Lines: lines}, err
}

// resultsOf names each result that is among the lines, once.
func resultsOf(lines []people.LineResult) string {
	var totals people.Totals
	for _, l := range lines {
		totals.Count(l.Result)
	}
	var names []string
	for _, r := range people.Results() {
		if totals.Of(r) > 0 {
			names = append(names, string(r))
		}
	}
	return strings.Join(names, " ")
}

// cleanName is the last part of a path, as some browsers send it; a name that is
// too long is cut, and one that is no clean text is none.
func cleanName(name string) string {
	name = strings.TrimSpace(name[strings.LastIndexAny(name, `/\`)+1:])
	if !cardinal.CleanText(name) {
		return ""
	}
	letters := []rune(name)
	return string(letters[:min(len(letters), cardinal.FieldMaxLength)])
}
