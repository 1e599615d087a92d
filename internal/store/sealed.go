package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"cardinal"
)

// SealedPlace is a table that has something sealed in its column "sealed", under
// the version of the key in "key_version".
type SealedPlace string

// The places where something is sealed for longer than a day.
const (
	SealedNumbers        SealedPlace = "card_numbers"
	SealedApps           SealedPlace = "totp_secrets"
	SealedConfigurations SealedPlace = "messaging_configurations"
	SealedNotifications  SealedPlace = "notifications"
	SealedBulkPINs       SealedPlace = "bulk_pins"
)

// sealedTable says whose the rows of a place are and what tells them apart; both
// halves of the key are texts, and second may be empty.
type sealedTable struct{ customer, first, second string }

func (p SealedPlace) table() sealedTable {
	switch p {
	case SealedNumbers:
		return sealedTable{"customer_id", "user_id", "slot"}
	case SealedApps:
		return sealedTable{"customer_id", "user_id", "''"}
	case SealedBulkPINs:
		return sealedTable{"(SELECT bulk_runs.customer_id FROM bulk_runs WHERE bulk_runs.id = bulk_pins.run_id)", "run_id", "CAST(last AS TEXT)"}
	default:
		return sealedTable{"customer_id", "id", "''"}
	}
}

// SealedPlaces are all of them.
func SealedPlaces() []SealedPlace {
	return []SealedPlace{SealedNumbers, SealedApps, SealedConfigurations, SealedNotifications, SealedBulkPINs}
}

// SealedValue is what is sealed in one row. Key tells the row from the others of
// its place: user and slot, user, configuration, notification, or bulk action and
// position.
type SealedValue struct {
	Customer cardinal.CustomerID
	Key      [2]string
	Sealed
}

// SealedBefore lists up to most values of a place that are sealed under older
// versions of the key than that one, in the order of their keys and behind after.
func (tx *Tx) SealedBefore(ctx context.Context, p SealedPlace, version int, after [2]string, most int) (values []SealedValue, err error) {
	t, s := p.table(), &statement{}
	s.add("SELECT "+t.customer+", "+t.first+", "+t.second+", key_version, sealed FROM "+string(p)+" WHERE key_version < ? AND length(sealed) > 0", version)
	s.add(" AND "+t.first+" >= ? AND ("+t.first+" > ? OR "+t.second+" > ?)", after[0], after[0], after[1])
	s.add(" ORDER BY "+strings.TrimSuffix(t.first+", "+t.second, ", ''")+" LIMIT ?", most)
	rows, err := tx.work.QueryContext(ctx, s.text.String(), s.args...)
	if err != nil {
		return nil, fmt.Errorf("list sealed values: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var v SealedValue
		if err := rows.Scan(&v.Customer, &v.Key[0], &v.Key[1], &v.Version, &v.Bytes); err != nil {
			return nil, fmt.Errorf("list sealed values: %w", err)
		}
		values = append(values, v)
	}
	return values, wrapped("list sealed values", rows.Err())
}

// Reseal puts the same under another seal in place of a value, and another tag
// where the place has tags. It reports false, and writes nothing, where the value
// is no longer there.
func (tx *Tx) Reseal(ctx context.Context, p SealedPlace, v SealedValue, under Sealed, tag []byte) (bool, error) {
	t, s := p.table(), &statement{}
	s.add("UPDATE "+string(p)+" SET key_version = ?, sealed = ?", under.Version, under.Bytes)
	if p == SealedNumbers {
		s.add(", tag = ?", tag)
	}
	s.add(" WHERE "+t.first+" = ? AND "+t.second+" = ? AND key_version = ? AND sealed = ?", v.Key[0], v.Key[1], v.Version, v.Bytes)
	result, err := tx.work.ExecContext(ctx, s.text.String(), s.args...)
	if err != nil {
		return false, fmt.Errorf("write sealed value: %w", err)
	}
	rows, err := result.RowsAffected()
	return rows > 0, wrapped("write sealed value", err)
}

// CountSealed counts the values of a place by the version of the key.
func (tx *Tx) CountSealed(ctx context.Context, p SealedPlace) (map[int]int, error) {
	return tx.countVersions(ctx, string(p)+" WHERE length(sealed) > 0")
}

// CountPINsByKey counts all PINs by the version of the key.
func (tx *Tx) CountPINsByKey(ctx context.Context) (map[int]int, error) {
	return tx.countVersions(ctx, "pins")
}

func (tx *Tx) countVersions(ctx context.Context, from string) (counts map[int]int, err error) {
	rows, err := tx.work.QueryContext(ctx, "SELECT key_version, count(*) FROM "+from+" GROUP BY key_version")
	if err != nil {
		return nil, fmt.Errorf("count by key: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	counts = map[int]int{}
	for rows.Next() {
		var version, n int
		if err := rows.Scan(&version, &n); err != nil {
			return nil, fmt.Errorf("count by key: %w", err)
		}
		counts[version] = n
	}
	return counts, wrapped("count by key", rows.Err())
}
