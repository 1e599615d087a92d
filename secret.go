package cardinal

import (
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what every secret type prints as, whatever the verb.
const Redacted = "[redacted]"

// Secret is a text that must never be printed: it stands as [redacted] in
// fmt, slog and JSON. Reveal is the one way to the text; each use of it is a
// place to review. The zero Secret is empty.
//
// The text stands behind a pointer because fmt does not call the methods of
// values in unexported fields: there it would print a plain string, but of a
// pointer only its address.
type Secret struct{ text *string }

// PIN, Password and Token are secrets with a meaning each, so that one cannot
// be passed for the other. CardNumber in number.go is the fourth.
type (
	// PIN is what a user keys in at a device, exactly as it was typed.
	PIN struct{ Secret }
	// Password is what a person signs in to the web interface with.
	Password struct{ Secret }
	// Token is the credential of a device, an API client or a session.
	Token struct{ Secret }
)

// NewPIN takes a PIN as typed; nothing is trimmed or folded.
func NewPIN(text string) PIN { return PIN{Secret{&text}} }

// NewPassword takes a password as typed.
func NewPassword(text string) Password { return Password{Secret{&text}} }

// NewToken takes a token as presented or just made.
func NewToken(text string) Token { return Token{Secret{&text}} }

// Reveal returns the text itself.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.text == nil || *s.text == "" }

// String returns Redacted.
func (Secret) String() string { return Redacted }

// GoString returns Redacted.
func (Secret) GoString() string { return Redacted }

// Format writes Redacted for every verb and flag.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

// LogValue returns Redacted.
func (Secret) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalText returns Redacted, so that encoders cannot leak the text.
func (Secret) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// UnmarshalText takes the text as it stands.
func (s *Secret) UnmarshalText(text []byte) error {
	taken := string(text)
	s.text = &taken
	return nil
}
