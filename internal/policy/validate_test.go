package policy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/policy"
)

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*cardinal.Policy)
		keys []string // of the settings refused
	}{
		"as it comes": {func(*cardinal.Policy) {}, nil},
		"the widest": {func(p *cardinal.Policy) {
			p.MaxLength, p.GeneratedLength, p.History, p.Expiration = 64, 64, 24, 87600*time.Hour
		}, nil},
		"one length only":             {func(p *cardinal.Policy) { p.MinLength, p.MaxLength = 6, 6 }, nil},
		"generated below the minimum": {func(p *cardinal.Policy) { p.MinLength = 9 }, nil},
		"minimum below 4":             {func(p *cardinal.Policy) { p.MinLength = 3 }, []string{"pin.min-length"}},
		"minimum over 64":             {func(p *cardinal.Policy) { p.MinLength, p.MaxLength = 65, 65 }, []string{"pin.min-length", "pin.max-length"}},
		"maximum below the minimum":   {func(p *cardinal.Policy) { p.MinLength, p.MaxLength = 8, 7 }, []string{"pin.max-length"}},
		"maximum over 64":             {func(p *cardinal.Policy) { p.MaxLength = 65 }, []string{"pin.max-length"}},
		"no characters":               {func(p *cardinal.Policy) { p.Characters = "" }, []string{"pin.characters"}},
		"history below 0":             {func(p *cardinal.Policy) { p.History = -1 }, []string{"pin.history"}},
		"history over 24":             {func(p *cardinal.Policy) { p.History = 25 }, []string{"pin.history"}},
		"generated too short":         {func(p *cardinal.Policy) { p.GeneratedLength = 3 }, []string{"pin.generated-length"}},
		"generated too long":          {func(p *cardinal.Policy) { p.GeneratedLength = 65 }, []string{"pin.generated-length"}},
		"generated over the maximum":  {func(p *cardinal.Policy) { p.MaxLength = 5 }, []string{"pin.generated-length"}},
		"generated of what":           {func(p *cardinal.Policy) { p.GeneratedCharacters = "runes" }, []string{"pin.generated-characters"}},
		"expiry in the past":          {func(p *cardinal.Policy) { p.Expiration = -time.Hour }, []string{"pin.expiration-hours"}},
		"expiry in 11 years":          {func(p *cardinal.Policy) { p.Expiration = 87601 * time.Hour }, []string{"pin.expiration-hours"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := seedPolicy()
			c.set(&p)
			err := policy.Validate(p)
			var keys []string
			for _, v := range cardinal.ViolationsOf(err) {
				keys = append(keys, v.Field)
			}
			if !slices.Equal(keys, c.keys) {
				t.Errorf("refused %q, want %q", keys, c.keys)
			}
			if (err != nil) != (c.keys != nil) || err != nil && !errors.Is(err, cardinal.ErrInvalid) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// pinCodes are all codes that a PIN can be refused with.
func pinCodes() []cardinal.ViolationCode {
	return []cardinal.ViolationCode{
		cardinal.ViolationTooShort, cardinal.ViolationTooLong, cardinal.ViolationBadCharacter,
		cardinal.ViolationSequential, cardinal.ViolationRepeated, cardinal.ViolationStepped,
		cardinal.ViolationCommon, cardinal.ViolationPersonal, cardinal.ViolationReused, cardinal.ViolationNotAvailable,
	}
}

// TestMessages are whole sentences, each its own, without a PIN to copy.
func TestMessages(t *testing.T) {
	p, seen := strictPolicy(), map[string]bool{}
	for _, code := range pinCodes() {
		v := policy.ViolationFor(code, p)
		if v.Code != code || v.Field != "pin" || seen[v.Message] || !strings.HasSuffix(v.Message, ".") {
			t.Errorf("%s: %+v", code, v)
		}
		seen[v.Message] = true
		for _, word := range strings.FieldsFunc(v.Message, func(r rune) bool { return r < '0' || r > '9' }) {
			if len(word) >= 4 {
				t.Errorf("%s: %q could be a PIN", code, word)
			}
		}
	}
	for setting, text := range map[string]string{
		"7":       policy.ViolationFor(cardinal.ViolationTooShort, only(func(p *cardinal.Policy) { p.MinLength = 7 })).Message,
		"9":       policy.ViolationFor(cardinal.ViolationTooLong, only(func(p *cardinal.Policy) { p.MaxLength = 9 })).Message,
		"letters": policy.ViolationFor(cardinal.ViolationBadCharacter, p).Message,
	} {
		if !strings.Contains(text, setting) {
			t.Errorf("%q does not say %s", text, setting)
		}
	}
	hidden := policy.ViolationFor(cardinal.ViolationNotAvailable, p).Message
	for _, why := range []string{"taken", "somebody", "someone", "in use", "unique", "user", "already"} {
		if strings.Contains(hidden, why) {
			t.Errorf("%q says why", hidden)
		}
	}
}

func TestRules(t *testing.T) {
	codes := func(p cardinal.Policy) (list []cardinal.ViolationCode) {
		for _, rule := range policy.Rules(p) {
			if rule.Text.IsZero() {
				t.Errorf("%s has no text", rule.Code)
			}
			list = append(list, rule.Code)
		}
		return list
	}
	form := pinCodes()[:3]
	if got := codes(only(func(*cardinal.Policy) {})); !slices.Equal(got, form) {
		t.Errorf("rules in force: %q, want %q", got, form)
	}
	if got, want := codes(strictPolicy()), pinCodes()[:9]; !slices.Equal(got, want) {
		t.Errorf("rules in force: %q, want %q", got, want)
	}
	for rule, set := range map[cardinal.ViolationCode]func(*cardinal.Policy){
		cardinal.ViolationSequential: disallowSequential, cardinal.ViolationRepeated: disallowSequential,
		cardinal.ViolationStepped: disallowSteps, cardinal.ViolationCommon: disallowCommon,
		cardinal.ViolationPersonal: disallowPersonal,
		cardinal.ViolationReused:   func(p *cardinal.Policy) { p.History = 3 },
	} {
		if !slices.Contains(codes(only(set)), rule) {
			t.Errorf("%s is in force and not listed", rule)
		}
	}
}
