package bulk

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/credential"
	"cardinal/internal/seal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func TestPINsAreShownOnce(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.people(t, 5)
		id := o.put(t, Request{Kind: IssuePINs, Selection: everybody()})
		_, err := o.FetchPINs(t.Context(), o.admin, id)
		wantCode(t, "before the end", err, cardinal.CodeConflict)
		o.worker(t, id).mustStep(t, Done)
		if run := o.see(t, o.admin, id); run.PINs != PINsKept || run.PINsCount != 5 || !run.PINsUntil().Equal(o.store.Now().Add(24*time.Hour)) {
			t.Errorf("kept: %+v", run)
		}
		other := o.person(t, o.admin.Customer, "bea", cardinal.RoleAdministrator)
		_, err = o.FetchPINs(t.Context(), other, id)
		wantCode(t, "somebody else", err, cardinal.CodeForbidden)

		// Replaced, removed, and gone with their user: what is in the file must work.
		if _, err := o.door.SetPIN(t.Context(), o.admin, "u00001", cardinal.NewPIN("805913")); err != nil {
			t.Fatal(err)
		}
		if err := o.door.RemovePIN(t.Context(), o.admin, "u00002"); err != nil {
			t.Fatal(err)
		}
		if err := o.accounts.DeleteUser(t.Context(), o.admin, "u00003", 0); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var got []Issued
		var presses sync.WaitGroup
		for range 4 {
			presses.Go(func() {
				issued, err := o.FetchPINs(t.Context(), o.admin, id)
				mu.Lock()
				defer mu.Unlock()
				got = append(got, issued...)
				if err != nil && cardinal.CodeOf(err) != cardinal.CodeConflict {
					t.Error(err)
				}
			})
		}
		presses.Wait()
		if len(got) != 2 || got[0].Username != "u00004" || got[0].Email == "" || got[1].Username != "u00005" {
			t.Fatalf("fetched: %+v", got)
		}
		for _, issued := range got {
			o.mustWork(t, issued)
		}
		_, err = o.FetchPINs(t.Context(), o.admin, id)
		wantCode(t, "again", err, cardinal.CodeConflict)
		if run := o.see(t, o.admin, id); run.PINs != PINsFetched || run.PINsCount != 2 || run.State != Done {
			t.Errorf("fetched: %+v", run)
		}
		if len(o.kept(t, id)) != 0 || o.audited(t, "bulk.pins-fetched") != 1 {
			t.Error("the PINs are still there, or that they were fetched is not on record once")
		}
	})
}

// mustWork compares a PIN with the one that the user has.
func (o *office) mustWork(t *testing.T, issued Issued) {
	t.Helper()
	storetest.Read(t, o.store, func(ctx context.Context, tx *store.Tx) error {
		user, err := tx.UserByName(ctx, o.admin.Customer, issued.Username)
		if err != nil {
			return err
		}
		stored, err := tx.PIN(ctx, user.ID)
		if err == nil && !credential.Matches(o.database.Ring, o.admin.Customer, stored, issued.PIN) {
			t.Errorf("the PIN of %s is another one", issued.Username)
		}
		return err
	})
}

func (o *office) kept(t *testing.T, id cardinal.BulkID) []store.BulkPINs {
	t.Helper()
	var kept []store.BulkPINs
	storetest.Read(t, o.store, func(ctx context.Context, tx *store.Tx) (err error) {
		kept, err = tx.BulkPINs(ctx, id, 0, 100)
		return err
	})
	return kept
}

func TestPINsAreErasedAfterADay(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.people(t, 2)
		run := o.run(t, o.admin, Request{Kind: IssuePINs, Selection: everybody()})
		erase := func() {
			t.Helper()
			if err := o.ErasePINs(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		o.database.Clock.Add(PINsKeptFor - time.Millisecond)
		if erase(); len(o.kept(t, run.ID)) != 1 {
			t.Fatal("erased too early")
		}
		o.database.Clock.Add(time.Millisecond)
		_, err := o.FetchPINs(t.Context(), o.admin, run.ID)
		wantCode(t, "after a day, before the sweep", err, cardinal.CodeConflict)
		if erase(); len(o.kept(t, run.ID)) != 0 || o.see(t, o.admin, run.ID).PINs != PINsErased || o.audited(t, "bulk.pins-erased") != 1 {
			t.Errorf("not erased: %+v", o.see(t, o.admin, run.ID))
		}
		erase()
		if o.audited(t, "bulk.pins-erased") != 1 {
			t.Error("erased twice")
		}
	})
}

// TestPINsAreSealed reads the database behind the store's back.
func TestPINsAreSealed(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		storetest.Set(t, o.store, o.admin.Customer, map[string]any{"pin.generated-length": 16, "pin.generated-characters": "letters-and-digits"})
		o.people(t, 3)
		run := o.run(t, o.admin, Request{Kind: IssuePINs, Selection: everybody()})
		kept := o.kept(t, run.ID)
		files := o.bytesAtRest(t)
		issued, err := o.FetchPINs(t.Context(), o.admin, run.ID)
		if err != nil || len(issued) != 3 || len(kept) != 1 {
			t.Fatalf("%d PINs in %d batches, %v", len(issued), len(kept), err)
		}
		files = bytes.Join([][]byte{files, o.bytesAtRest(t), o.log.Bytes()}, nil)
		if !bytes.Contains(files, kept[0].Sealed) && o.database.Kind == storetest.SQLite {
			t.Error("the search does not find what is there")
		}
		for _, i := range issued {
			if bytes.Contains(files, []byte(i.PIN.Reveal())) {
				t.Errorf("the PIN of %s stands in clear", i.Username)
			}
		}
		other := storetest.Customer(t, o.store, "Elsewhere").ID
		for what, open := range map[string]struct {
			customer cardinal.CustomerID
			binding  []byte
			opens    bool
		}{
			"where it stands": {o.admin.Customer, PINsBinding(run.ID, kept[0].Last), true}, "another customer": {other, PINsBinding(run.ID, kept[0].Last), false},
			"another run": {o.admin.Customer, PINsBinding("other", kept[0].Last), false}, "another batch": {o.admin.Customer, PINsBinding(run.ID, 7), false},
		} {
			_, err := o.database.Ring.Open(open.customer, seal.PurposeFieldSeal, kept[0].Version, open.binding, kept[0].Sealed)
			if (err == nil) != open.opens {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

// bytesAtRest is all that stands in the tables of this package, and for SQLite
// all that stands in its files.
func (o *office) bytesAtRest(t *testing.T) []byte {
	t.Helper()
	var all []byte
	if o.database.Kind == storetest.SQLite {
		for _, suffix := range []string{"", "-wal"} {
			text, err := os.ReadFile(o.database.URL + suffix)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, text...)
		}
		return all
	}
	driver, source := o.database.Driver()
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, query := range []string{
		"SELECT encode(sealed, 'escape') FROM bulk_pins", "SELECT lines FROM bulk_reports", "SELECT users FROM bulk_chunks",
		"SELECT parameters || starter || detail FROM bulk_runs", "SELECT before || after || subject FROM audit_entries",
	} {
		rows, err := db.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				t.Fatal(err)
			}
			all = append(all, text...)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
	return all
}

// TestWhatWasSearchedForIsNotKept: it may have been a card number.
func TestWhatWasSearchedForIsNotKept(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	o.people(t, 1)
	o.run(t, o.admin, Request{Kind: Enable, Selection: Selection{All: true, Query: everybody().Query}})
	var row store.BulkRun
	storetest.Read(t, o.store, func(ctx context.Context, tx *store.Tx) error {
		rows, err := tx.BulkRuns(ctx, o.admin.Customer, "", 1)
		row = rows[0]
		return err
	})
	if !strings.Contains(row.Parameters, `"searched":true`) || strings.Contains(row.Parameters, "u0") {
		t.Errorf("parameters %s", row.Parameters)
	}
}
