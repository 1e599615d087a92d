package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"cardinal"
)

// postgresConns is how many connections a node opens at most.
const postgresConns = 16

// postgresConnectTimeout is how long the server has to take up a connection,
// where the address says nothing of it.
const postgresConnectTimeout = 5 * time.Second

type postgresEngine struct{ pool *sql.DB }

func openPostgres(url string) (*postgresEngine, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		// pgx's message repeats the address, and with it the password.
		return nil, cardinal.Errorf(cardinal.CodeInvalid, "The database address is not one that PostgreSQL understands. It looks like postgres://user@host:5432/database.")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = postgresConnectTimeout
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(postgresConns)
	pool.SetMaxIdleConns(postgresConns)
	return &postgresEngine{pool: pool}, nil
}

func (e *postgresEngine) begin(ctx context.Context, write bool) (*work, error) {
	options := &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	if !write {
		options = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := e.pool.BeginTx(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	return &work{
		DBTX:     tx,
		commit:   func(context.Context) error { return tx.Commit() },
		rollback: func() { _ = tx.Rollback() }, // a lost connection has rolled back already
	}, nil
}

func (e *postgresEngine) code(err error) cardinal.Code {
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
		return postgresCode(failure.Code)
	}
	var network net.Error
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) {
		return cardinal.CodeUnavailable
	}
	// How a connection ends whose server was killed in the middle of an answer.
	for _, end := range []error{sql.ErrConnDone, driver.ErrBadConn, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, end) {
			return cardinal.CodeUnavailable
		}
	}
	return cardinal.CodeInternal
}

// postgresCode classifies an SQLSTATE (PostgreSQL manual, appendix A).
func postgresCode(state string) cardinal.Code {
	switch state {
	case "23505": // unique_violation
		return cardinal.CodeConflict
	case "53100": // disk_full
		return cardinal.CodeStorageFull
	case "22021": // character_not_in_repertoire: a zero byte, or not UTF-8
		return cardinal.CodeInvalid
	case "25006", "40001", "40P01": // read_only_sql_transaction, serialization_failure, deadlock_detected
		return cardinal.CodeUnavailable
	}
	switch state[:2] {
	case "08", "28", "3D", "53", "57", "58": // connection, authorization, no such database, resources, operator intervention, system error
		return cardinal.CodeUnavailable
	}
	return cardinal.CodeInternal
}

func (e *postgresEngine) retry(err error) bool {
	var failure *pgconn.PgError
	return errors.As(err, &failure) && (failure.Code == "40P01" || failure.Code == "40001")
}

func (e *postgresEngine) close() error { return e.pool.Close() }
