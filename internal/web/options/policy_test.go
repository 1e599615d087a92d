package options

import (
	"testing"

	"cardinal"
)

// TestStricter: what existing PINs may not meet is stricter, whatever else
// becomes looser with it.
func TestStricter(t *testing.T) {
	t.Parallel()
	before := cardinal.Policy{MinLength: 6, MaxLength: 12, Characters: cardinal.LettersAndDigits, DisallowSequential: true}
	digits := before
	digits.Characters = cardinal.Digits
	for name, c := range map[string]struct {
		before cardinal.Policy
		change func(*cardinal.Policy)
		want   bool
	}{
		"nothing":              {before, func(*cardinal.Policy) {}, false},
		"longer":               {before, func(p *cardinal.Policy) { p.MinLength = 7 }, true},
		"shorter":              {before, func(p *cardinal.Policy) { p.MinLength = 5 }, false},
		"a lower maximum":      {before, func(p *cardinal.Policy) { p.MaxLength = 11 }, true},
		"a higher maximum":     {before, func(p *cardinal.Policy) { p.MaxLength = 13 }, false},
		"digits alone":         {before, func(p *cardinal.Policy) { p.Characters = cardinal.Digits }, true},
		"letters too":          {digits, func(p *cardinal.Policy) { p.Characters = cardinal.LettersAndDigits }, false},
		"a rule off":           {before, func(p *cardinal.Policy) { p.DisallowSequential = false }, false},
		"steps":                {before, func(p *cardinal.Policy) { p.DisallowSteps = true }, true},
		"common":               {before, func(p *cardinal.Policy) { p.DisallowCommon = true }, true},
		"personal":             {before, func(p *cardinal.Policy) { p.DisallowPersonal = true }, true},
		"sequential":           {digits, func(p *cardinal.Policy) { p.DisallowSequential = true }, false},
		"one off, another on":  {before, func(p *cardinal.Policy) { p.DisallowSequential, p.DisallowCommon = false, true }, true},
		"identifying":          {before, func(p *cardinal.Policy) { p.IdentifiesUser = true }, true},
		"an end and a history": {before, func(p *cardinal.Policy) { p.Expiration, p.History = 1, 3 }, false},
	} {
		after := c.before
		c.change(&after)
		if got := stricter(c.before, after); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestStepsInUnits: a step reads in the largest unit that says it exactly, and
// comes back as it was.
func TestStepsInUnits(t *testing.T) {
	t.Parallel()
	steps := typedSteps(`[{"wrong":3,"lockSeconds":90},{"wrong":5,"lockSeconds":60},{"wrong":8,"lockSeconds":5400},{"wrong":9,"lockSeconds":604800},{"wrong":12,"lockSeconds":0}]`)
	want := []typedStep{{"3", "90", unitSeconds}, {"5", "1", unitMinutes}, {"8", "90", unitMinutes}, {"9", "168", unitHours}, {"12", "", unitUnlocked}}
	if len(steps) != len(want) {
		t.Fatalf("%d steps", len(steps))
	}
	for i := range want {
		if steps[i] != want[i] {
			t.Errorf("step %d is %+v, want %+v", i, steps[i], want[i])
		}
	}
	if steps := typedSteps("no JSON"); steps != nil {
		t.Errorf("of nothing there are steps: %v", steps)
	}
}
