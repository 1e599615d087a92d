package directory

import (
	"context"
	"fmt"
	"io"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/audit"
	"cardinal/internal/directory/people"
	"cardinal/internal/store"
)

// exportPage is how many users an export reads at a time.
const exportPage = 500

// Export writes the users that the caller may see as a people file, by
// username, with numbers in full only for those who may see them. That it was
// exported is on record before the first byte leaves. Errors of w are wrapped.
func (s *Service) Export(ctx context.Context, caller cardinal.Caller, w io.Writer) error {
	if err := caller.Require(cardinal.PermReadUsers); err != nil {
		return err
	}
	if err := s.recordExport(ctx, caller); err != nil {
		return err
	}
	file := people.NewWriter(w)
	query := account.UserQuery{Limit: exportPage}
	for {
		page, err := s.accounts.Users(ctx, caller, query)
		if err != nil {
			return fmt.Errorf("export: %w", err)
		}
		for _, user := range page.Users {
			if err := file.Write(row(user)); err != nil {
				return err
			}
		}
		if err := file.Flush(); err != nil {
			return err
		}
		if page.Next == "" {
			return nil
		}
		query.Cursor = page.Next
	}
}

func (s *Service) recordExport(ctx context.Context, caller cardinal.Caller) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		users, err := tx.CountUsers(ctx, caller.Customer)
		if err != nil {
			return err
		}
		numbers := "masked"
		if caller.May(cardinal.PermReadNumbers) {
			numbers = "in full"
		}
		return audit.Record(tx, caller, audit.Entry{
			Action: "users.exported", Subject: "users", After: audit.Fields{"users": users, "numbers": numbers},
		})
	})
}

func row(u account.UserView) people.Row {
	return people.Row{
		Username: u.Username, FullName: u.FullName, Email: u.Email, Department: u.Department, Notes: u.Notes,
		Primary: u.Number(cardinal.Primary), Secondary: u.Number(cardinal.Secondary), Disabled: u.Disabled, Role: u.Role,
	}
}
