package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	_ "modernc.org/sqlite"             // the driver sqlite

	"cardinal"
	"cardinal/internal/store"
)

// fill writes users with PINs, of which c.due expire in two hours.
func fill(ctx context.Context, c config, dir string, customer cardinal.CustomerID) error {
	const batch = 2000
	url := c.database
	if url == "" {
		url = filepath.Join(dir, "cardinal.db")
	}
	s, err := store.Open(ctx, store.Options{
		URL: url, Clock: time.Now,
		Chain: func(context.Context, *store.Tx, cardinal.CustomerID, []cardinal.AuditEntry) error {
			return errors.New("these have no audit entries")
		},
	})
	if err != nil {
		return err
	}
	for done := 0; done < c.pins && err == nil; done += batch {
		err = s.Write(ctx, func(tx *store.Tx) error {
			for i := done; i < min(done+batch, c.pins); i++ {
				if err := addOne(ctx, tx, customer, i, c.isDue(i)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return errors.Join(err, s.Close())
}

func addOne(ctx context.Context, tx *store.Tx, customer cardinal.CustomerID, i int, due bool) error {
	username := fmt.Sprintf("user%07d", i)
	user := cardinal.User{
		ID: cardinal.UserID(tx.NewID()), Customer: customer, Username: username, FullName: "Given" + username, Email: username + "@example.org",
		Role: cardinal.RoleUser, Source: "import",
	}
	if err := tx.AddUser(ctx, user); err != nil {
		return err
	}
	pin := store.StoredPIN{PINState: cardinal.PINState{ID: cardinal.PINID(tx.NewID()), User: user.ID, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(5000 * time.Hour)}}
	if due {
		pin.ExpiresAt = tx.Now().Add(2 * time.Hour)
	}
	pin.Tag = store.Tag{Version: 1, Sum: tagOf(i)}
	_, err := tx.AddPIN(ctx, customer, pin)
	return err
}

// isDue spreads those that are due among the others.
func (c config) isDue(i int) bool {
	every := max(c.pins/c.due, 1)
	return i%every == 0 && i/every < c.due
}

// tagOf is as good as random, as keyed digests are.
func tagOf(i int) []byte {
	sum := sha256.Sum256(fmt.Append(nil, i))
	return sum[:]
}

// measureRaw deletes as many rows as are due out of as many as there are, with an
// audit row for each, and returns how many a second.
func measureRaw(ctx context.Context, c config) (rate float64, err error) {
	driver, source, blob := "pgx", c.database, "BYTEA"
	if c.database == "" {
		dir, err := os.MkdirTemp("", "cardinal-raw-*")
		if err != nil {
			return 0, err
		}
		defer func() { _ = os.RemoveAll(dir) }() // a temporary directory more does no harm
		driver, blob = "sqlite", "BLOB"
		source = "file:" + filepath.Join(dir, "raw.db") +
			"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=cache_size(-16000)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	for _, statement := range []string{
		"DROP TABLE IF EXISTS raw_pins", "DROP TABLE IF EXISTS raw_audit",
		"CREATE TABLE raw_pins (user_id TEXT PRIMARY KEY, id TEXT NOT NULL, tag " + blob + " NOT NULL UNIQUE, expires_at BIGINT NOT NULL)",
		"CREATE INDEX raw_pins_expires_at ON raw_pins (expires_at)",
		"CREATE TABLE raw_audit (number BIGINT PRIMARY KEY, time BIGINT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL, before TEXT NOT NULL)",
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return 0, fmt.Errorf("raw tables: %w", err)
		}
	}
	insert := func(tx *sql.Tx, i int) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO raw_pins VALUES ($1, $2, $3, $4)", fmt.Sprintf("%026d", i), fmt.Sprintf("p%025d", i), tagOf(i), i)
		return err
	}
	if err := rawly(ctx, db, c.pins, insert); err != nil {
		return 0, err
	}
	began := time.Now()
	now := began.UnixMilli()
	err = rawly(ctx, db, c.pins, func(tx *sql.Tx, i int) error {
		if !c.isDue(i) {
			return nil
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM raw_pins WHERE user_id = $1", fmt.Sprintf("%026d", i)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO raw_audit VALUES ($1, $2, 'pin.expired', $3, '{}')", i, now, fmt.Sprintf("user user%07d", i))
		return err
	})
	return float64(c.due) / time.Since(began).Seconds(), err
}

// rawly does something n times in transactions of 5,000.
func rawly(ctx context.Context, db *sql.DB, n int, do func(*sql.Tx, int) error) error {
	const batch = 5000
	for from := 0; from < n; from += batch {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		for i := from; i < min(from+batch, n); i++ {
			if err := do(tx, i); err != nil {
				return errors.Join(err, tx.Rollback())
			}
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return nil
}
