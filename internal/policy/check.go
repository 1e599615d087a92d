package policy

import (
	"unicode/utf8"

	"cardinal"
)

// ruleSet is the set of rules that a PIN breaks, one bit each.
type ruleSet uint8

// The bits, in the order in which broken rules are reported.
const (
	tooShort ruleSet = 1 << iota
	tooLong
	badCharacter
	sequential
	repeated
	stepped
	common
	personal
)

// Check returns every rule of p that pin breaks, in a fixed order, or nil if
// it is acceptable for the owner (spec: pins, Policy). It does not look at
// earlier PINs nor at those of others, and allocates nothing for a PIN that
// passes. Of a text of over 64 characters only length and characters are
// judged, so that the work is bounded whatever was sent.
func Check(p cardinal.Policy, pin cardinal.PIN, owner cardinal.Owner) []cardinal.Violation {
	broken := judge(&p, pin.Reveal(), &owner)
	if broken == 0 {
		return nil
	}
	return broken.violations(p)
}

// judge returns the rules of p that text breaks. It is Check without words,
// for those who ask often.
func judge(p *cardinal.Policy, text string, owner *cardinal.Owner) ruleSet {
	found := classesOf(text)
	length := len(text)
	if found&nonASCII != 0 {
		length = utf8.RuneCountInString(text)
	}
	broken := judgeForm(p, length, found)
	if length > cardinal.PINMaxLength {
		return broken
	}
	broken |= judgePattern(p, text, found)
	if p.DisallowCommon && isCommon(text) {
		broken |= common
	}
	if p.DisallowPersonal && isPersonal(text, found&nonASCII == 0, owner) {
		broken |= personal
	}
	return broken
}

// judgeForm looks at length, in characters, and at the kinds of characters.
func judgeForm(p *cardinal.Policy, length int, found classes) (broken ruleSet) {
	if length < p.MinLength {
		broken |= tooShort
	}
	if length > p.MaxLength {
		broken |= tooLong
	}
	allowed := digit | lower | upper
	if p.Characters == cardinal.Digits {
		allowed = digit
	}
	if found&^allowed != 0 {
		broken |= badCharacter
	}
	return broken
}

// judgePattern looks for regular sequences. A PIN with letters of both cases
// is neither sequential nor repeated (seed: PIN policy).
func judgePattern(p *cardinal.Policy, text string, found classes) (broken ruleSet) {
	if p.DisallowSequential && found&(lower|upper) != lower|upper {
		if isSequential(text, found) {
			broken |= sequential
		}
		if isRepeated(text) {
			broken |= repeated
		}
	}
	if p.DisallowSteps && found == digit && isStepped(text) {
		broken |= stepped
	}
	return broken
}

// codes returns the codes of the bits of a ruleSet, lowest bit first.
func codes() [8]cardinal.ViolationCode {
	return [...]cardinal.ViolationCode{
		cardinal.ViolationTooShort, cardinal.ViolationTooLong, cardinal.ViolationBadCharacter,
		cardinal.ViolationSequential, cardinal.ViolationRepeated, cardinal.ViolationStepped,
		cardinal.ViolationCommon, cardinal.ViolationPersonal,
	}
}

func (s ruleSet) violations(p cardinal.Policy) []cardinal.Violation {
	var list []cardinal.Violation
	for bit, code := range codes() {
		if s&(1<<bit) != 0 {
			list = append(list, ViolationFor(code, p))
		}
	}
	return list
}
