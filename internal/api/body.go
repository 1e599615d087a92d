package api

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"cardinal"
)

// member is one field of a JSON object.
type member struct {
	name     string
	index    []int
	kind     reflect.Type
	required bool
}

// members are the fields that a body may have, in the order of the document.
type members []member

func membersOf(kind reflect.Type) members {
	var all members
	for _, field := range reflect.VisibleFields(kind) {
		if field.Anonymous {
			continue
		}
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		all = append(all, member{name, field.Index, field.Type, options != "omitzero"})
	}
	return all
}

func (m members) names() []string {
	names := make([]string, len(m))
	for i, one := range m {
		names[i] = one.name
	}
	return names
}

func (m members) required() bool {
	return slices.ContainsFunc(m, func(one member) bool { return one.required })
}

// decode reads a JSON object into the struct, or says everything that is wrong
// at once, together with the violations found before. Unlike encoding/json it
// tells names apart by case, refuses repeated and unknown names, and repeats
// nothing of what was sent. Without required fields the body may be missing.
func (m members) decode(text []byte, into reflect.Value, violations []cardinal.Violation) error {
	if len(bytes.TrimSpace(text)) == 0 && !m.required() {
		return refused(violations)
	}
	object, err := parseObject(text)
	if err != nil {
		return err
	}
	for _, one := range m {
		raw, given := object[one.name]
		delete(object, one.name)
		if v, ok := one.set(raw, given, into); !ok {
			violations = append(violations, v)
		}
	}
	if len(object) > 0 {
		violations = append(violations, cardinal.ViolationsOf(unknown("field in the body", m.names()))...)
	}
	return refused(violations)
}

func (m member) set(raw json.RawMessage, given bool, into reflect.Value) (cardinal.Violation, bool) {
	absent := !given || isNull(raw) && !m.takesNull()
	if absent {
		return cardinal.Violation{Code: cardinal.ViolationRequired, Field: m.name, Message: "This field is required."}, !m.required
	}
	if err := json.Unmarshal(raw, into.FieldByIndex(m.index).Addr().Interface()); err != nil {
		return cardinal.Violation{Code: cardinal.ViolationInvalid, Field: m.name, Message: "This field takes " + takes(m.kind) + "."}, false
	}
	return cardinal.Violation{}, true
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }

// takesNull reports whether null means something in this field.
func (m member) takesNull() bool {
	return m.kind == reflect.TypeFor[json.RawMessage]() || m.kind.Implements(reflect.TypeFor[wrapped]())
}

// takes says in words what JSON a field takes.
func takes(kind reflect.Type) string {
	if w, ok := reflect.TypeAssert[wrapped](reflect.Zero(kind)); ok {
		return takes(w.wraps())
	}
	switch kind.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Slice:
		return "an array of texts"
	}
	if kind == reflect.TypeFor[time.Time]() {
		return "a time as in RFC 3339, for example 2026-03-02T12:00:00Z"
	}
	return "a text"
}

// parseObject splits a JSON object into its members. The whole text is checked
// to be UTF-8, to be one JSON value, and to repeat no name at any depth.
func parseObject(text []byte) (map[string]json.RawMessage, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, cardinal.Errorf(cardinal.CodeMalformed, "The body is empty. Send a JSON object.")
	}
	if !utf8.Valid(text) || !json.Valid(text) {
		return nil, cardinal.Errorf(cardinal.CodeMalformed, "The body is not JSON in UTF-8, or there is more after it.")
	}
	if repeats, flat := repeatsFlat(text); repeats || !flat && repeatsName(json.NewDecoder(bytes.NewReader(text))) {
		return nil, cardinal.Errorf(cardinal.CodeMalformed, "The body has a name twice in one object. Send each name once.")
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil || object == nil {
		return nil, cardinal.Invalid("", "The body is JSON, but not an object.")
	}
	return object, nil
}

// flatNames is how many names an object may have for repeatsFlat to look at it.
const flatNames = 16

// repeatsFlat reports whether an object has a name twice, and whether it is one that
// is quickly told of: valid JSON of few names, without objects or arrays in it and
// without escapes. Most bodies are.
func repeatsFlat(text []byte) (repeats, flat bool) {
	text = bytes.TrimSpace(text)
	if text[0] != '{' || bytes.ContainsAny(text, `[\\`) || bytes.IndexByte(text[1:], '{') >= 0 {
		return false, false
	}
	var seen [flatNames][]byte
	count := 0
	parts := bytes.Split(text, []byte{'"'}) // every second part is a string
	for i := 1; i+1 < len(parts); i += 2 {
		if after := bytes.TrimLeft(parts[i+1], " \t\r\n"); len(after) == 0 || after[0] != ':' {
			continue
		}
		if count == flatNames {
			return false, false
		}
		for _, name := range seen[:count] {
			repeats = repeats || bytes.Equal(name, parts[i])
		}
		seen[count] = parts[i]
		count++
	}
	return repeats, true
}

// repeatsName walks valid JSON and reports whether an object has a name twice.
func repeatsName(tokens *json.Decoder) bool {
	type level struct {
		names  map[string]bool // nil in an array
		isName bool            // the next token is a name
	}
	var open []level
	for {
		token, err := tokens.Token()
		if err == io.EOF {
			return false
		}
		if err != nil {
			return true
		}
		if len(open) > 0 {
			if top := &open[len(open)-1]; top.names != nil {
				if name, ok := token.(string); ok && top.isName {
					if top.names[name] {
						return true
					}
					top.names[name] = true
				}
				top.isName = !top.isName
			}
		}
		switch token {
		case json.Delim('{'):
			open = append(open, level{names: map[string]bool{}, isName: true})
		case json.Delim('['):
			open = append(open, level{})
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
	}
}
