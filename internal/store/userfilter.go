package store

import (
	"fmt"
	"strings"
	"time"

	"cardinal"
)

// UserFilter narrows a list of users to those in one state. Package account says
// what each means.
type UserFilter string

// The filters.
const (
	FilterAll              UserFilter = ""
	FilterNoPIN            UserFilter = "no-pin"
	FilterNoNumber         UserFilter = "no-number"
	FilterNoAddress        UserFilter = "no-address"
	FilterExpiring         UserFilter = "pin-expiring"
	FilterExpiringToday    UserFilter = "expiring-today"
	FilterLocked           UserFilter = "locked"
	FilterDisabled         UserFilter = "disabled"
	FilterNeverSignedIn    UserFilter = "never-signed-in"
	FilterPINBelowPolicy   UserFilter = "pin-below-policy"
	FilterPINBeforePolicy  UserFilter = "pin-before-policy"
	FilterPINNotIdentified UserFilter = "pin-not-identifying"
	FilterNewPINRequired   UserFilter = "new-pin-required"
)

// UserMatch says which users are meant: those who meet all that is given.
type UserMatch struct {
	Text      string          // part of the name, username or e-mail, without regard to case
	NumberEnd string          // the last four characters of one of their numbers
	ID        cardinal.UserID // exactly this user
	Role      cardinal.Role
	Source    string
	Filter    UserFilter
	// ExpiringUntil is the last instant that FilterExpiring and FilterExpiringToday look at.
	ExpiringUntil time.Time
	// PolicyChangedAt is what FilterPINBelowPolicy and FilterPINBeforePolicy compare with.
	PolicyChangedAt time.Time
}

// statement is SQL under construction. Every ? of a piece stands for one
// argument; no piece comes from outside.
type statement struct {
	text strings.Builder
	args []any
}

func (s *statement) add(piece string, args ...any) {
	next := len(s.args)
	for i, part := range strings.Split(piece, "?") {
		if i > 0 {
			next++
			fmt.Fprintf(&s.text, "$%d", next)
		}
		s.text.WriteString(part)
	}
	s.args = append(s.args, args...)
}

// state is how a filter looks at another table: the rows of it that make a user
// meet the filter or, with none, that must not be there.
type state struct {
	table string
	from  string // joins users to the rows, where the rows come first
	of    string // finds the rows of a user
	where string // which rows
	args  []any
	owner string // the column of the customer
	none  bool
}

// theirs adds the condition that rows are of the customer and meet the filter.
func (in state) theirs(s *statement, c cardinal.CustomerID) {
	s.add(in.owner+" = ? AND "+in.where, append([]any{string(c)}, in.args...)...)
}

const livePIN = " AND (pins.expires_at = 0 OR pins.expires_at > ?)"

// state returns how the filter looks at another table; one without a table looks
// at users alone.
func (m UserMatch) state(now time.Time) state {
	pins := func(where string, args ...any) state {
		return state{
			table: "pins", from: "users.id = pins.user_id", of: "pins.user_id = users.id",
			where: where, args: args, owner: "pins.customer_id",
		}
	}
	switch m.Filter {
	case FilterNoPIN:
		return state{table: "pins", of: "pins.user_id = users.id", where: "TRUE" + livePIN, args: []any{millis(now)}, none: true}
	case FilterNoNumber:
		return state{table: "card_numbers", of: "card_numbers.user_id = users.id", where: "TRUE", none: true}
	case FilterNeverSignedIn:
		return state{table: "first_sign_ins", of: "first_sign_ins.user_id = users.id", where: "TRUE", none: true}
	case FilterExpiring, FilterExpiringToday:
		return pins("pins.expires_at > 0 AND pins.expires_at > ? AND pins.expires_at <= ?", millis(now), millis(m.ExpiringUntil))
	case FilterPINBelowPolicy:
		return pins("NOT pins.policy_met AND pins.policy_checked_at >= ?"+livePIN, millis(m.PolicyChangedAt), millis(now))
	case FilterPINBeforePolicy:
		return pins("pins.created_at < ?"+livePIN, millis(m.PolicyChangedAt), millis(now))
	case FilterPINNotIdentified:
		return pins("NOT pins.identifying"+livePIN, millis(now))
	case FilterNewPINRequired:
		return pins("pins.new_required"+livePIN, millis(now))
	case FilterLocked:
		return state{
			table: "counters", from: "users.id = substr(counters.subject, 6)", of: "counters.subject = 'user ' || users.id AND counters.customer_id = users.customer_id",
			where: "counters.locked_until > 0 AND counters.locked_until > ? AND substr(counters.subject, 1, 5) = 'user '",
			args:  []any{millis(now)}, owner: "counters.customer_id",
		}
	}
	return state{}
}

// others reports whether anything but the filter narrows the list.
func (m UserMatch) others() bool {
	return m.Text != "" || m.NumberEnd != "" || m.ID != "" || m.Role != "" || m.Source != ""
}

// way is how the users of a statement are come by. SQLite, which does not know
// how many users there are, would often choose a worse one: an operand that is no
// bare column is compared, but is no way to a row.
type way int

const (
	selecting way = iota // by whatever index fits best
	walking              // in the order of the list
	joining              // by their identifiers, each beside a row of the same customer
)

// from adds the users, with the blocks that a search looks into. A CROSS JOIN
// keeps SQLite to that order.
func (m UserMatch) from(s *statement, c cardinal.CustomerID) {
	if !m.inBlocks() {
		s.add("users")
		return
	}
	s.add(`(SELECT number FROM search_blocks WHERE customer_id = ? AND keys LIKE ? ESCAPE '\' UNION ALL SELECT 0) AS blocks CROSS JOIN users`,
		string(c), contains(unaccented(m.Text)))
}

// inBlocks reports whether users are found by the blocks that have the text.
func (m UserMatch) inBlocks() bool { return m.Text != "" && m.ID == "" && m.NumberEnd == "" }

// where adds the conditions on users, all but the filter's state.
func (m UserMatch) where(s *statement, c cardinal.CustomerID, by way) {
	switch {
	case by == joining:
		s.add(" WHERE TRUE")
	case m.ID != "", m.NumberEnd != "":
		s.add(" WHERE users.customer_id || '' = ?", string(c))
	default:
		s.add(" WHERE users.customer_id = ?", string(c))
	}
	if m.ID != "" {
		s.add(" AND users.id = ?", string(m.ID))
	}
	if m.NumberEnd != "" {
		s.add(" AND users.id IN (SELECT user_id FROM card_numbers WHERE card_numbers.customer_id = ? AND card_numbers.number_end = ?)", string(c), m.NumberEnd)
	}
	m.whereText(s, by)
	if m.Role != "" {
		s.add(" AND users.role = ?", string(m.Role))
	}
	if m.Source != "" {
		s.add(" AND users.source = ?", m.Source)
	}
	m.wherePlain(s, by == selecting && !m.inBlocks())
}

// whereText adds the condition on what is searched for.
func (m UserMatch) whereText(s *statement, by way) {
	plain := m.Filter == FilterDisabled || m.Filter == FilterNoAddress
	switch {
	case by == selecting && m.inBlocks():
		s.add(" AND users.search_block = blocks.number")
	case by == selecting && !plain && m.searched():
		s.add(" AND users.search_key > ''") // as all are: it makes the index that has all of this the best one
	}
	if m.Text != "" {
		s.add(` AND users.search_key LIKE ? ESCAPE '\'`, contains(unaccented(m.Text)))
	}
}

// searched reports whether the match is about what stands in the index of the
// search.
func (m UserMatch) searched() bool { return m.Text != "" || m.Role != "" || m.Source != "" }

// wherePlain adds the filters that look at users alone.
func (m UserMatch) wherePlain(s *statement, indexed bool) {
	switch {
	case m.Filter == FilterDisabled && indexed:
		s.add(" AND users.disabled")
	case m.Filter == FilterDisabled:
		s.add(" AND NOT NOT users.disabled")
	case m.Filter == FilterNoAddress && indexed:
		s.add(" AND users.email = ''")
	case m.Filter == FilterNoAddress:
		s.add(" AND users.email || '' = ''")
	}
}

// whereState adds the filter's look at another table.
func (m UserMatch) whereState(s *statement, now time.Time) {
	in := m.state(now)
	if in.table == "" {
		return
	}
	not := ""
	if in.none {
		not = " NOT"
	}
	s.add(" AND"+not+" EXISTS (SELECT 1 FROM "+in.table+" WHERE "+in.of+" AND "+in.where+")", in.args...)
}

// fromState adds who meets the filter, read from the table that it looks at: a
// CROSS JOIN keeps SQLite to that order.
func (m UserMatch) fromState(s *statement, c cardinal.CustomerID, now time.Time) {
	in := m.state(now)
	s.add(in.table + " CROSS JOIN users")
	m.where(s, c, joining)
	s.add(" AND " + in.from + " AND ")
	in.theirs(s, c)
}
