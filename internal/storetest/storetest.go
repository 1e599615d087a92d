// Package storetest gives tests a real database of either kind with a clock
// they can set, a key ring and the audit chain wired, and puts customers and
// users into it.
//
// It is for tests only, and it does not own what a store promises: that is
// tested in package store, with what stands here.
package storetest

import (
	"context"
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/pgtest"
	"cardinal/internal/seal"
	"cardinal/internal/store"
)

// Kind is one of the two databases.
type Kind string

// The kinds.
const (
	SQLite     Kind = "sqlite"
	PostgreSQL Kind = "postgresql"
)

// Kinds returns both kinds.
func Kinds() []Kind { return []Kind{SQLite, PostgreSQL} }

// Database is one database and what all nodes on it share.
type Database struct {
	Kind  Kind
	URL   string
	Clock *Clock
	Ring  *seal.Ring
}

// New makes an empty database of that kind, with a clock that stands at noon of
// 2 March 2026 UTC, a Monday, and a fresh key ring. Where PostgreSQL is missing
// it skips t, or fails it if CI=true.
func New(t testing.TB, kind Kind) *Database {
	t.Helper()
	d := &Database{Kind: kind, Clock: &Clock{now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}, Ring: seal.New()}
	if kind == PostgreSQL {
		d.URL = pgtest.URL(t)
	} else {
		d.URL = filepath.Join(t.TempDir(), "cardinal.db")
	}
	return d
}

// Open opens one more node on the database; it is closed when t ends.
func (d *Database) Open(t testing.TB) *store.Store {
	t.Helper()
	return d.OpenWith(t, d.Ring)
}

// OpenWith is Open with the audit chain under another ring.
func (d *Database) OpenWith(t testing.TB, ring *seal.Ring) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), d.Options(ring))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return s
}

// Options returns what Open opens the database with.
func (d *Database) Options(ring *seal.Ring) store.Options {
	return store.Options{URL: d.URL, Clock: d.Clock.Now, Chain: audit.NewChain(ring).Write}
}

// Driver returns what database/sql opens the database with behind the store's
// back: to look into it, or to tamper with it.
func (d *Database) Driver() (name, source string) {
	if d.Kind == PostgreSQL {
		return "pgx", d.URL
	}
	return "sqlite", "file:" + d.URL + "?_pragma=busy_timeout(5000)"
}

// Open opens an empty database of that kind; it is closed when t ends.
func Open(t testing.TB, kind Kind) *store.Store {
	t.Helper()
	return New(t, kind).Open(t)
}

// Each runs a suite on an empty database of each kind. Each call of open gives
// one more node on the same database.
func Each(t *testing.T, suite func(t *testing.T, open func() *store.Store)) {
	t.Helper()
	EachDatabase(t, func(t *testing.T, d *Database) {
		suite(t, func() *store.Store { return d.Open(t) })
	})
}

// EachDatabase is Each for suites that set the clock, rotate keys or look into
// the database.
func EachDatabase(t *testing.T, suite func(t *testing.T, d *Database)) {
	t.Helper()
	for _, kind := range Kinds() {
		t.Run(string(kind), func(t *testing.T) { suite(t, New(t, kind)) })
	}
}

// Clock is a clock that stands where it was set. Safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns where the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set puts the clock to an instant, which may be an earlier one.
func (c *Clock) Set(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = to
}

// Add moves the clock on, or back if by is negative.
func (c *Clock) Add(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// Write runs do in a transaction that must succeed.
func Write(t testing.TB, s *store.Store, do func(context.Context, *store.Tx) error) {
	t.Helper()
	if err := s.Write(t.Context(), func(tx *store.Tx) error { return do(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// Read runs do in a reading transaction that must succeed.
func Read(t testing.TB, s *store.Store, do func(context.Context, *store.Tx) error) {
	t.Helper()
	if err := s.Read(t.Context(), func(tx *store.Tx) error { return do(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// Customer adds a customer of that name.
func Customer(t testing.TB, s *store.Store, name string) cardinal.Customer {
	t.Helper()
	var c cardinal.Customer
	Write(t, s, func(ctx context.Context, tx *store.Tx) error {
		c = cardinal.Customer{ID: cardinal.CustomerID(tx.NewID()), Name: name, CreatedAt: tx.Now()}
		return tx.AddCustomer(ctx, c)
	})
	return c
}

// User adds a user with an e-mail address and nothing else that is theirs.
func User(t testing.TB, s *store.Store, customer cardinal.CustomerID, username string) cardinal.User {
	t.Helper()
	return Users(t, s, customer, username)[0]
}

// Users adds several users in one transaction.
func Users(t testing.TB, s *store.Store, customer cardinal.CustomerID, usernames ...string) []cardinal.User {
	t.Helper()
	users := make([]cardinal.User, len(usernames))
	Write(t, s, func(ctx context.Context, tx *store.Tx) error {
		for i, username := range usernames {
			users[i] = cardinal.User{
				ID: cardinal.UserID(tx.NewID()), Customer: customer, Username: username, Role: cardinal.RoleUser, Source: "manual",
				Email: "someone@example.org", CreatedAt: tx.Now(), UpdatedAt: tx.Now(), Revision: 1,
			}
			if err := tx.AddUser(ctx, users[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return users
}

// Set gives settings of a customer these values, which are encoded as JSON.
func Set(t testing.TB, s *store.Store, customer cardinal.CustomerID, values map[string]any) {
	t.Helper()
	Write(t, s, func(ctx context.Context, tx *store.Tx) error {
		for key, value := range values {
			text, err := json.Marshal(value)
			if err != nil {
				return err
			}
			if err := tx.PutSetting(ctx, customer, key, string(text)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Audit returns the audit entries of a customer, oldest first.
func Audit(t testing.TB, s *store.Store, customer cardinal.CustomerID) []cardinal.AuditEntry {
	t.Helper()
	var entries []cardinal.AuditEntry
	Read(t, s, func(ctx context.Context, tx *store.Tx) error {
		chained, err := tx.AuditChain(ctx, customer, 0, 1<<20)
		for _, entry := range chained {
			entries = append(entries, entry.AuditEntry)
		}
		return err
	})
	return entries
}

// Events lists the events of a customer, in order, each as its type, its user's
// name, and its attributes in their order.
func Events(t testing.TB, s *store.Store, customer cardinal.CustomerID) []string {
	t.Helper()
	var texts []string
	Read(t, s, func(ctx context.Context, tx *store.Tx) error {
		events, err := tx.Events(ctx, customer, 0, 1<<20)
		for _, e := range events {
			words := []string{string(e.Type)}
			if e.User != "" {
				user, err := tx.User(ctx, customer, e.User)
				if err != nil {
					return err
				}
				words = append(words, user.Username)
			}
			for _, name := range slices.Sorted(maps.Keys(e.Attributes)) {
				words = append(words, name+"="+e.Attributes[name])
			}
			texts = append(texts, strings.Join(words, " "))
		}
		return err
	})
	return texts
}
