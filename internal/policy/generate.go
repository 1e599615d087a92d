package policy

import (
	"errors"
	"fmt"
	"io"

	"cardinal"
)

// The alphabets of what is generated. Letters that are taken for another one
// or for a digit are left out, and so are those digits (spec: pins).
const (
	decimal    = "0123456789"
	unmistaken = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
)

// maxTries is how often a text is drawn before its maker gives up. Where one
// text in a thousand is acceptable, all fail with a chance of 1 in 20,000.
const maxTries = 10_000

// The lengths a generated card number can have (spec: numbers).
const (
	NumberMinLength = 4
	NumberMaxLength = 18
)

// alphabet returns the characters that generated PINs are made of: letters
// only where p both generates and allows them.
func alphabet(p cardinal.Policy) string {
	if p.GeneratedCharacters == cardinal.LettersAndDigits && p.Characters != cardinal.Digits {
		return unmistaken
	}
	return decimal
}

// Generate makes a PIN that Check accepts, drawn uniformly over all acceptable
// ones of that length and the alphabet for generated PINs. Length 0 means
// p.GeneratedLength, raised to p.MinLength. A length outside the policy, and a
// policy that leaves hardly any PIN, is an Error of CodeInvalid; a failure of
// random, which should be crypto/rand.Reader, is returned wrapped.
func Generate(p cardinal.Policy, length int, owner cardinal.Owner, random io.Reader) (cardinal.PIN, error) {
	length, err := lengthToGenerate(p, length)
	if err != nil {
		return cardinal.PIN{}, err
	}
	characters, text := alphabet(p), make([]byte, length)
	for range maxTries {
		if err := draw(text, characters, random); err != nil {
			return cardinal.PIN{}, fmt.Errorf("generate a PIN: %w", err)
		}
		if candidate := string(text); judge(&p, candidate, &owner) == 0 {
			return cardinal.NewPIN(candidate), nil
		}
	}
	return cardinal.PIN{}, cardinal.Invalid(keyGeneratedLength,
		"Hardly any PIN of %d characters meets the PIN policy. Raise the length of generated PINs (%s) or switch off a rule.",
		length, keyGeneratedLength)
}

func lengthToGenerate(p cardinal.Policy, asked int) (int, error) {
	shortest, longest := max(p.MinLength, cardinal.PINMinLength), min(p.MaxLength, cardinal.PINMaxLength)
	byDefault := max(p.GeneratedLength, shortest)
	switch {
	case asked == 0 && byDefault > longest:
		return 0, cardinal.Invalid(keyGeneratedLength,
			"Generated PINs would be longer than PINs may be. Lower %s to %d or raise %s.",
			keyGeneratedLength, longest, keyMaxLength)
	case asked == 0:
		return byDefault, nil
	case asked < shortest || asked > longest:
		return 0, cardinal.Invalid("length",
			"The length of a PIN is from %d to %d characters.", shortest, longest)
	}
	return asked, nil
}

// GenerateNumber makes a card number of length random digits (4–18), the first
// not 0, neither sequential nor repeated, drawn uniformly (spec: numbers,
// Generation). Whether it is taken is for the caller to find out.
func GenerateNumber(length int, random io.Reader) (string, error) {
	const key = "user.card-id.generated-length"
	if length < NumberMinLength || length > NumberMaxLength {
		return "", cardinal.Invalid(key,
			"The length of generated card numbers (%s) is from %d to %d digits.", key, NumberMinLength, NumberMaxLength)
	}
	text := make([]byte, length)
	for range maxTries {
		if err := draw(text, decimal, random); err != nil {
			return "", fmt.Errorf("generate a card number: %w", err)
		}
		if number := string(text); number[0] != '0' && !isSequential(number, digit) && !isRepeated(number) {
			return number, nil
		}
	}
	return "", fmt.Errorf("generate a card number: %w", errNotRandom)
}

// errNotRandom is the answer to a source that no random one can be.
var errNotRandom = errors.New("the random source does not give random bytes")

// draw fills text with characters of the alphabet, each equally likely: bytes
// past the last whole multiple of its size are thrown away.
func draw(text []byte, alphabet string, random io.Reader) error {
	limit := 256 - 256%len(alphabet)
	var buffer [cardinal.PINMaxLength]byte
	filled := 0
	for range maxTries {
		wanted := buffer[:len(text)-filled]
		if _, err := io.ReadFull(random, wanted); err != nil {
			return fmt.Errorf("read random bytes: %w", err)
		}
		for _, b := range wanted {
			if int(b) < limit {
				text[filled] = alphabet[int(b)%len(alphabet)]
				filled++
			}
		}
		if filled == len(text) {
			return nil
		}
	}
	return errNotRandom
}
