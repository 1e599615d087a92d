package options

import (
	"math"

	"cardinal/internal/policy"
	"cardinal/internal/web"
)

// guessOnOne says what a guess at the one account is worth whose card or name is
// known, as a natural frequency.
func guessOnOne(words *web.Words, f policy.Frequency) string {
	switch {
	case f.Hits == 0:
		return words.T("risk.one-never")
	case f.Of == 1:
		return words.T("risk.one-always")
	case f.Hits > 1:
		return words.T("risk.one-some", "Count", f.Hits)
	}
	return words.T("risk.one", "Number", amount(words, f.Of))
}

// guessOnAnybody says what a guess is worth that may hit anybody who holds a PIN.
func guessOnAnybody(words *web.Words, f policy.Frequency) string {
	switch {
	case f.Hits == 0:
		return words.T("risk.any-never")
	case f.Of == 1:
		return words.T("risk.any-always")
	case f.Hits > 1:
		return words.T("risk.any-some", "Count", f.Hits)
	}
	return words.T("risk.any", "Number", amount(words, f.Of))
}

// chance is a chance in few words: "1 in 670".
func chance(words *web.Words, value float64) string {
	const certain = 0.9995
	f := policy.FrequencyOf(value)
	switch {
	case f.Hits == 0:
		return words.T("chance.never")
	case value >= certain:
		return words.T("chance.certain")
	case f.Of == 1:
		return words.T("chance.almost-certain")
	case f.Hits > 1:
		return words.T("chance.some", "Count", f.Hits)
	}
	return words.T("chance.one", "Number", amount(words, f.Of))
}

// amount writes n ≥ 1 with two digits that count: 47, 8,800, 57 billion.
func amount(words *web.Words, n float64) string {
	n = policy.Round(n)
	// in gives the number and, for languages that say "1 million" and "2 millions", how many it is.
	in := func(unit float64) []any {
		rounded, count := math.Round(n/unit*10)/10, 2
		if rounded == 1 {
			count = 1
		}
		return []any{"Number", words.Figure(rounded), "Count", count}
	}
	switch {
	case n < 1e6:
		return words.Figure(n)
	case n < 1e9:
		return words.T("amount.million", in(1e6)...)
	case n < 1e12:
		return words.T("amount.billion", in(1e9)...)
	case n < 1e15:
		return words.T("amount.trillion", in(1e12)...)
	case n < 1e18:
		return words.T("amount.quadrillion", in(1e15)...)
	}
	return words.T("amount.beyond")
}
