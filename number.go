package cardinal

import (
	"regexp"
	"strings"
	"unicode"
)

// Slot is one of the two places for a card number that a user has.
type Slot string

// The slots.
const (
	Primary   Slot = "primary"
	Secondary Slot = "secondary"
)

// Slots returns both slots, primary first.
func Slots() []Slot { return []Slot{Primary, Secondary} }

// ParseSlot returns the slot of that name, or an Error of CodeInvalid.
func ParseSlot(name string) (Slot, error) {
	switch s := Slot(name); s {
	case Primary, Secondary:
		return s, nil
	}
	return "", Invalid("slot", "The slot is either primary or secondary.")
}

// CardNumberMaxLength is the most characters a card number may have.
const CardNumberMaxLength = 64

// CardNumber identifies a user at a device (an ID number is the same thing).
// It prints as [redacted]: knowing a number is often enough to copy a card.
type CardNumber struct{ Secret }

// spoiltNumber matches what a spreadsheet makes of a long number: digits,
// perhaps a fraction, an E and a sign. Without the sign it may be a real
// number in hexadecimal letters (spec: numbers).
var spoiltNumber = regexp.MustCompile(`^[0-9]+([.,][0-9]+)?[eE][+-][0-9]+$`)

// ParseCardNumber makes a card number of what a reader, a file or a person
// gave: surrounding white space and control characters are stripped, and text
// from an '=' on is dropped, as card readers append it. What remains must be
// 1 to 64 ASCII letters and digits; it is kept as written and compared without
// regard to case. The error is of CodeInvalid with a violation about field.
func ParseCardNumber(field, text string) (CardNumber, error) {
	text, _, _ = strings.Cut(text, "=")
	text = strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	switch {
	case text == "":
		return CardNumber{}, invalidNumber(Violated(ViolationRequired, field,
			"The card number is empty."))
	case spoiltNumber.MatchString(text):
		return CardNumber{}, invalidNumber(Violated(ViolationSpoilt, field,
			"A spreadsheet has turned this card number into a power of ten. Format the column as text and enter the number again."))
	case len(text) > CardNumberMaxLength:
		return CardNumber{}, invalidNumber(Violated(ViolationInvalid, field,
			"A card number has 64 characters at most."))
	}
	for i := range len(text) {
		if !isASCIILetterOrDigit(text[i]) {
			return CardNumber{}, invalidNumber(Violated(ViolationInvalid, field,
				"A card number has only the letters A to Z and digits."))
		}
	}
	return CardNumber{Secret{&text}}, nil
}

func invalidNumber(v Violation) *Error {
	return &Error{Code: CodeInvalid, Detail: v.Message, Violations: []Violation{v}}
}

func isASCIILetterOrDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// Folded returns the number in the one form that is compared and tagged:
// lower case.
func (n CardNumber) Folded() string { return strings.ToLower(n.Reveal()) }

// End returns the last four characters, which may be shown to those who may
// not see the number; of a number of four characters or fewer only its last.
func (n CardNumber) End() string {
	text := n.Reveal()
	if len(text) <= 4 {
		return text[max(0, len(text)-1):]
	}
	return text[len(text)-4:]
}

// MaskedNumber is how a number stands before those who may not see it.
func MaskedNumber(end string) string {
	if end == "" {
		return ""
	}
	return "••••" + end
}
