package audit

import (
	"context"
	"fmt"
	"sort"
	"time"

	"cardinal"
	"cardinal/internal/store"
)

// Reach is how many entries one step of a search looks through: what a page can
// read well within its time on either database.
const Reach = 20_000

// entriesMost is how many entries a page has at most.
const entriesMost = 1000

// clockSlack is by how much the times of entries may be out of the order of their
// numbers: a transaction's time is its beginning, its number comes at its end.
const clockSlack = 5 * time.Minute

// Filter narrows the audit log. The zero Filter has all of it.
type Filter struct {
	From, To time.Time // from From to before To; a zero time is open
	Action   string    // exactly; empty: every action
	Actor    string    // part of who did it, without regard to case
	About    string    // what it was done to: exactly, as in "user anna", where there is such an entry; else part of it
	Text     string    // part of subject, fields, address or action, without regard to case
}

// fields is the filter as the audit log tells it. What was typed as a text to
// search for may be anything, so only that there was one is told.
func (f Filter) fields() Fields {
	fields := Fields{}
	for name, text := range map[string]string{
		"from": timeText(f.From), "to": timeText(f.To), "action": f.Action, "actor": f.Actor, "about": f.About,
	} {
		if text != "" {
			fields[name] = text
		}
	}
	if f.Text != "" {
		fields["text"] = true
	}
	return fields
}

func timeText(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// Found is one page of a search.
type Found struct {
	Entries []cardinal.AuditEntry
	// Next is where the next page begins, 0 at the end.
	Next int64
	// SearchedTo is how far back this page looked where it looked through Reach
	// entries and may not have found all there is; zero elsewhere.
	SearchedTo time.Time
}

// Search lists up to most (1–1000) entries of the caller's customer, newest
// first, below a number; 0 begins with the newest. A page never looks through
// more than Reach entries: one with few or none may have a Next all the same.
func Search(ctx context.Context, s *store.Store, caller cardinal.Caller, f Filter, before int64, most int) (Found, error) {
	if err := caller.Require(cardinal.PermReadLogs); err != nil {
		return Found{}, err
	}
	if most < 1 || most > entriesMost {
		return Found{}, cardinal.Invalid("limit", "A page has 1 to 1,000 entries.")
	}
	if !cardinal.CleanText(f.Action + f.Actor + f.About + f.Text) {
		return Found{}, nil // no entry has such a text, and no database takes it
	}
	var found Found
	err := s.Read(ctx, func(tx *store.Tx) error {
		q, err := f.query(ctx, tx, caller.Customer, before)
		if err != nil {
			return err
		}
		found, err = step(ctx, tx, caller.Customer, q, most)
		return err
	})
	return found, err
}

// query finds the numbers that the time range lies between, so that nothing
// outside is read.
func (f Filter) query(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, before int64) (store.AuditQuery, error) {
	q := store.AuditQuery{Begin: f.From, End: f.To, Action: f.Action, Actor: f.Actor, Subject: f.About, Text: f.Text}
	head, err := tx.AuditHead(ctx, c)
	if err != nil {
		return q, err
	}
	q.Before, q.Since = head.Number+1, 1
	if before > 0 {
		q.Before = min(q.Before, before)
	}
	if !f.To.IsZero() {
		number, err := numberAt(ctx, tx, c, head.Number, f.To.Add(clockSlack))
		if err != nil {
			return q, err
		}
		q.Before = min(q.Before, number)
	}
	if !f.From.IsZero() {
		if q.Since, err = numberAt(ctx, tx, c, head.Number, f.From.Add(-clockSlack)); err != nil {
			return q, err
		}
	}
	if f.About == "" {
		return q, nil
	}
	named, err := tx.SearchAuditEntries(ctx, c, store.AuditQuery{About: f.About}, 1)
	if len(named) > 0 {
		q.About = f.About
	}
	return q, err
}

// numberAt returns the lowest number whose entry was made at that time or later,
// one past the last if there is none.
func numberAt(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, last int64, at time.Time) (int64, error) {
	var failed error
	n := sort.Search(int(last), func(i int) bool {
		if failed != nil {
			return true
		}
		made, err := tx.AuditTime(ctx, c, int64(i)+1)
		failed = err
		return !made.Before(at)
	})
	return int64(n) + 1, failed
}

// reaching reports whether a query may look at entries that it does not take.
func reaching(q store.AuditQuery) bool {
	return q.About == "" && q.Action+q.Actor+q.Subject+q.Text != ""
}

func step(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, q store.AuditQuery, most int) (Found, error) {
	var found Found
	if end := q.Before - Reach; reaching(q) && end > q.Since {
		at, err := tx.AuditTime(ctx, c, end)
		if err != nil {
			return found, err
		}
		q.Since, found.Next, found.SearchedTo = end, end, at
	}
	entries, err := tx.SearchAuditEntries(ctx, c, q, most+1)
	if err != nil {
		return found, err
	}
	if len(entries) > most {
		entries = entries[:most]
		found.Next, found.SearchedTo = entries[most-1].Number, time.Time{}
	}
	found.Entries = entries
	return found, nil
}

// Export hands every entry that the filter lets through to write, newest first.
// That they were exported, and how many, is on record before the first one
// leaves; those made meanwhile are left out. Errors of write are wrapped.
func Export(ctx context.Context, s *store.Store, caller cardinal.Caller, f Filter, write func(cardinal.AuditEntry) error) error {
	if err := caller.Require(cardinal.PermReadLogs); err != nil {
		return err
	}
	var head store.AuditHead
	err := s.Read(ctx, func(tx *store.Tx) (err error) {
		head, err = tx.AuditHead(ctx, caller.Customer)
		return err
	})
	if err != nil {
		return err
	}
	count := 0
	if err := walk(ctx, s, caller, f, head.Number+1, func(cardinal.AuditEntry) error { count++; return nil }); err != nil {
		return err
	}
	err = s.Write(ctx, func(tx *store.Tx) error {
		fields := f.fields()
		fields["entries"] = count
		return Record(tx, caller, Entry{Action: "audit-entries.exported", Subject: "audit-log", After: fields})
	})
	if err != nil {
		return err
	}
	return walk(ctx, s, caller, f, head.Number+1, write)
}

// walk goes through the entries step by step, each in a transaction of its own.
func walk(ctx context.Context, s *store.Store, caller cardinal.Caller, f Filter, before int64, visit func(cardinal.AuditEntry) error) error {
	for before > 0 {
		found, err := Search(ctx, s, caller, f, before, entriesMost)
		if err != nil {
			return err
		}
		for _, entry := range found.Entries {
			if err := visit(entry); err != nil {
				return fmt.Errorf("export audit entries: %w", err)
			}
		}
		before = found.Next
	}
	return nil
}
