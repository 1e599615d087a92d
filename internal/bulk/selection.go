package bulk

import (
	"context"
	"slices"
	"strings"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/store"
)

// Selection says whom a run is about: the users of those names or, with All,
// everybody whom the query finds when the run starts.
type Selection struct {
	Usernames []string
	All       bool
	Query     account.UserQuery // its cursor and limit play no part
}

// namesMost is how many users can be named one by one.
const namesMost = 1000

// page is how many users are read at a time.
const page = 500

// each calls take with the selected users who are there, page by page and by
// username, and returns how many of the named ones are not there.
func (s *Service) each(ctx context.Context, caller cardinal.Caller, from Selection, take func([]account.UserView) error) (missing int, err error) {
	if !from.All {
		return s.eachNamed(ctx, caller, from.Usernames, take)
	}
	q := from.Query
	for q.Cursor, q.Limit = "", page; ; {
		found, err := s.accounts.Users(ctx, caller, q)
		if err != nil {
			return 0, err
		}
		if err := take(found.Users); err != nil || found.Next == "" {
			return 0, err
		}
		q.Cursor = found.Next
	}
}

func (s *Service) eachNamed(ctx context.Context, caller cardinal.Caller, names []string, take func([]account.UserView) error) (missing int, err error) {
	if len(names) > namesMost {
		return 0, cardinal.Invalid("username", "These are more than 1,000 users. Select all users of a filter instead.")
	}
	var users []account.UserView
	seen := map[cardinal.UserID]bool{}
	for _, name := range names {
		view, err := s.accounts.User(ctx, caller, name)
		switch {
		case cardinal.CodeOf(err) == cardinal.CodeNotFound:
			missing++
		case err != nil:
			return 0, err
		case !seen[view.ID]:
			seen[view.ID] = true
			users = append(users, view)
		}
	}
	// Everybody locks users in one order, so that two runs do not wait for one another.
	slices.SortFunc(users, func(a, b account.UserView) int {
		return strings.Compare(store.Fold(a.Username), store.Fold(b.Username))
	})
	return missing, take(users)
}

// Plan is what a run would do, as far as that can be told before.
type Plan struct {
	Users     int // who are selected
	Missing   int // of the named users are not there any more
	Unchanged int // stay as they are, since there is nothing to do
	Refused   int // are refused, since the caller may not do this to them
}

// Act returns how many users would be changed.
func (p Plan) Act() int { return p.Users - p.Unchanged - p.Refused }

// Plan tells what a run would do, and writes nothing.
func (s *Service) Plan(ctx context.Context, caller cardinal.Caller, r Request) (Plan, error) {
	if err := caller.Require(cardinal.PermReadUsers); err != nil {
		return Plan{}, err
	}
	if err := r.allowed(caller); err != nil {
		return Plan{}, err
	}
	var plan Plan
	missing, err := s.each(ctx, caller, r.Selection, func(users []account.UserView) error {
		plan.Users += len(users)
		for _, user := range users {
			switch {
			case r.Kind.idle(user):
				plan.Unchanged++
			case r.Kind.forbids(caller, user.User) != nil:
				plan.Refused++
			}
		}
		return nil
	})
	plan.Missing = missing
	return plan, err
}

// idle reports whether there is nothing to do for the user, whatever the
// parameters.
func (k Kind) idle(user account.UserView) bool {
	switch k {
	case GenerateNumbers:
		return user.Number(cardinal.Primary) != ""
	case RemovePINs, ExpirePINs:
		return !user.HasPIN()
	case RequireNewPINs:
		return !user.HasPIN() || user.PIN.NewRequired
	case Disable:
		return user.Disabled
	case Enable:
		return !user.Disabled
	}
	return false
}

// forbids is why the caller may not do this to the user, or nil. Package account
// decides again about all but the caller's own account.
func (k Kind) forbids(caller cardinal.Caller, user cardinal.User) error {
	switch {
	case k != Disable && k != Enable:
		return nil
	case k == Disable && caller.User == user.ID:
		return cardinal.Errorf(cardinal.CodeForbidden, "Nobody disables their own account. Ask another administrator.")
	case user.Role.Outranks(caller.Role):
		return cardinal.Errorf(cardinal.CodeForbidden, "This person's role is above yours. Ask an administrator.")
	}
	return nil
}
