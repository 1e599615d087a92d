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
	devices   devices
}

// New makes the service.
func New(s *store.Store, ring *seal.Ring, passwords *Passwords) *Service {
	return &Service{store: s, ring: ring, passwords: passwords}
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

// SignIn makes a session for a person and returns its secret; for whoever has a
// second factor it returns that of a waiting sign-in, as Pending tells, for
// FinishSignIn. Every failure is the same Error of CodeUnauthenticated after the
// same work; too many of them are CodeRateLimited for known and unknown names
// alike. A PIN never signs in.
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
	return s.afterPassword(ctx, guess, user, hash, from)
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
	g := guess{address: AddressSubject(from.Address)}
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

// AddressSubject names the counter of an address: of IPv6 the network of 64 bits,
// for that is what one connection has (RFC 6177).
func AddressSubject(address string) string {
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
	err := s.store.Write(ctx, func(tx *store.Tx) (err error) {
		user, hash = cardinal.User{}, ""
		refused, err = spend(ctx, tx, g)
		if err == nil && refused == nil && g.known {
			user, hash, err = findUser(ctx, tx, g.customer, username)
		}
		return err
	})
	if err == nil {
		err = refused
	}
	return user, Hash(hash), err
}

// spend counts a try as wrong, or answers why there may be none now.
func spend(ctx context.Context, tx *store.Tx, g guess) (refused, err error) {
	address, err := tx.LockCounter(ctx, g.customer, g.address)
	if err != nil {
		return nil, err
	}
	account, err := tx.LockCounter(ctx, g.customer, g.account)
	if err != nil {
		return nil, err
	}
	bucket := addressBudget()
	spent := bucket.Refilled(throttle.Counter(address), tx.Now())
	empty, wait := bucket.Empty(spent)
	if locked := throttle.Counter(account); locked.Locked(tx.Now()) {
		empty, wait = true, max(wait, locked.LockedUntil.Sub(tx.Now()))
	}
	if empty {
		return tooManyTries(wait), nil
	}
	if err := tx.SetCounter(ctx, g.customer, g.address, store.Counter(bucket.Spend(spent, throttle.WrongTry))); err != nil {
		return nil, err
	}
	counted := accountLockout().Wrong(throttle.Counter(account), tx.Now())
	return nil, tx.SetCounter(ctx, g.customer, g.account, store.Counter(counted))
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

// afterPassword takes back the counted try and makes the session, or notes that
// the second factor is still owed, unless the password has changed since it was
// compared.
func (s *Service) afterPassword(ctx context.Context, g guess, user cardinal.User, hash Hash, from Origin) (cardinal.Token, error) {
	var token cardinal.Token
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
		owes, err := tx.HasSecondFactor(ctx, locked)
		if err != nil {
			return err
		}
		if owes {
			token = seal.NewToken(seal.PendingToken)
			return tx.AddPendingSignIn(ctx, locked, seal.TokenHash(token))
		}
		token, err = openSession(ctx, tx, locked, from)
		return err
	})
	if err != nil {
		return cardinal.Token{}, err
	}
	return token, nil
}

// openSession makes a session of a locked user and returns its secret.
func openSession(ctx context.Context, tx *store.Tx, user cardinal.User, from Origin) (cardinal.Token, error) {
	token := seal.NewToken(seal.SessionToken)
	session := store.Session{ID: cardinal.SessionID(tx.NewID()), User: user, Address: from.Address, UserAgent: cut(from.UserAgent)}
	if err := tx.AddSession(ctx, session, seal.TokenHash(token)); err != nil {
		return cardinal.Token{}, err
	}
	return token, audit.Record(tx, person(session, from), audit.Entry{Action: "session.opened", Subject: "user " + user.Username})
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

// ForgetTries clears the count of wrong passwords of a user who has proved
// otherwise who they are, in the transaction of that; tries at their second factor
// stay counted.
func (s *Service) ForgetTries(ctx context.Context, tx *store.Tx, user cardinal.User) error {
	subject := s.account(user.Customer, user.Username)
	if _, err := tx.LockCounter(ctx, user.Customer, subject); err != nil {
		return err
	}
	return tx.SetCounter(ctx, user.Customer, subject, store.Counter{})
}

// cut makes of what a browser sent a text that every database takes.
func cut(userAgent string) string {
	const most = 200
	return strings.ReplaceAll(strings.ToValidUTF8(userAgent[:min(most, len(userAgent))], ""), "\x00", "")
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
	hash := seal.TokenHash(token)
	device, err := tx.DeviceByToken(ctx, hash)
	if err == nil && device.Disabled {
		err = cardinal.ErrNotFound
	}
	return cardinal.Caller{
		Kind: cardinal.CallerDevice, Customer: device.Customer, Device: device.ID, Name: device.Name, Proof: string(hash),
	}, err
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
