package policy

import (
	"time"

	"cardinal"
)

// The settings that messages of this package name.
const (
	keyMinLength           = "pin.min-length"
	keyMaxLength           = "pin.max-length"
	keyCharacters          = "pin.characters"
	keyHistory             = "pin.history"
	keyGeneratedLength     = "pin.generated-length"
	keyGeneratedCharacters = "pin.generated-characters"
	keyExpiration          = "pin.expiration-hours"
)

// The bounds of the policy's other settings (spec: pins).
const (
	HistoryMax    = 24
	ExpirationMax = 87600 * time.Hour
)

// Validate returns nil if p can be a policy, and otherwise an Error of
// CodeInvalid with a violation for each setting that is out of its range or at
// odds with another; the field is the setting's key (spec: pins, Policy).
func Validate(p cardinal.Policy) error {
	var broken []cardinal.Violation
	require := func(ok bool, broke cardinal.Violation) {
		if !ok {
			broken = append(broken, broke)
		}
	}
	require(p.MinLength >= cardinal.PINMinLength && p.MinLength <= cardinal.PINMaxLength, cardinal.Violated(cardinal.ViolationInvalid, keyMinLength,
		"The minimal PIN length is from %d to %d characters.", cardinal.PINMinLength, cardinal.PINMaxLength))
	require(p.MaxLength >= p.MinLength && p.MaxLength <= cardinal.PINMaxLength, cardinal.Violated(cardinal.ViolationInvalid, keyMaxLength,
		"The maximal PIN length is from the minimal length to %d characters.", cardinal.PINMaxLength))
	require(known(p.Characters), cardinal.Violated(cardinal.ViolationInvalid, keyCharacters,
		"The characters of a PIN are either %s or %s.", cardinal.Digits, cardinal.LettersAndDigits))
	require(p.History >= 0 && p.History <= HistoryMax, cardinal.Violated(cardinal.ViolationInvalid, keyHistory,
		"The number of PINs that may not return is from 0 to %d.", HistoryMax))
	require(p.GeneratedLength >= cardinal.PINMinLength && p.GeneratedLength <= cardinal.PINMaxLength, cardinal.Violated(cardinal.ViolationInvalid, keyGeneratedLength,
		"The length of generated PINs is from %d to %d characters.", cardinal.PINMinLength, cardinal.PINMaxLength))
	require(p.GeneratedLength <= p.MaxLength || p.GeneratedLength > cardinal.PINMaxLength, cardinal.Violated(cardinal.ViolationInvalid, keyGeneratedLength,
		"Generated PINs would be longer than the maximal PIN length. Lower the one or raise the other."))
	require(known(p.GeneratedCharacters), cardinal.Violated(cardinal.ViolationInvalid, keyGeneratedCharacters,
		"The characters of generated PINs are either %s or %s.", cardinal.Digits, cardinal.LettersAndDigits))
	require(p.Expiration >= 0 && p.Expiration <= ExpirationMax, cardinal.Violated(cardinal.ViolationInvalid, keyExpiration,
		"PINs expire after 0 to %d hours; 0 means never.", int(ExpirationMax/time.Hour)))
	if broken == nil {
		return nil
	}
	return &cardinal.Error{Code: cardinal.CodeInvalid, Detail: broken[0].Message, Violations: broken}
}

func known(c cardinal.Characters) bool {
	return c == cardinal.Digits || c == cardinal.LettersAndDigits
}
