// Package notify tells people by e-mail: template → notification → outbox →
// delivery. It owns messaging configurations, the templates that somebody wrote,
// which notice is due, the states of a notification, and when to try again. A
// notification is written in the transaction of what caused it and is its own
// place in the queue (spec: messaging).
//
// It does not own SMTP (package mail), the wording of predefined templates
// (package letter), nor PINs and numbers: whoever makes one hands it in.
package notify

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"log/slog"
	"sync"
	"time"

	"cardinal"
	"cardinal/internal/mail"
	"cardinal/internal/seal"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// Options are what differs between a server, a demonstration and a test. The
// zero Options are a server's.
type Options struct {
	Roots  *x509.CertPool // who may vouch for mail servers; nil: whom this machine trusts
	Limits mail.Limits    // how long mail servers are waited for
	// Lease is how long a node that tries to send a message has it alone: longer
	// than one try can take. 0: ten minutes.
	Lease time.Duration
}

// Service is all of this package for one node. Safe for concurrent use.
type Service struct {
	store   *store.Store
	ring    *seal.Ring
	log     *slog.Logger
	options Options
	node    string
	senders senders
}

// New makes the service of a node.
func New(s *store.Store, ring *seal.Ring, log *slog.Logger, options Options) *Service {
	if options.Lease == 0 {
		options.Lease = 10 * time.Minute
	}
	return &Service{store: s, ring: ring, log: log, options: options, node: rand.Text()}
}

// senders are the configurations through which this node sends at present.
type senders struct {
	mu      sync.Mutex
	busy    map[cardinal.ConfigurationID]bool
	running sync.WaitGroup
}

// read runs do in a transaction for a caller who may look at options.
func read[T any](ctx context.Context, s *Service, caller cardinal.Caller, do func(*store.Tx) (T, error)) (T, error) {
	var got T
	if err := caller.Require(cardinal.PermReadOptions); err != nil {
		return got, err
	}
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		got, err = do(tx)
		return err
	})
	return got, err
}

// write runs do in a transaction for a caller who may change options.
func (s *Service) write(ctx context.Context, caller cardinal.Caller, do func(*store.Tx) error) error {
	if err := caller.Require(cardinal.PermWriteOptions); err != nil {
		return err
	}
	return s.store.Write(ctx, do)
}

func values(ctx context.Context, tx *store.Tx, c cardinal.CustomerID) (setting.Values, error) {
	texts, err := tx.SettingTexts(ctx, c)
	return setting.Load(texts), err
}
