package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"cardinal"
	"cardinal/internal/store/db"
)

// Tx is one transaction: typed statements and one instant. It is for the
// goroutine that got it and ends with the function that got it.
type Tx struct {
	store   *Store
	work    *work
	q       *db.Queries
	now     time.Time
	entries []cardinal.AuditEntry
	owners  []cardinal.CustomerID // of entries, index by index
	events  []cardinal.Event
	broken  error // why this must not be committed: a savepoint could not undo its work
}

// Now is the instant of the transaction: the same at each call.
func (tx *Tx) Now() time.Time { return tx.now }

// NewID makes an identifier; see the ID types of package cardinal.
func (tx *Tx) NewID() string { return tx.store.newID(tx.now) }

// IDOf makes the one identifier of a subject at a time: the same for the same
// two, and in the order of the times among others.
func (tx *Tx) IDOf(subject string, at time.Time) string {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16)
	sum := sha256.Sum256([]byte(subject))
	copy(id[8:], sum[:])
	return idText(id)
}

// Awaited reports whether another transaction waits for this one to end, of this
// program or of another one: always false where writers do not wait for one another, as in
// PostgreSQL. Long work asks it to know when to let others go first.
func (tx *Tx) Awaited() bool { return tx.work.awaited != nil && tx.work.awaited() }

// Savepoint runs fn so that, if it fails, what it wrote and what it queued are
// undone, while the rest of the transaction stays. It returns fn's
// error. If the undoing fails, that error is returned instead, so that nobody
// takes it for a mere refusal, and the transaction will not commit.
func (tx *Tx) Savepoint(ctx context.Context, fn func() error) error {
	queued, events := len(tx.entries), len(tx.events)
	if _, err := tx.work.ExecContext(ctx, "SAVEPOINT line"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	failure := fn()
	if failure == nil {
		if _, err := tx.work.ExecContext(ctx, "RELEASE SAVEPOINT line"); err != nil {
			return fmt.Errorf("release savepoint: %w", err)
		}
		return nil
	}
	tx.entries, tx.owners = tx.entries[:queued], tx.owners[:queued]
	tx.events = tx.events[:events]
	for _, statement := range []string{"ROLLBACK TO SAVEPOINT line", "RELEASE SAVEPOINT line"} {
		if _, err := tx.work.ExecContext(ctx, statement); err != nil {
			tx.broken = fmt.Errorf("roll back to savepoint: %w", err)
			return tx.broken
		}
	}
	return failure
}

// QueueAudit keeps an entry until the commit, when it is numbered, chained and
// written with the others: the chain's head is then locked last and briefly.
func (tx *Tx) QueueAudit(customer cardinal.CustomerID, entry cardinal.AuditEntry) {
	entry.Time = tx.now
	tx.entries = append(tx.entries, entry)
	tx.owners = append(tx.owners, customer)
}

// flush writes what waits for the commit.
func (tx *Tx) flush(ctx context.Context) error {
	if err := tx.flushAudit(ctx); err != nil {
		return err
	}
	return tx.flushEvents(ctx)
}

// flushAudit locks the heads of several customers in one order, whatever the
// order of the work was, or two transactions could wait for one another.
func (tx *Tx) flushAudit(ctx context.Context) error {
	byCustomer := map[cardinal.CustomerID][]cardinal.AuditEntry{}
	for i, entry := range tx.entries {
		byCustomer[tx.owners[i]] = append(byCustomer[tx.owners[i]], entry)
	}
	for _, customer := range slices.Sorted(maps.Keys(byCustomer)) {
		if err := tx.store.chain(ctx, tx, customer, byCustomer[customer]); err != nil {
			return fmt.Errorf("write audit entries: %w", err)
		}
	}
	return nil
}

// found turns "no rows" into an Error of CodeNotFound that says what is missing.
func found(err error, what string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return cardinal.Errorf(cardinal.CodeNotFound, "%s", missing(what))
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	return nil
}

// missing says what is not there. What people can look for has a sentence of
// its own, since other languages do not put every word into one sentence.
func missing(what string) cardinal.Sentence {
	switch what {
	case "API token":
		return cardinal.Say("There is no such API token.")
	case "PIN":
		return cardinal.Say("There is no such PIN.")
	case "card number":
		return cardinal.Say("There is no such card number.")
	case "customer":
		return cardinal.Say("There is no such customer.")
	case "device":
		return cardinal.Say("There is no such device.")
	case "import":
		return cardinal.Say("There is no such import.")
	case "session":
		return cardinal.Say("There is no such session.")
	case "user":
		return cardinal.Say("There is no such user.")
	}
	return cardinal.Say("There is no such %s.", what)
}

func taken(what string) cardinal.Sentence {
	switch what {
	case "username":
		return cardinal.Say("This username is taken. Choose another one.")
	case "name":
		return cardinal.Say("This name is taken. Choose another one.")
	}
	return cardinal.Say("This %s is taken. Choose another one.", what)
}

// one checks a write that must touch exactly one row of what.
func one(rows int64, err error, what string) error {
	if err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	if rows == 0 {
		return cardinal.Errorf(cardinal.CodeNotFound, "%s", missing(what))
	}
	return nil
}

// free checks an insert that does nothing where its key is taken.
func free(rows int64, err error, what, field string) error {
	if err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	if rows == 0 {
		v := cardinal.Violated(cardinal.ViolationTaken, field, "%s", taken(what))
		return &cardinal.Error{Code: cardinal.CodeConflict, Detail: v.Message, Violations: []cardinal.Violation{v}}
	}
	return nil
}

// each maps the rows of a list.
func each[Row, Noun any](rows []Row, err error, what string, noun func(Row) Noun) ([]Noun, error) {
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", what, err)
	}
	nouns := make([]Noun, len(rows))
	for i, row := range rows {
		nouns[i] = noun(row)
	}
	return nouns, nil
}
