package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"cardinal"
)

// Form is the questions of one page, what was answered, and what is wrong with
// the answers. It belongs to one request.
type Form struct {
	ID       string // unique on the page; its elements' ids begin with it
	Action   string // where it is posted; empty: the page's own URL
	Submit   string // the words on the button
	Cancel   Link   // beside the button; may be zero
	Danger   bool   // the button is red
	Trouble  string // heads the summary of the refused form; empty: that nothing was saved
	Hidden   []Hidden
	Sections []*Section

	words    *Words
	detail   string
	problems []Problem
	secrets  map[string]cardinal.Secret
	status   int
}

// Section is a group of fields with a heading.
type Section struct {
	Title  string // may be empty
	Text   string // may be empty
	Fields []*Field
}

// Problem is a line of the summary on top of a refused form.
type Problem struct {
	FieldID string // empty: about no field of the form
	Message string
}

// NewForm returns a form with the id, which must be unique on its page, and
// the words on its button.
func NewForm(words *Words, id, submit string) *Form {
	return &Form{ID: id, Submit: submit, words: words, secrets: map[string]cardinal.Secret{}}
}

// Section begins a group of fields: those added from now on.
func (f *Form) Section(title, text string) {
	f.Sections = append(f.Sections, &Section{Title: title, Text: text})
}

// Add adds a field at the end of the present section.
func (f *Form) Add(field Field) {
	if len(f.Sections) == 0 {
		f.Section("", "")
	}
	field.form = f
	s := f.Sections[len(f.Sections)-1]
	s.Fields = append(s.Fields, &field)
}

// Carry adds a hidden value, such as the revision that was read.
func (f *Form) Carry(name, value string) { f.Hidden = append(f.Hidden, Hidden{name, value}) }

// Field returns the field of that name, or nil.
func (f *Form) Field(name string) *Field {
	for _, s := range f.Sections {
		for _, field := range s.Fields {
			if field.Name == name {
				return field
			}
		}
	}
	return nil
}

// Besides reports whether a button beside a field sends the form: then the enter
// key must not press that one.
func (f *Form) Besides() bool {
	for _, s := range f.Sections {
		for _, field := range s.Fields {
			if slices.ContainsFunc(field.Beside, func(b Beside) bool { return b.Name != "" }) {
				return true
			}
		}
	}
	return false
}

// SetHidden changes the hidden value of that name, if there is one.
func (f *Form) SetHidden(name, value string) {
	for i, h := range f.Hidden {
		if h.Name == name {
			f.Hidden[i].Value = value
		}
	}
}

// Set fills the field of that name, if there is one: what stands in it before
// anybody typed.
func (f *Form) Set(name, value string) {
	if field := f.Field(name); field != nil && field.Kind != Password {
		field.Value = value
		field.Checked = field.Kind == Checkbox && value == "true"
	}
}

// Read takes what was posted into the fields. Its error is of CodeMalformed,
// or a body that was too large. Uploads are read by r.MultipartReader instead.
func (f *Form) Read(r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	for _, s := range f.Sections {
		for _, field := range s.Fields {
			f.read(field, r.PostForm[field.Name])
		}
	}
	for i, h := range f.Hidden {
		if r.PostForm.Has(h.Name) {
			f.Hidden[i].Value = r.PostForm.Get(h.Name)
		}
	}
	return nil
}

func (f *Form) read(field *Field, values []string) {
	first := ""
	if len(values) > 0 {
		first = values[0]
	}
	switch field.Kind {
	case Password:
		f.secrets[field.Name] = cardinal.NewPassword(first).Secret
	case Checkbox:
		field.Checked = first != ""
	case Choices:
		field.Values = values
	case Textarea, Code:
		// HTML sends CR LF for every line end.
		field.Value = strings.ReplaceAll(first, "\r\n", "\n")
	default:
		field.Value = first
	}
}

// parseForm reads a posted form. A reason for a failure may hold a part of
// what was sent, so none is passed on but that of a body that was too large.
func parseForm(r *http.Request) error {
	err := r.ParseForm()
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return tooLarge
	}
	if err != nil {
		return cardinal.Errorf(cardinal.CodeMalformed, "The form could not be read. Go back and send it again.")
	}
	return nil
}

// Value returns what stands in the field, without white space around it; "" for a name
// that is no field. Hidden values are found too.
func (f *Form) Value(name string) string {
	if field := f.Field(name); field != nil {
		if field.Kind == Textarea || field.Kind == Code {
			return field.Value
		}
		return strings.TrimSpace(field.Value)
	}
	for _, h := range f.Hidden {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}

// Values returns the chosen options of a field of kind Choices.
func (f *Form) Values(name string) []string {
	if field := f.Field(name); field != nil {
		return field.Values
	}
	return nil
}

// Checked reports whether the checkbox is ticked.
func (f *Form) Checked(name string) bool {
	field := f.Field(name)
	return field != nil && field.Checked
}

// Int returns the whole number in the field. If there is none, the form is
// refused with a message at the field, and 0 is returned.
func (f *Form) Int(name string) int {
	n, err := strconv.Atoi(f.Value(name))
	if err != nil {
		f.Violate(name, f.words.T("form.not-a-number"))
		return 0
	}
	return n
}

// PIN returns the PIN that was typed into a field of kind Password.
func (f *Form) PIN(name string) cardinal.PIN { return cardinal.PIN{Secret: f.secrets[name]} }

// Password returns the password that was typed into a field of kind Password.
func (f *Form) Password(name string) cardinal.Password {
	return cardinal.Password{Secret: f.secrets[name]}
}

// Token returns the token or one-time code that was typed into a field of kind
// Password.
func (f *Form) Token(name string) cardinal.Token { return cardinal.Token{Secret: f.secrets[name]} }

// Violate refuses the form with a message at the field of that name; a name
// that is no field puts the message into the summary alone.
func (f *Form) Violate(name, message string) {
	p := Problem{Message: message}
	if field := f.Field(name); field != nil {
		field.messages = append(field.messages, message)
		p.FieldID = field.ID()
	}
	f.problems = append(f.problems, p)
	if f.status == 0 {
		f.status = http.StatusUnprocessableEntity
	}
}

// Refuse takes what a use case refused into the form and reports whether it
// did: whether err is an Error that whoever filled in the form can do
// something about. Other errors are for the caller to return; nil is not
// refused.
func (f *Form) Refuse(err error) bool {
	var e *cardinal.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case cardinal.CodeInvalid, cardinal.CodePolicyViolation, cardinal.CodeConflict, cardinal.CodeStale,
		cardinal.CodeRateLimited, cardinal.CodeSignInFailed:
	default:
		return false
	}
	f.status = faultOf(e.Code).status
	for _, v := range e.Violations {
		f.Violate(v.Field, f.words.Sentence(v.Sentence()))
	}
	if len(e.Violations) == 0 {
		f.detail = f.words.Sentence(e.Sentence())
	}
	return true
}

// Differs notes for a stale form what somebody else saved in between; it is
// shown below the field where it is not what was typed.
func (f *Form) Differs(name, theirs string) {
	if field := f.Field(name); field != nil && field.Value != theirs {
		field.Theirs, field.differs = theirs, true
	}
}

// Refused reports whether something is wrong with the form.
func (f *Form) Refused() bool { return f.status != 0 }

// Status returns the status of the answer that shows the form again, 0 if
// nothing is wrong with it.
func (f *Form) Status() int { return f.status }

// Detail returns the sentence about the form as a whole, or "".
func (f *Form) Detail() string { return f.detail }

// Problems returns the lines of the summary.
func (f *Form) Problems() []Problem { return f.problems }

// WriteBroken answers the post of Field.CheckURL, whose field is "value", with
// the codes of the rules that do not hold.
func WriteBroken(w http.ResponseWriter, violations []cardinal.Violation) error {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(cardinal.ViolationCodes(violations)); err != nil {
		return fmt.Errorf("write the rules that do not hold: %w", err)
	}
	return nil
}
