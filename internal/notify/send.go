package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cardinal"
	"cardinal/internal/letter"
	"cardinal/internal/mail"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// sendersMost is through how many configurations a node sends at a time.
const sendersMost = 16

// forgetAfter is how long a message is tried whose use never ends.
const forgetAfter = 24 * time.Hour

// pauses are between two tries; the last one repeats.
func pauses() []time.Duration {
	return []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour}
}

// Deliver begins to send what is due, through each configuration on its own, so
// that a server that does not answer holds up nobody else, and returns. Call it
// every second or so; what it began ends with ctx.
func (s *Service) Deliver(ctx context.Context) error {
	var due []store.Outbox
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.Outboxes(ctx, 4*sendersMost)
		return err
	})
	for _, outbox := range due {
		if !s.senders.enter(outbox.Configuration) {
			continue
		}
		go func() {
			defer s.senders.leave(outbox.Configuration)
			if err := s.empty(ctx, outbox); err != nil && ctx.Err() == nil {
				s.log.ErrorContext(ctx, "notifications could not be sent; it is tried again",
					"customerId", string(outbox.Customer), "configuration", string(outbox.Configuration), "error", err)
			}
		}()
	}
	return err
}

// Wait waits until nothing is being sent by this node.
func (s *Service) Wait() { s.senders.running.Wait() }

func (s *senders) enter(id cardinal.ConfigurationID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[id] || len(s.busy) >= sendersMost {
		return false
	}
	if s.busy == nil {
		s.busy = map[cardinal.ConfigurationID]bool{}
	}
	s.busy[id] = true
	s.running.Add(1)
	return true
}

func (s *senders) leave(id cardinal.ConfigurationID) {
	s.mu.Lock()
	delete(s.busy, id)
	s.mu.Unlock()
	s.running.Done()
}

// sender sends through one configuration, for one goroutine.
type sender struct {
	*Service
	outbox  store.Outbox
	config  store.StoredConfiguration
	secrets Secrets
	session *mail.Session
}

// job is a message to be sent, and what becomes of it.
type job struct {
	notification store.StoredNotification
	message      mail.Message
	ready        bool // it is to be sent; otherwise it was settled already
}

// empty sends until nothing is due or the rate is reached. What became of one
// message is written in the transaction that takes the next one.
func (s *Service) empty(ctx context.Context, outbox store.Outbox) error {
	sending := &sender{Service: s, outbox: outbox}
	defer sending.hangUp() //nolint:contextcheck // saying goodbye has a time of its own
	var last *store.StoredNotification
	for {
		next, err := sending.turn(ctx, last)
		if err != nil || next == nil {
			return err
		}
		last = nil
		if next.ready {
			sending.send(ctx, next)
			last = &next.notification
		}
	}
}

// turn writes what became of the last message and takes the next one; nil: there
// is none, or ctx has ended. What became of a message is written in any case, or
// it would be sent twice.
func (s *sender) turn(ending context.Context, last *store.StoredNotification) (*job, error) {
	var next *job
	ctx := context.WithoutCancel(ending)
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		next = nil
		if last != nil {
			if _, err := tx.SettleNotification(ctx, *last); err != nil {
				return err
			}
		}
		if ending.Err() != nil {
			return nil //nolint:nilerr // that it ends is no fault
		}
		stored, err := tx.LockConfiguration(ctx, s.outbox.Customer, s.outbox.Configuration)
		if cardinal.CodeOf(err) == cardinal.CodeNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		if full, err := full(ctx, tx, stored.MessagingConfiguration); err != nil || full {
			return err
		}
		claimed, err := tx.ClaimNotification(ctx, stored.ID, s.node, tx.Now().Add(s.options.Lease))
		if cardinal.CodeOf(err) == cardinal.CodeNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		next = &job{notification: claimed}
		return s.prepare(ctx, tx, stored, next)
	})
	return next, err
}

// full reports whether the configuration has had its messages of this minute,
// those of other nodes included: the configuration is locked.
func full(ctx context.Context, tx *store.Tx, c cardinal.MessagingConfiguration) (bool, error) {
	if c.RatePerMinute == 0 {
		return false, nil
	}
	tried, _, err := tx.CountTried(ctx, c.ID, tx.Now().Add(-time.Minute))
	return tried >= c.RatePerMinute, err
}

// prepare makes the message of a claimed notification, or settles the
// notification where there is nothing to send any more.
func (s *sender) prepare(ctx context.Context, tx *store.Tx, config store.StoredConfiguration, j *job) error {
	n := &j.notification
	if changed := s.config.Revision != config.Revision || !bytes.Equal(s.config.Secrets.Bytes, config.Secrets.Bytes); changed {
		secrets, err := s.open(config)
		if err != nil {
			return err
		}
		s.config, s.secrets = config, secrets
		s.hangUp() //nolint:contextcheck // saying goodbye has a time of its own
	}
	user, err := tx.User(ctx, n.Customer, n.User)
	if err != nil && cardinal.CodeOf(err) != cardinal.CodeNotFound {
		return err
	}
	gone := err != nil
	overtaken, err := overtaken(ctx, tx, n.Notification)
	if err != nil {
		return err
	}
	switch reason := hindrance(user, n.Notification); {
	case gone || overtaken:
		return settle(ctx, tx, n, cardinal.NotificationCancelled, cardinal.ReasonOvertaken)
	case reason != cardinal.ReasonNone:
		return settle(ctx, tx, n, cardinal.NotificationSkipped, reason)
	}
	v, err := values(ctx, tx, n.Customer)
	if err != nil {
		return err
	}
	what, err := s.openContent(*n)
	if err != nil {
		return err
	}
	written, err := letterOf(ctx, tx, v, user, *n, what)
	if err != nil {
		// A template that cannot be written for this user must not hold up the others.
		s.log.ErrorContext(ctx, "a notification could not be written", "customerId", string(n.Customer), "notification", string(n.ID), "error", err)
		n.LastAnswer = "The e-mail could not be written from its template."
		return settle(ctx, tx, n, cardinal.NotificationFailed, cardinal.ReasonNone)
	}
	j.ready = true
	j.message = mail.Message{
		From: mail.Address{Name: config.SenderName, Email: config.SenderAddress}, ReplyTo: mail.Address{Email: config.ReplyTo},
		To: mail.Address{Name: user.FullName, Email: user.Email}, Subject: written.Subject, Text: written.Text.Reveal(), HTML: written.HTML.Reveal(),
		ID: messageID(string(n.ID), n.Copy, config.SenderAddress), Date: n.CreatedAt, Secrets: what.secrets(),
	}
	return nil
}

// settle writes an end that was reached without sending.
func settle(ctx context.Context, tx *store.Tx, n *store.StoredNotification, state cardinal.NotificationState, reason cardinal.NotificationReason) error {
	n.State, n.Reason, n.Secrets = state, reason, store.Sealed{}
	_, err := tx.SettleNotification(ctx, *n)
	return err
}

// overtaken reports whether a notification is about a PIN that is no more.
func overtaken(ctx context.Context, tx *store.Tx, n cardinal.Notification) (bool, error) {
	if n.Kind != string(letter.PINExpiration) {
		return !n.EndsAt.IsZero() && !n.EndsAt.After(tx.Now()), nil
	}
	pin, err := tx.PIN(ctx, n.User)
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return true, nil
	}
	return pin.ID != n.PIN || !pin.ExpiresAt.After(tx.Now()), err
}

// letterOf makes the letter of a notification in the language of its reader.
func letterOf(ctx context.Context, tx *store.Tx, v setting.Values, user cardinal.User, n store.StoredNotification, what content) (letter.Letter, error) {
	view, err := templateView(ctx, tx, n.Customer, n.Template)
	if err != nil {
		return letter.Letter{}, err
	}
	text, err := textFor(ctx, tx, n.Customer, view, languagesOf(user, v))
	if err != nil {
		return letter.Letter{}, err
	}
	parsed, err := letter.Parse(view.Kind, text.Language, text.Source)
	if err != nil {
		return letter.Letter{}, err
	}
	var d details
	if err := json.Unmarshal([]byte(n.Details), &d); err != nil {
		return letter.Letter{}, fmt.Errorf("read the details: %w", err)
	}
	var number cardinal.CardNumber
	if what.CardNumber != "" {
		if number, err = cardinal.ParseCardNumber("card-number", what.CardNumber); err != nil {
			return letter.Letter{}, err
		}
	}
	return parsed.Render(letter.Values{
		PIN: cardinal.NewPIN(what.PIN), CardNumber: number, Link: cardinal.NewToken(what.Link),
		Username: user.Username, FullName: user.FullName, CustomerName: setting.CustomerName.In(v), PINExpiration: instant(d.PINExpiration),
		Slot: cardinal.Slot(d.Slot), Time: instant(d.Time), Device: d.Device, ValidUntil: instant(d.ValidUntil), Zone: setting.Location(v),
	})
}

func instant(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}

// languagesOf are the languages to write to a user in, the best first.
func languagesOf(user cardinal.User, v setting.Values) []setting.Language {
	return append([]setting.Language{setting.Language(user.Language), setting.CustomerLanguage.In(v), setting.English}, setting.Languages()...)
}

// textFor is the text in the first of the languages that the template has.
func textFor(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, view TemplateView, languages []setting.Language) (text TemplateText, err error) {
	for _, language := range languages {
		if text, err = textIn(ctx, tx, c, view, language); cardinal.CodeOf(err) != cardinal.CodeNotFound {
			return text, err
		}
	}
	return text, err
}

// messageID is the same for every try of one copy, so that a mailbox that got it
// twice can tell (RFC 5322, section 3.6.4).
func messageID(id string, copied int, sender string) string {
	_, domain, _ := strings.Cut(sender, "@")
	if copied > 0 {
		id += "." + strconv.Itoa(copied)
	}
	return id + "@" + domain
}

// send tries a message and notes in its notification what became of it.
func (s *sender) send(ctx context.Context, j *job) {
	answer, err := s.try(ctx, j.message)
	n := &j.notification
	now := s.store.Now()
	if err != nil && ctx.Err() != nil {
		// Broken off for no fault of anybody's: it goes back at once, so that nobody waits for the lease.
		n.State, n.NextTryAt = cardinal.NotificationQueued, now
		return
	}
	if err == nil {
		n.State, n.LastAnswer, n.Explanation, n.SentAt, n.Secrets = cardinal.NotificationSent, answer, "", now, store.Sealed{}
		return
	}
	n.Explanation = mail.Explain(err).String()
	n.LastAnswer = n.Explanation
	permanent := false
	if failure := (*mail.Failure)(nil); errors.As(err, &failure) {
		if failure.Answer != "" {
			n.LastAnswer = failure.Answer
		}
		permanent = !failure.Temporary && aboutMessage(failure.Stage)
	}
	again := now.Add(pauses()[min(n.Tries, len(pauses()))-1])
	end := n.CreatedAt.Add(forgetAfter)
	if !n.EndsAt.IsZero() {
		end = n.EndsAt
	}
	if permanent || again.After(end) {
		n.State, n.Secrets = cardinal.NotificationFailed, store.Sealed{}
		return
	}
	n.State, n.NextTryAt = cardinal.NotificationQueued, again
}

// aboutMessage reports whether a refusal at that stage is of this one message.
// Before it, it is of the server's settings, which somebody may mend: then all
// that waits must not have failed.
func aboutMessage(stage mail.Stage) bool {
	switch stage {
	case mail.StageSender, mail.StageRecipient, mail.StageContent, mail.StageEnd:
		return true
	}
	return false
}

// hangUp ends the session, if there is one.
func (s *sender) hangUp() {
	if s.session != nil {
		s.session.Close()
		s.session = nil
	}
}

// try sends through the open session, or opens one.
func (s *sender) try(ctx context.Context, m mail.Message) (string, error) {
	if s.session != nil && s.session.Dropped() {
		s.hangUp() //nolint:contextcheck // saying goodbye has a time of its own
	}
	if s.session == nil {
		session, err := mail.Dial(ctx, s.server(ctx, s.config.MessagingConfiguration, s.secrets))
		if err != nil {
			return "", err
		}
		s.session = session
	}
	return s.session.Send(ctx, m)
}
