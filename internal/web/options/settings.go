package options

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/setting"
	"cardinal/internal/web"
)

// settingsOf returns the settings of a page of the interface in their order.
func (p *pages) settingsOf(r *http.Request, page setting.Page) ([]settingView, error) {
	all, err := p.Accounts.Settings(r.Context(), web.CallerOf(r), "")
	if err != nil {
		return nil, err
	}
	var some []account.SettingView
	for _, view := range all {
		if view.Page == page {
			some = append(some, view)
		}
	}
	return p.named(r, some...)
}

// settingField draws a setting as a field that is named after its key.
func settingField(words *web.Words, view settingView) web.Field {
	field := web.Field{
		Name: view.Key, Kind: web.Text, Label: words.Say(view.Label), Hint: words.Say(view.Meaning), Value: textOf(view.Value),
		Unit: words.Code("unit", view.Key, ""), Nested: dependent(view.Key),
	}
	if len(view.Named) > 0 {
		field.Kind, field.Options, field.Hint = web.Select, view.Named, words.Code("setting-hint", view.Key, field.Hint)
		return field
	}
	switch view.Type {
	case setting.Integer:
		field.Kind, field.Value, field.Short = web.Number, view.Value, field.Unit == ""
	case setting.Boolean:
		field.Kind, field.Checked = web.Checkbox, view.Value == "true"
	case setting.Choice:
		field.Kind, field.Options, field.Short = web.Select, optionsOf(words, view), true
	case setting.Choices:
		field.Kind, field.Options, field.Values = web.Choices, optionsOf(words, view), listOf(view.Value)
	case setting.Limits:
		field.Kind, field.Value, field.Rows = web.Code, view.Value, 3
	default:
		field.MaxLength = view.Max
	}
	return field
}

// dependent reports whether a setting only matters while the one before it on
// its page is on.
func dependent(key string) bool {
	switch key {
	case setting.UserCanChangePINAskCurrent.Key, setting.UserCanChangeCardIDWhich.Key, setting.UserCanChangeCardIDAuto.Key:
		return true
	}
	return false
}

func optionsOf(words *web.Words, view settingView) []web.Option {
	options := make([]web.Option, len(view.Options))
	for i, value := range view.Options {
		options[i] = web.Option{Value: value, Label: words.Code("choice", value, value)}
	}
	return options
}

// textOf returns the text of a JSON string, or "" for another value.
func textOf(raw string) string {
	var text string
	if json.Unmarshal([]byte(raw), &text) != nil {
		return ""
	}
	return text
}

func listOf(raw string) []string {
	var list []string
	if json.Unmarshal([]byte(raw), &list) != nil {
		return nil
	}
	return list
}

// inWords is a setting's value as people read it.
func inWords(words *web.Words, view settingView, raw string) string {
	for _, option := range view.Named {
		if option.Value == textOf(raw) {
			return option.Label
		}
	}
	unit := words.Code("unit", view.Key, "")
	switch view.Type {
	case setting.Boolean:
		return words.OnOff(raw == "true")
	case setting.Choice:
		return words.Code("choice", textOf(raw), textOf(raw))
	case setting.Choices:
		list := listOf(raw)
		for i, value := range list {
			list[i] = words.Code("choice", value, value)
		}
		return strings.Join(list, ", ")
	case setting.Text:
		return textOf(raw)
	case setting.Limits:
		return limitsInWords(words, raw)
	}
	n, err := strconv.Atoi(raw)
	if err != nil {
		return raw
	}
	if n == unlimited && view.Min == unlimited {
		return words.T("options.without-limit")
	}
	return strings.TrimSpace(words.Number(n) + " " + unit)
}

// unlimited is what a setting whose least value it is takes for without limit.
const unlimited = -1

// rawOf returns what stands in the form for a setting as canonical JSON. What
// the setting does not take is refused at its field.
func rawOf(form *web.Form, words *web.Words, view settingView) string {
	var raw string
	switch view.Type {
	case setting.Integer:
		n, err := strconv.Atoi(form.Value(view.Key))
		least := view.Min
		if form.Field(unlimitedName(view.Key)) != nil {
			least = 0 // what is below has a box of its own
		}
		if err != nil || n < view.Min || n > view.Max {
			form.Violate(view.Key, words.T("options.whole-number", "Label", words.Say(view.Label), "Min", least, "Max", view.Max))
			return view.Value
		}
		return strconv.Itoa(n)
	case setting.Boolean:
		return strconv.FormatBool(form.Checked(view.Key))
	case setting.Choices:
		raw = jsonOf(form.Values(view.Key))
	case setting.Limits:
		raw = form.Value(view.Key)
	default:
		raw = jsonOf(form.Value(view.Key))
	}
	canonical, err := view.Check(raw)
	form.Refuse(inLabels([]settingView{view}, err))
	return canonical
}

func jsonOf(value any) string {
	raw, _ := json.Marshal(value) // texts always encode
	return string(raw)
}

// settingsForm adds a field and the stamp of what was seen for each setting.
func addSettings(form *web.Form, words *web.Words, views []settingView) {
	for _, view := range views {
		form.Add(settingField(words, view))
		form.Carry(seenName(view.Key), view.Stamp)
	}
}

func seenName(key string) string { return "seen." + key }

// wanted is the difference between the form and the settings as they are.
func wanted(form *web.Form, words *web.Words, views []settingView) account.SettingChange {
	change := account.SettingChange{Values: map[string]*string{}, Seen: map[string]string{}}
	for _, view := range views {
		change.Seen[view.Key] = form.Value(seenName(view.Key))
		if raw := rawOf(form, words, view); raw != view.Value {
			change.Values[view.Key] = &raw
		}
	}
	return change
}

// saveSettings saves the form. The first result is false where the form was
// refused and is to be shown again, with what somebody else saved in between.
func (p *pages) saveSettings(r *http.Request, form *web.Form, views []settingView) (bool, error) {
	words := web.WordsOf(r)
	change := wanted(form, words, views)
	if form.Refused() {
		return false, nil
	}
	err := p.Accounts.ChangeSettings(r.Context(), web.CallerOf(r), change)
	if errors.Is(err, cardinal.ErrStale) {
		settingsDiffer(form, words, views, change)
	}
	if form.Refuse(inLabels(views, err)) {
		return false, nil
	}
	return err == nil, err
}

// inLabels returns err with the settings called by their labels, as the page
// does, and not by their keys, as the API does.
func inLabels(views []settingView, err error) error {
	var refused *cardinal.Error
	if !errors.As(err, &refused) {
		return err
	}
	said := func(text string) string {
		for _, view := range views {
			text = strings.ReplaceAll(text, view.Key+" takes ", view.Label+" takes ")
			text = strings.ReplaceAll(text, " ("+view.Key+")", "")
		}
		return text
	}
	renamed := *refused
	renamed.Detail, renamed.Violations = said(renamed.Detail), slices.Clone(renamed.Violations)
	for i := range renamed.Violations {
		renamed.Violations[i].Message = said(renamed.Violations[i].Message)
	}
	return &renamed
}

// settingsDiffer notes what somebody else saved where it is not what was typed,
// and carries on from there.
func settingsDiffer(form *web.Form, words *web.Words, views []settingView, change account.SettingChange) {
	for _, view := range views {
		if change.Values[view.Key] != nil && form.Value(seenName(view.Key)) != view.Stamp {
			form.Differs(view.Key, inWords(words, view, view.Value))
		}
		for i, hidden := range form.Hidden {
			if hidden.Name == seenName(view.Key) {
				form.Hidden[i].Value = view.Stamp
			}
		}
	}
}

// settingFacts are the settings for those who may only read them.
func settingFacts(words *web.Words, views []settingView) []web.Fact {
	facts := make([]web.Fact, len(views))
	for i, view := range views {
		facts[i] = web.Fact{Label: words.Say(view.Label), Text: inWords(words, view, view.Value)}
	}
	return facts
}
