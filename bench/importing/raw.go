package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	_ "modernc.org/sqlite"             // the driver sqlite
)

// rawBatch is how many lines the raw program writes in a transaction.
const rawBatch = 5000

// rawTables are the columns that an import fills, with the same constraints.
const rawTables = `
CREATE TABLE raw_users (id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, username TEXT NOT NULL, username_key TEXT NOT NULL,
  full_name TEXT NOT NULL, email TEXT NOT NULL, department TEXT NOT NULL, search_key TEXT NOT NULL, created_at BIGINT NOT NULL,
  UNIQUE (customer_id, username_key));
CREATE TABLE raw_numbers (user_id TEXT NOT NULL, slot TEXT NOT NULL, customer_id TEXT NOT NULL, tag BLOB_TYPE NOT NULL,
  sealed BLOB_TYPE NOT NULL, number_end TEXT NOT NULL, PRIMARY KEY (user_id, slot), UNIQUE (customer_id, tag));
CREATE TABLE raw_audit (customer_id TEXT NOT NULL, number BIGINT NOT NULL, time BIGINT NOT NULL, actor TEXT NOT NULL,
  action TEXT NOT NULL, subject TEXT NOT NULL, after TEXT NOT NULL, PRIMARY KEY (customer_id, number));`

// measureRaw inserts the rows and returns lines a second.
func measureRaw(ctx context.Context, c config) (float64, error) {
	db, clean, err := openRaw(c)
	if err != nil {
		return 0, err
	}
	defer clean()
	defer db.Close()
	began := time.Now()
	for from := 0; from < c.lines; from += rawBatch {
		if err := rawInserts(ctx, db, from, min(from+rawBatch, c.lines)); err != nil {
			return 0, fmt.Errorf("raw: %w", err)
		}
	}
	return float64(c.lines) / time.Since(began).Seconds(), nil
}

func openRaw(c config) (*sql.DB, func(), error) {
	clean := func() {}
	driver, source, blob := "pgx", c.database, "BYTEA"
	if c.database == "" {
		directory, err := os.MkdirTemp("", "cardinal-raw-*")
		if err != nil {
			return nil, nil, err
		}
		clean = func() { _ = os.RemoveAll(directory) } // a temporary directory more does no harm
		driver, blob = "sqlite", "BLOB"
		source = "file:" + filepath.Join(directory, "raw.db") +
			"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=cache_size(-16000)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(1)
	tables := "DROP TABLE IF EXISTS raw_users; DROP TABLE IF EXISTS raw_numbers; DROP TABLE IF EXISTS raw_audit;" + rawTables
	for statement := range strings.SplitSeq(strings.TrimSuffix(strings.ReplaceAll(tables, "BLOB_TYPE", blob), ";"), ";") {
		if _, err := db.Exec(statement); err != nil {
			return nil, nil, fmt.Errorf("raw tables: %w", err)
		}
	}
	return db, clean, nil
}

func rawInserts(ctx context.Context, db *sql.DB, from, to int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after the commit there is nothing to roll back
	var statements [3]*sql.Stmt
	for i, text := range []string{
		"INSERT INTO raw_users VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		"INSERT INTO raw_numbers VALUES ($1, $2, $3, $4, $5, $6)",
		"INSERT INTO raw_audit VALUES ($1, $2, $3, $4, $5, $6, $7)",
	} {
		if statements[i], err = tx.PrepareContext(ctx, text); err != nil {
			return err
		}
		defer statements[i].Close()
	}
	mac := hmac.New(sha256.New, make([]byte, 32))
	for i := from; i < to; i++ {
		p := personOf(i)
		id, now := fmt.Sprintf("%026d", i), time.Now().UnixMilli()
		mac.Reset()
		mac.Write([]byte(p.number))
		tag := mac.Sum(nil)
		if _, err := statements[0].ExecContext(ctx, id, "c", p.username, p.username, p.name, p.email, p.department,
			p.username+"\n"+p.name+"\n"+p.email, now); err != nil {
			return err
		}
		if _, err := statements[1].ExecContext(ctx, id, "primary", "c", tag, tag, p.number[len(p.number)-4:]); err != nil {
			return err
		}
		if _, err := statements[2].ExecContext(ctx, "c", i+1, now, "console", "user.created", "user "+p.username, `{"fullName":"`+p.name+`"}`); err != nil {
			return err
		}
	}
	return tx.Commit()
}
