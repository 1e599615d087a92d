package account

import (
	"context"
	"errors"
	"sync"
	"time"

	"cardinal"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// dueStep is the stretch of time in which PINs that expire are counted together:
// the hours and days of every time zone of today are whole ones of it.
const dueStep = 15 * time.Minute

// How many devices and people above users an overview looks at.
const (
	devicesSeen = 1000
	staffSeen   = 100
)

// DuePINs is how many PINs expire in the quarter of an hour that begins at Since.
type DuePINs = store.DuePINs

// Overview is the figures of the start page, as they are at Now.
type Overview struct {
	Now, Tomorrow       time.Time // in the customer's zone; Tomorrow is when its calendar day ends
	Users, WithNumber   int
	Standing            PINStanding // Live of it is how many have a PIN
	PINsIdentify        bool        // NotIdentifying of it matters
	WithoutAddress      int
	Locked              int
	DueToday, DueWeek   int       // PINs that expire before Tomorrow, and within seven days of Now
	Due                 []DuePINs // those of the seven days
	Devices             int       // of the first 1,000: all of them
	NeverSeen           int       // of those: enabled ones that have not asked yet
	WithoutSecondFactor int       // of the first 100 people who are more than users: administrators and operators without one
}

// Overview returns the figures of the caller's customer. It reads in several
// transactions at once, so that figures may differ by what changes meanwhile.
func (s *Service) Overview(ctx context.Context, caller cardinal.Caller) (Overview, error) {
	var o Overview
	if err := caller.Require(cardinal.PermReadUsers); err != nil {
		return o, err
	}
	values, err := s.Values(ctx, caller)
	if err != nil {
		return o, err
	}
	now := s.store.Now().In(setting.Location(values))
	o.Now, o.PINsIdentify = now, setting.PINIdentifiesUser.In(values)
	o.Tomorrow = time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, now.Location())
	// The three that take longest, side by side.
	parts := []func(context.Context, *store.Tx, cardinal.CustomerID) error{o.countUsers, o.countPINs, o.countRest}
	faults := make([]error, len(parts))
	var running sync.WaitGroup
	for i, part := range parts {
		running.Go(func() {
			faults[i] = s.store.Read(ctx, func(tx *store.Tx) error { return part(ctx, tx, caller.Customer) })
		})
	}
	running.Wait()
	return o, errors.Join(faults...)
}

func (o *Overview) countUsers(ctx context.Context, tx *store.Tx, c cardinal.CustomerID) (err error) {
	if o.Users, err = tx.CountUsers(ctx, c); err != nil {
		return err
	}
	if o.WithoutAddress, err = tx.CountUsersWithoutAddress(ctx, c); err != nil {
		return err
	}
	o.Locked, err = tx.CountLockedUsers(ctx, c)
	return err
}

func (o *Overview) countPINs(ctx context.Context, tx *store.Tx, c cardinal.CustomerID) (err error) {
	o.Standing, err = tx.PINStanding(ctx, c)
	return err
}

func (o *Overview) countDue(ctx context.Context, tx *store.Tx, c cardinal.CustomerID) (err error) {
	if o.Due, err = tx.PINsDue(ctx, c, o.Now, o.Now.AddDate(0, 0, 7), dueStep); err != nil {
		return err
	}
	for _, due := range o.Due {
		o.DueWeek += due.PINs
		if due.Since.Before(o.Tomorrow) {
			o.DueToday += due.PINs
		}
	}
	return nil
}

func (o *Overview) countRest(ctx context.Context, tx *store.Tx, c cardinal.CustomerID) (err error) {
	if err := o.countDue(ctx, tx, c); err != nil {
		return err
	}
	if o.WithNumber, err = tx.CountOwnersOfNumbers(ctx, c); err != nil {
		return err
	}
	devices, err := tx.Devices(ctx, c, "", devicesSeen)
	if err != nil {
		return err
	}
	o.Devices = len(devices)
	for _, device := range devices {
		if !device.Disabled && device.LastSeenAt.IsZero() {
			o.NeverSeen++
		}
	}
	return o.countSecondFactors(ctx, tx, c)
}

func (o *Overview) countSecondFactors(ctx context.Context, tx *store.Tx, c cardinal.CustomerID) error {
	people, err := tx.UsersAbove(ctx, c, "", staffSeen)
	for _, person := range people {
		if person.Disabled || cardinal.RoleAdministrator.Outranks(person.Role) {
			continue
		}
		second, err := tx.HasSecondFactor(ctx, person)
		if err != nil {
			return err
		}
		if !second {
			o.WithoutSecondFactor++
		}
	}
	return err
}
