package store

import (
	"context"
	"fmt"
	"slices"

	"cardinal"
)

// walk takes the page by going along the list from its place, past all who do
// not match.
func (tx *Tx) walk(ctx context.Context, c cardinal.CustomerID, q UserQuery) (UserPage, []listed, error) {
	back := q.From != nil && q.From.Back
	those, err := tx.along(ctx, c, q, q.Down != back, q.Most+1)
	if err != nil {
		return UserPage{}, nil, err
	}
	more := len(those) > q.Most
	those = those[:min(len(those), q.Most)]
	if !back {
		page := UserPage{Total: -1}
		if q.From != nil {
			page.At = q.From.At
		}
		page.bounds(those, q.From != nil, more)
		return page, those, nil
	}
	if !more {
		// The beginning of the list, which shows a whole page whoever has gone in between.
		q.From = nil
		return tx.walk(ctx, c, q)
	}
	slices.Reverse(those)
	page := UserPage{Total: -1, At: max(q.From.At-len(those), 0)}
	page.bounds(those, true, true)
	return page, those, nil
}

// along reads up to most users from the place in one direction.
func (tx *Tx) along(ctx context.Context, c cardinal.CustomerID, q UserQuery, down bool, most int) ([]listed, error) {
	if q.Sort == SortPINExpires {
		return tx.alongExpiry(ctx, c, q, down, most)
	}
	by, s := q.sort(tx.now), &statement{}
	s.add("SELECT users.id, " + by.key + ", TRUE FROM users")
	q.where(s, c, walking)
	q.whereState(s, tx.now)
	if q.From != nil {
		s.add(" AND ")
		if err := by.behind(s, *q.From, down); err != nil {
			return nil, err
		}
	}
	by.order(s, down)
	s.add(" LIMIT ?", most)
	return tx.finds(ctx, s)
}

// alongExpiry walks along the PINs that expire, and then, or before, along all
// other users.
func (tx *Tx) alongExpiry(ctx context.Context, c cardinal.CustomerID, q UserQuery, down bool, most int) ([]listed, error) {
	if q.Filter == FilterNoPIN {
		return tx.alongUnexpiring(ctx, c, q, down, most) // nobody else meets it
	}
	legs := []func(context.Context, cardinal.CustomerID, UserQuery, bool, int) ([]listed, error){tx.alongExpiring, tx.alongUnexpiring}
	last := q.From != nil && q.From.Key == noExpiry
	if down {
		slices.Reverse(legs)
		last = q.From != nil && q.From.Key != noExpiry
	}
	if last {
		return legs[1](ctx, c, q, down, most)
	}
	those, err := legs[0](ctx, c, q, down, most)
	if err != nil || len(those) == most {
		return those, err
	}
	q.From = nil
	rest, err := legs[1](ctx, c, q, down, most-len(those))
	return append(those, rest...), err
}

func (tx *Tx) alongExpiring(ctx context.Context, c cardinal.CustomerID, q UserQuery, down bool, most int) ([]listed, error) {
	s := &statement{}
	s.add("SELECT users.id, pins.expires_at, TRUE FROM pins CROSS JOIN users")
	q.where(s, c, joining)
	q.whereState(s, tx.now)
	s.add(" AND users.id = pins.user_id AND pins.customer_id = ? AND pins.expires_at > 0 AND pins.expires_at > ?", string(c), millis(tx.now))
	than, direction := ">", ""
	if down {
		than, direction = "<", " DESC"
	}
	if q.From != nil {
		at, err := q.From.number()
		if err != nil {
			return nil, err
		}
		s.add(" AND (pins.expires_at "+than+" ? OR pins.expires_at = ? AND pins.user_id "+than+" ?)", at, at, string(q.From.ID))
		// The same once more, as a bound that an index knows how to begin at.
		s.add(" AND pins.expires_at "+than+"= ?", at)
	}
	s.add(" ORDER BY pins.expires_at" + direction + ", pins.user_id" + direction)
	s.add(" LIMIT ?", most)
	return tx.finds(ctx, s)
}

func (tx *Tx) alongUnexpiring(ctx context.Context, c cardinal.CustomerID, q UserQuery, down bool, most int) ([]listed, error) {
	s := &statement{}
	s.add("SELECT users.id, '" + noExpiry + "', TRUE FROM users")
	q.where(s, c, walking)
	q.whereState(s, tx.now)
	s.add(" AND NOT EXISTS (SELECT 1 FROM pins expiring WHERE expiring.user_id = users.id AND expiring.expires_at > ?)", millis(tx.now))
	by := userSort{key: "users.id", unique: true}
	if q.From != nil {
		s.add(" AND ")
		if err := by.behind(s, UserPlace{Key: string(q.From.ID)}, down); err != nil {
			return nil, err
		}
	}
	by.order(s, down)
	s.add(" LIMIT ?", most)
	return tx.finds(ctx, s)
}

// CountMatching counts the users whom a match means, up to most.
func (tx *Tx) CountMatching(ctx context.Context, c cardinal.CustomerID, m UserMatch, most int) (n int, err error) {
	in, s := m.state(tx.now), &statement{}
	s.add("SELECT count(*) FROM (SELECT 1 FROM ")
	switch {
	case in.table == "pins" && !in.none && !m.others(): // each of somebody who is there
		s.add("pins WHERE ")
		in.theirs(s, c)
	case in.table != "" && !in.none && !m.others():
		m.fromState(s, c, tx.now)
	default:
		m.from(s, c)
		m.where(s, c, selecting)
		m.whereState(s, tx.now)
		if in.none && !m.others() {
			s.add(" ORDER BY users.id")
		}
	}
	s.add(" LIMIT ?) AS matching", most)
	if err := tx.work.QueryRowContext(ctx, s.text.String(), s.args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count users: %w", err)
	}
	return n, nil
}
