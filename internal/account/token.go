package account

import (
	"context"
	"time"

	"golang.org/x/text/unicode/norm"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/seal"
	"cardinal/internal/store"
)

// CreateToken makes an API token with a role up to the caller's own and returns
// it with its text, the one time that can be seen. Lifetime 0 means it does not
// expire. A name that another token of the customer has, even an expired one, is
// CodeConflict: audit entries name tokens by it.
func (s *Service) CreateToken(ctx context.Context, caller cardinal.Caller, name string, role cardinal.Role, lifetime time.Duration) (cardinal.APIToken, cardinal.Token, error) {
	return s.createToken(ctx, caller, cardinal.APIToken{Name: name, Role: role}, func(now time.Time) time.Time {
		if lifetime == 0 {
			return time.Time{}
		}
		return now.Add(lifetime)
	})
}

// CreateTokenUntil is CreateToken with the instant at which the token expires;
// the zero time means it does not.
func (s *Service) CreateTokenUntil(ctx context.Context, caller cardinal.Caller, name string, role cardinal.Role, until time.Time) (cardinal.APIToken, cardinal.Token, error) {
	return s.createToken(ctx, caller, cardinal.APIToken{Name: name, Role: role}, func(time.Time) time.Time { return until })
}

func (s *Service) createToken(ctx context.Context, caller cardinal.Caller, made cardinal.APIToken, expires func(now time.Time) time.Time) (cardinal.APIToken, cardinal.Token, error) {
	if err := caller.Require(cardinal.PermWriteOptions); err != nil {
		return cardinal.APIToken{}, cardinal.Token{}, err
	}
	made.Name = norm.NFC.String(made.Name)
	token := seal.NewToken(seal.APIToken)
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		made.ID, made.Customer, made.CreatedBy, made.CreatedAt = cardinal.TokenID(tx.NewID()), caller.Customer, caller.Actor(), tx.Now()
		made.ExpiresAt = expires(tx.Now())
		if err := checkToken(caller, made); err != nil {
			return err
		}
		after := audit.Fields{"role": made.Role}
		if !made.ExpiresAt.IsZero() {
			after["expiresAt"] = made.ExpiresAt.Format(time.RFC3339)
		}
		if err := tx.AddAPIToken(ctx, made, seal.TokenHash(token)); err != nil {
			return err
		}
		return audit.Record(tx, caller, audit.Entry{Action: "api-token.created", Subject: "API token " + made.Name, After: after})
	})
	if err != nil {
		return cardinal.APIToken{}, cardinal.Token{}, err
	}
	return made, token, nil
}

func checkToken(caller cardinal.Caller, t cardinal.APIToken) error {
	var refused problems
	refused.add(checkName(t.Name))
	if !t.Role.Valid() || t.Role == cardinal.RoleUser {
		refused.add(cardinal.Invalid("role", "The role of a token is operator, administrator, helpdesk, auditor or provisioner."))
	} else if t.Role.Outranks(caller.Role) {
		refused.add(cardinal.Errorf(cardinal.CodeForbidden, "Nobody gives a role above their own."))
	}
	if !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(t.CreatedAt) {
		refused.add(cardinal.Invalid("expiresAt", "The expiry lies in the past."))
	}
	return refused.err()
}

// Tokens lists at most so many API tokens after the given one, oldest first.
func (s *Service) Tokens(ctx context.Context, caller cardinal.Caller, after cardinal.TokenID, most int) ([]cardinal.APIToken, error) {
	return read(ctx, s, caller, cardinal.PermReadOptions, func(tx *store.Tx) ([]cardinal.APIToken, error) {
		return tx.APITokens(ctx, caller.Customer, after, most)
	})
}

// Token returns one API token.
func (s *Service) Token(ctx context.Context, caller cardinal.Caller, id cardinal.TokenID) (cardinal.APIToken, error) {
	return read(ctx, s, caller, cardinal.PermReadOptions, func(tx *store.Tx) (cardinal.APIToken, error) {
		return tx.APIToken(ctx, caller.Customer, id)
	})
}

// DeleteToken removes an API token; it stops working at once. Nobody removes one
// with a role above their own.
func (s *Service) DeleteToken(ctx context.Context, caller cardinal.Caller, id cardinal.TokenID) error {
	if err := caller.Require(cardinal.PermWriteOptions); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		token, err := tx.APIToken(ctx, caller.Customer, id)
		if err != nil {
			return err
		}
		if token.Role.Outranks(caller.Role) {
			return cardinal.Errorf(cardinal.CodeForbidden, "This token's role is above yours. Ask an operator.")
		}
		if err := tx.DeleteAPIToken(ctx, token); err != nil {
			return err
		}
		return record(tx, caller, "api-token.deleted", "API token "+token.Name)
	})
}

// TokenState is how an API token stands with its expiry.
type TokenState string

// The states of a token.
const (
	TokenLive    TokenState = "live"
	TokenSoon    TokenState = "soon" // expires within fourteen days
	TokenExpired TokenState = "expired"
)

const tokenSoon = 14 * 24 * time.Hour

// TokenView is an API token with how it stands now.
type TokenView struct {
	cardinal.APIToken
	State TokenState
}

func tokenView(t cardinal.APIToken, now time.Time) TokenView {
	view := TokenView{t, TokenLive}
	switch {
	case t.ExpiresAt.IsZero():
	case !now.Before(t.ExpiresAt):
		view.State = TokenExpired
	case t.ExpiresAt.Sub(now) <= tokenSoon:
		view.State = TokenSoon
	}
	return view
}

// TokenViews is Tokens with the state of each.
func (s *Service) TokenViews(ctx context.Context, caller cardinal.Caller, after cardinal.TokenID, most int) ([]TokenView, error) {
	return read(ctx, s, caller, cardinal.PermReadOptions, func(tx *store.Tx) ([]TokenView, error) {
		tokens, err := tx.APITokens(ctx, caller.Customer, after, most)
		views := make([]TokenView, len(tokens))
		for i, token := range tokens {
			views[i] = tokenView(token, tx.Now())
		}
		return views, err
	})
}
