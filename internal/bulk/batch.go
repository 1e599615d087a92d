package bulk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/audit"
	"cardinal/internal/credential"
	"cardinal/internal/store"
)

// How much one transaction takes. Where the database has one writer, sign-ins
// wait for it: after batchTime no more users are begun if somebody of this
// program waits, and after batchMost in any case, for another program may; but
// batchLeast are dealt with.
const (
	batchTime  = 8 * time.Millisecond
	batchMost  = 15 * time.Millisecond
	batchLeast = 10
)

// Outcome is what became of one user.
type Outcome string

// The outcomes.
const (
	Changed   Outcome = "done"
	Unchanged Outcome = "unchanged" // there was nothing to do
	Refused   Outcome = "refused"
)

// Line is what became of one user. Reasons is empty unless they were refused.
type Line struct {
	Position int                  `json:"position"` // from 1, in the order of the work
	Username string               `json:"username"`
	Outcome  Outcome              `json:"outcome"`
	Reasons  []cardinal.Violation `json:"reasons,omitempty"`
}

// batch is the users whom one transaction deals with.
type batch struct {
	*Service
	tx      *store.Tx
	by      credential.Acting
	kind    Kind
	expires time.Time
	lines   []Line
	issued  []issuedPIN
}

// step deals with the next users in one transaction and returns the state that
// the run is in after it.
func (w *worker) step(ctx context.Context) (State, error) {
	var state State
	err := w.store.Write(ctx, func(tx *store.Tx) error {
		run, err := w.held(ctx, tx)
		if err != nil {
			return err
		}
		b, err := w.batch(ctx, tx, &run)
		if err != nil {
			return err
		}
		if run.Cancelled && State(run.State) == Running {
			run.State = string(Cancelled)
		}
		if State(run.State) == Running {
			if err := b.work(ctx, &run); err != nil {
				return err
			}
		}
		state = State(run.State)
		if state != Running {
			return w.finish(ctx, tx, b.by.Caller, &run)
		}
		run.LeasedUntil = tx.Now().Add(lease)
		return tx.MoveBulkRun(ctx, run)
	})
	return state, err
}

// batch reads what the next users need. Whoever started the run must still be
// allowed to: otherwise the run fails.
func (w *worker) batch(ctx context.Context, tx *store.Tx, run *store.BulkRun) (*batch, error) {
	started, err := starterFrom(*run)
	if err != nil {
		return nil, err
	}
	var p parameters
	if err := json.Unmarshal([]byte(run.Parameters), &p); err != nil {
		return nil, fmt.Errorf("parameters of bulk action %s: %w", run.ID, err)
	}
	caller := started.caller(run.Customer)
	still, err := stillAllowed(ctx, tx, &caller, Kind(run.Kind))
	if err != nil {
		return nil, err
	}
	if !still {
		run.State, run.Detail = string(Failed), "Whoever started this may no longer do it. Somebody else must start it again for the others."
	}
	by, err := account.Acting(ctx, tx, caller)
	return &batch{Service: w.Service, tx: tx, by: by, kind: Kind(run.Kind), expires: p.Expires}, err
}

// stillAllowed gives the caller the role that they have now, and reports
// whether it allows the kind. A token that is gone or has expired allows nothing.
func stillAllowed(ctx context.Context, tx *store.Tx, caller *cardinal.Caller, kind Kind) (bool, error) {
	switch caller.Kind {
	case cardinal.CallerToken:
		token, err := tx.APIToken(ctx, caller.Customer, caller.Token)
		if cardinal.CodeOf(err) == cardinal.CodeNotFound || err == nil && !token.ExpiresAt.IsZero() && !token.ExpiresAt.After(tx.Now()) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	case cardinal.CallerUser:
		user, err := tx.User(ctx, caller.Customer, caller.User)
		if cardinal.CodeOf(err) == cardinal.CodeNotFound || err == nil && user.Disabled {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		caller.Role = user.Role
	}
	return caller.May(kind.Permission()), nil
}

// work deals with users while there is time, and counts them.
func (b *batch) work(ctx context.Context, run *store.BulkRun) error {
	users, err := b.tx.BulkUsers(ctx, run.ID, run.Position())
	if err != nil {
		return err
	}
	if len(users) == 0 {
		return fmt.Errorf("the work list of bulk action %s ends at %d of %d", run.ID, run.Position(), run.Total)
	}
	before := run.Position()
	for _, user := range users {
		if len(b.lines) >= batchLeast && b.overdue() {
			break
		}
		line, err := b.take(ctx, user)
		if err != nil {
			return err
		}
		line.Position = before + len(b.lines) + 1
		b.lines = append(b.lines, line)
	}
	report := store.BulkReport{Last: before + len(b.lines)}
	for _, line := range b.lines {
		switch line.Outcome {
		case Changed:
			report.Done++
		case Unchanged:
			report.Unchanged++
		case Refused:
			report.Refused++
		}
	}
	run.Done, run.Unchanged, run.Refused = run.Done+report.Done, run.Unchanged+report.Unchanged, run.Refused+report.Refused
	if run.Position() >= run.Total {
		run.State = string(Done)
	}
	return b.keep(ctx, run, report)
}

// overdue reports whether others have waited for the transaction long enough.
func (b *batch) overdue() bool {
	spent := b.store.Now().Sub(b.tx.Now())
	return spent >= batchMost || spent >= batchTime && b.tx.Awaited()
}

// take does it to one user. An error ends the transaction; a refusal is a line.
func (b *batch) take(ctx context.Context, listed store.BulkUser) (Line, error) {
	line := Line{Username: listed.Username, Outcome: Unchanged}
	user, err := b.tx.LockUser(ctx, b.by.Caller.Customer, listed.ID)
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		line.Outcome, line.Reasons = Refused, reasons(cardinal.Errorf(cardinal.CodeNotFound, "This user was deleted meanwhile."))
		return line, nil
	}
	if err != nil {
		return line, err
	}
	var changed bool
	var issued cardinal.PIN
	var pin cardinal.PINState
	refused, err := b.door.Attempt(ctx, b.tx, b.by, user, func() (err error) {
		if b.kind == IssuePINs {
			issued, pin, err = b.door.GeneratePINIn(ctx, b.tx, b.by, user)
			changed = err == nil
			return err
		}
		changed, err = b.do(ctx, user)
		return err
	})
	switch {
	case err != nil:
		return line, err
	case refused != nil:
		line.Outcome, line.Reasons = Refused, reasons(refused)
	case changed:
		line.Outcome = Changed
	}
	if refused == nil && b.kind == IssuePINs {
		b.issued = append(b.issued, issuedPIN{User: user.ID, ID: pin.ID, Text: issued.Reveal()})
	}
	return line, nil
}

// do is the action on one user, and reports whether it changed anything.
func (b *batch) do(ctx context.Context, user cardinal.User) (bool, error) {
	if err := b.kind.forbids(b.by.Caller, user); err != nil {
		return false, err
	}
	switch b.kind {
	case GenerateNumbers:
		return b.door.GenerateNumberIn(ctx, b.tx, b.by, user)
	case MailPINs:
		return true, b.door.MailPINIn(ctx, b.tx, b.by, user)
	case Invite:
		return b.ways.InviteIn(ctx, b.tx, b.by, user)
	case RemovePINs:
		return b.door.Apply(ctx, b.tx, b.by, user, credential.Change{RemovePIN: true})
	case RequireNewPINs:
		return b.door.RequireNewPINIn(ctx, b.tx, b.by, user)
	case ExpirePINs:
		return b.door.ShortenPINIn(ctx, b.tx, b.by, user, b.expires)
	case Disable, Enable:
		return b.accounts.UpdateIn(ctx, b.tx, b.by, user, account.Fields{Disabled: new(b.kind == Disable)})
	}
	return false, fmt.Errorf("bulk action of unknown kind %q", b.kind)
}

// reasons are what the report says of a refusal.
func reasons(refused error) []cardinal.Violation {
	if violations := cardinal.ViolationsOf(refused); len(violations) > 0 {
		return violations
	}
	return []cardinal.Violation{{Code: cardinal.ViolationCode(cardinal.CodeOf(refused)), Message: refused.Error()}}
}

// keep writes the outcomes of the batch, and the PINs that it has issued.
func (b *batch) keep(ctx context.Context, run *store.BulkRun, report store.BulkReport) error {
	text, err := json.Marshal(b.lines)
	if err != nil {
		return fmt.Errorf("report of bulk action %s: %w", run.ID, err)
	}
	report.Lines = string(text)
	if err := b.tx.AddBulkReport(ctx, run.ID, report); err != nil {
		return err
	}
	return b.keepPINs(ctx, run, report.Last)
}

// finish puts the end of a run on record. Its state says how it ended.
func (w *worker) finish(ctx context.Context, tx *store.Tx, caller cardinal.Caller, run *store.BulkRun) error {
	run.EndedAt, run.LeasedUntil = tx.Now(), time.Time{}
	if err := tx.MoveBulkRun(ctx, *run); err != nil {
		return err
	}
	if err := tx.DeleteBulkUsers(ctx, run.ID); err != nil {
		return err
	}
	return record(tx, caller, "bulk.finished", run.ID, audit.Fields{
		"action": run.Kind, "state": run.State, "users": run.Total, "done": run.Done, "unchanged": run.Unchanged, "refused": run.Refused,
	})
}
