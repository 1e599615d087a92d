package directory

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/credential"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// rehearsal is what a dry run writes to: a database of its own, thrown away at
// the end, into which users are copied as the file comes to them, with all that
// a line could depend on. So a dry run is a run, sees what its earlier lines did
// and needs no transaction that others would wait for; the real database is only
// read. What it costs grows with the file and not with the customer.
type rehearsal struct {
	directory string
	store     *store.Store
	// administrators tells that all who have a role that must not die out are copied.
	administrators bool
}

func (s *Service) rehearse(ctx context.Context, caller cardinal.Caller) (*rehearsal, error) {
	directory, err := os.MkdirTemp("", "cardinal-dry-run-*")
	if err != nil {
		return nil, fmt.Errorf("make room for a dry run: %w", err)
	}
	r := &rehearsal{directory: directory}
	r.store, err = store.Open(ctx, store.Options{
		URL: filepath.Join(directory, "people.db"), Clock: s.store.Now,
		Chain: func(context.Context, *store.Tx, cardinal.CustomerID, []cardinal.AuditEntry) error { return nil },
	})
	if err == nil {
		err = r.store.Write(ctx, func(tx *store.Tx) error {
			return tx.AddCustomer(ctx, cardinal.Customer{ID: caller.Customer, Name: "dry run", CreatedAt: tx.Now()})
		})
	}
	if err != nil {
		return nil, errors.Join(err, r.end())
	}
	return r, nil
}

// end throws the database away.
func (r *rehearsal) end() error {
	var err error
	if r.store != nil {
		err = r.store.Close()
	}
	return errors.Join(err, os.RemoveAll(r.directory))
}

// writeRehearsal does in the rehearsal what write does, and puts on record how
// far the dry run is if it is kept.
func (im *importer) writeRehearsal(ctx context.Context, lines []line, next *store.ImportRun) (*batch, error) {
	var b *batch
	var moved store.ImportRun
	err := im.store.Read(ctx, func(from *store.Tx) error {
		by, err := account.Acting(ctx, from, im.caller)
		if err != nil {
			return err
		}
		return im.rehearsal.store.Write(ctx, func(tx *store.Tx) error {
			moved = *next
			b = im.batch(tx, by)
			c := copier{im.Service, im.rehearsal, from, tx, by}
			for _, l := range lines {
				if err := c.bring(ctx, l); err != nil {
					return err
				}
			}
			if moved.State, err = im.cancelled(ctx, from, moved.State); err != nil {
				return err
			}
			return b.takeSome(ctx, lines, &moved)
		})
	})
	if err != nil {
		return b, err
	}
	*next = moved
	return b, im.keepRehearsal(ctx, b, next)
}

// keepRehearsal writes what a dry run leaves behind: its report if it is kept,
// and how often it told about live PINs. Without the latter anybody could try
// out PINs by dry runs, as often as they like.
func (im *importer) keepRehearsal(ctx context.Context, b *batch, next *store.ImportRun) error {
	if !im.kept && len(b.told) == 0 {
		return nil
	}
	return im.store.Write(ctx, func(tx *store.Tx) error {
		for _, t := range b.told {
			if err := im.door.CountProbe(ctx, tx, b.by, t.user, t.refused); err != nil {
				return err
			}
		}
		return im.keep(ctx, tx, b, next)
	})
}

// copier brings users from the real database into the rehearsal.
type copier struct {
	*Service
	*rehearsal
	from, to *store.Tx
	by       credential.Acting
}

// bring copies whom a line is about and who has what the line wants, unless they
// are there already: then they are as earlier lines have left them.
func (c *copier) bring(ctx context.Context, l line) error {
	if l.Malformed() {
		return nil
	}
	customer := c.by.Caller.Customer
	user, err := c.from.UserByName(ctx, customer, l.Username)
	user.Customer = customer
	if err := c.bringFound(ctx, user, err); err != nil {
		return err
	}
	for _, change := range l.fields.Credentials.Numbers {
		if change.Number.IsZero() {
			continue
		}
		found, err := c.door.FindNumber(ctx, c.from, customer, change.Number)
		if err := c.bringOwner(ctx, found.User, err); err != nil {
			return err
		}
	}
	pin := l.fields.Credentials.PIN
	if pin.IsZero() {
		return nil
	}
	if err := c.door.CopyProbes(ctx, c.from, c.to, c.by, user); err != nil {
		return err
	}
	if !setting.PINIdentifiesUser.In(c.by.Settings) {
		return nil
	}
	found, err := c.door.FindPIN(ctx, c.from, customer, pin)
	return c.bringOwner(ctx, found.User, err)
}

func (c *copier) bringOwner(ctx context.Context, id cardinal.UserID, err error) error {
	if err != nil {
		return unlessNotFound(err)
	}
	user, err := c.from.User(ctx, c.by.Caller.Customer, id)
	return c.bringFound(ctx, user, err)
}

func unlessNotFound(err error) error {
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return nil
	}
	return err
}

// bringFound copies a user who was found, and with an administrator all of them:
// the last one must stay.
func (c *copier) bringFound(ctx context.Context, user cardinal.User, err error) error {
	if err != nil {
		return unlessNotFound(err)
	}
	if err := c.copyUser(ctx, user); err != nil {
		return err
	}
	if c.administrators || user.Role != cardinal.RoleAdministrator && user.Role != cardinal.RoleOperator {
		return nil
	}
	for _, role := range []cardinal.Role{cardinal.RoleAdministrator, cardinal.RoleOperator} {
		users, err := c.from.UsersOfRole(ctx, user.Customer, role)
		if err != nil {
			return err
		}
		for _, user := range users {
			if err := c.copyUser(ctx, user); err != nil {
				return err
			}
		}
	}
	c.administrators = true
	return nil
}

func (c *copier) copyUser(ctx context.Context, user cardinal.User) error {
	if _, err := c.to.User(ctx, user.Customer, user.ID); cardinal.CodeOf(err) != cardinal.CodeNotFound {
		return err
	}
	if err := c.to.AddUser(ctx, user); err != nil {
		if cardinal.CodeOf(err) == cardinal.CodeConflict {
			return nil // an earlier line has made a user whom somebody else has just made, too
		}
		return err
	}
	if user.HasPassword {
		// That there is one is all that a line can depend on.
		if err := c.to.SetPassword(ctx, user, "set", user.PasswordMustChange); err != nil {
			return err
		}
	}
	if err := c.copyNumbers(ctx, user); err != nil {
		return err
	}
	return c.copyPINs(ctx, user)
}

func (c *copier) copyNumbers(ctx context.Context, user cardinal.User) error {
	numbers, err := c.from.Numbers(ctx, user.ID)
	for _, n := range numbers {
		if _, err := c.to.AddNumber(ctx, user.Customer, n); err != nil {
			return err
		}
	}
	return err
}

func (c *copier) copyPINs(ctx context.Context, user cardinal.User) error {
	history, err := c.from.PINHistory(ctx, user.ID, credential.HistoryKept)
	if err != nil {
		return err
	}
	for _, old := range slices.Backward(history) {
		if err := c.to.AddPINHistory(ctx, user.ID, cardinal.PINID(c.to.NewID()), old, credential.HistoryKept); err != nil {
			return err
		}
	}
	pin, err := c.from.PIN(ctx, user.ID)
	if err != nil {
		return unlessNotFound(err)
	}
	_, err = c.to.AddPIN(ctx, user.Customer, pin)
	return err
}
