package wayback

import (
	"context"
	"fmt"
	"time"

	"cardinal"
	"cardinal/internal/auth"
	"cardinal/internal/store"
)

// Who is how people name themselves who cannot get in: by their username or
// e-mail address and, where there are several customers, the customer's name.
type Who struct {
	Customer string
	Name     string
}

// Ask sends a link of the kind to whom the name belongs. The answer is the same,
// and takes as long, whether or not there is such a user and whether or not they
// were sent three links in this hour already; an address that asks more than 20
// times an hour is told so with CodeRateLimited.
func (s *Service) Ask(ctx context.Context, kind Kind, who Who, from auth.Origin) error {
	answer := time.NewTimer(s.answerAfter)
	defer answer.Stop()
	err := s.ask(ctx, kind, who, from)
	select {
	case <-answer.C:
	case <-ctx.Done():
		return fmt.Errorf("ask for a link: %w", ctx.Err())
	}
	return err
}

func (s *Service) ask(ctx context.Context, kind Kind, who Who, from auth.Origin) error {
	var refused error
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		refused = nil
		customer, known, err := organisation(ctx, tx, who.Customer)
		if err != nil || customer == "" {
			return err
		}
		since := tx.Now().Add(-Hour)
		may, err := tx.AskForWay(ctx, customer, "links to "+auth.AddressSubject(from.Address), perAddress, since)
		if err != nil {
			return err
		}
		if !may {
			refused = tooMany()
			return nil
		}
		var user cardinal.User
		if known {
			if user, err = find(ctx, tx, customer, who.Name); err != nil {
				return err
			}
		}
		may, err = tx.AskForWay(ctx, customer, s.subject(customer, user, who), perName, since)
		if err != nil || !may || !kind.suits(user) {
			return err
		}
		v, err := values(ctx, tx, customer)
		if err != nil || !kind.offers(v) {
			return err
		}
		nobody := cardinal.Caller{Kind: cardinal.CallerAnonymous, Customer: customer, Address: from.Address, RequestID: from.RequestID}
		return s.send(ctx, tx, by{nobody, v}, user, kind.way())
	})
	if err != nil {
		return err
	}
	return refused
}

func tooMany() error {
	e := cardinal.Errorf(cardinal.CodeRateLimited, "Too many links were asked for from here. Try again in an hour, or ask your help desk.")
	e.RetryAfter = Hour
	return e
}

// subject names whom links are counted for: a user, whichever of their names was
// typed, or else the name.
func (s *Service) subject(c cardinal.CustomerID, user cardinal.User, who Who) string {
	if user.ID != "" {
		return "links to user " + string(user.ID)
	}
	return "links to web " + s.ring.AttemptTag(c, "links", store.Fold(who.Customer)+"\n"+store.Fold(who.Name))
}

// organisation finds whom somebody asks. Where there is none of that name, or
// several and none is named, what is asked counts with the oldest one.
func organisation(ctx context.Context, tx *store.Tx, name string) (c cardinal.CustomerID, known bool, err error) {
	customers, err := tx.Customers(ctx, "", 2)
	if err != nil || len(customers) == 0 {
		return "", false, err
	}
	if name == "" {
		return customers[0].ID, len(customers) == 1, nil
	}
	if !cardinal.CleanText(name) {
		return customers[0].ID, false, nil // no database takes it as a text
	}
	named, err := tx.CustomerByName(ctx, name)
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return customers[0].ID, false, nil
	}
	return named.ID, err == nil, err
}

// find returns the user of that username or, if there is none, the only one with
// that e-mail address; the zero User if there is neither.
func find(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, name string) (cardinal.User, error) {
	if name == "" || !cardinal.CleanText(name) {
		return cardinal.User{}, nil
	}
	user, err := tx.UserByName(ctx, c, name)
	if err == nil || cardinal.CodeOf(err) != cardinal.CodeNotFound {
		return user, err
	}
	sharing, err := tx.UsersByEmail(ctx, c, name, 2)
	if err != nil || len(sharing) != 1 {
		return cardinal.User{}, err
	}
	return sharing[0], nil
}
