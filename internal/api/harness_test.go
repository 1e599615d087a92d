package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/api"
	"cardinal/internal/audit"
	"cardinal/internal/auth"
	"cardinal/internal/bulk"
	"cardinal/internal/credential"
	"cardinal/internal/directory"
	"cardinal/internal/idempotency"
	"cardinal/internal/notify"
	"cardinal/internal/signin"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
	"cardinal/internal/wayback"
)

// installation is the interface before real services on a real database, with
// a customer and its operator on the command line.
type installation struct {
	*testing.T
	database *storetest.Database
	store    *store.Store
	services api.Services
	handler  http.Handler
	log      *logged
	customer cardinal.Customer
	console  cardinal.Caller
	// fault, where it is set, decides whether a change can be committed.
	fault atomic.Pointer[func() error]
}

// logged is what was written to the log. Safe for concurrent use.
type logged struct {
	lock sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(line []byte) (int, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.text.Write(line)
}

func (l *logged) String() string {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.text.String()
}

func install(t *testing.T) *installation {
	t.Helper()
	database := storetest.New(t, storetest.SQLite)
	i := &installation{T: t, database: database, log: &logged{}}
	options := database.Options(database.Ring)
	chain := options.Chain
	options.Chain = func(ctx context.Context, tx *store.Tx, customer cardinal.CustomerID, entries []cardinal.AuditEntry) error {
		if fault := i.fault.Load(); fault != nil {
			if err := (*fault)(); err != nil {
				return err
			}
		}
		return chain(ctx, tx, customer, entries)
	}
	s, err := store.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	i.store = s
	log := slog.New(slog.NewJSONHandler(i.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	door := credential.New(s, database.Ring, rand.Reader, log)
	passwords := auth.NewPasswords(2)
	accounts := account.New(s, database.Ring, door, passwords, log)
	people := directory.New(s, accounts, door, log)
	t.Cleanup(func() {
		if err := people.Close(context.Background()); err != nil {
			t.Errorf("close the imports: %v", err)
		}
	})
	authenticator := auth.New(s, database.Ring, passwords)
	ways := wayback.New(s, database.Ring, authenticator, passwords, door)
	many := bulk.New(s, database.Ring, bulk.Services{Accounts: accounts, Door: door, Ways: ways}, log)
	t.Cleanup(func() {
		if err := many.Close(context.Background()); err != nil {
			t.Errorf("close the bulk actions: %v", err)
		}
	})
	i.services = api.Services{
		Accounts: accounts, Credentials: door, SignIns: signin.New(s, database.Ring, door.FindOwners, nil),
		Auth: authenticator, Directory: people, Repeats: idempotency.New(s, database.Ring),
		Notify: notify.New(s, database.Ring, log, notify.Options{}), Ways: ways, Bulk: many,
		AuditEntries: func(ctx context.Context, caller cardinal.Caller, subject string, before int64, most int) ([]cardinal.AuditEntry, error) {
			return audit.List(ctx, s, caller, subject, before, most)
		},
		Ready: func(ctx context.Context) error { return s.Read(ctx, func(*store.Tx) error { return nil }) },
		Now:   database.Clock.Now, Log: log,
	}
	i.serve()
	i.customer, i.console = i.organisation("Pilsen Print")
	return i
}

// run is a step of a story: what fails in it fails there.
func (i *installation) run(name string, step func(t *testing.T)) {
	whole := i.T
	whole.Run(name, func(t *testing.T) {
		i.T = t
		defer func() { i.T = whole }()
		step(t)
	})
}

// serve makes the handler anew, after services were changed.
func (i *installation) serve() {
	i.Helper()
	handler, err := api.New(i.services)
	if err != nil {
		i.Fatal(err)
	}
	i.handler = handler
}

func (i *installation) organisation(name string) (cardinal.Customer, cardinal.Caller) {
	i.Helper()
	operator := cardinal.Caller{Kind: cardinal.CallerConsole, Role: cardinal.RoleOperator, Name: "console"}
	customer, err := i.services.Accounts.CreateCustomer(i.Context(), operator, account.NewCustomer{Name: name})
	if err != nil {
		i.Fatal(err)
	}
	return customer, cardinal.Console(customer.ID)
}

// as makes an API token of a role and returns what calls with it.
func (i *installation) as(role cardinal.Role) *client {
	i.Helper()
	return i.foreign(i.console, role)
}

func (i *installation) foreign(console cardinal.Caller, role cardinal.Role) *client {
	i.Helper()
	name := "token of " + string(role)
	_, token, err := i.services.Accounts.CreateToken(i.Context(), console, name, role, 0)
	for n := 2; cardinal.CodeOf(err) == cardinal.CodeConflict; n++ {
		_, token, err = i.services.Accounts.CreateToken(i.Context(), console, fmt.Sprintf("%s, %d", name, n), role, 0)
	}
	if err != nil {
		i.Fatal(err)
	}
	return &client{installation: i, token: token.Reveal(), header: http.Header{}}
}

// device makes a device and returns what calls with its token.
func (i *installation) device(name string) *client {
	i.Helper()
	_, token, err := i.services.Accounts.CreateDevice(i.Context(), i.console, cardinal.Device{Name: name})
	if err != nil {
		i.Fatal(err)
	}
	return &client{installation: i, token: token.Reveal(), header: http.Header{}}
}

// client calls with one token.
type client struct {
	*installation
	token  string
	header http.Header
}

// with returns a client that sends one more header.
func (c *client) with(name, value string) *client {
	more := *c
	more.header = http.Header{}
	maps.Copy(more.header, c.header)
	more.header.Set(name, value)
	return &more
}

// answer is an answer as it came over the wire.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	text   string
}

// do sends a request; body is JSON text, a reader, or nil.
func (c *client) do(method, path string, body any) answer {
	c.Helper()
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case io.Reader:
		content = b
	case string:
		content = strings.NewReader(b)
	default:
		c.Fatalf("a body of %T", body)
	}
	r := httptest.NewRequestWithContext(c.Context(), method, path, content)
	maps.Copy(r.Header, c.header)
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	return answer{c.T, w.Code, w.Header(), w.Body.String()}
}

// want fails unless the answer has the status; it returns the answer.
func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("answered %d, not %d: %s", a.status, status, a.text)
	}
	return a
}

// object decodes the answer.
func (a answer) object() map[string]any {
	a.t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(a.text), &object); err != nil {
		a.t.Fatalf("%v in %s", err, a.text)
	}
	return object
}

// same fails unless the answer is this JSON.
func (a answer) same(want string) answer {
	a.t.Helper()
	var wanted, got any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		a.t.Fatalf("%v in %s", err, want)
	}
	if err := json.Unmarshal([]byte(a.text), &got); err != nil {
		a.t.Fatalf("%v in %s", err, a.text)
	}
	first, _ := json.Marshal(wanted)
	second, _ := json.Marshal(got)
	if !bytes.Equal(first, second) {
		a.t.Fatalf("answered\n%s, not\n%s", second, first)
	}
	return a
}

// codes returns code and field of each violation.
func (a answer) codes() string {
	a.t.Helper()
	var codes []string
	violations, _ := a.object()["violations"].([]any)
	for _, v := range violations {
		violation := v.(map[string]any)
		field, _ := violation["field"].(string)
		codes = append(codes, strings.TrimSuffix(violation["code"].(string)+" "+field, " "))
	}
	return strings.Join(codes, ", ")
}

const noon = "2026-03-02T12:00:00Z"

// later moves the clock on.
func (i *installation) later(by time.Duration) { i.database.Clock.Add(by) }
