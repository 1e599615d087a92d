package setting

import "cardinal"

// RuleBehind returns the setting that a violation of the PIN policy comes from,
// and false for any other violation. A form names it where a PIN is refused, so
// that whoever has switched one rule off sees which further one holds (spec:
// pins, One door).
func RuleBehind(code cardinal.ViolationCode) (Definition, bool) {
	switch code {
	case cardinal.ViolationTooShort:
		return PINMinLength.Definition, true
	case cardinal.ViolationTooLong:
		return PINMaxLength.Definition, true
	case cardinal.ViolationBadCharacter:
		return PINCharacters.Definition, true
	case cardinal.ViolationSequential, cardinal.ViolationRepeated:
		return PINDisallowSequential.Definition, true
	case cardinal.ViolationStepped:
		return PINDisallowSteps.Definition, true
	case cardinal.ViolationCommon:
		return PINDisallowCommon.Definition, true
	case cardinal.ViolationPersonal:
		return PINDisallowPersonal.Definition, true
	case cardinal.ViolationReused:
		return PINHistory.Definition, true
	}
	return Definition{}, false
}
