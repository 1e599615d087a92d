package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/letter"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// TemplateView is a template as pages and the API list it.
type TemplateView struct {
	ID         string // of a predefined one, its name
	Kind       letter.Kind
	Name       string // empty for a predefined one, which is called by its ID in the reader's language
	Predefined bool
	Edited     bool     // a predefined one in which somebody has written
	Languages  []string // in which somebody has written
	UsedBy     []string // the keys of the settings that name it
}

// Templates lists the predefined templates and then, by name, those that
// somebody made.
func (s *Service) Templates(ctx context.Context, caller cardinal.Caller) ([]TemplateView, error) {
	return read(ctx, s, caller, func(tx *store.Tx) ([]TemplateView, error) {
		var views []TemplateView
		for _, o := range letter.Originals() {
			views = append(views, TemplateView{ID: o.Name, Kind: o.Kind, Predefined: true})
		}
		made, err := tx.Templates(ctx, caller.Customer)
		if err != nil {
			return nil, err
		}
		for _, t := range made {
			views = append(views, TemplateView{ID: t.ID, Kind: letter.Kind(t.Kind), Name: t.Name})
		}
		for i := range views {
			if err := complete(ctx, tx, caller.Customer, &views[i]); err != nil {
				return nil, err
			}
		}
		return views, nil
	})
}

// Template returns one template.
func (s *Service) Template(ctx context.Context, caller cardinal.Caller, id string) (TemplateView, error) {
	return read(ctx, s, caller, func(tx *store.Tx) (TemplateView, error) {
		view, err := templateView(ctx, tx, caller.Customer, id)
		if err != nil {
			return view, err
		}
		return view, complete(ctx, tx, caller.Customer, &view)
	})
}

func templateView(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, id string) (TemplateView, error) {
	if o, ok := original(id); ok {
		return TemplateView{ID: o.Name, Kind: o.Kind, Predefined: true}, nil
	}
	made, err := tx.Template(ctx, c, id)
	return TemplateView{ID: made.ID, Kind: letter.Kind(made.Kind), Name: made.Name}, err
}

func original(id string) (letter.Original, bool) {
	all := letter.Originals()
	i := slices.IndexFunc(all, func(o letter.Original) bool { return o.Name == id })
	if i < 0 {
		return letter.Original{}, false
	}
	return all[i], true
}

func complete(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, view *TemplateView) error {
	texts, err := tx.TemplateTexts(ctx, c, view.ID)
	if err != nil {
		return err
	}
	for _, t := range texts {
		view.Languages = append(view.Languages, t.Language)
	}
	view.Edited = view.Predefined && len(texts) > 0
	view.UsedBy, err = usesOf(ctx, tx, c, setting.NamesTemplate, view.ID)
	return err
}

// TemplateText is the text of a template in one language.
type TemplateText struct {
	letter.Source
	Language setting.Language
	Written  bool // somebody wrote it; otherwise it is the original
}

// Stamp tells this text from any other.
func (t TemplateText) Stamp() string {
	sum := sha256.New()
	for _, part := range []string{string(t.Language), t.Subject, t.Text, t.HTML, strconv.FormatBool(t.Written)} {
		_, _ = fmt.Fprintf(sum, "%d %s ", len(part), part) // a hash takes everything
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// TemplateText returns the text of a template in a language: what somebody wrote
// or, of a predefined one, the original. CodeNotFound: it has none in it.
func (s *Service) TemplateText(ctx context.Context, caller cardinal.Caller, id string, language setting.Language) (TemplateText, error) {
	return read(ctx, s, caller, func(tx *store.Tx) (TemplateText, error) {
		view, err := templateView(ctx, tx, caller.Customer, id)
		if err != nil {
			return TemplateText{}, err
		}
		return textIn(ctx, tx, caller.Customer, view, language)
	})
}

func textIn(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, view TemplateView, language setting.Language) (TemplateText, error) {
	texts, err := tx.TemplateTexts(ctx, c, view.ID)
	if err != nil {
		return TemplateText{}, err
	}
	for _, t := range texts {
		if t.Language == string(language) {
			return TemplateText{letter.Source{Subject: t.Subject, Text: t.Text, HTML: t.HTML}, language, true}, nil
		}
	}
	if o, predefined := original(view.ID); predefined {
		source, err := o.Source(language)
		return TemplateText{source, language, false}, err
	}
	return TemplateText{}, cardinal.Errorf(cardinal.CodeNotFound, "This template has no text in that language.")
}

// AddTemplate makes a template of a kind with its first text. The error is of
// CodeInvalid with every violation, or of CodeConflict for a taken name.
func (s *Service) AddTemplate(ctx context.Context, caller cardinal.Caller, kind letter.Kind, name string, text TemplateText) (TemplateView, error) {
	view := TemplateView{Kind: kind, Name: name, Languages: []string{string(text.Language)}}
	if err := checkTemplateName(name); err != nil {
		return view, err
	}
	if err := letter.Check(kind, text.Language, text.Source); err != nil {
		return view, err
	}
	err := s.write(ctx, caller, func(tx *store.Tx) error {
		view.ID = tx.NewID()
		if err := tx.AddTemplate(ctx, caller.Customer, store.Template{ID: view.ID, Kind: string(kind), Name: name}); err != nil {
			return err
		}
		if err := tx.PutTemplateText(ctx, caller.Customer, view.ID, stored(text)); err != nil {
			return err
		}
		return audit.Record(tx, caller, audit.Entry{Action: "email-template.created", Subject: "e-mail template " + name, After: audit.Fields{"kind": kind}})
	})
	return view, err
}

func stored(t TemplateText) store.TemplateText {
	return store.TemplateText{Language: string(t.Language), Subject: t.Subject, Text: t.Text, HTML: t.HTML}
}

func checkTemplateName(name string) error {
	if strings.TrimSpace(name) == "" || utf8.RuneCountInString(name) > nameMost || !cardinal.CleanText(name) {
		return cardinal.Invalid("name", "Give it a name of one line and at most %d characters.", nameMost)
	}
	if _, taken := original(name); taken {
		return cardinal.Invalid("name", "A predefined template has this name. Choose another one.")
	}
	return nil
}

// CopyTemplate makes a template of the same kind and texts under another name.
func (s *Service) CopyTemplate(ctx context.Context, caller cardinal.Caller, id, name string) (TemplateView, error) {
	if err := checkTemplateName(name); err != nil {
		return TemplateView{}, err
	}
	var view TemplateView
	err := s.write(ctx, caller, func(tx *store.Tx) error {
		from, err := templateView(ctx, tx, caller.Customer, id)
		if err != nil {
			return err
		}
		view = TemplateView{ID: tx.NewID(), Kind: from.Kind, Name: name}
		if err := tx.AddTemplate(ctx, caller.Customer, store.Template{ID: view.ID, Kind: string(view.Kind), Name: name}); err != nil {
			return err
		}
		for _, language := range setting.Languages() {
			text, err := textIn(ctx, tx, caller.Customer, from, language)
			if cardinal.CodeOf(err) == cardinal.CodeNotFound {
				continue
			}
			if err != nil {
				return err
			}
			if err := tx.PutTemplateText(ctx, caller.Customer, view.ID, stored(text)); err != nil {
				return err
			}
			view.Languages = append(view.Languages, string(language))
		}
		return audit.Record(tx, caller, audit.Entry{Action: "email-template.created", Subject: "e-mail template " + name, After: audit.Fields{"kind": view.Kind, "copyOf": from.called()}})
	})
	return view, err
}

// RenameTemplate gives a template that somebody made another name. The error is of
// CodeInvalid for the name, or of CodeConflict for a taken name or a predefined
// template.
func (s *Service) RenameTemplate(ctx context.Context, caller cardinal.Caller, id, name string) error {
	if err := checkTemplateName(name); err != nil {
		return err
	}
	return s.changeTemplate(ctx, caller, id, "email-template.changed", audit.Fields{"name": name}, func(tx *store.Tx, view TemplateView) error {
		if view.Predefined {
			return cardinal.Errorf(cardinal.CodeConflict, "Predefined templates keep their names. Copy it under another one instead.")
		}
		return tx.RenameTemplate(ctx, caller.Customer, id, name)
	})
}

// called is the name that the audit knows a template by.
func (v TemplateView) called() string {
	if v.Predefined {
		return v.ID
	}
	return v.Name
}

// WriteTemplate writes the text of a template in one language. The error is of
// CodeInvalid with every violation, each with its line.
func (s *Service) WriteTemplate(ctx context.Context, caller cardinal.Caller, id string, text TemplateText) error {
	return s.WriteTemplateAt(ctx, caller, id, text, "")
}

// WriteTemplateAt is WriteTemplate over the text whose Stamp the caller saw, or
// over whatever is there where that is empty; another one is an Error of CodeStale.
func (s *Service) WriteTemplateAt(ctx context.Context, caller cardinal.Caller, id string, text TemplateText, seen string) error {
	return s.changeTemplate(ctx, caller, id, "email-template.changed", audit.Fields{"language": text.Language}, func(tx *store.Tx, view TemplateView) error {
		if err := sameText(ctx, tx, caller.Customer, view, text.Language, seen); err != nil {
			return err
		}
		if err := letter.Check(view.Kind, text.Language, text.Source); err != nil {
			return err
		}
		return tx.PutTemplateText(ctx, caller.Customer, id, stored(text))
	})
}

// ResetTemplate returns a predefined template to its original in a language.
func (s *Service) ResetTemplate(ctx context.Context, caller cardinal.Caller, id string, language setting.Language) error {
	return s.ResetTemplateAt(ctx, caller, id, language, "")
}

// ResetTemplateAt is ResetTemplate of the text whose Stamp the caller saw, as for
// WriteTemplateAt.
func (s *Service) ResetTemplateAt(ctx context.Context, caller cardinal.Caller, id string, language setting.Language, seen string) error {
	return s.changeTemplate(ctx, caller, id, "email-template.reset", audit.Fields{"language": language}, func(tx *store.Tx, view TemplateView) error {
		if err := sameText(ctx, tx, caller.Customer, view, language, seen); err != nil {
			return err
		}
		if !view.Predefined {
			return cardinal.Errorf(cardinal.CodeConflict, "This template was made here and has no original. Delete it, or write it anew.")
		}
		_, err := tx.DropTemplateText(ctx, caller.Customer, id, string(language))
		return err
	})
}

// sameText returns an Error of CodeStale if a stamp was seen, and the text in
// that language has another one by now, or none.
func sameText(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, view TemplateView, language setting.Language, seen string) error {
	if seen == "" {
		return nil
	}
	present, err := textIn(ctx, tx, c, view, language)
	if err != nil && cardinal.CodeOf(err) != cardinal.CodeNotFound {
		return err
	}
	if err != nil || present.Stamp() != seen {
		return cardinal.Errorf(cardinal.CodeStale, "Somebody else has saved this in between. Load it again and repeat your change.")
	}
	return nil
}

// DeleteTemplate removes a template that somebody made. One that a setting names,
// or a predefined one, is an Error of CodeConflict.
func (s *Service) DeleteTemplate(ctx context.Context, caller cardinal.Caller, id string) error {
	return s.changeTemplate(ctx, caller, id, "email-template.deleted", nil, func(tx *store.Tx, view TemplateView) error {
		if view.Predefined {
			return cardinal.Errorf(cardinal.CodeConflict, "Predefined templates stay. Return it to the original instead.")
		}
		if err := complete(ctx, tx, caller.Customer, &view); err != nil {
			return err
		}
		if len(view.UsedBy) > 0 {
			return cardinal.Errorf(cardinal.CodeConflict, "This e-mail template is in use: %s. Choose another one there first.", strings.Join(view.UsedBy, ", "))
		}
		return tx.DeleteTemplate(ctx, caller.Customer, id)
	})
}

func (s *Service) changeTemplate(ctx context.Context, caller cardinal.Caller, id, action string, after audit.Fields, do func(*store.Tx, TemplateView) error) error {
	return s.write(ctx, caller, func(tx *store.Tx) error {
		if err := tx.LockSettings(ctx, caller.Customer); err != nil {
			return err
		}
		view, err := templateView(ctx, tx, caller.Customer, id)
		if err != nil {
			return err
		}
		if err := do(tx, view); err != nil {
			return err
		}
		return audit.Record(tx, caller, audit.Entry{Action: action, Subject: "e-mail template " + view.called(), After: after})
	})
}

// Preview writes a letter of a text that need not be saved, with sample values at
// this instant in the customer's zone.
func (s *Service) Preview(ctx context.Context, caller cardinal.Caller, kind letter.Kind, text TemplateText) (letter.Letter, error) {
	return read(ctx, s, caller, func(tx *store.Tx) (letter.Letter, error) {
		parsed, err := letter.Parse(kind, text.Language, text.Source)
		if err != nil {
			return letter.Letter{}, err
		}
		v, err := values(ctx, tx, caller.Customer)
		if err != nil {
			return letter.Letter{}, err
		}
		return parsed.Preview(tx.Now().In(setting.Location(v)))
	})
}
