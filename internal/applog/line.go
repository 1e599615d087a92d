package applog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"cardinal"
)

// valueMost is how many characters of a message or a value are shown.
const valueMost = 4000

// parse reads a line. What is no JSON object is shown as it stands, and of one
// that was cut or is broken what came before the break.
func parse(text []byte, cut bool) Line {
	line := Line{Cut: cut}
	whole := json.NewDecoder(bytes.NewReader(text))
	whole.UseNumber()
	if opening, err := whole.Token(); err != nil || opening != json.Delim('{') {
		line.Message = clean(string(text))
		return line
	}
	if err := line.members(whole); err != nil && !cut {
		line = Line{Message: clean(string(text))}
	}
	return line
}

var errTrailing = errors.New("something stands behind the object")

func (l *Line) members(d *json.Decoder) error {
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return fmt.Errorf("read a name: %w", err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return fmt.Errorf("read a value: %w", err)
		}
		l.member(fmt.Sprint(name), value)
	}
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("read the end: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}

func (l *Line) member(name string, value json.RawMessage) {
	text := string(value)
	var plain string
	if json.Unmarshal(value, &plain) == nil {
		text = plain
	}
	switch name {
	case slog.TimeKey:
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			l.Time = at
			return
		}
	case slog.LevelKey:
		if l.Level == "" {
			l.Level = clean(text)
			return
		}
	case slog.MessageKey:
		if l.Message == "" {
			l.Message = clean(text)
			return
		}
	}
	l.Attributes = append(l.Attributes, Attribute{clean(name), clean(text)})
}

// clean makes text harmless to show: valid, without control characters and
// without those that turn the direction of reading, and not too long.
func clean(text string) string {
	var b strings.Builder
	count := 0
	for _, r := range text {
		if count == valueMost {
			b.WriteString("…")
			break
		}
		count++
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' || r == '\ufeff' {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return b.String()
}

// severity is the line's level. What is no log line is worth a look, like an error.
func (l Line) severity() slog.Level {
	var level slog.Level
	if level.UnmarshalText([]byte(l.Level)) != nil {
		return slog.LevelError
	}
	return level
}

// of reports whether the line is about that customer and no other.
func (l Line) of(customer cardinal.CustomerID) bool {
	named := false
	for _, a := range l.Attributes {
		if a.Name == CustomerKey {
			if a.Value != string(customer) {
				return false
			}
			named = true
		}
	}
	return named
}

func (l Line) has(text string) bool {
	in := func(value string) bool { return strings.Contains(strings.ToLower(value), text) }
	return in(l.Message) || slices.ContainsFunc(l.Attributes, func(a Attribute) bool { return in(a.Name) || in(a.Value) })
}

// sieve decides whether a caller gets a line.
type sieve struct {
	Filter
	customer cardinal.CustomerID // whose lines alone; empty: all
	plain    []byte              // the longest part of Text that stands in a line's JSON as it is
}

func newSieve(caller cardinal.Caller, f Filter) sieve {
	f.Text = strings.ToLower(f.Text)
	s := sieve{Filter: f}
	if !caller.May(cardinal.PermCustomers) {
		s.customer = caller.Customer
	}
	for _, part := range strings.FieldsFunc(f.Text, func(r rune) bool { return strings.ContainsRune(`"\\<>&`, r) || !unicode.IsPrint(r) }) {
		if len(part) > len(s.plain) {
			s.plain = []byte(part)
		}
	}
	return s
}

// worth reports whether a line may pass, before the work of reading all of it.
func (s sieve) worth(text []byte, level slog.Level, known bool) bool {
	switch {
	case s.customer != "" && !bytes.Contains(text, []byte(s.customer)):
		return false
	case known && !s.Any && level < s.Level:
		return false
	}
	return bytes.Contains(bytes.ToLower(text), s.plain)
}

func (s sieve) passes(l Line) bool {
	switch {
	case s.customer != "" && !l.of(s.customer):
		return false
	case !s.Any && l.severity() < s.Level:
		return false
	case (!s.From.IsZero() || !s.To.IsZero()) && l.Time.IsZero():
		return false
	case !s.From.IsZero() && l.Time.Before(s.From), !s.To.IsZero() && !l.Time.Before(s.To):
		return false
	}
	return s.Text == "" || l.has(s.Text)
}

// glance reads time and level where they stand as this program writes them, at
// the front; ok is false elsewhere.
func glance(text []byte) (at time.Time, level slog.Level, ok bool) {
	rest, found := bytes.CutPrefix(text, []byte(`{"time":"`))
	if !found {
		return at, level, false
	}
	stamp, rest, _ := bytes.Cut(rest, []byte(`","level":"`))
	name, _, ended := bytes.Cut(rest[:min(len(rest), 20)], []byte(`"`))
	at, err := time.Parse(time.RFC3339Nano, string(stamp))
	if !ended || err != nil || level.UnmarshalText(name) != nil {
		return time.Time{}, 0, false
	}
	return at, level, true
}
