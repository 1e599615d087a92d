package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// The size that every page promises its speed for.
const (
	manyUsers   = 100_000
	manySignIns = 1_000_000
)

// BenchmarkLarge asks a database with 100,000 users and 1,000,000 sign-ins over
// 30 days what the start page and the logs ask. Filling takes a minute.
func BenchmarkLarge(b *testing.B) {
	for _, kind := range storetest.Kinds() {
		b.Run(string(kind), func(b *testing.B) {
			d := storetest.New(b, kind)
			s := d.Open(b)
			c := storetest.Customer(b, s, "Pilsen Print").ID
			fillLarge(b, d, c)
			now := s.Now()
			for _, q := range []struct {
				name string
				ask  func(context.Context, *store.Tx) (any, error)
			}{
				{"users", func(ctx context.Context, tx *store.Tx) (any, error) { return tx.CountUsers(ctx, c) }},
				{"owners of numbers", func(ctx context.Context, tx *store.Tx) (any, error) { return tx.CountOwnersOfNumbers(ctx, c) }},
				{"without address", func(ctx context.Context, tx *store.Tx) (any, error) { return tx.CountUsersWithoutAddress(ctx, c) }},
				{"locked", func(ctx context.Context, tx *store.Tx) (any, error) { return tx.CountLockedUsers(ctx, c) }},
				{"PINs due", func(ctx context.Context, tx *store.Tx) (any, error) {
					return tx.PINsDue(ctx, c, now, now.AddDate(0, 0, 7), 15*time.Minute)
				}},
				{"PIN standing", func(ctx context.Context, tx *store.Tx) (any, error) { return tx.PINStanding(ctx, c) }},
				{"tally of an hour", func(ctx context.Context, tx *store.Tx) (any, error) {
					return tx.TallySignIns(ctx, c, now.Add(-time.Hour), now)
				}},
				{"rare outcome", func(ctx context.Context, tx *store.Tx) (any, error) {
					id, _, err := tx.FarSignIn(ctx, c, store.SignInQuery{}, 20_000)
					if err != nil {
						return nil, err
					}
					return tx.SearchSignIns(ctx, c, store.SignInQuery{Since: id, Outcome: cardinal.OutcomeInvalid}, 51)
				}},
			} {
				b.Run(q.name, func(b *testing.B) {
					for b.Loop() {
						storetest.Read(b, s, func(ctx context.Context, tx *store.Tx) error {
							_, err := q.ask(ctx, tx)
							return err
						})
					}
				})
			}
		})
	}
}

func fillLarge(b *testing.B, d *storetest.Database, c cardinal.CustomerID) {
	b.Helper()
	db, err := sql.Open(d.Driver())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	now := d.Clock.Now()
	rows := func(table string, n int, row func(i int) []any) {
		b.Helper()
		tx, err := db.BeginTx(b.Context(), nil)
		if err != nil {
			b.Fatal(err)
		}
		const most = 500
		for from := 0; from < n; from += most {
			var text strings.Builder
			var args []any
			for i := from; i < min(n, from+most); i++ {
				for j, value := range row(i) {
					text.WriteString(map[bool]string{true: "(", false: ","}[j == 0])
					args = append(args, value)
					fmt.Fprintf(&text, "$%d", len(args))
				}
				text.WriteString("),")
			}
			if _, err := tx.ExecContext(b.Context(), "INSERT INTO "+table+" VALUES "+strings.TrimSuffix(text.String(), ","), args...); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	userID := func(i int) string { return fmt.Sprintf("0user%021d", i) }
	rows("users (id, customer_id, username, username_key, full_name, email, department, notes, role, disabled, source, search_key, password_hash, password_must_change, created_at, updated_at, revision)", manyUsers, func(i int) []any {
		name := fmt.Sprintf("user%06d", i)
		return []any{userID(i), string(c), name, name, "Somebody of " + name, name + "@example.org", "Department", "", "user", false, "import",
			name + " somebody", "", false, now.UnixMilli(), now.UnixMilli(), 1}
	})
	rows("pins (user_id, customer_id, id, key_version, tag, identifying, generated, new_required, created_at, expires_at, policy_known, policy_met, policy_checked_at)", manyUsers, func(i int) []any {
		return []any{userID(i), string(c), userID(i), 1, []byte(userID(i)), false, true, false, now.UnixMilli(),
			now.Add(time.Duration(i) * 7 * time.Second).UnixMilli(), true, true, now.UnixMilli()}
	})
	rows("card_numbers (user_id, slot, customer_id, key_version, tag, sealed, number_end, digits, created_at)", manyUsers, func(i int) []any {
		return []any{userID(i), "primary", string(c), 1, []byte(userID(i)), []byte("sealed sealed sealed sealed"), "1234", 8, now.UnixMilli()}
	})
	rows("counters (customer_id, subject, wrong, changed_at, locked_until)", manyUsers, func(i int) []any {
		return []any{string(c), "user " + userID(i), 0, now.UnixMilli(), map[bool]int64{true: now.Add(time.Hour).UnixMilli()}[i%1000 == 0]}
	})
	storetest.Read(b, d.Open(b), func(_ context.Context, tx *store.Tx) error {
		step := 30 * 24 * time.Hour / manySignIns
		rows("sign_ins (id, customer_id, time, device_id, device, method, user_id, username, outcome, number_end, tries)", manySignIns, func(i int) []any {
			at := now.Add(-step * time.Duration(manySignIns-i))
			return []any{tx.IDOf(fmt.Sprint(i), at), string(c), at.UnixMilli(), "device", fmt.Sprint("Copier ", i%50), "card-pin",
				userID(i % manyUsers), fmt.Sprintf("user%06d", i%manyUsers), map[bool]string{true: "wrong-pin", false: "success"}[i%7 == 0], "1234", 1}
		})
		return nil
	})
	if d.Kind == storetest.PostgreSQL {
		// What its background process does by itself after as many writes.
		if _, err := db.ExecContext(b.Context(), "VACUUM ANALYZE"); err != nil {
			b.Fatal(err)
		}
	}
}
