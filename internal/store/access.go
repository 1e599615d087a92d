package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cardinal"
	"cardinal/internal/store/db"
)

func apiToken(r db.ApiToken) cardinal.APIToken {
	return cardinal.APIToken{
		ID: cardinal.TokenID(r.ID), Customer: cardinal.CustomerID(r.CustomerID), Name: r.Name, Role: cardinal.Role(r.Role),
		CreatedBy: r.CreatedBy, CreatedAt: fromMillis(r.CreatedAt), ExpiresAt: fromMillis(r.ExpiresAt), LastUsedAt: fromMillis(r.LastUsedAt),
	}
}

// AddAPIToken writes a new API token with its hash. A taken name is an Error of
// CodeConflict; also a token that has expired holds its name until it is deleted.
func (tx *Tx) AddAPIToken(ctx context.Context, t cardinal.APIToken, tokenHash []byte) error {
	rows, err := tx.q.InsertAPIToken(ctx, db.InsertAPITokenParams{
		ID: string(t.ID), CustomerID: string(t.Customer), Name: t.Name, NameKey: Fold(t.Name), Role: string(t.Role), TokenHash: tokenHash,
		CreatedBy: t.CreatedBy, CreatedAt: millis(tx.now), ExpiresAt: millis(t.ExpiresAt),
	})
	return free(rows, err, "name", "name")
}

// APITokenByHash finds the token of whichever customer; CodeNotFound if there is none.
func (tx *Tx) APITokenByHash(ctx context.Context, tokenHash []byte) (cardinal.APIToken, error) {
	row, err := tx.q.APITokenByHash(ctx, tokenHash)
	return apiToken(row), found(err, "API token")
}

// APIToken reads one token of a customer.
func (tx *Tx) APIToken(ctx context.Context, c cardinal.CustomerID, id cardinal.TokenID) (cardinal.APIToken, error) {
	row, err := tx.q.APIToken(ctx, db.APITokenParams{CustomerID: string(c), ID: string(id)})
	return apiToken(row), found(err, "API token")
}

// APITokens lists tokens of a customer after the given one, oldest first.
func (tx *Tx) APITokens(ctx context.Context, c cardinal.CustomerID, after cardinal.TokenID, most int) ([]cardinal.APIToken, error) {
	rows, err := tx.q.APITokens(ctx, db.APITokensParams{CustomerID: string(c), After: string(after), Most: int32(most)})
	return each(rows, err, "API tokens", apiToken)
}

// DeleteAPIToken removes a token; from then on it is unknown.
func (tx *Tx) DeleteAPIToken(ctx context.Context, t cardinal.APIToken) error {
	rows, err := tx.q.DeleteAPIToken(ctx, db.DeleteAPITokenParams{CustomerID: string(t.Customer), ID: string(t.ID)})
	return one(rows, err, "API token")
}

// TouchAPIToken notes that the token was used at the transaction's instant.
func (tx *Tx) TouchAPIToken(ctx context.Context, id cardinal.TokenID) error {
	if err := tx.q.TouchAPIToken(ctx, db.TouchAPITokenParams{ID: string(id), LastUsedAt: millis(tx.now)}); err != nil {
		return fmt.Errorf("write API token: %w", err)
	}
	return nil
}

// Session is a person's web session; its secret is kept as a hash only.
type Session struct {
	ID          cardinal.SessionID
	User        cardinal.User
	CreatedAt   time.Time
	SeenAt      time.Time
	ConfirmedAt time.Time // when the person last proved who they are
	Address     string
	UserAgent   string
}

func session(r db.Session, u cardinal.User) Session {
	return Session{
		ID: cardinal.SessionID(r.ID), User: u, CreatedAt: fromMillis(r.CreatedAt), SeenAt: fromMillis(r.SeenAt),
		ConfirmedAt: fromMillis(r.ConfirmedAt), Address: r.Address, UserAgent: r.UserAgent,
	}
}

// AddSession writes a new session of s.User with the hash of its secret; it
// counts as confirmed at the transaction's instant.
func (tx *Tx) AddSession(ctx context.Context, s Session, tokenHash []byte) error {
	err := tx.q.InsertSession(ctx, db.InsertSessionParams{
		ID: string(s.ID), TokenHash: tokenHash, CustomerID: string(s.User.Customer), UserID: string(s.User.ID),
		CreatedAt: millis(tx.now), SeenAt: millis(tx.now), ConfirmedAt: millis(tx.now), Address: s.Address, UserAgent: s.UserAgent,
	})
	if err != nil {
		return fmt.Errorf("write session: %w", err)
	}
	return nil
}

// SessionByToken finds a session with its user; CodeNotFound if there is none.
func (tx *Tx) SessionByToken(ctx context.Context, tokenHash []byte) (Session, error) {
	row, err := tx.q.SessionByToken(ctx, tokenHash)
	return session(row.Session, user(row.User)), found(err, "session")
}

// SessionsOf lists sessions of a user, the one used last first.
func (tx *Tx) SessionsOf(ctx context.Context, u cardinal.User, most int) ([]Session, error) {
	rows, err := tx.q.SessionsOfUser(ctx, db.SessionsOfUserParams{CustomerID: string(u.Customer), UserID: string(u.ID), Most: int32(most)})
	return each(rows, err, "sessions", func(r db.Session) Session { return session(r, u) })
}

// RenewSession gives a session another secret, by its hash; the one before opens
// nothing any more. The session counts as confirmed at the transaction's instant.
func (tx *Tx) RenewSession(ctx context.Context, c cardinal.CustomerID, id cardinal.SessionID, tokenHash []byte) error {
	rows, err := tx.q.RenewSession(ctx, db.RenewSessionParams{
		CustomerID: string(c), ID: string(id), TokenHash: tokenHash, ConfirmedAt: millis(tx.now),
	})
	return one(rows, err, "session")
}

// ConfirmSession notes that the person proved who they are at the transaction's
// instant.
func (tx *Tx) ConfirmSession(ctx context.Context, c cardinal.CustomerID, id cardinal.SessionID) error {
	rows, err := tx.q.ConfirmSession(ctx, db.ConfirmSessionParams{CustomerID: string(c), ID: string(id), ConfirmedAt: millis(tx.now)})
	return one(rows, err, "session")
}

// TouchSession notes that the session was used at the transaction's instant.
func (tx *Tx) TouchSession(ctx context.Context, id cardinal.SessionID) error {
	if err := tx.q.TouchSession(ctx, db.TouchSessionParams{ID: string(id), SeenAt: millis(tx.now)}); err != nil {
		return fmt.Errorf("write session: %w", err)
	}
	return nil
}

// EndSession removes a session; one that is gone already stays gone.
func (tx *Tx) EndSession(ctx context.Context, c cardinal.CustomerID, id cardinal.SessionID) error {
	if _, err := tx.q.DeleteSession(ctx, db.DeleteSessionParams{CustomerID: string(c), ID: string(id)}); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// EndSessionsOf removes all sessions of a user save the kept one, if any, and
// the sign-ins that wait for a second factor.
func (tx *Tx) EndSessionsOf(ctx context.Context, u cardinal.User, kept cardinal.SessionID) error {
	_, err := tx.q.DeleteSessionsOfUser(ctx, db.DeleteSessionsOfUserParams{
		CustomerID: string(u.Customer), UserID: string(u.ID), Kept: string(kept),
	})
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return tx.dropWaiting(ctx, u)
}

// KeptAnswer is what is remembered under an idempotency key.
type KeptAnswer struct {
	RequestHash []byte
	State       string // "running", "kept", "secret"
	Status      int
	Body        []byte
}

// IdempotencyKey names a request of a caller that must have one effect only.
type IdempotencyKey struct {
	Caller string
	Key    string
}

// ClaimKey begins a request under a key and reports whether it is the first in
// keep; otherwise the answer that is kept, or not yet there, is returned.
func (tx *Tx) ClaimKey(ctx context.Context, c cardinal.CustomerID, k IdempotencyKey, hash []byte, keep time.Duration) (bool, KeptAnswer, error) {
	rows, err := tx.q.ClaimIdempotencyKey(ctx, db.ClaimIdempotencyKeyParams{
		Caller: k.Caller, Key: k.Key, CustomerID: string(c), RequestHash: hash, Empty: []byte{},
		Now: millis(tx.now), Expired: millis(tx.now.Add(-keep)),
	})
	if err != nil {
		return false, KeptAnswer{}, fmt.Errorf("claim idempotency key: %w", err)
	}
	if rows > 0 {
		return true, KeptAnswer{}, nil
	}
	row, err := tx.q.IdempotencyKey(ctx, db.IdempotencyKeyParams{Caller: k.Caller, Key: k.Key})
	return false, KeptAnswer{row.RequestHash, row.State, int(row.Status), row.Body}, found(err, "idempotency key")
}

// FinishKey keeps the answer of a request under its key.
func (tx *Tx) FinishKey(ctx context.Context, k IdempotencyKey, a KeptAnswer) error {
	err := tx.q.FinishIdempotencyKey(ctx, db.FinishIdempotencyKeyParams{
		Caller: k.Caller, Key: k.Key, State: a.State, Status: int64(a.Status), Body: a.Body,
	})
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	return nil
}

// ReleaseKey forgets a key whose request changed nothing, so that it may be tried again.
func (tx *Tx) ReleaseKey(ctx context.Context, k IdempotencyKey) error {
	if err := tx.q.ReleaseIdempotencyKey(ctx, db.ReleaseIdempotencyKeyParams{Caller: k.Caller, Key: k.Key}); err != nil {
		return fmt.Errorf("release idempotency key: %w", err)
	}
	return nil
}

// PastUse says what Prune forgets.
type PastUse struct {
	Keys     time.Time // idempotency keys made before
	Idle     time.Time // sessions not used since
	Absolute time.Time // sessions made before
	Waiting  time.Time // sign-ins without their second factor, and passkeys' challenges, made before
	Asked    time.Time // links by e-mail asked for before
	Counters time.Time // counters not changed since, unless they still lock
	Day      string    // daily counts of days before, as 2006-01-02
}

// Prune forgets what is past its use.
func (tx *Tx) Prune(ctx context.Context, p PastUse) error {
	_, keysErr := tx.q.PruneIdempotencyKeys(ctx, millis(p.Keys))
	_, sessionsErr := tx.q.DeleteSessionsBefore(ctx, db.DeleteSessionsBeforeParams{SeenAt: millis(p.Idle), CreatedAt: millis(p.Absolute)})
	waitingErr := tx.pruneWaiting(ctx, p.Waiting)
	waysErr := tx.pruneWays(ctx, p.Asked)
	_, countersErr := tx.q.PruneCounters(ctx, db.PruneCountersParams{Forgotten: millis(p.Counters), Now: millis(tx.now)})
	_, countsErr := tx.q.PruneChangeCounts(ctx, p.Day)
	if err := errors.Join(keysErr, sessionsErr, waitingErr, waysErr, countersErr, countsErr); err != nil {
		return fmt.Errorf("prune: %w", err)
	}
	return nil
}
