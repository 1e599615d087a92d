package mailsink

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
)

// Options say what the server offers. The zero value offers neither TLS nor
// authentication.
type Options struct {
	TLS        *tls.Config // nil: no TLS
	Implicit   bool        // TLS from the first byte instead of STARTTLS
	Mechanisms []string    // of PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-1, SCRAM-SHA-256, XOAUTH2; if any, AUTH is required
	Username   string
	Password   string
	Token      func(token string) bool // whether XOAUTH2 takes it; nil: never
	ASCIIOnly  bool                    // no SMTPUTF8
}

// Stage is a moment in a session at which a fault can happen.
type Stage string

// The stages, in their order.
const (
	Connect   Stage = "connect"   // in place of the greeting
	Hello     Stage = "hello"     // at EHLO and HELO
	StartTLS  Stage = "starttls"  // at STARTTLS
	Handshake Stage = "handshake" // when TLS begins, either way; cannot refuse
	Auth      Stage = "auth"      // at AUTH, before a mechanism says anything
	Sender    Stage = "sender"    // at MAIL
	Recipient Stage = "recipient" // at RCPT
	Data      Stage = "data"      // at DATA
	Content   Stage = "content"   // when the content comes; cannot refuse
	End       Stage = "end"       // after the final dot
	Reset     Stage = "reset"     // at RSET
)

// Action is what goes wrong.
type Action string

// The actions.
const (
	Refuse Action = "refuse" // answers Fault.Code
	Stall  Action = "stall"  // never answers
	Drop   Action = "drop"   // hangs up; at End the message is not kept
	Lose   Action = "lose"   // at End: keeps the message and hangs up without a word
)

// Fault is one thing that goes wrong.
type Fault struct {
	At        Stage
	Recipient string // only for this one, at stage Recipient; empty: for all
	Do        Action
	Code      int    // for Refuse: 400–599
	Text      string // what is said with the code, on one line; empty: something
	Times     int    // how often; 0: always
}

// Sink is a running server. It is safe for concurrent use.
type Sink struct {
	options  Options
	listener net.Listener
	running  sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	open     map[net.Conn]bool
	sessions int
	faults   []*Fault
	messages []Received
	changed  chan struct{} // closed, and replaced, with each message
}

// Listen starts a server on a free port of the loopback interface.
func Listen(o Options) (*Sink, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("mailsink: %w", err)
	}
	s := &Sink{options: o, listener: listener, open: map[net.Conn]bool{}, changed: make(chan struct{})}
	s.running.Go(s.accept)
	return s, nil
}

// Host returns the address that the server listens on.
func (s *Sink) Host() string { return s.listener.Addr().(*net.TCPAddr).IP.String() }

// Port returns the port that the server listens on.
func (s *Sink) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// Close cuts off who is connected and returns when the server is gone. What
// was received can still be read.
func (s *Sink) Close() error {
	s.mu.Lock()
	s.closed = true
	for c := range s.open {
		_ = c.Close()
	}
	s.mu.Unlock()
	err := s.listener.Close()
	s.running.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Break adds faults. Of several for the same moment the first one happens.
func (s *Sink) Break(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		s.faults = append(s.faults, &f)
	}
}

// Mend removes all faults; who was stalled stays so.
func (s *Sink) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Forget drops the messages received so far.
func (s *Sink) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = nil
}

// Sessions returns how many connections there were so far.
func (s *Sink) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions
}

// Messages returns what was received, oldest first.
func (s *Sink) Messages() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Await waits until n messages are there and returns all that are. When ctx
// ends first, it returns what there is, and an error.
func (s *Sink) Await(ctx context.Context, n int) ([]Received, error) {
	for {
		s.mu.Lock()
		got, changed := slices.Clone(s.messages), s.changed
		s.mu.Unlock()
		if len(got) >= n {
			return got, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return got, fmt.Errorf("mailsink: %d of %d messages: %w", len(got), n, ctx.Err())
		}
	}
}

func (s *Sink) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return // closed
		}
		if !s.enter(c) {
			_ = c.Close()
			return
		}
		s.running.Go(func() {
			defer s.leave(c)
			(&session{sink: s, wire: c}).run()
		})
	}
}

func (s *Sink) enter(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.open[c] = true
	s.sessions++
	return true
}

func (s *Sink) leave(c net.Conn) {
	_ = c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
}

// keep stores a message.
func (s *Sink) keep(r Received) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, r)
	close(s.changed)
	s.changed = make(chan struct{})
}

// fault takes the fault for a moment, or returns false.
func (s *Sink) fault(at Stage, recipient string) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.At != at || f.Recipient != "" && !strings.EqualFold(f.Recipient, recipient) {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
		}
		return *f, true
	}
	return Fault{}, false
}
