package credential_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cardinal"
	"cardinal/internal/credential"
	"cardinal/internal/seal"
	"cardinal/internal/setting"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// shop is a customer with a door, and what the stories about it need.
type shop struct {
	*storetest.Database
	t        *testing.T
	store    *store.Store
	door     *credential.Door
	log      *logText
	customer cardinal.CustomerID
}

// logText is a log to read. Safe for concurrent use.
type logText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logText) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// stories runs a suite on both databases. Each story has a customer of its own
// with the users anna and bert.
func stories(t *testing.T, tell func(t *testing.T, story func(name string, tell func(*shop)))) {
	t.Helper()
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		s := d.Open(t)
		noon := d.Clock.Now()
		tell(t, func(name string, tell func(*shop)) {
			t.Run(name, func(t *testing.T) {
				d.Clock.Set(noon)
				c := storetest.Customer(t, s, name)
				storetest.Users(t, s, c.ID, "anna", "bert")
				tell((&shop{Database: d, t: t, customer: c.ID}).at(s, d.Ring))
			})
		})
	})
}

// at is the same shop seen from another node or with another ring.
func (s *shop) at(node *store.Store, ring *seal.Ring) *shop {
	moved := *s
	moved.log = &logText{}
	moved.store, moved.door = node, credential.New(node, ring, rand.Reader, slog.New(slog.NewJSONHandler(moved.log, nil)))
	return &moved
}

func (s *shop) set(key string, value any) {
	s.t.Helper()
	storetest.Set(s.t, s.store, s.customer, map[string]any{key: value})
}

func (s *shop) user(username string) (u cardinal.User) {
	s.t.Helper()
	storetest.Read(s.t, s.store, func(ctx context.Context, tx *store.Tx) (err error) {
		u, err = tx.UserByName(ctx, s.customer, username)
		return err
	})
	return u
}

func (s *shop) admin() cardinal.Caller {
	return cardinal.Caller{Kind: cardinal.CallerUser, Customer: s.customer, Role: cardinal.RoleAdministrator, User: "eva's id", Name: "eva", Address: "192.0.2.1"}
}

func (s *shop) token() cardinal.Caller {
	return cardinal.Caller{Kind: cardinal.CallerToken, Customer: s.customer, Role: cardinal.RoleProvisioner, Name: "provisioning", RequestID: "request-7"}
}

// self is a user of the shop signed in to the web interface.
func (s *shop) self(username string) cardinal.Caller {
	return cardinal.Caller{Kind: cardinal.CallerUser, Customer: s.customer, Role: cardinal.RoleUser, User: s.user(username).ID, Name: username}
}

func (s *shop) setPIN(caller cardinal.Caller, username, pin string) error {
	_, err := s.door.SetPIN(s.t.Context(), caller, username, cardinal.NewPIN(pin))
	return err
}

func (s *shop) mustSetPIN(username, pin string) {
	s.t.Helper()
	if err := s.setPIN(s.admin(), username, pin); err != nil {
		s.t.Fatalf("set the PIN of %s: %v", username, err)
	}
}

func (s *shop) setNumber(username string, slot cardinal.Slot, number string) error {
	change := credential.NumberChange{Slot: slot}
	if number != "" {
		var err error
		if change.Number, err = cardinal.ParseCardNumber("number", number); err != nil {
			s.t.Fatal(err)
		}
	}
	return s.door.SetNumber(s.t.Context(), s.admin(), username, change)
}

func (s *shop) mustSetNumber(username string, slot cardinal.Slot, number string) {
	s.t.Helper()
	if err := s.setNumber(username, slot, number); err != nil {
		s.t.Fatalf("set the %s number of %s: %v", slot, username, err)
	}
}

// apply makes a change as account does it when a user is edited.
func (s *shop) apply(caller cardinal.Caller, username string, change credential.Change) (changed bool, refused error) {
	s.t.Helper()
	storetest.Write(s.t, s.store, func(ctx context.Context, tx *store.Tx) error {
		user, err := tx.LockUserByName(ctx, s.customer, username)
		if err != nil {
			return err
		}
		texts, err := tx.SettingTexts(ctx, s.customer)
		if err != nil {
			return err
		}
		by := credential.Acting{Caller: caller, Settings: setting.Load(texts)}
		refused, err = s.door.Attempt(ctx, tx, by, user, func() (err error) {
			changed, err = s.door.Apply(ctx, tx, by, user, change)
			return err
		})
		return err
	})
	return changed, refused
}

// state is all that a change could change for a user.
type state struct {
	PIN     store.StoredPIN
	HasPIN  bool
	Numbers []store.StoredNumber
	History []store.Tag
	Counter store.Counter
	Entries int
}

func (s *shop) state(username string) (st state) {
	s.t.Helper()
	user := s.user(username)
	storetest.Read(s.t, s.store, func(ctx context.Context, tx *store.Tx) (err error) {
		if st.PIN, err = tx.PIN(ctx, user.ID); err != nil && cardinal.CodeOf(err) != cardinal.CodeNotFound {
			return err
		}
		st.HasPIN = err == nil
		if st.Numbers, err = tx.Numbers(ctx, user.ID); err != nil {
			return err
		}
		if st.History, err = tx.PINHistory(ctx, user.ID, 99); err != nil {
			return err
		}
		st.Counter, err = tx.Counter(ctx, s.customer, store.UserSubject(user.ID))
		return err
	})
	st.Entries = len(storetest.Audit(s.t, s.store, s.customer))
	return st
}

func (s *shop) unchanged(username string, do func()) {
	s.t.Helper()
	before := s.state(username)
	do()
	same(s.t, before, s.state(username))
}

// has asks whether a PIN is the live one of a user.
func (s *shop) has(username, pin string) bool {
	st := s.state(username)
	return st.HasPIN && st.PIN.Live(s.Clock.Now()) && credential.Matches(s.Ring, s.customer, st.PIN, cardinal.NewPIN(pin))
}

// numbers returns a user's numbers in full, primary first.
func (s *shop) numbers(username string) []string {
	s.t.Helper()
	return s.seen(s.admin(), username)
}

// seen returns a user's numbers as the caller sees them.
func (s *shop) seen(caller cardinal.Caller, username string) []string {
	s.t.Helper()
	texts := []string{}
	storetest.Read(s.t, s.store, func(ctx context.Context, tx *store.Tx) error {
		stored, err := tx.SettingTexts(ctx, s.customer)
		if err != nil {
			return err
		}
		numbers, err := s.door.Numbers(ctx, tx, credential.Acting{Caller: caller, Settings: setting.Load(stored)}, s.user(username).ID)
		for _, n := range numbers {
			texts = append(texts, n.Text)
		}
		return err
	})
	return texts
}

func (s *shop) actions() []string {
	actions := []string{}
	for _, e := range storetest.Audit(s.t, s.store, s.customer) {
		actions = append(actions, e.Action)
	}
	return actions
}

func same(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("not as expected (- want, + got):\n%s", diff)
	}
}

// refusedFor asks for a refusal with exactly these violations, in this order.
func refusedFor(t *testing.T, err error, code cardinal.Code, violations ...string) {
	t.Helper()
	if cardinal.CodeOf(err) != code {
		t.Fatalf("code %q, want %q: %v", cardinal.CodeOf(err), code, err)
	}
	if diff := cmp.Diff(append([]string{}, violations...), cardinal.ViolationCodes(cardinal.ViolationsOf(err))); diff != "" {
		t.Fatalf("violations (- want, + got):\n%s", diff)
	}
}

func TestWhoMayUseTheDoor(t *testing.T) {
	stories(t, func(t *testing.T, story func(string, func(*shop))) {
		story("only some roles write credentials", func(s *shop) {
			for role, want := range map[cardinal.Role]cardinal.Code{
				cardinal.RoleUser: cardinal.CodeForbidden, cardinal.RoleAuditor: cardinal.CodeForbidden, cardinal.RoleProvisioner: "",
				cardinal.RoleHelpdesk: "", cardinal.RoleAdministrator: "", cardinal.RoleOperator: "",
			} {
				caller := cardinal.Caller{Kind: cardinal.CallerUser, Customer: s.customer, Role: role, Name: "somebody"}
				for name, do := range map[string]func() error{
					"SetPIN": func() error {
						_, err := s.door.SetPIN(t.Context(), caller, "anna", cardinal.NewPIN("27"+string(role)+"4"))
						return err
					},
					"GeneratePIN": func() error { _, _, err := s.door.GeneratePIN(t.Context(), caller, "anna", 0); return err },
					"RemovePIN":   func() error { return s.door.RemovePIN(t.Context(), caller, "anna") },
					"SetNumber": func() error {
						return s.door.SetNumber(t.Context(), caller, "anna", credential.NumberChange{Slot: cardinal.Primary})
					},
					"GenerateNumber": func() error {
						_, err := s.door.GenerateNumber(t.Context(), caller, "anna", cardinal.Primary)
						return err
					},
					"Apply": func() error { _, err := s.apply(caller, "anna", credential.Change{RemovePIN: true}); return err },
				} {
					if got := cardinal.CodeOf(do()); got != want {
						t.Errorf("%s as %s is answered %q, want %q", name, role, got, want)
					}
				}
			}
		})
		story("locks and counts are for those who may unlock", func(s *shop) {
			for role, want := range map[cardinal.Role]cardinal.Code{
				cardinal.RoleUser: cardinal.CodeForbidden, cardinal.RoleAuditor: cardinal.CodeForbidden, cardinal.RoleProvisioner: cardinal.CodeForbidden,
				cardinal.RoleHelpdesk: "", cardinal.RoleAdministrator: "",
			} {
				caller := cardinal.Caller{Kind: cardinal.CallerToken, Customer: s.customer, Role: role}
				for _, err := range []error{s.door.Unlock(t.Context(), caller, "anna"), s.door.ResetChangeCounts(t.Context(), caller, "anna")} {
					if got := cardinal.CodeOf(err); got != want {
						t.Errorf("a %s is answered %q, want %q", role, got, want)
					}
				}
			}
		})
		story("strangers and devices are turned away", func(s *shop) {
			refusedFor(s.t, s.setPIN(cardinal.Caller{Customer: s.customer}, "anna", "604829"), cardinal.CodeUnauthenticated)
			device := cardinal.Caller{Kind: cardinal.CallerDevice, Customer: s.customer, Role: cardinal.RoleOperator}
			refusedFor(s.t, s.setPIN(device, "anna", "604829"), cardinal.CodeForbidden)
		})
		story("users of others are not there", func(s *shop) {
			other := storetest.Customer(s.t, s.store, "another customer")
			theirs := storetest.User(s.t, s.store, other.ID, "carla")
			refusedFor(s.t, s.setPIN(s.admin(), "carla", "604829"), cardinal.CodeNotFound)
			refusedFor(s.t, s.door.Unlock(s.t.Context(), s.admin(), "carla"), cardinal.CodeNotFound)
			storetest.Read(s.t, s.store, func(ctx context.Context, tx *store.Tx) error {
				if _, err := tx.PIN(ctx, theirs.ID); cardinal.CodeOf(err) != cardinal.CodeNotFound {
					s.t.Error("a user of another customer was given a PIN")
				}
				return nil
			})
		})
	})
}
