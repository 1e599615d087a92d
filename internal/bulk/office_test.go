package bulk

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/auth"
	"cardinal/internal/credential"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
	"cardinal/internal/wayback"
)

// office is a customer with an administrator and what runs need.
type office struct {
	*Service
	store    *store.Store
	accounts *account.Service
	door     *credential.Door
	admin    cardinal.Caller
	database *storetest.Database
	log      *bytes.Buffer
}

func newOffice(t testing.TB, d *storetest.Database) *office {
	t.Helper()
	o := &office{database: d}
	o.node(t)
	customer := storetest.Customer(t, o.store, "Office").ID
	o.admin = o.person(t, customer, "ada", cardinal.RoleAdministrator)
	return o
}

// node makes the office's services anew, as another program on the same database would.
func (o *office) node(t testing.TB) {
	t.Helper()
	o.store, o.log = o.database.Open(t), &bytes.Buffer{}
	log := slog.New(slog.NewJSONHandler(o.log, nil))
	o.door = credential.New(o.store, o.database.Ring, rand.Reader, log)
	passwords := auth.NewPasswords(1)
	o.accounts = account.New(o.store, o.database.Ring, o.door, passwords, log)
	ways := wayback.New(o.store, o.database.Ring, auth.New(o.store, o.database.Ring, passwords), passwords, o.door)
	o.Service = New(o.store, o.database.Ring, Services{o.accounts, o.door, ways}, log)
	service := o.Service
	t.Cleanup(func() {
		if err := service.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
}

// person adds a user of a role and returns them as a caller.
func (o *office) person(t testing.TB, customer cardinal.CustomerID, username string, role cardinal.Role) cardinal.Caller {
	t.Helper()
	user := storetest.User(t, o.store, customer, username)
	user.Role = role
	storetest.Write(t, o.store, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateUser(ctx, user) })
	return cardinal.Caller{Kind: cardinal.CallerUser, Customer: customer, Role: role, User: user.ID, Name: username}
}

// people adds users u0001, u0002, … and returns their names.
func (o *office) people(t testing.TB, count int) []string {
	t.Helper()
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("u%05d", i+1)
	}
	storetest.Users(t, o.store, o.admin.Customer, names...)
	return names
}

func each(t *testing.T, story func(t *testing.T, o *office)) {
	t.Helper()
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) { story(t, newOffice(t, d)) })
}

func named(names ...string) Selection { return Selection{Usernames: names} }

// everybody is all users whose name begins as people's do.
func everybody() Selection { return Selection{All: true, Query: account.UserQuery{Text: "u0"}} }

// put puts a run on record without beginning with it.
func (o *office) put(t testing.TB, r Request) cardinal.BulkID {
	t.Helper()
	id, err := o.NewID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	users, err := o.workList(t.Context(), o.admin, r)
	if err == nil {
		err = o.Service.put(t.Context(), o.admin, id, r, users)
	}
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// worker claims a run, to be worked on step by step.
func (o *office) worker(t testing.TB, id cardinal.BulkID) *worker {
	t.Helper()
	w := &worker{Service: o.Service, customer: o.admin.Customer, id: id}
	if claimed, err := w.claim(t.Context()); err != nil || !claimed {
		t.Fatalf("claim: %v, %v", claimed, err)
	}
	return w
}

func (w *worker) mustStep(t testing.TB, want State) {
	t.Helper()
	if state, err := w.step(t.Context()); err != nil || state != want {
		t.Fatalf("step: %s, %v; want %s", state, err, want)
	}
}

// run starts something and waits until it is over.
func (o *office) run(t testing.TB, caller cardinal.Caller, r Request) Run {
	t.Helper()
	id, err := o.NewID(t.Context())
	if err == nil {
		err = o.Start(t.Context(), caller, id, r)
	}
	if err == nil {
		err = o.Wait(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return o.see(t, caller, id)
}

func (o *office) see(t testing.TB, caller cardinal.Caller, id cardinal.BulkID) Run {
	t.Helper()
	run, err := o.Run(t.Context(), caller, id)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func (o *office) view(t testing.TB, username string) account.UserView {
	t.Helper()
	view, err := o.accounts.User(t.Context(), o.admin, username)
	if err != nil {
		t.Fatal(err)
	}
	return view
}

// outcomes are the lines of a run as "anna:done bob:refused(forbidden)".
func (o *office) outcomes(t testing.TB, id cardinal.BulkID) string {
	t.Helper()
	lines, err := o.Lines(t.Context(), o.admin, id, "", 0, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	texts := make([]string, len(lines))
	for i, l := range lines {
		if l.Position != i+1 {
			t.Errorf("line %d has position %d", i+1, l.Position)
		}
		texts[i] = l.Username + ":" + string(l.Outcome)
		if len(l.Reasons) > 0 {
			texts[i] += "(" + strings.Join(cardinal.ViolationCodes(l.Reasons), ",") + ")"
		}
	}
	return strings.Join(texts, " ")
}

// audited counts the audit entries of an action.
func (o *office) audited(t testing.TB, action string) int {
	t.Helper()
	count := 0
	for _, e := range storetest.Audit(t, o.store, o.admin.Customer) {
		if e.Action == action {
			count++
		}
	}
	return count
}

func wantCode(t testing.TB, what string, err error, want cardinal.Code) {
	t.Helper()
	if code := cardinal.CodeOf(err); code != want {
		t.Errorf("%s: code %q, want %q: %v", what, code, want, err)
	}
}
