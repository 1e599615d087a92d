package pgtest

import (
	"errors"
	"os"
	"sync"
	"testing"
)

// Options say how a server of one's own differs from the shared one.
type Options struct {
	// Durable leaves fsync and full_page_writes on, as in production. Without
	// it the server is faster and loses data when the machine fails.
	Durable bool
	// Settings are further lines of postgresql.conf, by name.
	Settings map[string]string
}

// shared starts the server that all callers of URL in this process share.
var shared = sync.OnceValues(func() (*Server, error) { return start(Options{}) })

// URL returns the address of a fresh and empty database on a server that the
// test process shares, in the form postgres://user:password@host:port/name.
// The first call starts the server, which takes about a second. The database
// is dropped, and who is still connected is cut off, when t ends.
//
// Where PostgreSQL is not installed it skips t, or fails it if CI=true.
func URL(t testing.TB) string {
	t.Helper()
	s, err := shared()
	must(t, err)
	return s.Database(t)
}

// Start starts a server for t alone, to be stopped when t ends. Use it for
// tests that break the server or that need other settings than the shared one.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := start(o)
	must(t, err)
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Errorf("stop PostgreSQL: %v", err)
		}
	})
	return s
}

// must ends the test if there is no server: a missing program is a reason to
// skip, except where CI promises to have everything.
func must(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, errMissing) && os.Getenv("CI") != "true":
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}
