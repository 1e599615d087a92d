package policy_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/policy"
)

// usual is the lockout as a new customer has it (spec: signin).
func usual() policy.Lockout {
	return policy.Lockout{
		UserLimits: []policy.UserLimit{{Wrong: 5, Lock: time.Minute}, {Wrong: 10, Lock: 15 * time.Minute}, {Wrong: 15}},
		UserForget: 24 * time.Hour, DeviceBudget: 30, DeviceRefillPerMinute: 2, PINAlonePerDay: 200,
	}
}

func alone(p *cardinal.Policy) { p.IdentifiesUser = true }
func card(*cardinal.Policy)    {}

func near(got, want float64) bool {
	return got == want || math.Abs(got-want) <= 1e-9*math.Abs(want)
}

// TestRiskByHand holds figures worked out on paper, without rules, so that S
// is a power of ten.
func TestRiskByHand(t *testing.T) {
	unlimited := policy.Lockout{DeviceBudget: policy.Unlimited, PINAlonePerDay: policy.Unlimited}
	perDay := func(n int) policy.Lockout { return policy.Lockout{DeviceBudget: policy.Unlimited, PINAlonePerDay: n} }
	for name, c := range map[string]struct {
		mode   func(*cardinal.Policy)
		length int
		s      policy.Situation
		want   policy.Risk
		guess  policy.Frequency
	}{
		"1,000 users, 4 digits, PIN alone: one guess in ten": {
			alone, 4, policy.Situation{Holders: 1000, Devices: 5, Lockout: usual()},
			policy.Risk{OneGuess: 0.1, GuessesToHit: 10_001.0 / 1_001, TriesPerYear: 73_000, Yearly: 1},
			policy.Frequency{Hits: 1, Of: 10},
		},
		"ten times as many": {
			alone, 4, policy.Situation{Holders: 10_000, Devices: 5, Lockout: usual()},
			policy.Risk{OneGuess: 1, GuessesToHit: 1, TriesPerYear: 73_000, Yearly: 1},
			policy.Frequency{Hits: 1, Of: 1},
		},
		// 73,000 tries, 1 holder: 73,000 ÷ 10^10.
		"one holder, 10 digits, PIN alone": {
			alone, 10, policy.Situation{Holders: 1, Devices: 1, Lockout: usual()},
			policy.Risk{OneGuess: 1e-10, GuessesToHit: (1e10 + 1) / 2, TriesPerYear: 73_000, Yearly: 7.3e-6},
			policy.Frequency{Hits: 1, Of: 1e10},
		},
		// One try a day for a year, two holders: 1 − (S−365)(S−366) ÷ S(S−1).
		"two holders, one try a day": {
			alone, 4, policy.Situation{Holders: 2, Devices: 1, Lockout: perDay(1)},
			policy.Risk{OneGuess: 2e-4, GuessesToHit: 10_001.0 / 3, TriesPerYear: 365, Yearly: 1 - 9635.0*9634/(10_000*9999)},
			policy.Frequency{Hits: 1, Of: 5000},
		},
		// 26 × 365 = 9,490 tries leave 510 PINs, fewer than the holders have.
		"more tries than wrong PINs": {
			alone, 4, policy.Situation{Holders: 1000, Devices: 1, Lockout: perDay(26)},
			policy.Risk{OneGuess: 0.1, GuessesToHit: 10_001.0 / 1_001, TriesPerYear: 9_490, Yearly: 1},
			policy.Frequency{Hits: 1, Of: 10},
		},
		// 10 + 525,600 minutes.
		"no device yet counts as one": {
			card, 8, policy.Situation{Lockout: policy.Lockout{DeviceBudget: 10, DeviceRefillPerMinute: 1}},
			policy.Risk{OneGuess: 1e-8, GuessesToHit: (1e8 + 1) / 2, TriesPerYear: 525_610, Yearly: 0.0052561},
			policy.Frequency{Hits: 1, Of: 1e8},
		},
		"nobody holds a PIN": {
			alone, 4, policy.Situation{Devices: 1, Lockout: usual()},
			policy.Risk{OneGuess: 0, GuessesToHit: math.Inf(1), TriesPerYear: 73_000, Yearly: 0},
			policy.Frequency{Hits: 0, Of: 1},
		},
		// 365 days ÷ (24 h + 1 min + 15 min) = 360 whole rounds of 14, and 15 at the end.
		"a found card": {
			card, 4, policy.Situation{Holders: 1000, Devices: 5, Lockout: usual()},
			policy.Risk{OneGuess: 1e-4, GuessesToHit: 10_001.0 / 2, TriesPerYear: 360*14 + 15, Yearly: 0.5055},
			policy.Frequency{Hits: 1, Of: 10_000},
		},
		"a found card, the count never forgotten": {
			card, 4, policy.Situation{Holders: 1000, Devices: 5, Lockout: policy.Lockout{
				UserLimits: usual().UserLimits, DeviceBudget: policy.Unlimited}},
			policy.Risk{OneGuess: 1e-4, GuessesToHit: 10_001.0 / 2, TriesPerYear: 15, Yearly: 0.0015},
			policy.Frequency{Hits: 1, Of: 10_000},
		},
		// 3 devices × (10 + 1 × 525,600 minutes).
		"a found card, only devices limited": {
			card, 8, policy.Situation{Holders: 1000, Devices: 3, Lockout: policy.Lockout{DeviceBudget: 10, DeviceRefillPerMinute: 1}},
			policy.Risk{OneGuess: 1e-8, GuessesToHit: (1e8 + 1) / 2, TriesPerYear: 1_576_830, Yearly: 0.0157683},
			policy.Frequency{Hits: 1, Of: 1e8},
		},
		"nothing limits": {
			card, 8, policy.Situation{Lockout: unlimited},
			policy.Risk{OneGuess: 1e-8, GuessesToHit: (1e8 + 1) / 2, TriesPerYear: math.Inf(1), Yearly: 1},
			policy.Frequency{Hits: 1, Of: 1e8},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := policy.GuessingRisk(only(c.mode), c.length, c.s)
			if got.Length != c.length || got.Acceptable != math.Pow(10, float64(c.length)) {
				t.Errorf("length %d, acceptable %v", got.Length, got.Acceptable)
			}
			for what, pair := range map[string][2]float64{
				"OneGuess": {got.OneGuess, c.want.OneGuess}, "GuessesToHit": {got.GuessesToHit, c.want.GuessesToHit},
				"TriesPerYear": {got.TriesPerYear, c.want.TriesPerYear}, "Yearly": {got.Yearly, c.want.Yearly},
			} {
				if !near(pair[0], pair[1]) {
					t.Errorf("%s %v, want %v", what, pair[0], pair[1])
				}
			}
			if guess := policy.FrequencyOf(got.OneGuess); guess.Hits != c.guess.Hits || !near(guess.Of, c.guess.Of) {
				t.Errorf("a guess hits %v, want %v", guess, c.guess)
			}
		})
	}
}

// TestChanceAgainstExactProduct compares the yearly chance, which is summed in
// blocks, with the product of the definition, factor by factor.
func TestChanceAgainstExactProduct(t *testing.T) {
	for _, c := range []struct{ length, holders, perDay int }{
		{4, 3, 2}, {5, 1000, 1}, {6, 20_000, 1}, {6, 100, 137}, {7, 1, 200}, {7, 50_000, 3}, {8, 9_999, 200}, {10, 1000, 200},
	} {
		s := policy.Situation{Holders: c.holders, Devices: 1, Lockout: policy.Lockout{DeviceBudget: policy.Unlimited, PINAlonePerDay: c.perDay}}
		all, miss := math.Pow(10, float64(c.length)), 1.0
		for i := range c.perDay * 365 {
			miss *= (all - float64(c.holders) - float64(i)) / (all - float64(i))
		}
		got := policy.GuessingRisk(only(alone), c.length, s).Yearly
		if want := 1 - max(miss, 0); math.Abs(got-want) > 1e-6*want+1e-9 {
			t.Errorf("%+v: chance %v, the product says %v", c, got, want)
		}
	}
}

// TestShortestLength: with the usual lockout a found card is worth 5,055 tries
// a year, so six digits are the first with 5,055 ÷ S below 1 %; PIN alone
// 73,000 tries at 1,000 holders, so S must be over 7.3 billion.
func TestShortestLength(t *testing.T) {
	s := policy.Situation{Holders: 1000, Devices: 5, Lockout: usual()}
	for name, c := range map[string]struct {
		set  func(*cardinal.Policy)
		want int
	}{
		"card and PIN":           {card, 6},
		"never below the policy": {func(p *cardinal.Policy) { p.MinLength = 8 }, 8},
		"PIN alone":              {alone, 10},
		"PIN alone with letters": {func(p *cardinal.Policy) { alone(p); p.GeneratedCharacters = cardinal.LettersAndDigits }, 6},
		"never over the policy":  {func(p *cardinal.Policy) { alone(p); p.MaxLength = 9 }, 0},
	} {
		got, ok := policy.ShortestLength(only(c.set), s)
		if got != c.want || ok != (c.want > 0) {
			t.Errorf("%s: %d, %v; want %d", name, got, ok, c.want)
		}
	}
}

func TestTimeToHit(t *testing.T) {
	s := policy.Situation{Holders: 1000, Devices: 5, Lockout: usual()}
	for name, c := range map[string]struct {
		mode   func(*cardinal.Policy)
		length int
		days   int // 0: over a century
	}{
		"within the first day":        {alone, 4, 1},  // 10 guesses at 200 a day
		"999 guesses at 200 a day":    {alone, 6, 5},  // 1,000,001 ÷ 1,001
		"5,000 guesses at 13.8 a day": {card, 4, 362}, // 10,001 ÷ 2 ÷ 5,055 × 365 = 361.1
		"over a century":              {card, 8, 0},
	} {
		days, ok := policy.GuessingRisk(only(c.mode), c.length, s).TimeToHit()
		if days != c.days || ok != (c.days > 0) {
			t.Errorf("%s: %d days, %v; want %d", name, days, ok, c.days)
		}
	}
	if _, ok := policy.GuessingRisk(only(alone), 4, policy.Situation{Lockout: usual()}).TimeToHit(); ok {
		t.Error("somebody is hit where nobody holds a PIN")
	}
}

func TestFrequency(t *testing.T) {
	for chance, want := range map[float64]policy.Frequency{
		0: {Hits: 0, Of: 1}, 1: {Hits: 1, Of: 1}, 0.96: {Hits: 1, Of: 1}, 0.5: {Hits: 5, Of: 10}, 0.72: {Hits: 7, Of: 10},
		0.15: {Hits: 1, Of: 7}, 0.11: {Hits: 1, Of: 9}, 0.021: {Hits: 1, Of: 48}, 1.0 / 99.6: {Hits: 1, Of: 100}, 1.0 / 8_846: {Hits: 1, Of: 8_800},
		1.0 / 997_123: {Hits: 1, Of: 1e6}, 1.0 / 5.72e10: {Hits: 1, Of: 5.7e10}, 1e-60: {Hits: 1, Of: 1e60},
	} {
		if got := policy.FrequencyOf(chance); got.Hits != want.Hits || !near(got.Of, want.Of) {
			t.Errorf("%v: %v, want %v", chance, got, want)
		}
	}
}

// The default rules refuse a tenth of all PINs of four digits, so that a guess
// is worth a little more than without them.
func ExampleGuessingRisk() {
	p := seedPolicy()
	p.IdentifiesUser = true
	for _, holders := range []int{1000, 10_000} {
		for length := 4; length <= 10; length += 2 {
			r := policy.GuessingRisk(p, length, policy.Situation{Holders: holders, Devices: 5, Lockout: usual()})
			guess := policy.FrequencyOf(r.OneGuess)
			fmt.Printf("%d users, %d digits: %d guess in %.0f opens an account\n", holders, length, guess.Hits, guess.Of)
		}
	}
	// Output:
	// 1000 users, 4 digits: 1 guess in 9 opens an account
	// 1000 users, 6 digits: 1 guess in 1000 opens an account
	// 1000 users, 8 digits: 1 guess in 100000 opens an account
	// 1000 users, 10 digits: 1 guess in 10000000 opens an account
	// 10000 users, 4 digits: 1 guess in 1 opens an account
	// 10000 users, 6 digits: 1 guess in 100 opens an account
	// 10000 users, 8 digits: 1 guess in 10000 opens an account
	// 10000 users, 10 digits: 1 guess in 1000000 opens an account
}

func BenchmarkGuessingRiskChart(b *testing.B) {
	s := policy.Situation{Holders: 100_000, Devices: 50, Lockout: usual()}
	for b.Loop() {
		for length := 4; length <= 10; length++ {
			policy.GuessingRisk(strictPolicy(), length, s)
		}
	}
}
