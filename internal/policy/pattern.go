package policy

// classes says which kinds of characters a text has, one bit each.
type classes uint8

const (
	digit classes = 1 << iota
	lower
	upper
	otherASCII
	nonASCII // also bytes that are no UTF-8
)

func classesOf(text string) (found classes) {
	for i := range len(text) {
		switch c := text[i]; {
		case '0' <= c && c <= '9':
			found |= digit
		case 'a' <= c && c <= 'z':
			found |= lower
		case 'A' <= c && c <= 'Z':
			found |= upper
		case c < 0x80:
			found |= otherASCII
		default:
			found |= nonASCII
		}
	}
	return found
}

// isSequential reports whether text, of the classes found, is of one class and
// each character is exactly one more than the one before, or each exactly one
// less. It does not go round: after 9 nothing follows (spec: pins).
func isSequential(text string, found classes) bool {
	if len(text) < 2 || found != digit && found != lower && found != upper {
		return false
	}
	step := text[1] - text[0]
	if step != 1 && step != 0xff {
		return false
	}
	for i := 2; i < len(text); i++ {
		if text[i]-text[i-1] != step {
			return false
		}
	}
	return true
}

// isRepeated reports whether text is a shorter unit written at least twice in
// full, and perhaps once more cut short at the end (spec: pins). Were a single
// writing and a cut one enough, every text that ends as it began would repeat.
//
// It compares bytes; in UTF-8 a unit that stands twice is whole characters.
func isRepeated(text string) bool {
	for unit := 1; 2*unit <= len(text); unit++ {
		if text[unit] == text[0] && text[unit:] == text[:len(text)-unit] {
			return true
		}
	}
	return false
}

// isStepped reports whether text, which must be digits, has the same step from
// each digit to the next, counted modulo 10. Every step counts: 0 (all alike),
// 1 and 9 (runs, also past 9 to 0), and those between. So the rule stands by
// itself where the one against sequences is off (Windows Hello counts the same).
func isStepped(text string) bool {
	if len(text) < 3 {
		return false
	}
	step := stepBetween(text[0], text[1])
	for i := 2; i < len(text); i++ {
		if stepBetween(text[i-1], text[i]) != step {
			return false
		}
	}
	return true
}

func stepBetween(from, to byte) byte { return (to + 10 - from) % 10 }
