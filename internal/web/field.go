package web

import (
	"slices"
	"time"
)

// Kind says how a field is typed in.
type Kind string

// The kinds of fields.
const (
	Text     Kind = "text"
	Email    Kind = "email"
	Number   Kind = "number"
	Date     Kind = "date"
	DateTime Kind = "datetime-local"
	Textarea Kind = "textarea"
	Select   Kind = "select"
	Radio    Kind = "radio"
	Checkbox Kind = "checkbox"
	Choices  Kind = "choices"  // several checkboxes, each an Option
	Password Kind = "password" // passwords and PINs: what was typed never comes back
	Code     Kind = "code"     // a textarea in fixed width, for templates of e-mails
)

// Field is one question of a form. Name, Kind and Label must be given; the
// other parts may be left zero.
type Field struct {
	Name  string // as violations name it
	Kind  Kind
	Label string
	Hint  string

	Value        string   // what stands in it; not for Choices, Checkbox and Password
	Values       []string // the chosen options of Choices
	Checked      bool     // Checkbox
	Options      []Option // Select, Radio, Choices
	Required     bool
	Disabled     bool
	Autocomplete string // the token of the HTML standard: "username", "new-password", "one-time-code"; empty is "off"
	InputMode    string // "numeric" brings up digits on a phone
	MaxLength    int    // characters; 0: no limit
	Min, Max     string // of Date and DateTime
	Unit         string // stands behind the field: "hours"
	Rows         int    // of Textarea and Code; 0 is 4
	Short        bool   // the field is as wide as a few words
	Nested       bool   // the field only matters with the one above it, and is set in below it
	Beside       []Beside

	// Rules are listed below the field. With CheckURL, scripts post what is
	// typed there and tick the rules that hold; see WriteBroken.
	Rules    []Rule
	CheckURL string

	// Theirs is what somebody else saved in between; see Form.Differs.
	Theirs   string
	differs  bool
	form     *Form
	messages []string
}

// Beside is a button or link that stands beside a field of text: it sends the
// field's form with a value of its own, or leads to a page.
type Beside struct {
	Label string // what it does and to what: "Generate"
	About string // said to screen readers after Label; may be empty
	Name  string // what the form is sent with when the button is pressed, beside its fields
	Value string
	URL   string // a page; its link
}

// Option is one answer to choose from.
type Option struct {
	Value string
	Label string
	Hint  string
}

// Rule is one thing that a new PIN must meet, with the violation's code. A rule
// without a code is only listed: CheckURL cannot tell whether it holds.
type Rule struct {
	Code string
	Text string
}

// ID returns the id of the field's element.
func (f *Field) ID() string { return f.form.ID + "-" + f.Name }

// Messages returns what is wrong with the field.
func (f *Field) Messages() []string { return f.messages }

// Bad reports whether something is wrong with the field.
func (f *Field) Bad() bool { return len(f.messages) > 0 }

// Differs reports whether somebody else saved another value in between.
func (f *Field) Differs() bool { return f.differs }

// Complete returns the autocomplete token, "off" where none was given.
func (f *Field) Complete() string {
	if f.Autocomplete == "" {
		return "off"
	}
	return f.Autocomplete
}

// Height returns how many lines a textarea has.
func (f *Field) Height() int {
	if f.Rows == 0 {
		return 4
	}
	return f.Rows
}

// Shown returns what stands in the field's input element. A date that is none,
// which only a hand-made address can bring, is left out: browsers show nothing
// there and complain.
func (f *Field) Shown() string {
	form := map[Kind]string{Date: "2006-01-02", DateTime: "2006-01-02T15:04"}[f.Kind]
	if _, err := time.Parse(form, f.Value); form != "" && err != nil {
		return ""
	}
	return f.Value
}

// Type returns the type attribute of the field's input element.
func (f *Field) Type() string {
	if f.Kind == Number {
		// A number field drops what is not a number before the server can say so.
		return "text"
	}
	return string(f.Kind)
}

// Keyboard returns the inputmode attribute, or "" for the usual one.
func (f *Field) Keyboard() string {
	if f.InputMode == "" && f.Kind == Number {
		return "numeric"
	}
	return f.InputMode
}

// Chosen reports whether the option of that value is chosen.
func (f *Field) Chosen(value string) bool {
	if f.Kind == Choices {
		return slices.Contains(f.Values, value)
	}
	return f.Value == value
}

// DescribedBy returns the ids of the hint, rules and messages, for aria-describedby.
func (f *Field) DescribedBy() string {
	ids := ""
	add := func(present bool, suffix string) {
		if !present {
			return
		}
		if ids != "" {
			ids += " "
		}
		ids += f.ID() + suffix
	}
	add(f.Bad(), "-error")
	add(f.Hint != "", "-hint")
	add(f.Unit != "", "-unit")
	add(len(f.Rules) > 0, "-rules")
	add(f.differs, "-theirs")
	return ids
}
