package store_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// found are the usernames that a search gives, in their order.
func found(n node, c cardinal.CustomerID, text string) []string {
	n.t.Helper()
	return listed(n, c, store.UserQuery{UserMatch: store.UserMatch{Text: text}, Most: 500})
}

func block(n node, c cardinal.CustomerID) int {
	n.t.Helper()
	gathered, err := n.BlockUsers(n.t.Context(), c)
	if err != nil {
		n.t.Fatal(err)
	}
	return gathered
}

func numbered(from, to int) []string {
	var usernames []string
	for i := from; i < to; i++ {
		usernames = append(usernames, fmt.Sprintf("user%03d", i))
	}
	return usernames
}

func TestWhoIsInABlockIsFoundAsBefore(t *testing.T) {
	on(t, func(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
		other := storetest.Customer(t, n.Store, "Others").ID
		users := storetest.Users(t, n.Store, c, numbered(0, 45)...)
		storetest.Users(t, n.Store, other, numbered(0, 25)...)
		if gathered := block(n, c); gathered != 40 {
			t.Errorf("%d of 45 users are in blocks, of 20 each", gathered)
		}
		if gathered := block(n, c); gathered != 0 {
			t.Errorf("%d more users", gathered)
		}
		same(t, numbered(0, 45), found(n, c, "user0"))
		same(t, numbered(20, 30), found(n, c, "USER02"))
		same(t, []string{}, found(n, c, "r001\nuser002")) // beside one another in a block

		users[7].FullName = "Élodie Brandt"
		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateUser(ctx, users[7]) })
		same(t, []string{"user007"}, found(n, c, "elodie"))
		block(n, c)
		users[7].FullName = "Zoë Brandt"
		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateUser(ctx, users[7]) })
		same(t, []string{}, found(n, c, "elodie"))
		same(t, []string{"user007"}, found(n, c, "zoe"))

		for _, u := range users[:38] {
			n.write(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, u) })
		}
		more := storetest.Users(t, n.Store, c, numbered(100, 120)...)
		block(n, c) // dissolves what has few users left
		if gathered := block(n, c); gathered != 0 {
			t.Errorf("%d users were to be gathered again", gathered)
		}
		same(t, append(numbered(38, 45), numbered(100, 100+len(more))...), found(n, c, "user"))
	})
}

// Two nodes that gather at once put each user into one block.
func TestTwoNodesGatherUsers(t *testing.T) {
	on(t, func(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
		want := numbered(0, 400)
		storetest.Users(t, n.Store, c, want...)
		var both sync.WaitGroup
		gathered := make([]int, 2)
		for i, at := range []node{n, {d.Open(t), t}} {
			both.Go(func() {
				var err error
				if gathered[i], err = at.BlockUsers(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		block(n, c)
		if most := slices.Max(gathered); most < 20 {
			t.Errorf("gathered %v of %d", gathered, len(want))
		}
		same(t, want, found(n, c, "user"))
	})
}
