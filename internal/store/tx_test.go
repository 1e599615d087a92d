package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func entryOf(action string) cardinal.AuditEntry {
	return cardinal.AuditEntry{Actor: "console", Action: action, Subject: "test"}
}

func actions(t *testing.T, n node, c cardinal.CustomerID) []string {
	return names(storetest.Audit(t, n.Store, c), func(e cardinal.AuditEntry) string { return e.Action })
}

func usernames(t *testing.T, n node, c cardinal.CustomerID) []string {
	t.Helper()
	return listed(n, c, store.UserQuery{Most: 1000})
}

func testWriteIsAllOrNothing(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	addAnna := func(ctx context.Context, tx *store.Tx) error {
		tx.QueueAudit(c, entryOf("user.created"))
		return tx.AddUser(ctx, fullUser(tx, c, "anna"))
	}
	nothing := func(t *testing.T) {
		t.Helper()
		same(t, []string{}, usernames(t, n.in(t), c))
		same(t, []string{}, actions(t, n.in(t), c))
	}
	t.Run("an error undoes it and is returned", func(t *testing.T) {
		err := n.Write(t.Context(), func(tx *store.Tx) error { return errors.Join(addAnna(t.Context(), tx), errStop) })
		if !errors.Is(err, errStop) {
			t.Errorf("Write answers %v", err)
		}
		nothing(t)
	})
	t.Run("an Error of the vocabulary is returned as it is", func(t *testing.T) {
		refusal := cardinal.Errorf(cardinal.CodeStale, "Somebody else saved.")
		if err := n.Write(t.Context(), func(*store.Tx) error { return refusal }); !errors.Is(err, refusal) || err.Error() != refusal.Error() {
			t.Errorf("Write answers %v", err)
		}
	})
	t.Run("a panic undoes it and goes on", func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
			nothing(t)
		}()
		_ = n.Write(t.Context(), func(tx *store.Tx) error {
			if err := addAnna(t.Context(), tx); err != nil {
				t.Error(err)
			}
			panic("stop here")
		})
	})
	t.Run("an audit entry that cannot be written undoes it", func(t *testing.T) {
		n.in(t).refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error {
			tx.QueueAudit("no such customer", entryOf("x"))
			return addAnna(ctx, tx)
		})
		nothing(t)
	})
	t.Run("a context that ends in the middle undoes it", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := n.Write(ctx, func(tx *store.Tx) error {
			err := addAnna(ctx, tx)
			cancel()
			return err
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Write answers %v", err)
		}
		nothing(t)
	})
	t.Run("no error keeps it", func(t *testing.T) {
		n := n.in(t)
		n.write(addAnna)
		same(t, []string{"anna"}, usernames(t, n, c))
		same(t, []string{"user.created"}, actions(t, n, c))
	})
}

func testAReadCannotWrite(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	err := n.Read(t.Context(), func(tx *store.Tx) error { return tx.AddUser(t.Context(), fullUser(tx, c, "anna")) })
	if err == nil {
		t.Error("a reading transaction wrote")
	}
	err = n.Read(t.Context(), func(tx *store.Tx) error { tx.QueueAudit(c, entryOf("x")); return nil })
	if err == nil {
		t.Error("a reading transaction wrote an audit entry")
	}
	same(t, []string{}, usernames(t, n, c))
	storetest.User(t, n.Store, c, "bert") // writing goes on
}

func testReadSeesOneState(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	other := node{d.Open(t), t}
	n.read(func(ctx context.Context, tx *store.Tx) error {
		before, err := tx.CountUsers(ctx, c)
		if err != nil {
			return err
		}
		storetest.User(t, n.Store, c, "anna")
		storetest.User(t, other.Store, c, "bert")
		storetest.Set(t, n.Store, c, map[string]any{"customer.name": "New"})
		after, err := tx.CountUsers(ctx, c)
		if err != nil {
			return err
		}
		texts, err := tx.SettingTexts(ctx, c)
		if before != 0 || after != 0 || len(texts) != 0 {
			t.Errorf("the state moved: %d users, then %d and %d settings", before, after, len(texts))
		}
		return err
	})
	same(t, []string{"anna", "bert"}, usernames(t, other, c))
}

func testOneInstantATransaction(t *testing.T, n node, d *storetest.Database, _ cardinal.CustomerID) {
	d.Clock.Set(someTime().Add(999_999 * time.Nanosecond))
	n.write(func(_ context.Context, tx *store.Tx) error {
		d.Clock.Add(time.Hour)
		same(t, someTime().UTC(), tx.Now())
		same(t, "UTC", tx.Now().Location().String())
		return nil
	})
	same(t, someTime().UTC().Add(time.Hour), n.Now())
}

func TestIdentifiersSortByCreation(t *testing.T) {
	d := storetest.New(t, storetest.SQLite)
	n := node{d.Open(t), t}
	var made []string
	for _, step := range []time.Duration{0, time.Millisecond, -time.Hour, -24 * time.Hour, time.Hour, 30 * 24 * time.Hour} {
		d.Clock.Add(step)
		n.read(func(_ context.Context, tx *store.Tx) error {
			for range 70_000 { // more than there are serial numbers in a millisecond
				made = append(made, tx.NewID())
			}
			return nil
		})
	}
	for i := range made {
		if len(made[i]) != 26 || i > 0 && made[i] <= made[i-1] {
			t.Fatalf("identifier %d, %s, does not sort after %s", i, made[i], made[i-1])
		}
	}
}

func testSavepoint(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	add := func(ctx context.Context, tx *store.Tx, username string) error {
		tx.QueueAudit(c, entryOf("added "+username))
		return tx.AddUser(ctx, fullUser(tx, c, username))
	}
	n.write(func(ctx context.Context, tx *store.Tx) error {
		if err := add(ctx, tx, "before"); err != nil {
			return err
		}
		err := tx.Savepoint(ctx, func() error { return errors.Join(add(ctx, tx, "undone"), errStop) })
		if !errors.Is(err, errStop) {
			t.Errorf("Savepoint answers %v", err)
		}
		for i := range 3 { // as an import does, line by line
			err := tx.Savepoint(ctx, func() error { return add(ctx, tx, []string{"one", "before", "two"}[i]) })
			if (err != nil) != (i == 1) {
				t.Errorf("line %d: %v", i, err)
			}
		}
		err = tx.Savepoint(ctx, func() error {
			kept := tx.Savepoint(ctx, func() error { return add(ctx, tx, "inner") })
			undone := tx.Savepoint(ctx, func() error { return errors.Join(add(ctx, tx, "inner undone"), errStop) })
			if !errors.Is(undone, errStop) {
				t.Errorf("the inner Savepoint answers %v", undone)
			}
			return kept
		})
		if err != nil {
			return err
		}
		err = tx.Savepoint(ctx, func() error {
			return errors.Join(tx.Savepoint(ctx, func() error { return add(ctx, tx, "released, then undone") }), errStop)
		})
		if !errors.Is(err, errStop) {
			t.Errorf("Savepoint answers %v", err)
		}
		return add(ctx, tx, "after")
	})
	same(t, []string{"after", "before", "inner", "one", "two"}, usernames(t, n, c))
	same(t, []string{"added before", "added one", "added two", "added inner", "added after"}, actions(t, n, c))
}

func testSavepointSurvivesABrokenConstraint(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	user := storetest.User(t, n.Store, c, "anna")
	session := store.Session{ID: "s", User: user}
	n.write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.AddSession(ctx, session, []byte("hash")); err != nil {
			return err
		}
		if err := tx.Savepoint(ctx, func() error { return tx.AddSession(ctx, session, []byte("hash")) }); err == nil {
			t.Error("one session was added twice")
		}
		return tx.AddUser(ctx, fullUser(tx, c, "bert"))
	})
	same(t, []string{"anna", "bert"}, usernames(t, n, c))
	n.refused(cardinal.CodeConflict, func(ctx context.Context, tx *store.Tx) error { return tx.AddSession(ctx, session, []byte("hash")) })
}

// A caller may take a failed savepoint for a refusal and go on. If the savepoint
// could not undo its work, nothing may be committed.
func testWhatASavepointCouldNotUndoIsNotCommitted(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := n.Write(ctx, func(tx *store.Tx) error {
		refusal := tx.Savepoint(ctx, func() error {
			err := tx.AddUser(ctx, fullUser(tx, c, "half"))
			cancel() // the caller hangs up at the worst moment
			return errors.Join(err, cardinal.Errorf(cardinal.CodePolicyViolation, "Refused."))
		})
		if cardinal.CodeOf(refusal) == cardinal.CodePolicyViolation {
			t.Error("what could not be undone looks like a mere refusal")
		}
		return nil
	})
	if err == nil {
		t.Error("Write says that all is well")
	}
	same(t, []string{}, usernames(t, n, c))
}

func TestTwoWhoLockInOppositeOrderBothSucceed(t *testing.T) {
	on(t, func(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
		nodes := []*store.Store{n.Store, d.Open(t)}
		users := storetest.Users(t, n.Store, c, "anna", "bert")
		if d.Kind == storetest.SQLite {
			t.Skip("SQLite has one writer, so there is no deadlock")
		}
		runs := make([]int, 2)
		bothHoldOne := make(chan struct{}, 2)
		all(t, 2, func(i int) error {
			mine := slices.Clone(users)
			if i == 1 {
				slices.Reverse(mine)
			}
			return nodes[i].Write(t.Context(), func(tx *store.Tx) error {
				runs[i]++
				if _, err := tx.LockUser(t.Context(), c, mine[0].ID); err != nil {
					return err
				}
				if runs[i] == 1 {
					bothHoldOne <- struct{}{}
					for len(bothHoldOne) < 2 {
						time.Sleep(time.Millisecond)
					}
				}
				other, err := tx.LockUser(t.Context(), c, mine[1].ID)
				if err != nil {
					return err
				}
				tx.QueueAudit(c, entryOf(fmt.Sprint("locked ", i)))
				other.Notes += fmt.Sprint(i)
				return tx.UpdateUser(t.Context(), other)
			})
		})
		if runs[0]+runs[1] < 3 {
			t.Errorf("the transactions ran %v times; one of them should have met the other and run again", runs)
		}
		if got := actions(t, n, c); len(got) != 2 {
			t.Errorf("each should have left one audit entry: %v", got)
		}
	})
}

func TestManyWritersLoseNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		nodes := []node{{open(), t}, {open(), t}, {open(), t}}
		c := storetest.Customer(t, nodes[0].Store, "Pilsen Print").ID
		user := storetest.User(t, nodes[0].Store, c, "anna")
		all(t, 90, func(i int) error {
			return nodes[i%3].Write(t.Context(), func(tx *store.Tx) error {
				u, err := tx.LockUser(t.Context(), c, user.ID)
				if err != nil {
					return err
				}
				counter, err := tx.LockCounter(t.Context(), c, "user 1")
				if err != nil {
					return err
				}
				counter.Wrong++
				u.Notes += "x"
				return first(tx.UpdateUser(t.Context(), u), tx.SetCounter(t.Context(), c, "user 1", counter))
			})
		})
		nodes[1].read(func(ctx context.Context, tx *store.Tx) error {
			u, err := tx.User(ctx, c, user.ID)
			counter, counterErr := tx.Counter(ctx, c, "user 1")
			same(t, [2]int{90, 90}, [2]int{len(u.Notes), int(counter.Wrong)})
			return first(err, counterErr)
		})
	})
}
