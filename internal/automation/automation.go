// Package automation looks after what has happened: events, which the use cases
// queue in the transaction that causes them and the store numbers (spec: rules). It
// owns how long they are kept.
//
// It does not own what an event is (package cardinal), nor the writing of those
// that a use case causes.
package automation

import (
	"context"
	"fmt"
	"time"

	"cardinal"
	"cardinal/internal/store"
)

// Kept is how long events are kept.
const Kept = 90 * 24 * time.Hour

// Service looks after events. Safe for concurrent use.
type Service struct{ store *store.Store }

// New makes the service.
func New(s *store.Store) *Service { return &Service{s} }

const (
	forgottenAtOnce = 500 // short transactions: sign-ins pass between them
	customersRead   = 200
)

// ForgetOld deletes the events of every customer that are older than Kept, and
// returns how many. It may be broken off and called again, on any node.
func (s *Service) ForgetOld(ctx context.Context) (forgotten int, err error) {
	for after := cardinal.CustomerID(""); ; {
		var customers []cardinal.Customer
		err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
			customers, err = tx.Customers(ctx, after, customersRead)
			return err
		})
		if err != nil {
			return forgotten, err
		}
		for _, c := range customers {
			n, err := s.forgetOf(ctx, c.ID)
			if forgotten += n; err != nil {
				return forgotten, fmt.Errorf("forget old events: %w", err)
			}
			after = c.ID
		}
		if len(customers) < customersRead {
			return forgotten, nil
		}
	}
}

func (s *Service) forgetOf(ctx context.Context, c cardinal.CustomerID) (forgotten int, err error) {
	for {
		some := 0
		err := s.store.Write(ctx, func(tx *store.Tx) (err error) {
			some, err = tx.ForgetEvents(ctx, c, tx.Now().Add(-Kept), forgottenAtOnce)
			return err
		})
		if forgotten += some; err != nil || some < forgottenAtOnce {
			return forgotten, err
		}
	}
}
