package store_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// The tables whose column "key_version" is of a tag or of an entry's place in its
// chain: nothing in them can be sealed anew.
var tagged = []string{"audit_entries", "pin_history", "pins"}

// TestNothingSealedIsForgotten draws from the schema where something is under a
// key of the ring: a table with such columns is moved, or is one of tags.
func TestNothingSealedIsForgotten(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		d.Open(t)
		query := "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
		if d.Kind == storetest.PostgreSQL {
			query = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
		}
		rows, err := behind(t, d).QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		var sealed, keyed []string
		for rows.Next() {
			var table, column string
			if err := rows.Scan(&table, &column); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(column, "seal") {
				sealed = append(sealed, table)
			}
			if strings.Contains(column, "key_version") {
				keyed = append(keyed, table)
			}
		}
		if err := first(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
		slices.Sort(sealed)
		slices.Sort(keyed)
		var known []string
		for _, place := range store.SealedPlaces() {
			known = append(known, string(place))
		}
		slices.Sort(known)
		same(t, sealed, known)
		same(t, keyed, slices.Sorted(slices.Values(slices.Concat(known, tagged))))
	})
}

// A value that was replaced after it was read is left as it is.
func testResealOnlyWhatWasRead(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	anna := storetest.User(t, n.Store, c, "anna")
	n.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.PutTOTPSecret(ctx, anna, store.TOTPSecret{KeyVersion: 1, Sealed: []byte("old")})
	})
	read := store.SealedValue{Customer: c, Key: [2]string{string(anna.ID), ""}, Sealed: store.Sealed{Version: 1, Bytes: []byte("old")}}
	list := func(version int, after [2]string) (values []store.SealedValue) {
		n.read(func(ctx context.Context, tx *store.Tx) (err error) {
			values, err = tx.SealedBefore(ctx, store.SealedApps, version, after, 10)
			return err
		})
		return values
	}
	same(t, []store.SealedValue{read}, list(2, [2]string{}))
	same(t, 0, len(list(1, [2]string{})))
	same(t, 0, len(list(2, read.Key)))
	n.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.PutTOTPSecret(ctx, anna, store.TOTPSecret{KeyVersion: 1, Sealed: []byte("replaced")})
	})
	reseal := func(v store.SealedValue) (done bool) {
		n.write(func(ctx context.Context, tx *store.Tx) (err error) {
			done, err = tx.Reseal(ctx, store.SealedApps, v, store.Sealed{Version: 2, Bytes: []byte("new")}, nil)
			return err
		})
		return done
	}
	same(t, false, reseal(read))
	read.Bytes = []byte("replaced")
	same(t, true, reseal(read))
	same(t, false, reseal(read))
	n.read(func(ctx context.Context, tx *store.Tx) error {
		kept, err := tx.TOTPSecret(ctx, anna)
		same(t, [2]any{2, "new"}, [2]any{kept.KeyVersion, string(kept.Sealed)})
		return err
	})
}
