// Package directory brings people in from files and writes them out again
// (spec: import). One importer serves the command line, the API and the pages:
// it reads a file line by line, takes every line through the same door as
// everybody else, in batches of one short transaction each, and reports what
// became of every line. It also rehearses an import without writing anything.
//
// It does not own the form of people files (package people), nor what makes a
// user, a PIN or a number acceptable (packages account and credential).
package directory

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/credential"
	"cardinal/internal/directory/people"
	"cardinal/internal/store"
)

// Service imports and exports people. Safe for concurrent use. Close it before
// its store.
type Service struct {
	store    *store.Store
	accounts *account.Service
	door     *credential.Door
	log      *slog.Logger

	entering sync.Mutex     // against closing meanwhile
	slots    chan struct{}  // one for each import in the background
	running  sync.WaitGroup // imports in the background
	kept     shelf          // the files of dry runs that may be followed by a run
	closing  chan struct{}  // closed when they must stop
	close    func()
}

// atOnce is how many imports a node runs in the background at the same time.
const atOnce = 4

// New makes the service.
func New(s *store.Store, accounts *account.Service, door *credential.Door, log *slog.Logger) *Service {
	closing := make(chan struct{})
	return &Service{
		store: s, accounts: accounts, door: door, log: log,
		slots: make(chan struct{}, atOnce), closing: closing, close: sync.OnceFunc(func() { close(closing) }),
	}
}

// Options are what can be chosen for an import.
type Options struct {
	// DryRun tells what the import would do and writes nothing.
	DryRun bool
	// Conversion is applied to the card numbers of the file, as package
	// cardformat reads it; empty takes them as they stand.
	Conversion string
	// FileName is what whoever sends the file calls it; it stands in lists, and
	// is left out where it is no clean text.
	FileName string
}

// State says how far an import is.
type State string

// The states. All but Running are final.
const (
	Running     State = "running"
	Done        State = "done"        // every line was dealt with
	Cancelled   State = "cancelled"   // somebody asked it to stop; Detail says after which line it did
	Failed      State = "failed"      // the file or the database could not be read on; Detail says why and where
	Interrupted State = "interrupted" // Cardinal was stopped meanwhile; LastLine is the last line that was dealt with
)

// silence is after how long without a sign of life a running import counts as
// interrupted: its node is gone.
const silence = 30 * time.Second

// Import is how far an import has come.
type Import struct {
	ID        cardinal.ImportID // empty for a dry run by Run, which is not kept
	State     State
	DryRun    bool
	Actor     string // who started it, as Caller.Actor says
	Detail    string // a sentence for people where the state needs one, else empty
	Totals    people.Totals
	LastLine  int // the last line of the file that was dealt with; 0 before the first
	FileLines int // how many lines the file has, about; 0: not known
	FileName  string
	StartedAt time.Time
	ChangedAt time.Time
}

func (s *Service) imported(r store.ImportRun) Import {
	i := Import{
		ID: r.ID, State: State(r.State), DryRun: r.DryRun, Actor: r.Actor, Detail: r.Detail, LastLine: r.LastLine,
		Totals:    people.Totals{Created: r.Created, Updated: r.Updated, Unchanged: r.Unchanged, Refused: r.Refused},
		StartedAt: r.StartedAt, ChangedAt: r.ChangedAt, FileLines: r.FileLines, FileName: r.FileName,
	}
	if i.State == Running && s.store.Now().Sub(i.ChangedAt) > silence {
		i.State, i.Detail = Interrupted, interruptedAfter(i.LastLine)
	}
	return i
}

func interruptedAfter(line int) string {
	if line == 0 {
		return "Cardinal was stopped before the first line. Import the file again."
	}
	return fmt.Sprintf("Cardinal was stopped after line %d. Import the file again: what is done already stays unchanged.", line)
}

// Progress is an import after one more batch.
type Progress struct {
	Import
	// Lines are the results that this batch brought, by line number. A line that
	// could be part of a ring has its result in a later batch than its neighbours.
	Lines []people.LineResult
}

// Import returns how far an import of the caller's customer has come.
func (s *Service) Import(ctx context.Context, caller cardinal.Caller, id cardinal.ImportID) (Import, error) {
	if err := caller.Require(cardinal.PermReadUsers); err != nil {
		return Import{}, err
	}
	var i Import
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		run, err := tx.Import(ctx, caller.Customer, id)
		i = s.imported(run)
		return err
	})
	return i, err
}

// Imports lists imports before the given one, newest first; an empty ID begins
// with the newest.
func (s *Service) Imports(ctx context.Context, caller cardinal.Caller, before cardinal.ImportID, most int) ([]Import, error) {
	if err := caller.Require(cardinal.PermReadUsers); err != nil {
		return nil, err
	}
	var imports []Import
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		runs, err := tx.Imports(ctx, caller.Customer, before, most)
		imports = make([]Import, len(runs))
		for i, run := range runs {
			imports[i] = s.imported(run)
		}
		return err
	})
	return imports, err
}

// Cancel asks a running import to stop after its batch. An import that is over
// is an Error of CodeConflict.
func (s *Service) Cancel(ctx context.Context, caller cardinal.Caller, id cardinal.ImportID) error {
	if err := mayImport(caller); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Import(ctx, caller.Customer, id); err != nil {
			return err
		}
		asked, err := tx.CancelImport(ctx, caller.Customer, id)
		if err == nil && !asked {
			err = cardinal.Errorf(cardinal.CodeConflict, "This import is over. There is nothing to cancel.")
		}
		return err
	})
}

func mayImport(caller cardinal.Caller) error {
	if err := caller.Require(cardinal.PermWriteUsers); err != nil {
		return err
	}
	return caller.Require(cardinal.PermWriteCredentials)
}
