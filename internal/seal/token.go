package seal

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"

	"cardinal"
)

// TokenKind is the prefix of a token, which tells people and secret scanners
// what they have before them.
type TokenKind string

// The kinds of tokens.
const (
	DeviceToken  TokenKind = "cdev_"
	APIToken     TokenKind = "capi_"
	SessionToken TokenKind = "cses_"
	PendingToken TokenKind = "cpen_" // a sign-in that waits for its second factor
	LinkToken    TokenKind = "clnk_" // a link by e-mail
)

// NewToken makes a token: the prefix of its kind and 52 letters and digits
// from crypto/rand, which are 260 random bits.
func NewToken(kind TokenKind) cardinal.Token {
	return cardinal.NewToken(string(kind) + rand.Text() + rand.Text())
}

// IsToken reports whether the token has the form of its kind; it may still be
// nobody's.
func IsToken(token cardinal.Token, kind TokenKind) bool {
	random, ok := strings.CutPrefix(token.Reveal(), string(kind))
	return ok && len(random) == 52 && strings.Trim(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// TokenHash returns the SHA-256 by which a token is stored and found. Neither
// key nor slow hash is needed: unlike a PIN or a password, a token is 260
// random bits, so that nobody gets from the hash to it by trying.
func TokenHash(token cardinal.Token) []byte {
	sum := sha256.Sum256([]byte(token.Reveal()))
	return sum[:]
}
