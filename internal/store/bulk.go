package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cardinal"
	"cardinal/internal/store/db"
)

// BulkRun is how far one action on many users has come.
type BulkRun struct {
	ID          cardinal.BulkID
	Customer    cardinal.CustomerID
	Kind        string
	Parameters  string // a JSON object
	State       string // "running", or how it ended
	Detail      string // why it failed
	Actor       string
	Starter     string // who started it, as a JSON object
	Total       int
	Done        int
	Unchanged   int
	Refused     int
	Cancelled   bool // somebody asked it to stop
	Node        string
	LeasedUntil time.Time
	PINs        string // "none", "kept", "fetched" or "erased"
	PINsCount   int    // how many are kept, or were fetched
	PINsAt      time.Time
	StartedAt   time.Time
	ChangedAt   time.Time
	EndedAt     time.Time
}

// Position returns how many users of the work list were dealt with.
func (r BulkRun) Position() int { return r.Done + r.Unchanged + r.Refused }

func bulkRun(r db.BulkRun) BulkRun {
	return BulkRun{
		ID: cardinal.BulkID(r.ID), Customer: cardinal.CustomerID(r.CustomerID), Kind: r.Kind, Parameters: r.Parameters, State: r.State,
		Detail: r.Detail, Actor: r.Actor, Starter: r.Starter, Total: int(r.Total), Done: int(r.Done), Unchanged: int(r.Unchanged),
		Refused: int(r.Refused), Cancelled: r.Cancelled, Node: r.Node, LeasedUntil: fromMillis(r.LeasedUntil),
		PINs: r.Pins, PINsCount: int(r.PinsCount), PINsAt: fromMillis(r.PinsAt),
		StartedAt: fromMillis(r.StartedAt), ChangedAt: fromMillis(r.ChangedAt), EndedAt: fromMillis(r.EndedAt),
	}
}

// AddBulkRun writes a run that begins at the transaction's instant, of no node
// yet. It reports false, and writes nothing, where there is a run of that ID.
func (tx *Tx) AddBulkRun(ctx context.Context, r BulkRun) (bool, error) {
	rows, err := tx.q.InsertBulkRun(ctx, db.InsertBulkRunParams{
		ID: string(r.ID), CustomerID: string(r.Customer), Kind: r.Kind, Parameters: r.Parameters, Actor: r.Actor, Starter: r.Starter,
		Total: int64(r.Total), StartedAt: millis(tx.now),
	})
	if err != nil {
		return false, fmt.Errorf("write bulk run: %w", err)
	}
	return rows > 0, nil
}

// BulkRun reads one run of a customer.
func (tx *Tx) BulkRun(ctx context.Context, c cardinal.CustomerID, id cardinal.BulkID) (BulkRun, error) {
	row, err := tx.q.BulkRun(ctx, db.BulkRunParams{CustomerID: string(c), ID: string(id)})
	return bulkRun(row), found(err, "bulk action")
}

// LockBulkRun is BulkRun, and makes other transactions that lock it wait. It is
// locked before settings and users.
func (tx *Tx) LockBulkRun(ctx context.Context, c cardinal.CustomerID, id cardinal.BulkID) (BulkRun, error) {
	row, err := tx.q.LockBulkRun(ctx, db.LockBulkRunParams{CustomerID: string(c), ID: string(id)})
	return bulkRun(row), found(err, "bulk action")
}

// BulkRuns lists runs before the given one, newest first; an empty ID begins
// with the newest.
func (tx *Tx) BulkRuns(ctx context.Context, c cardinal.CustomerID, beforeID cardinal.BulkID, most int) ([]BulkRun, error) {
	rows, err := tx.q.BulkRuns(ctx, db.BulkRunsParams{CustomerID: string(c), Before: before(string(beforeID)), Most: int32(most)})
	return each(rows, err, "bulk actions", bulkRun)
}

// FreeBulkRuns lists running ones of every customer on which no node works at
// the transaction's instant, those that wait longest first.
func (tx *Tx) FreeBulkRuns(ctx context.Context, most int) ([]BulkRun, error) {
	rows, err := tx.q.FreeBulkRuns(ctx, db.FreeBulkRunsParams{Now: millis(tx.now), Most: int32(most)})
	return each(rows, err, "bulk actions", bulkRun)
}

// ClaimBulkRun gives a running one to a node until an instant, and reports
// whether no other node works on it.
func (tx *Tx) ClaimBulkRun(ctx context.Context, id cardinal.BulkID, node string, until time.Time) (bool, error) {
	rows, err := tx.q.ClaimBulkRun(ctx, db.ClaimBulkRunParams{ID: string(id), Node: node, LeasedUntil: millis(until), Now: millis(tx.now)})
	if err != nil {
		return false, fmt.Errorf("claim bulk action: %w", err)
	}
	return rows > 0, nil
}

// ReleaseBulkRun lets other nodes go on with a run of this node at once.
func (tx *Tx) ReleaseBulkRun(ctx context.Context, id cardinal.BulkID, node string) error {
	if err := tx.q.ReleaseBulkRun(ctx, db.ReleaseBulkRunParams{ID: string(id), Node: node}); err != nil {
		return fmt.Errorf("release bulk action: %w", err)
	}
	return nil
}

// MoveBulkRun writes how far a run has come, with its lease and what has become
// of its PINs.
func (tx *Tx) MoveBulkRun(ctx context.Context, r BulkRun) error {
	err := tx.q.MoveBulkRun(ctx, db.MoveBulkRunParams{
		ID: string(r.ID), State: r.State, Detail: r.Detail, Done: int64(r.Done), Unchanged: int64(r.Unchanged), Refused: int64(r.Refused),
		LeasedUntil: millis(r.LeasedUntil), Pins: r.PINs, PinsCount: int64(r.PINsCount), PinsAt: millis(r.PINsAt),
		ChangedAt: millis(tx.now), EndedAt: millis(r.EndedAt),
	})
	if err != nil {
		return fmt.Errorf("write bulk action: %w", err)
	}
	return nil
}

// CancelBulkRun asks a running one to stop after its batch and reports whether
// it was running.
func (tx *Tx) CancelBulkRun(ctx context.Context, c cardinal.CustomerID, id cardinal.BulkID) (bool, error) {
	rows, err := tx.q.CancelBulkRun(ctx, db.CancelBulkRunParams{CustomerID: string(c), ID: string(id)})
	if err != nil {
		return false, fmt.Errorf("cancel bulk action: %w", err)
	}
	return rows > 0, nil
}

// BulkRunsWithPINs lists those of every customer that ended at an instant or
// before it and still keep issued PINs.
func (tx *Tx) BulkRunsWithPINs(ctx context.Context, ended time.Time, most int) ([]BulkRun, error) {
	rows, err := tx.q.BulkRunsWithPINs(ctx, db.BulkRunsWithPINsParams{Ended: millis(ended), Most: int32(most)})
	return each(rows, err, "bulk actions", bulkRun)
}

// BulkUser is one user of a work list.
type BulkUser struct {
	ID       cardinal.UserID
	Username string // as it was when the run started
}

// AddBulkUsers writes a part of a work list that begins at a position, from 0.
func (tx *Tx) AddBulkUsers(ctx context.Context, id cardinal.BulkID, first int, users []BulkUser) error {
	var text strings.Builder
	for _, u := range users {
		text.WriteString(string(u.ID) + " " + u.Username + "\n")
	}
	if err := tx.q.InsertBulkChunk(ctx, db.InsertBulkChunkParams{RunID: string(id), First: int64(first), Users: text.String()}); err != nil {
		return fmt.Errorf("write bulk work list: %w", err)
	}
	return nil
}

// BulkUsers returns what is left at a position, from 0, of the part of the work
// list that the position is in; nothing means that the list has ended.
func (tx *Tx) BulkUsers(ctx context.Context, id cardinal.BulkID, position int) ([]BulkUser, error) {
	row, err := tx.q.BulkChunk(ctx, db.BulkChunkParams{RunID: string(id), Position: int64(position)})
	if err := found(err, "bulk work list"); err != nil {
		return nil, err
	}
	var users []BulkUser
	for line := range strings.Lines(row.Users) {
		user, username, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		users = append(users, BulkUser{cardinal.UserID(user), username})
	}
	return users[min(len(users), position-int(row.First)):], nil
}

// DeleteBulkUsers forgets the work list of a run.
func (tx *Tx) DeleteBulkUsers(ctx context.Context, id cardinal.BulkID) error {
	if err := tx.q.DeleteBulkChunks(ctx, string(id)); err != nil {
		return fmt.Errorf("delete bulk work list: %w", err)
	}
	return nil
}

// BulkReport is the outcomes of one batch: how many of each, and all of them as
// a JSON array.
type BulkReport struct {
	Last      int // position of the last user of the batch, from 1
	Done      int
	Unchanged int
	Refused   int
	Lines     string
}

// AddBulkReport writes the outcomes of a batch.
func (tx *Tx) AddBulkReport(ctx context.Context, id cardinal.BulkID, r BulkReport) error {
	err := tx.q.InsertBulkReport(ctx, db.InsertBulkReportParams{
		RunID: string(id), Last: int64(r.Last), Done: int64(r.Done), Unchanged: int64(r.Unchanged), Refused: int64(r.Refused), Lines: r.Lines,
	})
	if err != nil {
		return fmt.Errorf("write bulk report: %w", err)
	}
	return nil
}

// BulkReports lists the batches that have users after a position, in the order
// of the work, and at least as many of each outcome as least has.
func (tx *Tx) BulkReports(ctx context.Context, id cardinal.BulkID, after int, least BulkReport, most int) ([]BulkReport, error) {
	rows, err := tx.q.BulkReports(ctx, db.BulkReportsParams{
		RunID: string(id), After: int64(after), Done: int64(least.Done), Unchanged: int64(least.Unchanged), Refused: int64(least.Refused), Most: int32(most),
	})
	return each(rows, err, "bulk reports", func(r db.BulkReport) BulkReport {
		return BulkReport{int(r.Last), int(r.Done), int(r.Unchanged), int(r.Refused), r.Lines}
	})
}

// BulkPINs are PINs that one batch has issued, sealed.
type BulkPINs struct {
	Last    int // as in BulkReport
	Version int // of the key
	Sealed  []byte
}

// AddBulkPINs keeps PINs until they are fetched or erased.
func (tx *Tx) AddBulkPINs(ctx context.Context, id cardinal.BulkID, p BulkPINs) error {
	err := tx.q.InsertBulkPINs(ctx, db.InsertBulkPINsParams{RunID: string(id), Last: int64(p.Last), KeyVersion: int64(p.Version), Sealed: p.Sealed})
	if err != nil {
		return fmt.Errorf("keep issued PINs: %w", err)
	}
	return nil
}

// BulkPINs lists the PINs of batches after a position, in the order of the work.
func (tx *Tx) BulkPINs(ctx context.Context, id cardinal.BulkID, after, most int) ([]BulkPINs, error) {
	rows, err := tx.q.BulkPINs(ctx, db.BulkPINsParams{RunID: string(id), After: int64(after), Most: int32(most)})
	return each(rows, err, "issued PINs", func(r db.BulkPin) BulkPINs { return BulkPINs{int(r.Last), int(r.KeyVersion), r.Sealed} })
}

// DeleteBulkPINs erases the PINs that a run still keeps.
func (tx *Tx) DeleteBulkPINs(ctx context.Context, id cardinal.BulkID) error {
	if err := tx.q.DeleteBulkPINs(ctx, string(id)); err != nil {
		return fmt.Errorf("erase issued PINs: %w", err)
	}
	return nil
}

// RequireNewPIN marks a PIN so that devices hear that a new one is wanted. It
// reports false where it is marked already or is no longer the user's PIN.
func (tx *Tx) RequireNewPIN(ctx context.Context, p cardinal.PINState) (bool, error) {
	rows, err := tx.q.RequireNewPIN(ctx, db.RequireNewPINParams{UserID: string(p.User), ID: string(p.ID)})
	if err != nil {
		return false, fmt.Errorf("write PIN: %w", err)
	}
	return rows > 0, nil
}

// ShortenPIN lets a PIN expire at an instant. It reports false where it does so
// earlier or then already, or is no longer the user's PIN.
func (tx *Tx) ShortenPIN(ctx context.Context, p cardinal.PINState, expires time.Time) (bool, error) {
	rows, err := tx.q.ShortenPIN(ctx, db.ShortenPINParams{UserID: string(p.User), ID: string(p.ID), ExpiresAt: millis(expires)})
	if err != nil {
		return false, fmt.Errorf("write PIN: %w", err)
	}
	return rows > 0, nil
}
