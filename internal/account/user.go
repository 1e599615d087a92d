package account

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/auth"
	"cardinal/internal/credential"
	"cardinal/internal/store"
)

// Fields are what is wanted of a user; nil leaves a field as it is.
type Fields struct {
	FullName   *string
	Email      *string
	Department *string
	Notes      *string
	Role       *cardinal.Role
	Disabled   *bool
	Password   cardinal.Password // zero: leave; otherwise a one-time password, to be changed at the next sign-in
	// RemovePassword takes the password away, so that nobody signs in to the web interface with it.
	RemovePassword bool
	Credentials    credential.Change
	// Unread is what is wrong with fields that the edge could not even read: it is
	// refused together with whatever else is wrong.
	Unread []cardinal.Violation

	hash auth.Hash // of Password
}

// Where users come from.
const (
	SourceManual = "manual"
	SourceAPI    = "api"
	SourceImport = "import"
)

// Sources returns all of them.
func Sources() []string { return []string{SourceManual, SourceAPI, SourceImport} }

// sourceOf tells where a user comes from whom this caller makes.
func sourceOf(caller cardinal.Caller) string {
	if caller.Kind == cardinal.CallerToken {
		return SourceAPI
	}
	return SourceManual
}

// Prepared returns the fields with the password hashed, which takes too long for
// a transaction. CreateIn and UpdateIn want prepared fields.
func (s *Service) Prepared(ctx context.Context, f Fields) (Fields, error) {
	if f.Password.IsZero() || utf8.RuneCountInString(f.Password.Reveal()) > auth.PasswordMaxLength {
		return f, nil
	}
	var err error
	f.hash, err = s.passwords.Hash(ctx, f.Password)
	return f, err
}

// CreateUser makes a user with all that the fields want, or with an error
// nothing at all. Every violation comes at once.
func (s *Service) CreateUser(ctx context.Context, caller cardinal.Caller, username string, f Fields) (UserView, error) {
	if err := caller.Require(cardinal.PermWriteUsers); err != nil {
		return UserView{}, err
	}
	username = norm.NFC.String(username)
	return s.change(ctx, caller, f, func(tx *store.Tx, by credential.Acting, f Fields) (cardinal.User, error, error) {
		var user cardinal.User
		refused, err := s.door.Attempt(ctx, tx, by, cardinal.User{Customer: caller.Customer, Username: username}, func() (err error) {
			user, err = s.CreateIn(ctx, tx, by, NewUser{username, sourceOf(caller), f})
			return err
		})
		return user, refused, err
	})
}

// UpdateUser changes the user of that name, whole or not at all. Revision is the
// one the caller saw; if it is given and somebody saved in between, the error is
// of CodeStale.
func (s *Service) UpdateUser(ctx context.Context, caller cardinal.Caller, username string, revision int64, f Fields) (UserView, error) {
	if err := caller.Require(cardinal.PermWriteUsers); err != nil {
		return UserView{}, err
	}
	return s.change(ctx, caller, f, func(tx *store.Tx, by credential.Acting, f Fields) (cardinal.User, error, error) {
		user, err := tx.LockUserByName(ctx, caller.Customer, username)
		if err != nil {
			return user, nil, err
		}
		if err := fresh(revision, user.Revision); err != nil {
			return user, nil, err
		}
		refused, err := s.door.Attempt(ctx, tx, by, user, func() error {
			_, err := s.UpdateIn(ctx, tx, by, user, f)
			return err
		})
		return user, refused, err
	})
}

func fresh(seen, present int64) error {
	if seen != 0 && seen != present {
		return cardinal.Errorf(cardinal.CodeStale, "Somebody else has saved this in between. Load it again and repeat your change.")
	}
	return nil
}

type changeUser func(*store.Tx, credential.Acting, Fields) (user cardinal.User, refused, err error)

// change hashes the password first, then runs do in a transaction and reads what
// has become of the user.
func (s *Service) change(ctx context.Context, caller cardinal.Caller, f Fields, do changeUser) (UserView, error) {
	f, err := s.Prepared(ctx, f)
	if err != nil {
		return UserView{}, err
	}
	var view UserView
	var refused error
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		by, err := Acting(ctx, tx, caller)
		if err != nil {
			return err
		}
		var user cardinal.User
		if user, refused, err = do(tx, by, f); err != nil || refused != nil {
			return err
		}
		if user, err = tx.User(ctx, caller.Customer, user.ID); err != nil {
			return err
		}
		view, err = s.view(ctx, tx, by, user)
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return UserView{}, err
	}
	return view, nil
}

// NewUser is a user to be made.
type NewUser struct {
	Username string
	Source   string
	Fields   Fields // prepared
}

// CreateIn makes a user in the caller's transaction, inside an Attempt of the
// door: with an error, what it wrote must be undone.
func (s *Service) CreateIn(ctx context.Context, tx *store.Tx, by credential.Acting, n NewUser) (cardinal.User, error) {
	if err := by.Caller.Require(cardinal.PermWriteUsers); err != nil {
		return cardinal.User{}, err
	}
	user := cardinal.User{
		ID: cardinal.UserID(tx.NewID()), Customer: by.Caller.Customer, Username: n.Username, Role: cardinal.RoleUser,
		Source: n.Source, CreatedAt: tx.Now(), UpdatedAt: tx.Now(), Revision: 1,
	}
	var refused problems
	refused.add(cardinal.CheckUsername(n.Username))
	next := n.Fields.applied(user)
	refused.addAll(n.Fields.check(next))
	refused.add(mayGrant(by.Caller, user.Role, next.Role))
	if refused.is("username") {
		refused.addAll(s.door.Foresee(by, next, n.Fields.Credentials))
		return user, refused.err()
	}
	row := next
	if len(refused.violations) > 0 {
		// It will be undone, and what no database takes must not hide what else is wrong.
		row = user
	}
	if err := tx.AddUser(ctx, row); err != nil {
		if cardinal.CodeOf(err) != cardinal.CodeConflict {
			return user, err
		}
		refused.add(err)
		refused.addAll(s.door.Foresee(by, next, n.Fields.Credentials))
		return user, refused.err()
	}
	tx.QueueEvent(cardinal.Event{Customer: next.Customer, Type: cardinal.EventUserCreated, User: next.ID})
	if err := audit.Record(tx, by.Caller, audit.Entry{Action: "user.created", Subject: "user " + user.Username, After: created(next)}); err != nil {
		return user, err
	}
	if err := s.credentials(ctx, tx, by, next, n.Fields, &refused); err != nil {
		return user, err
	}
	return next, refused.err()
}

// UpdateIn changes a user who is locked in the caller's transaction, inside an
// Attempt of the door, and reports whether anything was changed.
func (s *Service) UpdateIn(ctx context.Context, tx *store.Tx, by credential.Acting, user cardinal.User, f Fields) (bool, error) {
	if err := by.Caller.Require(cardinal.PermWriteUsers); err != nil {
		return false, err
	}
	var refused problems
	next := f.applied(user)
	_, after := difference(user, next)
	refused.addAll(f.check(next))
	refused.add(mayGrant(by.Caller, user.Role, next.Role))
	if len(after) > 0 || !f.Password.IsZero() || f.RemovePassword {
		refused.add(mayTouch(by.Caller, user))
	}
	if err := s.keepAnAdministrator(ctx, tx, user, next); err != nil {
		return false, err
	}
	if len(after) > 0 && len(refused.violations) == 0 {
		if err := s.writeFields(ctx, tx, by, user, next); err != nil {
			return false, err
		}
	}
	changed, err := s.door.Apply(ctx, tx, by, next, f.Credentials)
	if err := refused.door(err); err != nil {
		return false, err
	}
	passworded, err := s.setPassword(ctx, tx, by, next, f, &refused)
	if err != nil {
		return false, err
	}
	return changed || passworded || len(after) > 0, refused.err()
}

// writeFields writes the fields that differ. Who was given another role, or was
// disabled, has to sign in again.
func (s *Service) writeFields(ctx context.Context, tx *store.Tx, by credential.Acting, user, next cardinal.User) error {
	if err := tx.UpdateUser(ctx, next); err != nil {
		return err
	}
	before, after := difference(user, next)
	tx.QueueEvent(cardinal.Event{Customer: next.Customer, Type: cardinal.EventUserUpdated, User: next.ID})
	if next.Disabled && !user.Disabled {
		tx.QueueEvent(cardinal.Event{Customer: next.Customer, Type: cardinal.EventUserDisabled, User: next.ID})
	}
	entry := audit.Entry{Action: "user.updated", Subject: "user " + user.Username, Before: before, After: after}
	if err := audit.Record(tx, by.Caller, entry); err != nil {
		return err
	}
	if next.Role == user.Role && !next.Disabled {
		return nil
	}
	return tx.EndSessionsOf(ctx, user, "")
}

// credentials gives a new user what comes with them, and a number where the
// setting wants every new user to have one.
func (s *Service) credentials(ctx context.Context, tx *store.Tx, by credential.Acting, user cardinal.User, f Fields, refused *problems) error {
	err := s.door.ApplyToNew(ctx, tx, by, user, f.Credentials)
	if err := refused.door(err); err != nil {
		return err
	}
	if _, err := s.setPassword(ctx, tx, by, user, f, refused); err != nil {
		return err
	}
	return s.door.GenerateForNew(ctx, tx, by, user)
}

func (s *Service) setPassword(ctx context.Context, tx *store.Tx, by credential.Acting, user cardinal.User, f Fields, refused *problems) (bool, error) {
	if f.Password.IsZero() {
		return s.removePassword(ctx, tx, by, user, f)
	}
	if violations := auth.CheckPassword(f.Password, user.Username); len(violations) > 0 {
		refused.addAll(violations)
		return false, nil
	}
	if err := tx.SetPassword(ctx, user, string(f.hash), true); err != nil {
		return false, err
	}
	if err := tx.EndSessionsOf(ctx, user, ""); err != nil {
		return false, err
	}
	return true, record(tx, by.Caller, "password.set", "user "+user.Username)
}

func (s *Service) removePassword(ctx context.Context, tx *store.Tx, by credential.Acting, user cardinal.User, f Fields) (bool, error) {
	if !f.RemovePassword || !user.HasPassword {
		return false, nil
	}
	if err := tx.SetPassword(ctx, user, "", false); err != nil {
		return false, err
	}
	if err := tx.EndSessionsOf(ctx, user, ""); err != nil {
		return false, err
	}
	return true, record(tx, by.Caller, "password.removed", "user "+user.Username)
}

// DeleteUser removes the user of that name with their PIN and numbers.
func (s *Service) DeleteUser(ctx context.Context, caller cardinal.Caller, username string, revision int64) error {
	if err := caller.Require(cardinal.PermWriteUsers); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		user, err := tx.LockUserByName(ctx, caller.Customer, username)
		if err != nil {
			return err
		}
		if err := fresh(revision, user.Revision); err != nil {
			return err
		}
		if err := mayTouch(caller, user); err != nil {
			return err
		}
		gone := user
		gone.Role = cardinal.RoleUser
		if err := s.keepAnAdministrator(ctx, tx, user, gone); err != nil {
			return err
		}
		if err := tx.DeleteUser(ctx, user); err != nil {
			return err
		}
		return audit.Record(tx, caller, audit.Entry{Action: "user.deleted", Subject: "user " + user.Username, Before: created(user)})
	})
}

func (f Fields) applied(u cardinal.User) cardinal.User {
	set(&u.FullName, f.FullName)
	set(&u.Email, f.Email)
	set(&u.Department, f.Department)
	set(&u.Notes, f.Notes)
	set(&u.Role, f.Role)
	set(&u.Disabled, f.Disabled)
	return u
}

func set[T any](field *T, wanted *T) {
	if wanted != nil {
		*field = *wanted
	}
}

func (f Fields) check(next cardinal.User) []cardinal.Violation {
	var refused problems
	for _, text := range []struct{ field, value string }{{"fullName", next.FullName}, {"department", next.Department}} {
		if utf8.RuneCountInString(text.value) > cardinal.FieldMaxLength || !cardinal.CleanText(text.value) {
			refused.add(cardinal.Invalid(text.field, "This is a text of one line with 255 characters at most."))
		}
	}
	if utf8.RuneCountInString(next.Notes) > cardinal.NotesMaxLength || !cleanLines(next.Notes) {
		refused.add(cardinal.Invalid("notes", "Notes have 2,000 characters at most and no control characters."))
	}
	if f.Email != nil {
		refused.add(cardinal.CheckEmail(next.Email))
	}
	if !next.Role.Valid() || next.Role == cardinal.RoleProvisioner {
		refused.add(cardinal.Invalid("role", "The role of a person is user, auditor, helpdesk, administrator or operator."))
	}
	return append(refused.violations, f.Unread...)
}

func cleanLines(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
	}) < 0
}

func created(u cardinal.User) audit.Fields {
	empty := cardinal.User{Role: cardinal.RoleUser}
	_, after := difference(empty, u)
	return after
}

// difference returns the fields of a user that differ, before and after.
func difference(from, to cardinal.User) (before, after audit.Fields) {
	before, after = audit.Fields{}, audit.Fields{}
	for _, f := range []struct {
		name     string
		from, to any
	}{
		{"fullName", from.FullName, to.FullName}, {"email", from.Email, to.Email}, {"department", from.Department, to.Department},
		{"notes", from.Notes, to.Notes}, {"role", from.Role, to.Role}, {"disabled", from.Disabled, to.Disabled},
	} {
		if f.from != f.to {
			before[f.name], after[f.name] = f.from, f.to
		}
	}
	return before, after
}

// SetPassword gives the user of that name a password of their own, one that need
// not be changed at the next sign-in: for whoever runs the program, at the console.
func (s *Service) SetPassword(ctx context.Context, caller cardinal.Caller, username string, password cardinal.Password) error {
	if caller.Kind != cardinal.CallerConsole {
		return cardinal.Errorf(cardinal.CodeForbidden, "This is for the console alone. Set a one-time password instead.")
	}
	if violations := auth.CheckPassword(password, username); len(violations) > 0 {
		return &cardinal.Error{Code: cardinal.CodeInvalid, Detail: violations[0].Message, Violations: violations}
	}
	hash, err := s.passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		user, err := tx.LockUserByName(ctx, caller.Customer, username)
		if err != nil {
			return err
		}
		if err := tx.SetPassword(ctx, user, string(hash), false); err != nil {
			return err
		}
		if err := tx.EndSessionsOf(ctx, user, ""); err != nil {
			return err
		}
		return record(tx, caller, "password.set", "user "+user.Username)
	})
}
