package people

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"cardinal"
)

// clearWord is the cell that empties a field (spec: import).
const clearWord = "(clear)"

// guarded are the first characters with which a spreadsheet takes a cell for a
// formula or for less than it is, and the guard itself.
const guarded = "=+-@'\t\r"

// Guard puts a ' before what a spreadsheet would execute, and before what the
// reader would take for the word that empties a field.
func Guard(cell string) string {
	if needsGuard(cell) {
		return "'" + cell
	}
	return cell
}

// unguard takes one ' off again where Guard may have put it.
func unguard(cell string) string {
	if strings.HasPrefix(cell, "'") && needsGuard(cell[1:]) {
		return cell[1:]
	}
	return cell
}

func needsGuard(cell string) bool {
	return cell != "" && strings.IndexByte(guarded, cell[0]) >= 0 || cell == clearWord
}

// maskCharacter is what cardinal.MaskedNumber begins with.
const maskCharacter = "•"

func asked(cell string) Op {
	switch cell {
	case "":
		return Leave
	case clearWord:
		return Clear
	}
	return Set
}

// take reads one cell into its field. A field whose cell is refused is left.
func (p *Person) take(c column, cell string, convert Conversion) {
	switch c {
	case columnUsername:
		p.takeUsername(cell)
	case columnFullName:
		p.FullName = p.text("fullName", cell, cardinal.FieldMaxLength)
	case columnEmail:
		p.takeEmail(cell)
	case columnDepartment:
		p.Department = p.text("department", cell, cardinal.FieldMaxLength)
	case columnNotes:
		p.takeNotes(cell)
	case columnPrimary:
		p.Primary = p.number("primaryCardNumber", cell, convert)
	case columnSecondary:
		p.Secondary = p.number("secondaryCardNumber", cell, convert)
	case columnPIN:
		p.PIN = exactly(cell, cardinal.NewPIN)
	case columnPassword:
		p.Password = exactly(cell, cardinal.NewPassword)
	case columnDisabled:
		p.takeDisabled(cell)
	case columnRole:
		p.takeRole(cell)
	}
}

func (p *Person) refuse(v cardinal.Violation) {
	p.Violations = append(p.Violations, v)
}

func (p *Person) takeUsername(cell string) {
	if cell == clearWord {
		p.refuse(cardinal.Violated(cardinal.ViolationInvalid, "username", "A username cannot be cleared."))
		return
	}
	name := norm.NFC.String(unguard(cell))
	if err := cardinal.CheckUsername(name); err != nil {
		p.Violations = append(p.Violations, cardinal.ViolationsOf(err)...)
		if !cardinal.CleanText(name) || utf8.RuneCountInString(name) > cardinal.UsernameMaxLength {
			return
		}
	}
	p.Username = name
}

func (p *Person) takeEmail(cell string) {
	change := Change[string]{Op: asked(cell)}
	if change.Op == Set {
		change.Value = unguard(cell)
		if err := cardinal.CheckEmail(change.Value); err != nil {
			p.Violations = append(p.Violations, cardinal.ViolationsOf(err)...)
			return
		}
	}
	p.Email = change
}

// text reads a cell of one line of text of up to maxLength characters.
func (p *Person) text(field, cell string, maxLength int) Change[string] {
	op := asked(cell)
	if op != Set {
		return Change[string]{Op: op}
	}
	value := unguard(cell)
	if !p.checkText(field, value, maxLength) {
		return Change[string]{}
	}
	return SetTo(value)
}

// takeNotes allows what one line of text does not have: line breaks and tabs.
func (p *Person) takeNotes(cell string) {
	op := asked(cell)
	if op != Set {
		p.Notes.Op = op
		return
	}
	value := unguard(cell)
	if p.checkText("notes", strings.Map(asOneLine, value), cardinal.NotesMaxLength) {
		p.Notes = SetTo(value)
	}
}

func asOneLine(r rune) rune {
	if r == '\r' || r == '\n' || r == '\t' {
		return ' '
	}
	return r
}

func (p *Person) checkText(field, value string, maxLength int) bool {
	ok := true
	if utf8.RuneCountInString(value) > maxLength {
		p.refuse(cardinal.Violated(cardinal.ViolationTooLong, field, "This has %d characters at most.", maxLength))
		ok = false
	}
	if !cardinal.CleanText(value) {
		p.refuse(cardinal.Violated(cardinal.ViolationBadCharacter, field, "This has a control character, a line break perhaps. Remove it."))
		ok = false
	}
	return ok
}

func (p *Person) number(field, cell string, convert Conversion) Change[cardinal.CardNumber] {
	op := asked(cell)
	text := unguard(cell)
	switch {
	case op != Set:
		return Change[cardinal.CardNumber]{Op: op}
	case strings.TrimFunc(text, unicode.IsSpace) == "":
		return Change[cardinal.CardNumber]{}
	case strings.HasPrefix(text, maskCharacter):
		p.refuse(cardinal.Violated(cardinal.ViolationInvalid, field,
			"An export with masked numbers cannot be imported. Have somebody export it who may see the numbers, or remove the column."))
		return Change[cardinal.CardNumber]{}
	}
	number, err := parseNumber(field, text, convert)
	if err != nil {
		p.Violations = append(p.Violations, cardinal.ViolationsOf(err)...)
		return Change[cardinal.CardNumber]{}
	}
	return SetTo(number)
}

// parseNumber converts what stands in a cell, unless a spreadsheet has spoilt it
// before: then there is nothing to convert, and that is what must be said.
func parseNumber(field, text string, convert Conversion) (cardinal.CardNumber, error) {
	number, err := cardinal.ParseCardNumber(field, text)
	violations := cardinal.ViolationsOf(err)
	if convert == nil || len(violations) > 0 && violations[0].Code == cardinal.ViolationSpoilt {
		return number, err
	}
	converted, err := convert(text)
	if err != nil {
		if refused, ok := errors.AsType[*cardinal.Error](err); ok {
			return number, cardinal.Invalid(field, "%s", refused.Sentence())
		}
		return number, fmt.Errorf("convert a number: %w", err)
	}
	return cardinal.ParseCardNumber(field, converted)
}

// checkSlots refuses one number in both slots, as the door would.
func (p *Person) checkSlots() {
	if p.Primary.Op == Set && p.Secondary.Op == Set && p.Primary.Value.Folded() == p.Secondary.Value.Folded() {
		p.refuse(cardinal.Violated(cardinal.ViolationTaken, "secondaryCardNumber", "The same number stands in both slots. Leave one of them empty."))
	}
}

// exactly reads a secret: exports never hold one, so nothing is taken off.
func exactly[T any](cell string, secret func(string) T) Change[T] {
	op := asked(cell)
	if op != Set {
		return Change[T]{Op: op}
	}
	return SetTo(secret(cell))
}

func (p *Person) takeDisabled(cell string) {
	switch strings.ToLower(strings.TrimSpace(unguard(cell))) {
	case "":
	case "yes", "true", "1":
		p.Disabled = SetTo(true)
	case "no", "false", "0", clearWord:
		p.Disabled = SetTo(false)
	default:
		p.refuse(cardinal.Violated(cardinal.ViolationInvalid, "disabled", "This is yes or no."))
	}
}

func (p *Person) takeRole(cell string) {
	switch role := cardinal.Role(strings.ToLower(strings.TrimSpace(unguard(cell)))); {
	case role == "":
	case role == clearWord:
		p.Role = SetTo(cardinal.RoleUser)
	case role.Valid():
		p.Role = SetTo(role)
	default:
		p.refuse(cardinal.Violated(cardinal.ViolationInvalid, "role", "There is no such role. The roles are %s.", roleNames()))
	}
}

func roleNames() string {
	names := make([]string, 0, len(cardinal.Roles()))
	for _, role := range cardinal.Roles() {
		names = append(names, string(role))
	}
	return strings.Join(names, ", ")
}
