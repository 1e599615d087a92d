package cardinal

import "time"

// The bounds of a PIN's length, whatever the policy (seed: PIN policy).
const (
	PINMinLength = 4
	PINMaxLength = 64
)

// Characters says which characters a PIN may have.
type Characters string

// The choices of characters. All are ASCII.
const (
	Digits           Characters = "digits"             // 0-9
	LettersAndDigits Characters = "letters-and-digits" // 0-9 A-Z a-z
)

// Policy is the rules that a new PIN must meet: the settings of *Security
// options › General › PIN policy* as one value. It is comparable, so two
// policies are the same rules exactly if they are equal.
type Policy struct {
	MinLength          int // 4–64 characters; cannot be switched off
	MaxLength          int // MinLength–64 characters; what the devices can take
	Characters         Characters
	DisallowSequential bool // 1234, 4321, 1111, abcd, AAAA (seed)
	DisallowSteps      bool // evenly stepped digits, counted modulo 10
	DisallowCommon     bool // the most used PINs
	DisallowPersonal   bool // parts of username, e-mail or card number
	History            int  // 0–24: the last so many PINs, the present one included, may not return

	GeneratedLength     int // 4–64, raised to MinLength where that is larger
	GeneratedCharacters Characters

	// Expiration is how long a new PIN lives; 0 means it does not expire.
	Expiration time.Duration
	// IdentifiesUser means that a PIN alone signs in: PINs are unique in the customer and generated.
	IdentifiesUser bool
}

// Owner is what is known of the user whose PIN is judged.
type Owner struct {
	Username    string
	Email       string
	CardNumbers []CardNumber
}
