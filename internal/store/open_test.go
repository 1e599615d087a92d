package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/seal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// behind opens the database behind the store's back.
func behind(t *testing.T, d *storetest.Database) *sql.DB {
	t.Helper()
	db, err := sql.Open(d.Driver())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func exec(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

func TestOpenAtOnceOnAnEmptyDatabase(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		stores := make([]*store.Store, 4)
		all(t, len(stores), func(i int) (err error) {
			stores[i], err = store.Open(t.Context(), d.Options(d.Ring))
			return err
		})
		for i, s := range stores {
			if s != nil {
				storetest.Customer(t, s, fmt.Sprint("Customer ", i))
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

func TestOpenAgainKeepsEverything(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		s, err := store.Open(t.Context(), d.Options(d.Ring))
		if err != nil {
			t.Fatal(err)
		}
		customer := storetest.Customer(t, s, "Pilsen Print")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		again := node{d.Open(t), t}
		again.read(func(ctx context.Context, tx *store.Tx) error {
			got, err := tx.Customer(ctx, customer.ID)
			same(t, customer, got)
			return err
		})
	})
}

func TestANewerDatabaseIsRefusedAndLeftAlone(t *testing.T) {
	on(t, func(t *testing.T, n node, d *storetest.Database, _ cardinal.CustomerID) {
		db := behind(t, d)
		exec(t, db, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (4711, TRUE)")
		state := func() (text string) {
			if err := db.QueryRowContext(t.Context(), "SELECT CAST(count(*) AS TEXT) || ' ' || CAST(max(version_id) AS TEXT) FROM goose_db_version").Scan(&text); err != nil {
				t.Fatal(err)
			}
			return text
		}
		before := state()
		_, err := store.Open(t.Context(), d.Options(d.Ring))
		wantCode(t, err, cardinal.CodeUnavailable)
		if !strings.Contains(err.Error(), "newer") || !strings.Contains(err.Error(), "4711") {
			t.Errorf("the error does not say what is wrong: %v", err)
		}
		same(t, before, state())
		storetest.Customer(t, n.Store, "Other") // the newer program goes on
	})
}

func TestCloseTwiceAndUseAfterwards(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		s := d.Open(t) // closed once more when the test ends
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for name, do := range map[string]func(context.Context, func(*store.Tx) error) error{"Read": s.Read, "Write": s.Write} {
			err := do(ctx, func(*store.Tx) error { t.Error("ran on a closed store"); return nil })
			if err == nil || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s on a closed store: %v", name, err)
			}
		}
	})
}

func TestCloseWaitsForRunningTransactions(t *testing.T) {
	on(t, func(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
		s, err := store.Open(t.Context(), d.Options(d.Ring))
		if err != nil {
			t.Fatal(err)
		}
		running, closed := make(chan struct{}), make(chan error)
		go func() { <-running; closed <- s.Close() }()
		storetest.Write(t, s, func(ctx context.Context, tx *store.Tx) error {
			close(running)
			time.Sleep(20 * time.Millisecond)
			return tx.AddUser(ctx, fullUser(tx, c, "anna"))
		})
		if err := <-closed; err != nil {
			t.Error(err)
		}
		same(t, []string{"anna"}, usernames(t, n, c))
	})
}

func testWaitingForTheWriterEndsWithTheContext(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	user := storetest.User(t, n.Store, c, "anna")
	n.write(func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.LockUser(ctx, c, user.ID); err != nil {
			return err
		}
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		err := n.Write(short, func(tx *store.Tx) error { _, err := tx.LockUser(short, c, user.ID); return err })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting ended with %v", err)
		}
		return nil
	})
	storetest.User(t, n.Store, c, "bert") // and the next one gets through
}

func testCallersWhoHangUpLeaveTheStoreUsable(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	for i := range 300 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() { time.Sleep(time.Duration(i) * time.Microsecond); cancel() }()
		err := n.Write(ctx, func(tx *store.Tx) error { return tx.AddUser(ctx, fullUser(tx, c, "anna")) })
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) && cardinal.CodeOf(err) != cardinal.CodeConflict {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	storetest.User(t, n.Store, c, "bert")
}

func TestSQLiteFileIsForItsOwnerAlone(t *testing.T) {
	d := storetest.New(t, storetest.SQLite)
	d.URL = filepath.Join(t.TempDir(), "made", "with spaces, 100% odd? #name é.db")
	storetest.Customer(t, d.Open(t), "Pilsen Print")
	for path, want := range map[string]os.FileMode{d.URL: 0o600, d.URL + "-wal": 0o600, d.URL + "-shm": 0o600, filepath.Dir(d.URL): 0o700 | os.ModeDir} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %s, want %s", path, info.Mode(), want)
		}
	}
}

func TestOpenNamesWhatIsWrong(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte(strings.Repeat("this is no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, url, says string
		code            cardinal.Code
	}{
		{"a directory that cannot be made", filepath.Join(file, "sub", "cardinal.db"), "cannot be written", cardinal.CodeUnavailable},
		{"a directory in place of the file", t.TempDir(), "cannot be written", cardinal.CodeUnavailable},
		{"a file that is no database", file, "", cardinal.CodeUnavailable},
		{"an address that is none", "postgres://user:sesame@host:port/x", "postgres://", cardinal.CodeInvalid},
		{"a server that is not there", "postgres://user:sesame@127.0.0.1:1/x", "cannot be reached", cardinal.CodeUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := store.Open(t.Context(), (&storetest.Database{URL: c.url, Clock: &storetest.Clock{}}).Options(seal.New()))
			wantCode(t, err, c.code)
			if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "sesame") {
				t.Errorf("the error says: %v", err)
			}
		})
	}
	t.Run("a directory without the right to write", func(t *testing.T) {
		if os.Geteuid() == 0 {
			t.Skip("root may write everywhere")
		}
		dir := t.TempDir()
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
		_, err := store.Open(t.Context(), (&storetest.Database{URL: filepath.Join(dir, "cardinal.db"), Clock: &storetest.Clock{}}).Options(seal.New()))
		wantCode(t, err, cardinal.CodeUnavailable)
	})
}
