package account

import (
	"context"

	"cardinal"
	"cardinal/internal/store"
)

// EachUser calls take with all users whom a query finds, by username and some
// hundreds at a time, as they were at one instant: for work on many, which needs
// neither PINs nor numbers. The query's cursor, limit and order play no part. An
// error of take ends it and is returned.
func (s *Service) EachUser(ctx context.Context, caller cardinal.Caller, q UserQuery, take func([]cardinal.User) error) error {
	q.Cursor, q.Limit, q.Sort, q.Down = "", usersMost, SortUsername, false
	return s.listing(ctx, caller, q, func(l *listing) error {
		all := store.UserQuery{UserMatch: l.match, Bare: true, Most: usersMost}
		for {
			page, err := l.tx.Users(ctx, caller.Customer, all)
			if err != nil {
				return err
			}
			users := make([]cardinal.User, len(page.Users))
			for i, row := range page.Users {
				users[i] = row.User
			}
			if err := take(users); err != nil || page.Next == nil {
				return err
			}
			all.From = page.Next
		}
	})
}
