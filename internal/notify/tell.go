package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cardinal"
	"cardinal/internal/letter"
	"cardinal/internal/seal"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// News is something that a user is told of. What does not belong to its kind is
// left zero.
type News struct {
	Kind     letter.Kind
	Template string // empty: the one that the setting of the kind names, if it names one
	Device   string // where it happened
	Slot     cardinal.Slot
	EndsAt   time.Time // from when on it is of no use; zero: never

	PINExpiration time.Time
	ValidUntil    time.Time

	// These are sealed while the notification waits, and erased once it is over.
	PIN        cardinal.PIN
	CardNumber cardinal.CardNumber
	Link       cardinal.Token
}

// through is the messaging configuration of e-mails of a kind; empty: none.
func through(v setting.Values, kind letter.Kind) cardinal.ConfigurationID {
	if kind == letter.PINExpiration {
		return cardinal.ConfigurationID(setting.PINNoticeConfiguration.In(v))
	}
	return cardinal.ConfigurationID(setting.MailConfiguration.In(v))
}

// templateOf is the template that the setting of a kind names; empty: users are
// not told.
func templateOf(v setting.Values, kind letter.Kind) string {
	switch kind {
	case letter.PINChanged:
		return setting.MailPINChanged.In(v)
	case letter.PINRemoved:
		return setting.MailPINRemoved.In(v)
	case letter.NewPINWanted:
		return setting.MailNewPINWanted.In(v)
	case letter.CardNumberGenerated:
		return setting.MailNumberGenerated.In(v)
	case letter.AccountLocked:
		return setting.MailAccountLocked.In(v)
	}
	return ""
}

// Tell writes a notification to a user in the transaction of what they are told
// of, where the settings want one. Who cannot be told is on record as skipped.
func Tell(ctx context.Context, tx *store.Tx, ring *seal.Ring, v setting.Values, user cardinal.User, news News) error {
	if news.Template == "" {
		if news.Template = templateOf(v, news.Kind); news.Template == "" {
			return nil
		}
	}
	n := store.StoredNotification{
		Notification: cardinal.Notification{
			ID: cardinal.NotificationID(tx.NewID()), Kind: string(news.Kind), Template: news.Template, Configuration: through(v, news.Kind), EndsAt: news.EndsAt,
		},
		Details: details{
			PINExpiration: milliseconds(news.PINExpiration), Time: tx.Now().UnixMilli(), Device: news.Device, Slot: string(news.Slot), ValidUntil: milliseconds(news.ValidUntil),
		}.text(),
	}
	if what := (content{news.PIN.Reveal(), news.CardNumber.Reveal(), news.Link.Reveal()}); what != (content{}) {
		var err error
		if n.Secrets, err = sealContent(ring, user.Customer, n.ID, what); err != nil {
			return err
		}
	}
	return queue(ctx, tx, user, n)
}

func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// content is the form of what a notification seals.
type content struct {
	PIN        string `json:"pin,omitempty"`
	CardNumber string `json:"cardNumber,omitempty"`
	Link       string `json:"link,omitempty"`
}

// secrets are what must not come back in a server's answer.
func (c content) secrets() []cardinal.Secret {
	return []cardinal.Secret{cardinal.NewPIN(c.PIN).Secret, cardinal.NewPIN(c.CardNumber).Secret, cardinal.NewToken(c.Link).Secret}
}

// NotificationBinding is what the secrets of a notification are bound to.
func NotificationBinding(id cardinal.NotificationID) []byte {
	return []byte("notification " + string(id))
}

func sealContent(ring *seal.Ring, c cardinal.CustomerID, id cardinal.NotificationID, what content) (store.Sealed, error) {
	text, err := json.Marshal(what)
	if err != nil {
		return store.Sealed{}, fmt.Errorf("write what is told: %w", err)
	}
	version, sealed := ring.Seal(c, seal.PurposeFieldSeal, NotificationBinding(id), text)
	return store.Sealed{Version: version, Bytes: sealed}, nil
}

// openContent returns what a notification seals; of one without, nothing.
func (s *Service) openContent(n store.StoredNotification) (content, error) {
	var what content
	if len(n.Secrets.Bytes) == 0 {
		return what, nil
	}
	text, err := s.ring.Open(n.Customer, seal.PurposeFieldSeal, n.Secrets.Version, NotificationBinding(n.ID), n.Secrets.Bytes)
	if err != nil {
		return what, err
	}
	if err := json.Unmarshal(text, &what); err != nil {
		return what, fmt.Errorf("read what is told: %w", err)
	}
	return what, nil
}
