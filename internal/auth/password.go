// Package auth finds out who is calling: people by username and password and
// then by their session, programs by their API token, devices by theirs. It
// owns password hashes, sessions and the limits on guessing passwords. It does
// not decide what a caller may do: roles and permissions are package cardinal's,
// and every use case asks for them.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"cardinal"
	"cardinal/internal/policy"
)

// The cost of a password hash (spec: security; OWASP's minimum for argon2id):
// 19 MiB, two passes, one lane.
const (
	argonMemoryKiB = 19 * 1024
	argonPasses    = 2
	argonLanes     = 1
	argonKeyBytes  = 32
	argonSaltBytes = 16
)

// The length of passwords, in characters.
const (
	PasswordMinLength = 12
	PasswordMaxLength = 200
)

// Hash is an argon2id hash of a password in PHC string form.
type Hash string

// Passwords hashes and compares passwords, a few at a time, so that a flood of
// sign-ins does not fill the memory. Safe for concurrent use.
type Passwords struct {
	slots    chan struct{}
	dummy    Hash
	computed atomic.Int64
}

// NewPasswords makes the hasher; at most parallel hashes of 19 MiB are computed at once.
func NewPasswords(parallel int) *Passwords {
	p := &Passwords{slots: make(chan struct{}, parallel)}
	p.dummy = encode(make([]byte, argonSaltBytes), make([]byte, argonKeyBytes))
	return p
}

// Computed is how many hashes were computed so far; what the limits on guessing
// promise is counted here.
func (p *Passwords) Computed() int64 { return p.computed.Load() }

// CheckPassword returns what is wrong with a new password: fewer than 12 or more
// than 200 characters, among the most used ones, or the username itself.
func CheckPassword(password cardinal.Password, username string) []cardinal.Violation {
	text := password.Reveal()
	const field = "password"
	one := func(v cardinal.Violation) []cardinal.Violation { return []cardinal.Violation{v} }
	switch n := utf8.RuneCountInString(text); {
	case n < PasswordMinLength:
		return one(cardinal.Violated(cardinal.ViolationTooShort, field, "The password is too short. It needs at least 12 characters."))
	case n > PasswordMaxLength:
		return one(cardinal.Violated(cardinal.ViolationTooLong, field, "The password is too long. It may have at most 200 characters."))
	case strings.EqualFold(text, username):
		return one(cardinal.Violated(cardinal.ViolationPersonal, field, "The password is the username. Choose another one."))
	case isCommon(text):
		return one(cardinal.Violated(cardinal.ViolationCommon, field, "This password is among the most used ones, which are guessed first. Choose another one."))
	}
	return nil
}

// isCommon asks the list of the most used passwords, which the PIN policy has,
// and refuses one character or a short unit over and over.
func isCommon(text string) bool {
	rules := cardinal.Policy{
		MinLength: cardinal.PINMinLength, MaxLength: cardinal.PINMaxLength, Characters: cardinal.LettersAndDigits,
		DisallowSequential: true, DisallowCommon: true,
	}
	for _, v := range policy.Check(rules, cardinal.NewPIN(strings.ToLower(text)), cardinal.Owner{}) {
		switch v.Code {
		case cardinal.ViolationCommon, cardinal.ViolationSequential, cardinal.ViolationRepeated:
			return true
		}
	}
	return false
}

// Hash returns the hash of a password under a fresh salt. It waits for a slot
// until ctx ends.
func (p *Passwords) Hash(ctx context.Context, password cardinal.Password) (Hash, error) {
	salt := make([]byte, argonSaltBytes)
	_, _ = rand.Read(salt) // never fails: crypto/rand ends the program instead
	key, err := p.derive(ctx, password, salt)
	if err != nil {
		return "", err
	}
	return encode(salt, key), nil
}

// Matches reports whether the password is the one of the hash, in constant time
// and, where the hash is empty or unreadable, with the same work.
func (p *Passwords) Matches(ctx context.Context, hash Hash, password cardinal.Password) (bool, error) {
	salt, key, ok := decode(hash)
	if !ok {
		salt, key, _ = decode(p.dummy)
	}
	derived, err := p.derive(ctx, password, salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(derived, key) == 1 && ok, nil
}

func (p *Passwords) derive(ctx context.Context, password cardinal.Password, salt []byte) ([]byte, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("hash password: %w", ctx.Err())
	}
	p.computed.Add(1)
	return argon2.IDKey([]byte(password.Reveal()), salt, argonPasses, argonMemoryKiB, argonLanes, argonKeyBytes), nil
}

// prefix holds the parameters; a hash made with others would be read with them,
// once there are others.
func prefix() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, argonMemoryKiB, argonPasses, argonLanes)
}

func encode(salt, key []byte) Hash {
	text := base64.RawStdEncoding
	return Hash(prefix() + text.EncodeToString(salt) + "$" + text.EncodeToString(key))
}

func decode(hash Hash) (salt, key []byte, ok bool) {
	rest, ok := strings.CutPrefix(string(hash), prefix())
	saltText, keyText, both := strings.Cut(rest, "$")
	if !ok || !both {
		return nil, nil, false
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(saltText)
	key, keyErr := base64.RawStdEncoding.DecodeString(keyText)
	return salt, key, saltErr == nil && keyErr == nil && len(key) == argonKeyBytes
}
