package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"cardinal"
	"cardinal/internal/store/db"
)

// Sealed is a text under a key of that version; empty where there is none.
type Sealed struct {
	Version int
	Bytes   []byte
}

// StoredConfiguration is a messaging configuration with its sealed secrets.
type StoredConfiguration struct {
	cardinal.MessagingConfiguration
	Secrets Sealed
}

func configuration(r db.MessagingConfiguration) StoredConfiguration {
	return StoredConfiguration{
		cardinal.MessagingConfiguration{
			ID: cardinal.ConfigurationID(r.ID), Customer: cardinal.CustomerID(r.CustomerID), Name: r.Name, Host: r.Host, Port: int(r.Port),
			Security: cardinal.MailSecurity(r.Security), Authentication: cardinal.MailAuthentication(r.Authentication), Username: r.Username,
			SenderAddress: r.SenderAddress, SenderName: r.SenderName, ReplyTo: r.ReplyTo, RatePerMinute: int(r.RatePerMinute),
			TokenEndpoint: r.TokenEndpoint, ClientID: r.ClientID, CreatedAt: fromMillis(r.CreatedAt), UpdatedAt: fromMillis(r.UpdatedAt), Revision: r.Revision,
		},
		Sealed{int(r.KeyVersion), r.Sealed},
	}
}

// AddConfiguration writes a new messaging configuration. A taken name is an
// Error of CodeConflict.
func (tx *Tx) AddConfiguration(ctx context.Context, c StoredConfiguration) error {
	rows, err := tx.q.InsertConfiguration(ctx, db.InsertConfigurationParams{
		ID: string(c.ID), CustomerID: string(c.Customer), Name: c.Name, NameKey: Fold(c.Name), Host: c.Host, Port: int64(c.Port),
		Security: string(c.Security), Authentication: string(c.Authentication), Username: c.Username, SenderAddress: c.SenderAddress,
		SenderName: c.SenderName, ReplyTo: c.ReplyTo, RatePerMinute: int64(c.RatePerMinute), TokenEndpoint: c.TokenEndpoint, ClientID: c.ClientID,
		KeyVersion: int64(c.Secrets.Version), Sealed: sealedBytes(c.Secrets), CreatedAt: millis(tx.now), UpdatedAt: millis(tx.now),
	})
	return free(rows, err, "name", "name")
}

// UpdateConfiguration writes a messaging configuration that was locked in this
// transaction, and counts up its revision. A taken name is an Error of
// CodeConflict.
func (tx *Tx) UpdateConfiguration(ctx context.Context, c StoredConfiguration) error {
	rows, err := tx.q.UpdateConfiguration(ctx, db.UpdateConfigurationParams{
		CustomerID: string(c.Customer), ID: string(c.ID), Name: c.Name, NameKey: Fold(c.Name), Host: c.Host, Port: int64(c.Port),
		Security: string(c.Security), Authentication: string(c.Authentication), Username: c.Username, SenderAddress: c.SenderAddress,
		SenderName: c.SenderName, ReplyTo: c.ReplyTo, RatePerMinute: int64(c.RatePerMinute), TokenEndpoint: c.TokenEndpoint, ClientID: c.ClientID,
		KeyVersion: int64(c.Secrets.Version), Sealed: sealedBytes(c.Secrets), UpdatedAt: millis(tx.now),
	})
	return free(rows, err, "name", "name")
}

// SealConfiguration replaces the secrets of a messaging configuration alone.
func (tx *Tx) SealConfiguration(ctx context.Context, c cardinal.MessagingConfiguration, secrets Sealed) error {
	return wrapped("write messaging configuration", tx.q.SealConfiguration(ctx, db.SealConfigurationParams{
		CustomerID: string(c.Customer), ID: string(c.ID), KeyVersion: int64(secrets.Version), Sealed: sealedBytes(secrets),
	}))
}

// sealedBytes are never nil, which no column takes.
func sealedBytes(s Sealed) []byte { return append([]byte{}, s.Bytes...) }

// Configuration reads one messaging configuration of a customer.
func (tx *Tx) Configuration(ctx context.Context, c cardinal.CustomerID, id cardinal.ConfigurationID) (StoredConfiguration, error) {
	row, err := tx.q.Configuration(ctx, db.ConfigurationParams{CustomerID: string(c), ID: string(id)})
	return configuration(row), found(err, "messaging configuration")
}

// LockConfiguration is Configuration, and makes other transactions that lock it
// wait.
func (tx *Tx) LockConfiguration(ctx context.Context, c cardinal.CustomerID, id cardinal.ConfigurationID) (StoredConfiguration, error) {
	row, err := tx.q.LockConfiguration(ctx, db.LockConfigurationParams{CustomerID: string(c), ID: string(id)})
	return configuration(row), found(err, "messaging configuration")
}

// Configurations lists the messaging configurations of a customer by name.
func (tx *Tx) Configurations(ctx context.Context, c cardinal.CustomerID) ([]StoredConfiguration, error) {
	rows, err := tx.q.Configurations(ctx, string(c))
	return each(rows, err, "messaging configurations", configuration)
}

// DeleteConfiguration removes a messaging configuration.
func (tx *Tx) DeleteConfiguration(ctx context.Context, c cardinal.MessagingConfiguration) error {
	rows, err := tx.q.DeleteConfiguration(ctx, db.DeleteConfigurationParams{CustomerID: string(c.Customer), ID: string(c.ID)})
	return one(rows, err, "messaging configuration")
}

// Template is a template that somebody made; predefined ones have no row.
type Template struct {
	ID        string
	Kind      string
	Name      string
	CreatedAt time.Time
}

func template(r db.EmailTemplate) Template {
	return Template{r.ID, r.Kind, r.Name, fromMillis(r.CreatedAt)}
}

// TemplateText is the text of a template in one language.
type TemplateText struct {
	Language            string
	Subject, Text, HTML string
	UpdatedAt           time.Time
}

// AddTemplate writes a template without a text. A taken name is an Error of
// CodeConflict.
func (tx *Tx) AddTemplate(ctx context.Context, c cardinal.CustomerID, t Template) error {
	rows, err := tx.q.InsertTemplate(ctx, db.InsertTemplateParams{
		ID: t.ID, CustomerID: string(c), Kind: t.Kind, Name: t.Name, NameKey: Fold(t.Name), CreatedAt: millis(tx.now),
	})
	return free(rows, err, "name", "name")
}

// RenameTemplate gives a template another name. A taken one is an Error of
// CodeConflict.
func (tx *Tx) RenameTemplate(ctx context.Context, c cardinal.CustomerID, id, name string) error {
	rows, err := tx.q.RenameTemplate(ctx, db.RenameTemplateParams{CustomerID: string(c), ID: id, Name: name, NameKey: Fold(name)})
	return free(rows, err, "name", "name")
}

// Template reads one template that somebody made.
func (tx *Tx) Template(ctx context.Context, c cardinal.CustomerID, id string) (Template, error) {
	row, err := tx.q.Template(ctx, db.TemplateParams{CustomerID: string(c), ID: id})
	return template(row), found(err, "e-mail template")
}

// Templates lists the templates that somebody made, by name.
func (tx *Tx) Templates(ctx context.Context, c cardinal.CustomerID) ([]Template, error) {
	rows, err := tx.q.Templates(ctx, string(c))
	return each(rows, err, "e-mail templates", template)
}

// DeleteTemplate removes a template that somebody made, with its texts.
func (tx *Tx) DeleteTemplate(ctx context.Context, c cardinal.CustomerID, id string) error {
	if err := tx.ResetTemplate(ctx, c, id); err != nil {
		return err
	}
	rows, err := tx.q.DeleteTemplate(ctx, db.DeleteTemplateParams{CustomerID: string(c), ID: id})
	return one(rows, err, "e-mail template")
}

// PutTemplateText writes the text of a template in one language.
func (tx *Tx) PutTemplateText(ctx context.Context, c cardinal.CustomerID, id string, t TemplateText) error {
	return wrapped("write e-mail template", tx.q.PutTemplateText(ctx, db.PutTemplateTextParams{
		CustomerID: string(c), TemplateID: id, Language: t.Language, Subject: t.Subject, Text: t.Text, Html: t.HTML, UpdatedAt: millis(tx.now),
	}))
}

// TemplateTexts reads the texts of a template that somebody wrote, by language.
func (tx *Tx) TemplateTexts(ctx context.Context, c cardinal.CustomerID, id string) ([]TemplateText, error) {
	rows, err := tx.q.TemplateTexts(ctx, db.TemplateTextsParams{CustomerID: string(c), TemplateID: id})
	return each(rows, err, "e-mail template", func(r db.EmailTemplateText) TemplateText {
		return TemplateText{r.Language, r.Subject, r.Text, r.Html, fromMillis(r.UpdatedAt)}
	})
}

// EditedTemplates lists the identifiers of templates with texts that somebody wrote.
func (tx *Tx) EditedTemplates(ctx context.Context, c cardinal.CustomerID) ([]string, error) {
	ids, err := tx.q.EditedTemplates(ctx, string(c))
	return ids, wrapped("read e-mail templates", err)
}

// DropTemplateText removes the text in one language and reports whether there
// was one.
func (tx *Tx) DropTemplateText(ctx context.Context, c cardinal.CustomerID, id, language string) (bool, error) {
	rows, err := tx.q.DeleteTemplateText(ctx, db.DeleteTemplateTextParams{CustomerID: string(c), TemplateID: id, Language: language})
	return rows > 0, wrapped("write e-mail template", err)
}

// ResetTemplate removes all texts that somebody wrote.
func (tx *Tx) ResetTemplate(ctx context.Context, c cardinal.CustomerID, id string) error {
	return wrapped("write e-mail template", tx.q.DeleteTemplateTexts(ctx, db.DeleteTemplateTextsParams{CustomerID: string(c), TemplateID: id}))
}

// NoticedPIN is a PIN of whose end its user is to be told now.
type NoticedPIN struct {
	User      cardinal.User
	ID        cardinal.PINID
	ExpiresAt time.Time
}

// HasPINToNotice reports whether NoticePINs would find one.
func (tx *Tx) HasPINToNotice(ctx context.Context, c cardinal.CustomerID, until time.Time) (bool, error) {
	some, err := tx.q.HasPINToNotice(ctx, db.HasPINToNoticeParams{CustomerID: string(c), Now: millis(tx.now), Until: millis(until)})
	return some, wrapped("look for PINs to tell of", err)
}

// NoticePINs marks up to most PINs of a customer that sign in, expire by the
// instant and have had no notice, first to expire first, as those that have had
// it, and returns them. One that is replaced or removed at the same time is not
// among them.
func (tx *Tx) NoticePINs(ctx context.Context, c cardinal.CustomerID, until time.Time, most int) ([]NoticedPIN, error) {
	rows, err := tx.q.NoticePINs(ctx, db.NoticePINsParams{CustomerID: string(c), Now: millis(tx.now), Until: millis(until), Most: int32(most)})
	if err != nil {
		return nil, fmt.Errorf("write PINs: %w", err)
	}
	slices.SortFunc(rows, func(a, b db.NoticePINsRow) int { // a statement that writes answers in any order
		return cmp.Or(cmp.Compare(a.ExpiresAt, b.ExpiresAt), cmp.Compare(a.UserID, b.UserID))
	})
	noticed := make([]NoticedPIN, 0, len(rows))
	for some := range slices.Chunk(rows, idsAtOnce) {
		those := make([]listed, len(some))
		for i, r := range some {
			those[i].id = r.UserID
		}
		users, err := tx.usersAlone(ctx, those)
		if err != nil {
			return nil, fmt.Errorf("whose PINs they are: %w", err)
		}
		for _, r := range some {
			if row := users[cardinal.UserID(r.UserID)]; row != nil {
				noticed = append(noticed, NoticedPIN{row.User, cardinal.PINID(r.ID), fromMillis(r.ExpiresAt)})
			}
		}
	}
	return noticed, nil
}
