package account

import (
	"context"
	"time"

	"cardinal"
	"cardinal/internal/store"
)

// Administrator is a person whose role is more than user.
type Administrator struct {
	cardinal.User
	LastSessionAt time.Time // when they last signed in to the pages; zero: never, as far as the audit log reaches
	SecondFactor  bool      // whether they have one besides the password
}

// AdministratorPage is one page of administrators by username; Next is the
// cursor of the next, empty at the end.
type AdministratorPage struct {
	Administrators []Administrator
	Next           string
}

// Administrators lists at most so many of the people whose role is more than
// user, disabled ones too, after the cursor.
func (s *Service) Administrators(ctx context.Context, caller cardinal.Caller, cursor string, most int) (AdministratorPage, error) {
	if err := caller.Require(cardinal.PermReadUsers); err != nil {
		return AdministratorPage{}, err
	}
	return read(ctx, s, caller, cardinal.PermReadOptions, func(tx *store.Tx) (AdministratorPage, error) {
		var page AdministratorPage
		if !cardinal.CleanText(cursor) {
			return page, nil // no username, and no database takes it as a text
		}
		users, err := tx.UsersAbove(ctx, caller.Customer, cursor, most+1)
		if err != nil {
			return page, err
		}
		if len(users) > most {
			users = users[:most]
			page.Next = store.Fold(users[most-1].Username)
		}
		for _, user := range users {
			// Another person of that name may have been there before them.
			at, err := tx.LastAuditTime(ctx, user.Customer, "user "+user.Username, "session.opened", user.CreatedAt)
			if err != nil {
				return page, err
			}
			second, err := tx.HasSecondFactor(ctx, user)
			if err != nil {
				return page, err
			}
			page.Administrators = append(page.Administrators, Administrator{user, at, second})
		}
		return page, nil
	})
}
