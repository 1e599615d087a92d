package main

import (
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/policy"
)

// workload is what every contender judges.
type workload struct {
	policy cardinal.Policy
	owner  cardinal.Owner
	pins   []cardinal.PIN
}

// newWorkload makes PINs that Cardinal accepts with every rule on, of 6 to 8
// characters, as libpwquality refuses shorter ones before it looks.
func newWorkload() (*workload, error) {
	w := &workload{
		policy: cardinal.Policy{
			MinLength: 4, MaxLength: 16, Characters: cardinal.LettersAndDigits,
			DisallowSequential: true, DisallowSteps: true, DisallowCommon: true, DisallowPersonal: true,
			GeneratedLength: 6, GeneratedCharacters: cardinal.Digits,
		},
		owner: cardinal.Owner{Username: "anna.lindqvist", Email: "anna.lindqvist@example.com"},
	}
	for _, text := range []string{"04A2B9C1D4E580", "8830417726"} {
		number, err := cardinal.ParseCardNumber("primaryCardNumber", text)
		if err != nil {
			return nil, fmt.Errorf("make an owner: %w", err)
		}
		w.owner.CardNumbers = append(w.owner.CardNumbers, number)
	}
	for i := range 300 {
		generated := w.policy
		if i%2 == 1 {
			generated.GeneratedCharacters = cardinal.LettersAndDigits
		}
		pin, err := policy.Generate(generated, 6+i/2%3, w.owner, rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("make PINs to judge: %w", err)
		}
		w.pins = append(w.pins, pin)
	}
	return w, nil
}

func (w *workload) knownOwner() (sample, error) { return w.measure(w.owner) }

func (w *workload) unknownOwner() (sample, error) { return w.measure(cardinal.Owner{}) }

// measure judges all PINs with package policy for a fifth of a second or so.
func (w *workload) measure(owner cardinal.Owner) (sample, error) {
	const rounds = 4000
	accepted := 0
	start := time.Now()
	for range rounds {
		for _, pin := range w.pins {
			if policy.Check(w.policy, pin, owner) == nil {
				accepted++
			}
		}
	}
	spent := time.Since(start)
	return sample{float64(spent.Nanoseconds()) / float64(rounds*len(w.pins)), accepted / rounds}, nil
}

// allocations returns how often judging one PIN allocates, on average.
func (w *workload) allocations() float64 {
	i := 0
	return testing.AllocsPerRun(len(w.pins), func() {
		policy.Check(w.policy, w.pins[i%len(w.pins)], w.owner)
		i++
	})
}
