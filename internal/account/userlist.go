package account

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"cardinal"
	"cardinal/internal/credential"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// UserQuery narrows, sorts and pages a list of users: those who meet all that is
// given. It is a plain value; as JSON it is without the Number.
type UserQuery struct {
	Text      string              // part of username, full name or e-mail; empty: all
	Number    cardinal.CardNumber `json:"-"` // exactly this number; zero: all
	NumberEnd string              // the last four characters of a number; empty: all
	Filter    UserFilter
	Source    string        // SourceManual, SourceAPI or SourceImport; empty: all
	Role      cardinal.Role // exactly this role; empty: all
	Sort      UserSort
	Down      bool   // sorted the other way round
	Cursor    string // from another page of the same list; empty: the first page
	Limit     int    // 1–500 users
}

// usersMost is how many users a page has at most.
const usersMost = 500

// UserPage is one page of users. Next and Previous are cursors, empty where the
// list ends.
type UserPage struct {
	Users    []UserView
	Next     string
	Previous string
	At       int // how many users stand before the page
}

// Users lists users. Sorted by username a list can be read to its end while its
// users change: whoever stays in it comes once.
func (s *Service) Users(ctx context.Context, caller cardinal.Caller, q UserQuery) (UserPage, error) {
	var page UserPage
	err := s.listing(ctx, caller, q, func(l *listing) (err error) {
		page, _, err = l.page(ctx)
		return err
	})
	return page, err
}

// CountUsers counts all users whom the query means; sort, cursor and limit play
// no part.
func (s *Service) CountUsers(ctx context.Context, caller cardinal.Caller, q UserQuery) (int, error) {
	q.Cursor, q.Limit = "", 1
	n := 0
	err := s.listing(ctx, caller, q, func(l *listing) (err error) {
		n, err = l.tx.CountMatching(ctx, caller.Customer, l.match, uncounted)
		return err
	})
	return n, err
}

// uncounted is more users than there are.
const uncounted = 1 << 31

// UserList is a page of users with how many there are in all.
type UserList struct {
	UserPage
	Total    int
	More     bool // there are more than Total, too many to count while somebody waits
	ByNumber bool // some were found by their number
}

// The most users that are counted while somebody waits, and where all of them
// must be searched for a text.
const (
	countedMost  = 2_000
	searchedMost = 500
)

// FindUsers lists and counts users for a person who looks for one: those who
// have q.Text in their name, username or e-mail and, before them on the first
// page, those who have it as a number or at the end of one. q.Number and
// q.NumberEnd are not heeded.
func (s *Service) FindUsers(ctx context.Context, caller cardinal.Caller, q UserQuery) (UserList, error) {
	q.Number, q.NumberEnd = cardinal.CardNumber{}, ""
	var list UserList
	err := s.listing(ctx, caller, q, func(l *listing) (err error) {
		list = UserList{}
		if list.UserPage, list.Total, err = l.page(ctx); err != nil {
			return err
		}
		if list.Total < 0 {
			if list.Total, list.More, err = l.count(ctx); err != nil {
				return err
			}
		}
		if q.Text == "" || q.Cursor != "" {
			return nil
		}
		return l.addByNumber(ctx, &list)
	})
	return list, err
}

// listing is one list being read.
type listing struct {
	*Service
	tx     *store.Tx
	by     credential.Acting
	query  UserQuery
	match  store.UserMatch
	nobody bool // no user can be meant
}

// listing checks a query and runs do with what it means at this instant.
func (s *Service) listing(ctx context.Context, caller cardinal.Caller, q UserQuery, do func(*listing) error) error {
	if err := caller.Require(cardinal.PermReadUsers); err != nil {
		return err
	}
	if err := q.check(); err != nil {
		return err
	}
	if !cardinal.CleanText(q.Text + q.NumberEnd) {
		return nil // nobody is called so, and no database takes it as a text
	}
	return s.store.Read(ctx, func(tx *store.Tx) error {
		by, err := Acting(ctx, tx, caller)
		if err != nil {
			return err
		}
		l := &listing{Service: s, tx: tx, by: by, query: q}
		if err := l.resolve(ctx); err != nil {
			return err
		}
		if l.nobody {
			return nil
		}
		return do(l)
	})
}

func (q UserQuery) check() error {
	switch {
	case q.Limit < 1 || q.Limit > usersMost:
		return cardinal.Invalid("limit", "A page has 1 to 500 users.")
	case !slices.Contains(UserFilters(), q.Filter):
		return cardinal.Invalid("filter", "There is no filter of that name.")
	case !slices.Contains(UserSorts(), q.Sort):
		return cardinal.Invalid("sort", "Users cannot be sorted by this.")
	case q.Source != "" && !slices.Contains(Sources(), q.Source):
		return cardinal.Invalid("source", "Users do not come from there.")
	case q.Role != "" && !q.Role.Valid():
		return cardinal.Invalid("role", "There is no role of that name.")
	}
	_, err := q.place()
	return err
}

// resolve turns the query into what the store compares with.
func (l *listing) resolve(ctx context.Context) error {
	q, customer := l.query, l.by.Caller.Customer
	l.match = store.UserMatch{Text: q.Text, NumberEnd: q.NumberEnd, Role: q.Role, Source: q.Source, Filter: q.Filter}
	var err error
	switch q.Filter {
	case FilterExpiring:
		l.match.ExpiringUntil = l.tx.Now().AddDate(0, 0, expiringDays)
	case FilterExpiringToday:
		now := l.tx.Now().In(setting.Location(l.by.Settings))
		l.match.ExpiringUntil = time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, now.Location()).Add(-time.Millisecond)
	case FilterPINBelowPolicy, FilterPINBeforePolicy:
		l.match.PolicyChangedAt, err = l.tx.PolicyChangedAt(ctx, customer)
	}
	if err != nil || q.Number.IsZero() {
		return err
	}
	owned, err := l.door.FindNumber(ctx, l.tx, customer, q.Number)
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		l.nobody, err = true, nil
	}
	l.match.ID = owned.User
	return err
}

// page reads the page, and returns how many match, or -1 if that is still to be
// counted.
func (l *listing) page(ctx context.Context) (UserPage, int, error) {
	q := l.query
	from, err := q.place()
	if err != nil {
		return UserPage{}, 0, err
	}
	found, err := l.tx.Users(ctx, l.by.Caller.Customer, store.UserQuery{UserMatch: l.match, Sort: q.Sort, Down: q.Down, From: from, Most: q.Limit})
	if err != nil {
		return UserPage{}, 0, err
	}
	page := UserPage{At: found.At, Next: q.cursor(found.Next), Previous: q.cursor(found.Previous)}
	for _, row := range found.Users {
		view, err := l.viewOf(l.by, row, l.tx.Now())
		if err != nil {
			return UserPage{}, 0, err
		}
		page.Users = append(page.Users, view)
	}
	return page, found.Total, nil
}

// count counts a list that was found to be long.
func (l *listing) count(ctx context.Context) (n int, more bool, err error) {
	q, customer := l.query, l.by.Caller.Customer
	switch {
	case l.match == store.UserMatch{}:
		n, err = l.tx.CountUsers(ctx, customer)
		return n, false, err
	case q.Text != "":
		return searchedMost, true, nil
	}
	n, err = l.tx.CountMatching(ctx, customer, l.match, countedMost+1)
	return min(n, countedMost), n > countedMost, err
}

// addByNumber puts those whose number the text is, or ends, before the others.
func (l *listing) addByNumber(ctx context.Context, list *UserList) error {
	text := l.query.Text
	var queries []UserQuery
	if number, err := cardinal.ParseCardNumber("q", text); err == nil {
		queries = append(queries, UserQuery{Number: number})
	}
	if len(text) == numberEnd {
		queries = append(queries, UserQuery{NumberEnd: text})
	}
	var first []UserView
	for _, q := range queries {
		q.Filter, q.Role, q.Source, q.Limit = l.query.Filter, l.query.Role, l.query.Source, l.query.Limit
		owners := &listing{Service: l.Service, tx: l.tx, by: l.by, query: q}
		if err := owners.resolve(ctx); err != nil {
			return err
		}
		if owners.nobody {
			continue
		}
		page, _, err := owners.page(ctx)
		if err != nil {
			return err
		}
		first = append(first, page.Users...)
	}
	first = distinct(first)
	for _, owner := range first {
		if !store.NameHas(owner.User, text) {
			list.Total++
		}
	}
	list.ByNumber = len(first) > 0
	list.Users = distinct(append(first, list.Users...))
	return nil
}

// PrepareSearch makes searches quick for who is new or renamed. Until it has run
// they are found all the same. It may run on several nodes at a time.
func (s *Service) PrepareSearch(ctx context.Context) error {
	const atOnce = 200
	for after := cardinal.CustomerID(""); ; {
		var customers []cardinal.Customer
		err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
			customers, err = tx.Customers(ctx, after, atOnce)
			return err
		})
		if err != nil {
			return err
		}
		for _, c := range customers {
			if _, err := s.store.BlockUsers(ctx, c.ID); err != nil {
				return err
			}
			after = c.ID
		}
		if len(customers) < atOnce {
			return nil
		}
	}
}

// numberEnd is how many characters at the end of a number find it.
const numberEnd = 4

func distinct(users []UserView) []UserView {
	seen := map[cardinal.UserID]bool{}
	return slices.DeleteFunc(users, func(u UserView) bool {
		again := seen[u.ID]
		seen[u.ID] = true
		return again
	})
}

// marker is what a cursor holds. It tells of which order it is, since a place in
// one list means nothing in another.
type marker struct {
	Sort UserSort        `json:"s,omitempty"`
	Key  string          `json:"k"`
	ID   cardinal.UserID `json:"i"`
	Back bool            `json:"b,omitempty"`
	At   int             `json:"n,omitempty"`
}

func (q UserQuery) cursor(place *store.UserPlace) string {
	if place == nil {
		return ""
	}
	text, err := json.Marshal(marker{q.Sort, place.Key, place.ID, place.Back, place.At})
	if err != nil {
		panic(err) // texts and whole numbers can always be written
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// place is where the cursor points to; nil is the beginning of the list.
func (q UserQuery) place() (*store.UserPlace, error) {
	if q.Cursor == "" {
		return nil, nil //nolint:nilnil // no place is the beginning
	}
	unknown := cardinal.Invalid("cursor", "This is not a page of this list. Leave the cursor out to begin at the first page.")
	text, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err != nil {
		return nil, unknown
	}
	var m marker
	if err := json.Unmarshal(text, &m); err != nil || m.Sort != q.Sort || m.At < 0 || !cardinal.CleanText(string(m.ID)) {
		return nil, unknown
	}
	if _, err := strconv.ParseInt(m.Key, 10, 64); err != nil && q.Sort == SortPINExpires {
		return nil, unknown
	}
	return &store.UserPlace{Key: m.Key, ID: m.ID, Back: m.Back, At: m.At}, nil
}
