package account

import (
	"context"
	"reflect"
	"slices"
	"unicode/utf8"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/cardformat"
	"cardinal/internal/seal"
	"cardinal/internal/store"
)

const nameMaxLength = 100

func checkName(name string) error {
	if n := utf8.RuneCountInString(name); n < 1 || n > nameMaxLength || !cardinal.CleanText(name) {
		return cardinal.Invalid("name", "The name has 1 to 100 characters and no control characters.")
	}
	return nil
}

func checkDevice(d cardinal.Device) error {
	var refused problems
	refused.add(checkName(d.Name))
	if d.Methods != nil && len(d.Methods) == 0 {
		refused.add(cardinal.Invalid("methods", "Name at least one sign-in method, or none at all for the organisation's."))
	}
	for _, m := range d.Methods {
		if !slices.Contains(cardinal.Methods(), m) {
			refused.add(cardinal.Invalid("methods", "The sign-in methods are card, card-pin, username-pin and pin."))
			break
		}
	}
	if _, err := cardformat.Parse(d.Conversion); err != nil || len(d.Conversion) > cardinal.FieldMaxLength || !cardinal.CleanText(d.Conversion) {
		refused.add(cardinal.Invalid("conversion", "The conversion is steps chained with |: hex-to-decimal, decimal-to-hex, reverse-bytes, ascii-to-text, regex:EXPRESSION with one group."))
	}
	return refused.err()
}

// CreateDevice makes a device and returns it with its token, the one time the
// token can be seen. Of d, only name, methods, conversion and disabled count.
func (s *Service) CreateDevice(ctx context.Context, caller cardinal.Caller, d cardinal.Device) (cardinal.Device, cardinal.Token, error) {
	if err := caller.Require(cardinal.PermWriteOptions); err != nil {
		return cardinal.Device{}, cardinal.Token{}, err
	}
	if err := checkDevice(d); err != nil {
		return cardinal.Device{}, cardinal.Token{}, err
	}
	token := seal.NewToken(seal.DeviceToken)
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		d.ID, d.Customer, d.CreatedAt, d.Revision = cardinal.DeviceID(tx.NewID()), caller.Customer, tx.Now(), 1
		if err := tx.AddDevice(ctx, d, seal.TokenHash(token)); err != nil {
			return err
		}
		return audit.Record(tx, caller, audit.Entry{Action: "device.created", Subject: "device " + d.Name, After: deviceFields(d)})
	})
	return d, token, err
}

func deviceFields(d cardinal.Device) audit.Fields {
	return audit.Fields{"name": d.Name, "methods": d.Methods, "conversion": d.Conversion, "disabled": d.Disabled}
}

// differing leaves of two records of the same fields those that differ.
func differing(from, to audit.Fields) (before, after audit.Fields) {
	before, after = audit.Fields{}, audit.Fields{}
	for name, value := range to {
		if !reflect.DeepEqual(from[name], value) {
			before[name], after[name] = from[name], value
		}
	}
	return before, after
}

// UpdateDevice writes name, methods, conversion and disabled of the device with
// d's ID; d.Revision is the one the caller saw, 0 for any.
func (s *Service) UpdateDevice(ctx context.Context, caller cardinal.Caller, d cardinal.Device) (cardinal.Device, error) {
	if err := checkDevice(d); err != nil {
		return cardinal.Device{}, err
	}
	var next cardinal.Device
	err := s.changeDevice(ctx, caller, d.ID, func(tx *store.Tx, present cardinal.Device) error {
		if err := fresh(d.Revision, present.Revision); err != nil {
			return err
		}
		next = present
		next.Name, next.Methods, next.Conversion, next.Disabled = d.Name, d.Methods, d.Conversion, d.Disabled
		before, after := differing(deviceFields(present), deviceFields(next))
		if len(after) == 0 {
			return nil
		}
		if err := tx.UpdateDevice(ctx, next); err != nil {
			return err
		}
		next.Revision++
		return record(tx, caller, "device.updated", "device "+present.Name, before, after)
	})
	return next, err
}

// RenewDeviceToken gives a device another token and returns it; the one before
// stops working at once.
func (s *Service) RenewDeviceToken(ctx context.Context, caller cardinal.Caller, id cardinal.DeviceID) (cardinal.Token, error) {
	token := seal.NewToken(seal.DeviceToken)
	err := s.changeDevice(ctx, caller, id, func(tx *store.Tx, d cardinal.Device) error {
		if err := tx.SetDeviceToken(ctx, d, seal.TokenHash(token)); err != nil {
			return err
		}
		return record(tx, caller, "device.token-renewed", "device "+d.Name)
	})
	return token, err
}

// DeleteDevice removes a device; its token stops working at once. Revision is
// the one the caller saw, 0 for any; if somebody saved in between, the error is
// of CodeStale.
func (s *Service) DeleteDevice(ctx context.Context, caller cardinal.Caller, id cardinal.DeviceID, revision int64) error {
	return s.changeDevice(ctx, caller, id, func(tx *store.Tx, d cardinal.Device) error {
		if err := fresh(revision, d.Revision); err != nil {
			return err
		}
		if err := tx.DeleteDevice(ctx, d); err != nil {
			return err
		}
		return record(tx, caller, "device.deleted", "device "+d.Name, deviceFields(d), nil)
	})
}

func (s *Service) changeDevice(ctx context.Context, caller cardinal.Caller, id cardinal.DeviceID, do func(*store.Tx, cardinal.Device) error) error {
	if err := caller.Require(cardinal.PermWriteOptions); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		device, err := tx.LockDevice(ctx, caller.Customer, id)
		if err != nil {
			return err
		}
		return do(tx, device)
	})
}

// Device returns one device.
func (s *Service) Device(ctx context.Context, caller cardinal.Caller, id cardinal.DeviceID) (cardinal.Device, error) {
	return read(ctx, s, caller, cardinal.PermReadOptions, func(tx *store.Tx) (cardinal.Device, error) {
		return tx.Device(ctx, caller.Customer, id)
	})
}

// Devices lists at most so many devices after the given one, oldest first.
func (s *Service) Devices(ctx context.Context, caller cardinal.Caller, after cardinal.DeviceID, most int) ([]cardinal.Device, error) {
	return read(ctx, s, caller, cardinal.PermReadOptions, func(tx *store.Tx) ([]cardinal.Device, error) {
		return tx.Devices(ctx, caller.Customer, after, most)
	})
}

// read runs a query for a caller who has the permission.
func read[T any](ctx context.Context, s *Service, caller cardinal.Caller, p cardinal.Permission, query func(*store.Tx) (T, error)) (T, error) {
	var result T
	if err := caller.Require(p); err != nil {
		return result, err
	}
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		result, err = query(tx)
		return err
	})
	return result, err
}
