// Package store keeps everything Cardinal knows, in SQLite or PostgreSQL from
// one SQL text. It owns the schema, its migrations, every statement, the
// translation between rows and the vocabulary, and the transaction with its one
// instant. It decides nothing: permissions, policy and limits are the callers',
// invariants are UNIQUE constraints and row locks.
//
// Rows are locked in one order everywhere, so that transactions wait for one
// another but never in a ring: bulk actions, settings, users (by the order of the work),
// counters (by subject), change counts, PINs and card numbers, and last, at
// commit, the head of the audit chain.
package store

import (
	"context"
	cryptorand "crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"cardinal"
	"cardinal/internal/store/db"
)

// Options say where the data is and what the store needs from outside.
type Options struct {
	// URL is the path of an SQLite file, made if it is missing, or an address
	// beginning with postgres:// or postgresql://.
	URL string
	// Clock is the one clock: each transaction asks it once.
	Clock func() time.Time
	// Chain writes the audit entries that a transaction has queued, as its last
	// step before the commit. An error rolls the transaction back.
	Chain func(ctx context.Context, tx *Tx, customer cardinal.CustomerID, entries []cardinal.AuditEntry) error
	// Failed is told of each transaction that the database could not do, also where
	// it was then done at another try; nil: nobody is. What a constraint refused
	// is no failure.
	Failed func(cardinal.Code)
}

// Store is an open database. All methods may be called concurrently.
type Store struct {
	engine engine
	clock  func() time.Time
	chain  func(context.Context, *Tx, cardinal.CustomerID, []cardinal.AuditEntry) error
	failed func(cardinal.Code)

	idMu     sync.Mutex
	idMillis int64
	idSerial uint16
}

// engine is one of the two databases.
type engine interface {
	// begin starts a transaction; one that writes excludes or locks others as
	// the engine does.
	begin(ctx context.Context, write bool) (*work, error)
	// code classifies an error of the engine; CodeInternal if it says nothing.
	code(err error) cardinal.Code
	// retry reports whether a transaction that failed so may be run again.
	retry(err error) bool
	migrate(ctx context.Context) error
	close() error
}

// work is a running transaction of an engine.
type work struct {
	db.DBTX
	commit   func(context.Context) error
	rollback func()
	awaited  func() bool // nil: never
	alone    bool        // nobody else can write before it ends
	// unnumbered says that arguments are best marked by ? alone.
	unnumbered bool
}

// Open opens the database, brings its schema up to date, and refuses one that
// a newer Cardinal has written. The caller closes the store.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{clock: o.Clock, chain: o.Chain, failed: o.Failed}
	if s.failed == nil {
		s.failed = func(cardinal.Code) {}
	}
	var err error
	if isPostgres(o.URL) {
		s.engine, err = openPostgres(o.URL)
	} else {
		s.engine, err = openSQLite(ctx, o.URL)
	}
	if err != nil {
		return nil, err
	}
	if err := s.engine.migrate(ctx); err != nil {
		return nil, errors.Join(s.translate(ctx, err), s.engine.close())
	}
	if err := s.makeSearchable(ctx); err != nil {
		return nil, errors.Join(err, s.engine.close())
	}
	return s, nil
}

func isPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// Close waits for running transactions and closes the database; once more does
// nothing. Transactions that begin afterwards are refused.
func (s *Store) Close() error { return s.engine.close() }

// Now asks the store's clock outside any transaction.
func (s *Store) Now() time.Time { return instant(s.clock()) }

// Read runs fn in a transaction that sees one state of the database.
func (s *Store) Read(ctx context.Context, fn func(*Tx) error) error {
	return s.run(ctx, false, fn)
}

// Write runs fn in a transaction. If fn returns nil, the queued audit entries
// are chained and everything is committed; otherwise nothing is changed. fn may
// be run again where the database chose this transaction to end a deadlock, so
// it must set what it hands out afresh each time. When Write returns nil, the
// change is durable.
func (s *Store) Write(ctx context.Context, fn func(*Tx) error) error {
	const tries = 5
	var err error
	for try := range tries {
		if err = s.run(ctx, true, fn); err == nil || !s.engine.retry(err) {
			return err
		}
		// Whoever runs again at once meets the other transaction again.
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(try+1) * (5*time.Millisecond + rand.N(10*time.Millisecond))):
		}
	}
	return err
}

func (s *Store) run(ctx context.Context, write bool, fn func(*Tx) error) error {
	w, err := s.engine.begin(ctx, write)
	if err != nil {
		return s.translate(ctx, err)
	}
	done := false
	defer func() {
		if !done {
			w.rollback()
		}
	}()
	tx := &Tx{store: s, work: w, q: db.New(w), now: s.Now()}
	if err := fn(tx); err != nil {
		return s.translate(ctx, err)
	}
	if tx.broken != nil {
		return s.translate(ctx, tx.broken)
	}
	if err := tx.flush(ctx); err != nil {
		return s.translate(ctx, err)
	}
	done = true
	return s.translate(ctx, w.commit(ctx))
}

// translate turns what an engine answered into an Error of the vocabulary, and
// leaves alone what already is one or what the caller's context says: a driver
// has contexts of its own, and their end means that the database does not answer.
func (s *Store) translate(ctx context.Context, err error) error {
	var known *cardinal.Error
	switch {
	case err == nil, errors.As(err, &known), ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return err
	}
	code := s.engine.code(err)
	if code != cardinal.CodeConflict && code != cardinal.CodeInvalid {
		s.failed(code)
	}
	switch code {
	case cardinal.CodeStorageFull:
		return cardinal.Errorf(code, "The disk is full. Nothing was changed.").Because(err)
	case cardinal.CodeUnavailable:
		return cardinal.Errorf(code, "The database cannot be reached or written at the moment. Try again shortly.").Because(err)
	case cardinal.CodeConflict:
		return cardinal.Errorf(code, "Somebody else has just taken this.").Because(err)
	case cardinal.CodeInvalid:
		return cardinal.Errorf(code, "This text has characters that cannot be stored.").Because(err)
	}
	return fmt.Errorf("store: %w", err)
}

// instant cuts t to what the database keeps: milliseconds, UTC.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// newID makes an identifier of 26 characters. Those of one process sort in the
// order they were made, whatever the clock does meanwhile.
func (s *Store) newID(now time.Time) string {
	s.idMu.Lock()
	if ms := now.UnixMilli(); ms > s.idMillis {
		s.idMillis, s.idSerial = ms, 0
	} else if s.idSerial++; s.idSerial == 0 {
		s.idMillis++
	}
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], uint64(s.idMillis)<<16|uint64(s.idSerial))
	s.idMu.Unlock()
	_, _ = cryptorand.Read(id[8:]) // never fails: crypto/rand ends the program instead
	return idText(id)
}

func idText(id [16]byte) string {
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(id[:]))
}
