package setting_test

import (
	"testing"

	"cardinal"
	"cardinal/internal/policy"
	"cardinal/internal/setting"
)

// TestRuleBehind breaks each rule of the policy, and switches off the setting
// that is said to be behind it: then the violation is gone.
func TestRuleBehind(t *testing.T) {
	owner := cardinal.Owner{Username: "lindqvist"}
	values := setting.Load(map[string]string{"pin.min-length": "6", "pin.max-length": "12", "pin.disallow-steps": "true", "pin.characters": `"digits"`})
	looser := map[string]string{"pin.min-length": "4", "pin.max-length": "64", "pin.characters": `"letters-and-digits"`}
	for pin, code := range map[string]cardinal.ViolationCode{
		"80591": cardinal.ViolationTooShort, "8059132746581": cardinal.ViolationTooLong, "80x913": cardinal.ViolationBadCharacter,
		"345678": cardinal.ViolationSequential, "808080": cardinal.ViolationRepeated, "135791": cardinal.ViolationStepped,
		"112233": cardinal.ViolationCommon, "lindqvist": cardinal.ViolationPersonal,
	} {
		breaks := func(v setting.Values) bool {
			for _, violation := range policy.Check(setting.Policy(v), cardinal.NewPIN(pin), owner) {
				if violation.Code == code {
					return true
				}
			}
			return false
		}
		rule, ok := setting.RuleBehind(code)
		if !ok || !breaks(values) {
			t.Errorf("%s: no rule is behind it, or the PIN of this test does not break it", code)
			continue
		}
		off, known := looser[rule.Key]
		if !known {
			off = "false"
		}
		next, err := values.With(map[string]*string{rule.Key: &off})
		if err != nil || breaks(next) {
			t.Errorf("%s: with %s at %s the PIN still breaks it, or %v", code, rule.Key, off, err)
		}
	}
	if rule, ok := setting.RuleBehind(cardinal.ViolationReused); !ok || rule.Key != "pin.history" {
		t.Errorf("behind a PIN that was in use before is %q", rule.Key)
	}
	for _, code := range []cardinal.ViolationCode{cardinal.ViolationNotAvailable, cardinal.ViolationTaken} {
		if rule, ok := setting.RuleBehind(code); ok {
			t.Errorf("behind %s is %s", code, rule.Key)
		}
	}
}
