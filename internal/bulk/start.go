package bulk

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/credential"
	"cardinal/internal/store"
	"cardinal/internal/wayback"
)

// Request is what is wanted.
type Request struct {
	Kind      Kind
	Selection Selection
	Expires   time.Time // of ExpirePINs: from then on the PINs sign nobody in
	// Confirmed is how many users whoever asked was told it is about; another
	// number of them is refused with CodeStale. 0 asks for no comparison.
	Confirmed int
}

// allowed checks all but the users.
func (r Request) allowed(caller cardinal.Caller) error {
	if r.Kind.Permission() == "" {
		return cardinal.Invalid("action", "There is no such action.")
	}
	return caller.Require(r.Kind.Permission())
}

// possible is allowed, and that e-mail can leave where the kind sends some.
func (s *Service) possible(ctx context.Context, caller cardinal.Caller, r Request) error {
	if err := r.allowed(caller); err != nil || r.Kind != MailPINs && r.Kind != Invite {
		return err
	}
	v, err := s.accounts.Values(ctx, caller)
	switch {
	case err != nil:
		return err
	case r.Kind == Invite:
		return wayback.CanSend(v)
	}
	return credential.CanMail(v)
}

// NewID makes the ID for a run that is about to be confirmed. Starting twice
// under one ID starts one run.
func (s *Service) NewID(ctx context.Context) (cardinal.BulkID, error) {
	var id cardinal.BulkID
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		id = cardinal.BulkID(tx.NewID())
		return nil
	})
	return id, err
}

func validID(id cardinal.BulkID) bool {
	return len(id) == 26 && strings.Trim(string(id), "0123456789abcdefghijklmnopqrstuv") == ""
}

// Start fixes the work list, puts the run on record and lets it begin; it goes
// on when ctx ends. If the caller has started a run of that ID before, nothing
// is done. CodeStale says that the selection is no longer what was confirmed,
// CodeInvalid that nobody is selected or the instant has passed, CodeConflict that
// e-mail cannot leave.
func (s *Service) Start(ctx context.Context, caller cardinal.Caller, id cardinal.BulkID, r Request) error {
	if err := s.possible(ctx, caller, r); err != nil {
		return err
	}
	if !validID(id) {
		return cardinal.Errorf(cardinal.CodeMalformed, "The form could not be read. Go back and send it again.")
	}
	// Before the users are looked for: the first press may have changed who is found.
	if started, err := s.startedBefore(ctx, caller, id); err != nil || started {
		return err
	}
	if r.Kind == ExpirePINs && !r.Expires.After(s.store.Now()) {
		return cardinal.Invalid("expires", "Choose a day that is not over yet.")
	}
	users, err := s.workList(ctx, caller, r)
	if err != nil {
		return err
	}
	if err := s.put(ctx, caller, id, r, users); err != nil {
		return err
	}
	s.begin(context.WithoutCancel(ctx), caller.Customer, id)
	return nil
}

func (s *Service) startedBefore(ctx context.Context, caller cardinal.Caller, id cardinal.BulkID) (bool, error) {
	run, err := s.Run(ctx, caller, id)
	switch {
	case cardinal.CodeOf(err) == cardinal.CodeNotFound:
		return false, nil
	case err != nil:
		return false, err
	case !run.Mine:
		return false, takenID()
	}
	return true, nil
}

func takenID() error {
	return cardinal.Errorf(cardinal.CodeConflict, "Somebody else has started something with this form. Go back and begin again.")
}

func (s *Service) workList(ctx context.Context, caller cardinal.Caller, r Request) ([]store.BulkUser, error) {
	var users []store.BulkUser
	err := s.each(ctx, caller, r.Selection, func(found []cardinal.User) error {
		for _, user := range found {
			users = append(users, store.BulkUser{ID: user.ID, Username: user.Username})
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case r.Confirmed != 0 && len(users) != r.Confirmed:
		return nil, cardinal.Errorf(cardinal.CodeStale, "Meanwhile other users are selected than you were shown. Look at the number again.")
	case len(users) == 0:
		return nil, cardinal.Invalid("username", "Nobody is selected. Select users in the list first.")
	}
	return users, nil
}

// chunk is how many users stand in one part of a work list, and so the most of a batch.
const chunk = 500

// put writes the run and its work list.
func (s *Service) put(ctx context.Context, caller cardinal.Caller, id cardinal.BulkID, r Request, users []store.BulkUser) error {
	kept := parameters{Expires: r.Expires, All: r.Selection.All}
	if kept.All {
		q := r.Selection.Query
		kept.Searched = q.Text != "" || q.NumberEnd != "" || !q.Number.IsZero()
	}
	parameters, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("parameters of a bulk action: %w", err)
	}
	starter, err := json.Marshal(starterOf(caller))
	if err != nil {
		return fmt.Errorf("who starts a bulk action: %w", err)
	}
	run := store.BulkRun{
		ID: id, Customer: caller.Customer, Kind: string(r.Kind), Parameters: string(parameters), Actor: caller.Actor(), Starter: string(starter), Total: len(users),
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		added, err := tx.AddBulkRun(ctx, run)
		if err != nil {
			return err
		}
		if !added {
			return s.mustBeTheirs(ctx, tx, caller, id)
		}
		for first := 0; first < len(users); first += chunk {
			if err := tx.AddBulkUsers(ctx, id, first, users[first:min(first+chunk, len(users))]); err != nil {
				return err
			}
		}
		after := audit.Fields{"action": run.Kind, "users": run.Total}
		if r.Kind == ExpirePINs {
			after["expires"] = r.Expires.UTC().Format(time.RFC3339)
		}
		return record(tx, caller, "bulk.started", id, after)
	})
}

// mustBeTheirs tells a second press of one button from the ID of somebody else's run.
func (s *Service) mustBeTheirs(ctx context.Context, tx *store.Tx, caller cardinal.Caller, id cardinal.BulkID) error {
	run, err := tx.BulkRun(ctx, caller.Customer, id)
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return takenID()
	}
	if err != nil {
		return err
	}
	by, err := starterFrom(run)
	if err == nil && !by.is(caller) {
		err = takenID()
	}
	return err
}

func record(tx *store.Tx, caller cardinal.Caller, action string, id cardinal.BulkID, after audit.Fields) error {
	return audit.Record(tx, caller, audit.Entry{Action: action, Subject: "bulk " + string(id), After: after})
}
