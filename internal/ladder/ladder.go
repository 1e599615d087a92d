// Package ladder measures sign-in beside what limits it, in the same run on the
// same machine: a handler that does nothing but HTTP and JSON, the same with the
// keyed hashes, with a look-up that records nothing, and with a commit for each
// try. It owns those rungs, each a server on an SQLite file of its own, and the
// load that asks them and a running Cardinal in the same way.
//
// It does not own what it measures: it asks over HTTP, like a device.
package ladder

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver that Cardinal uses
)

// Rung is one step of the ladder.
type Rung string

// The rungs, each with all that the one before it does.
const (
	Bare   Rung = "a" // net/http and JSON
	Hash   Rung = "b" // + the tags of number and PIN
	LookUp Rung = "c" // + one look-up, nothing recorded
	Commit Rung = "d" // + counters and record, one commit a try
)

// Rungs returns all of them, from the bottom.
func Rungs() []Rung { return []Rung{Bare, Hash, LookUp, Commit} }

// Does says what a rung does.
func (r Rung) Does() string {
	switch r {
	case Bare:
		return "bare net/http and JSON"
	case Hash:
		return "b + HMAC of number and PIN"
	case LookUp:
		return "c + one look-up, nothing recorded"
	case Commit:
		return "d + one commit for each try"
	}
	return ""
}

// Fill writes the file that the rungs of LookUp and Commit look in.
func Fill(ctx context.Context, path string, people People) error {
	db, err := open(path)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	fill := func() error {
		for _, statement := range []string{
			`CREATE TABLE people (tag BLOB PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, pin BLOB NOT NULL)`,
			`CREATE TABLE counters (tag BLOB PRIMARY KEY, wrong INTEGER NOT NULL, until INTEGER NOT NULL)`,
			`CREATE TABLE tries (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, name TEXT NOT NULL, outcome TEXT NOT NULL)`,
		} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		insert, err := tx.PrepareContext(ctx, "INSERT INTO people VALUES (?, ?, ?, ?)") //nolint:sqlclosecheck // ends with the transaction
		if err != nil {
			return err
		}
		for i, number := range people.Numbers {
			name := fmt.Sprint("user", i)
			if _, err := insert.ExecContext(ctx, tag(number), name, name+"@example.org", tag(people.PINs[i])); err != nil {
				return err
			}
		}
		return tx.Commit()
	}
	if err := fill(); err != nil {
		return errors.Join(err, tx.Rollback(), db.Close())
	}
	return db.Close()
}

func open(path string) (*sql.DB, error) {
	const how = "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-16000)"
	return sql.Open("sqlite", "file:"+filepath.ToSlash(path)+how)
}

// Serve serves a rung at the listener until ctx ends.
func Serve(ctx context.Context, rung Rung, path string, listener net.Listener) error {
	s := &server{rung: rung}
	if rung == LookUp || rung == Commit {
		if err := s.open(ctx, path); err != nil {
			return err
		}
		defer func() { _ = s.db.Close() }() // what is committed is on the disk
	}
	web := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = web.Close()
	}()
	if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type server struct {
	rung Rung
	db   *sql.DB
	mu   sync.Mutex // of the one who writes

	lookUp, counter, count, record *sql.Stmt
}

func (s *server) open(ctx context.Context, path string) error {
	var err error
	if s.db, err = open(path); err != nil {
		return err
	}
	connections := 4
	if s.rung == Commit {
		connections = 1 // which then has all statements compiled
	}
	s.db.SetMaxOpenConns(connections)
	s.db.SetMaxIdleConns(connections)
	for into, text := range map[**sql.Stmt]string{
		&s.lookUp:  "SELECT name, email, pin FROM people WHERE tag = ?",
		&s.counter: "SELECT wrong, until FROM counters WHERE tag = ?",
		&s.count:   "INSERT INTO counters VALUES (?, 1, 0) ON CONFLICT (tag) DO UPDATE SET wrong = wrong + 1",
		&s.record:  "INSERT INTO tries (time, name, outcome) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), ?, ?)",
	} {
		if *into, err = s.db.PrepareContext(ctx, text); err != nil { //nolint:sqlclosecheck // ends with the database
			return errors.Join(err, s.db.Close())
		}
	}
	return nil
}

type presented struct {
	Number string `json:"number"`
	PIN    string `json:"pin"`
}

type person struct {
	Username string `json:"username"`
	Email    string `json:"email"`
}

func tag(text string) []byte {
	mac := hmac.New(sha256.New, []byte("a key of thirty-two bytes or so!"))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// ServeHTTP answers one try.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var try presented
	if err := json.NewDecoder(r.Body).Decode(&try); err != nil {
		http.Error(w, "no JSON", http.StatusBadRequest)
		return
	}
	who, right, err := s.decide(r.Context(), try)
	status := http.StatusOK
	switch {
	case err != nil:
		status = http.StatusServiceUnavailable
	case !right:
		status = http.StatusUnauthorized
	}
	content, err := json.Marshal(who)
	if err != nil {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(content) // nobody is left to tell that the client is gone
}

func (s *server) decide(ctx context.Context, try presented) (who person, right bool, err error) {
	if s.rung == Bare {
		return person{Username: "somebody"}, true, nil
	}
	number, pin := tag(try.Number), tag(try.PIN)
	switch s.rung {
	case LookUp:
		return s.look(ctx, s.lookUp, number, pin)
	case Commit:
		return s.commit(ctx, number, pin)
	default:
		return person{Username: "somebody"}, !hmac.Equal(number, pin), nil
	}
}

func (s *server) look(ctx context.Context, statement *sql.Stmt, number, pin []byte) (who person, right bool, err error) {
	var stored []byte
	err = statement.QueryRowContext(ctx, number).Scan(&who.Username, &who.Email, &stored)
	if errors.Is(err, sql.ErrNoRows) {
		return person{}, false, nil
	}
	return who, hmac.Equal(stored, pin), err
}

// commit is exact lockout as it is first thought of: a transaction a try.
func (s *server) commit(ctx context.Context, number, pin []byte) (who person, right bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return who, false, err
	}
	defer func() { _ = tx.Rollback() }() // after the commit there is nothing to do
	var wrong, until int64
	counter, count, record := tx.StmtContext(ctx, s.counter), tx.StmtContext(ctx, s.count), tx.StmtContext(ctx, s.record) //nolint:sqlclosecheck // they end with the transaction
	err = counter.QueryRowContext(ctx, number).Scan(&wrong, &until)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return who, false, err
	}
	if who, right, err = s.look(ctx, tx.StmtContext(ctx, s.lookUp), number, pin); err != nil {
		return who, false, err
	}
	outcome := "success"
	if !right {
		outcome = "wrong-pin"
		if _, err := count.ExecContext(ctx, number); err != nil {
			return who, false, err
		}
	}
	if _, err := record.ExecContext(ctx, who.Username, outcome); err != nil {
		return who, false, err
	}
	return who, right, tx.Commit()
}
