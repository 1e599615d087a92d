package people

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"

	"cardinal"
)

// column is what a column of the file holds.
type column uint8

const (
	columnUsername column = iota
	columnFullName
	columnEmail
	columnDepartment
	columnNotes
	columnPrimary
	columnSecondary
	columnPIN
	columnPassword
	columnDisabled
	columnRole
	columnCount
)

// columnNames returns the names that a header may have, in the order of the
// constants (spec: import).
func columnNames() [columnCount]string {
	return [columnCount]string{
		columnUsername:   "username",
		columnFullName:   "full name",
		columnEmail:      "email",
		columnDepartment: "department",
		columnNotes:      "notes",
		columnPrimary:    "primary card number",
		columnSecondary:  "secondary card number",
		columnPIN:        "pin",
		columnPassword:   "password",
		columnDisabled:   "disabled",
		columnRole:       "role",
	}
}

// separators returns what may stand between cells, the usual one first.
func separators() []byte { return []byte{',', ';', '\t'} }

// plainName folds a header cell to the form in which names are compared: case,
// white space, hyphens and underscores aside.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

func columnOf(name string) (column, bool) {
	plain := plainName(name)
	for c, known := range columnNames() {
		if plain == plainName(known) {
			return column(c), true
		}
	}
	return columnCount, false
}

// readHeader finds out which separator the header line that the window
// begins with uses, sets the splitter to it and returns the line's cells and length. The
// separator is the one that yields most known names, then most cells.
func (s *splitter) readHeader(window []byte) (cells []string, n int, f fault) {
	if endsInReturn(window) {
		return nil, 0, faultReturns
	}
	best, bestKnown := byte(0), 0
	for _, separator := range separators() {
		s.separator = separator
		length, _, failed := s.bounded(window)
		if failed != noFault {
			f = failed
			continue
		}
		found := s.cells(nil)
		known := countKnown(found)
		if best == 0 || known > bestKnown || known == bestKnown && len(found) > len(cells) {
			best, bestKnown, cells, n = separator, known, found, length
		}
	}
	if best == 0 {
		return nil, 0, f
	}
	s.separator = best
	return cells, n, noFault
}

// endsInReturn reports whether the first line ends in CR alone, as old Macs had
// it: then the whole file would pass for a header.
func endsInReturn(window []byte) bool {
	i := bytes.IndexAny(window, "\r\n")
	return i >= 0 && i+1 < len(window) && window[i] == '\r' && window[i+1] != '\n'
}

func countKnown(names []string) int {
	known := 0
	for _, name := range names {
		if _, ok := columnOf(name); ok {
			known++
		}
	}
	return known
}

// maxHeaderViolations bounds what is said of one header: past that many the
// file is not one of people.
const maxHeaderViolations = 20

// columnsOf returns what each column holds, or an Error of CodeInvalid with a
// violation for every column that is unknown or named twice. Messages name a
// column by its place: a file without a header has people's details there.
func columnsOf(header []string) ([]column, error) {
	if countKnown(header) == 0 {
		return nil, headerError(cardinal.Violated(cardinal.ViolationRequired, "username",
			"The first line must name the columns, username among them. Add such a line; the names are %s.", knownNames()))
	}
	columns := make([]column, 0, len(header))
	var violations []cardinal.Violation
	seen := map[column]int{}
	for i, name := range header {
		c, known := columnOf(name)
		switch first := seen[c]; {
		case !known:
			violations = append(violations, unknownColumn(i+1, name))
		case first > 0:
			violations = append(violations, cardinal.Violated(cardinal.ViolationInvalid, columnNames()[c],
				"Columns %d and %d both have the name %q. Remove one of them.", first, i+1, columnNames()[c]))
		default:
			seen[c] = i + 1
		}
		columns = append(columns, c)
		if len(violations) == maxHeaderViolations {
			break
		}
	}
	if seen[columnUsername] == 0 && len(violations) < maxHeaderViolations {
		violations = append(violations, cardinal.Violated(cardinal.ViolationRequired, "username",
			`There is no column "username". Add it: it says whom a line is about.`))
	}
	if len(violations) > 0 {
		return nil, headerError(violations...)
	}
	return columns, nil
}

func headerError(violations ...cardinal.Violation) error {
	all := violations[0].Sentence()
	for _, v := range violations[1:] {
		all = cardinal.Say("%s %s", all, v.Sentence())
	}
	e := cardinal.Errorf(cardinal.CodeInvalid, "%s", all)
	e.Violations = violations
	return e
}

func knownNames() string {
	names := columnNames()
	return strings.Join(names[:], ", ")
}

func unknownColumn(place int, name string) cardinal.Violation {
	field := fmt.Sprintf("column %d", place)
	plain := plainName(name)
	if plain == "" {
		return cardinal.Violated(cardinal.ViolationUnknown, field, "Column %d has no name. Name it or remove it.", place)
	}
	return cardinal.Violated(cardinal.ViolationUnknown, field,
		"Column %d has a name that is not known; the nearest known one is %q. Rename the column or remove it.", place, nearestName(plain))
}

// nearestName returns the known name with the fewest single-character edits
// from plain (Levenshtein's distance), the first of several.
func nearestName(plain string) string {
	from := []rune(plain)
	if len(from) > 64 {
		from = from[:64]
	}
	nearest, least := "", int(^uint(0)>>1)
	for _, known := range columnNames() {
		if d := distance(from, []rune(plainName(known))); d < least {
			nearest, least = known, d
		}
	}
	return nearest
}

func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			change := diagonal
			if x != y {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
