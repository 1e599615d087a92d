package policy

import "cardinal"

// pinField is the field that violations of the policy are about.
const pinField = "pin"

// ViolationFor returns the violation of a rule of p in words for people: the
// one place for them. Beside the codes that Check reports it knows reused and
// not_available, whose text does not say why. No message holds an example PIN.
func ViolationFor(code cardinal.ViolationCode, p cardinal.Policy) cardinal.Violation {
	return cardinal.Violated(code, pinField, "%s", message(code, p))
}

func message(code cardinal.ViolationCode, p cardinal.Policy) cardinal.Sentence {
	switch code {
	case cardinal.ViolationTooShort:
		return cardinal.Say("The PIN is too short. It needs at least %d characters.", p.MinLength)
	case cardinal.ViolationTooLong:
		return cardinal.Say("The PIN is too long. It may have at most %d characters.", p.MaxLength)
	case cardinal.ViolationBadCharacter:
		if p.Characters == cardinal.Digits {
			return cardinal.Say("The PIN has a character that is not allowed. Use only the digits 0 to 9.")
		}
		return cardinal.Say("The PIN has a character that is not allowed. Use only the digits 0 to 9 and the letters A to Z and a to z.")
	case cardinal.ViolationSequential:
		return cardinal.Say("The characters of the PIN follow one another in order. Choose a less regular one.")
	case cardinal.ViolationRepeated:
		return cardinal.Say("The PIN is the same part over and over. Choose a less regular one.")
	case cardinal.ViolationStepped:
		return cardinal.Say("The digits of the PIN are evenly spaced. Choose a less regular one.")
	case cardinal.ViolationCommon:
		return cardinal.Say("This PIN is among the most used ones, which are guessed first. Choose another one.")
	case cardinal.ViolationPersonal:
		return cardinal.Say("The PIN is part of the username, the e-mail address or a card number, or contains one of them. Choose another one.")
	case cardinal.ViolationReused:
		return cardinal.Say("This PIN was in use before. Choose a new one.")
	default:
		return cardinal.Say("This PIN cannot be used. Choose another one, or have one generated.")
	}
}

func onlyAllowed(c cardinal.Characters) cardinal.Sentence {
	if c == cardinal.Digits {
		return cardinal.Say("Only the digits 0 to 9")
	}
	return cardinal.Say("Only the digits 0 to 9 and the letters A to Z and a to z")
}

// Rule is one rule in force: the code that breaking it is reported with, and
// what it asks, as a line to stand beside the field.
type Rule struct {
	Code cardinal.ViolationCode
	Text cardinal.Sentence
}

// Rules returns the rules of p that are in force, in the order in which Check
// reports them, then the one about earlier PINs. No text holds an example PIN.
func Rules(p cardinal.Policy) []Rule {
	rules := []Rule{
		{cardinal.ViolationTooShort, cardinal.Say("At least %d characters", p.MinLength)},
		{cardinal.ViolationTooLong, cardinal.Say("At most %d characters", p.MaxLength)},
		{cardinal.ViolationBadCharacter, onlyAllowed(p.Characters)},
	}
	add := func(on bool, code cardinal.ViolationCode, text cardinal.Sentence) {
		if on {
			rules = append(rules, Rule{code, text})
		}
	}
	add(p.DisallowSequential, cardinal.ViolationSequential, cardinal.Say("Not letters or digits in order, upwards or downwards"))
	add(p.DisallowSequential, cardinal.ViolationRepeated, cardinal.Say("Not the same character or group of characters over and over"))
	add(p.DisallowSteps, cardinal.ViolationStepped, cardinal.Say("Not evenly spaced digits"))
	add(p.DisallowCommon, cardinal.ViolationCommon, cardinal.Say("Not one of the most used PINs, such as dates, years and shapes on the keypad"))
	add(p.DisallowPersonal, cardinal.ViolationPersonal, cardinal.Say("Not part of the username, the e-mail address or a card number, nor containing one of them"))
	add(p.History == 1, cardinal.ViolationReused, cardinal.Say("Not the PIN in use now"))
	add(p.History > 1, cardinal.ViolationReused, cardinal.Say("Not one of the last %d PINs", p.History))
	return rules
}
