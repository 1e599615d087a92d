package policy_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math"
	mathrand "math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cardinal"
	"cardinal/internal/policy"
)

// anyPolicy draws policies that Validate accepts.
func anyPolicy(t *rapid.T) cardinal.Policy {
	kinds := []cardinal.Characters{cardinal.Digits, cardinal.LettersAndDigits}
	shortest := rapid.IntRange(4, 64).Draw(t, "min")
	longest := rapid.IntRange(shortest, 64).Draw(t, "max")
	p := cardinal.Policy{
		MinLength: shortest, MaxLength: longest, Characters: rapid.SampledFrom(kinds).Draw(t, "characters"),
		DisallowSequential: rapid.Bool().Draw(t, "sequential"), DisallowSteps: rapid.Bool().Draw(t, "steps"),
		DisallowCommon: rapid.Bool().Draw(t, "common"), DisallowPersonal: rapid.Bool().Draw(t, "personal"),
		History: rapid.IntRange(0, 24).Draw(t, "history"), GeneratedLength: rapid.IntRange(4, longest).Draw(t, "generated"),
		GeneratedCharacters: rapid.SampledFrom(kinds).Draw(t, "generated characters"),
	}
	if err := policy.Validate(p); err != nil {
		t.Fatalf("the generator of policies is wrong: %v", err)
	}
	return p
}

// TestGeneratedMeetsThePolicy holds for every policy and any owner.
func TestGeneratedMeetsThePolicy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPolicy(t)
		number, err := cardinal.ParseCardNumber("", rapid.StringMatching(`[0-9A-F]{1,64}`).Draw(t, "number"))
		if err != nil {
			t.Fatal(err)
		}
		owner := cardinal.Owner{
			Username:    rapid.StringMatching(`[0-9a-z]{1,12}`).Draw(t, "username"),
			Email:       rapid.StringMatching(`[0-9]{1,9}@[a-z]{1,9}`).Draw(t, "email"),
			CardNumbers: []cardinal.CardNumber{number},
		}
		asked := 0
		if rapid.Bool().Draw(t, "asked") {
			asked = rapid.IntRange(p.MinLength, p.MaxLength).Draw(t, "length")
		}
		pin, err := policy.Generate(p, asked, owner, mathrand.NewChaCha8([32]byte{rapid.Byte().Draw(t, "seed")}))
		if err != nil {
			t.Fatal(err)
		}
		if codes := policy.Check(p, pin, owner); codes != nil {
			t.Errorf("a generated PIN breaks %v", codes)
		}
		wanted := asked
		if asked == 0 {
			wanted = max(p.GeneratedLength, p.MinLength)
		}
		if len(pin.Reveal()) != wanted {
			t.Errorf("%d characters, want %d", len(pin.Reveal()), wanted)
		}
		if p.Characters == cardinal.Digits || p.GeneratedCharacters == cardinal.Digits {
			if strings.Trim(pin.Reveal(), "0123456789") != "" {
				t.Error("letters where only digits belong")
			}
		} else if strings.ContainsAny(pin.Reveal(), "0O1lI") {
			t.Error("a character that is taken for another")
		}
	})
}

// chiSquare returns by how many standard deviations the counts differ from
// even ones; where they are even it is rarely above 4.
func chiSquare(counts map[string]int, cells, draws int) float64 {
	expected := float64(draws) / float64(cells)
	sum := float64(cells-len(counts)) * expected
	for _, n := range counts {
		sum += (float64(n) - expected) * (float64(n) - expected) / expected
	}
	freedom := float64(cells - 1)
	return (sum - freedom) / math.Sqrt(2*freedom)
}

// TestGenerateIsUniform draws each acceptable PIN of four digits a hundred
// times on average: none outside the set comes, and all come equally often.
func TestGenerateIsUniform(t *testing.T) {
	p, random := strictPolicy(), mathrand.NewChaCha8([32]byte{7})
	cells := int(policy.Acceptable(p, 4))
	draws, counts := 100*cells, map[string]int{}
	for range draws {
		pin, err := policy.Generate(p, 4, cardinal.Owner{}, random)
		if err != nil {
			t.Fatal(err)
		}
		counts[pin.Reveal()]++
	}
	if len(counts) != cells {
		t.Errorf("%d different PINs came, %d are acceptable", len(counts), cells)
	}
	if far := chiSquare(counts, cells, draws); math.Abs(far) > 5 {
		t.Errorf("uneven by %.1f standard deviations", far)
	}
}

// TestGenerateCharactersAreUniform looks at single characters, where a bias of
// the bytes shows soonest, in both alphabets.
func TestGenerateCharactersAreUniform(t *testing.T) {
	for characters, size := range map[cardinal.Characters]int{cardinal.Digits: 10, cardinal.LettersAndDigits: 57} {
		p := only(func(p *cardinal.Policy) { p.GeneratedCharacters = characters })
		random, counts := mathrand.NewChaCha8([32]byte{9}), map[string]int{}
		const rounds, length = 5_000, 64
		for range rounds {
			pin, err := policy.Generate(p, length, cardinal.Owner{}, random)
			if err != nil {
				t.Fatal(err)
			}
			for c := range strings.SplitSeq(pin.Reveal(), "") {
				counts[c]++
			}
		}
		if far := chiSquare(counts, size, rounds*length); math.Abs(far) > 5 {
			t.Errorf("%s: uneven by %.1f standard deviations", characters, far)
		}
	}
}

func TestGenerateLength(t *testing.T) {
	p := seedPolicy()
	for name, c := range map[string]struct {
		set      func(*cardinal.Policy)
		asked    int
		want     int
		mentions string // in the error; empty: none
	}{
		"as the policy says":              {func(*cardinal.Policy) {}, 0, 6, ""},
		"raised to the minimum":           {func(p *cardinal.Policy) { p.MinLength = 9 }, 0, 9, ""},
		"as asked":                        {func(*cardinal.Policy) {}, 16, 16, ""},
		"asked for less than the minimum": {func(p *cardinal.Policy) { p.MinLength = 5 }, 4, 0, "5 to 16"},
		"asked for more than the maximum": {func(*cardinal.Policy) {}, 17, 0, "4 to 16"},
		"asked for a negative length":     {func(*cardinal.Policy) {}, -1, 0, "4 to 16"},
		"default over the maximum":        {func(p *cardinal.Policy) { p.MaxLength = 5 }, 0, 0, "pin.generated-length"},
		"beyond all policies":             {func(p *cardinal.Policy) { p.MaxLength = 900 }, 65, 0, "4 to 64"},
	} {
		t.Run(name, func(t *testing.T) {
			p := p
			c.set(&p)
			pin, err := policy.Generate(p, c.asked, cardinal.Owner{}, rand.Reader)
			if c.mentions != "" {
				if !errors.Is(err, cardinal.ErrInvalid) || !strings.Contains(err.Error(), c.mentions) {
					t.Errorf("error %v, want an invalid one with %q", err, c.mentions)
				}
				return
			}
			if err != nil || len(pin.Reveal()) != c.want {
				t.Errorf("%d characters, %v; want %d", len(pin.Reveal()), err, c.want)
			}
		})
	}
}

// TestGenerateGivesUp where card numbers hold every PIN of four digits.
func TestGenerateGivesUp(t *testing.T) {
	p := only(func(p *cardinal.Policy) { p.DisallowPersonal, p.GeneratedLength = true, 4 })
	var owner cardinal.Owner
	for start := 0; start < 10_000; start += 16 {
		var number strings.Builder
		for n := start; n < start+16; n++ {
			fmt.Fprintf(&number, "%04d", n)
		}
		owner.CardNumbers = append(owner.CardNumbers, numbers(t, number.String())...)
	}
	_, err := policy.Generate(p, 0, owner, rand.Reader)
	if !errors.Is(err, cardinal.ErrInvalid) || !strings.Contains(err.Error(), "pin.generated-length") {
		t.Errorf("error %v, want an invalid one that names the setting", err)
	}
}

func TestGenerateNeedsRandomness(t *testing.T) {
	for name, random := range map[string]io.Reader{
		"an empty source":  strings.NewReader(""),
		"a stuck source":   stuck(0xff),
		"a repeating zero": stuck(0),
	} {
		t.Run(name, func(t *testing.T) {
			if pin, err := policy.Generate(seedPolicy(), 0, cardinal.Owner{}, random); err == nil || !pin.IsZero() {
				t.Errorf("a PIN was made, error %v", err)
			}
			if number, err := policy.GenerateNumber(8, random); err == nil || number != "" {
				t.Errorf("a number was made, error %v", err)
			}
		})
	}
	_, err := policy.Generate(seedPolicy(), 0, cardinal.Owner{}, bytes.NewReader([]byte{1, 2}))
	if !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, cardinal.ErrInvalid) {
		t.Errorf("error %v, want that of the source", err)
	}
}

// stuck is a source that gives one byte for ever.
type stuck byte

func (s stuck) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(s)
	}
	return len(p), nil
}

// TestGenerateNumberIsUniform over the numbers of four digits that begin with
// 1 to 9 and neither repeat nor run: 9,000 − 9 AAAA − 81 ABAB − 13 runs
// (1234 to 6789, and 3210 to 9876).
func TestGenerateNumberIsUniform(t *testing.T) {
	const cells, draws = 9_000 - 9 - 81 - 6 - 7, 500_000
	random, counts := mathrand.NewChaCha8([32]byte{3}), map[string]int{}
	for range draws {
		number, err := policy.GenerateNumber(4, random)
		if err != nil {
			t.Fatal(err)
		}
		if number[0] == '0' {
			t.Fatal("the first digit is 0")
		}
		counts[number]++
	}
	if len(counts) != cells {
		t.Errorf("%d different numbers came, want %d", len(counts), cells)
	}
	if far := chiSquare(counts, cells, draws); math.Abs(far) > 5 {
		t.Errorf("uneven by %.1f standard deviations", far)
	}
}

func TestGenerateNumberLength(t *testing.T) {
	for length := 4; length <= 18; length++ {
		if number, err := policy.GenerateNumber(length, rand.Reader); err != nil || len(number) != length {
			t.Errorf("%d digits: %d came, %v", length, len(number), err)
		}
	}
	for _, length := range []int{-1, 0, 3, 19} {
		_, err := policy.GenerateNumber(length, rand.Reader)
		if !errors.Is(err, cardinal.ErrInvalid) || !strings.Contains(err.Error(), "user.card-id.generated-length") {
			t.Errorf("%d digits: error %v", length, err)
		}
	}
}
