package account

import (
	"context"
	"time"

	"cardinal"
	"cardinal/internal/cardformat"
	"cardinal/internal/setting"
	"cardinal/internal/store"
	"cardinal/internal/throttle"
)

// DeviceView is a device with what its wrong tries have come to.
type DeviceView struct {
	cardinal.Device
	// LockedUntil is when the device may try again; zero where it may now.
	LockedUntil time.Time
}

// DeviceQuery narrows and pages a list of devices.
type DeviceQuery struct {
	Text   string // part of the name; empty: all
	Cursor string // from the page before; empty: the first page
	Limit  int    // 1–500 devices
}

// DevicePage is one page of devices by name; Next is the cursor of the next,
// empty at the end.
type DevicePage struct {
	Devices []DeviceView
	Next    string
}

// DeviceList lists devices by name.
func (s *Service) DeviceList(ctx context.Context, caller cardinal.Caller, q DeviceQuery) (DevicePage, error) {
	if q.Limit < 1 || q.Limit > usersMost {
		return DevicePage{}, cardinal.Invalid("limit", "A page has 1 to 500 devices.")
	}
	return read(ctx, s, caller, cardinal.PermReadOptions, func(tx *store.Tx) (DevicePage, error) {
		var page DevicePage
		if !cardinal.CleanText(q.Text + q.Cursor) {
			return page, nil // no device is called so, and no database takes it as a text
		}
		devices, err := tx.DevicesByName(ctx, caller.Customer, store.DeviceQuery{After: q.Cursor, Text: q.Text, Most: q.Limit + 1})
		if err != nil {
			return page, err
		}
		if len(devices) > q.Limit {
			devices = devices[:q.Limit]
			page.Next = store.Fold(devices[q.Limit-1].Name)
		}
		page.Devices, err = deviceViews(ctx, tx, caller, devices...)
		return page, err
	})
}

// DeviceView returns one device with its lock.
func (s *Service) DeviceView(ctx context.Context, caller cardinal.Caller, id cardinal.DeviceID) (DeviceView, error) {
	return read(ctx, s, caller, cardinal.PermReadOptions, func(tx *store.Tx) (DeviceView, error) {
		device, err := tx.Device(ctx, caller.Customer, id)
		if err != nil {
			return DeviceView{}, err
		}
		views, err := deviceViews(ctx, tx, caller, device)
		if err != nil {
			return DeviceView{}, err
		}
		return views[0], nil
	})
}

func deviceViews(ctx context.Context, tx *store.Tx, caller cardinal.Caller, devices ...cardinal.Device) ([]DeviceView, error) {
	by, err := Acting(ctx, tx, caller)
	if err != nil {
		return nil, err
	}
	bucket := throttle.Bucket{Budget: setting.SignInDeviceBudget.In(by.Settings), RefillPerMinute: setting.SignInDeviceRefill.In(by.Settings)}
	views := make([]DeviceView, len(devices))
	for i, device := range devices {
		counter, err := tx.Counter(ctx, caller.Customer, store.DeviceSubject(device.ID))
		if err != nil {
			return nil, err
		}
		views[i].Device = device
		if empty, wait := bucket.Empty(bucket.Refilled(throttle.Counter(counter), tx.Now())); empty {
			views[i].LockedUntil = tx.Now().Add(wait)
		}
	}
	return views, nil
}

// UnlockDevice forgets the wrong tries at a device, so that it may try again at
// once. The locks of users stay.
func (s *Service) UnlockDevice(ctx context.Context, caller cardinal.Caller, id cardinal.DeviceID) error {
	return s.changeDevice(ctx, caller, id, func(tx *store.Tx, d cardinal.Device) error {
		if _, err := tx.LockCounter(ctx, d.Customer, store.DeviceSubject(d.ID)); err != nil {
			return err
		}
		if err := tx.SetCounter(ctx, d.Customer, store.DeviceSubject(d.ID), store.Counter{ChangedAt: tx.Now()}); err != nil {
			return err
		}
		return record(tx, caller, "device.unlocked", "device "+d.Name)
	})
}

// TryConversion returns what a number that a reader gave becomes at a device
// with that conversion: the device's is applied first, then the organisation's.
// Nothing is kept. An Error about "conversion" says that it cannot be read, one
// about "read" that the number cannot be converted.
func (s *Service) TryConversion(ctx context.Context, caller cardinal.Caller, conversion string, number cardinal.Secret) (cardinal.CardNumber, error) {
	return read(ctx, s, caller, cardinal.PermReadOptions, func(tx *store.Tx) (cardinal.CardNumber, error) {
		by, err := Acting(ctx, tx, caller)
		if err != nil {
			return cardinal.CardNumber{}, err
		}
		text := number.Reveal()
		for _, rule := range []string{conversion, setting.CardNumberConversion.In(by.Settings)} {
			steps, err := cardformat.Parse(rule)
			if err != nil {
				return cardinal.CardNumber{}, err
			}
			if text, err = steps.Apply(text); err != nil {
				return cardinal.CardNumber{}, about("read", err)
			}
		}
		return cardinal.ParseCardNumber("read", text)
	})
}

// about returns an Error with its violations said of that field.
func about(field string, err error) error {
	refused := &cardinal.Error{Code: cardinal.CodeInvalid}
	for _, v := range cardinal.ViolationsOf(err) {
		v.Field, refused.Detail = field, v.Message
		refused.Violations = append(refused.Violations, v)
	}
	if len(refused.Violations) == 0 {
		return err
	}
	return refused
}
