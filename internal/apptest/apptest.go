// Package apptest runs a whole Cardinal in a test: real data directory, real
// database, real HTTP on a free port.
package apptest

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/app"
)

// Server is a running Cardinal with one organisation.
type Server struct {
	*app.App
	URL      string // http://127.0.0.1:PORT
	Data     string // the data directory
	Customer cardinal.CustomerID
	// Admin is the first administrator's username.
	Admin    string
	Password cardinal.Password
	log      *buffer
}

// Options choose what to run on; the zero Options are SQLite and the machine's clock.
type Options struct {
	Database string // postgres://…; empty: SQLite
	Data     string // a data directory that is there already; empty: a new one
	Clock    func() time.Time
}

// Organisation is the name of the organisation that Start makes.
const Organisation = "Acme corporation"

// Start runs a server until the test ends. With Options.Data the organisation
// must be there already; Admin and Customer are then not set.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{Data: o.Data, Admin: "admin", Password: cardinal.NewPassword("correct horse battery"), log: &buffer{}}
	if s.Data == "" {
		s.Data = t.TempDir()
	}
	ctx, stop := context.WithCancel(context.Background())
	var err error
	s.App, err = app.Open(ctx, app.Config{Data: s.Data, Database: o.Database, Clock: o.Clock, Create: true, Log: s.log})
	if err != nil {
		stop()
		t.Fatal(err)
	}
	if o.Data == "" {
		made, err := s.Accounts.Install(ctx, account.NewCustomer{Name: Organisation, Admin: s.Admin, Password: s.Password})
		if err != nil {
			t.Fatal(err)
		}
		s.Customer = made.ID
	}
	listener, err := app.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.URL = "http://" + listener.Addr().String()
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := s.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// Console is the command line's caller for the organisation.
func (s *Server) Console() cardinal.Caller { return cardinal.Console(s.Customer) }

// Log returns what the server has logged.
func (s *Server) Log() string { return s.log.String() }

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write appends.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String returns all that was written.
func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
