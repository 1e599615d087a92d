package letter

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cardinal"
	"cardinal/internal/setting"
)

// What a template may hold, in characters and bytes. The texts are far longer
// than a letter that people read, and short enough to check on every keystroke.
const (
	SubjectMaxLength = 200        // characters
	TextMaxBytes     = 20 * 1024  // of UTF-8
	HTMLMaxBytes     = 100 * 1024 // of UTF-8
)

// The fields that violations are about.
const (
	fieldSubject = "subject"
	fieldText    = "text"
	fieldHTML    = "html"
)

// Source is a template in one language as somebody wrote it. Subject is one
// line, HTML is the inside of the letter without head and body, and may be
// empty: then the letter has its text alone.
type Source struct {
	Subject string
	Text    string
	HTML    string
}

// Template is a Source that was checked. It does not change, and may be used
// by several goroutines at once.
type Template struct {
	kind     Kind
	language setting.Language
	subject  []part
	text     []part
	html     []part
}

// Parse checks a source and makes a Template of it. The error is of
// CodeInvalid and has all violations, about "subject", "text" and "html", each
// with the line where it is about a place; or about "kind" or "language".
func Parse(kind Kind, language setting.Language, source Source) (*Template, error) {
	if _, err := ParseKind(string(kind)); err != nil {
		return nil, err
	}
	if !slices.Contains(setting.Languages(), language) {
		return nil, cardinal.Invalid("language", "There are no e-mails in this language. Choose one from the list.")
	}
	t := &Template{kind: kind, language: language}
	broken := t.takeSubject(source.Subject)
	broken = append(broken, t.takeText(source.Text)...)
	broken = append(broken, t.takeHTML(source.HTML)...)
	switch len(broken) {
	case 0:
		return t, nil
	case 1:
		return nil, &cardinal.Error{Code: cardinal.CodeInvalid, Detail: broken[0].Message, Violations: broken}
	}
	return nil, &cardinal.Error{Code: cardinal.CodeInvalid, Detail: "Some fields are not right. Nothing was changed.", Violations: broken}
}

// Check returns the error that Parse returns.
func Check(kind Kind, language setting.Language, source Source) error {
	_, err := Parse(kind, language, source)
	return err
}

// Confidential reports whether letters of this template may hold something
// that opens a door: a PIN, a number, a link, or an attribute of an event, of
// which nobody knows. They wait sealed, and are erased once sent.
func (t *Template) Confidential() bool {
	found := false
	for _, parts := range [][]part{t.subject, t.text, t.html} {
		variables(parts, func(name string) {
			found = found || secret(name) || strings.HasPrefix(name, eventPrefix)
		})
	}
	return found
}

func (t *Template) takeSubject(src string) (broken []cardinal.Violation) {
	switch {
	case strings.ContainsAny(src, "\r\n"):
		return []cardinal.Violation{cardinal.Violated(cardinal.ViolationInvalid, fieldSubject,
			"The subject is one line. Remove the line breaks.")}
	case strings.TrimSpace(src) == "":
		return []cardinal.Violation{cardinal.Violated(cardinal.ViolationRequired, fieldSubject,
			"The subject is empty. Say in one line what the e-mail is about.")}
	case utf8.RuneCountInString(src) > SubjectMaxLength:
		return []cardinal.Violation{cardinal.Violated(cardinal.ViolationTooLong, fieldSubject,
			"The subject has %d characters at most.", SubjectMaxLength)}
	}
	if broken = readable(fieldSubject, src); broken == nil {
		t.subject, broken = scan(t.kind, fieldSubject, src)
	}
	return broken
}

func (t *Template) takeText(src string) (broken []cardinal.Violation) {
	src = lineBreaks.Replace(src)
	switch {
	case strings.TrimSpace(src) == "":
		return []cardinal.Violation{cardinal.Violated(cardinal.ViolationRequired, fieldText,
			"The text is empty. Not every mail program shows HTML, so write it in words too.")}
	case len(src) > TextMaxBytes:
		return []cardinal.Violation{cardinal.Violated(cardinal.ViolationTooLong, fieldText,
			"The text is too long: %d KB at most.", TextMaxBytes/1024)}
	}
	if broken = readable(fieldText, src); broken == nil {
		t.text, broken = scan(t.kind, fieldText, src)
	}
	if broken == nil {
		broken = t.lacks(fieldText, t.text)
	}
	return broken
}

func (t *Template) takeHTML(src string) (broken []cardinal.Violation) {
	src = lineBreaks.Replace(src)
	switch {
	case strings.TrimSpace(src) == "":
		return nil
	case len(src) > HTMLMaxBytes:
		return []cardinal.Violation{cardinal.Violated(cardinal.ViolationTooLong, fieldHTML,
			"The HTML is too long: %d KB at most.", HTMLMaxBytes/1024)}
	}
	var found []part
	if broken = readable(fieldHTML, src); broken == nil {
		found, broken = scan(t.kind, fieldHTML, src)
	}
	if broken != nil {
		return broken
	}
	if t.html, broken = compile(found); broken == nil {
		broken = t.lacks(fieldHTML, t.html)
	}
	return broken
}

// lacks looks for what the kind needs. It is asked about what would be sent:
// a variable in a comment of the HTML is not there.
func (t *Template) lacks(field string, parts []part) []cardinal.Violation {
	needed := t.kind.needed()
	if needed == "" || uses(parts, needed) {
		return nil
	}
	return []cardinal.Violation{cardinal.Violated(cardinal.ViolationRequired, field,
		"{{%s}} is missing. Whoever gets this e-mail learns it nowhere else.", needed)}
}

// lineBreaks makes one kind of line break of those that forms and files have.
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// readable refuses text that is not UTF-8, and characters that do not show;
// line breaks and tabs may stand in it.
func readable(field, src string) []cardinal.Violation {
	line := 1
	for i, r := range src {
		if r == '\n' {
			line++
			continue
		}
		broken := r == utf8.RuneError && !strings.HasPrefix(src[i:], string(utf8.RuneError))
		if broken || r != '\t' && unprintable(r) {
			return []cardinal.Violation{cardinal.Violated(cardinal.ViolationBadCharacter, field,
				"Line %d has a character that cannot be shown. Type the line anew.", line)}
		}
	}
	return nil
}

// unprintable matches control characters and the line breaks of Unicode.
func unprintable(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }
