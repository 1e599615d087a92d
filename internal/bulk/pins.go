package bulk

import (
	"context"
	"encoding/json"
	"fmt"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/seal"
	"cardinal/internal/store"
)

// issuedPIN is a PIN that waits to be fetched. It is marshalled only to be sealed.
type issuedPIN struct {
	User cardinal.UserID `json:"user"`
	ID   cardinal.PINID  `json:"id"`
	Text string          `json:"pin"`
}

// keepPINs seals what the batch has issued. A batch that is run again, because
// the database wanted that, has made other PINs.
func (b *batch) keepPINs(ctx context.Context, run *store.BulkRun, last int) error {
	if len(b.issued) == 0 {
		return nil
	}
	text, err := json.Marshal(b.issued)
	if err != nil {
		return fmt.Errorf("keep issued PINs: %w", err)
	}
	version, sealed := b.ring.Seal(run.Customer, seal.PurposeFieldSeal, PINsBinding(run.ID, last), text)
	clear(text)
	run.PINs, run.PINsCount = string(PINsKept), run.PINsCount+len(b.issued)
	return b.tx.AddBulkPINs(ctx, run.ID, store.BulkPINs{Last: last, Version: version, Sealed: sealed})
}

// PINsBinding says where sealed PINs stand, so that they open nowhere else.
func PINsBinding(id cardinal.BulkID, last int) []byte {
	return fmt.Appendf(nil, "bulk_pins %s %d", id, last)
}

// Issued is a PIN and whose it is.
type Issued struct {
	Username   string
	FullName   string
	Email      string
	Department string
	PIN        cardinal.PIN
}

// FetchPINs returns the PINs that a run has issued and that are still those of
// their users, by username, to whoever started the run, once: when it returns
// them they are erased. CodeConflict says that they have been fetched or erased
// or that the run is not over, CodeForbidden that somebody else started it.
func (s *Service) FetchPINs(ctx context.Context, caller cardinal.Caller, id cardinal.BulkID) ([]Issued, error) {
	if err := caller.Require(cardinal.PermWriteCredentials); err != nil {
		return nil, err
	}
	run, err := s.Run(ctx, caller, id)
	if err != nil {
		return nil, err
	}
	if err := s.fetchable(run); err != nil {
		return nil, err
	}
	// Opened before they are erased: looking up many users takes longer than a
	// transaction that writes may.
	issued, err := s.openPINs(ctx, caller.Customer, id)
	if err != nil {
		return nil, err
	}
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		row, err := tx.LockBulkRun(ctx, caller.Customer, id)
		if err != nil {
			return err
		}
		if PINs(row.PINs) != PINsKept {
			return gone()
		}
		row.PINs, row.PINsCount, row.PINsAt = string(PINsFetched), len(issued), tx.Now()
		if err := tx.MoveBulkRun(ctx, row); err != nil {
			return err
		}
		if err := tx.DeleteBulkPINs(ctx, id); err != nil {
			return err
		}
		return record(tx, caller, "bulk.pins-fetched", id, audit.Fields{"count": len(issued)})
	})
	if err != nil {
		return nil, err
	}
	return issued, nil
}

// fetchable refuses who may not fetch the PINs, or cannot any more.
func (s *Service) fetchable(run Run) error {
	switch {
	case !run.Mine:
		return cardinal.Errorf(cardinal.CodeForbidden, "Only whoever issued these PINs can download them.")
	case run.State == Running:
		return cardinal.Errorf(cardinal.CodeConflict, "PINs are still being issued. They can be downloaded when that is over.")
	case run.PINs != PINsKept, !s.store.Now().Before(run.PINsUntil()):
		return gone()
	}
	return nil
}

func gone() error {
	return cardinal.Errorf(cardinal.CodeConflict,
		"These PINs have been downloaded or erased and cannot be shown again. Issue new ones to those who need them.")
}

// openPINs opens what a run keeps and looks up whose it is, leaving out PINs
// that have been replaced, removed or have expired, and users who are gone.
func (s *Service) openPINs(ctx context.Context, customer cardinal.CustomerID, id cardinal.BulkID) ([]Issued, error) {
	var issued []Issued
	for after := 0; ; {
		more := false
		err := s.store.Read(ctx, func(tx *store.Tx) error {
			batches, err := tx.BulkPINs(ctx, id, after, 20)
			if err != nil {
				return err
			}
			for _, b := range batches {
				if issued, err = s.openBatch(ctx, tx, customer, id, b, issued); err != nil {
					return err
				}
				after, more = b.Last, true
			}
			return nil
		})
		if err != nil || !more {
			return issued, err
		}
	}
}

func (s *Service) openBatch(ctx context.Context, tx *store.Tx, customer cardinal.CustomerID, id cardinal.BulkID, b store.BulkPINs, issued []Issued) ([]Issued, error) {
	text, err := s.ring.Open(customer, seal.PurposeFieldSeal, b.Version, PINsBinding(id, b.Last), b.Sealed)
	if err != nil {
		return nil, err
	}
	var pins []issuedPIN
	if err := json.Unmarshal(text, &pins); err != nil {
		return nil, fmt.Errorf("open issued PINs of bulk action %s", id) // without the cause, which may quote them
	}
	for _, pin := range pins {
		live, err := tx.PIN(ctx, pin.User)
		if cardinal.CodeOf(err) == cardinal.CodeNotFound || err == nil && (live.ID != pin.ID || !live.Live(tx.Now())) {
			continue
		}
		if err != nil {
			return nil, err
		}
		user, err := tx.User(ctx, customer, pin.User)
		if err != nil {
			return nil, err
		}
		issued = append(issued, Issued{user.Username, user.FullName, user.Email, user.Department, cardinal.NewPIN(pin.Text)})
	}
	return issued, nil
}

// ErasePINs erases what was kept for longer than PINsKeptFor after the end of
// its run. Call it every now and then.
func (s *Service) ErasePINs(ctx context.Context) error {
	for {
		var old []store.BulkRun
		err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
			old, err = tx.BulkRunsWithPINs(ctx, tx.Now().Add(-PINsKeptFor), 100)
			return err
		})
		if err != nil || len(old) == 0 {
			return err
		}
		for _, run := range old {
			if err := s.erase(ctx, run); err != nil {
				return err
			}
		}
	}
}

func (s *Service) erase(ctx context.Context, run store.BulkRun) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		row, err := tx.LockBulkRun(ctx, run.Customer, run.ID)
		if err != nil || PINs(row.PINs) != PINsKept {
			return err
		}
		row.PINs, row.PINsAt = string(PINsErased), tx.Now()
		if err := tx.MoveBulkRun(ctx, row); err != nil {
			return err
		}
		if err := tx.DeleteBulkPINs(ctx, run.ID); err != nil {
			return err
		}
		return record(tx, cardinal.System(run.Customer), "bulk.pins-erased", run.ID, audit.Fields{"count": row.PINsCount})
	})
}
