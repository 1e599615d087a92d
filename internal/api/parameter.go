package api

import (
	"encoding"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"cardinal"
	"cardinal/internal/setting"
)

// request is a request whose body, unless it is streamed, has been read.
type request struct {
	*http.Request
	body []byte
}

// place is where in a request a value stands.
type place string

const (
	inPath   place = "path"
	inQuery  place = "query"
	inHeader place = "header"
)

// parameter is one value outside the body.
type parameter struct {
	place place
	name  string
	field reflect.StructField
}

// shape is how a request is read into a struct: worked out once for each route.
type shape struct {
	kind       reflect.Type
	parameters []parameter
	body       int // index of the field Body, or -1
	stream     int // index of a Body that is read by the handler, or -1
	members    members
}

func newShape(kind reflect.Type) shape {
	s := shape{kind: kind, body: -1, stream: -1}
	for _, field := range reflect.VisibleFields(kind) {
		for _, p := range []place{inPath, inQuery, inHeader} {
			if name := field.Tag.Get(string(p)); name != "" {
				s.parameters = append(s.parameters, parameter{p, name, field})
			}
		}
		switch {
		case field.Name != "Body":
		case field.Type.Kind() == reflect.Interface:
			s.stream = field.Index[0]
		default:
			s.body, s.members = field.Index[0], membersOf(field.Type)
		}
	}
	return s
}

// bind reads a request into the struct. Errors name fields of ours, never what
// was sent.
func (s shape) bind(q request, into reflect.Value) error {
	query, err := s.query(q.URL.RawQuery)
	if err != nil {
		return err
	}
	var violations []cardinal.Violation
	for _, p := range s.parameters {
		text := p.text(q, query)
		problem := p.set(into.FieldByIndex(p.field.Index), text)
		switch {
		case problem == "":
		case p.place == inPath:
			return cardinal.Errorf(cardinal.CodeNotFound, "There is nothing of that name here.")
		default:
			violations = append(violations, cardinal.Violation{Code: cardinal.ViolationInvalid, Field: p.name, Message: problem})
		}
	}
	if s.stream >= 0 {
		into.Field(s.stream).Set(reflect.ValueOf(q.Body))
		return refused(violations)
	}
	var body reflect.Value
	if s.body >= 0 {
		body = into.Field(s.body)
	}
	return s.members.decode(q.body, body, violations)
}

// query parses the query and refuses what the route does not have: a mistyped
// dryRun must not import for good.
func (s shape) query(raw string) (url.Values, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, cardinal.Errorf(cardinal.CodeMalformed, "The query in the address cannot be read. Percent-encode its values.")
	}
	var known []string
	for _, p := range s.parameters {
		if p.place == inQuery {
			known = append(known, p.name)
		}
	}
	for name, texts := range values {
		if !slices.Contains(known, name) {
			return nil, unknown("parameter in the address", known)
		}
		if len(texts) > 1 {
			return nil, cardinal.Invalid(name, "This parameter is given more than once.")
		}
	}
	return values, nil
}

// unknown says that something does not exist by saying what does: a name that
// was sent can be a slip that holds a secret.
func unknown(what string, known []string) error {
	message := "There is an unknown " + what + ". None is known here."
	if len(known) > 0 {
		message = "There is an unknown " + what + ". Known are: " + strings.Join(known, ", ") + "."
	}
	return &cardinal.Error{Code: cardinal.CodeInvalid, Detail: message,
		Violations: []cardinal.Violation{{Code: cardinal.ViolationUnknown, Message: message}}}
}

func refused(violations []cardinal.Violation) error {
	if len(violations) == 0 {
		return nil
	}
	return &cardinal.Error{Code: cardinal.CodeInvalid, Detail: "Some fields are not right. Nothing was changed.", Violations: violations}
}

func (p parameter) text(q request, query url.Values) string {
	switch p.place {
	case inPath:
		return q.PathValue(p.name)
	case inQuery:
		return query.Get(p.name)
	}
	return strings.Join(q.Header.Values(p.name), ", ")
}

// set puts a text into a field and returns what is wrong with it, or nothing.
func (p parameter) set(field reflect.Value, text string) string {
	if text == "" && p.place != inPath {
		text = p.field.Tag.Get("default")
	}
	if text == "" && p.place != inPath {
		return ""
	}
	if reader, ok := reflect.TypeAssert[encoding.TextUnmarshaler](field.Addr()); ok {
		if err := reader.UnmarshalText([]byte(text)); err != nil {
			return err.Error() // ours: the types in this package say what they take
		}
		return ""
	}
	return p.setPlain(field, text)
}

func (p parameter) setPlain(field reflect.Value, text string) string {
	switch field.Kind() {
	case reflect.Bool:
		if text != "true" && text != "false" {
			return "This is either true or false."
		}
		field.SetBool(text == "true")
	case reflect.Int:
		least, most := p.bound("minimum"), p.bound("maximum")
		n, err := strconv.Atoi(text)
		if err != nil || n < least || n > most {
			return fmt.Sprintf("This is a whole number from %d to %d.", least, most)
		}
		field.SetInt(int64(n))
	default:
		if !cardinal.CleanText(text) {
			return "This is a text of one line without control characters."
		}
		field.SetString(text)
	}
	return ""
}

func (p parameter) bound(tag string) int {
	n, _ := strconv.Atoi(p.field.Tag.Get(tag)) // a test reads every route's
	return n
}

// formError is what a parameter of its own form takes.
type formError string

// Error returns the sentence.
func (e formError) Error() string { return string(e) }

// pathName is a username in a path: percent-decoded by the router, put into
// form NFC here. What can be no username is nobody's.
type pathName string

// UnmarshalText takes the decoded segment.
func (n *pathName) UnmarshalText(text []byte) error {
	*n = pathName(norm.NFC.String(string(text)))
	if !cardinal.CleanText(string(*n)) || utf8.RuneCountInString(string(*n)) > cardinal.UsernameMaxLength {
		return formError("This is no username.")
	}
	return nil
}

// pathSlot is primary or secondary in a path.
type pathSlot cardinal.Slot

// UnmarshalText takes the name of a slot.
func (s *pathSlot) UnmarshalText(text []byte) error {
	slot, err := cardinal.ParseSlot(string(text))
	*s = pathSlot(slot)
	return err
}

// pathID is an identifier in a path; one that is no ID is found nowhere.
type pathID string

// UnmarshalText takes the decoded segment.
func (i *pathID) UnmarshalText(text []byte) error {
	if !cardinal.CleanText(string(text)) {
		return formError("This is no identifier.")
	}
	*i = pathID(text)
	return nil
}

// pathLanguage is a language in a path; a text in another is found nowhere.
type pathLanguage setting.Language

// UnmarshalText takes the code of a language, as en.
func (l *pathLanguage) UnmarshalText(text []byte) error {
	*l = pathLanguage(text)
	if !slices.Contains(setting.Languages(), setting.Language(*l)) {
		return formError("This is no language.")
	}
	return nil
}

// mailState is the state of a notification.
type mailState cardinal.NotificationState

// UnmarshalText takes the name of a state.
func (s *mailState) UnmarshalText(text []byte) error {
	*s = mailState(text)
	if !slices.Contains(cardinal.NotificationStates(), cardinal.NotificationState(*s)) {
		return formError("This is queued, sending, sent, failed, skipped or cancelled.")
	}
	return nil
}

// cursor says where the next page of a list begins. It is opaque to clients.
type cursor string

func cursorOf(at string) cursor { return cursor(at) }

func (c cursor) text() *string {
	if c == "" {
		return nil
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(c))
	return &text
}

// UnmarshalText takes what text returned.
func (c *cursor) UnmarshalText(text []byte) error {
	at, err := base64.RawURLEncoding.DecodeString(string(text))
	if err != nil || !cardinal.CleanText(string(at)) {
		return formError("This is not a cursor from an answer. Leave it out to begin at the first page.")
	}
	*c = cursor(at)
	return nil
}

// match is the header If-Match: empty or * for any version, else one entity tag.
type match string

// UnmarshalText takes the header's value.
func (m *match) UnmarshalText(text []byte) error {
	value := strings.TrimSpace(string(text))
	if value == "*" {
		return nil
	}
	inner, opened := strings.CutPrefix(strings.TrimPrefix(value, "W/"), `"`)
	inner, closed := strings.CutSuffix(inner, `"`)
	if !opened || !closed || strings.Contains(inner, `"`) {
		return formError(`If-Match is * or one entity tag in quotes, as the header ETag gave it.`)
	}
	if inner == "" || strings.HasPrefix(value, "W/") {
		inner = "none" // compared strongly, a weak tag matches nothing (RFC 9110)
	}
	*m = match(inner)
	return nil
}

// revision returns the revision that must be there: 0 for any, and -1, which
// nothing has, for a tag that was never one of ours.
func (m match) revision() int64 {
	if m == "" {
		return 0
	}
	n, err := strconv.ParseInt(string(m), 10, 64)
	if err != nil || n < 1 {
		return -1
	}
	return n
}
