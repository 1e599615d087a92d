package policy_test

import (
	"math/rand/v2"
	"testing"

	"cardinal"
	"cardinal/internal/policy"
)

// strictPolicy has every rule on.
func strictPolicy() cardinal.Policy {
	p := seedPolicy()
	p.DisallowSteps = true
	return p
}

// anna is an owner with all that the personal rule looks at.
func anna(tb testing.TB) cardinal.Owner {
	tb.Helper()
	return cardinal.Owner{
		Username: "anna.lindqvist", Email: "anna.lindqvist@example.com",
		CardNumbers: numbers(tb, "04A2B9C1D4E580", "8830417726"),
	}
}

// passing returns PINs of 4 to 8 characters that meet strictPolicy for anna,
// half of them with letters, enough for no cache to hold the way to each.
func passing(tb testing.TB) []cardinal.PIN {
	tb.Helper()
	random := rand.NewChaCha8([32]byte{1})
	var pins []cardinal.PIN
	for i := range 1000 {
		p := strictPolicy()
		if i%2 == 0 {
			p.GeneratedCharacters = cardinal.LettersAndDigits
		}
		pin, err := policy.Generate(p, 4+i%5, anna(tb), random)
		if err != nil {
			tb.Fatal(err)
		}
		pins = append(pins, pin)
	}
	return pins
}

func BenchmarkCheckPassing(b *testing.B) {
	p, owner, pins := strictPolicy(), anna(b), passing(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if policy.Check(p, pins[i%len(pins)], owner) != nil {
			b.Fatal("a PIN of the benchmark is refused")
		}
	}
}

func BenchmarkCheckRefused(b *testing.B) {
	p, owner, pin := strictPolicy(), anna(b), cardinal.NewPIN("4321")
	b.ReportAllocs()
	for b.Loop() {
		if policy.Check(p, pin, owner) == nil {
			b.Fatal("the PIN of the benchmark is accepted")
		}
	}
}

func BenchmarkGenerate(b *testing.B) {
	p, owner, random := strictPolicy(), anna(b), rand.NewChaCha8([32]byte{1})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := policy.Generate(p, 0, owner, random); err != nil {
			b.Fatal(err)
		}
	}
}
