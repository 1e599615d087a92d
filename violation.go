package cardinal

// ViolationCode names a broken rule. Codes are part of the API and the log
// file: scripts of others rely on them.
type ViolationCode string

// The rules a PIN can break (spec: pins), and those that other fields can.
const (
	ViolationTooShort     ViolationCode = "too_short"
	ViolationTooLong      ViolationCode = "too_long"
	ViolationBadCharacter ViolationCode = "bad_character"
	ViolationSequential   ViolationCode = "sequential"
	ViolationRepeated     ViolationCode = "repeated"
	ViolationStepped      ViolationCode = "stepped"
	ViolationCommon       ViolationCode = "common"
	ViolationPersonal     ViolationCode = "personal"
	ViolationReused       ViolationCode = "reused"
	ViolationNotAvailable ViolationCode = "not_available"

	ViolationInvalid  ViolationCode = "invalid"  // a field that is not of its form or out of its range
	ViolationRequired ViolationCode = "required" // a field that must be given
	ViolationTaken    ViolationCode = "taken"    // a username, number or name that belongs to another
	ViolationSpoilt   ViolationCode = "spoilt"   // a number that a spreadsheet turned into 4.2E+12
	ViolationUnknown  ViolationCode = "unknown"  // a field that does not exist
	ViolationLine     ViolationCode = "malformed_line"
	ViolationLimit    ViolationCode = "limit" // a daily limit is used up
)

// Violation is one rule that was broken: a stable code, the field it is about
// ("pin", "username", "primaryCardNumber", …; may be empty) and a sentence for
// people. The message never holds what was typed nor an example PIN.
type Violation struct {
	Code    ViolationCode `json:"code"`
	Field   string        `json:"field,omitempty"`
	Message string        `json:"message"`
	said    *Sentence     // what Message was made of; nil where it stands for itself
}

// Violated makes a violation. The format takes only values that may be shown
// to the caller.
func Violated(code ViolationCode, field, format string, args ...any) Violation {
	said := Say(format, args...)
	return Violation{Code: code, Field: field, Message: said.String(), said: &said}
}

// Sentence returns the message with what it was made of, for edges that speak
// other languages.
func (v Violation) Sentence() Sentence {
	if v.said != nil && v.said.String() == v.Message {
		return *v.said
	}
	return literally(v.Message)
}

// Equal reports whether two violations say the same of the same field.
func (v Violation) Equal(other Violation) bool {
	return v.Code == other.Code && v.Field == other.Field && v.Message == other.Message
}

// ViolationCodes returns the codes alone, in order: what a log line may hold.
func ViolationCodes(violations []Violation) []string {
	codes := make([]string, len(violations))
	for i, v := range violations {
		codes[i] = string(v.Code)
	}
	return codes
}
