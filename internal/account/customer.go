package account

import (
	"context"
	"encoding/json"

	"golang.org/x/text/unicode/norm"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/auth"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// NewCustomer is a customer to be made, with its first administrator if a
// username is given.
type NewCustomer struct {
	Name     string
	Admin    string            // username
	Password cardinal.Password // the administrator's own, or a one-time one
	OneTime  bool              // the password must be changed at the first sign-in

	adminRole cardinal.Role
}

// Install makes the first customer, whose administrator is operator too. On an
// installation that has one already it is CodeConflict.
func (s *Service) Install(ctx context.Context, n NewCustomer) (cardinal.Customer, error) {
	n.adminRole = cardinal.RoleOperator
	return s.createCustomer(ctx, cardinal.Caller{Kind: cardinal.CallerConsole, Role: cardinal.RoleOperator, Name: "console"}, n, func(tx *store.Tx) error {
		customers, err := tx.Customers(ctx, "", 1)
		if err == nil && len(customers) > 0 {
			err = cardinal.Errorf(cardinal.CodeConflict, "This installation has an organisation already. An operator can add more.")
		}
		return err
	})
}

// CreateCustomer adds a customer; an operator may. Its administrator is not an
// operator.
func (s *Service) CreateCustomer(ctx context.Context, caller cardinal.Caller, n NewCustomer) (cardinal.Customer, error) {
	if err := caller.Require(cardinal.PermCustomers); err != nil {
		return cardinal.Customer{}, err
	}
	n.adminRole = cardinal.RoleAdministrator
	return s.createCustomer(ctx, caller, n, func(*store.Tx) error { return nil })
}

func (s *Service) createCustomer(ctx context.Context, caller cardinal.Caller, n NewCustomer, allowed func(*store.Tx) error) (cardinal.Customer, error) {
	n.Name, n.Admin = norm.NFC.String(n.Name), norm.NFC.String(n.Admin)
	name, hash, err := s.checkCustomer(ctx, n)
	if err != nil {
		return cardinal.Customer{}, err
	}
	var made cardinal.Customer
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		if err := allowed(tx); err != nil {
			return err
		}
		made = cardinal.Customer{ID: cardinal.CustomerID(tx.NewID()), Name: n.Name, CreatedAt: tx.Now()}
		if err := tx.AddCustomer(ctx, made); err != nil {
			return err
		}
		if err := tx.PutSetting(ctx, made.ID, setting.CustomerName.Key, name); err != nil {
			return err
		}
		// The new customer's own chain begins with its making; the caller's notes it too.
		within := caller
		within.Customer = made.ID
		if err := audit.Record(tx, within, audit.Entry{Action: "customer.created", Subject: "customer " + n.Name}); err != nil {
			return err
		}
		if caller.Customer != "" {
			if err := audit.Record(tx, caller, audit.Entry{Action: "customer.created", Subject: "customer " + n.Name}); err != nil {
				return err
			}
		}
		if n.Admin == "" {
			return nil
		}
		return addAdministrator(ctx, tx, within, cardinal.User{Username: n.Admin, Role: n.adminRole, PasswordMustChange: n.OneTime}, hash)
	})
	return made, err
}

// checkCustomer returns the name as a setting's value and the password's hash.
func (s *Service) checkCustomer(ctx context.Context, n NewCustomer) (string, auth.Hash, error) {
	var refused problems
	name, err := setting.CustomerName.Check(jsonText(n.Name))
	if err != nil || !cardinal.CleanText(n.Name) {
		refused.add(cardinal.Invalid("name", "The name of the organisation has 1 to 100 characters on one line."))
	}
	if n.Admin == "" {
		return name, "", refused.err()
	}
	refused.add(cardinal.CheckUsername(n.Admin))
	refused.addAll(auth.CheckPassword(n.Password, n.Admin))
	if err := refused.err(); err != nil {
		return "", "", err
	}
	hash, err := s.passwords.Hash(ctx, n.Password)
	return name, hash, err
}

func addAdministrator(ctx context.Context, tx *store.Tx, caller cardinal.Caller, user cardinal.User, hash auth.Hash) error {
	user.ID, user.Customer, user.Source = cardinal.UserID(tx.NewID()), caller.Customer, SourceManual
	if err := tx.AddUser(ctx, user); err != nil {
		return err
	}
	if err := tx.SetPassword(ctx, user, string(hash), user.PasswordMustChange); err != nil {
		return err
	}
	tx.QueueEvent(cardinal.Event{Customer: user.Customer, Type: cardinal.EventUserCreated, User: user.ID})
	return audit.Record(tx, caller, audit.Entry{Action: "user.created", Subject: "user " + user.Username, After: audit.Fields{"role": user.Role}})
}

func jsonText(value string) string {
	text, _ := json.Marshal(value) // a string always encodes
	return string(text)
}

// Customers lists at most so many customers after the given one, oldest first.
func (s *Service) Customers(ctx context.Context, caller cardinal.Caller, after cardinal.CustomerID, most int) ([]cardinal.Customer, error) {
	return read(ctx, s, caller, cardinal.PermCustomers, func(tx *store.Tx) ([]cardinal.Customer, error) {
		return tx.Customers(ctx, after, most)
	})
}

// CustomerNamed returns the customer of that name, or with an empty name the
// only one there is. It asks for no permission: it is for finding the customer
// that the command line acts for, and the error of an ambiguous name says so.
func (s *Service) CustomerNamed(ctx context.Context, name string) (cardinal.Customer, error) {
	var found cardinal.Customer
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if name != "" {
			found, err = tx.CustomerByName(ctx, name)
			return err
		}
		customers, err := tx.Customers(ctx, "", 2)
		switch {
		case err != nil:
			return err
		case len(customers) == 0:
			return cardinal.Errorf(cardinal.CodeNotFound, "There is no organisation yet. Make one with: cardinal init")
		case len(customers) > 1:
			return cardinal.Errorf(cardinal.CodeInvalid, "There are several organisations. Name one with --customer.")
		}
		found = customers[0]
		return nil
	})
	return found, err
}
