package auth

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/seal"
	"cardinal/internal/setting"
	"cardinal/internal/store"
	"cardinal/internal/throttle"
)

// How long a session lasts without use and at most.
const (
	SessionIdle     = 4 * time.Hour
	SessionAbsolute = 24 * time.Hour
)

// How often the time of last use is written at most.
const touchEvery = time.Minute

// Service finds out who is calling. Safe for concurrent use.
type Service struct {
	store     *store.Store
	ring      *seal.Ring
	passwords *Passwords
}

// New makes the service.
func New(s *store.Store, ring *seal.Ring, passwords *Passwords) *Service {
	return &Service{s, ring, passwords}
}

// Origin is where a request comes from: the network address without a port, the
// browser's own name for itself, and the request's ID.
type Origin struct {
	Address   string
	UserAgent string
	RequestID string
}

// Credentials are what a person signs in to the web interface with. Customer is
// the organisation's name; it may be empty where there is only one.
type Credentials struct {
	Customer string
	Username string
	Password cardinal.Password
}

// The limits on guessing a password. The account's are counted by the name as
// typed, so that an unknown name behaves like a known one; the address's is a
// budget, for many people can share an address.
func accountLockout() throttle.Lockout {
	return throttle.Lockout{
		Limits: []cardinal.LockLimit{{Wrong: 10, LockSeconds: 15 * 60}, {Wrong: 20, LockSeconds: 60 * 60}},
		Forget: 24 * time.Hour,
	}
}

func addressBudget() throttle.Bucket { return throttle.Bucket{Budget: 50, RefillPerMinute: 5} }

// SignIn makes a session for a person and returns its secret. Every failure is
// the same Error of CodeUnauthenticated after the same work; too many of them
// are CodeRateLimited for known and unknown names alike. A PIN never signs in.
func (s *Service) SignIn(ctx context.Context, c Credentials, from Origin) (cardinal.Token, error) {
	guess, err := s.guess(ctx, c, from)
	if err != nil {
		return cardinal.Token{}, err
	}
	user, hash, err := s.begin(ctx, guess, c.Username)
	if err != nil {
		return cardinal.Token{}, err
	}
	// Outside any transaction: hashing takes longer than all else.
	matches, err := s.passwords.Matches(ctx, hash, c.Password)
	if err != nil {
		return cardinal.Token{}, err
	}
	if !matches || user.Disabled {
		return cardinal.Token{}, notRight()
	}
	return s.openSession(ctx, guess, user, hash, from)
}

func notRight() error {
	return cardinal.Errorf(cardinal.CodeUnauthenticated, "Username or password is not right. Check both and try again.")
}

// guess is one try at a password and what counts it.
type guess struct {
	customer         cardinal.CustomerID
	known            bool // whether customer is the organisation that was named
	account, address string
}

// guess finds the organisation a person signs in to. Where there is none of that
// name, or several and none is named, the try is counted with the oldest one, so
// that it costs as much and is limited as tightly as any other.
func (s *Service) guess(ctx context.Context, c Credentials, from Origin) (guess, error) {
	g := guess{address: addressSubject(from.Address)}
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		customers, err := tx.Customers(ctx, "", 2)
		if err != nil {
			return err
		}
		if len(customers) == 0 {
			return notRight()
		}
		g.customer, g.known = customers[0].ID, len(customers) == 1
		if c.Customer == "" {
			return nil
		}
		g.known = false
		if !cardinal.CleanText(c.Customer) {
			return nil // no database takes it as a text
		}
		named, err := tx.CustomerByName(ctx, c.Customer)
		if g.known = err == nil; g.known {
			g.customer = named.ID
		} else if cardinal.CodeOf(err) == cardinal.CodeNotFound {
			err = nil
		}
		return err
	})
	g.account = s.account(g.customer, c.Username)
	if !g.known {
		g.account = "web " + s.ring.AttemptTag(g.customer, "web elsewhere", store.Fold(c.Customer)+"\n"+store.Fold(c.Username))
	}
	return g, err
}

// addressSubject names the counter of an address: of IPv6 the network of 64 bits,
// for that is what one connection has (RFC 6177).
func addressSubject(address string) string {
	parsed, err := netip.ParseAddr(address)
	if err != nil {
		return "address " + address
	}
	parsed = parsed.Unmap().WithZone("")
	if parsed.Is6() {
		if network, err := parsed.Prefix(64); err == nil {
			return "address " + network.String()
		}
	}
	return "address " + parsed.String()
}

// account names the counter of a username that somebody signs in with.
func (s *Service) account(customer cardinal.CustomerID, username string) string {
	return "web " + s.ring.AttemptTag(customer, "web", store.Fold(username))
}

// begin counts the try as wrong before the password is compared, so that no
// number of parallel tries gets past the limit; a success takes it back.
func (s *Service) begin(ctx context.Context, g guess, username string) (cardinal.User, Hash, error) {
	var user cardinal.User
	var hash string
	var refused error
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		user, hash, refused = cardinal.User{}, "", nil
		address, err := tx.LockCounter(ctx, g.customer, g.address)
		if err != nil {
			return err
		}
		account, err := tx.LockCounter(ctx, g.customer, g.account)
		if err != nil {
			return err
		}
		bucket := addressBudget()
		spent := bucket.Refilled(throttle.Counter(address), tx.Now())
		empty, wait := bucket.Empty(spent)
		if locked := throttle.Counter(account); locked.Locked(tx.Now()) {
			empty, wait = true, max(wait, locked.LockedUntil.Sub(tx.Now()))
		}
		if empty {
			refused = tooManyTries(wait)
			return nil
		}
		if err := tx.SetCounter(ctx, g.customer, g.address, store.Counter(bucket.Spend(spent, throttle.WrongTry))); err != nil {
			return err
		}
		counted := accountLockout().Wrong(throttle.Counter(account), tx.Now())
		if err := tx.SetCounter(ctx, g.customer, g.account, store.Counter(counted)); err != nil {
			return err
		}
		if g.known {
			user, hash, err = findUser(ctx, tx, g.customer, username)
		}
		return err
	})
	if err == nil {
		err = refused
	}
	return user, Hash(hash), err
}

func tooManyTries(wait time.Duration) error {
	e := cardinal.Errorf(cardinal.CodeRateLimited, "Too many tries. Wait a while before you try again.")
	e.RetryAfter = wait
	return e
}

func findUser(ctx context.Context, tx *store.Tx, customer cardinal.CustomerID, username string) (cardinal.User, string, error) {
	if !cardinal.CleanText(username) {
		return cardinal.User{}, "", nil // no database takes it as a text
	}
	user, err := tx.UserByName(ctx, customer, username)
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return cardinal.User{}, "", nil
	}
	if err != nil {
		return cardinal.User{}, "", err
	}
	hash, err := tx.PasswordHash(ctx, user)
	return user, hash, err
}

// openSession takes back the counted try and makes the session, unless the
// password has changed since it was compared.
func (s *Service) openSession(ctx context.Context, g guess, user cardinal.User, hash Hash, from Origin) (cardinal.Token, error) {
	token := seal.NewToken(seal.SessionToken)
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		locked, same, err := lockUnchanged(ctx, tx, user, hash)
		if err != nil {
			return err
		}
		if !same || locked.Disabled {
			return notRight()
		}
		if err := takeBack(ctx, tx, g); err != nil {
			return err
		}
		session := store.Session{ID: cardinal.SessionID(tx.NewID()), User: locked, Address: from.Address, UserAgent: cut(from.UserAgent)}
		if err := tx.AddSession(ctx, session, seal.TokenHash(token)); err != nil {
			return err
		}
		caller := person(session, from)
		return audit.Record(tx, caller, audit.Entry{Action: "session.opened", Subject: "user " + locked.Username})
	})
	return token, err
}

// lockUnchanged locks a user and reports whether their password is still the
// one that was compared; that of a user who has gone is not.
func lockUnchanged(ctx context.Context, tx *store.Tx, user cardinal.User, hash Hash) (cardinal.User, bool, error) {
	locked, err := tx.LockUser(ctx, user.Customer, user.ID)
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return cardinal.User{}, false, nil
	}
	if err != nil {
		return cardinal.User{}, false, err
	}
	present, err := tx.PasswordHash(ctx, locked)
	return locked, Hash(present) == hash, err
}

func takeBack(ctx context.Context, tx *store.Tx, g guess) error {
	address, err := tx.LockCounter(ctx, g.customer, g.address)
	if err != nil {
		return err
	}
	address.Wrong = max(0, address.Wrong-int64(throttle.WrongTry))
	if err := tx.SetCounter(ctx, g.customer, g.address, address); err != nil {
		return err
	}
	return tx.SetCounter(ctx, g.customer, g.account, store.Counter{})
}

// cut makes of what a browser sent a text that every database takes.
func cut(userAgent string) string {
	const most = 200
	return strings.ReplaceAll(strings.ToValidUTF8(userAgent[:min(most, len(userAgent))], ""), "\x00", "")
}

// Person is somebody signed in to the web interface.
type Person struct {
	Caller             cardinal.Caller
	FullName           string
	PasswordMustChange bool
}

// Session returns whose session a secret belongs to, or an Error of
// CodeUnauthenticated if it has ended, is past its limits, or its user is disabled.
func (s *Service) Session(ctx context.Context, token cardinal.Token, from Origin) (Person, error) {
	var session store.Session
	var now time.Time
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		now = tx.Now()
		session, err = tx.SessionByToken(ctx, seal.TokenHash(token))
		return err
	})
	switch {
	case cardinal.CodeOf(err) == cardinal.CodeNotFound:
		return Person{}, signInFirst()
	case err != nil:
		return Person{}, err
	case session.User.Disabled, now.Sub(session.SeenAt) > SessionIdle, now.Sub(session.CreatedAt) > SessionAbsolute:
		return Person{}, signInFirst()
	}
	if now.Sub(session.SeenAt) > touchEvery {
		// With a full disk people must still see the pages that help; what must be written fails where it is.
		_ = s.store.Write(ctx, func(tx *store.Tx) error { return tx.TouchSession(ctx, session.ID) })
	}
	return Person{person(session, from), session.User.FullName, session.User.PasswordMustChange}, nil
}

func signInFirst() error { return cardinal.Errorf(cardinal.CodeUnauthenticated, "Sign in first.") }

func person(s store.Session, from Origin) cardinal.Caller {
	return cardinal.Caller{
		Kind: cardinal.CallerUser, Customer: s.User.Customer, Role: s.User.Role, User: s.User.ID, Session: s.ID,
		Name: s.User.Username, Address: from.Address, RequestID: from.RequestID,
	}
}

// SignOut ends the caller's session; everywhere ends all of the caller's.
func (s *Service) SignOut(ctx context.Context, caller cardinal.Caller, everywhere bool) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if !everywhere {
			return tx.EndSession(ctx, caller.Customer, caller.Session)
		}
		return tx.EndSessionsOf(ctx, cardinal.User{Customer: caller.Customer, ID: caller.User}, "")
	})
}

// ChangePassword gives the caller another password after asking for the present
// one, and ends their other sessions. Tries count like those of SignIn.
func (s *Service) ChangePassword(ctx context.Context, caller cardinal.Caller, current, wanted cardinal.Password) error {
	if caller.Kind != cardinal.CallerUser {
		return cardinal.Errorf(cardinal.CodeForbidden, "Only people have passwords.")
	}
	violations := CheckPassword(wanted, caller.Name)
	if len(violations) == 0 && current.Reveal() == wanted.Reveal() {
		violations = []cardinal.Violation{{Code: cardinal.ViolationReused, Field: "password", Message: "This is the present password. Choose a new one."}}
	}
	if len(violations) > 0 {
		return &cardinal.Error{Code: cardinal.CodeInvalid, Detail: violations[0].Message, Violations: violations}
	}
	g := guess{customer: caller.Customer, known: true, account: s.account(caller.Customer, caller.Name), address: addressSubject(caller.Address)}
	user, hash, err := s.begin(ctx, g, caller.Name)
	if err != nil {
		return err
	}
	matches, err := s.passwords.Matches(ctx, hash, current)
	if err != nil {
		return err
	}
	if !matches || user.ID != caller.User {
		return currentNotRight()
	}
	fresh, err := s.passwords.Hash(ctx, wanted)
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		user, same, err := lockUnchanged(ctx, tx, user, hash)
		if err != nil {
			return err
		}
		if !same {
			return currentNotRight()
		}
		if err := takeBack(ctx, tx, g); err != nil {
			return err
		}
		if err := tx.SetPassword(ctx, user, string(fresh), false); err != nil {
			return err
		}
		if err := tx.EndSessionsOf(ctx, user, caller.Session); err != nil {
			return err
		}
		return audit.Record(tx, caller, audit.Entry{Action: "password.changed", Subject: "user " + user.Username})
	})
}

func currentNotRight() error {
	return cardinal.Invalid("currentPassword", "The present password is not right.")
}

// Bearer is a program or a device that presented its token.
type Bearer struct {
	Caller cardinal.Caller
	// RatePerSecond is how many requests the token may make; below 0: without limit.
	RatePerSecond int
}

// Bearer returns whose token it is, an API token's or a device's, or an Error of
// CodeUnauthenticated if it is unknown, has expired, or its device is disabled.
func (s *Service) Bearer(ctx context.Context, token cardinal.Token, from Origin) (Bearer, error) {
	var b Bearer
	var touch func(*store.Tx) error
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if seal.IsToken(token, seal.DeviceToken) {
			b.Caller, err = deviceCaller(ctx, tx, token)
		} else {
			b.Caller, touch, err = programCaller(ctx, tx, token)
		}
		if err != nil {
			return err
		}
		texts, err := tx.SettingTexts(ctx, b.Caller.Customer)
		b.RatePerSecond = setting.APIRatePerSecond.In(setting.Load(texts))
		return err
	})
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return Bearer{}, cardinal.Errorf(cardinal.CodeUnauthenticated, "The token is missing, unknown or expired.")
	}
	if err == nil && touch != nil {
		_ = s.store.Write(ctx, touch) // as in Session
	}
	b.Caller.Address, b.Caller.RequestID = from.Address, from.RequestID
	return b, err
}

func deviceCaller(ctx context.Context, tx *store.Tx, token cardinal.Token) (cardinal.Caller, error) {
	device, err := tx.DeviceByToken(ctx, seal.TokenHash(token))
	if err == nil && device.Disabled {
		err = cardinal.ErrNotFound
	}
	return cardinal.Caller{Kind: cardinal.CallerDevice, Customer: device.Customer, Device: device.ID, Name: device.Name}, err
}

func programCaller(ctx context.Context, tx *store.Tx, token cardinal.Token) (cardinal.Caller, func(*store.Tx) error, error) {
	found, err := tx.APITokenByHash(ctx, seal.TokenHash(token))
	if err == nil && !found.ExpiresAt.IsZero() && !tx.Now().Before(found.ExpiresAt) {
		err = cardinal.ErrNotFound
	}
	if err != nil {
		return cardinal.Caller{}, nil, err
	}
	var touch func(*store.Tx) error
	if tx.Now().Sub(found.LastUsedAt) > touchEvery {
		touch = func(tx *store.Tx) error { return tx.TouchAPIToken(ctx, found.ID) }
	}
	return cardinal.Caller{
		Kind: cardinal.CallerToken, Customer: found.Customer, Role: found.Role, Token: found.ID, Name: found.Name,
	}, touch, nil
}
