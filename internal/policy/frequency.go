package policy

import (
	"fmt"
	"math"
	"strconv"
)

// Sentence says what one guess is worth as a natural frequency, which people
// judge better than a percentage (spec: pins, Guessing risk). It is a whole
// sentence; the figure is rounded to two digits.
func (r Risk) Sentence() string {
	whose := "somebody's account"
	if r.Targets == 1 {
		whose = "the account"
	}
	verb := " opens "
	if r.OneGuess > 0.15 && r.OneGuess < 0.95 {
		verb = " open "
	}
	return frequency(r.OneGuess) + verb + whose + "."
}

func frequency(chance float64) string {
	switch {
	case chance <= 0:
		return "No guess"
	case chance >= 0.95:
		return "Every guess"
	case chance > 0.15:
		return fmt.Sprintf("%.0f guesses in 10", 10*chance)
	}
	return "1 guess in " + roundInWords(1/chance)
}

// roundInWords writes n ≥ 1 with two digits that count: 47, 8,800, 57 billion.
func roundInWords(n float64) string {
	if n >= 100 {
		unit := math.Pow(10, math.Floor(math.Log10(n))-1)
		n = math.Round(n/unit) * unit
	}
	if n >= 1e18 {
		return "more than a quintillion"
	}
	size := 1e15
	for _, name := range []string{"quadrillion", "trillion", "billion", "million"} {
		if n >= size {
			return strconv.FormatFloat(math.Round(n/size*10)/10, 'f', -1, 64) + " " + name
		}
		size /= 1000
	}
	whole := int(math.Round(n))
	if whole >= 1000 {
		return fmt.Sprintf("%d,%03d", whole/1000, whole%1000)
	}
	return strconv.Itoa(whole)
}
