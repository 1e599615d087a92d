package store_test

import (
	"context"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func fullUser(tx *store.Tx, c cardinal.CustomerID, username string) cardinal.User {
	return cardinal.User{
		ID: cardinal.UserID(tx.NewID()), Customer: c, Username: username, FullName: "Žofie Nováková", Email: "zofie@example.org",
		Department: "Tisk", Notes: "two\nlines 🙂", Role: cardinal.RoleHelpdesk, Disabled: true, Source: "import",
		CreatedAt: tx.Now(), UpdatedAt: tx.Now(), Revision: 1,
	}
}

func testUsersComeBackAsWritten(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	d.Clock.Set(someTime().Add(999 * time.Microsecond)) // finer than what is kept
	var written cardinal.User
	n.write(func(ctx context.Context, tx *store.Tx) error {
		written = fullUser(tx, c, "zofie")
		return tx.AddUser(ctx, written)
	})
	same(t, someTime().UTC(), written.CreatedAt)
	for name, get := range map[string]func(context.Context, *store.Tx) (cardinal.User, error){
		"User":       func(ctx context.Context, tx *store.Tx) (cardinal.User, error) { return tx.User(ctx, c, written.ID) },
		"UserByName": func(ctx context.Context, tx *store.Tx) (cardinal.User, error) { return tx.UserByName(ctx, c, "ZOFIE") },
		"LockUser":   func(ctx context.Context, tx *store.Tx) (cardinal.User, error) { return tx.LockUser(ctx, c, written.ID) },
		"LockUserByName": func(ctx context.Context, tx *store.Tx) (cardinal.User, error) {
			return tx.LockUserByName(ctx, c, "Zofie")
		},
	} {
		t.Run(name, func(t *testing.T) {
			n.in(t).write(func(ctx context.Context, tx *store.Tx) error {
				got, err := get(ctx, tx)
				same(t, written, got)
				return err
			})
		})
	}
	d.Clock.Add(time.Hour)
	changed := written
	changed.FullName, changed.Email, changed.Department, changed.Notes = "", "", "", ""
	changed.Role, changed.Disabled = cardinal.RoleUser, false
	n.write(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateUser(ctx, changed) })
	changed.Revision, changed.UpdatedAt = 2, changed.UpdatedAt.Add(time.Hour)
	n.read(func(ctx context.Context, tx *store.Tx) error {
		got, err := tx.User(ctx, c, written.ID)
		same(t, changed, got)
		return err
	})
}

func testUsersOfAnotherCustomerAreNotFound(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	other := storetest.Customer(t, n.Store, "not of "+t.Name()).ID
	theirs := storetest.User(t, n.Store, other, "anna")
	mine := theirs
	mine.Customer = c
	for name, try := range map[string]func(context.Context, *store.Tx) error{
		"User":           func(ctx context.Context, tx *store.Tx) error { _, err := tx.User(ctx, c, theirs.ID); return err },
		"UserByName":     func(ctx context.Context, tx *store.Tx) error { _, err := tx.UserByName(ctx, c, "anna"); return err },
		"LockUser":       func(ctx context.Context, tx *store.Tx) error { _, err := tx.LockUser(ctx, c, theirs.ID); return err },
		"LockUserByName": func(ctx context.Context, tx *store.Tx) error { _, err := tx.LockUserByName(ctx, c, "anna"); return err },
		"UpdateUser":     func(ctx context.Context, tx *store.Tx) error { return tx.UpdateUser(ctx, mine) },
		"DeleteUser":     func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, mine) },
		"SetPassword":    func(ctx context.Context, tx *store.Tx) error { return tx.SetPassword(ctx, mine, "hash", false) },
		"PasswordHash":   func(ctx context.Context, tx *store.Tx) error { _, err := tx.PasswordHash(ctx, mine); return err },
	} {
		t.Run(name, func(t *testing.T) { n.in(t).refused(cardinal.CodeNotFound, try) })
	}
	storetest.User(t, n.Store, c, "anna") // the same name is free here
	n.read(func(ctx context.Context, tx *store.Tx) error {
		got, err := tx.User(ctx, other, theirs.ID)
		same(t, theirs, got)
		return err
	})
}

func TestUsernamesAreFolded(t *testing.T) {
	for _, pair := range [][2]string{
		{"anna", "ANNA"}, {"žofie", "ŽOFIE"}, {"straße", "STRASSE"}, {"ΣΊΣΥΦΟΣ", "σίσυφος"},
		{"josé", "jose\u0301"}, {"ﬁnn", "FINN"}, {"ǅ", "ǆ"}, {"kelvin", "\u212Aelvin"},
	} {
		if store.Fold(pair[0]) != store.Fold(pair[1]) {
			t.Errorf("%q and %q are two names", pair[0], pair[1])
		}
		if again := store.Fold(store.Fold(pair[0])); again != store.Fold(pair[0]) {
			t.Errorf("%q folds to %q and then to %q", pair[0], store.Fold(pair[0]), again)
		}
	}
	for _, pair := range [][2]string{{"anna", "anna1"}, {"a b", "ab"}, {"e", "é"}, {"I", "ı"}} {
		if store.Fold(pair[0]) == store.Fold(pair[1]) {
			t.Errorf("%q and %q are one name", pair[0], pair[1])
		}
	}
	on(t, func(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
		storetest.Users(t, n.Store, c, "Straße", "jose\u0301")
		for _, again := range []string{"STRASSE", "JOSÉ"} {
			err := n.refusal(cardinal.CodeConflict, func(ctx context.Context, tx *store.Tx) error {
				return tx.AddUser(ctx, fullUser(tx, c, again))
			})
			taken(t, err, "username")
		}
	})
}

func testTextThatNoUsernameCanHaveIsNotFound(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	for _, name := range []string{"", "%", "' OR 1=1 --", "a\u2028b"} {
		n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error { _, err := tx.UserByName(ctx, c, name); return err })
		n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.User(ctx, c, cardinal.UserID(name))
			return err
		})
		n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.CustomerByName(ctx, name)
			return err
		})
	}
	for _, name := range []string{"a\x00b", "\xff\xfe"} { // no text, so one database refuses them and the other finds nothing
		err := n.Read(t.Context(), func(tx *store.Tx) error { _, err := tx.UserByName(t.Context(), c, name); return err })
		if code := cardinal.CodeOf(err); code != cardinal.CodeNotFound && code != cardinal.CodeInvalid {
			t.Errorf("looking for %q answers %v", name, err)
		}
	}
}

func testPasswords(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	user := storetest.User(t, n.Store, c, "anna")
	check := func(hash string, has, mustChange bool, revision int64) {
		t.Helper()
		n.read(func(ctx context.Context, tx *store.Tx) error {
			got, err := tx.PasswordHash(ctx, user)
			same(t, hash, got)
			if err != nil {
				return err
			}
			u, err := tx.User(ctx, c, user.ID)
			same(t, [3]any{has, mustChange, revision}, [3]any{u.HasPassword, u.PasswordMustChange, u.Revision})
			return err
		})
	}
	check("", false, false, 1)
	n.write(func(ctx context.Context, tx *store.Tx) error { return tx.SetPassword(ctx, user, "$argon2id$1", true) })
	check("$argon2id$1", true, true, 2)
	n.write(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateUser(ctx, user) })
	check("$argon2id$1", true, true, 3)
	n.write(func(ctx context.Context, tx *store.Tx) error { return tx.SetPassword(ctx, user, "$argon2id$2", false) })
	check("$argon2id$2", true, false, 4)
}

func testDeletingAUserTakesWhatIsTheirs(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	users := storetest.Users(t, n.Store, c, "anna", "bert")
	giveAll := func(u cardinal.User) func(context.Context, *store.Tx) error {
		return func(ctx context.Context, tx *store.Tx) error {
			_, pinErr := tx.AddPIN(ctx, c, store.StoredPIN{PINState: cardinal.PINState{ID: "p", User: u.ID, CreatedAt: tx.Now()}, Tag: tag(1, "PIN of "+u.Username)})
			_, numberErr := tx.AddNumber(ctx, c, store.StoredNumber{User: u.ID, Slot: cardinal.Primary, Tag: tag(1, "number of "+u.Username), Sealed: []byte{1}})
			session := store.Session{ID: cardinal.SessionID("s" + u.Username), User: u}
			return first(pinErr, numberErr, tx.AddPINHistory(ctx, u.ID, "p", tag(1, "h"), 3), tx.AddSession(ctx, session, []byte(u.Username)),
				tx.AddSignIn(ctx, cardinal.SignIn{ID: tx.NewID(), Customer: c, Time: tx.Now(), Username: u.Username}, "d", u.ID))
		}
	}
	n.write(giveAll(users[0]))
	n.write(giveAll(users[1]))
	n.write(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, users[0]) })
	n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, users[0]) })
	n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error { _, err := tx.PIN(ctx, users[0].ID); return err })
	n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.SessionByToken(ctx, []byte("anna"))
		return err
	})
	n.read(func(ctx context.Context, tx *store.Tx) error {
		numbers, err := tx.Numbers(ctx, users[0].ID)
		same(t, 0, len(numbers))
		history, historyErr := tx.PINHistory(ctx, users[0].ID, 9)
		same(t, 0, len(history))
		record, recordErr := tx.SignInsOfUser(ctx, users[0], "", 9)
		same(t, 1, len(record))
		_, theirs := tx.PIN(ctx, users[1].ID)
		return first(err, historyErr, recordErr, theirs)
	})
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func testCountUsersOfRole(t *testing.T, n node, _ *storetest.Database, c cardinal.CustomerID) {
	storetest.Users(t, n.Store, c, "anna", "bert")
	n.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.AddUser(ctx, fullUser(tx, c, "disabled helpdesk"))
	})
	n.write(func(ctx context.Context, tx *store.Tx) error {
		active := fullUser(tx, c, "active helpdesk")
		active.Disabled = false
		return tx.AddUser(ctx, active)
	})
	n.read(func(ctx context.Context, tx *store.Tx) error {
		for role, want := range map[cardinal.Role]int{cardinal.RoleUser: 2, cardinal.RoleHelpdesk: 1, cardinal.RoleOperator: 0} {
			count, err := tx.CountUsersOfRole(ctx, c, role)
			if err != nil {
				return err
			}
			if count != want {
				t.Errorf("%d users are %s, want %d", count, role, want)
			}
		}
		return nil
	})
}
