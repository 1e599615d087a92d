// Package wayback lets people in who cannot get in by themselves: it sends links
// by e-mail with which somebody chooses a password or has a PIN made, once and
// within a while. It owns who may ask for a link and how often, what a link is good
// for, and its end.
//
// It does not own what a password must be (package auth), how a PIN is made
// (package credential), nor how e-mail leaves (package notify).
package wayback

import (
	"context"
	"strings"
	"time"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/auth"
	"cardinal/internal/credential"
	"cardinal/internal/letter"
	"cardinal/internal/notify"
	"cardinal/internal/seal"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// Hour is the time in which links asked for are counted, and for which one works
// (spec: messaging).
const Hour = time.Hour

// InvitationLife is how long an invitation works.
const InvitationLife = 7 * 24 * time.Hour

// How many links may be asked for in an Hour: for one name, so that nobody's
// mailbox is flooded, and from one address, which many people can share.
const (
	perName    = 3
	perAddress = 20
)

// answerAfter is how long every answer to Ask takes at least: longer than finding
// the user and writing the link, so that its time does not tell whether there is one.
const answerAfter = 300 * time.Millisecond

// The pages to which links about a password and about a PIN lead; the secret stands
// in the query as "link".
const (
	PasswordPath = "/new-password"
	PINPath      = "/new-pin"
)

// Kind says what a link is good for.
type Kind string

// The kinds. Their names are stored.
const (
	Password Kind = "password" // somebody forgot theirs
	PIN      Kind = store.WayPIN
	// Invitation is for who has no password yet.
	Invitation Kind = "invitation"
)

// Service sends links and redeems them. Safe for concurrent use.
type Service struct {
	store       *store.Store
	ring        *seal.Ring
	auth        *auth.Service
	passwords   *auth.Passwords
	door        *credential.Door
	answerAfter time.Duration
}

// New makes the service.
func New(s *store.Store, ring *seal.Ring, authenticator *auth.Service, passwords *auth.Passwords, door *credential.Door) *Service {
	return &Service{s, ring, authenticator, passwords, door, answerAfter}
}

// IsLink reports whether the token has the form of a link's secret; it may be
// nobody's.
func IsLink(token cardinal.Token) bool { return seal.IsToken(token, seal.LinkToken) }

// CanSend returns why no links can be sent, as an Error of CodeConflict, or nil:
// there must be a way for e-mail, and the address that links begin with must be
// known. It is never taken from a request, whose Host header anybody can choose.
func CanSend(v setting.Values) error {
	if setting.CustomerAddress.In(v) == "" {
		return cardinal.Errorf(cardinal.CodeConflict, "Links need the address of this server. An administrator enters it first (customer.address).")
	}
	return credential.CanMail(v)
}

// offers reports whether people may ask for links of the kind.
func (k Kind) offers(v setting.Values) bool {
	return CanSend(v) == nil && (k != PIN || setting.UserCanRequestPIN.In(v))
}

// suits reports whether a link of the kind is of use to the user.
func (k Kind) suits(user cardinal.User) bool {
	// Whoever has no password was not let in here so far; that is for an administrator to decide.
	return (user.HasPassword || k == PIN) && !user.Disabled && user.Email != ""
}

// path is where links of the kind lead.
func (k Kind) path() string {
	if k == PIN {
		return PINPath
	}
	return PasswordPath
}

// life is how long links of the kind work.
func (k Kind) life() time.Duration {
	if k == Invitation {
		return InvitationLife
	}
	return Hour
}

func values(ctx context.Context, tx *store.Tx, c cardinal.CustomerID) (setting.Values, error) {
	texts, err := tx.SettingTexts(ctx, c)
	return setting.Load(texts), err
}

// Offers reports whether people of a customer may ask for links of a kind.
func (s *Service) Offers(ctx context.Context, c cardinal.CustomerID, kind Kind) (bool, error) {
	offered := false
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		v, err := values(ctx, tx, c)
		offered = kind.offers(v)
		return err
	})
	return offered, err
}

// way is a link that is to be sent.
type way struct {
	kind     Kind
	letter   letter.Kind
	template string
	action   string // in the audit
}

func (k Kind) way() way {
	switch k {
	case PIN:
		return way{k, letter.PasswordReset, letter.PINRequest, "pin.link-sent"}
	case Invitation:
		return way{k, letter.Invitation, string(letter.Invitation), "user.invited"}
	}
	return way{k, letter.PasswordReset, string(letter.PasswordReset), "password.link-sent"}
}

// send writes a link and the e-mail that holds it.
func (s *Service) send(ctx context.Context, tx *store.Tx, by by, user cardinal.User, w way) error {
	token, until := seal.NewToken(seal.LinkToken), tx.Now().Add(w.kind.life())
	err := tx.AddWayBack(ctx, store.WayBack{User: user, Kind: string(w.kind), Email: user.Email, EndsAt: until}, seal.TokenHash(token))
	if err != nil {
		return err
	}
	link := setting.CustomerAddress.In(by.values) + w.kind.path() + "?link=" + token.Reveal()
	err = notify.Tell(ctx, tx, s.ring, by.values, user, notify.News{
		Kind: w.letter, Template: w.template, EndsAt: until, ValidUntil: until, Link: cardinal.NewToken(link),
	})
	if err != nil {
		return err
	}
	return audit.Record(tx, by.caller, audit.Entry{
		Action: w.action, Subject: "user " + user.Username, After: audit.Fields{"validUntil": until.Format(time.RFC3339)},
	})
}

// by is who has a link sent, with the settings in force.
type by struct {
	caller cardinal.Caller
	values setting.Values
}

// Link is a link that works, as far as whoever has it is told.
type Link struct {
	Username string
	Kind     Kind
}

// Look returns what a link is good for, and changes nothing. The error is of
// CodeNotFound for one that was used, is over, or never was.
func (s *Service) Look(ctx context.Context, path string, token cardinal.Token) (Link, error) {
	var found store.WayBack
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		found, err = valid(ctx, tx, path, token)
		return err
	})
	return Link{found.User.Username, Kind(found.Kind)}, err
}

// valid finds a link that works at a path.
func valid(ctx context.Context, tx *store.Tx, path string, token cardinal.Token) (store.WayBack, error) {
	found, err := tx.WayBack(ctx, seal.TokenHash(token))
	switch {
	case cardinal.CodeOf(err) == cardinal.CodeNotFound:
		return store.WayBack{}, over()
	case err != nil:
		return store.WayBack{}, err
	case !found.EndsAt.After(tx.Now()), found.User.Disabled, !strings.EqualFold(found.Email, found.User.Email), Kind(found.Kind).path() != path:
		return store.WayBack{}, over()
	}
	return found, nil
}

func over() error {
	return cardinal.Errorf(cardinal.CodeNotFound, "This link was used already or is too old. Ask for a new one.")
}

// self is the user of a link as who acts with it.
func self(user cardinal.User, from auth.Origin) cardinal.Caller {
	return cardinal.Caller{
		Kind: cardinal.CallerUser, Customer: user.Customer, Role: user.Role, User: user.ID, Name: user.Username,
		Address: from.Address, RequestID: from.RequestID,
	}
}
