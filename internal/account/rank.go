package account

import (
	"context"

	"cardinal"
	"cardinal/internal/store"
)

// mayGrant refuses a change of role by whom may not grant roles, and a role
// above the caller's own.
func mayGrant(caller cardinal.Caller, from, to cardinal.Role) error {
	if from == to || !to.Valid() {
		return nil
	}
	if !caller.May(cardinal.PermGrantRoles) {
		return cardinal.Errorf(cardinal.CodeForbidden, "Your role does not allow giving roles. Ask an administrator.")
	}
	if to.Outranks(caller.Role) || from.Outranks(caller.Role) {
		return cardinal.Errorf(cardinal.CodeForbidden, "Nobody gives or takes a role above their own.")
	}
	return nil
}

// mayTouch refuses changing the account of somebody who outranks the caller:
// with their password or e-mail address one could become them.
func mayTouch(caller cardinal.Caller, user cardinal.User) error {
	if user.Role.Outranks(caller.Role) {
		return cardinal.Errorf(cardinal.CodeForbidden, "This person's role is above yours. Ask an administrator.")
	}
	return nil
}

// keepAnAdministrator refuses to take the last active administrator or operator
// away. The settings' lock makes two such changes wait for each other.
func (s *Service) keepAnAdministrator(ctx context.Context, tx *store.Tx, user, next cardinal.User) error {
	runs := func(u cardinal.User) bool {
		return !u.Disabled && (u.Role == cardinal.RoleAdministrator || u.Role == cardinal.RoleOperator)
	}
	if !runs(user) || runs(next) {
		return nil
	}
	if err := tx.LockSettings(ctx, user.Customer); err != nil {
		return err
	}
	left := -1
	for _, role := range []cardinal.Role{cardinal.RoleAdministrator, cardinal.RoleOperator} {
		n, err := tx.CountUsersOfRole(ctx, user.Customer, role)
		if err != nil {
			return err
		}
		left += n
	}
	if left < 1 {
		return cardinal.Invalid("role", "This is the last administrator. Make somebody else administrator first.")
	}
	return nil
}
