package policy_test

import (
	mathrand "math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"cardinal"
	"cardinal/internal/policy"
)

// The naive rules below say the same as the specification in the plainest way,
// over characters instead of bytes. They are what Check is held against.

func naiveSequential(text []rune) bool {
	for _, order := range []string{"0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"} {
		backwards := []rune(order)
		slices.Reverse(backwards)
		if len(text) > 1 && (strings.Contains(order, string(text)) || strings.Contains(string(backwards), string(text))) {
			return true
		}
	}
	return false
}

func naiveRepeated(text []rune) bool {
	for unit := 1; unit < len(text); unit++ {
		written := strings.Repeat(string(text[:unit]), len(text))
		if len(text)/unit >= 2 && strings.HasPrefix(written, string(text)) {
			return true
		}
	}
	return false
}

func naiveStepped(text []rune) bool {
	for step := range 10 {
		all := len(text) >= 3
		for i, c := range text {
			all = all && '0' <= c && c <= '9' && (int(text[0]-'0')+i*step)%10 == int(c-'0')
		}
		if all {
			return true
		}
	}
	return false
}

func naiveBothCases(text []rune) bool {
	return strings.ContainsAny(string(text), "abcdefghijklmnopqrstuvwxyz") &&
		strings.ContainsAny(string(text), "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}

// naiveFold writes each character as the smallest of those that differ from it
// in case alone.
func naiveFold(text string) string {
	folded := []rune(text)
	for i, c := range folded {
		for other := unicode.SimpleFold(c); other != c; other = unicode.SimpleFold(other) {
			folded[i] = min(folded[i], other)
		}
	}
	return string(folded)
}

func naivePersonal(pin string, owner cardinal.Owner) bool {
	local := owner.Email
	if strings.Contains(local, "@") {
		local = local[:strings.LastIndex(local, "@")]
	}
	known := []string{owner.Username, local}
	for _, number := range owner.CardNumbers {
		known = append(known, number.Reveal())
	}
	pin = naiveFold(pin)
	for _, text := range known {
		text = naiveFold(text)
		if utf8.RuneCountInString(text) >= 4 && strings.Contains(pin, text) ||
			utf8.RuneCountInString(pin) >= 4 && strings.Contains(text, pin) {
			return true
		}
	}
	return false
}

// naiveCommon reads the embedded table in its own way.
func naiveCommon(tb testing.TB) map[string]bool {
	tb.Helper()
	text, err := os.ReadFile("data/common.table")
	if err != nil {
		tb.Fatal(err)
	}
	all := map[string]bool{}
	for i, line := range strings.Split(string(text), "\n") {
		for pin := range slices.Chunk([]byte(line), i+4) {
			all[string(pin)] = true
		}
	}
	return all
}

func naiveCheck(p cardinal.Policy, text string, owner cardinal.Owner, list map[string]bool) (codes []string) {
	add := func(broken bool, code string) {
		if broken {
			codes = append(codes, code)
		}
	}
	runes := []rune(text)
	allowed := "0123456789"
	if p.Characters != cardinal.Digits {
		allowed += "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	}
	add(len(runes) < p.MinLength, "too_short")
	add(len(runes) > p.MaxLength, "too_long")
	add(strings.Trim(text, allowed) != "" || strings.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune(allowed, r) }), "bad_character")
	if len(runes) > 64 {
		return codes
	}
	add(p.DisallowSequential && !naiveBothCases(runes) && naiveSequential(runes), "sequential")
	// What is no UTF-8 is compared byte by byte, as it cannot be told apart as characters.
	if utf8.ValidString(text) {
		add(p.DisallowSequential && !naiveBothCases(runes) && naiveRepeated(runes), "repeated")
	}
	add(p.DisallowSteps && naiveStepped(runes), "stepped")
	add(p.DisallowCommon && list[text], "common")
	add(p.DisallowPersonal && naivePersonal(text, owner), "personal")
	return codes
}

// FuzzCheck holds Check against the naive rules, asks twice, and has a PIN
// made for the same policy and owner.
func FuzzCheck(f *testing.F) {
	for _, text := range []string{"", "5", "1234", "4321", "abcd", "AAAA", "aaAA", "AbCd", "12121", "7890", "1593", "lena7", "Жанна", "１２３４", "\xff\xff\xff\xff", " 1234", "password", "2580"} {
		f.Add(text, "lena", "lena.berg@example.com", "04A2B9C1", uint8(4), uint8(12), uint8(0x1f))
	}
	list := naiveCommon(f)
	f.Fuzz(func(t *testing.T, text, username, email, number string, shortest, more, switches uint8) {
		p := cardinal.Policy{
			MinLength: 4 + int(shortest)%61, Characters: cardinal.LettersAndDigits, GeneratedCharacters: cardinal.Digits,
			DisallowSequential: switches&1 != 0, DisallowSteps: switches&2 != 0,
			DisallowCommon: switches&4 != 0, DisallowPersonal: switches&8 != 0,
		}
		p.MaxLength = min(64, p.MinLength+int(more))
		if switches&16 == 0 {
			p.Characters = cardinal.Digits
		} else if switches&32 != 0 {
			p.GeneratedCharacters = cardinal.LettersAndDigits
		}
		owner := cardinal.Owner{Username: username, Email: email}
		if parsed, err := cardinal.ParseCardNumber("", number); err == nil {
			owner.CardNumbers = append(owner.CardNumbers, parsed)
		}
		got := check(p, text, owner)
		if again := check(p, text, owner); !slices.Equal(got, again) {
			t.Errorf("first %q, then %q", got, again)
		}
		if !utf8.ValidString(text) {
			got = slices.DeleteFunc(got, func(code string) bool { return code == "repeated" })
		}
		if want := naiveCheck(p, text, owner, list); !slices.Equal(got, want) {
			t.Errorf("%q breaks %q, the naive rules say %q (%+v, %q, %q)", text, got, want, p, username, email)
		}
		pin, err := policy.Generate(p, p.MinLength, owner, mathrand.NewChaCha8([32]byte{switches, more}))
		if err != nil {
			t.Fatal(err)
		}
		if codes := check(p, pin.Reveal(), owner); len(codes) > 0 {
			t.Errorf("a generated PIN breaks %q", codes)
		}
	})
}

// FuzzGenerateNumber takes any bytes for random ones.
func FuzzGenerateNumber(f *testing.F) {
	f.Add("\x00\x01\x02\x03\x04\x05\x06\x07", 4)
	f.Add("\x01\x01\x01\x01\x01\x02\x03\x04\xff\xff\x09\x00\x03\x01", 4)
	f.Fuzz(func(t *testing.T, random string, length int) {
		number, err := policy.GenerateNumber(length, strings.NewReader(random))
		if err != nil {
			return
		}
		runes := []rune(number)
		if len(number) != length || number[0] == '0' || strings.Trim(number, "0123456789") != "" ||
			naiveSequential(runes) || naiveRepeated(runes) {
			t.Errorf("%q is no number to generate", number)
		}
	})
}
