// Package rotation moves what is sealed to the newest version of the key, and
// tells how far that is. It owns the list of what is moved: everything that
// store.SealedPlaces names, card numbers together with the tags by which they are
// found. PINs are not sealed: each moves at its user's next sign-in. What is kept
// for a day at most, as the answers to repeated requests, stays under its version
// until it is gone.
//
// It does not own the key ring, nor what is sealed: the packages that seal say to
// what they bind it.
package rotation

import (
	"context"
	"fmt"
	"strconv"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/auth"
	"cardinal/internal/bulk"
	"cardinal/internal/notify"
	"cardinal/internal/seal"
	"cardinal/internal/store"
)

// movedAtOnce is how many values one transaction moves: a few milliseconds.
const movedAtOnce = 100

// Service moves sealed values. Safe for concurrent use, over several nodes too.
type Service struct {
	store *store.Store
	ring  *seal.Ring
}

// New makes the service.
func New(s *store.Store, ring *seal.Ring) *Service { return &Service{s, ring} }

// Move seals everything anew that is under an older version of the key than the
// ring's newest, and returns how many values that were. With a ring of one
// version it does nothing. It may be broken off at any time and called again.
func (s *Service) Move(ctx context.Context) (moved int, err error) {
	if len(s.ring.Versions()) == 1 {
		return 0, nil
	}
	for _, place := range store.SealedPlaces() {
		n, err := s.moveAt(ctx, place)
		if moved += n; err != nil {
			return moved, fmt.Errorf("move %s to the newest key: %w", place, err)
		}
	}
	return moved, nil
}

func (s *Service) moveAt(ctx context.Context, place store.SealedPlace) (moved int, err error) {
	for after := [2]string{}; ; {
		var values []store.SealedValue
		err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
			values, err = tx.SealedBefore(ctx, place, s.ring.Current(), after, movedAtOnce)
			return err
		})
		if err != nil || len(values) == 0 {
			return moved, err
		}
		n := 0
		err = s.store.Write(ctx, func(tx *store.Tx) error {
			n = 0
			for _, v := range values {
				done, err := s.move(ctx, tx, place, v)
				if err != nil {
					return err
				}
				if done {
					n++
				}
			}
			return nil
		})
		if err != nil {
			return moved, err
		}
		moved += n
		after = values[len(values)-1].Key
	}
}

// move seals one value anew, unless it was changed or removed meanwhile.
func (s *Service) move(ctx context.Context, tx *store.Tx, place store.SealedPlace, v store.SealedValue) (bool, error) {
	if place == store.SealedNumbers {
		return s.moveNumber(ctx, tx, v)
	}
	binding, err := bindingOf(place, v.Key)
	if err != nil {
		return false, err
	}
	text, err := s.ring.Open(v.Customer, seal.PurposeFieldSeal, v.Version, binding, v.Bytes)
	if err != nil {
		return false, err
	}
	version, sealed := s.ring.Seal(v.Customer, seal.PurposeFieldSeal, binding, text)
	clear(text)
	return tx.Reseal(ctx, place, v, store.Sealed{Version: version, Bytes: sealed}, nil)
}

func (s *Service) moveNumber(ctx context.Context, tx *store.Tx, v store.SealedValue) (bool, error) {
	user, slot := cardinal.UserID(v.Key[0]), cardinal.Slot(v.Key[1])
	number, err := s.ring.OpenNumber(v.Customer, user, slot, v.Version, v.Bytes)
	if err != nil {
		return false, err
	}
	version, sealed, err := s.ring.SealNumber(v.Customer, user, slot, number)
	if err != nil {
		return false, err
	}
	tag := s.ring.NumberTags(v.Customer, number)[0]
	return tx.Reseal(ctx, store.SealedNumbers, v, store.Sealed{Version: version, Bytes: sealed}, tag.Sum)
}

// bindingOf is what the value of a row is bound to.
func bindingOf(place store.SealedPlace, key [2]string) ([]byte, error) {
	switch place {
	case store.SealedApps:
		return auth.AppBinding(cardinal.UserID(key[0])), nil
	case store.SealedConfigurations:
		return notify.ConfigurationBinding(cardinal.ConfigurationID(key[0])), nil
	case store.SealedNotifications:
		return notify.NotificationBinding(cardinal.NotificationID(key[0])), nil
	case store.SealedBulkPINs:
		last, err := strconv.Atoi(key[1])
		if err != nil {
			return nil, fmt.Errorf("position of issued PINs: %w", err)
		}
		return bulk.PINsBinding(cardinal.BulkID(key[0]), last), nil
	}
	return nil, fmt.Errorf("nobody knows what %s is bound to", place)
}

// Standing is how many values are under which version of the key.
type Standing struct {
	Current int
	Sealed  map[int]int // sealed values by version: they move in the background
	PINs    map[int]int // PINs by version: each moves at its user's next sign-in
}

// Standing counts what is under which version, of all customers.
func (s *Service) Standing(ctx context.Context) (Standing, error) {
	standing := Standing{Current: s.ring.Current(), Sealed: map[int]int{}}
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		for _, place := range store.SealedPlaces() {
			counts, err := tx.CountSealed(ctx, place)
			if err != nil {
				return err
			}
			for version, n := range counts {
				standing.Sealed[version] += n
			}
		}
		standing.PINs, err = tx.CountPINsByKey(ctx)
		return err
	})
	return standing, err
}

// Record makes the ring's newest version the one that every program on this
// database must have, and puts the rotation on record for every customer.
func (s *Service) Record(ctx context.Context) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		for _, check := range s.ring.Check() {
			if err := tx.AddKeyCheck(ctx, store.KeyCheck(check)); err != nil {
				return err
			}
		}
		const atOnce = 500
		for after := cardinal.CustomerID(""); ; {
			customers, err := tx.Customers(ctx, after, atOnce)
			if err != nil {
				return err
			}
			for _, c := range customers {
				entry := audit.Entry{Action: "key-ring.rotated", Subject: "key ring", After: audit.Fields{"version": s.ring.Current()}}
				if err := audit.Record(tx, cardinal.Console(c.ID), entry); err != nil {
					return err
				}
				after = c.ID
			}
			if len(customers) < atOnce {
				return nil
			}
		}
	})
}
