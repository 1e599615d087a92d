package app

import (
	"context"

	"cardinal/internal/rotation"
	"cardinal/internal/seal"
)

// RotateKey adds a key to the ring and returns its version. This App and running
// servers go on with the ring that they loaded: each gets the new file and is
// started anew, and then moves what is sealed.
func (a *App) RotateKey(ctx context.Context) (version int, err error) {
	ring, err := seal.Rotate(keyPath(a.config))
	if err != nil {
		return 0, err
	}
	return ring.Current(), rotation.New(a.store, ring).Record(ctx)
}

// moveSealed moves what is sealed to the newest key.
func (a *App) moveSealed(ctx context.Context) error {
	moved, err := a.Rotation.Move(ctx)
	if moved > 0 {
		a.Log.InfoContext(ctx, "sealed values moved to the newest key", "values", moved)
	}
	return err
}
