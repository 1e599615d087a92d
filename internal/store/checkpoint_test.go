package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// What commits have left in the log of an SQLite file is moved into the file
// without another commit, long before one would have to do it.
func TestTheLogIsMovedBesideTheCommits(t *testing.T) {
	const page, pages = 4096, 6000
	d := storetest.New(t, storetest.SQLite)
	n := node{d.Open(t), t}
	c := storetest.Customer(t, n.Store, "Acme").ID
	db := behind(t, d)
	left := func() (length, moved int) {
		var busy int
		if err := db.QueryRowContext(t.Context(), "PRAGMA wal_checkpoint(NOOP)").Scan(&busy, &length, &moved); err != nil {
			t.Fatal(err)
		}
		return length, moved
	}
	notes := strings.Repeat("x", 100*page)
	add := func(i int) {
		n.write(func(ctx context.Context, tx *store.Tx) error {
			u := fullUser(tx, c, fmt.Sprint("user", i))
			u.Notes = notes
			return tx.AddUser(ctx, u)
		})
	}
	for i := range pages / 100 {
		add(i)
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		length, moved := left()
		if length-moved < 1000 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d pages are in the log, %d of them moved", length, moved)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
