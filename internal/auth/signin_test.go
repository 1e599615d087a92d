package auth_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/auth"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func TestOneAnswerAfterTheSameWork(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.user("bert", "")
		off := o.user("carl", right)
		off.Disabled = true
		storetest.Write(t, o.store, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateUser(ctx, off) })
		in := func(customer string, c auth.Credentials) auth.Credentials {
			c.Customer = customer
			return c
		}
		for _, c := range []struct {
			name string
			try  auth.Credentials
		}{
			{"wrong password", credentials("anna", wrong)},
			{"empty password", credentials("anna", "")},
			{"unknown", credentials("nobody", right)},
			{"no name", credentials("", right)},
			{"without a password", credentials("bert", right)},
			{"without a password, an empty one", credentials("bert", "")},
			{"disabled, right password", credentials("carl", right)},
			{"disabled, wrong password", credentials("carl", wrong)},
			{"a name that nobody can have", credentials("an\x00na\xff", right)},
			{"an organisation that cannot be", in("Pilsen\x00\xff", credentials("anna", right))},
			{"unknown organisation", in("Nowhere", credentials("anna", right))},
		} {
			t.Run(c.name, func(t *testing.T) {
				before := o.passwords.Computed()
				o.fails(c.try)
				if n := o.passwords.Computed() - before; n != 1 {
					t.Errorf("%d hashes were computed", n)
				}
			})
		}
		storetest.Customer(t, o.store, "Elsewhere")
		before := o.passwords.Computed()
		o.fails(credentials("anna", right)) // two organisations, none named
		if n := o.passwords.Computed() - before; n != 1 {
			t.Errorf("none of several named: %d hashes were computed", n)
		}
	})
}

func TestTheNameOfTheOrganisationDecides(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		other := *o
		other.customer = storetest.Customer(t, o.store, "Brno Büro").ID
		other.user("anna", "another horse battery")
		in := func(customer, password string) auth.Credentials {
			return auth.Credentials{Customer: customer, Username: "Anna", Password: cardinal.NewPassword(password)}
		}
		for name, want := range map[string]struct {
			customer cardinal.CustomerID
			password string
		}{"pilsen print": {o.customer, right}, "BRNO BÜRO": {other.customer, "another horse battery"}} {
			token, err := o.signIn(in(name, want.password))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if caller := o.session(token).Caller; caller.Customer != want.customer || caller.Name != "anna" {
				t.Errorf("%s: signed in is %+v", name, caller)
			}
		}
		o.fails(in("Pilsen Print", "another horse battery"))
		o.fails(in("Brno Büro", right))
		o.fails(in("", right))
	})
}

// Ten wrong tries lock an account for a quarter of an hour, whoever tries and
// whether or not there is such an account; twenty for an hour.
func TestTheLimitOfAnAccount(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	for _, c := range []struct {
		customer, name, other string
		is                    bool
	}{{"", "anna", "ANNA", true}, {"", "nobody", "NoBody", false}, {"Nowhere", "anna", "ANNA", false}} {
		tries := 0
		wrongly := func(times int) {
			for range times {
				tries++
				o.from.Address = fmt.Sprintf("192.0.2.%d", tries) // the address is not what is counted here
				name := c.name
				if tries%2 == 0 {
					name = c.other
				}
				o.fails(auth.Credentials{Customer: c.customer, Username: name, Password: cardinal.NewPassword(wrong)})
			}
		}
		rightly := auth.Credentials{Customer: c.customer, Username: c.name, Password: cardinal.NewPassword(right)}
		wrongly(10)
		if wait := o.limited(rightly); wait != 15*time.Minute {
			t.Errorf("%s: wait %s, want a quarter of an hour", c.name, wait)
		}
		o.Clock.Add(15*time.Minute - time.Millisecond)
		o.limited(rightly)
		o.Clock.Add(time.Millisecond)
		wrongly(10)
		if wait := o.limited(rightly); wait != time.Hour {
			t.Errorf("%s: wait %s, want an hour", c.name, wait)
		}
		o.Clock.Add(time.Hour)
		if !c.is {
			continue
		}
		if _, err := o.signIn(rightly); err != nil {
			t.Fatal(err)
		}
		wrongly(9) // a success has cleared the count
		o.signsIn(c.name, right)
	}
}

func TestTheLimitOfAnAddress(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	for i := range 50 {
		if i%10 == 0 {
			o.signsIn("anna", right) // costs nothing
		}
		o.fails(credentials(fmt.Sprintf("name%d", i), wrong))
	}
	if wait := o.limited(credentials("anna", right)); wait != 12*time.Second {
		t.Errorf("wait %s, want 12 s", wait)
	}
	here := o.from.Address
	o.from.Address = "::ffff:" + here // the same, written for IPv6
	o.limited(credentials("anna", right))
	o.from.Address = "192.0.2.8"
	o.signsIn("anna", right)
	o.from.Address = here
	o.Clock.Add(12*time.Second - 2*time.Millisecond)
	o.limited(credentials("anna", right))
	o.Clock.Add(2 * time.Millisecond)
	o.signsIn("anna", right)
	o.fails(credentials("anna", wrong))
	o.limited(credentials("anna", right))
}

// Whoever has an IPv6 address has a network of them.
func TestTheLimitOfANetwork(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	for i := range 50 {
		o.from.Address = fmt.Sprintf("2001:db8:1:2:%x::%x", i*i, i)
		o.fails(credentials(fmt.Sprintf("name%d", i), wrong))
	}
	o.limited(credentials("anna", right))
	for _, other := range []string{"2001:db8:1:3::1", "192.0.2.7", "::ffff:192.0.2.8", "no address", ""} {
		o.from.Address = other
		o.signsIn("anna", right)
	}
}

func TestExactLimitInParallel(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		second := auth.NewPasswords(2)
		nodes := []*auth.Service{o.service, auth.New(o.Open(t), o.Ring, second)}
		before := o.passwords.Computed()
		var all sync.WaitGroup
		var failed, limited atomic.Int64
		for i := range 100 {
			all.Go(func() {
				_, err := nodes[i%2].SignIn(t.Context(), credentials("anna", wrong), auth.Origin{Address: fmt.Sprintf("192.0.2.%d", i%10)})
				switch cardinal.CodeOf(err) {
				case cardinal.CodeUnauthenticated:
					failed.Add(1)
				case cardinal.CodeRateLimited:
					limited.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if compared := o.passwords.Computed() - before + second.Computed(); compared != 10 || failed.Load() != 10 || limited.Load() != 90 {
			t.Errorf("%d passwords were compared, %d tries failed, %d were limited", compared, failed.Load(), limited.Load())
		}
		o.limited(credentials("anna", right))
	})
}

// Between the look-up and the comparison, which takes long, all may change.
func TestWhatChangesDuringTheComparison(t *testing.T) {
	for name, change := range map[string]func(o *office){
		"another password": func(o *office) {
			hash, err := auth.NewPasswords(1).Hash(o.t.Context(), cardinal.NewPassword("quite another horse"))
			if err != nil {
				o.t.Fatal(err)
			}
			storetest.Write(o.t, o.store, func(ctx context.Context, tx *store.Tx) error {
				return tx.SetPassword(ctx, o.anna, string(hash), false)
			})
		},
		"disabled": func(o *office) { o.update(func(u *cardinal.User) { u.Disabled = true }) },
		"deleted": func(o *office) {
			storetest.Write(o.t, o.store, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, o.anna) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, storetest.New(t, storetest.SQLite))
			o.fails(credentials("anna", wrong))
			before := addressCount(o)
			release := o.passwords.Hold()
			answer := make(chan error, 1)
			go func() {
				_, err := o.service.SignIn(t.Context(), credentials("anna", right), o.from)
				answer <- err
			}()
			for addressCount(o) == before {
				time.Sleep(time.Millisecond)
			}
			change(o)
			release()
			o.isTheAnswer(<-answer)
		})
	}
}

// addressCount returns what is counted against the office's address.
func addressCount(o *office) int64 {
	var counter store.Counter
	storetest.Read(o.t, o.store, func(ctx context.Context, tx *store.Tx) (err error) {
		counter, err = tx.Counter(ctx, o.customer, "address "+o.from.Address)
		return err
	})
	return counter.Wrong
}

func TestASessionBegins(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.update(func(u *cardinal.User) { u.Role, u.FullName = cardinal.RoleHelpdesk, "Anna Nová" })
		token := o.signsIn("ANNA", right)
		person := o.session(token)
		want := cardinal.Caller{
			Kind: cardinal.CallerUser, Customer: o.customer, Role: cardinal.RoleHelpdesk, User: o.anna.ID, Session: person.Caller.Session,
			Name: "anna", Address: o.from.Address, RequestID: "r1",
		}
		if person.Caller != want || person.FullName != "Anna Nová" || person.PasswordMustChange || person.Caller.Session == "" {
			t.Errorf("signed in is %+v", person)
		}
		if other := o.session(o.signsIn("anna", right)); other.Caller.Session == person.Caller.Session {
			t.Error("two sessions are one")
		}
		entries := storetest.Audit(t, o.store, o.customer)
		if len(entries) != 2 || entries[0].Action != "session.opened" || entries[0].Actor != "user anna" || entries[0].Address != o.from.Address {
			t.Errorf("the audit log has %+v", entries)
		}
		o.setPassword(o.anna, right, true)
		if !o.session(token).PasswordMustChange {
			t.Error("a one-time password is not told")
		}
	})
}

// Whoever reads the database must not find what signs in.
func TestOnlyHashesAreStored(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		session := o.signsIn("anna", right)
		o.fails(credentials("anna", wrong))
		program := o.token(cardinal.APIToken{Name: "sync", Role: cardinal.RoleProvisioner})
		if _, err := o.service.Bearer(t.Context(), program, o.from); err != nil {
			t.Fatal(err)
		}
		stored := everything(o)
		for name, secret := range map[string]string{
			"session": session.Reveal(), "token": program.Reveal(), "password": right, "wrong password": wrong,
		} {
			if strings.Contains(stored, secret) || strings.Contains(stored, strings.TrimLeft(secret, "abcdefghijklmnopqrstuvwxyz_")) {
				t.Errorf("the %s is stored", name)
			}
		}
		if !strings.Contains(stored, "$argon2id$") || !strings.Contains(stored, "session.opened") {
			t.Error("this test does not see what is stored")
		}
	})
}

// What a browser sends as its name can be anything.
func TestNamesOfBrowsers(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		for name, agent := range map[string]string{
			"long":        strings.Repeat("x", 5000),
			"cut in two":  strings.Repeat("x", 199) + "ž" + strings.Repeat("x", 100),
			"no UTF-8":    "Browser \xff\xfe",
			"with a zero": "Browser\x00/1.0",
			"none":        "",
		} {
			o.from.UserAgent = agent
			token, err := o.signIn(credentials("anna", right))
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			o.session(token)
		}
		if strings.Contains(everything(o), strings.Repeat("x", 201)) {
			t.Error("more than 200 bytes are kept")
		}
	})
}

// everything returns all texts and blobs of the tables that auth writes to.
func everything(o *office) string {
	o.t.Helper()
	var all strings.Builder
	for _, table := range []string{"sessions", "api_tokens", "users", "counters", "audit_entries"} {
		for _, row := range rowsOf(o, table) {
			all.WriteString(row + "\n")
		}
	}
	return all.String()
}

func TestOnlyPeopleNamedAreLimited(t *testing.T) {
	o := newOffice(t, storetest.New(t, storetest.SQLite))
	o.user("bert", right)
	for i := range 10 {
		o.from.Address = fmt.Sprintf("192.0.2.%d", i)
		o.fails(credentials("anna", wrong))
	}
	o.limited(credentials("anna", right))
	o.signsIn("bert", right)
	if !slices.ContainsFunc(rowsOf(o, "counters"), func(row string) bool { return strings.Contains(row, "web ") }) {
		t.Error("nothing is counted")
	}
	if strings.Contains(strings.Join(rowsOf(o, "counters"), "\n"), "anna") {
		t.Error("the counters name who was tried: a mistyped name can be a password")
	}
}
