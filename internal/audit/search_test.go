package audit_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func search(t *testing.T, s *store.Store, c cardinal.CustomerID, f audit.Filter, before int64, most int) audit.Found {
	t.Helper()
	found, err := audit.Search(t.Context(), s, cardinal.Console(c), f, before, most)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func numbers(found audit.Found) string {
	var list []string
	for _, entry := range found.Entries {
		list = append(list, fmt.Sprint(entry.Number))
	}
	return strings.Join(list, " ")
}

// TestSearchNarrows asks for the same six entries, an hour apart, in every way.
func TestSearchNarrows(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		s := d.Open(t)
		c, other := storetest.Customer(t, s, "Pilsen Print").ID, storetest.Customer(t, s, "Globex").ID
		start := d.Clock.Now()
		ada := cardinal.Caller{Kind: cardinal.CallerUser, Customer: c, Name: "Ada", Address: "192.0.2.77"}
		for _, e := range []struct {
			by cardinal.Caller
			audit.Entry
		}{
			{cardinal.Console(c), audit.Entry{Action: "customer.created", Subject: "customer Pilsen Print"}},
			{ada, audit.Entry{Action: "user.created", Subject: "user anna", After: audit.Fields{"department": "Sales 100%"}}},
			{ada, audit.Entry{Action: "user.created", Subject: "user anna-lena"}},
			{cardinal.System(c), audit.Entry{Action: "user.locked", Subject: "user anna"}},
			{cardinal.Console(other), audit.Entry{Action: "user.created", Subject: "user anna"}},
			{ada, audit.Entry{Action: "user.deleted", Subject: "user anna-lena", Before: audit.Fields{"department": "Sales"}}},
		} {
			storetest.Write(t, s, func(_ context.Context, tx *store.Tx) error { return audit.Record(tx, e.by, e.Entry) })
			d.Clock.Add(time.Hour)
		}
		hour := func(n int) time.Time { return start.Add(time.Duration(n) * time.Hour) }
		for name, test := range map[string]struct {
			filter audit.Filter
			want   string
		}{
			"everything":      {audit.Filter{}, "5 4 3 2 1"},
			"an action":       {audit.Filter{Action: "user.created"}, "3 2"},
			"somebody":        {audit.Filter{Actor: "ada"}, "5 3 2"},
			"a thing exactly": {audit.Filter{About: "user anna"}, "4 2"},
			"a part":          {audit.Filter{About: "ANNA-"}, "5 3"},
			"a field":         {audit.Filter{Text: "sales"}, "5 2"},
			"no wildcard":     {audit.Filter{Text: "100%"}, "2"},
			"an address":      {audit.Filter{Text: "192.0.2.77"}, "5 3 2"},
			"from":            {audit.Filter{From: hour(3)}, "5 4"},
			"to":              {audit.Filter{To: hour(2)}, "2 1"},
			"between":         {audit.Filter{From: hour(1), To: hour(3), Actor: "ada"}, "3 2"},
			"after all":       {audit.Filter{From: hour(90)}, ""},
			"before all":      {audit.Filter{To: hour(-90)}, ""},
			"all at once":     {audit.Filter{From: hour(0), To: hour(9), Action: "user.deleted", Actor: "Ada", About: "user anna-lena", Text: "sal"}, "5"},
			"what none has":   {audit.Filter{Text: "\x00"}, ""},
		} {
			if got := search(t, s, c, test.filter, 0, 10); numbers(got) != test.want || got.Next != 0 {
				t.Errorf("%s: found %q and more after %d, want %q", name, numbers(got), got.Next, test.want)
			}
		}
		if page := search(t, s, c, audit.Filter{}, 4, 2); numbers(page) != "3 2" || page.Next != 2 {
			t.Errorf("a page in between has %s, and goes on after %d", numbers(page), page.Next)
		}
	})
}

// TestSearchStopsAtItsReach looks for an entry that lies further back than a
// page looks.
func TestSearchStopsAtItsReach(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		s := d.Open(t)
		c := storetest.Customer(t, s, "Pilsen Print").ID
		caller := cardinal.Console(c)
		began := d.Clock.Now()
		if err := record(s, caller, "user first"); err != nil {
			t.Fatal(err)
		}
		d.Clock.Add(time.Minute)
		subjects := make([]string, audit.Reach)
		for i := range subjects {
			subjects[i] = "user later"
		}
		if err := record(s, caller, subjects...); err != nil {
			t.Fatal(err)
		}
		first := search(t, s, c, audit.Filter{About: "FIRST"}, 0, 10)
		if len(first.Entries) != 0 || first.Next != 2 || !first.SearchedTo.Equal(began.Add(time.Minute)) {
			t.Fatalf("the first page has %d entries, stopped at %d, %s", len(first.Entries), first.Next, first.SearchedTo)
		}
		if second := search(t, s, c, audit.Filter{About: "FIRST"}, first.Next, 10); numbers(second) != "1" || second.Next != 0 || !second.SearchedTo.IsZero() {
			t.Errorf("the second page has %+v", second)
		}
		if exact := search(t, s, c, audit.Filter{About: "user first"}, 0, 10); numbers(exact) != "1" || exact.Next != 0 {
			t.Errorf("what is named exactly is found as %+v", exact)
		}
		if all := search(t, s, c, audit.Filter{From: began}, 0, 10); len(all.Entries) != 10 || !all.SearchedTo.IsZero() {
			t.Errorf("without a filter the page has %d entries and looked to %s", len(all.Entries), all.SearchedTo)
		}
	})
}

func TestExportIsOnRecord(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite)
	c := chain(t, s, "Pilsen Print", 3)
	var got []string
	err := audit.Export(t.Context(), s, cardinal.Console(c), audit.Filter{Text: "user", Actor: "console"}, func(e cardinal.AuditEntry) error {
		got = append(got, e.Subject)
		return nil
	})
	if err != nil || strings.Join(got, ", ") != "user 3, user 2, user 1" {
		t.Fatalf("exported %q: %v", got, err)
	}
	entries := storetest.Audit(t, s, c)
	if last := entries[len(entries)-1]; last.Action != "audit-entries.exported" || last.After != `{"actor":"console","entries":3,"text":true}` {
		t.Errorf("the audit log says %+v", last)
	}
	for _, role := range cardinal.Roles() {
		caller := cardinal.Caller{Kind: cardinal.CallerUser, Customer: c, Role: role}
		_, searched := audit.Search(t.Context(), s, caller, audit.Filter{}, 0, 10)
		exported := audit.Export(t.Context(), s, caller, audit.Filter{}, func(cardinal.AuditEntry) error { return nil })
		for _, err := range []error{searched, exported} {
			if may := role.May(cardinal.PermReadLogs); may != (err == nil) || !may && cardinal.CodeOf(err) != cardinal.CodeForbidden {
				t.Errorf("%s: %v", role, err)
			}
		}
	}
}
