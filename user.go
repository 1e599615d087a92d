package cardinal

import (
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Customer is an organisation; it owns everything that carries its ID.
type Customer struct {
	ID        CustomerID
	Name      string // the value of setting customer.name, unique without regard to case
	CreatedAt time.Time
}

// User is a person of a customer. It never holds a PIN or a whole number.
type User struct {
	ID         UserID
	Customer   CustomerID
	Username   string // unique in the customer, compared without regard to case
	FullName   string
	Email      string
	Department string
	Notes      string
	Role       Role
	Disabled   bool
	Source     string // where the user comes from: "manual", "api", "import"
	// PasswordMustChange is set while the password is a one-time one given by an administrator.
	PasswordMustChange bool
	HasPassword        bool
	Language           string // the language they chose for their pages, such as "de"; empty: none
	CreatedAt          time.Time
	UpdatedAt          time.Time
	Revision           int64 // counts changes of the record; the ETag
}

// The most characters that the fields of a user may have.
const (
	UsernameMaxLength = 128
	FieldMaxLength    = 255
	NotesMaxLength    = 2000
)

// CheckUsername returns nil if name, which must already be in Unicode form
// NFC, can be a username: 1–128 characters, letters and digits of any script,
// . _ - @ \ + $ ' and single inner spaces (spec: import), but not "." and "..",
// which every path takes for folders.
func CheckUsername(name string) error {
	const field = "username"
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		v := Violated(ViolationRequired, field, "A username is required.")
		return &Error{Code: CodeInvalid, Detail: v.Message, Violations: []Violation{v}}
	case n > UsernameMaxLength:
		return Invalid(field, "A username has 128 characters at most.")
	case strings.HasPrefix(name, " "), strings.HasSuffix(name, " "), strings.Contains(name, "  "):
		return Invalid(field, "A username has no space at its ends and no two spaces in a row.")
	}
	if name == "." || name == ".." {
		return Invalid(field, "A username of dots alone cannot stand in an address. Add a letter or a digit.")
	}
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune(`._-@\+$' `, r) {
			return Invalid(field, `A username has only letters, digits, single spaces and . _ - @ \ + $ '`)
		}
	}
	return nil
}

// CheckEmail returns nil if address is empty or can be an e-mail address.
func CheckEmail(address string) error {
	if address == "" {
		return nil
	}
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address || len(address) > FieldMaxLength || !CleanText(address) {
		return Invalid("email", "This is not an e-mail address.")
	}
	return nil
}

// CleanText reports whether text is valid UTF-8 without control characters.
func CleanText(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, unicode.IsControl) < 0
}

// PINState is what may be known of a user's PIN: everything but the PIN.
type PINState struct {
	ID        PINID
	User      UserID
	CreatedAt time.Time
	ExpiresAt time.Time // zero: does not expire
	// Generated tells PINs that Cardinal made from those that somebody chose.
	Generated bool
	// NewRequired is set when an administrator asked for a new PIN.
	NewRequired bool
}

// Live reports whether the PIN signs in at the instant now.
func (p PINState) Live(now time.Time) bool {
	return p.ID != "" && (p.ExpiresAt.IsZero() || now.Before(p.ExpiresAt))
}
