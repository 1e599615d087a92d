package signin

import (
	"context"
	"fmt"
	"time"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/store"
)

// Reach is how many records one step of a search looks through: what a page can
// read well within its time on either database.
const Reach = 20_000

// recordsMost is how many records a page has at most.
const recordsMost = 1000

// Filter narrows the record of sign-ins. The zero Filter has all of it.
type Filter struct {
	From, To    time.Time        // from From to before To; a zero time is open
	Outcome     cardinal.Outcome // empty: every outcome
	RefusedOnly bool             // every outcome but success
	Device      string           // the device's name as it was recorded
	Username    string           // without regard to case where there is such a user
	NumberEnd   string           // the last characters of the number, without regard to case
}

// all reports whether nothing but the time narrows the list.
func (f Filter) all() bool {
	return f.Outcome == "" && !f.RefusedOnly && f.Device == "" && f.Username == "" && f.NumberEnd == ""
}

// fields is the filter as the audit log tells it. Of a number it has no more
// than its end.
func (f Filter) fields() audit.Fields {
	fields := audit.Fields{}
	for name, text := range map[string]string{
		"from": timeText(f.From), "to": timeText(f.To), "outcome": string(f.Outcome), "device": f.Device, "username": f.Username,
		"numberEnd": f.NumberEnd,
	} {
		if text != "" {
			fields[name] = text
		}
	}
	if f.RefusedOnly {
		fields["outcome"] = "refused"
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
	Records []cardinal.SignIn
	// Next is where the next page begins, empty at the end.
	Next string
	// SearchedTo is how far back this page looked where it looked through Reach
	// records and may not have found all there is; zero elsewhere.
	SearchedTo time.Time
}

// Search lists up to most (1–1000) sign-ins of the caller's customer, newest
// first, before a cursor of an earlier page; an empty one begins with the
// newest. A page never looks through more than Reach records: one with few or
// none may have a Next all the same.
func (s *Service) Search(ctx context.Context, caller cardinal.Caller, f Filter, cursor string, most int) (Found, error) {
	if err := caller.Require(cardinal.PermReadSignIns); err != nil {
		return Found{}, err
	}
	if most < 1 || most > recordsMost {
		return Found{}, cardinal.Invalid("limit", "A page has 1 to 1,000 sign-ins.")
	}
	if !cardinal.CleanText(f.Device + f.Username + f.NumberEnd + cursor + string(f.Outcome)) {
		return Found{}, nil // nothing on record has such a text, and no database takes it
	}
	var found Found
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		query, err := f.query(ctx, tx, caller.Customer)
		if err != nil {
			return err
		}
		query.Before = cursor
		reach := Reach
		if f.all() {
			reach = 0 // every record that is looked at is taken
		}
		found, err = step(ctx, tx, caller.Customer, query, size{most, reach})
		return err
	})
	return found, err
}

// size says how many records one step takes, and how many it looks through; 0:
// as many as it needs.
type size struct{ most, reach int }

// query resolves the username, so that the records of a user are read from
// their own index. Of somebody deleted only the name is left.
func (f Filter) query(ctx context.Context, tx *store.Tx, customer cardinal.CustomerID) (store.SignInQuery, error) {
	q := store.SignInQuery{
		Begin: f.From, End: f.To, Outcome: f.Outcome, RefusedOnly: f.RefusedOnly, Device: f.Device, NumberEnd: f.NumberEnd,
	}
	if f.Username == "" {
		return q, nil
	}
	user, err := tx.UserByName(ctx, customer, f.Username)
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		q.Username = f.Username
		return q, nil
	}
	q.User = user.ID
	return q, err
}

func step(ctx context.Context, tx *store.Tx, customer cardinal.CustomerID, q store.SignInQuery, s size) (Found, error) {
	var found Found
	if s.reach > 0 {
		id, at, err := tx.FarSignIn(ctx, customer, q, s.reach-1)
		if err != nil {
			return found, err
		}
		if id != "" {
			q.Since, found.Next, found.SearchedTo = id, id, at
		}
	}
	records, err := tx.SearchSignIns(ctx, customer, q, s.most+1)
	if err != nil {
		return found, err
	}
	if len(records) > s.most {
		records = records[:s.most]
		found.Next, found.SearchedTo = records[s.most-1].ID, time.Time{}
	}
	found.Records = records
	return found, nil
}

// Export hands every sign-in that the filter lets through to write, newest
// first. That they were exported, and how many, is on record before the first
// one leaves; those made meanwhile are left out. Errors of write are wrapped.
func (s *Service) Export(ctx context.Context, caller cardinal.Caller, f Filter, write func(cardinal.SignIn) error) error {
	if err := caller.Require(cardinal.PermReadSignIns); err != nil {
		return err
	}
	if now := s.store.Now(); f.To.IsZero() || f.To.After(now) {
		f.To = now.Add(time.Millisecond)
	}
	count := 0
	if err := s.walk(ctx, caller, f, func(cardinal.SignIn) error { count++; return nil }); err != nil {
		return err
	}
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		fields := f.fields()
		fields["signIns"] = count
		return audit.Record(tx, caller, audit.Entry{Action: "sign-ins.exported", Subject: "sign-ins", After: fields})
	})
	if err != nil {
		return err
	}
	return s.walk(ctx, caller, f, write)
}

// walk goes through the records step by step, each in a transaction of its own.
func (s *Service) walk(ctx context.Context, caller cardinal.Caller, f Filter, visit func(cardinal.SignIn) error) error {
	for cursor := ""; ; {
		found, err := s.Search(ctx, caller, f, cursor, recordsMost)
		if err != nil {
			return err
		}
		for _, record := range found.Records {
			if err := visit(record); err != nil {
				return fmt.Errorf("export sign-ins: %w", err)
			}
		}
		if cursor = found.Next; cursor == "" {
			return nil
		}
	}
}
