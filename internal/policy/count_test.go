package policy_test

import (
	"fmt"
	"testing"

	"cardinal"
	"cardinal/internal/policy"
)

// countByCheck counts the PINs of that length over the alphabet that Check accepts.
func countByCheck(p cardinal.Policy, alphabet string, length int) (count float64) {
	text := make([]byte, length)
	var fill func(int)
	fill = func(at int) {
		if at == length {
			if policy.Check(p, cardinal.NewPIN(string(text)), cardinal.Owner{}) == nil {
				count++
			}
			return
		}
		for i := range len(alphabet) {
			text[at] = alphabet[i]
			fill(at + 1)
		}
	}
	fill(0)
	return count
}

// TestAcceptableIsWhatCheckCounts holds the formula against enumeration.
func TestAcceptableIsWhatCheckCounts(t *testing.T) {
	for bits := range 8 {
		p := only(func(p *cardinal.Policy) {
			p.DisallowSequential, p.DisallowSteps, p.DisallowCommon = bits&1 != 0, bits&2 != 0, bits&4 != 0
		})
		for length := 4; length <= 6; length++ {
			if got, want := policy.Acceptable(p, length), countByCheck(p, "0123456789", length); got != want {
				t.Errorf("%+v: %d digits: Acceptable %v, enumeration %v", p, length, got, want)
			}
		}
	}
}

// TestAcceptableWithLetters does the same where letters take part, whose
// repetitions count only without the other case.
func TestAcceptableWithLetters(t *testing.T) {
	if testing.Short() {
		t.Skip("ten million PINs")
	}
	p := strictPolicy()
	p.GeneratedCharacters = cardinal.LettersAndDigits
	const unmistaken = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	if got, want := policy.Acceptable(p, 4), countByCheck(p, unmistaken, 4); got != want {
		t.Errorf("Acceptable %v, enumeration %v", got, want)
	}
}

// TestAcceptableByHand holds figures that were worked out on paper: of four
// digits 100 repeat (AAAA and ABAB) and 14 are sequential; of six 1,090 repeat
// (1,000 of a unit of three, 100 of two, 10 of both) and 10 are sequential.
func TestAcceptableByHand(t *testing.T) {
	for _, c := range []struct {
		set    func(*cardinal.Policy)
		length int
		want   float64
	}{
		{func(*cardinal.Policy) {}, 4, 10_000},
		{disallowSequential, 4, 10_000 - 100 - 14},
		{disallowSequential, 6, 1_000_000 - 1_090 - 10},
		{disallowSteps, 5, 100_000 - 100},
		{func(p *cardinal.Policy) { p.GeneratedCharacters = cardinal.LettersAndDigits }, 4, 57 * 57 * 57 * 57},
		{func(p *cardinal.Policy) {
			p.GeneratedCharacters, p.Characters = cardinal.LettersAndDigits, cardinal.Digits
		}, 4, 10_000},
	} {
		if got := policy.Acceptable(only(c.set), c.length); got != c.want {
			t.Errorf("%d characters: %v acceptable, want %v", c.length, got, c.want)
		}
	}
}

func BenchmarkAcceptable(b *testing.B) {
	for _, length := range []int{4, 6, 8, 10, 64} {
		b.Run(fmt.Sprint(length), func(b *testing.B) {
			for b.Loop() {
				policy.Acceptable(strictPolicy(), length)
			}
		})
	}
}
