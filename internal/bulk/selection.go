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
	Query     account.UserQuery // its cursor, limit and order play no part
}

// namesMost is how many users can be named one by one.
const namesMost = 1000

// each calls take with the selected users who are there, by username: everybody
// locks users in one order, so that two runs do not wait for one another.
func (s *Service) each(ctx context.Context, caller cardinal.Caller, from Selection, take func([]cardinal.User) error) error {
	if from.All {
		return s.accounts.EachUser(ctx, caller, from.Query, take)
	}
	views, _, err := s.named(ctx, caller, from.Usernames)
	if err != nil {
		return err
	}
	users := make([]cardinal.User, len(views))
	for i, view := range views {
		users[i] = view.User
	}
	return take(users)
}

// named returns the users of those names, each once, and how many are not there.
func (s *Service) named(ctx context.Context, caller cardinal.Caller, names []string) (users []account.UserView, missing int, err error) {
	if len(names) > namesMost {
		return nil, 0, cardinal.Invalid("username", "These are more than 1,000 users. Select all users of a filter instead.")
	}
	seen := map[cardinal.UserID]bool{}
	for _, name := range names {
		view, err := s.accounts.User(ctx, caller, name)
		switch {
		case cardinal.CodeOf(err) == cardinal.CodeNotFound:
			missing++
		case err != nil:
			return nil, 0, err
		case !seen[view.ID]:
			seen[view.ID] = true
			users = append(users, view)
		}
	}
	slices.SortFunc(users, func(a, b account.UserView) int {
		return strings.Compare(store.Fold(a.Username), store.Fold(b.Username))
	})
	return users, missing, nil
}

// Plan is what a run would do, as far as that can be told before.
type Plan struct {
	Users     int // who are selected
	Missing   int // of the named users are not there any more
	Unchanged int // stay as they are, since there is nothing to do
	Refused   int // are refused, since the caller may not do this to them
	// Rough says that the users are too many to look at each: some may stay
	// unchanged or be refused.
	Rough bool
}

// Act returns how many users would be changed.
func (p Plan) Act() int { return p.Users - p.Unchanged - p.Refused }

// exactMost is up to how many users a plan looks at PINs and numbers.
const exactMost = 200

// Plan tells what a run would do, and writes nothing. CodeConflict says that nothing
// can be done, as the settings are.
func (s *Service) Plan(ctx context.Context, caller cardinal.Caller, r Request) (Plan, error) {
	if err := s.possible(ctx, caller, r); err != nil {
		return Plan{}, err
	}
	plan := Plan{}
	var views []account.UserView
	var err error
	if r.Selection.All {
		q := r.Selection.Query
		q.Cursor, q.Limit = "", exactMost
		var found account.UserPage
		found, err = s.accounts.Users(ctx, caller, q)
		views, plan.Rough = found.Users, found.Next != ""
	} else {
		views, plan.Missing, err = s.named(ctx, caller, r.Selection.Usernames)
	}
	if err == nil && plan.Rough {
		plan.Users, err = s.accounts.CountUsers(ctx, caller, r.Selection.Query)
		return plan, err
	}
	for _, view := range views {
		if r.Kind.idle(view) {
			plan.Users, plan.Unchanged = plan.Users+1, plan.Unchanged+1
			continue
		}
		plan.add(r.Kind, caller, []cardinal.User{view.User})
	}
	return plan, err
}

// add counts users by what can be seen without their PINs and numbers.
func (p *Plan) add(kind Kind, caller cardinal.Caller, users []cardinal.User) {
	p.Users += len(users)
	for _, user := range users {
		switch {
		case kind == Disable && user.Disabled, kind == Enable && !user.Disabled:
			p.Unchanged++
		case kind.forbids(caller, user) != nil:
			p.Refused++
		}
	}
}

// idle reports whether there is nothing to do about the PIN or the number of a
// user, whatever the parameters.
func (k Kind) idle(user account.UserView) bool {
	switch k {
	case GenerateNumbers:
		return user.Number(cardinal.Primary) != ""
	case Invite:
		return user.HasPassword
	case RemovePINs, ExpirePINs:
		return !user.HasPIN()
	case RequireNewPINs:
		return !user.HasPIN() || user.PIN.NewRequired
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
