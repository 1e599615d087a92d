package letter

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"

	"cardinal"
)

// ValueMaxLength is how many characters of a name or an attribute stand in a
// letter; what is longer ends with an ellipsis. No field of a user is longer.
const ValueMaxLength = 1000

// Values are what variables stand for. Those that a template does not use may
// be left out. Instants are told in Zone, which is UTC if nil.
type Values struct {
	Username      string
	FullName      string // empty: the username stands for it
	CustomerName  string
	PIN           cardinal.PIN
	PINExpiration time.Time // zero: the PIN does not expire
	CardNumber    cardinal.CardNumber
	Slot          cardinal.Slot
	Time          time.Time // when it happened
	Device        string    // where it happened; empty: not at a device
	Link          cardinal.Token
	ValidUntil    time.Time
	Event         map[string]string // attributes by name; one that is missing is empty
	Zone          *time.Location
}

// value is the text of a variable. An exact one is copied or typed by people,
// and stands as it is; the others are names that may be in any script.
type value struct {
	text  string
	exact bool
}

// of returns the value of a variable. One that is missing is a fault of the
// program: a letter without its PIN or link must not go out.
func (v Values) of(name string, words phrases) (value, error) {
	if attribute, ofEvent := strings.CutPrefix(name, eventPrefix); ofEvent {
		return value{text: cleaned(v.Event[attribute])}, nil
	}
	switch name {
	case varUsername:
		return required(name, value{text: cleaned(v.Username)})
	case varFullName:
		if full := cleaned(v.FullName); strings.TrimSpace(full) != "" {
			return value{text: full}, nil
		}
		return required(name, value{text: cleaned(v.Username)})
	case varCustomerName:
		return required(name, value{text: cleaned(v.CustomerName)})
	case varDevice:
		if v.Device == "" {
			return value{text: words.nowhere}, nil
		}
		return value{text: cleaned(v.Device)}, nil
	case varPINExpiration:
		return value{text: words.instant(v.PINExpiration, v.Zone), exact: true}, nil
	}
	return v.exactly(name, words)
}

func (v Values) exactly(name string, words phrases) (value, error) {
	text := ""
	switch name {
	case varPIN:
		text = v.PIN.Reveal()
	case varCardNumber:
		text = v.CardNumber.Reveal()
	case varSlot:
		text = words.slots[v.Slot]
	case varTime:
		text = told(v.Time, v, words)
	case varValidUntil:
		text = told(v.ValidUntil, v, words)
	case varLink:
		if text = v.Link.Reveal(); !safeAddress(text) {
			return value{}, fmt.Errorf("the value of {{%s}} is not an address that a letter can hold", name)
		}
	}
	if strings.IndexFunc(text, unprintable) >= 0 {
		return value{}, fmt.Errorf("the value of {{%s}} has control characters", name)
	}
	return required(name, value{text: text, exact: true})
}

func told(t time.Time, v Values, words phrases) string {
	if t.IsZero() {
		return ""
	}
	return words.instant(t, v.Zone)
}

func required(name string, v value) (value, error) {
	if strings.TrimSpace(v.text) == "" {
		return value{}, fmt.Errorf("no value for {{%s}}", name)
	}
	return v, nil
}

// cleaned makes one line of a name or an attribute: characters that end lines
// or control something become spaces, and those that turn the direction of what
// follows go.
func cleaned(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unprintable(r):
			return ' '
		case '\u202a' <= r && r <= '\u202e', '\u2066' <= r && r <= '\u2069':
			return -1
		}
		return r
	}, text) // and bytes that are no UTF-8 become U+FFFD
	if utf8.RuneCountInString(text) <= ValueMaxLength {
		return text
	}
	return string([]rune(text)[:ValueMaxLength-1]) + "…"
}

// turns reports whether a text has characters that are written from right to
// left, which would take the punctuation after them along.
func turns(text string) bool {
	for _, r := range text {
		switch p, _ := bidi.LookupRune(r); p.Class() {
		case bidi.R, bidi.AL, bidi.AN:
			return true
		default:
		}
	}
	return false
}

// safeAddress reports whether a link may lead there: to a page or a mailbox,
// written out with its scheme.
func safeAddress(address string) bool {
	if strings.IndexFunc(address, func(r rune) bool { return unprintable(r) || r == ' ' }) >= 0 {
		return false
	}
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "http", "https":
		return u.Host != ""
	case "mailto":
		return u.Opaque != ""
	}
	return false
}
