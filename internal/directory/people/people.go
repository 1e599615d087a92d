// Package people owns the form of people files: it reads a file of people line
// by line into values that say what each line asks for, writes such files, and
// names the results that an import reports.
//
// It does not know which users exist, judges no PIN and writes nothing but the
// stream it is given: that is for the importer, which takes every Person
// through the same door as everybody else. Memory does not grow with the file.
package people

import "cardinal"

// Op says what a cell asks for.
type Op uint8

// What a cell can ask for.
const (
	Leave Op = iota // an empty cell or a column that the file does not have: the field stays as it is
	Clear           // "(clear)": the field is emptied
	Set             // anything else: the field becomes Value
)

// Change is what one cell asks of one field. Value counts only under Set; it is
// the zero value otherwise.
type Change[T any] struct {
	Op    Op
	Value T
}

// SetTo returns the change that sets a field to value.
func SetTo[T any](value T) Change[T] { return Change[T]{Op: Set, Value: value} }

// Apply returns what the field holds after the change: current under Leave, the
// zero value under Clear.
func (c Change[T]) Apply(current T) T {
	if c.Op == Leave {
		return current
	}
	return c.Value
}

// Person is one line of a people file. Where Violations is empty, every field
// has been checked for its form and its length, but for PIN and Password, which
// only the door can judge; where it is not, the line must be refused whole.
type Person struct {
	// Line is where the record begins in the file, counting physical lines from 1.
	Line int
	// Username is in Unicode form NFC. It is empty on a malformed line, and where
	// the cell holds what no report should repeat: too long or not clean text.
	Username   string
	FullName   Change[string]
	Email      Change[string] // Set is never empty
	Department Change[string]
	Notes      Change[string] // may hold line breaks and tabs
	Primary    Change[cardinal.CardNumber]
	Secondary  Change[cardinal.CardNumber]
	PIN        Change[cardinal.PIN]      // exactly as the cell stands; Clear removes the PIN
	Password   Change[cardinal.Password] // exactly as the cell stands; Clear removes the password
	Disabled   Change[bool]              // "(clear)" sets false
	Role       Change[cardinal.Role]     // a valid role; "(clear)" sets cardinal.RoleUser
	// Violations is everything that is wrong with the line; ViolationLine is its
	// only code where the line could not be taken apart into cells.
	Violations []cardinal.Violation
}

// Malformed reports whether the line could not be taken apart into cells.
func (p Person) Malformed() bool {
	return len(p.Violations) > 0 && p.Violations[0].Code == cardinal.ViolationLine
}

// Row is a user as an export shows them. Primary and Secondary are in full or,
// for those who may not see numbers, as cardinal.MaskedNumber gives them.
type Row struct {
	Username   string
	FullName   string
	Email      string
	Department string
	Primary    string
	Secondary  string
	Notes      string
	Disabled   bool
	Role       cardinal.Role
}
