package account

import (
	"context"
	"fmt"
	"time"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/letter"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// SettingView is a setting with its value.
type SettingView struct {
	setting.Definition
	Value     string // JSON
	Modified  bool   // whether it was set
	UpdatedAt time.Time
	// Stamp changes whenever the setting does: its ETag.
	Stamp string
}

// Settings lists the settings whose key, label or meaning contains the text.
func (s *Service) Settings(ctx context.Context, caller cardinal.Caller, search string) ([]SettingView, error) {
	return read(ctx, s, caller, cardinal.PermReadOptions, func(tx *store.Tx) ([]SettingView, error) {
		stored, err := tx.Settings(ctx, caller.Customer)
		var views []SettingView
		for _, d := range setting.Search(search) {
			views = append(views, settingView(d, stored))
		}
		return views, err
	})
}

// Setting returns one setting, or CodeNotFound.
func (s *Service) Setting(ctx context.Context, caller cardinal.Caller, key string) (SettingView, error) {
	return read(ctx, s, caller, cardinal.PermReadOptions, func(tx *store.Tx) (SettingView, error) {
		d, err := setting.Find(key)
		if err != nil {
			return SettingView{}, err
		}
		stored, err := tx.Settings(ctx, caller.Customer)
		return settingView(d, stored), err
	})
}

func settingView(d setting.Definition, stored []store.StoredSetting) SettingView {
	view := SettingView{Definition: d, Value: d.Default, Stamp: "default"}
	for _, have := range stored {
		if have.Key == d.Key {
			view.Value, view.Modified, view.UpdatedAt = have.Value, true, have.UpdatedAt
			view.Stamp = fmt.Sprintf("%d-%d", have.Revision, have.UpdatedAt.UnixMilli())
		}
	}
	return view
}

// Values returns all settings of the caller's customer: what pages show and
// forms begin with. Any caller may read them through a use case of their own.
func (s *Service) Values(ctx context.Context, caller cardinal.Caller) (setting.Values, error) {
	var values setting.Values
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		texts, err := tx.SettingTexts(ctx, caller.Customer)
		values = setting.Load(texts)
		return err
	})
	return values, err
}

// SettingChange is what is wanted of settings: a JSON text by key sets, nil
// returns to the default. Seen holds, for the keys whose change must not
// overwrite somebody else's, the Stamp that the caller saw.
type SettingChange struct {
	Values map[string]*string
	Seen   map[string]string
}

// ChangeSettings makes all of the changes or, with an error, none.
func (s *Service) ChangeSettings(ctx context.Context, caller cardinal.Caller, change SettingChange) error {
	if err := caller.Require(cardinal.PermWriteOptions); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.LockSettings(ctx, caller.Customer); err != nil {
			return err
		}
		stored, err := tx.Settings(ctx, caller.Customer)
		if err != nil {
			return err
		}
		for key, seen := range change.Seen {
			if settingView(setting.Definition{Key: key}, stored).Stamp != seen {
				return cardinal.Errorf(cardinal.CodeStale, "Somebody else has saved these settings in between. Load them again and repeat your change.")
			}
		}
		texts := make(map[string]string, len(stored))
		for _, have := range stored {
			texts[have.Key] = have.Value
		}
		present := setting.Load(texts)
		next, err := present.With(change.Values)
		if err != nil {
			return err
		}
		if err := namesExist(ctx, tx, caller.Customer, next, change.Values); err != nil {
			return err
		}
		if setting.Policy(present) != setting.Policy(next) {
			if err := tx.TouchPolicy(ctx, caller.Customer); err != nil {
				return err
			}
		}
		return writeSettings(ctx, tx, caller, present, next, change.Values)
	})
}

func writeSettings(ctx context.Context, tx *store.Tx, caller cardinal.Caller, present, next setting.Values, changes map[string]*string) error {
	for _, d := range setting.All() {
		wanted, named := changes[d.Key]
		before, was := present.Raw(d)
		after, is := next.Raw(d)
		if !named || before == after && was == is {
			continue
		}
		if err := writeSetting(ctx, tx, caller, d, wanted, after); err != nil {
			return err
		}
		entry := audit.Entry{
			Action: "setting.changed", Subject: "setting " + d.Key,
			Before: audit.Fields{"value": rawJSON(before)}, After: audit.Fields{"value": rawJSON(after)},
		}
		if err := audit.Record(tx, caller, entry); err != nil {
			return err
		}
	}
	return nil
}

func writeSetting(ctx context.Context, tx *store.Tx, caller cardinal.Caller, d setting.Definition, wanted *string, canonical string) error {
	if d.Key == setting.CustomerName.Key {
		if wanted == nil {
			return cardinal.Invalid(d.Key, "The organisation needs a name. Set another one instead.")
		}
		name := setting.CustomerName.In(setting.Load(map[string]string{d.Key: canonical}))
		if err := tx.RenameCustomer(ctx, caller.Customer, name); err != nil {
			return err
		}
	}
	if wanted == nil {
		return tx.DropSetting(ctx, caller.Customer, d.Key)
	}
	return tx.PutSetting(ctx, caller.Customer, d.Key, canonical)
}

// rawJSON stands in audit fields as the JSON it is.
type rawJSON string

// MarshalJSON returns the text itself.
func (r rawJSON) MarshalJSON() ([]byte, error) { return []byte(r), nil }

// namesExist returns an Error of CodeInvalid where a changed setting names a
// messaging configuration or a template that the customer does not have.
func namesExist(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, next setting.Values, changed map[string]*string) error {
	for _, d := range setting.All() {
		if _, is := changed[d.Key]; !is || d.Names == setting.NamesNothing {
			continue
		}
		if err := nameExists(ctx, tx, c, d, setting.Of[string]{Definition: d}.In(next)); err != nil {
			return err
		}
	}
	return nil
}

func nameExists(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, d setting.Definition, id string) error {
	if id == "" {
		return nil
	}
	if d.Names == setting.NamesConfiguration {
		_, err := tx.Configuration(ctx, c, cardinal.ConfigurationID(id))
		if cardinal.CodeOf(err) == cardinal.CodeNotFound {
			return cardinal.Invalid(d.Key, "There is no such messaging configuration. Choose one from the list, or none.")
		}
		return err
	}
	kind, err := templateKind(ctx, tx, c, id)
	if err == nil && string(kind) != d.TemplateKind {
		err = cardinal.Invalid(d.Key, "There is no such e-mail template of this kind. Choose one from the list.")
	}
	return err
}

// templateKind is of which kind a template is; empty: there is none.
func templateKind(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, id string) (letter.Kind, error) {
	for _, o := range letter.Originals() {
		if o.Name == id {
			return o.Kind, nil
		}
	}
	made, err := tx.Template(ctx, c, id)
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return "", nil
	}
	return letter.Kind(made.Kind), err
}
