package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/mail"
	"strings"
	"unicode/utf8"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/seal"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// Secrets are what a messaging configuration proves itself with. They are sealed
// in the database and never read back to anybody.
type Secrets struct {
	Password     cardinal.Password
	ClientSecret cardinal.Password
	RefreshToken cardinal.Token
}

// goesElsewhere refuses to keep a secret for another server than the one that it
// was entered for, or for one that is no longer asked through TLS: whoever may
// change the configuration could have it sent to themselves.
func goesElsewhere(present, wanted cardinal.MessagingConfiguration, before, entered Secrets) error {
	var violations []cardinal.Violation
	again := func(field string) {
		violations = append(violations, cardinal.Violated(cardinal.ViolationInvalid, field, "This goes to another server than before. Enter it again."))
	}
	server := present.Host != wanted.Host || present.Port != wanted.Port || wanted.Security == cardinal.MailPlain && present.Security != wanted.Security
	if server && !before.Password.IsZero() && entered.Password.IsZero() {
		again("password")
	}
	endpoint := server || present.TokenEndpoint != wanted.TokenEndpoint
	if endpoint && !before.ClientSecret.IsZero() && entered.ClientSecret.IsZero() {
		again("clientSecret")
	}
	if endpoint && !before.RefreshToken.IsZero() && entered.RefreshToken.IsZero() {
		again("refreshToken")
	}
	if len(violations) == 0 {
		return nil
	}
	return &cardinal.Error{Code: cardinal.CodeInvalid, Detail: violations[0].Message, Violations: violations}
}

// or are the secrets with those that are empty taken from before.
func (s Secrets) or(before Secrets) Secrets {
	if s.Password.IsZero() {
		s.Password = before.Password
	}
	if s.ClientSecret.IsZero() {
		s.ClientSecret = before.ClientSecret
	}
	if s.RefreshToken.IsZero() {
		s.RefreshToken = before.RefreshToken
	}
	return s
}

// sealedSecrets is the form of Secrets under the seal.
type sealedSecrets struct {
	Password     string `json:"password,omitempty"`
	ClientSecret string `json:"clientSecret,omitempty"`
	RefreshToken string `json:"refreshToken,omitempty"`
}

// ConfigurationBinding is what the secrets of a messaging configuration are bound to.
func ConfigurationBinding(id cardinal.ConfigurationID) []byte {
	return []byte("messaging configuration " + string(id))
}

func (s *Service) seal(c cardinal.MessagingConfiguration, secrets Secrets) (store.Sealed, error) {
	text, err := json.Marshal(sealedSecrets{secrets.Password.Reveal(), secrets.ClientSecret.Reveal(), secrets.RefreshToken.Reveal()}) //nolint:gosec // to be sealed
	if err != nil {
		return store.Sealed{}, fmt.Errorf("write the secrets: %w", err)
	}
	version, sealed := s.ring.Seal(c.Customer, seal.PurposeFieldSeal, ConfigurationBinding(c.ID), text)
	return store.Sealed{Version: version, Bytes: sealed}, nil
}

func (s *Service) open(c store.StoredConfiguration) (Secrets, error) {
	text, err := s.ring.Open(c.Customer, seal.PurposeFieldSeal, c.Secrets.Version, ConfigurationBinding(c.ID), c.Secrets.Bytes)
	if err != nil {
		return Secrets{}, err
	}
	var opened sealedSecrets
	if err := json.Unmarshal(text, &opened); err != nil {
		return Secrets{}, fmt.Errorf("read the secrets: %w", err)
	}
	return Secrets{cardinal.NewPassword(opened.Password), cardinal.NewPassword(opened.ClientSecret), cardinal.NewToken(opened.RefreshToken)}, nil
}

// ConfigurationView is a messaging configuration as a caller may see it.
type ConfigurationView struct {
	cardinal.MessagingConfiguration
	HasPassword     bool
	HasClientSecret bool
	HasRefreshToken bool
	UsedBy          []string // the keys of the settings that name it
}

// Configurations lists the messaging configurations of the caller's customer by
// name.
func (s *Service) Configurations(ctx context.Context, caller cardinal.Caller) ([]ConfigurationView, error) {
	return read(ctx, s, caller, func(tx *store.Tx) ([]ConfigurationView, error) {
		stored, err := tx.Configurations(ctx, caller.Customer)
		if err != nil {
			return nil, err
		}
		views := make([]ConfigurationView, len(stored))
		for i, c := range stored {
			if views[i], err = s.view(ctx, tx, c); err != nil {
				return nil, err
			}
		}
		return views, nil
	})
}

// Configuration returns one messaging configuration.
func (s *Service) Configuration(ctx context.Context, caller cardinal.Caller, id cardinal.ConfigurationID) (ConfigurationView, error) {
	return read(ctx, s, caller, func(tx *store.Tx) (ConfigurationView, error) {
		stored, err := tx.Configuration(ctx, caller.Customer, id)
		if err != nil {
			return ConfigurationView{}, err
		}
		return s.view(ctx, tx, stored)
	})
}

func (s *Service) view(ctx context.Context, tx *store.Tx, c store.StoredConfiguration) (ConfigurationView, error) {
	secrets, err := s.open(c)
	if err != nil {
		return ConfigurationView{}, err
	}
	used, err := usesOf(ctx, tx, c.Customer, setting.NamesConfiguration, string(c.ID))
	return ConfigurationView{
		MessagingConfiguration: c.MessagingConfiguration,
		HasPassword:            !secrets.Password.IsZero(), HasClientSecret: !secrets.ClientSecret.IsZero(), HasRefreshToken: !secrets.RefreshToken.IsZero(),
		UsedBy: used,
	}, err
}

// AddConfiguration makes a messaging configuration; ID, Customer, times and
// Revision of what is wanted are not heeded. The error is of CodeInvalid with
// every violation, or of CodeConflict for a taken name.
func (s *Service) AddConfiguration(ctx context.Context, caller cardinal.Caller, wanted cardinal.MessagingConfiguration, secrets Secrets) (cardinal.MessagingConfiguration, error) {
	wanted.Customer = caller.Customer
	if err := s.checkConfiguration(ctx, wanted, secrets); err != nil {
		return cardinal.MessagingConfiguration{}, err
	}
	err := s.write(ctx, caller, func(tx *store.Tx) error {
		wanted.ID, wanted.CreatedAt, wanted.UpdatedAt, wanted.Revision = cardinal.ConfigurationID(tx.NewID()), tx.Now(), tx.Now(), 1
		sealed, err := s.seal(wanted, secrets)
		if err != nil {
			return err
		}
		if err := tx.AddConfiguration(ctx, store.StoredConfiguration{MessagingConfiguration: wanted, Secrets: sealed}); err != nil {
			return err
		}
		return audit.Record(tx, caller, audit.Entry{Action: "messaging-configuration.created", Subject: subjectOf(wanted), After: fieldsOf(wanted)})
	})
	return wanted, err
}

// ChangeConfiguration replaces a messaging configuration. Empty secrets keep the
// value that they have; where they would then go to another server the answer is
// an Error of CodeInvalid. Revision is the one that the caller saw, or 0 to
// replace whatever is there; another one is an Error of CodeStale.
func (s *Service) ChangeConfiguration(ctx context.Context, caller cardinal.Caller, wanted cardinal.MessagingConfiguration, secrets Secrets) (cardinal.MessagingConfiguration, error) {
	err := s.write(ctx, caller, func(tx *store.Tx) error {
		present, err := tx.LockConfiguration(ctx, caller.Customer, wanted.ID)
		if err != nil {
			return err
		}
		if err := notStale(present, wanted.Revision); err != nil {
			return err
		}
		before, err := s.open(present)
		if err != nil {
			return err
		}
		kept := secrets.or(before)
		wanted.Customer, wanted.CreatedAt, wanted.UpdatedAt, wanted.Revision = caller.Customer, present.CreatedAt, tx.Now(), present.Revision+1
		if err := s.checkConfiguration(ctx, wanted, kept); err != nil {
			return err
		}
		if err := goesElsewhere(present.MessagingConfiguration, wanted, before, secrets); err != nil {
			return err
		}
		sealed, err := s.seal(wanted, kept)
		if err != nil {
			return err
		}
		if err := tx.UpdateConfiguration(ctx, store.StoredConfiguration{MessagingConfiguration: wanted, Secrets: sealed}); err != nil {
			return err
		}
		after := fieldsOf(wanted)
		if secrets != (Secrets{}) {
			after["secrets"] = "changed"
		}
		return audit.Record(tx, caller, audit.Entry{
			Action: "messaging-configuration.changed", Subject: subjectOf(wanted), Before: fieldsOf(present.MessagingConfiguration), After: after,
		})
	})
	return wanted, err
}

// notStale returns an Error of CodeStale unless the revision is the present one,
// or 0 for any.
func notStale(present store.StoredConfiguration, revision int64) error {
	if revision != 0 && revision != present.Revision {
		return cardinal.Errorf(cardinal.CodeStale, "Somebody else has saved this messaging configuration in between. Load it again and repeat your change.")
	}
	return nil
}

// DeleteConfiguration removes a messaging configuration. One that a setting names
// is an Error of CodeConflict that says which. What waits to go through it is
// skipped.
func (s *Service) DeleteConfiguration(ctx context.Context, caller cardinal.Caller, id cardinal.ConfigurationID) error {
	return s.DeleteConfigurationAt(ctx, caller, id, 0)
}

// DeleteConfigurationAt is DeleteConfiguration of the revision that the caller
// saw, or of whatever is there where that is 0; another one is an Error of
// CodeStale.
func (s *Service) DeleteConfigurationAt(ctx context.Context, caller cardinal.Caller, id cardinal.ConfigurationID, revision int64) error {
	return s.write(ctx, caller, func(tx *store.Tx) error {
		if err := tx.LockSettings(ctx, caller.Customer); err != nil {
			return err
		}
		present, err := tx.LockConfiguration(ctx, caller.Customer, id)
		if err != nil {
			return err
		}
		if err := notStale(present, revision); err != nil {
			return err
		}
		view, err := s.view(ctx, tx, present)
		if err != nil {
			return err
		}
		if len(view.UsedBy) > 0 {
			return cardinal.Errorf(cardinal.CodeConflict, "This messaging configuration is in use: %s. Choose another one there first.", strings.Join(view.UsedBy, ", "))
		}
		if err := tx.SkipQueued(ctx, id, cardinal.ReasonNoConfiguration); err != nil {
			return err
		}
		if err := tx.DeleteConfiguration(ctx, present.MessagingConfiguration); err != nil {
			return err
		}
		return audit.Record(tx, caller, audit.Entry{Action: "messaging-configuration.deleted", Subject: subjectOf(present.MessagingConfiguration), Before: fieldsOf(present.MessagingConfiguration)})
	})
}

// usesOf returns the keys of the settings that name an object.
func usesOf(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, what setting.Object, id string) ([]string, error) {
	v, err := values(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, d := range setting.All() {
		if d.Names == what && (setting.Of[string]{Definition: d}).In(v) == id {
			keys = append(keys, d.Key)
		}
	}
	return keys, nil
}

func subjectOf(c cardinal.MessagingConfiguration) string {
	return "messaging configuration " + c.Name
}

func fieldsOf(c cardinal.MessagingConfiguration) audit.Fields {
	return audit.Fields{
		"name": c.Name, "host": c.Host, "port": c.Port, "security": c.Security, "authentication": c.Authentication, "username": c.Username,
		"senderAddress": c.SenderAddress, "senderName": c.SenderName, "replyTo": c.ReplyTo, "ratePerMinute": c.RatePerMinute,
		"tokenEndpoint": c.TokenEndpoint, "clientID": c.ClientID,
	}
}

// The limits on fields of a messaging configuration.
const (
	nameMost = 100
	lineMost = 255
	rateMost = 10_000
)

// checkConfiguration returns an Error of CodeInvalid with everything that is
// wrong.
func (s *Service) checkConfiguration(ctx context.Context, c cardinal.MessagingConfiguration, secrets Secrets) error {
	var violations []cardinal.Violation
	wrong := func(field string, is bool, what cardinal.Sentence) {
		if is {
			violations = append(violations, cardinal.Violated(cardinal.ViolationInvalid, field, "%s", what))
		}
	}
	wrong("name", strings.TrimSpace(c.Name) == "" || utf8.RuneCountInString(c.Name) > nameMost || !cardinal.CleanText(c.Name), cardinal.Say("Give it a name of one line and at most %d characters.", nameMost))
	wrong("senderAddress", !oneAddress(c.SenderAddress), cardinal.Say("Enter the one address that e-mails come from, as in pins@example.org."))
	wrong("senderName", utf8.RuneCountInString(c.SenderName) > nameMost || !cardinal.CleanText(c.SenderName), cardinal.Say("The name of the sender has one line and at most %d characters.", nameMost))
	wrong("replyTo", c.ReplyTo != "" && !oneAddress(c.ReplyTo), cardinal.Say("Enter one address that answers go to, or none."))
	wrong("ratePerMinute", c.RatePerMinute < 0 || c.RatePerMinute > rateMost, cardinal.Say("Enter how many messages a minute may leave, from 1 to %d, or 0 for without limit.", rateMost))
	// A method that does not use them leaves them unlooked at, and they are stored all the same.
	for _, f := range [][2]string{{"username", c.Username}, {"tokenEndpoint", c.TokenEndpoint}, {"clientId", c.ClientID}} {
		wrong(f[0], utf8.RuneCountInString(f[1]) > lineMost || !cardinal.CleanText(f[1]), cardinal.Say("This is a text of one line with 255 characters at most."))
	}
	if err := s.server(ctx, c, secrets).Validate(); err != nil {
		for _, v := range cardinal.ViolationsOf(err) {
			v.Field = fieldOf(v.Field)
			violations = append(violations, v)
		}
	}
	if len(violations) == 0 {
		return nil
	}
	return &cardinal.Error{Code: cardinal.CodeInvalid, Detail: violations[0].Message, Violations: violations}
}

// fieldOf is the name of a field of mail.Server as the API and forms know it.
func fieldOf(field string) string {
	switch field {
	case "method":
		return "authentication"
	case "endpoint":
		return "tokenEndpoint"
	case "clientID":
		return "clientId"
	}
	return field
}

// oneAddress reports whether the text is one mailbox and nothing else.
func oneAddress(text string) bool {
	address, err := mail.ParseAddress(text)
	return err == nil && address.Address == text && len(text) <= 254
}
