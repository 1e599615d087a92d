package policy_test

import (
	"slices"
	"testing"

	"cardinal"
	"cardinal/internal/policy"
)

// seedPolicy is the policy as a new customer has it (spec: pins).
func seedPolicy() cardinal.Policy {
	return cardinal.Policy{
		MinLength: 4, MaxLength: 16, Characters: cardinal.LettersAndDigits,
		DisallowSequential: true, DisallowCommon: true, DisallowPersonal: true,
		History: 1, GeneratedLength: 6, GeneratedCharacters: cardinal.Digits,
	}
}

// only returns the widest policy with one rule on, or with none.
func only(set func(*cardinal.Policy)) cardinal.Policy {
	p := cardinal.Policy{
		MinLength: 4, MaxLength: 64, Characters: cardinal.LettersAndDigits,
		GeneratedLength: 6, GeneratedCharacters: cardinal.Digits,
	}
	set(&p)
	return p
}

func disallowSequential(p *cardinal.Policy) { p.DisallowSequential = true }
func disallowSteps(p *cardinal.Policy)      { p.DisallowSteps = true }
func disallowCommon(p *cardinal.Policy)     { p.DisallowCommon = true }
func disallowPersonal(p *cardinal.Policy)   { p.DisallowPersonal = true }

// check returns the codes of the rules that text breaks.
func check(p cardinal.Policy, text string, owner cardinal.Owner) []string {
	return cardinal.ViolationCodes(policy.Check(p, cardinal.NewPIN(text), owner))
}

// want fails the test unless text breaks exactly the rules named.
func want(t *testing.T, p cardinal.Policy, text string, codes ...string) {
	t.Helper()
	if got := check(p, text, cardinal.Owner{}); !slices.Equal(got, codes) {
		t.Errorf("%q breaks %q, want %q", text, got, codes)
	}
}

// TestSeedExamples holds the statements of the seed about the default policy.
func TestSeedExamples(t *testing.T) {
	refused := map[string]string{
		"1234": "sequential", "4321": "sequential", "abcd": "sequential", "ABCD": "sequential",
		"1111": "repeated", "AAAA": "repeated",
	}
	for text, code := range refused {
		if got := check(seedPolicy(), text, cardinal.Owner{}); !slices.Contains(got, code) {
			t.Errorf("%q breaks %q, want %q among them", text, got, code)
		}
	}
	for _, text := range []string{"AbCd", "aaAA"} {
		want(t, seedPolicy(), text)
	}
	want(t, seedPolicy(), "38a", "too_short")
}

func TestSequentialRule(t *testing.T) {
	p := only(disallowSequential)
	for text, codes := range map[string][]string{
		"1234": {"sequential"}, "4321": {"sequential"}, "abcd": {"sequential"}, "DCBA": {"sequential"},
		"ABCD": {"sequential"}, "wxyz": {"sequential"}, "0123456789": {"sequential"}, "9876543210": {"sequential"},
		"1111": {"repeated"}, "AAAA": {"repeated"}, "1212": {"repeated"}, "abab": {"repeated"},
		"123123": {"repeated"}, "12121": {"repeated"}, "a1a1": {"repeated"}, "A1A1A": {"repeated"}, "1231231": {"repeated"},
		"AbCd": nil, "aaAA": nil, "aAaA": nil, "aBaB": nil, "1243": nil, "1122": nil, "12345a": nil, "7890": nil,
		"1357": nil, "8901": nil, "0987": nil, "1235": nil, "4323": nil, "1231": nil, "12312": nil, "1221": nil,
		"xyza": nil, "YZab": nil, "89ab": nil, "abc1": nil, "1a2a": nil, "89:;": {"bad_character"}, "XYZ[": {"bad_character"},
	} {
		want(t, p, text, codes...)
	}
	for _, text := range []string{"1234", "1111", "abab"} {
		want(t, only(func(*cardinal.Policy) {}), text)
	}
}

func TestStepsRule(t *testing.T) {
	p := only(disallowSteps)
	for text, codes := range map[string][]string{
		"1357": {"stepped"}, "9630": {"stepped"}, "7890": {"stepped"}, "1593": {"stepped"}, "8901": {"stepped"},
		"1234": {"stepped"}, "4321": {"stepped"}, "1111": {"stepped"}, "0000000": {"stepped"}, "2468024": {"stepped"},
		"1358": nil, "1231": nil, "1872": nil, "aceg": nil, "1357a": nil, "acEG": nil,
	} {
		want(t, p, text, codes...)
	}
}
