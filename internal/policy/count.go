package policy

import (
	"math"
	"strings"

	"cardinal"
)

// Acceptable returns how many PINs of that length, 1 to 64, Generate draws
// from under p, whatever the owner and the bounds of length: the S of the
// guessing arithmetic (spec: pins, Guessing risk). It is exact below 2^53 and
// costs a walk over the common PINs of that length.
//
// Of all texts over the alphabet it takes away those that repeat, by formula,
// and those that another rule refuses, one by one; each under the first rule
// it breaks, so that none is taken away twice.
func Acceptable(p cardinal.Policy, length int) float64 {
	characters := alphabet(p)
	p.MinLength, p.MaxLength, p.Characters = 1, cardinal.PINMaxLength, cardinal.LettersAndDigits
	count := math.Pow(float64(len(characters)), float64(length))
	if p.DisallowSequential {
		count -= repeatedOver(characters, length)
	}
	refusedFirstBy := func(rule ruleSet) func(string) {
		return func(text string) {
			if strings.Trim(text, characters) != "" {
				return
			}
			if broken := judge(&p, text, &cardinal.Owner{}); broken&-broken == rule {
				count--
			}
		}
	}
	eachSequence(length, refusedFirstBy(sequential))
	eachStepped(length, refusedFirstBy(stepped))
	eachCommon(length, refusedFirstBy(common))
	return count
}

// repeatedOver returns how many texts over the alphabet the rule against
// repetition refuses: those without lower case and those without upper case.
func repeatedOver(alphabet string, length int) float64 {
	var digits, lowers, uppers int
	for i := range len(alphabet) {
		switch classesOf(alphabet[i : i+1]) {
		case digit:
			digits++
		case lower:
			lowers++
		case upper:
			uppers++
		}
	}
	return repetitions(digits+lowers, length) + repetitions(digits+uppers, length) - repetitions(digits, length)
}

// repetitions returns how many texts over an alphabet of that size are a unit
// written at least twice. Each has one shortest unit, which is no repetition
// itself, for two periods of at most half the length have their greatest
// common divisor as a period too (Fine and Wilf, 1965). So it is the number of
// primitive words of up to half the length.
func repetitions(size, length int) float64 {
	var total float64
	primitive := make([]float64, length/2+1)
	for unit := 1; unit <= length/2; unit++ {
		primitive[unit] = math.Pow(float64(size), float64(unit))
		for divisor := 1; divisor < unit; divisor++ {
			if unit%divisor == 0 {
				primitive[unit] -= primitive[divisor]
			}
		}
		total += primitive[unit]
	}
	return total
}

// eachSequence calls visit with each sequential text of that length.
func eachSequence(length int, visit func(string)) {
	const letters, srettel = "abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba"
	for _, order := range []string{decimal, "9876543210", letters, srettel, strings.ToUpper(letters), strings.ToUpper(srettel)} {
		for start := 0; start+length <= len(order); start++ {
			visit(order[start : start+length])
		}
	}
}

// eachStepped calls visit with each evenly stepped text of that length.
func eachStepped(length int, visit func(string)) {
	text := make([]byte, length)
	for first := range 10 {
		for step := range 10 {
			for i := range text {
				text[i] = decimal[(first+i*step)%10]
			}
			visit(string(text))
		}
	}
}
