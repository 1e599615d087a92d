package store

import (
	"context"
	"fmt"

	"cardinal"
	"cardinal/internal/store/db"
)

func user(r db.User) cardinal.User {
	return cardinal.User{
		ID: cardinal.UserID(r.ID), Customer: cardinal.CustomerID(r.CustomerID), Username: r.Username,
		FullName: r.FullName, Email: r.Email, Department: r.Department, Notes: r.Notes, Role: cardinal.Role(r.Role),
		Disabled: r.Disabled, Source: r.Source, PasswordMustChange: r.PasswordMustChange, HasPassword: r.PasswordHash != "", Language: r.Language,
		CreatedAt: fromMillis(r.CreatedAt), UpdatedAt: fromMillis(r.UpdatedAt), Revision: r.Revision,
	}
}

// AddUser writes a new user with the transaction's instant as both of its
// times. A taken username is an Error of CodeConflict.
func (tx *Tx) AddUser(ctx context.Context, u cardinal.User) error {
	rows, err := tx.q.InsertUser(ctx, db.InsertUserParams{
		ID: string(u.ID), CustomerID: string(u.Customer), Username: u.Username, UsernameKey: Fold(u.Username),
		FullName: u.FullName, Email: u.Email, Department: u.Department, Notes: u.Notes, Role: string(u.Role),
		Disabled: u.Disabled, Source: u.Source, SearchKey: searchKey(u), CreatedAt: millis(tx.now), UpdatedAt: millis(tx.now),
	})
	return free(rows, err, "username", "username")
}

// UpdateUser writes the fields of a user, but neither username nor password,
// and counts up the revision.
func (tx *Tx) UpdateUser(ctx context.Context, u cardinal.User) error {
	rows, err := tx.q.UpdateUser(ctx, db.UpdateUserParams{
		CustomerID: string(u.Customer), ID: string(u.ID), FullName: u.FullName, Email: u.Email, Department: u.Department,
		Notes: u.Notes, Role: string(u.Role), Disabled: u.Disabled, SearchKey: searchKey(u), UpdatedAt: millis(tx.now),
	})
	return one(rows, err, "user")
}

// User reads one user of a customer.
func (tx *Tx) User(ctx context.Context, c cardinal.CustomerID, id cardinal.UserID) (cardinal.User, error) {
	row, err := tx.q.User(ctx, db.UserParams{CustomerID: string(c), ID: string(id)})
	return user(row), found(err, "user")
}

// UserByName reads the user of that username, compared without regard to case.
func (tx *Tx) UserByName(ctx context.Context, c cardinal.CustomerID, username string) (cardinal.User, error) {
	row, err := tx.q.UserByName(ctx, db.UserByNameParams{CustomerID: string(c), UsernameKey: Fold(username)})
	return user(row), found(err, "user")
}

// LockUser reads a user and makes other transactions that lock them wait.
func (tx *Tx) LockUser(ctx context.Context, c cardinal.CustomerID, id cardinal.UserID) (cardinal.User, error) {
	row, err := tx.q.LockUser(ctx, db.LockUserParams{CustomerID: string(c), ID: string(id)})
	return user(row), found(err, "user")
}

// LockUserByName is LockUser by username.
func (tx *Tx) LockUserByName(ctx context.Context, c cardinal.CustomerID, username string) (cardinal.User, error) {
	row, err := tx.q.LockUserByName(ctx, db.LockUserByNameParams{CustomerID: string(c), UsernameKey: Fold(username)})
	return user(row), found(err, "user")
}

// ReviseUser counts up the revision of a user whose PIN or numbers have changed,
// for they are seen and edited together with the other fields.
func (tx *Tx) ReviseUser(ctx context.Context, u cardinal.User) error {
	rows, err := tx.q.ReviseUser(ctx, db.ReviseUserParams{CustomerID: string(u.Customer), ID: string(u.ID), UpdatedAt: millis(tx.now)})
	return one(rows, err, "user")
}

// DeleteUser removes a user with everything that is theirs and the notifications
// to them, but not what the other records say of them.
func (tx *Tx) DeleteUser(ctx context.Context, u cardinal.User) error {
	rows, err := tx.q.DeleteUser(ctx, db.DeleteUserParams{CustomerID: string(u.Customer), ID: string(u.ID)})
	if err := one(rows, err, "user"); err != nil {
		return err
	}
	err = tx.q.DeleteNotificationsOfUser(ctx, db.DeleteNotificationsOfUserParams{UserID: string(u.ID), CustomerID: string(u.Customer)})
	return wrapped("delete notifications", err)
}

// SetPassword writes the argon2id hash of a user's password, and ends the links
// by e-mail with which one could be set.
func (tx *Tx) SetPassword(ctx context.Context, u cardinal.User, hash string, mustChange bool) error {
	rows, err := tx.q.SetPassword(ctx, db.SetPasswordParams{
		CustomerID: string(u.Customer), ID: string(u.ID), PasswordHash: hash, PasswordMustChange: mustChange, UpdatedAt: millis(tx.now),
	})
	if err := one(rows, err, "user"); err != nil {
		return err
	}
	return tx.dropPasswordLinks(ctx, u)
}

// PasswordHash reads the argon2id hash of a user's password; empty if they have none.
func (tx *Tx) PasswordHash(ctx context.Context, u cardinal.User) (string, error) {
	row, err := tx.q.User(ctx, db.UserParams{CustomerID: string(u.Customer), ID: string(u.ID)})
	return row.PasswordHash, found(err, "user")
}

// CountUsers counts the users of a customer.
func (tx *Tx) CountUsers(ctx context.Context, c cardinal.CustomerID) (int, error) {
	n, err := tx.q.CountUsers(ctx, string(c))
	if err != nil {
		return 0, fmt.Errorf("count users: %w", err)
	}
	return int(n), nil
}

// CountUsersOfRole counts the users of a customer who have exactly that role
// and are not disabled.
func (tx *Tx) CountUsersOfRole(ctx context.Context, c cardinal.CustomerID, role cardinal.Role) (int, error) {
	n, err := tx.q.CountUsersOfRole(ctx, db.CountUsersOfRoleParams{CustomerID: string(c), Role: string(role)})
	if err != nil {
		return 0, fmt.Errorf("count users: %w", err)
	}
	return int(n), nil
}

// UsersOfRole lists the users of a customer who have exactly that role and are
// not disabled, in no order.
func (tx *Tx) UsersOfRole(ctx context.Context, c cardinal.CustomerID, role cardinal.Role) ([]cardinal.User, error) {
	rows, err := tx.q.UsersOfRole(ctx, db.UsersOfRoleParams{CustomerID: string(c), Role: string(role)})
	return each(rows, err, "users", user)
}
