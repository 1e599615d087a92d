package account

import (
	"context"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/store"
)

// CustomerView is a customer with how much of what it has.
type CustomerView struct {
	cardinal.Customer
	Users          int // all people, administrators too
	Administrators int // people whose role is more than user
	Devices        int
	Tokens         int // API tokens
}

// Customer returns one customer with its figures; an operator may.
func (s *Service) Customer(ctx context.Context, caller cardinal.Caller, id cardinal.CustomerID) (CustomerView, error) {
	return read(ctx, s, caller, cardinal.PermCustomers, func(tx *store.Tx) (CustomerView, error) {
		customer, err := tx.Customer(ctx, id)
		if err != nil {
			return CustomerView{}, err
		}
		return customerView(ctx, tx, customer)
	})
}

// CustomerViews is Customers with the figures of each.
func (s *Service) CustomerViews(ctx context.Context, caller cardinal.Caller, after cardinal.CustomerID, most int) ([]CustomerView, error) {
	return read(ctx, s, caller, cardinal.PermCustomers, func(tx *store.Tx) ([]CustomerView, error) {
		customers, err := tx.Customers(ctx, after, most)
		if err != nil {
			return nil, err
		}
		views := make([]CustomerView, len(customers))
		for i, customer := range customers {
			if views[i], err = customerView(ctx, tx, customer); err != nil {
				return nil, err
			}
		}
		return views, nil
	})
}

func customerView(ctx context.Context, tx *store.Tx, customer cardinal.Customer) (CustomerView, error) {
	figures, err := tx.CustomerFigures(ctx, customer.ID)
	return CustomerView{customer, figures.Users, figures.Above, figures.Devices, figures.Tokens}, err
}

// DeleteCustomer removes a customer with everything that it has; an operator may,
// but not their own. From then on nobody of it signs in anywhere and its name is
// free; its rows go in the background, see EraseDeleted. The caller's own
// customer keeps the audit entry, for the other's audit log goes too.
func (s *Service) DeleteCustomer(ctx context.Context, caller cardinal.Caller, id cardinal.CustomerID) error {
	if err := caller.Require(cardinal.PermCustomers); err != nil {
		return err
	}
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		if err := lockCustomers(ctx, tx, caller.Customer, id); err != nil {
			return err
		}
		customer, err := tx.Customer(ctx, id)
		if err != nil {
			return err
		}
		if id == caller.Customer {
			return cardinal.Errorf(cardinal.CodeConflict, "This is the organisation you belong to. An operator of another one can delete it.")
		}
		// Two organisations whose operators delete one another would both be gone.
		if _, err := tx.Customer(ctx, caller.Customer); err != nil {
			return err
		}
		view, err := customerView(ctx, tx, customer)
		if err != nil {
			return err
		}
		if err := tx.DeleteCustomer(ctx, id); err != nil {
			return err
		}
		return audit.Record(tx, caller, audit.Entry{
			Action: "customer.deleted", Subject: "customer " + customer.Name, Before: audit.Fields{"users": view.Users, "devices": view.Devices},
		})
	})
	if err == nil {
		s.wakeEraser()
	}
	return err
}

// lockCustomers locks two customers in one order.
func lockCustomers(ctx context.Context, tx *store.Tx, a, b cardinal.CustomerID) error {
	for _, id := range []cardinal.CustomerID{min(a, b), max(a, b)} {
		if err := tx.LockSettings(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// Deleted tells whoever erases that a customer was deleted.
func (s *Service) Deleted() <-chan struct{} { return s.deleted }

func (s *Service) wakeEraser() {
	select {
	case s.deleted <- struct{}{}:
	default: // told already
	}
}

// EraseDeleted removes what is left of deleted customers, a few hundred rows a
// transaction, so that nobody else waits long. It may be broken off and called
// again, also on several nodes.
func (s *Service) EraseDeleted(ctx context.Context) error {
	const atOnce = 500
	var gone []cardinal.CustomerID
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		gone, err = tx.DeletedCustomers(ctx)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range gone {
		for more := true; more; {
			err := s.store.Write(ctx, func(tx *store.Tx) (err error) {
				more, err = tx.EraseSome(ctx, id, atOnce)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
