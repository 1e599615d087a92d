package store_test

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// listed reads one page of users.
func listed(n node, c cardinal.CustomerID, q store.UserQuery) []string {
	n.t.Helper()
	var page store.UserPage
	n.read(func(ctx context.Context, tx *store.Tx) (err error) {
		page, err = tx.Users(ctx, c, q)
		return err
	})
	return names(page.Users, func(u store.UserRow) string { return u.Username })
}

func testUserSearchAndPages(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	storetest.Users(t, n.Store, storetest.Customer(t, n.Store, "not of "+t.Name()).ID, "a%b", "100", "zofie")
	storetest.Users(t, n.Store, c, "a%b", "a_b", `a\b`, "axb", "100", "Bob", "emil")
	n.write(func(ctx context.Context, tx *store.Tx) error { return tx.AddUser(ctx, fullUser(tx, c, "zofie")) })
	for text, want := range map[string][]string{
		"a%b": {"a%b"}, "a_b": {"a_b"}, `a\b`: {`a\b`}, "%": {"a%b"}, "_": {"a_b"}, `\`: {`a\b`},
		"BOB": {"Bob"}, "nOVÁk": {"zofie"}, "novák": {"zofie"}, "ZOFIE@EXAMPLE": {"zofie"}, "two": {}, "00": {"100"},
	} {
		same(t, want, listed(n, c, store.UserQuery{UserMatch: store.UserMatch{Text: text}, Most: 10}))
	}
	all := listed(n, c, store.UserQuery{Most: 100})
	same(t, 8, len(all))
	same(t, all, pagedUsernames(n, c))
	n.read(func(ctx context.Context, tx *store.Tx) error {
		count, err := tx.CountUsers(ctx, c)
		same(t, 8, count)
		return err
	})
}

func testUsersAreFoundWithoutAccents(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	n.write(func(ctx context.Context, tx *store.Tx) error {
		for _, name := range []string{"Élodie Martin", "Łukasz Ørsted", "Zoë Straße", "Emil Đorđević", "Йосиф", "がく"} {
			u := fullUser(tx, c, fmt.Sprintf("u%x", name))
			u.FullName = name
			if err := tx.AddUser(ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
	find := func(text string) []string {
		t.Helper()
		var page store.UserPage
		n.read(func(ctx context.Context, tx *store.Tx) (err error) {
			page, err = tx.Users(ctx, c, store.UserQuery{UserMatch: store.UserMatch{Text: text}, Sort: store.SortName, Most: 10})
			return err
		})
		return names(page.Users, func(u store.UserRow) string { return u.FullName })
	}
	wanted := map[string][]string{
		"elodie": {"Élodie Martin"}, "ÉLODIE": {"Élodie Martin"}, "e\u0301lod": {"Élodie Martin"}, "lukasz": {"Łukasz Ørsted"}, "ørs": {"Łukasz Ørsted"},
		"zoe STRASSE": {"Zoë Straße"}, "đordevic": {"Emil Đorđević"}, "иосиф": {"Йосиф"}, "が": {"がく"}, "か": {},
	}
	for text, want := range wanted {
		same(t, want, find(text))
	}
	sorted := find("example.org")
	same(t, []string{"Élodie Martin", "Emil Đorđević", "Łukasz Ørsted", "Zoë Straße"}, sorted[:4])
}

// What is longer than a database indexes is found all the same.
func testUsersWithLongNames(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	username := strings.Repeat("𠜎ΐ", cardinal.UsernameMaxLength/2)
	n.write(func(ctx context.Context, tx *store.Tx) error {
		u := fullUser(tx, c, username)
		u.Email = strings.Repeat("ŉ", cardinal.FieldMaxLength/2)
		var name strings.Builder // which cannot be compressed
		for r := rand.New(rand.NewPCG(1, 2)); name.Len() < 4*cardinal.FieldMaxLength; {
			name.WriteRune(rune(0x20000 + r.IntN(0xa000)))
		}
		u.FullName = name.String()
		return tx.AddUser(ctx, u)
	})
	same(t, []string{username}, listed(n, c, store.UserQuery{UserMatch: store.UserMatch{Text: username}, Most: 10}))
}

func testUsersByNumberEnd(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	users := storetest.Users(t, n.Store, c, "anna", "bert", "carl")
	n.write(func(ctx context.Context, tx *store.Tx) error {
		for i, end := range []string{"1234", "123%", "1234"} {
			_, err := tx.AddNumber(ctx, c, store.StoredNumber{
				User: users[i].ID, Slot: cardinal.Slots()[i%2], Tag: tag(1, fmt.Sprint(i)), Sealed: []byte{1}, End: end,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	for end, want := range map[string][]string{"1234": {"anna", "carl"}, "123%": {"bert"}, "234": {}} {
		same(t, want, listed(n, c, store.UserQuery{UserMatch: store.UserMatch{NumberEnd: end}, Most: 9}))
	}
}

func testAUserInAListHasWhatIsTheirs(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	users := storetest.Users(t, n.Store, c, "anna", "bert")
	var want store.UserRow
	n.write(func(ctx context.Context, tx *store.Tx) error {
		for _, slot := range []cardinal.Slot{cardinal.Secondary, cardinal.Primary} {
			if _, err := tx.AddNumber(ctx, c, store.StoredNumber{User: users[0].ID, Slot: slot, Tag: tag(1, string(slot)), Sealed: []byte{1}, End: "1234", Digits: 4}); err != nil {
				return err
			}
		}
		state := cardinal.PINState{ID: "p", User: users[0].ID, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(time.Hour), Generated: true}
		if _, err := tx.AddPIN(ctx, c, store.StoredPIN{PINState: state, Tag: tag(1, "PIN")}); err != nil {
			return err
		}
		if _, err := tx.LockCounter(ctx, c, store.UserSubject(users[0].ID)); err != nil {
			return err
		}
		return tx.SetCounter(ctx, c, store.UserSubject(users[0].ID), store.Counter{Wrong: 5, ChangedAt: tx.Now(), LockedUntil: tx.Now().Add(time.Minute)})
	})
	n.read(func(ctx context.Context, tx *store.Tx) (err error) {
		want.User = users[0]
		want.PIN, err = tx.PIN(ctx, users[0].ID)
		if err != nil {
			return err
		}
		if want.Numbers, err = tx.Numbers(ctx, users[0].ID); err != nil {
			return err
		}
		want.Lock, err = tx.Counter(ctx, c, store.UserSubject(users[0].ID))
		return err
	})
	n.read(func(ctx context.Context, tx *store.Tx) error {
		page, err := tx.Users(ctx, c, store.UserQuery{Most: 2})
		same(t, []store.UserRow{want, {User: users[1]}}, page.Users)
		return err
	})
}

// person is what the model knows of a user.
type person struct {
	user                                                            cardinal.User
	pin                                                             store.StoredPIN
	number, signedIn, locked, belowPolicy, newRequired, identifying bool
}

// crowd is many users, each with something else, and what lists of them say.
type crowd struct {
	now, policyChanged time.Time
	people             []person
}

func (w crowd) meets(p person, m store.UserMatch) bool {
	live := p.pin.Live(w.now)
	text := strings.ToLower(cmp.Or(p.user.FullName, p.user.Username) + "\n" + p.user.Email + "\n" + p.user.Username)
	if !strings.Contains(text, m.Text) || m.Role != "" && m.Role != p.user.Role || m.Source != "" && m.Source != p.user.Source {
		return false
	}
	switch m.Filter {
	case store.FilterNoPIN:
		return !live
	case store.FilterNoNumber:
		return !p.number
	case store.FilterNoAddress:
		return p.user.Email == ""
	case store.FilterExpiring, store.FilterExpiringToday:
		return live && !p.pin.ExpiresAt.IsZero() && !p.pin.ExpiresAt.After(m.ExpiringUntil)
	case store.FilterLocked:
		return p.locked
	case store.FilterDisabled:
		return p.user.Disabled
	case store.FilterNeverSignedIn:
		return !p.signedIn
	case store.FilterPINBelowPolicy:
		return live && p.belowPolicy
	case store.FilterPINBeforePolicy:
		return live && p.pin.CreatedAt.Before(w.policyChanged)
	case store.FilterPINNotIdentified:
		return live && !p.identifying
	case store.FilterNewPINRequired:
		return live && p.newRequired
	}
	return true
}

func (w crowd) list(q store.UserQuery) []string {
	those := slices.DeleteFunc(slices.Clone(w.people), func(p person) bool { return !w.meets(p, q.UserMatch) })
	expiry := func(p person) int64 {
		if !p.pin.Live(w.now) || p.pin.ExpiresAt.IsZero() {
			return 1 << 62
		}
		return p.pin.ExpiresAt.UnixMilli()
	}
	slices.SortFunc(those, func(a, b person) int {
		by := strings.Compare(a.user.Username, b.user.Username)
		switch q.Sort {
		case store.SortName:
			by = cmp.Or(strings.Compare(strings.ToLower(cmp.Or(a.user.FullName, a.user.Username)), strings.ToLower(cmp.Or(b.user.FullName, b.user.Username))),
				strings.Compare(a.user.Email, b.user.Email), by)
		case store.SortCreated:
			by = strings.Compare(string(a.user.ID), string(b.user.ID))
		case store.SortPINExpires:
			by = cmp.Or(cmp.Compare(expiry(a), expiry(b)), strings.Compare(string(a.user.ID), string(b.user.ID)))
		}
		if q.Down {
			return -by
		}
		return by
	})
	return names(those, func(p person) string { return p.user.Username })
}

// gather writes people of whom any two differ in something.
func gather(n node, c cardinal.CustomerID, d *storetest.Database) crowd {
	r := rand.New(rand.NewPCG(3, 4))
	w := crowd{now: d.Clock.Now(), policyChanged: d.Clock.Now().Add(-time.Hour)}
	chance := func(of int) bool { return r.IntN(of) == 0 }
	for i := range 60 {
		var p person
		n.write(func(ctx context.Context, tx *store.Tx) error {
			p = person{number: chance(2), signedIn: chance(2), locked: chance(4), belowPolicy: chance(3), newRequired: chance(3), identifying: chance(2)}
			p.user = cardinal.User{
				ID: cardinal.UserID(tx.NewID()), Customer: c, Username: fmt.Sprintf("u%02d", r.IntN(1000)*100+i), Role: cardinal.RoleUser,
				Source: []string{"manual", "import"}[r.IntN(2)], Disabled: chance(3),
			}
			if !chance(3) {
				p.user.FullName = []string{"Anna", "Bert", "Carl"}[r.IntN(3)]
			}
			if !chance(3) {
				p.user.Email = fmt.Sprintf("m%d@example.org", r.IntN(20))
			}
			if chance(4) {
				p.user.Role = cardinal.RoleHelpdesk
			}
			return tx.AddUser(ctx, p.user)
		})
		n.write(func(ctx context.Context, tx *store.Tx) error { return endow(ctx, tx, &p, w, r) })
		w.people = append(w.people, p)
	}
	return w
}

func endow(ctx context.Context, tx *store.Tx, p *person, w crowd, r *rand.Rand) error {
	var errs []error
	if p.number {
		_, err := tx.AddNumber(ctx, p.user.Customer, store.StoredNumber{User: p.user.ID, Slot: cardinal.Slots()[r.IntN(2)], Tag: tag(1, "n"+p.user.Username), Sealed: []byte{1}})
		errs = append(errs, err)
	}
	if p.signedIn {
		those := []cardinal.UserID{p.user.ID}
		errs = append(errs, tx.MarkSignedIn(ctx, p.user.Customer, those), tx.MarkSignedIn(ctx, p.user.Customer, those))
	}
	_, err := tx.LockCounter(ctx, p.user.Customer, store.UserSubject(p.user.ID))
	errs = append(errs, err)
	until := w.now // no longer locked
	if p.locked {
		until = w.now.Add(time.Millisecond)
	}
	errs = append(errs, tx.SetCounter(ctx, p.user.Customer, store.UserSubject(p.user.ID), store.Counter{Wrong: 1, ChangedAt: w.now, LockedUntil: until}))
	if r.IntN(4) == 0 {
		return first(errs...)
	}
	p.pin = store.StoredPIN{
		PINState:    cardinal.PINState{ID: cardinal.PINID(tx.NewID()), User: p.user.ID, CreatedAt: w.policyChanged.Add(time.Duration(r.IntN(3)-1) * time.Millisecond)},
		Tag:         tag(1, "p"+p.user.Username),
		Identifying: p.identifying,
	}
	if r.IntN(4) > 0 {
		p.pin.ExpiresAt = w.now.Add(time.Duration(r.IntN(5)-1) * time.Hour)
	}
	_, err = tx.AddPIN(ctx, p.user.Customer, p.pin)
	errs = append(errs, err)
	if p.belowPolicy {
		errs = append(errs, tx.SetPolicyMet(ctx, p.pin, false))
	}
	return first(errs...)
}

// Every filter, order and direction gives who is meant, once each, whether the
// list is gathered or walked along, forwards and backwards.
func TestListsOfUsersAgreeWithAModel(t *testing.T) {
	on(t, func(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
		w := gather(n, c, d)
		storetest.Users(t, n.Store, storetest.Customer(t, n.Store, "Others").ID, "u1", "u2")
		require(n, w)
		matches := []store.UserMatch{{Text: "anna"}, {Text: "m1"}, {Text: "nobody"}, {Role: cardinal.RoleHelpdesk}, {Source: "import", Role: cardinal.RoleUser, Text: "u"}}
		for _, filter := range filters() {
			for _, text := range []string{"", "anna"} {
				matches = append(matches, store.UserMatch{Filter: filter, Text: text, ExpiringUntil: w.now.Add(2 * time.Hour), PolicyChangedAt: w.policyChanged})
			}
		}
		if gathered, err := n.BlockUsers(t.Context(), c); err != nil || gathered != 60 {
			t.Fatalf("%d of 60 users are in blocks: %v", gathered, err)
		}
		for _, match := range matches {
			for _, sort := range []store.UserSort{store.SortUsername, store.SortName, store.SortCreated, store.SortPINExpires} {
				for _, down := range []bool{false, true} {
					q := store.UserQuery{UserMatch: match, Sort: sort, Down: down}
					agrees(n, c, q, w.list(q))
				}
			}
		}
	})
}

func filters() []store.UserFilter {
	return []store.UserFilter{
		store.FilterAll, store.FilterNoPIN, store.FilterNoNumber, store.FilterNoAddress, store.FilterExpiring, store.FilterLocked, store.FilterDisabled,
		store.FilterNeverSignedIn, store.FilterPINBelowPolicy, store.FilterPINBeforePolicy, store.FilterPINNotIdentified, store.FilterNewPINRequired,
	}
}

// require asks for new PINs as an administrator does.
func require(n node, w crowd) {
	n.write(func(ctx context.Context, tx *store.Tx) error {
		for _, p := range w.people {
			if p.newRequired && p.pin.ID != "" {
				if _, err := tx.RequireNewPIN(ctx, p.pin.PINState); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func agrees(n node, c cardinal.CustomerID, q store.UserQuery, want []string) {
	n.t.Helper()
	n.read(func(ctx context.Context, tx *store.Tx) error {
		count, err := tx.CountMatching(ctx, c, q.UserMatch, 1000)
		same(n.t, len(want), count)
		if err != nil {
			return err
		}
		for name, list := range map[string]func(context.Context, cardinal.CustomerID, store.UserQuery) (store.UserPage, error){
			"gathered": tx.Users, "walked": tx.WalkUsers,
		} {
			for _, most := range []int{7, 100} {
				there, back, err := thereAndBack(ctx, c, q, most, list)
				if err != nil {
					return err
				}
				if !slices.Equal(there, want) || !slices.Equal(back, want) {
					n.t.Fatalf("%s by %d: %+v gives\n%q, and backwards\n%q, want\n%q", name, most, q, there, back, want)
				}
			}
		}
		return nil
	})
}

type lister func(context.Context, cardinal.CustomerID, store.UserQuery) (store.UserPage, error)

// thereAndBack reads a list to its end and then back to its beginning.
func thereAndBack(ctx context.Context, c cardinal.CustomerID, q store.UserQuery, most int, list lister) (there, back []string, err error) {
	q.Most = most
	for range 100 {
		page, err := list(ctx, c, q)
		if err != nil {
			return nil, nil, err
		}
		some := names(page.Users, func(u store.UserRow) string { return u.Username })
		if page.At != len(there) {
			return nil, nil, fmt.Errorf("a page is said to begin at %d, not %d", page.At, len(there))
		}
		there = append(there, some...)
		if page.Next == nil {
			back = some
			q.From = page.Previous
			break
		}
		q.From = page.Next
	}
	for range 100 {
		if q.From == nil {
			break
		}
		page, err := list(ctx, c, q)
		if err != nil {
			return nil, nil, err
		}
		back = append(names(page.Users, func(u store.UserRow) string { return u.Username }), back...)
		q.From = page.Previous
	}
	return there, back, nil
}

// A database from before the list of users is searched after it was opened once.
func TestUsersOfAnOlderDatabaseAreSearched(t *testing.T) {
	on(t, func(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
		users := make([]string, 1100)
		for i := range users {
			users[i] = fmt.Sprintf("user%04d", i)
		}
		storetest.Users(t, n.Store, c, users...)
		name, source := d.Driver()
		db, err := sql.Open(name, source)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.ExecContext(t.Context(), "UPDATE users SET search_key = ''"); err != nil {
			t.Fatal(err)
		}
		find := func(n node) []string {
			return listed(n, c, store.UserQuery{UserMatch: store.UserMatch{Text: "er0999"}, Most: 2})
		}
		same(t, []string{}, find(n))
		same(t, []string{"user0999"}, find(node{d.Open(t), t}))
	})
}
