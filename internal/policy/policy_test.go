package policy_test

import (
	"os"
	"slices"
	"strings"
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
		"": {"too_short"}, "5": {"too_short"}, "12": {"too_short", "sequential"}, "121": {"too_short"},
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
		"": {"too_short"}, "5": {"too_short"}, "58": {"too_short"}, "135": {"too_short", "stepped"},
		"1358": nil, "1231": nil, "1872": nil, "aceg": nil, "1357a": nil, "acEG": nil,
	} {
		want(t, p, text, codes...)
	}
}

// TestCommonRule walks the lists themselves and the shapes that come by rule.
func TestCommonRule(t *testing.T) {
	p := only(disallowCommon)
	for _, file := range []string{"data/common.txt", "data/pins-4.txt"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for pin := range strings.FieldsSeq(string(text)) {
			want(t, p, pin, "common")
		}
	}
	for shape, pins := range map[string][]string{
		"year": {"1900", "1968", "2029"}, "month and day": {"0101", "0229", "1231"}, "day and month": {"2902", "3112"},
		"run": {"0123", "6789", "9876", "8901", "456789", "987654"}, "repeat": {"8383", "7777", "838383"},
		"mirrored": {"8338", "833338"}, "paired": {"8833", "224466", "889988", "888333"},
		"keypad": {"2580", "0852", "1470", "1474", "963258", "159357"},
	} {
		t.Run(shape, func(t *testing.T) {
			for _, pin := range pins {
				want(t, p, pin, "common")
			}
		})
	}
	t.Run("with regard to case", func(t *testing.T) {
		want(t, p, "", "too_short")
		want(t, p, "password", "common")
		for _, pin := range []string{"Password", "AbCd", "aaAA", "PASSWORD"} {
			want(t, p, pin)
		}
	})
	t.Run("months with a year are not in", func(t *testing.T) {
		for _, pin := range []string{"6807", "9903", "0768", "0399", "1187", "0230", "3013", "1899", "2030", "3102"} {
			want(t, p, pin)
		}
	})
	t.Run("about 1,000 of four digits and 2,000 of six", func(t *testing.T) {
		if refused := 10_000 - countByCheck(p, "0123456789", 4); refused < 950 || refused > 1_100 {
			t.Errorf("%v PINs of four digits are common", refused)
		}
		if refused := 1_000_000 - countByCheck(p, "0123456789", 6); refused < 1_800 || refused > 2_200 {
			t.Errorf("%v PINs of six digits are common", refused)
		}
	})
}

func TestPersonalRule(t *testing.T) {
	owner := cardinal.Owner{Username: "lena", Email: "L.Berg+print@example.com", CardNumbers: numbers(t, "04A2B9C1", "88301")}
	for text, codes := range map[string][]string{
		"lena": {"personal"}, "Lena": {"personal"}, "LENA9": {"personal"}, "7xlEnA": {"personal"},
		"berg": {"personal"}, "PRINT": {"personal"}, "a2b9": {"personal"}, "4A2B": {"personal"}, "04a2b9c1": {"personal"},
		"8830": {"personal"}, "9988301": {"personal"}, "88301": {"personal"},
		"len9": nil, "anel": nil, "1c9b": nil, "len4": nil, "exam": nil, "com7": nil, "8803": nil, "9830": nil,
	} {
		if got := check(only(disallowPersonal), text, owner); !slices.Equal(got, codes) {
			t.Errorf("%q breaks %q, want %q", text, got, codes)
		}
		if got := check(only(func(*cardinal.Policy) {}), text, owner); len(got) > 0 {
			t.Errorf("%q breaks %q with the rule off", text, got)
		}
	}
	for name, c := range map[string]struct {
		pin   string
		owner cardinal.Owner
		codes []string
	}{
		"a short name does not count":        {"kim1", cardinal.Owner{Username: "kim"}, nil},
		"nobody is known":                    {"kim1", cardinal.Owner{}, nil},
		"part of a name with other letters":  {"ller", cardinal.Owner{Username: "Müller"}, []string{"personal"}},
		"a short number does not count":      {"5123", cardinal.Owner{CardNumbers: numbers(t, "123")}, nil},
		"an address without a domain":        {"berg", cardinal.Owner{Email: "berg"}, []string{"personal"}},
		"a local part with an at sign":       {"home", cardinal.Owner{Email: `"lena@home"@example.com`}, []string{"personal"}},
		"four letters of another script":     {"ЖАНН", cardinal.Owner{Username: "жанна"}, []string{"bad_character", "personal"}},
		"three letters of another script":    {"ЖАН1", cardinal.Owner{Username: "жан"}, []string{"bad_character"}},
		"a name inside a longer other text":  {"éanna9", cardinal.Owner{Username: "Anna"}, []string{"bad_character", "personal"}},
		"a letter with another small form":   {"sara", cardinal.Owner{Username: "ſara"}, []string{"personal"}},
		"a name that goes on past the PIN":   {"éabc", cardinal.Owner{Username: "abc\ufffd"}, []string{"bad_character"}},
		"another script, not part of a name": {"жЖжЖ", cardinal.Owner{Username: "жанна"}, []string{"bad_character"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := check(only(disallowPersonal), c.pin, c.owner); !slices.Equal(got, c.codes) {
				t.Errorf("broken: %q, want %q", got, c.codes)
			}
		})
	}
}

func numbers(tb testing.TB, texts ...string) (list []cardinal.CardNumber) {
	tb.Helper()
	for _, text := range texts {
		number, err := cardinal.ParseCardNumber("primaryCardNumber", text)
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, number)
	}
	return list
}

// TestCharacters counts in characters and folds nothing.
func TestCharacters(t *testing.T) {
	p := only(func(p *cardinal.Policy) { p.MaxLength = 6 })
	digitsOnly := only(func(p *cardinal.Policy) { p.Characters = cardinal.Digits })
	for text, codes := range map[string][]string{
		"": {"too_short"}, "829": {"too_short"}, "8293": nil, "829305": nil, "8293051": {"too_long"},
		" 1234": {"bad_character"}, "12 34": {"bad_character"}, "1234\n": {"bad_character"}, "１２３４": {"bad_character"},
		"éàü": {"too_short", "bad_character"}, "éàüö": {"bad_character"}, "日本語日本語": {"bad_character"},
		"日本語日本語日": {"too_long", "bad_character"}, "\xff\xfe\xfd": {"too_short", "bad_character"},
		"\xff\xfe\xfd\xfc": {"bad_character"}, "12\x0034": {"bad_character"}, "8-93": {"bad_character"},
	} {
		want(t, p, text, codes...)
	}
	want(t, digitsOnly, "8293")
	want(t, digitsOnly, "829a", "bad_character")
	want(t, digitsOnly, "829A", "bad_character")
}

func TestEveryBrokenRuleIsReported(t *testing.T) {
	p := strictPolicy()
	p.MinLength, p.MaxLength, p.Characters = 5, 6, cardinal.Digits
	owner := cardinal.Owner{Username: "1234"}
	for text, codes := range map[string][]string{
		"1234":     {"too_short", "sequential", "stepped", "common", "personal"},
		"abc123":   {"bad_character", "common"},
		"12341234": {"too_long", "repeated", "personal"},
		"77777":    {"repeated", "stepped"},
		"é":        {"too_short", "bad_character"},
	} {
		if got := check(p, text, owner); !slices.Equal(got, codes) {
			t.Errorf("%q breaks %q, want %q", text, got, codes)
		}
	}
}

// TestLongText has only its length and characters judged, and in good time.
func TestLongText(t *testing.T) {
	p := strictPolicy()
	want(t, p, strings.Repeat("ab", 32), "too_long", "repeated")
	want(t, p, strings.Repeat("ab", 33), "too_long")
	want(t, p, strings.Repeat("a", 1<<22)+"é", "too_long", "bad_character")
}

// TestNoAllocation holds what the sign-in path and bulk work rely on.
func TestNoAllocation(t *testing.T) {
	p, owner, pins := strictPolicy(), anna(t), passing(t)
	for _, pin := range pins {
		if codes := policy.Check(p, pin, owner); codes != nil {
			t.Fatalf("%q is refused: %v", pin.Reveal(), codes)
		}
	}
	i := 0
	if got := testing.AllocsPerRun(1000, func() { policy.Check(p, pins[i%len(pins)], owner); i++ }); got != 0 {
		t.Errorf("%v allocations for a PIN that passes", got)
	}
}
