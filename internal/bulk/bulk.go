// Package bulk does one thing to many users (spec: web, Users): numbers for
// those without one, new PINs, invitations, no PINs, an earlier end of PINs,
// disabling. It
// owns the runs: the work list that is fixed when one starts, batches of one
// short transaction each, progress that is committed with the effects, the
// outcome of every user, and issued PINs until they are fetched once.
//
// It does not own what is done to a user, nor whether it may be: those are
// packages credential, account and wayback.
package bulk

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/credential"
	"cardinal/internal/seal"
	"cardinal/internal/store"
	"cardinal/internal/wayback"
)

// Kind says what is done to every user of a run.
type Kind string

// The kinds.
const (
	GenerateNumbers Kind = "generate-numbers" // a primary number for those without one
	IssuePINs       Kind = "issue-pins"       // a new generated PIN for everybody
	MailPINs        Kind = "mail-pins"        // the same, and each goes to its user by e-mail
	Invite          Kind = "invite"           // a link by e-mail to choose a password, for those without one
	RemovePINs      Kind = "remove-pins"
	RequireNewPINs  Kind = "require-new-pins" // devices hear that a new PIN is wanted
	ExpirePINs      Kind = "expire-pins"      // PINs without an end, or with a later one, get an earlier one
	Disable         Kind = "disable"
	Enable          Kind = "enable"
)

// Kinds returns all kinds in the order of their harm.
func Kinds() []Kind {
	return []Kind{Invite, GenerateNumbers, MailPINs, IssuePINs, RequireNewPINs, ExpirePINs, RemovePINs, Enable, Disable}
}

// Permission returns what a caller needs to start and to cancel such a run;
// empty for what is no kind.
func (k Kind) Permission() cardinal.Permission {
	switch k {
	case GenerateNumbers, IssuePINs, MailPINs, RemovePINs, RequireNewPINs, ExpirePINs:
		return cardinal.PermWriteCredentials
	case Invite, Disable, Enable:
		return cardinal.PermWriteUsers
	}
	return ""
}

// State says how far a run is.
type State string

// The states. All but Running are final.
const (
	Running   State = "running"
	Done      State = "done"      // every user was dealt with
	Cancelled State = "cancelled" // somebody asked it to stop, and it did after a batch
	Failed    State = "failed"    // Detail says why
)

// PINs says what has become of the PINs that a run has issued.
type PINs string

// The fates of issued PINs.
const (
	NoPINs      PINs = "none"
	PINsKept    PINs = "kept"    // sealed, until whoever started the run fetches them
	PINsFetched PINs = "fetched" // and erased
	PINsErased  PINs = "erased"  // since nobody fetched them in time
)

// PINsKeptFor is how long after the end of a run its PINs can be fetched.
const PINsKeptFor = 24 * time.Hour

// lease is for how long a run belongs to a node after each batch. A node that
// is silent for so long has lost it.
const lease = 30 * time.Second

// Run is how far one action on many users has come.
type Run struct {
	ID        cardinal.BulkID
	Kind      Kind
	State     State
	Detail    string // why it failed, a sentence for people; else empty
	Actor     string // who started it, as Caller.Actor says
	Mine      bool   // the caller started it
	Expires   time.Time
	Total     int
	Done      int
	Unchanged int
	Refused   int
	Stopping  bool // it is cancelled once its batch is over
	Waiting   bool // no node works on it at the moment
	PINs      PINs
	PINsCount int       // how many are kept, or were in the file that was fetched
	PINsAt    time.Time // when they were fetched or erased
	StartedAt time.Time
	EndedAt   time.Time // zero while it runs
}

// Position returns how many users were dealt with.
func (r Run) Position() int { return r.Done + r.Unchanged + r.Refused }

// PINsUntil returns until when its PINs can be fetched.
func (r Run) PINsUntil() time.Time { return r.EndedAt.Add(PINsKeptFor) }

// parameters are what is kept of a request beside its users. What was searched
// for is not: it may be a card number.
type parameters struct {
	Expires  time.Time `json:"expires,omitzero"`
	All      bool      `json:"all,omitempty"`
	Filter   string    `json:"filter,omitempty"`
	Searched bool      `json:"searched,omitempty"`
}

// starter is who started a run, for going on in their name after a restart.
type starter struct {
	Kind      cardinal.CallerKind `json:"kind"`
	Role      cardinal.Role       `json:"role"`
	User      cardinal.UserID     `json:"user,omitempty"`
	Token     cardinal.TokenID    `json:"token,omitempty"`
	Name      string              `json:"name"`
	Address   string              `json:"address,omitempty"`
	RequestID string              `json:"requestId,omitempty"`
}

func starterOf(c cardinal.Caller) starter {
	return starter{Kind: c.Kind, Role: c.Role, User: c.User, Token: c.Token, Name: c.Name, Address: c.Address, RequestID: c.RequestID}
}

func starterFrom(run store.BulkRun) (starter, error) {
	var s starter
	if err := json.Unmarshal([]byte(run.Starter), &s); err != nil {
		return s, fmt.Errorf("who started bulk action %s: %w", run.ID, err)
	}
	return s, nil
}

func (s starter) caller(customer cardinal.CustomerID) cardinal.Caller {
	return cardinal.Caller{Kind: s.Kind, Customer: customer, Role: s.Role, User: s.User, Token: s.Token, Name: s.Name, Address: s.Address, RequestID: s.RequestID}
}

// is reports whether the caller is who started the run.
func (s starter) is(c cardinal.Caller) bool {
	return s.Kind == c.Kind && s.User == c.User && s.Token == c.Token && s.Name == c.Name
}

// Service runs actions on many users. Safe for concurrent use. Close it before
// its store.
type Service struct {
	store    *store.Store
	ring     *seal.Ring
	accounts *account.Service
	door     *credential.Door
	ways     *wayback.Service
	log      *slog.Logger

	closing chan struct{} // closed when the runs of this node must stop
	close   func()

	mu      sync.Mutex
	running int           // runs that this node works on, atOnce at most
	idle    chan struct{} // closed while there is none
}

// atOnce is how many runs a node works on at the same time; others wait.
const atOnce = 2

// Services are what does it to each user. All must be given.
type Services struct {
	Accounts *account.Service
	Door     *credential.Door
	Ways     *wayback.Service
}

// New makes the service.
func New(s *store.Store, ring *seal.Ring, do Services, log *slog.Logger) *Service {
	closing, idle := make(chan struct{}), make(chan struct{})
	close(idle)
	return &Service{
		store: s, ring: ring, accounts: do.Accounts, door: do.Door, ways: do.Ways, log: log,
		idle: idle, closing: closing, close: sync.OnceFunc(func() { close(closing) }),
	}
}

func (s *Service) run(caller cardinal.Caller, r store.BulkRun) (Run, error) {
	run := Run{
		ID: r.ID, Kind: Kind(r.Kind), State: State(r.State), Detail: r.Detail, Actor: r.Actor, Total: r.Total, Done: r.Done,
		Unchanged: r.Unchanged, Refused: r.Refused, PINs: PINs(r.PINs), PINsCount: r.PINsCount, PINsAt: r.PINsAt,
		StartedAt: r.StartedAt, EndedAt: r.EndedAt,
	}
	run.Stopping = run.State == Running && r.Cancelled
	run.Waiting = run.State == Running && !r.LeasedUntil.After(s.store.Now())
	by, err := starterFrom(r)
	if err != nil {
		return run, err
	}
	run.Mine = by.is(caller)
	var p parameters
	if err := json.Unmarshal([]byte(r.Parameters), &p); err != nil {
		return run, fmt.Errorf("parameters of bulk action %s: %w", r.ID, err)
	}
	run.Expires = p.Expires
	return run, nil
}

// Run returns how far a run of the caller's customer has come.
func (s *Service) Run(ctx context.Context, caller cardinal.Caller, id cardinal.BulkID) (Run, error) {
	if err := caller.Require(cardinal.PermReadUsers); err != nil {
		return Run{}, err
	}
	var run Run
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		row, err := tx.BulkRun(ctx, caller.Customer, id)
		if err != nil {
			return err
		}
		run, err = s.run(caller, row)
		return err
	})
	return run, err
}

// Runs lists runs before the given one, newest first; an empty ID begins with
// the newest.
func (s *Service) Runs(ctx context.Context, caller cardinal.Caller, before cardinal.BulkID, most int) ([]Run, error) {
	if err := caller.Require(cardinal.PermReadUsers); err != nil {
		return nil, err
	}
	var runs []Run
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.BulkRuns(ctx, caller.Customer, before, most)
		runs = make([]Run, len(rows))
		for i, row := range rows {
			if runs[i], err = s.run(caller, row); err != nil {
				return err
			}
		}
		return err
	})
	return runs, err
}

// Cancel asks a run to stop after its batch. One that is over is an Error of
// CodeConflict.
func (s *Service) Cancel(ctx context.Context, caller cardinal.Caller, id cardinal.BulkID) error {
	if err := caller.Require(cardinal.PermReadUsers); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		run, err := tx.LockBulkRun(ctx, caller.Customer, id)
		if err != nil {
			return err
		}
		if err := caller.Require(Kind(run.Kind).Permission()); err != nil {
			return err
		}
		asked, err := tx.CancelBulkRun(ctx, caller.Customer, id)
		if err == nil && !asked {
			err = cardinal.Errorf(cardinal.CodeConflict, "This is over. There is nothing to cancel.")
		}
		if err != nil || run.Cancelled {
			return err
		}
		return record(tx, caller, "bulk.cancelled", id, nil)
	})
}

// Now is the instant by the program's clock.
func (s *Service) Now() time.Time { return s.store.Now() }
