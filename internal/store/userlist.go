package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"cardinal"
)

// UserSort is what a list of users is sorted by.
type UserSort string

// The orders.
const (
	SortUsername   UserSort = ""
	SortName       UserSort = "name" // as lists show it: the full name, or else the username
	SortCreated    UserSort = "created"
	SortPINExpires UserSort = "pin-expires" // those whose PIN does not expire, and those without one, last
)

// UserPlace is a place in a sorted list: beside one user.
type UserPlace struct {
	Key  string // what the user is sorted by
	ID   cardinal.UserID
	Back bool // what is wanted stands before the user, and not behind
	At   int  // how many users stand before the page that begins or ends here, as far as pages were counted
}

// UserQuery narrows, sorts and pages a list of users.
type UserQuery struct {
	UserMatch
	Sort UserSort
	Down bool       // descending
	From *UserPlace // nil: from the beginning
	Most int
	Bare bool // without PINs, numbers and locks
}

// UserPage is one page of a list of users. Next and Previous are nil where the
// list ends.
type UserPage struct {
	Users    []UserRow
	At       int // how many users stand before the page
	Next     *UserPlace
	Previous *UserPlace
	// Total is how many users match, or -1 where that was not found on the way.
	Total int
}

// listed is one user of a page: who, and by what they are sorted.
type listed struct {
	id, key string
	behind  bool // behind the place that the page begins at
}

// Users lists the users of a customer that a query asks for. What is rare is
// gathered and sorted; what is frequent is met soon by walking along in the
// list's order. Both read indexes alone up to the users of the page.
func (tx *Tx) Users(ctx context.Context, c cardinal.CustomerID, q UserQuery) (UserPage, error) {
	rare, all, err := tx.gather(ctx, c, q)
	if err != nil {
		return UserPage{}, fmt.Errorf("list users: %w", err)
	}
	var page UserPage
	var those []listed
	if rare {
		page, those = cut(q, all)
	} else if page, those, err = tx.walk(ctx, c, q); err != nil {
		return UserPage{}, fmt.Errorf("list users: %w", err)
	}
	page.Users, err = tx.userRows(ctx, c, those, q.Bare)
	return page, err
}

// userSort is how an order is said in SQL. Where keys are not unique the
// identifier decides.
type userSort struct {
	key    string
	args   []any // of key
	unique bool
	number bool // the key is a whole number
}

// noExpiry sorts behind every instant.
const noExpiry = "9223372036854775807"

func (q UserQuery) sort(now time.Time) userSort {
	switch q.Sort {
	case SortName:
		return userSort{key: "users.search_key", unique: true}
	case SortCreated:
		return userSort{key: "users.id", unique: true}
	case SortPINExpires:
		return userSort{key: "CASE WHEN pins.expires_at > ? THEN pins.expires_at ELSE " + noExpiry + " END", args: []any{millis(now)}, number: true}
	default:
		return userSort{key: "users.username_key", unique: true}
	}
}

// behind adds the condition that a user stands behind the place, in the
// direction that is given.
func (by userSort) behind(s *statement, place UserPlace, down bool) error {
	than := " > ?"
	if down {
		than = " < ?"
	}
	if by.unique {
		s.add(by.key+than, place.Key)
		return nil
	}
	at, err := place.number()
	s.add("("+by.key+than, append(slices.Clone(by.args), at)...)
	s.add(" OR "+by.key+" = ? AND users.id"+than+")", append(slices.Clone(by.args), at, string(place.ID))...)
	return err
}

// number is the key where the list is sorted by a whole number.
func (p UserPlace) number() (int64, error) {
	n, err := strconv.ParseInt(p.Key, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read the place in the list: %w", err)
	}
	return n, nil
}

func (by userSort) order(s *statement, down bool) {
	direction := ""
	if down {
		direction = " DESC"
	}
	s.add(" ORDER BY "+by.key+direction, by.args...)
	if !by.unique {
		s.add(", users.id" + direction)
	}
}

// Up to rareScanned users are gathered from a scan of all, and up to rareInState
// from a filter that has its users at hand.
const (
	rareScanned = 500
	rareInState = 5000
)

// gather returns all who match in the list's order, if they are few.
func (tx *Tx) gather(ctx context.Context, c cardinal.CustomerID, q UserQuery) (few bool, all []listed, err error) {
	in := q.state(tx.now)
	if in.table != "" && !in.none {
		n, err := tx.countState(ctx, c, in, rareInState+1)
		if err != nil {
			return false, nil, err
		}
		if n <= rareInState {
			all, err = tx.sorted(ctx, q, func(s *statement) {
				s.add("SELECT users.id FROM ")
				q.fromState(s, c, tx.now)
			})
			return true, all, err
		}
		if !q.others() {
			return false, nil, nil
		}
	}
	if !q.others() && q.Filter == FilterAll {
		return false, nil, nil
	}
	all, err = tx.sorted(ctx, q, func(s *statement) {
		s.add("SELECT users.id FROM ")
		q.from(s, c)
		q.where(s, c, selecting)
		q.whereState(s, tx.now)
		if in.none && !q.others() {
			s.add(" ORDER BY users.id") // in which the rows that are not there are looked for side by side
		}
		s.add(" LIMIT ?", rareScanned+1)
	})
	return len(all) <= rareScanned, all, err
}

func (tx *Tx) countState(ctx context.Context, c cardinal.CustomerID, in state, most int) (n int, err error) {
	s := &statement{}
	s.add("SELECT count(*) FROM (SELECT 1 FROM " + in.table + " WHERE ")
	in.theirs(s, c)
	s.add(" LIMIT ?) AS few", most)
	err = tx.work.QueryRowContext(ctx, s.text.String(), s.args...).Scan(&n)
	return n, err
}

// sorted reads those whom gathered selects in the list's order.
func (tx *Tx) sorted(ctx context.Context, q UserQuery, gathered func(*statement)) ([]listed, error) {
	by, s := q.sort(tx.now), &statement{}
	s.add("SELECT users.id, "+by.key+", ", by.args...)
	if q.From == nil {
		s.add("TRUE")
	} else if err := by.behind(s, *q.From, q.Down); err != nil {
		return nil, err
	}
	s.add(" FROM (")
	gathered(s)
	s.add(") AS gathered CROSS JOIN users")
	if q.Sort == SortPINExpires {
		s.add(" LEFT JOIN pins ON pins.user_id = users.id")
	}
	s.add(" WHERE users.id = gathered.id")
	by.order(s, q.Down)
	return tx.finds(ctx, s)
}

func (tx *Tx) finds(ctx context.Context, s *statement) ([]listed, error) {
	rows, err := tx.work.QueryContext(ctx, s.text.String(), s.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []listed
	for rows.Next() {
		var f listed
		if err := rows.Scan(&f.id, &f.key, &f.behind); err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, rows.Err()
}

// cut takes the page out of all who match.
func cut(q UserQuery, all []listed) (UserPage, []listed) {
	begin := 0
	if q.From != nil {
		begin = slices.IndexFunc(all, func(f listed) bool { return f.behind })
		if begin < 0 {
			begin = len(all)
		}
		if q.From.Back {
			// The user of the place stands behind what is wanted, if they are there still.
			for begin > 0 && all[begin-1].id == string(q.From.ID) {
				begin--
			}
			begin = max(begin-q.Most, 0)
		}
	}
	end := min(begin+q.Most, len(all))
	page := UserPage{At: begin, Total: len(all)}
	page.bounds(all[begin:end], begin > 0, end < len(all))
	return page, all[begin:end]
}

// bounds sets what is beside the page.
func (p *UserPage) bounds(those []listed, before, behind bool) {
	if len(those) == 0 {
		return
	}
	if first := those[0]; before {
		p.Previous = &UserPlace{Key: first.key, ID: cardinal.UserID(first.id), Back: true, At: p.At}
	}
	if last := those[len(those)-1]; behind {
		p.Next = &UserPlace{Key: last.key, ID: cardinal.UserID(last.id), At: p.At + len(those)}
	}
}
