package letter

import (
	"regexp"
	"strings"

	"cardinal"
)

// place is where a variable stands, which decides how its value is written.
type place int

const (
	inText      place = iota // a subject or a text: as it is
	inMarkup                 // between tags
	inAttribute              // in the quoted value of an attribute
)

// part is a piece of a template: a literal, a variable, or an address made of
// such pieces.
type part struct {
	literal  string
	variable string
	in       place
	address  []part // the value of an href
}

// variableForm is how a variable is named. The length keeps messages short.
var variableForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]{0,79}$`)

// maxViolations is how many faults of one field are told at once.
const maxViolations = 20

// scanner finds the variables of one field.
type scanner struct {
	kind   Kind
	field  string
	parts  []part
	broken []cardinal.Violation
}

// scan takes a field apart into literals and variables. Nothing but {{name}},
// with or without spaces inside, is looked at.
func scan(kind Kind, field, src string) ([]part, []cardinal.Violation) {
	s := scanner{kind: kind, field: field}
	for line := 1; ; {
		before, after, found := strings.Cut(src, "{{")
		s.literal(before)
		line += strings.Count(before, "\n")
		if !found || len(s.broken) >= maxViolations {
			return s.parts, s.broken
		}
		inside, next, closed := strings.Cut(after, "}}")
		if !closed || strings.Contains(inside, "\n") || strings.Contains(inside, "{{") {
			s.refuse(cardinal.Violated(cardinal.ViolationInvalid, field,
				"Line %d: {{ is not closed. Write }} after the name, on the same line.", line))
			src = after
			continue
		}
		s.variable(line, strings.Trim(inside, " "))
		src = next
	}
}

func (s *scanner) literal(text string) {
	if text != "" {
		s.parts = append(s.parts, part{literal: text})
	}
}

func (s *scanner) refuse(v cardinal.Violation) { s.broken = append(s.broken, v) }

func (s *scanner) variable(line int, name string) {
	switch {
	case !variableForm.MatchString(name):
		s.refuse(cardinal.Violated(cardinal.ViolationInvalid, s.field,
			"Line %d: only the name of a variable can stand between {{ and }}, as in {{username}}.", line))
	case !s.kind.takes(name) && s.kind != Custom && strings.HasPrefix(name, eventPrefix):
		s.refuse(cardinal.Violated(cardinal.ViolationUnknown, s.field,
			"Line %d: {{%s}} works only in custom templates, which rules send.", line, name))
	case !s.kind.takes(name):
		s.refuse(cardinal.Violated(cardinal.ViolationUnknown, s.field,
			"Line %d: {{%s}} is not a variable of this kind of e-mail. You can use %s.", line, name, s.kind.listed()))
	case s.field == fieldSubject && secret(name):
		s.refuse(cardinal.Violated(cardinal.ViolationInvalid, s.field,
			"Line %d: {{%s}} cannot stand in the subject, which shows on locked screens. Put it into the text.", line, name))
	default:
		s.parts = append(s.parts, part{variable: name})
	}
}

// listed names the variables of a kind for a message.
func (k Kind) listed() string {
	names := k.Variables()
	if k == Custom {
		names = append(names, eventPrefix+"NAME")
	}
	return "{{" + strings.Join(names, "}}, {{") + "}}"
}

// variables calls f for every variable in parts, those of addresses too.
func variables(parts []part, f func(name string)) {
	for _, p := range parts {
		if p.variable != "" {
			f(p.variable)
		}
		variables(p.address, f)
	}
}

func uses(parts []part, name string) bool {
	found := false
	variables(parts, func(v string) { found = found || v == name })
	return found
}
