package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"cardinal"
	"cardinal/internal/store/db"
)

// UserRow is a user of a list with what is theirs.
type UserRow struct {
	cardinal.User
	PIN     StoredPIN // zero ID: none; it may have expired
	Numbers []StoredNumber
	Lock    Counter
}

// userRows reads those users with what is theirs, in the given order: a
// statement for each kind of rows, whatever the number of users.
func (tx *Tx) userRows(ctx context.Context, c cardinal.CustomerID, those []listed, bare bool) ([]UserRow, error) {
	rows := make([]UserRow, 0, len(those))
	for some := range slices.Chunk(those, idsAtOnce) {
		byID, err := tx.usersAlone(ctx, some)
		if err == nil && !bare {
			err = tx.furnish(ctx, c, byID, some)
		}
		if err != nil {
			return nil, fmt.Errorf("list users: %w", err)
		}
		for _, l := range some {
			if row := byID[cardinal.UserID(l.id)]; row != nil {
				rows = append(rows, *row)
			}
		}
	}
	return rows, nil
}

// idsAtOnce is how many identifiers one statement asks for: always as many, so
// that there is one text to compile.
const idsAtOnce = 64

// ids are the identifiers for one statement, the last one as often as needed.
func ids(those []listed, text func(string) string) []any {
	ids := make([]any, idsAtOnce)
	for i := range ids {
		ids[i] = text(those[min(i, len(those)-1)].id)
	}
	return ids
}

func plain(id string) string   { return id }
func subject(id string) string { return UserSubject(cardinal.UserID(id)) }

func (tx *Tx) usersAlone(ctx context.Context, those []listed) (map[cardinal.UserID]*UserRow, error) {
	byID := make(map[cardinal.UserID]*UserRow, len(those))
	err := tx.readIn(ctx, usersIn, ids(those, plain), func(r *sql.Rows) error {
		u, err := scanUser(r)
		byID[u.ID] = &UserRow{User: u}
		return err
	})
	return byID, err
}

// furnish gives users what is theirs.
func (tx *Tx) furnish(ctx context.Context, c cardinal.CustomerID, users map[cardinal.UserID]*UserRow, those []listed) error {
	err := tx.readIn(ctx, pinsIn, ids(those, plain), func(r *sql.Rows) error {
		pin, err := scanPIN(r)
		if row := users[pin.User]; row != nil {
			row.PIN = pin
		}
		return err
	})
	if err != nil {
		return err
	}
	err = tx.readIn(ctx, numbersIn, ids(those, plain), func(r *sql.Rows) error {
		number, err := scanNumber(r)
		if row := users[number.User]; row != nil {
			row.Numbers = append(row.Numbers, number)
			slices.SortFunc(row.Numbers, func(a, b StoredNumber) int { return strings.Compare(string(a.Slot), string(b.Slot)) })
		}
		return err
	})
	if err != nil {
		return err
	}
	return tx.readIn(ctx, countersIn, append([]any{string(c)}, ids(those, subject)...), func(r *sql.Rows) error { return scanLock(r, users) })
}

const (
	usersIn = `SELECT id, customer_id, username, full_name, email, department, notes, role, disabled, source, password_hash,
  password_must_change, created_at, updated_at, revision FROM users WHERE id IN `
	pinsIn = `SELECT user_id, id, key_version, tag, identifying, generated, new_required, created_at, expires_at,
  policy_known, policy_met, policy_checked_at FROM pins WHERE user_id IN `
	numbersIn = `SELECT user_id, slot, key_version, tag, sealed, number_end, digits, created_at FROM card_numbers
  WHERE user_id IN `
	countersIn = `SELECT subject, wrong, changed_at, locked_until FROM counters WHERE customer_id = ? AND subject IN `
)

func (tx *Tx) readIn(ctx context.Context, query string, args []any, take func(*sql.Rows) error) error {
	s := &statement{}
	s.add(query+"("+strings.Repeat("?, ", idsAtOnce-1)+"?)", args...)
	rows, err := tx.work.QueryContext(ctx, s.text.String(), s.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := take(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func scanUser(rows *sql.Rows) (cardinal.User, error) {
	var r db.User
	err := rows.Scan(&r.ID, &r.CustomerID, &r.Username, &r.FullName, &r.Email, &r.Department, &r.Notes, &r.Role, &r.Disabled, &r.Source,
		&r.PasswordHash, &r.PasswordMustChange, &r.CreatedAt, &r.UpdatedAt, &r.Revision)
	return user(r), err
}

func scanPIN(rows *sql.Rows) (StoredPIN, error) {
	var r db.Pin
	err := rows.Scan(&r.UserID, &r.ID, &r.KeyVersion, &r.Tag, &r.Identifying, &r.Generated, &r.NewRequired, &r.CreatedAt, &r.ExpiresAt,
		&r.PolicyKnown, &r.PolicyMet, &r.PolicyCheckedAt)
	return storedPIN(r), err
}

func scanNumber(rows *sql.Rows) (StoredNumber, error) {
	var r db.CardNumber
	err := rows.Scan(&r.UserID, &r.Slot, &r.KeyVersion, &r.Tag, &r.Sealed, &r.NumberEnd, &r.Digits, &r.CreatedAt)
	return storedNumber(r), err
}

func scanLock(rows *sql.Rows, users map[cardinal.UserID]*UserRow) error {
	var subject string
	var wrong, changed, until int64
	if err := rows.Scan(&subject, &wrong, &changed, &until); err != nil {
		return err
	}
	if row := users[cardinal.UserID(strings.TrimPrefix(subject, UserSubject("")))]; row != nil {
		row.Lock = Counter{Wrong: wrong, ChangedAt: fromMillis(changed), LockedUntil: fromMillis(until)}
	}
	return nil
}
