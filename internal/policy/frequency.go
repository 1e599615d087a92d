package policy

import "math"

// Frequency is a chance as a natural frequency, Hits in Of, which people judge
// better than a percentage (spec: pins, Guessing risk). It is for pages to put
// into words.
type Frequency struct {
	Hits int     // 0: never
	Of   float64 // how many, from 1 on; two digits count
}

// FrequencyOf rounds a chance: 0 is never, from 0.95 on always (1 of 1), above
// 0.15 so many in 10, and below that 1 in so many.
func FrequencyOf(chance float64) Frequency {
	switch {
	case chance <= 0:
		return Frequency{0, 1}
	case chance >= 0.95:
		return Frequency{1, 1}
	case chance > 0.15:
		return Frequency{int(math.Round(10 * chance)), 10}
	}
	return Frequency{1, Round(1 / chance)}
}

// Round keeps the first two digits of n ≥ 1, and below 100 the whole part.
func Round(n float64) float64 {
	if n < 100 {
		return math.Round(n)
	}
	unit := math.Pow(10, math.Floor(math.Log10(n))-1)
	return math.Round(n/unit) * unit
}
