package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"cardinal"
)

// sqliteReaders is how many transactions may read at once.
const sqliteReaders = 4

// sqliteEngine holds one connection that writes and a few that read, each with
// its prepared statements: compiling a statement costs this driver more than
// running it.
type sqliteEngine struct {
	pool    *sql.DB
	queue   *queue // before other programs
	waiting atomic.Int32
	writers chan *preparedConn
	readers chan *preparedConn
	closing sync.Once
	closed  chan struct{} // closed by close: from then on nobody gets a connection
	written chan struct{} // says that something was committed
	tidied  chan struct{} // closed when nobody looks after the log any more
	hasten  context.CancelFunc
}

// preparedConn is a connection with the statements it has compiled. Whoever
// took it from its channel has it alone.
type preparedConn struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
}

func openSQLite(ctx context.Context, path string) (*sqliteEngine, error) {
	if err := prepareFile(path); err != nil {
		return nil, err
	}
	query := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "cache_size(-16000)", "temp_store(MEMORY)",
		fmt.Sprintf("wal_autocheckpoint(%d)", checkpointLast)}}
	pool, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+query.Encode())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	turns, err := openQueue(path)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	e := &sqliteEngine{
		pool: pool, queue: turns, writers: make(chan *preparedConn, 1), readers: make(chan *preparedConn, sqliteReaders), closed: make(chan struct{}),
		written: make(chan struct{}, 1), tidied: make(chan struct{}),
	}
	for i := range 1 + sqliteReaders {
		conn, err := e.connect(ctx)
		if err != nil {
			return nil, errors.Join(unreadable(path, err), pool.Close(), turns.close())
		}
		prepared := &preparedConn{conn: conn, statements: map[string]*sql.Stmt{}}
		if i == 0 {
			e.writers <- prepared
			continue
		}
		if _, err := conn.ExecContext(ctx, "PRAGMA query_only(1)"); err != nil {
			return nil, errors.Join(unreadable(path, err), pool.Close(), turns.close())
		}
		e.readers <- prepared
	}
	tidier, err := e.connect(ctx)
	if err != nil {
		return nil, errors.Join(unreadable(path, err), pool.Close(), turns.close())
	}
	var background context.Context
	background, e.hasten = context.WithCancel(context.WithoutCancel(ctx))
	go e.keepLogShort(background, tidier)
	return e, nil
}

// connect opens one connection. While another program turns a new file into a
// database SQLite answers busy without waiting, so the waiting is done here.
func (e *sqliteEngine) connect(ctx context.Context) (*sql.Conn, error) {
	const tries = 20
	var conn *sql.Conn
	var err error
	for range tries {
		var failure *sqlite.Error
		if conn, err = e.pool.Conn(ctx); !errors.As(err, &failure) || failure.Code()&0xff != sqlite3.SQLITE_BUSY {
			return conn, err
		}
		if err := pause(ctx); err != nil {
			return nil, err
		}
	}
	return nil, err
}

// pause waits a little between two tries, or until the context ends.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(50 * time.Millisecond):
		return nil
	}
}

// prepareFile makes the file with rights for its owner alone, before SQLite
// would make it with the rights of the umask.
func prepareFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return unreadable(path, err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return unreadable(path, err)
	}
	return file.Close()
}

func unreadable(path string, err error) error {
	return cardinal.Errorf(cardinal.CodeUnavailable,
		"The data directory %s cannot be written. Check that it exists and belongs to the user that runs Cardinal.", filepath.Dir(path)).Because(err)
}

func (e *sqliteEngine) begin(ctx context.Context, write bool) (*work, error) {
	statement := "BEGIN"
	if write {
		statement = "BEGIN IMMEDIATE"
	}
	c, giveBack, err := e.take(ctx, write)
	if err != nil {
		return nil, err
	}
	// A transaction must end even where its context already has.
	unbound := context.WithoutCancel(ctx)
	if _, err := c.conn.ExecContext(ctx, statement); err != nil {
		// The driver may say that the context ended although the statement ran.
		_, _ = c.conn.ExecContext(unbound, "ROLLBACK")
		giveBack()
		return nil, fmt.Errorf("begin: %w", err)
	}
	var once sync.Once
	end := func() { once.Do(giveBack) }
	return &work{
		DBTX: c, awaited: e.awaited, alone: write, unnumbered: true,
		commit: func(context.Context) error {
			defer end()
			if _, err := c.conn.ExecContext(unbound, "COMMIT"); err != nil {
				_, rollbackErr := c.conn.ExecContext(unbound, "ROLLBACK")
				return fmt.Errorf("commit: %w", errors.Join(err, rollbackErr))
			}
			if write {
				e.noteWritten()
			}
			return nil
		},
		rollback: func() {
			defer end()
			// SQLite has rolled back by itself after some errors; then there is nothing to do.
			_, _ = c.conn.ExecContext(unbound, "ROLLBACK")
		},
	}, nil
}

// take waits for a connection, the one that writes or one that reads, and returns
// it with what gives it back.
func (e *sqliteEngine) take(ctx context.Context, write bool) (*preparedConn, func(), error) {
	from := e.readers
	if write {
		from = e.writers
		e.waiting.Add(1)
		defer e.waiting.Add(-1)
	}
	var c *preparedConn
	select {
	case c = <-from:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	case <-e.closed:
		return nil, nil, cardinal.Errorf(cardinal.CodeUnavailable, "The database is closed, because Cardinal is stopping.")
	}
	if !write {
		return c, func() { from <- c }, nil
	}
	if err := e.queue.enter(ctx); err != nil {
		from <- c
		return nil, nil, err
	}
	return c, func() {
		e.queue.leave()
		from <- c
	}, nil
}

// awaited reports whether somebody of this program waits for the connection that
// writes, or another program for its turn.
func (e *sqliteEngine) awaited() bool { return e.waiting.Load() > 0 || e.queue.awaited() }

func (e *sqliteEngine) code(err error) cardinal.Code {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return cardinal.CodeInternal
	}
	switch failure.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return cardinal.CodeConflict
	}
	switch failure.Code() & 0xff { // the primary code, whatever the extended one adds
	case sqlite3.SQLITE_FULL:
		return cardinal.CodeStorageFull
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,
		sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return cardinal.CodeUnavailable
	}
	return cardinal.CodeInternal
}

// retry is never asked for: SQLite has one writer and no deadlocks.
func (e *sqliteEngine) retry(error) bool { return false }

func (e *sqliteEngine) close() error {
	var errs []error
	e.closing.Do(func() {
		close(e.closed)
		e.hasten()
		<-e.tidied
		errs = append(errs, (<-e.writers).close())
		for range sqliteReaders {
			errs = append(errs, (<-e.readers).close())
		}
		errs = append(errs, e.pool.Close(), e.queue.close())
	})
	return errors.Join(errs...)
}

func (c *preparedConn) close() error {
	for _, statement := range c.statements {
		_ = statement.Close() // the connection goes with it in any case
	}
	return c.conn.Close()
}

// PrepareContext returns the connection's compiled statement for query.
func (c *preparedConn) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if statement, ok := c.statements[query]; ok {
		return statement, nil
	}
	statement, err := c.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	c.statements[query] = statement
	return statement, nil
}

// ExecContext runs a compiled statement.
func (c *preparedConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	statement, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return statement.ExecContext(ctx, args...)
}

// QueryContext runs a compiled statement that answers rows.
func (c *preparedConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	statement, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return statement.QueryContext(ctx, args...)
}

// QueryRowContext runs a compiled statement that answers one row. A statement
// that does not compile is run uncompiled, so that the row carries the error.
func (c *preparedConn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	statement, err := c.PrepareContext(ctx, query)
	if err != nil {
		return c.conn.QueryRowContext(ctx, query, args...)
	}
	return statement.QueryRowContext(ctx, args...)
}
