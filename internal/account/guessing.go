package account

import (
	"context"
	"time"

	"cardinal"
	"cardinal/internal/policy"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// Situation is what guessing has to do with at one instant: how many users hold
// a PIN that signs in, how many devices are in use, and the lockout in force
// (spec: pins, Guessing risk); and how the PINs stand to the policy.
type Situation struct {
	policy.Situation
	Standing PINStanding
}

// Situation tells what guessing has to do with now.
func (s *Service) Situation(ctx context.Context, caller cardinal.Caller) (Situation, error) {
	return read(ctx, s, caller, cardinal.PermReadOptions, func(tx *store.Tx) (Situation, error) {
		standing, err := tx.PINStanding(ctx, caller.Customer)
		if err != nil {
			return Situation{}, err
		}
		devices, err := tx.CountDevices(ctx, caller.Customer)
		if err != nil {
			return Situation{}, err
		}
		texts, err := tx.SettingTexts(ctx, caller.Customer)
		guessing := policy.Situation{Holders: standing.Live, Devices: devices, Lockout: lockoutOf(setting.Load(texts))}
		return Situation{guessing, standing}, err
	})
}

func lockoutOf(v setting.Values) policy.Lockout {
	lockout := policy.Lockout{
		UserForget:            time.Duration(setting.SignInUserForgetHours.In(v)) * time.Hour,
		DeviceBudget:          setting.SignInDeviceBudget.In(v),
		DeviceRefillPerMinute: setting.SignInDeviceRefill.In(v),
		PINAlonePerDay:        setting.SignInPINPerDay.In(v),
	}
	for _, limit := range setting.SignInUserLimits.In(v) {
		lockout.UserLimits = append(lockout.UserLimits, policy.UserLimit{Wrong: limit.Wrong, Lock: time.Duration(limit.LockSeconds) * time.Second})
	}
	return lockout
}
