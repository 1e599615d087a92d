package auth

import (
	"context"
	"sync"

	"cardinal"
	"cardinal/internal/seal"
)

// devicesMost bounds the memory that known devices take.
const devicesMost = 10_000

// devices remembers whose token it is, by the token's hash. The zero devices
// know none. Safe for concurrent use.
type devices struct {
	mu    sync.RWMutex
	known map[string]cardinal.Caller
}

func (d *devices) find(proof string) (cardinal.Caller, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	caller, ok := d.known[proof]
	return caller, ok
}

func (d *devices) keep(caller cardinal.Caller) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known == nil || len(d.known) >= devicesMost {
		d.known = map[string]cardinal.Caller{}
	}
	caller.Address, caller.RequestID = "", ""
	d.known[caller.Proof] = caller
}

func (d *devices) forget(proof string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.known, proof)
}

// Device is Bearer for calls that look at Caller.Proof once more in their own
// transaction, as sign-in does, and for no others: a device whose token was right
// before is not looked up again, so that it may have been disabled, or have got
// another token, since. Whoever then refuses the proof calls ForgetDevice.
func (s *Service) Device(ctx context.Context, token cardinal.Token, from Origin) (cardinal.Caller, error) {
	if caller, ok := s.devices.find(string(seal.TokenHash(token))); ok {
		caller.Address, caller.RequestID = from.Address, from.RequestID
		return caller, nil
	}
	b, err := s.Bearer(ctx, token, from)
	if err == nil && b.Caller.Proof != "" {
		s.devices.keep(b.Caller)
	}
	return b.Caller, err
}

// ForgetDevice has the caller's token looked up the next time that it is
// presented.
func (s *Service) ForgetDevice(caller cardinal.Caller) { s.devices.forget(caller.Proof) }
