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
	if err := caller.Require(cardinal.PermReadUsers); err != nil {
		return err
	}
	if !cardinal.CleanText(q.Text + q.NumberEnd) {
		return nil
	}
	q.Cursor, q.Limit = "", usersMost
	return s.store.Read(ctx, func(tx *store.Tx) error {
		for {
			users, err := s.matching(ctx, tx, caller, q)
			if err != nil {
				return err
			}
			more := len(users) > q.Limit
			users = users[:min(len(users), q.Limit)]
			if err := take(users); err != nil || !more {
				return err
			}
			q.Cursor = store.Fold(users[len(users)-1].Username)
		}
	})
}
