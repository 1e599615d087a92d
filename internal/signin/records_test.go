package signin_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/signin"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// remember puts so many records on record, a second apart.
func (o *office) remember(n int, record func(i int) cardinal.SignIn) {
	o.t.Helper()
	storetest.Write(o.t, o.store, func(ctx context.Context, tx *store.Tx) error {
		for i := range n {
			at := o.Clock.Now().Add(time.Duration(i) * time.Second)
			r := record(i)
			r.ID, r.Customer, r.Time = tx.IDOf(fmt.Sprint(i), at), o.customer, at
			if err := tx.AddSignIn(ctx, r, "device", ""); err != nil {
				return err
			}
		}
		return nil
	})
	o.Clock.Add(time.Duration(n) * time.Second)
}

func (o *office) search(f signin.Filter, cursor string, most int) signin.Found {
	o.t.Helper()
	found, err := o.service.Search(o.t.Context(), cardinal.Console(o.customer), f, cursor, most)
	if err != nil {
		o.t.Fatal(err)
	}
	return found
}

// TestSearchStopsAtItsReach looks for one record that lies further back than a
// page looks: the page says how far it came, and the next one goes on from there.
func TestSearchStopsAtItsReach(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		began := o.Clock.Now()
		o.remember(signin.Reach+11, func(i int) cardinal.SignIn {
			outcome := cardinal.OutcomeSuccess
			if i == 5 {
				outcome = cardinal.OutcomeInvalid
			}
			return cardinal.SignIn{Outcome: outcome, Device: "Copier"}
		})
		first := o.search(signin.Filter{RefusedOnly: true}, "", 10)
		if len(first.Records) != 0 || first.Next == "" || !first.SearchedTo.Equal(began.Add(11*time.Second)) {
			t.Fatalf("the first page has %d records and stopped at %s", len(first.Records), first.SearchedTo)
		}
		second := o.search(signin.Filter{RefusedOnly: true}, first.Next, 10)
		if len(second.Records) != 1 || !second.Records[0].Time.Equal(began.Add(5*time.Second)) || second.Next != "" || !second.SearchedTo.IsZero() {
			t.Errorf("the second page has %+v", second)
		}
		if all := o.search(signin.Filter{}, "", 10); len(all.Records) != 10 || all.Next != all.Records[9].ID || !all.SearchedTo.IsZero() {
			t.Errorf("without a filter a page has %d records, and looked to %s", len(all.Records), all.SearchedTo)
		}
		if near := o.search(signin.Filter{RefusedOnly: true, To: began.Add(20 * time.Second)}, "", 10); len(near.Records) != 1 || near.Next != "" {
			t.Errorf("in a stretch of time the page has %+v", near)
		}
	})
}

func TestSearchFollowsUsersByWhoTheyAre(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.succeeds(byName(username, pin))
		o.fails(byName("nobody", pin))
		for name, want := range map[string]int{"ANNA": 1, username: 1, "nobody": 0, "no\x00body": 0} {
			if got := o.search(signin.Filter{Username: name}, "", 10); len(got.Records) != want {
				t.Errorf("%q has %d records", name, len(got.Records))
			}
		}
		o.remember(1, func(int) cardinal.SignIn { return cardinal.SignIn{Username: "gone", Outcome: cardinal.OutcomeUnknown} })
		if got := o.search(signin.Filter{Username: "gone"}, "", 10); len(got.Records) != 1 {
			t.Errorf("of somebody deleted there are %d records", len(got.Records))
		}
	})
}

func TestSearchIsForWhoeverMayReadSignIns(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	for _, role := range cardinal.Roles() {
		caller := cardinal.Caller{Kind: cardinal.CallerUser, Customer: o.customer, Role: role, Name: "x"}
		_, searched := o.service.Search(t.Context(), caller, signin.Filter{}, "", 10)
		exported := o.service.Export(t.Context(), caller, signin.Filter{}, func(cardinal.SignIn) error { return nil })
		for _, err := range []error{searched, exported} {
			if may := role.May(cardinal.PermReadSignIns); may != (err == nil) || !may && cardinal.CodeOf(err) != cardinal.CodeForbidden {
				t.Errorf("%s: %v", role, err)
			}
		}
	}
	for _, most := range []int{0, 1001} {
		if _, err := o.service.Search(t.Context(), cardinal.Console(o.customer), signin.Filter{}, "", most); !errors.Is(err, cardinal.ErrInvalid) {
			t.Errorf("a page of %d: %v", most, err)
		}
	}
}

// TestExportIsOnRecord exports more than one step, and finds the count and the
// filter in the audit log.
func TestExportIsOnRecord(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.remember(2500, func(i int) cardinal.SignIn {
			return cardinal.SignIn{Device: fmt.Sprint("Copier ", i%2), Outcome: cardinal.OutcomeSuccess}
		})
		var times []time.Time
		onRecord := 0
		err := o.service.Export(t.Context(), cardinal.Console(o.customer), signin.Filter{Device: "Copier 1"}, func(r cardinal.SignIn) error {
			onRecord = o.audited("sign-ins.exported")
			times = append(times, r.Time)
			return nil
		})
		if err != nil || len(times) != 1250 || onRecord != 1 {
			t.Fatalf("%d records were exported with %d audit entries before: %v", len(times), onRecord, err)
		}
		if !slices.IsSortedFunc(times, func(a, b time.Time) int { return b.Compare(a) }) {
			t.Error("the export is not newest first")
		}
		entries := storetest.Audit(t, o.store, o.customer)
		last := entries[len(entries)-1]
		if want := fmt.Sprintf(`{"device":"Copier 1","signIns":1250,"to":"%s"}`, o.Clock.Now().Format(time.RFC3339)); last.After != want {
			t.Errorf("the audit log says %s, want %s", last.After, want)
		}
	})
}
