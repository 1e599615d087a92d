package auth

import (
	"context"
	"time"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/seal"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// Person is somebody signed in to the web interface.
type Person struct {
	Caller             cardinal.Caller
	FullName           string
	PasswordMustChange bool
	// ConfirmedAt is when the person last proved who they are in this session.
	ConfirmedAt time.Time
	// SetupOpen tells that the guided set-up is not finished, to whom may do so.
	SetupOpen bool
	// SecondFactorDue tells that the organisation requires a second factor of
	// this person, who has none yet.
	SecondFactorDue bool
	Language        string // the language they chose, such as "de"; empty: none
}

// Session returns whose session a secret belongs to, or an Error of
// CodeUnauthenticated if it has ended, is past its limits, or its user is disabled.
func (s *Service) Session(ctx context.Context, token cardinal.Token, from Origin) (Person, error) {
	var session store.Session
	var now time.Time
	var due, open bool
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		now = tx.Now()
		if session, err = tx.SessionByToken(ctx, seal.TokenHash(token)); err != nil {
			return err
		}
		if due, err = owesFactor(ctx, tx, session.User); err != nil {
			return err
		}
		open, err = setupOpen(ctx, tx, session.User)
		return err
	})
	switch {
	case cardinal.CodeOf(err) == cardinal.CodeNotFound:
		return Person{}, signInFirst()
	case err != nil:
		return Person{}, err
	case session.User.Disabled, past(session, now):
		return Person{}, signInFirst()
	}
	if now.Sub(session.SeenAt) > touchEvery {
		// With a full disk people must still see the pages that help; what must be written fails where it is.
		_ = s.store.Write(ctx, func(tx *store.Tx) error { return tx.TouchSession(ctx, session.ID) })
	}
	return Person{
		Caller: person(session, from), FullName: session.User.FullName, Language: session.User.Language,
		PasswordMustChange: session.User.PasswordMustChange, ConfirmedAt: session.ConfirmedAt, SetupOpen: open, SecondFactorDue: due,
	}, nil
}

// past reports whether a session is past its limits.
func past(s store.Session, now time.Time) bool {
	return now.Sub(s.SeenAt) > SessionIdle || now.Sub(s.CreatedAt) > SessionAbsolute
}

// mayHaveFactor reports whether people of the role use a second factor: those
// who see or change what is others'.
func mayHaveFactor(role cardinal.Role) bool { return role.Outranks(cardinal.RoleUser) }

// owesFactor reports whether a second factor is required of somebody who has none.
func owesFactor(ctx context.Context, tx *store.Tx, user cardinal.User) (bool, error) {
	if !mayHaveFactor(user.Role) {
		return false, nil
	}
	texts, err := tx.SettingTexts(ctx, user.Customer)
	if err != nil || !setting.AuthSecondFactorRequired.In(setting.Load(texts)) {
		return false, err
	}
	has, err := tx.HasSecondFactor(ctx, user)
	return !has, err
}

// setupOpen reports whether somebody could finish the guided set-up.
func setupOpen(ctx context.Context, tx *store.Tx, user cardinal.User) (bool, error) {
	if !user.Role.May(cardinal.PermWriteOptions) {
		return false, nil
	}
	step, err := tx.SetupStep(ctx, user.Customer)
	return step != "", err
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
		return tx.EndSessionsOf(ctx, self(caller), "")
	})
}

// self is the caller as a user whose rows are looked up.
func self(caller cardinal.Caller) cardinal.User {
	return cardinal.User{Customer: caller.Customer, ID: caller.User, Username: caller.Name, Role: caller.Role}
}

// peopleOnly refuses callers that have neither password nor session.
func peopleOnly(caller cardinal.Caller) error {
	if caller.Kind != cardinal.CallerUser {
		return cardinal.Errorf(cardinal.CodeForbidden, "Only people who sign in here have this.")
	}
	return nil
}

// OpenSession is a session as its person sees it.
type OpenSession struct {
	ID        cardinal.SessionID
	Address   string
	UserAgent string // as the browser named itself, cut to 200 bytes
	SignedIn  time.Time
	LastSeen  time.Time // to the minute
	Current   bool      // the one that asks
}

// sessionsMost is how many of somebody's sessions are listed.
const sessionsMost = 100

// Sessions lists the caller's own sessions that have not ended, the present one
// first and then the one used last; 100 at most.
func (s *Service) Sessions(ctx context.Context, caller cardinal.Caller) ([]OpenSession, error) {
	if err := peopleOnly(caller); err != nil {
		return nil, err
	}
	var list []OpenSession
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		sessions, err := tx.SessionsOf(ctx, self(caller), sessionsMost)
		for _, have := range sessions {
			if past(have, tx.Now()) {
				continue
			}
			shown := OpenSession{have.ID, have.Address, have.UserAgent, have.CreatedAt, have.SeenAt, have.ID == caller.Session}
			if shown.Current {
				list = append([]OpenSession{shown}, list...)
			} else {
				list = append(list, shown)
			}
		}
		return err
	})
	return list, err
}

// EndSession ends one of the caller's own sessions; CodeNotFound if it is not
// one of theirs or has ended already.
func (s *Service) EndSession(ctx context.Context, caller cardinal.Caller, id cardinal.SessionID) error {
	if err := peopleOnly(caller); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		sessions, err := tx.SessionsOf(ctx, self(caller), sessionsMost)
		if err != nil {
			return err
		}
		for _, have := range sessions {
			if have.ID == id {
				if err := tx.EndSession(ctx, caller.Customer, id); err != nil {
					return err
				}
				return recordEnded(tx, caller, caller.Name, "one")
			}
		}
		return cardinal.Errorf(cardinal.CodeNotFound, "This session has ended already.")
	})
}

// EndOtherSessions ends all of the caller's sessions but the present one.
func (s *Service) EndOtherSessions(ctx context.Context, caller cardinal.Caller) error {
	if err := peopleOnly(caller); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.EndSessionsOf(ctx, self(caller), caller.Session); err != nil {
			return err
		}
		return recordEnded(tx, caller, caller.Name, "others")
	})
}

// EndSessionsOf signs a user out everywhere: for helpdesk and above, and for
// nobody who is outranked by the user.
func (s *Service) EndSessionsOf(ctx context.Context, caller cardinal.Caller, username string) error {
	if err := caller.Require(cardinal.PermWriteUsers); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		user, err := subordinate(ctx, tx, caller, username)
		if err != nil {
			return err
		}
		if err := tx.EndSessionsOf(ctx, user, ""); err != nil {
			return err
		}
		return recordEnded(tx, caller, user.Username, "all")
	})
}

// subordinate locks the user of a name, and refuses one who outranks the caller.
func subordinate(ctx context.Context, tx *store.Tx, caller cardinal.Caller, username string) (cardinal.User, error) {
	found, err := tx.UserByName(ctx, caller.Customer, username)
	if err != nil {
		return cardinal.User{}, err
	}
	user, err := tx.LockUser(ctx, caller.Customer, found.ID)
	if err == nil && user.Role.Outranks(caller.Role) {
		err = cardinal.Errorf(cardinal.CodeForbidden, "This person's role is above yours. Ask an administrator.")
	}
	return user, err
}

func recordEnded(tx *store.Tx, caller cardinal.Caller, username, which string) error {
	return audit.Record(tx, caller, audit.Entry{
		Action: "session.ended", Subject: "user " + username, After: audit.Fields{"sessions": which},
	})
}
