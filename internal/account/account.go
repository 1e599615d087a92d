// Package account keeps what a customer has besides PINs and numbers: its
// users, devices, API tokens and settings, and the customers themselves. PINs
// and numbers that come with a user go through the door (package credential) in
// the same transaction, so that a refused PIN refuses the whole change.
package account

import (
	"context"
	"log/slog"
	"time"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/auth"
	"cardinal/internal/credential"
	"cardinal/internal/seal"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// Service keeps customers, users, devices, tokens and settings. Safe for
// concurrent use.
type Service struct {
	store     *store.Store
	ring      *seal.Ring
	door      *credential.Door
	passwords *auth.Passwords
	log       *slog.Logger
	deleted   chan struct{} // a customer was deleted and waits to be erased
}

// New makes the service.
func New(s *store.Store, ring *seal.Ring, door *credential.Door, passwords *auth.Passwords, log *slog.Logger) *Service {
	return &Service{s, ring, door, passwords, log, make(chan struct{}, 1)}
}

// Acting reads the settings that hold for what the caller does in tx.
func Acting(ctx context.Context, tx *store.Tx, caller cardinal.Caller) (credential.Acting, error) {
	texts, err := tx.SettingTexts(ctx, caller.Customer)
	return credential.Acting{Caller: caller, Settings: setting.Load(texts)}, err
}

// UserView is a user with what a caller may see of their PIN and numbers.
type UserView struct {
	cardinal.User
	Numbers     []credential.Number
	PIN         cardinal.PINState // zero ID: no PIN; one past its expiry counts as none
	LockedUntil time.Time         // zero: not locked; year 9999: until somebody unlocks
	// Findings are what is known against the PIN; User alone fills it in.
	Findings []PINFinding
}

// HasPIN reports whether the user has a PIN that signs in.
func (v UserView) HasPIN() bool { return v.PIN.ID != "" }

// Number returns the user's number in a slot as the caller may see it, or "".
func (v UserView) Number(slot cardinal.Slot) string {
	for _, n := range v.Numbers {
		if n.Slot == slot {
			return n.Text
		}
	}
	return ""
}

func (s *Service) view(ctx context.Context, tx *store.Tx, by credential.Acting, user cardinal.User) (UserView, error) {
	row := store.UserRow{User: user}
	var err error
	if row.Numbers, err = tx.Numbers(ctx, user.ID); err != nil {
		return UserView{}, err
	}
	row.PIN, err = tx.PIN(ctx, user.ID)
	if err != nil && cardinal.CodeOf(err) != cardinal.CodeNotFound {
		return UserView{}, err
	}
	if row.Lock, err = tx.Counter(ctx, user.Customer, store.UserSubject(user.ID)); err != nil {
		return UserView{}, err
	}
	return s.viewOf(by, row, tx.Now())
}

func (s *Service) viewOf(by credential.Acting, row store.UserRow, now time.Time) (UserView, error) {
	view := UserView{User: row.User}
	if row.PIN.Live(now) {
		view.PIN = row.PIN.PINState
	}
	if row.Lock.LockedUntil.After(now) {
		view.LockedUntil = row.Lock.LockedUntil
	}
	var err error
	view.Numbers, err = s.door.Shown(by, row.ID, row.Numbers)
	return view, err
}

// User returns the user of that name. Everybody may see themselves.
func (s *Service) User(ctx context.Context, caller cardinal.Caller, username string) (UserView, error) {
	var view UserView
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		user, err := tx.UserByName(ctx, caller.Customer, username)
		if user.ID == "" || user.ID != caller.User {
			// Before the user is told to be unknown, or usernames could be tried out.
			if err := caller.Require(cardinal.PermReadUsers); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		by, err := Acting(ctx, tx, caller)
		if err != nil {
			return err
		}
		if view, err = s.view(ctx, tx, by, user); err != nil || !view.HasPIN() {
			return err
		}
		view.Findings, err = findings(ctx, tx, by, user)
		return err
	})
	return view, err
}

// record writes an audit entry about something of the caller's customer.
func record(tx *store.Tx, caller cardinal.Caller, action, subject string, changed ...audit.Fields) error {
	entry := audit.Entry{Action: action, Subject: subject}
	if len(changed) == 2 {
		entry.Before, entry.After = changed[0], changed[1]
	}
	return audit.Record(tx, caller, entry)
}
