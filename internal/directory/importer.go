package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/audit"
	"cardinal/internal/cardformat"
	"cardinal/internal/credential"
	"cardinal/internal/directory/people"
	"cardinal/internal/store"
)

// How much one transaction takes. Where the database has one writer, sign-ins
// wait for it: after batchTime no more lines are begun if somebody waits, and
// after batchMost in any case, since a commit takes the longer the more there
// were; but batchLeast are dealt with. The more there are, the less an import waits for
// the disk. Hashing a password takes longer than writing many lines, and happens
// before the transaction.
const (
	batchTime      = 8 * time.Millisecond
	batchMost      = 50 * time.Millisecond
	batchLeast     = 50
	batchLines     = 500
	batchPasswords = 20
)

// importer is one import under way. It is for one goroutine.
type importer struct {
	*Service
	caller    cardinal.Caller
	reader    *people.Reader
	run       store.ImportRun // as it was last written
	kept      bool            // whether run is among the imports
	rehearsal *rehearsal      // what a dry run writes to; nil otherwise
	pending   []line          // read and not yet dealt with
	ending    ending          // what comes after them; zero: more lines
	held      *held
	progress  func(Progress) error
	stopped   func() (State, bool) // asked before each batch
}

// ending is how an import ends once all lines that were read are dealt with.
type ending struct {
	state  State
	detail string
	fault  error // of the source of the file
}

// newImporter checks the caller, the options and the header line.
func (s *Service) newImporter(caller cardinal.Caller, file io.Reader, o Options) (*importer, error) {
	if err := mayImport(caller); err != nil {
		return nil, err
	}
	conversion, err := cardformat.Parse(o.Conversion)
	if err != nil {
		return nil, err
	}
	reader, err := people.NewReader(file)
	if err != nil {
		return nil, err
	}
	if !conversion.IsZero() {
		reader.ConvertNumbers(conversion.Apply)
	}
	return &importer{
		Service: s, caller: caller, reader: reader, held: (&held{}).clone(), progress: func(Progress) error { return nil },
		run: store.ImportRun{Customer: caller.Customer, State: string(Running), DryRun: o.DryRun, Actor: caller.Actor(), FileName: cleanName(o.FileName)},
	}, nil
}

// begin puts the import on record.
func (im *importer) begin(ctx context.Context) error {
	return im.store.Write(ctx, func(tx *store.Tx) error {
		im.run.ID, im.run.StartedAt, im.run.ChangedAt = cardinal.ImportID(tx.NewID()), tx.Now(), tx.Now()
		im.kept = true
		if err := tx.AddImport(ctx, im.run); err != nil {
			return err
		}
		return im.record(tx, "import.started", nil)
	})
}

// record writes an audit entry about the import; a dry run leaves none.
func (im *importer) record(tx *store.Tx, action string, after audit.Fields) error {
	if im.run.DryRun {
		return nil
	}
	return audit.Record(tx, im.caller, audit.Entry{Action: action, Subject: "import " + string(im.run.ID), After: after})
}

// work imports batch after batch until it is over.
func (im *importer) work(ctx context.Context) (Import, error) {
	if im.run.DryRun {
		var err error
		if im.rehearsal, err = im.rehearse(ctx, im.caller); err != nil {
			return im.fail(ctx, err)
		}
		defer func() { _ = im.rehearsal.end() }() // the result stands; what could not be removed is a temporary file
	}
	for State(im.run.State) == Running {
		results, err := im.step(ctx)
		if err != nil {
			return im.fail(ctx, err)
		}
		if err := im.progress(Progress{im.imported(im.run), results}); err != nil {
			return im.fail(ctx, err)
		}
	}
	return im.imported(im.run), im.ending.fault
}

// step reads and writes one batch and returns its results by line number.
func (im *importer) step(ctx context.Context) ([]people.LineResult, error) {
	next := im.run
	if state, stopped := im.stopped(); stopped {
		next.State, im.pending = string(state), nil
	} else if len(im.pending) == 0 {
		if err := im.read(ctx); err != nil {
			return nil, err
		}
	}
	b, err := im.write(ctx, im.pending, &next)
	if err != nil {
		return nil, err
	}
	im.run, im.held, im.pending = next, b.held, im.pending[b.taken:]
	return b.lines, nil
}

// read reads the next lines, and what comes after them if it is not more lines.
func (im *importer) read(ctx context.Context) error {
	im.pending = make([]line, 0, batchLines)
	passwords := 0
	for len(im.pending) < batchLines && passwords < batchPasswords {
		person, err := im.reader.Next()
		if err != nil {
			im.ending = endingOf(err)
			return nil
		}
		l := line{Person: person, fields: fieldsOf(person)}
		if !l.fields.Password.IsZero() && len(l.Violations) == 0 && !im.run.DryRun {
			passwords++
			if l.fields, err = im.accounts.Prepared(ctx, l.fields); err != nil {
				return err
			}
		}
		im.pending = append(im.pending, l)
	}
	return nil
}

// endingOf tells the end of the file from a file that is none of people from
// some line on, and from a source that cannot be read.
func endingOf(err error) ending {
	var refused *cardinal.Error
	switch {
	case errors.Is(err, io.EOF):
		return ending{state: Done}
	case errors.As(err, &refused):
		return ending{state: Failed, detail: refused.Detail}
	}
	return ending{state: Failed, detail: "The file could not be read to its end. Import it again: what is done already stays unchanged.", fault: err}
}

// write takes the lines through the door and moves next on, in one transaction.
func (im *importer) write(ctx context.Context, lines []line, next *store.ImportRun) (*batch, error) {
	if im.rehearsal != nil {
		return im.writeRehearsal(ctx, lines, next)
	}
	var b *batch
	var moved store.ImportRun
	err := im.store.Write(ctx, func(tx *store.Tx) error {
		by, err := account.Acting(ctx, tx, im.caller)
		if err != nil {
			return err
		}
		moved = *next
		b = im.batch(tx, by)
		if moved.State, err = im.cancelled(ctx, tx, moved.State); err != nil {
			return err
		}
		if err := b.takeSome(ctx, lines, &moved); err != nil {
			return err
		}
		return im.keep(ctx, tx, b, &moved)
	})
	*next = moved
	return b, err
}

func (im *importer) batch(tx *store.Tx, by credential.Acting) *batch {
	return &batch{Service: im.Service, tx: tx, by: by, held: im.held.clone(), ending: im.ending}
}

// cancelled is the state of the import: Cancelled where somebody asked for that
// and it would go on.
func (im *importer) cancelled(ctx context.Context, tx *store.Tx, state string) (string, error) {
	if !im.kept || state != string(Running) {
		return state, nil
	}
	run, err := tx.Import(ctx, im.caller.Customer, im.run.ID)
	if run.Cancelled {
		state = string(Cancelled)
	}
	return state, err
}

// takeSome deals with lines while the import runs and there is time, and counts
// them.
func (b *batch) takeSome(ctx context.Context, lines []line, run *store.ImportRun) error {
	for State(run.State) == Running && b.taken < len(lines) && !b.overdue() {
		l := lines[b.taken]
		if err := b.take(ctx, l); err != nil {
			return err
		}
		b.taken++
		run.LastLine = l.Line
	}
	if State(run.State) == Running && b.taken == len(lines) && b.ending.state != "" {
		run.State, run.Detail = string(b.ending.state), b.ending.detail
	}
	if State(run.State) != Running {
		b.releaseAll()
	}
	slices.SortFunc(b.lines, func(x, y people.LineResult) int { return x.Line - y.Line })
	totals := people.Totals{Created: run.Created, Updated: run.Updated, Unchanged: run.Unchanged, Refused: run.Refused}
	for i, result := range b.lines {
		totals.Count(result.Result)
		if result.Reasons == nil {
			b.lines[i].Reasons = []cardinal.Violation{} // [] in JSON, never null
		}
	}
	run.Created, run.Updated, run.Unchanged, run.Refused = totals.Created, totals.Updated, totals.Unchanged, totals.Refused
	if run.Detail == "" {
		run.Detail = detail(State(run.State), run.LastLine)
	}
	run.ChangedAt = b.tx.Now()
	return nil
}

// overdue reports whether others have waited for the transaction long enough.
func (b *batch) overdue() bool {
	if b.taken < batchLeast {
		return false
	}
	spent := b.store.Now().Sub(b.tx.Now())
	return spent >= batchMost || spent >= batchTime && b.tx.Awaited()
}

func detail(state State, line int) string {
	switch {
	case state == Interrupted:
		return interruptedAfter(line)
	case state == Cancelled && line == 0:
		return "Cancelled before the first line."
	case state == Cancelled:
		return fmt.Sprintf("Cancelled after line %d. What was done until then stays.", line)
	}
	return ""
}

// keep writes how far the import is and what became of its lines.
func (im *importer) keep(ctx context.Context, tx *store.Tx, b *batch, run *store.ImportRun) error {
	if !im.kept {
		return nil
	}
	run.ChangedAt = tx.Now()
	if err := tx.MoveImport(ctx, *run); err != nil {
		return err
	}
	for _, lines := range parts(b.lines, im.run.LastLine, b.held) {
		text, err := json.Marshal(lines)
		if err != nil {
			return fmt.Errorf("report of import %s: %w", run.ID, err)
		}
		if err := tx.AddImportReport(ctx, run.ID, store.ImportReport{FirstLine: lines[0].Line, Lines: string(text), Results: resultsOf(lines)}); err != nil {
			return err
		}
	}
	if State(run.State) == Running {
		return nil
	}
	return im.record(tx, "import.finished", audit.Fields{
		"state": run.State, "lastLine": run.LastLine,
		"created": run.Created, "updated": run.Updated, "unchanged": run.Unchanged, "refused": run.Refused,
	})
}

// parts divides the results of a batch so that reports, read by their first
// line, give the results in the order of the file, though lines that are held
// back get theirs later: those of earlier batches stand alone, and a part ends
// where a line is still held back.
func parts(lines []people.LineResult, before int, h *held) [][]people.LineResult {
	var parts [][]people.LineResult
	for i, l := range lines {
		alone := i == 0 || lines[i-1].Line <= before || h.between(lines[i-1].Line, l.Line)
		if alone {
			parts = append(parts, nil)
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], l)
	}
	return parts
}

// fail ends the import by a fault and returns it.
func (im *importer) fail(ctx context.Context, fault error) (Import, error) {
	next := im.run
	next.State, next.Detail = string(Failed), "Cardinal failed; its log says why."
	if known, ok := errors.AsType[*cardinal.Error](fault); ok {
		next.Detail = known.Detail
	}
	next.Detail += fmt.Sprintf(" The last line that was dealt with is %d.", next.LastLine)
	if im.kept {
		err := im.store.Write(ctx, func(tx *store.Tx) error {
			moved := next
			b := im.batch(tx, credential.Acting{})
			if err := b.takeSome(ctx, nil, &moved); err != nil {
				return err
			}
			return im.keep(ctx, tx, b, &moved)
		})
		fault = errors.Join(fault, err)
	}
	im.run = next
	return im.imported(next), fault
}
