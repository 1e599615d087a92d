package wayback

import (
	"context"

	"cardinal"
	"cardinal/internal/credential"
	"cardinal/internal/store"
)

// Invite sends the user of that name a link to choose a password. CodeConflict says
// why none can be sent, or that they have a password already.
func (s *Service) Invite(ctx context.Context, caller cardinal.Caller, username string) error {
	if err := caller.Require(cardinal.PermWriteUsers); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		user, err := tx.LockUserByName(ctx, caller.Customer, username)
		if err != nil {
			return err
		}
		v, err := values(ctx, tx, caller.Customer)
		if err != nil {
			return err
		}
		invited, err := s.InviteIn(ctx, tx, credential.Acting{Caller: caller, Settings: v}, user)
		if err == nil && !invited {
			err = cardinal.Errorf(cardinal.CodeConflict, "This user has a password already. They can ask for a new one on the sign-in page.")
		}
		return err
	})
}

// InviteIn is Invite in a transaction under way, for a user who is locked in it. It
// reports false, and sends nothing, for who has a password.
func (s *Service) InviteIn(ctx context.Context, tx *store.Tx, acting credential.Acting, user cardinal.User) (bool, error) {
	if err := acting.Caller.Require(cardinal.PermWriteUsers); err != nil {
		return false, err
	}
	if user.Role.Outranks(acting.Caller.Role) {
		return false, cardinal.Errorf(cardinal.CodeForbidden, "This person's role is above yours. Ask an administrator.")
	}
	if user.HasPassword {
		return false, nil
	}
	if err := CanSend(acting.Settings); err != nil {
		return false, err
	}
	if err := credential.Mailable(user, acting.Settings); err != nil {
		return false, err
	}
	return true, s.send(ctx, tx, by{acting.Caller, acting.Settings}, user, Invitation.way())
}
