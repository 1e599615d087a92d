// Package cardformat owns the conversions of card numbers: the same card reads
// differently on different readers, and a conversion makes one number of what
// a reader gives (spec: numbers, Formats).
//
// It is pure. It does not own which conversion a device, an import or a
// customer uses, nor what a card number is: cardinal.ParseCardNumber has the
// last word on the result.
//
// A conversion is written as steps with | between them, applied from left to
// right; white space around a step does not count.
//
//	hex-to-decimal      946EBD28 becomes 2490285352
//	decimal-to-hex      2490285352 becomes 946EBD28
//	reverse-bytes       946EBD28 becomes 28BD6E94 (least significant byte first)
//	ascii-to-text       3934364542443238 becomes 946EBD28
//	regex:^..(\d+)$     what the first group matches
//
// Numbers have no leading zeros after hex-to-decimal, and whole bytes after
// decimal-to-hex: 255 becomes FF, 4095 becomes 0FFF. Where a reader pads with
// zeros, a width of 1 to 64 says to how many digits: hex-to-decimal:10 makes
// 0000004095 of 0FFF, decimal-to-hex:8 makes 00000FFF of 4095. Longer numbers
// keep their length.
//
// Expressions are of RE2 (https://github.com/google/re2/wiki/Syntax) and match
// anywhere unless anchored. A | within one is written twice: regex:^(?:AB||CD)(\d+)
// means AB or CD; a bar to be matched itself is \||. A space at either end is \x20.
package cardformat

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode"

	"cardinal"
)

// SpecMaxLength is the most bytes that the text of a conversion may have.
const SpecMaxLength = 256

// Conversion makes a card number of what a reader gives. The zero Conversion
// changes nothing. It never changes and is safe for concurrent use.
type Conversion struct {
	spec  string
	steps []step
}

// step is one conversion. Convert is given text without white space or control
// characters at its ends and reports false for what it cannot convert.
type step struct {
	name    string
	needs   cardinal.Sentence // what it can convert, for the error
	raw     bool              // it is also given what stands after an '='
	convert func(text string) (string, bool)
}

// Parse reads the text of a conversion; the package's documentation says what
// it looks like. White space alone is the zero Conversion. The Error is of
// CodeInvalid about the field "conversion" and names the step by its number.
func Parse(spec string) (Conversion, error) {
	spec = strings.TrimSpace(spec)
	if spec == "" {
		return Conversion{}, nil
	}
	if len(spec) > SpecMaxLength {
		return Conversion{}, cardinal.Invalid("conversion", "A conversion has %d characters at most.", SpecMaxLength)
	}
	conversion := Conversion{spec: spec}
	for i, text := range split(spec) {
		step, wrong := parseStep(strings.TrimSpace(text))
		if !wrong.IsZero() {
			return Conversion{}, cardinal.Invalid("conversion", "Step %d of the conversion %s.", i+1, wrong)
		}
		conversion.steps = append(conversion.steps, step)
	}
	return conversion, nil
}

// String returns the text that Parse made the conversion of, without white
// space at its ends.
func (c Conversion) String() string { return c.spec }

// IsZero reports whether the conversion changes nothing.
func (c Conversion) IsZero() bool { return len(c.steps) == 0 }

// Apply converts what a reader gave. White space and control characters at the
// ends are stripped before and after each step; text from an '=' on is dropped
// before each, except before a regex, which may look for it. Text of more than 64 bytes, before a
// step or at the end, and text that a step cannot convert give an Error of
// CodeInvalid that holds nothing of the text.
func (c Conversion) Apply(text string) (string, error) {
	for i, step := range c.steps {
		if !step.raw {
			text, _, _ = strings.Cut(text, "=")
		}
		text = strip(text)
		if len(text) > cardinal.CardNumberMaxLength {
			return "", tooLong()
		}
		converted, ok := step.convert(text)
		if text = strip(converted); !ok || text == "" {
			return "", cardinal.Invalid("",
				"The card number cannot be converted: step %d, %s, needs %s. Check the conversion that is set for this reader.",
				i+1, step.name, step.needs)
		}
	}
	if !c.IsZero() && len(text) > cardinal.CardNumberMaxLength {
		return "", tooLong()
	}
	return text, nil
}

func tooLong() error {
	return cardinal.Invalid("", "The card number cannot be converted: it has more than %d characters.", cardinal.CardNumberMaxLength)
}

func strip(text string) string {
	return strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}

// split cuts the text at single bars; a doubled bar is one bar within a step.
func split(spec string) []string {
	steps := []string{""}
	for i := 0; i < len(spec); i++ {
		last := &steps[len(steps)-1]
		switch {
		case spec[i] != '|':
			*last += spec[i : i+1]
		case i+1 < len(spec) && spec[i+1] == '|':
			*last += "|"
			i++
		default:
			steps = append(steps, "")
		}
	}
	return steps
}

func parseStep(text string) (step, cardinal.Sentence) {
	name, argument, hasArgument := strings.Cut(text, ":")
	width := 0
	if hasArgument && name != "regex" {
		var wrong cardinal.Sentence
		if width, wrong = parseWidth(name, argument); !wrong.IsZero() {
			return step{}, wrong
		}
	}
	switch name {
	case "hex-to-decimal":
		return step{name: name, needs: cardinal.Say("hexadecimal digits"), convert: rebase(16, 10, width)}, cardinal.Sentence{}
	case "decimal-to-hex":
		return step{name: name, needs: cardinal.Say("decimal digits"), convert: rebase(10, 16, width)}, cardinal.Sentence{}
	case "reverse-bytes":
		return step{name: name, needs: cardinal.Say("hexadecimal digits"), convert: reverseBytes}, cardinal.Sentence{}
	case "ascii-to-text":
		return step{name: name, needs: cardinal.Say("hexadecimal ASCII codes, two digits each"), convert: asciiToText}, cardinal.Sentence{}
	case "regex":
		return parseRegex(argument)
	default:
		return step{}, cardinal.Say("is none of hex-to-decimal, decimal-to-hex, reverse-bytes, ascii-to-text and regex:EXPRESSION")
	}
}

func parseWidth(name, text string) (int, cardinal.Sentence) {
	if name != "hex-to-decimal" && name != "decimal-to-hex" {
		return 0, cardinal.Say("has a colon; only hex-to-decimal, decimal-to-hex and regex may be followed by one")
	}
	width, err := strconv.Atoi(text)
	if err != nil || width < 1 || width > cardinal.CardNumberMaxLength {
		return 0, cardinal.Say("has no width of 1 to %d digits after its colon", cardinal.CardNumberMaxLength)
	}
	return width, cardinal.Sentence{}
}

func parseRegex(expression string) (step, cardinal.Sentence) {
	compiled, err := regexp.Compile(expression)
	if err != nil {
		if wrong, ok := errors.AsType[*syntax.Error](err); ok { // its Code is a fixed text, unlike its Expr
			return step{}, cardinal.Say("is no valid expression (%s)", wrong.Code)
		}
		return step{}, cardinal.Say("is no valid expression")
	}
	if compiled.NumSubexp() < 1 {
		return step{}, cardinal.Say(`has no group: put what is the number in parentheses, as in regex:^..(\d+)$`)
	}
	return step{name: "regex", needs: cardinal.Say("a number that the expression matches"), raw: true, convert: func(text string) (string, bool) {
		groups := compiled.FindStringSubmatch(text)
		if groups == nil {
			return "", false
		}
		return groups[1], true
	}}, cardinal.Sentence{}
}
