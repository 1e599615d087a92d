// Package applog reads the log file of this machine: the newest lines first,
// from the file that is written and those that were rotated away, with bounded
// reads however large they are. It owns what is shown of a line, to whom, and
// the record of what was taken away.
//
// It does not write the log, which is the wiring's, and nobody names a file to
// it: it knows one directory. Every machine has a log of its own.
package applog

import (
	"context"
	"log/slog"
	"time"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/store"
)

// CustomerKey is the attribute of log lines that names the customer whom a line
// is about, by identifier. Lines without it are the operators' alone.
const CustomerKey = "customerId"

// The bounds of one page.
const (
	linesMost = 1000
	// Reach is how many bytes of the log one page looks through.
	Reach = 4 << 20
	// LineMost is how many bytes of a line are read; the rest is cut off.
	LineMost = 16 << 10
)

// Filter narrows the log. The zero Filter has all of it.
type Filter struct {
	From, To time.Time  // from From to before To; a zero time is open
	Level    slog.Level // this one and those above; lines that are no log lines count as errors
	Any      bool       // every level, whatever Level says
	Text     string     // part of the line as it is shown, without regard to case
}

// Attribute is what a line says besides time, level and message.
type Attribute struct{ Name, Value string }

// Line is one line of the log, fit to be shown: valid text without control
// characters.
type Line struct {
	Time       time.Time // zero: the line does not say
	Level      string    // as in "WARN"; empty: the line does not say
	Message    string    // of what is no log line, all of it
	Attributes []Attribute
	Cut        bool // the line is longer than LineMost
}

// Found is one page of the log.
type Found struct {
	Lines []Line
	// Next is where the next page begins, empty at the end.
	Next string
	// SearchedTo is how far back this page looked where it looked through Reach
	// bytes and may not have found all there is; zero elsewhere.
	SearchedTo time.Time
}

// Service reads the log. Safe for concurrent use.
type Service struct {
	store   *store.Store
	dir     string
	machine string
}

// New makes the service for the log in a directory, which need not exist, of
// the machine of that name.
func New(s *store.Store, dir, machine string) *Service { return &Service{s, dir, machine} }

// Machine returns the name of the machine whose log this is.
func (s *Service) Machine() string { return s.machine }

// Read returns up to most (1–1000) lines before a cursor of an earlier page,
// newest first; an empty one begins with the newest. Operators see every line,
// others those of their own customer. A page never looks through more than
// Reach bytes: one with few lines or none may have a Next all the same. An error
// of CodeNotFound means that there is no log file.
func (s *Service) Read(ctx context.Context, caller cardinal.Caller, f Filter, cursor string, most int) (Found, error) {
	if err := caller.Require(cardinal.PermReadLogs); err != nil {
		return Found{}, err
	}
	if most < 1 || most > linesMost {
		return Found{}, cardinal.Invalid("limit", "A page has 1 to 1,000 lines.")
	}
	w := &walk{sieve: newSieve(caller, f), most: most, reach: Reach}
	if err := w.files(ctx, s.dir, cursor); err != nil {
		return Found{}, err
	}
	return w.found, nil
}

// Export hands every line that the filter lets through to write, newest first.
// That they were taken away is on record before the first one leaves. Errors of
// write are wrapped.
func (s *Service) Export(ctx context.Context, caller cardinal.Caller, f Filter, write func(Line) error) error {
	first, err := s.Read(ctx, caller, f, "", linesMost)
	if err != nil {
		return err
	}
	if err := s.record(ctx, caller, f); err != nil {
		return err
	}
	for found := first; ; {
		for _, line := range found.Lines {
			if err := write(line); err != nil {
				return err
			}
		}
		if found.Next == "" {
			return nil
		}
		if found, err = s.Read(ctx, caller, f, found.Next, linesMost); err != nil {
			return err
		}
	}
}

func (s *Service) record(ctx context.Context, caller cardinal.Caller, f Filter) error {
	fields := audit.Fields{"machine": s.machine}
	if !f.From.IsZero() {
		fields["from"] = f.From.UTC().Format(time.RFC3339)
	}
	if !f.To.IsZero() {
		fields["to"] = f.To.UTC().Format(time.RFC3339)
	}
	if !f.Any {
		fields["level"] = f.Level.String()
	}
	if f.Text != "" {
		fields["text"] = true // what was typed may be anything
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		return audit.Record(tx, caller, audit.Entry{Action: "application-log.exported", Subject: "application-log", After: fields})
	})
}
