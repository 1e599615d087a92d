package audit_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/seal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func record(s *store.Store, caller cardinal.Caller, subjects ...string) error {
	return s.Write(context.Background(), func(tx *store.Tx) error {
		for _, subject := range subjects {
			err := audit.Record(tx, caller, audit.Entry{
				Action: "user.updated", Subject: subject, Before: audit.Fields{"department": "A"}, After: audit.Fields{"department": "B"},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// chain makes a customer whose chain has so many entries.
func chain(t *testing.T, s *store.Store, name string, length int) cardinal.CustomerID {
	t.Helper()
	c := storetest.Customer(t, s, name).ID
	for i := range length {
		if err := record(s, cardinal.Console(c), fmt.Sprint("user ", i+1)); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func findings(t *testing.T, s *store.Store, ring *seal.Ring) map[cardinal.CustomerID]audit.Finding {
	t.Helper()
	list, err := audit.NewChain(ring).Verify(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	byID := map[cardinal.CustomerID]audit.Finding{}
	for _, f := range list {
		byID[f.Customer.ID] = f
	}
	return byID
}

func TestRecordSaysWhoDidWhatFromWhere(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite)
	c := storetest.Customer(t, s, "Pilsen Print").ID
	caller := cardinal.Caller{Kind: cardinal.CallerToken, Customer: c, Name: "provisioning", Address: "192.0.2.7"}
	storetest.Write(t, s, func(_ context.Context, tx *store.Tx) error {
		return audit.Record(tx, caller, audit.Entry{Action: "user.created", Subject: "user žofie", After: audit.Fields{
			"pin": cardinal.NewPIN("271828"), "password": cardinal.NewPassword("sesame"), "role": cardinal.RoleUser,
		}})
	})
	want := cardinal.AuditEntry{
		Number: 1, Time: s.Now(), Actor: "token provisioning", Action: "user.created", Subject: "user žofie",
		After: `{"password":"[redacted]","pin":"[redacted]","role":"user"}`, Address: "192.0.2.7",
	}
	if got := storetest.Audit(t, s, c); len(got) != 1 || got[0] != want {
		t.Errorf("the entries are %+v", got)
	}
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		return audit.Record(tx, caller, audit.Entry{Action: "x", After: audit.Fields{"no JSON": func() {}}})
	})
	if err == nil || len(storetest.Audit(t, s, c)) != 1 {
		t.Errorf("an entry that cannot be written: %v", err)
	}
}

func TestAWholeChainVerifies(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		s := d.Open(t)
		one, empty := chain(t, s, "One", 3), chain(t, s, "Empty", 0)
		long := chain(t, s, "Long", 0)
		if err := record(s, cardinal.Console(long), strings.Split(strings.Repeat("user a,", 2400), ",")[:2400]...); err != nil {
			t.Fatal(err)
		}
		// After a rotation the chain goes on under the new key, and both verify.
		rotated := d.Ring.Rotated()
		if err := record(d.OpenWith(t, rotated), cardinal.Console(one), "user after"); err != nil {
			t.Fatal(err)
		}
		got := findings(t, s, rotated)
		for c, want := range map[cardinal.CustomerID]int64{one: 4, empty: 0, long: 2400} {
			if f := got[c]; f.Broken != 0 || f.Entries != want || (f.Head == "") != (want == 0) {
				t.Errorf("customer %s: %+v, want %d entries in order", f.Customer.Name, f, want)
			}
		}
		if f := findings(t, s, d.Ring)[one]; f.Broken != 4 || f.Entries != 3 {
			t.Errorf("with a ring that lacks the new key: %+v", f)
		}
		if f := findings(t, s, seal.New())[one]; f.Broken != 1 || f.Entries != 0 {
			t.Errorf("with another ring: %+v", f)
		}
	})
}

func TestTamperingIsFound(t *testing.T) {
	const length = 6
	mine, other := "customer_id = 'MINE'", "customer_id = 'OTHER'"
	insert := func(number, from string) string {
		return "INSERT INTO audit_entries SELECT 'MINE', " + number + ", time, actor, action, subject, before, after, address, key_version, mac FROM audit_entries WHERE " + from
	}
	for _, tampering := range []struct {
		name       string
		statements []string
		broken     int64
	}{
		{"the time is changed", []string{"UPDATE audit_entries SET time = time + 1 WHERE " + mine + " AND number = 3"}, 3},
		{"the actor is changed", []string{"UPDATE audit_entries SET actor = 'user eve' WHERE " + mine + " AND number = 1"}, 1},
		{"the action is changed", []string{"UPDATE audit_entries SET action = 'x' WHERE " + mine + " AND number = 6"}, 6},
		{"the subject is changed", []string{"UPDATE audit_entries SET subject = 'user eve' WHERE " + mine + " AND number = 2"}, 2},
		{"what was before is changed", []string{"UPDATE audit_entries SET before = '' WHERE " + mine + " AND number = 2"}, 2},
		{"what is after is changed", []string{"UPDATE audit_entries SET after = '{}' WHERE " + mine + " AND number = 2"}, 2},
		{"before and after change places", []string{"UPDATE audit_entries SET before = after, after = before WHERE " + mine + " AND number = 5"}, 5},
		{"text moves from one field to the next", []string{"UPDATE audit_entries SET actor = 'consol', action = 'euser.updated' WHERE " + mine + " AND number = 4"}, 4},
		{"the address is changed", []string{"UPDATE audit_entries SET address = '::1' WHERE " + mine + " AND number = 4"}, 4},
		{"the key version is changed", []string{"UPDATE audit_entries SET key_version = 2 WHERE " + mine + " AND number = 4"}, 4},
		{"the MAC is changed", []string{"UPDATE audit_entries SET mac = (SELECT mac FROM audit_entries WHERE " + other + " AND number = 3) WHERE " + mine + " AND number = 3"}, 3},
		{"the first is deleted", []string{"DELETE FROM audit_entries WHERE " + mine + " AND number = 1"}, 1},
		{"one in the middle is deleted", []string{"DELETE FROM audit_entries WHERE " + mine + " AND number = 4"}, 4},
		{"one is deleted and those after it move up", []string{
			"DELETE FROM audit_entries WHERE " + mine + " AND number = 4",
			"UPDATE audit_entries SET number = 4 WHERE " + mine + " AND number = 5", "UPDATE audit_entries SET number = 5 WHERE " + mine + " AND number = 6",
			"UPDATE audit_heads SET number = 5 WHERE " + mine}, 4},
		{"the tail is cut off", []string{"DELETE FROM audit_entries WHERE " + mine + " AND number > 4"}, 5},
		{"all is deleted", []string{"DELETE FROM audit_entries WHERE " + mine}, 1},
		{"the head is set back", []string{"UPDATE audit_heads SET number = 5 WHERE " + mine}, 7},
		{"the head has another MAC", []string{"UPDATE audit_heads SET mac = (SELECT mac FROM audit_entries WHERE " + mine + " AND number = 5) WHERE " + mine}, 7},
		{"the head is deleted", []string{"DELETE FROM audit_heads WHERE " + mine}, 7},
		{"two change places", []string{
			"UPDATE audit_entries SET number = 99 WHERE " + mine + " AND number = 2", "UPDATE audit_entries SET number = 2 WHERE " + mine + " AND number = 5",
			"UPDATE audit_entries SET number = 5 WHERE " + mine + " AND number = 99"}, 2},
		{"one is put in at the end", []string{insert("7", mine+" AND number = 6")}, 7},
		{"one is put in at the end, and the head follows", []string{
			insert("7", mine+" AND number = 6"), "UPDATE audit_heads SET number = 7 WHERE " + mine}, 7},
		{"one is put in before the first", []string{insert("0", mine+" AND number = 3")}, 1},
		{"one is put in far before the first", []string{insert("-4", mine+" AND number = 3")}, 1},
		{"one is put in past a gap", []string{insert("100", mine+" AND number = 6")}, 7},
		{"one comes from another customer", []string{"DELETE FROM audit_entries WHERE " + mine + " AND number = 3", insert("3", other+" AND number = 3")}, 3},
		{"all come from another customer", []string{
			"DELETE FROM audit_entries WHERE " + mine, insert("number", other),
			"UPDATE audit_heads SET mac = (SELECT mac FROM audit_heads WHERE " + other + ") WHERE " + mine}, 1},
	} {
		t.Run(tampering.name, func(t *testing.T) {
			d := storetest.New(t, storetest.SQLite)
			s := d.Open(t)
			me, they := chain(t, s, "Mine", length), chain(t, s, "Other", length)
			names := strings.NewReplacer("MINE", string(me), "OTHER", string(they))
			db := behind(t, d)
			for _, statement := range tampering.statements {
				if _, err := db.ExecContext(t.Context(), names.Replace(statement)); err != nil {
					t.Fatal(err)
				}
			}
			got := findings(t, s, d.Ring)
			if f := got[me]; f.Broken != tampering.broken || f.Entries != tampering.broken-1 {
				t.Errorf("found broken at %d after %d in order, want at %d", f.Broken, f.Entries, tampering.broken)
			}
			if f := got[they]; f.Broken != 0 || f.Entries != length {
				t.Errorf("the other customer's chain: %+v", f)
			}
		})
	}
}

// Whoever cuts off the tail and sets the head back to fit goes unnoticed by the
// chain alone; the head that was noted elsewhere tells.
func TestANotedHeadTellsOfACutTail(t *testing.T) {
	d := storetest.New(t, storetest.SQLite)
	s := d.Open(t)
	c := chain(t, s, "Mine", 4)
	noted := findings(t, s, d.Ring)[c]
	db := behind(t, d)
	for _, statement := range []string{
		"DELETE FROM audit_entries WHERE number > 2",
		"UPDATE audit_heads SET number = 2, mac = (SELECT mac FROM audit_entries WHERE number = 2)",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if f := findings(t, s, d.Ring)[c]; f.Broken != 0 || f.Entries != 2 || f.Head == noted.Head {
		t.Errorf("noted %+v, found %+v", noted, f)
	}
}

func behind(t *testing.T, d *storetest.Database) *sql.DB {
	t.Helper()
	db, err := sql.Open(d.Driver())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestManyWritersLeaveNoGapWhileOthersVerify(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		nodes := []*store.Store{d.Open(t), d.Open(t), d.Open(t)}
		customers := []cardinal.CustomerID{chain(t, nodes[0], "One", 0), chain(t, nodes[0], "Two", 0)}
		var writers, readers sync.WaitGroup
		var written atomic.Int64
		for i := range 60 {
			writers.Go(func() {
				// Entries of both customers in one transaction, and not always in the same order.
				err := nodes[i%3].Write(t.Context(), func(tx *store.Tx) error {
					for j := range 3 {
						if err := audit.Record(tx, cardinal.Console(customers[(i+j)%2]), audit.Entry{Action: "a", Subject: "s"}); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				written.Add(1)
			})
		}
		readers.Go(func() {
			for written.Load() < 60 {
				for _, f := range findings(t, nodes[0], d.Ring) {
					if f.Broken != 0 {
						t.Errorf("found broken while others wrote: %+v", f)
						return
					}
				}
			}
		})
		writers.Wait()
		readers.Wait()
		var total int64
		for _, f := range findings(t, nodes[1], d.Ring) {
			if f.Broken != 0 {
				t.Errorf("broken: %+v", f)
			}
			total += f.Entries
		}
		if total != 180 {
			t.Errorf("%d entries are in order, want 180", total)
		}
	})
}

func TestListIsForThoseWhoMayReadLogs(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite)
	c := chain(t, s, "One", 5)
	chain(t, s, "Other", 2)
	list := func(caller cardinal.Caller, subject string, before int64, most int) []int64 {
		entries, err := audit.List(t.Context(), s, caller, subject, before, most)
		if err != nil {
			t.Fatal(err)
		}
		numbers := []int64{}
		for _, e := range entries {
			numbers = append(numbers, e.Number)
		}
		return numbers
	}
	auditor := cardinal.Caller{Kind: cardinal.CallerUser, Customer: c, Role: cardinal.RoleAuditor}
	for want, got := range map[string][]int64{
		"[5 4]": list(auditor, "", 0, 2), "[3 2 1]": list(auditor, "", 4, 9), "[2]": list(auditor, "user 2", 0, 9),
	} {
		if fmt.Sprint(got) != want {
			t.Errorf("listed %v, want %s", got, want)
		}
	}
	for _, role := range []cardinal.Role{cardinal.RoleUser, cardinal.RoleProvisioner, cardinal.RoleHelpdesk} {
		_, err := audit.List(t.Context(), s, cardinal.Caller{Kind: cardinal.CallerUser, Customer: c, Role: role}, "", 0, 9)
		if cardinal.CodeOf(err) != cardinal.CodeForbidden {
			t.Errorf("a %s is answered %v", role, err)
		}
	}
}
