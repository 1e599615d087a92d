package account

import (
	"context"

	"cardinal"
	"cardinal/internal/credential"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// PINFinding is something that is known against a live PIN. Each is that of one
// user what the count of the same name in PINStanding is of all.
type PINFinding string

// The findings.
const (
	PINBelowPolicy    PINFinding = "below-policy"    // found not to meet the present policy
	PINBeforePolicy   PINFinding = "before-policy"   // set before the present policy, and not found out since
	PINNotIdentifying PINFinding = "not-identifying" // cannot sign in alone, though PINs identify users
	PINNewRequired    PINFinding = "new-required"    // an administrator asked for a new one
)

// findings tells what is known against the live PIN of a user.
func findings(ctx context.Context, tx *store.Tx, by credential.Acting, user cardinal.User) ([]PINFinding, error) {
	pin, err := tx.PIN(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	changed, err := tx.PolicyChangedAt(ctx, user.Customer)
	if err != nil {
		return nil, err
	}
	var found []PINFinding
	compared := pin.PolicyKnown && !pin.PolicyCheckedAt.Before(changed)
	switch {
	case compared && !pin.PolicyMet:
		found = append(found, PINBelowPolicy)
	case !compared && pin.CreatedAt.Before(changed):
		found = append(found, PINBeforePolicy)
	}
	if setting.PINIdentifiesUser.In(by.Settings) && !pin.Identifying {
		found = append(found, PINNotIdentifying)
	}
	if pin.NewRequired {
		found = append(found, PINNewRequired)
	}
	return found, nil
}
