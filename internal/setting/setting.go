// Package setting is the one list of settings: key, type, range, default,
// meaning and page of each, declared once. Policy pages, the config editor, the
// API, the command line and the documentation are drawn from it. It holds no
// values and does no I/O; a customer's values come from the store as Values.
//
// A setting is declared here as soon as it does something, and not before.
package setting

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cardinal"
)

// Type is the JSON form of a setting's value.
type Type string

// The types.
const (
	Integer Type = "integer"
	Boolean Type = "boolean"
	Text    Type = "text"
	Choice  Type = "choice"  // one of Choices
	Choices Type = "choices" // an array of Choices without repetition
	Limits  Type = "limits"  // an array of {"wrong":N,"lockSeconds":N}
)

// Object is what a setting can name.
type Object string

// The objects. An empty text names none.
const (
	NamesNothing       Object = ""
	NamesConfiguration Object = "messaging-configuration"
	NamesTemplate      Object = "email-template"
)

// Page says which page of the interface shows a setting.
type Page string

// The pages.
const (
	PagePINPolicy    Page = "Security options › General › PIN policy"
	PageSignIn       Page = "Security options › Sign-in"
	PageGeneral      Page = "Options › General"
	PageConfigEditor Page = "Options › Actions › Config editor (advanced)"
)

// Definition is everything there is to know of a setting but its value.
type Definition struct {
	Key     string
	Type    Type
	Page    Page
	Label   string   // as it stands on the page; exact where a seed names it
	Meaning string   // what it does, in one or two sentences
	Min     int      // Integer: the least value
	Max     int      // Integer: the largest value; Text: the most characters
	Options []string // Choice and Choices
	Default string   // JSON
	// Names says of what a Text is the identifier, and TemplateKind of which kind
	// that template is; whether there is such an object is for others to know.
	Names        Object
	TemplateKind string
	parse        func(raw string) (any, error)
	unset        any // Default, parsed
}

// Check returns raw in its canonical JSON form, or an Error of CodeInvalid that
// says what the setting takes. What was sent is not repeated.
func (d Definition) Check(raw string) (string, error) {
	value, err := d.parse(raw)
	if err != nil {
		return "", err
	}
	canonical, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("setting %s: %w", d.Key, err)
	}
	return string(canonical), nil
}

func (d Definition) refuse(what cardinal.Sentence) error {
	return cardinal.Invalid(d.Key, "%s takes %s.", d.Key, what)
}

// Of is a setting whose value has Go type T.
type Of[T any] struct{ Definition }

// In returns the setting's value among a customer's values. T must not be
// changed where it is a slice.
func (s Of[T]) In(v Values) T {
	if value, ok := v.parsed[s.Key]; ok {
		return value.(T)
	}
	return s.unset.(T)
}

// declared parses the default once, for it is asked for much more often than
// what customers have set.
func declared[T any](d Definition) Of[T] {
	value, err := d.parse(d.Default)
	if err != nil {
		panic("setting: the default of " + d.Key + " is not of its type") // no program starts with such a declaration
	}
	d.unset = value
	return Of[T]{d}
}

// Values are a customer's settings at one instant. The zero Values are the
// defaults. Values are not changed after they were made.
type Values struct {
	parsed map[string]any
	raw    map[string]string
}

// Load makes Values of what is stored, by key. Keys that are not declared and
// values that are no longer in their setting's range count as not set, so that
// a newer or older program on the same data falls back to safe defaults.
func Load(stored map[string]string) Values {
	v := Values{parsed: make(map[string]any, len(stored)), raw: make(map[string]string, len(stored))}
	for _, d := range All() {
		raw, ok := stored[d.Key]
		if !ok {
			continue
		}
		if value, err := d.parse(raw); err == nil {
			v.parsed[d.Key], v.raw[d.Key] = value, raw
		}
	}
	return v
}

// With returns the values after the changes: a JSON text sets a setting, nil
// returns it to its default. The error is of CodeInvalid or, for an unknown
// key, CodeNotFound; all violations come at once.
func (v Values) With(changes map[string]*string) (Values, error) {
	stored := make(map[string]string, len(v.raw)+len(changes))
	maps.Copy(stored, v.raw)
	var violations []cardinal.Violation
	for _, key := range sortedKeys(changes) {
		d, err := Find(key)
		if err != nil {
			return Values{}, err
		}
		if changes[key] == nil {
			delete(stored, key)
			continue
		}
		canonical, err := d.Check(*changes[key])
		if err != nil {
			violations = append(violations, cardinal.ViolationsOf(err)...)
			continue
		}
		stored[key] = canonical
	}
	next := Load(stored)
	if len(violations) == 0 {
		violations = next.disagreements()
	}
	if len(violations) > 0 {
		return Values{}, &cardinal.Error{Code: cardinal.CodeInvalid, Detail: violations[0].Message, Violations: violations}
	}
	return next, nil
}

// Raw returns the JSON value of a setting and whether it differs from nothing
// having been set.
func (v Values) Raw(d Definition) (value string, modified bool) {
	if raw, ok := v.raw[d.Key]; ok {
		return raw, true
	}
	return d.Default, false
}

// Find returns the setting of that key, or an Error of CodeNotFound.
func Find(key string) (Definition, error) {
	for _, d := range All() {
		if d.Key == key {
			return d, nil
		}
	}
	return Definition{}, cardinal.Errorf(cardinal.CodeNotFound, "There is no setting of that name. List the settings to see their keys.")
}

// Search returns the settings whose key, label or meaning contains the text,
// without regard to case, in the order of All.
func Search(text string) []Definition {
	text = strings.ToLower(text)
	return slices.DeleteFunc(All(), func(d Definition) bool {
		return !strings.Contains(strings.ToLower(d.Key+"\n"+d.Label+"\n"+d.Meaning), text)
	})
}

func sortedKeys(changes map[string]*string) []string {
	keys := make([]string, 0, len(changes))
	for key := range changes {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
