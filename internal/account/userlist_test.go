package account_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/credential"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func (o *office) find(q account.UserQuery) account.UserList {
	o.t.Helper()
	if q.Limit == 0 {
		q.Limit = 50
	}
	list, err := o.service.FindUsers(o.t.Context(), o.console, q)
	if err != nil {
		o.t.Fatalf("%+v: %v", q, err)
	}
	return list
}

func namesOf(users []account.UserView) string {
	var names []string
	for _, user := range users {
		names = append(names, user.Username)
	}
	return fmt.Sprint(names)
}

// The filters about time are of this instant and of the customer's zone.
func TestFiltersAboutTime(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.Clock.Set(time.Date(2026, 3, 28, 20, 30, 0, 0, time.UTC)) // 21:30 in Prague, where the next day has 23 hours
		storetest.Set(t, o.store, o.customer, map[string]any{"customer.time-zone": "Europe/Prague"})
		now := o.Clock.Now()
		for name, expires := range map[string]time.Time{
			"a-now": now, "b-next": now.Add(time.Millisecond), "c-today": now.Add(150*time.Minute - time.Millisecond), "d-midnight": now.Add(150 * time.Minute),
			"e-week": now.AddDate(0, 0, 7), "f-later": now.AddDate(0, 0, 7).Add(time.Millisecond), "g-never": {},
		} {
			user := storetest.User(t, o.store, o.customer, name)
			storetest.Write(t, o.store, func(ctx context.Context, tx *store.Tx) error {
				state := cardinal.PINState{ID: cardinal.PINID(tx.NewID()), User: user.ID, CreatedAt: tx.Now(), ExpiresAt: expires}
				_, err := tx.AddPIN(ctx, o.customer, store.StoredPIN{PINState: state, Tag: store.Tag{Version: 1, Sum: []byte(name)}})
				return err
			})
		}
		for filter, want := range map[account.UserFilter]string{
			account.FilterExpiringToday: "[b-next c-today]",
			account.FilterExpiring:      "[b-next c-today d-midnight e-week]",
			account.FilterNoPIN:         "[a-now]",
		} {
			list := o.find(account.UserQuery{Filter: filter})
			count, err := o.service.CountUsers(t.Context(), o.console, account.UserQuery{Filter: filter})
			if got := namesOf(list.Users); got != want || list.Total != len(list.Users) || count != list.Total || err != nil {
				t.Errorf("%s: %s, %d in all, counted %d, %v; want %s", filter, got, list.Total, count, err, want)
			}
		}
		if got := namesOf(o.find(account.UserQuery{Sort: account.SortPINExpires, Limit: 5}).Users); got != "[b-next c-today d-midnight e-week f-later]" {
			t.Errorf("first to expire are %s", got)
		}
	})
}

// Each count of the PINs' standing is that of the list behind it.
func TestStandingIsThatOfTheLists(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		for _, name := range []string{"anna", "bert", "carl"} {
			o.create(o.console, name, account.Fields{Credentials: withPIN("k7Qw29" + name[:1])})
		}
		o.Clock.Add(time.Minute)
		if err := o.change(map[string]string{"pin.min-length": "8", "pin.generated-length": "8"}); err != nil {
			t.Fatal(err)
		}
		o.create(o.console, "dora", account.Fields{Credentials: withPIN("k7Qw29mM4")})
		bert := o.look("bert")
		storetest.Write(t, o.store, func(ctx context.Context, tx *store.Tx) error {
			pin, err := tx.PIN(ctx, bert.ID)
			if err != nil {
				return err
			}
			return tx.SetPolicyMet(ctx, pin, false)
		})
		standing, err := o.service.PINStanding(t.Context(), o.console)
		if err != nil {
			t.Fatal(err)
		}
		for filter, c := range map[account.UserFilter]struct {
			count int
			want  string
		}{
			account.FilterPINBeforePolicy:  {standing.BeforePolicy, "[anna bert carl]"},
			account.FilterPINBelowPolicy:   {standing.BelowPolicy, "[bert]"},
			account.FilterPINNotIdentified: {standing.NotIdentifying, "[anna bert carl dora]"},
		} {
			if list := o.find(account.UserQuery{Filter: filter}); namesOf(list.Users) != c.want || c.count != len(list.Users) {
				t.Errorf("%s: %s, and the standing says %d; want %s", filter, namesOf(list.Users), c.count, c.want)
			}
		}
	})
}

// What a person types finds names and numbers alike, and each user once.
func TestFindUsers(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		numbers := func(text string) credential.Change {
			return credential.Change{Numbers: []credential.NumberChange{numbered(t, cardinal.Primary, text)}}
		}
		o.create(o.console, "abcd", account.Fields{Credentials: numbers("77001234")})
		o.create(o.console, "bert1234", account.Fields{})
		o.create(o.console, "carl1234", account.Fields{Credentials: numbers("88001234"), Disabled: new(true)})
		o.create(o.console, "dora", account.Fields{Credentials: numbers("ABCD")})
		for _, c := range []struct {
			query    account.UserQuery
			want     string
			byNumber bool
		}{
			{account.UserQuery{Text: "1234"}, "[abcd carl1234 bert1234]", true},
			{account.UserQuery{Text: "1234", Filter: account.FilterDisabled}, "[carl1234]", true},
			{account.UserQuery{Text: "abcd"}, "[dora abcd]", true},
			{account.UserQuery{Text: "77001234"}, "[abcd]", true},
			{account.UserQuery{Text: "77001234", Filter: account.FilterDisabled}, "[]", false},
			{account.UserQuery{Text: "BERT"}, "[bert1234]", false},
			{account.UserQuery{Text: "x\x00y"}, "[]", false},
			{account.UserQuery{Role: cardinal.RoleAuditor}, "[]", false},
			{account.UserQuery{Source: account.SourceManual, Limit: 3}, "[abcd bert1234 carl1234]", false},
		} {
			list := o.find(c.query)
			total := len(list.Users)
			if c.query.Limit > 0 {
				total = 4
			}
			if namesOf(list.Users) != c.want || list.ByNumber != c.byNumber || list.Total != total || list.More {
				t.Errorf("%+v finds %s, %d in all, by number: %v", c.query, namesOf(list.Users), list.Total, list.ByNumber)
			}
		}
	})
}

// A long list is counted as far as that takes no time, and exactly when asked.
func TestLongListsAreCountedWithinBounds(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		names := make([]string, 600)
		for i := range names {
			names[i] = fmt.Sprintf("user%03d", i)
		}
		storetest.Users(t, o.store, o.customer, names...)
		for _, c := range []struct {
			query account.UserQuery
			total int
			more  bool
		}{
			{account.UserQuery{}, 600, false}, {account.UserQuery{Text: "user"}, 500, true}, {account.UserQuery{Text: "user1"}, 100, false},
			{account.UserQuery{Filter: account.FilterNoPIN}, 600, false}, {account.UserQuery{Source: account.SourceManual}, 600, false},
		} {
			if list := o.find(c.query); list.Total != c.total || list.More != c.more {
				t.Errorf("%+v: %d, more: %v", c.query, list.Total, list.More)
			}
		}
		count, err := o.service.CountUsers(t.Context(), o.console, account.UserQuery{Text: "user", Sort: account.SortName, Cursor: o.find(account.UserQuery{Sort: account.SortName}).Next})
		if count != 600 || err != nil {
			t.Errorf("counted are %d, %v", count, err)
		}
	})
}

func TestQueriesThatMeanNothing(t *testing.T) {
	o := onSQLite(t)
	o.create(o.console, "anna", account.Fields{})
	o.create(o.console, "bert", account.Fields{})
	next := o.find(account.UserQuery{Limit: 1}).Next
	broken := base64.RawURLEncoding.EncodeToString([]byte(`{"s":"pin-expires","k":"soon","i":"x"}`))
	for field, q := range map[string]account.UserQuery{
		"filter": {Filter: "nonsense"}, "sort": {Sort: "shoe-size"}, "source": {Source: "thin air"}, "role": {Role: "king"},
		"cursor": {Cursor: "nonsense"},
	} {
		q.Limit = 1
		_, err := o.service.Users(t.Context(), o.console, q)
		refused(t, err, cardinal.CodeInvalid, field+" invalid")
	}
	for _, q := range []account.UserQuery{{Sort: account.SortName, Cursor: next}, {Sort: account.SortPINExpires, Cursor: broken}} {
		q.Limit = 1
		_, err := o.service.Users(t.Context(), o.console, q)
		refused(t, err, cardinal.CodeInvalid, "cursor invalid")
	}
	_, err := o.service.CountUsers(t.Context(), o.person("carl", cardinal.RoleUser), account.UserQuery{})
	refused(t, err, cardinal.CodeForbidden)
}

// A query is kept as JSON, and a number never is.
func TestAQueryIsAPlainValue(t *testing.T) {
	q := account.UserQuery{Text: "anna", Number: numbered(t, cardinal.Primary, number).Number, Filter: account.FilterLocked, Source: account.SourceAPI, Role: cardinal.RoleUser, Down: true}
	text, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	var back account.UserQuery
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	q.Number = cardinal.CardNumber{}
	if fmt.Sprint(back) != fmt.Sprint(q) {
		t.Errorf("%+v became %+v", q, back)
	}
}
