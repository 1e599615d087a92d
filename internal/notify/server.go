package notify

import (
	"context"
	"errors"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/mail"
	"cardinal/internal/store"
)

// server is what package mail must know of a configuration.
func (s *Service) server(ctx context.Context, c cardinal.MessagingConfiguration, secrets Secrets) mail.Server {
	return mail.Server{
		Host: c.Host, Port: c.Port, Security: mail.Security(c.Security), Method: mail.Method(c.Authentication), Username: c.Username, Password: secrets.Password,
		OAuth: mail.OAuth{
			Endpoint: c.TokenEndpoint, ClientID: c.ClientID, ClientSecret: secrets.ClientSecret, RefreshToken: secrets.RefreshToken,
			Rotated: s.rotated(ctx, c),
		},
		Limits: s.options.Limits, Roots: s.options.Roots,
	}
}

// rotated keeps a refresh token that replaces the one of the configuration: the
// old one may work no more.
func (s *Service) rotated(trying context.Context, c cardinal.MessagingConfiguration) func(cardinal.Token) {
	ctx := context.WithoutCancel(trying)
	return func(token cardinal.Token) {
		err := s.store.Write(ctx, func(tx *store.Tx) error {
			stored, err := tx.LockConfiguration(ctx, c.Customer, c.ID)
			if err != nil {
				return err
			}
			secrets, err := s.open(stored)
			if err != nil {
				return err
			}
			secrets.RefreshToken = token
			sealed, err := s.seal(stored.MessagingConfiguration, secrets)
			if err != nil {
				return err
			}
			return tx.SealConfiguration(ctx, stored.MessagingConfiguration, sealed)
		})
		if err != nil {
			s.log.ErrorContext(ctx, "a new refresh token could not be kept; sign in anew for this messaging configuration",
				"customerId", string(c.Customer), "configuration", string(c.ID), "error", err)
		}
	}
}

// TestOutcome is what became of a test e-mail.
type TestOutcome struct {
	Sent        bool
	Explanation cardinal.Sentence // what went wrong and what to do, in plain words
	Answer      string            // the server's last answer, if there was one
}

// SendTest sends a test e-mail to one address through a stored configuration, and
// says in plain words what became of it. The error is about the call, not about
// the server. The try is on record.
func (s *Service) SendTest(ctx context.Context, caller cardinal.Caller, id cardinal.ConfigurationID, to string) (TestOutcome, error) {
	if err := caller.Require(cardinal.PermWriteOptions); err != nil {
		return TestOutcome{}, err
	}
	if !oneAddress(to) {
		return TestOutcome{}, cardinal.Invalid("to", "Enter one address that the test e-mail goes to, as in you@example.org.")
	}
	var stored store.StoredConfiguration
	var message mail.Message
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if stored, err = tx.Configuration(ctx, caller.Customer, id); err != nil {
			return err
		}
		message = mail.Message{
			From: mail.Address{Name: stored.SenderName, Email: stored.SenderAddress}, ReplyTo: mail.Address{Email: stored.ReplyTo}, To: mail.Address{Email: to},
			Subject: "Test e-mail from Cardinal", ID: messageID(tx.NewID(), 0, stored.SenderAddress), Date: tx.Now(),
			Text: "This e-mail was sent to try the messaging configuration \"" + stored.Name + "\" of Cardinal. It has arrived, so everything works.\n",
		}
		return nil
	})
	if err != nil {
		return TestOutcome{}, err
	}
	secrets, err := s.open(stored)
	if err != nil {
		return TestOutcome{}, err
	}
	answer, failure := mail.Send(ctx, s.server(ctx, stored.MessagingConfiguration, secrets), message)
	outcome := TestOutcome{Sent: failure == nil, Answer: answer}
	if failure != nil {
		outcome.Explanation = mail.Explain(failure)
		if f := (*mail.Failure)(nil); errors.As(failure, &f) {
			outcome.Answer = f.Answer
		}
	}
	return outcome, s.store.Write(ctx, func(tx *store.Tx) error {
		return audit.Record(tx, caller, audit.Entry{
			Action: "messaging-configuration.tested", Subject: subjectOf(stored.MessagingConfiguration), After: audit.Fields{"to": to, "sent": outcome.Sent, "answer": outcome.Answer},
		})
	})
}
