package mailtest

import (
	"context"
	"testing"
	"time"

	"cardinal/internal/mailsink"
)

// patience is for a server to answer on a busy machine.
const patience = 10 * time.Second

// Sink starts a server in the process, to be closed when t ends.
func Sink(t testing.TB, o mailsink.Options) *mailsink.Sink {
	t.Helper()
	s, err := mailsink.Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the mail server: %v", err)
		}
	})
	return s
}

// Await returns the messages as soon as there are n, and fails t if that takes
// more than ten seconds.
func Await(t testing.TB, s *mailsink.Sink, n int) []mailsink.Received {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	got, err := s.Await(ctx, n)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
