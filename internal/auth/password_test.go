package auth_test

import (
	"context"
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"

	"cardinal"
	"cardinal/internal/auth"
)

var phc = regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$`)

func TestHashes(t *testing.T) {
	p := auth.NewPasswords(1)
	hash, err := p.Hash(t.Context(), cardinal.NewPassword(right))
	if err != nil {
		t.Fatal(err)
	}
	parts := phc.FindStringSubmatch(string(hash))
	if parts == nil {
		t.Fatalf("%s is no PHC string of the parameters in spec security", hash)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	if want := base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte(right), salt, 2, 19*1024, 1, 32)); want != parts[2] {
		t.Error("the hash is not what its parameters say")
	}
	again, err := p.Hash(t.Context(), cardinal.NewPassword(right))
	if err != nil || again == hash {
		t.Errorf("two hashes have the same salt, or %v", err)
	}
	for _, c := range []struct {
		name     string
		hash     auth.Hash
		password string
		want     bool
	}{
		{"right", hash, right, true},
		{"right, under the other salt", again, right, true},
		{"wrong", hash, wrong, false},
		{"in capitals", hash, strings.ToUpper(right), false},
		{"with a space", hash, right + " ", false},
		{"empty", hash, "", false},
		{"no hash", "", right, false},
		{"no hash and no password", "", "", false},
		{"other parameters", auth.Hash(strings.Replace(string(hash), "t=2", "t=1", 1)), right, false},
		{"another kind", auth.Hash(strings.Replace(string(hash), "argon2id", "argon2i", 1)), right, false},
		{"cut off", hash[:len(hash)-1], right, false},
		{"no key", hash[:strings.LastIndex(string(hash), "$")+1], right, false},
		{"no text", "x", right, false},
	} {
		before := p.Computed()
		got, err := p.Matches(t.Context(), c.hash, cardinal.NewPassword(c.password))
		if err != nil || got != c.want {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
		if n := p.Computed() - before; n != 1 {
			t.Errorf("%s: %d hashes were computed", c.name, n)
		}
	}
}

// FuzzHash: whatever stands in the database, comparing does not fail.
func FuzzHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$AAAA$BBBB")
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$$")
	p := auth.NewPasswords(2)
	f.Fuzz(func(t *testing.T, hash string) {
		if matches, err := p.Matches(t.Context(), auth.Hash(hash), cardinal.NewPassword(right)); err != nil || matches {
			t.Errorf("%v, %v", matches, err)
		}
	})
}

func TestHashingWaitsForASlot(t *testing.T) {
	p := auth.NewPasswords(1)
	defer p.Hold()()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Hash(ctx, cardinal.NewPassword(right)); !errors.Is(err, context.Canceled) {
		t.Errorf("no slot, but %v", err)
	}
	if matches, err := p.Matches(ctx, "", cardinal.NewPassword(right)); matches || !errors.Is(err, context.Canceled) {
		t.Errorf("no slot, but %v, %v", matches, err)
	}
	if n := p.Computed(); n != 0 {
		t.Errorf("%d hashes were computed", n)
	}
}

func TestCheckPassword(t *testing.T) {
	for _, c := range []struct {
		password string
		want     cardinal.ViolationCode
	}{
		{"", cardinal.ViolationTooShort},
		{"elevenchars", cardinal.ViolationTooShort},
		{"twelve chars", ""},
		{"příliš žluť", cardinal.ViolationTooShort}, // 11 characters, more bytes
		{"příliš žluťo", ""},
		{strings.Repeat("wörd ", 40), ""},
		{strings.Repeat("wörd ", 40) + "x", cardinal.ViolationTooLong},
		{"Anna.Novakova", cardinal.ViolationPersonal},
		{"aaaaaaaaaaaa", cardinal.ViolationCommon},
		{"AAAAAAAAAAAA", cardinal.ViolationCommon},
		{"abcabcabcabc", cardinal.ViolationCommon},
		{"abcdefghijkl", cardinal.ViolationCommon},
		{"password1234", cardinal.ViolationCommon},
		{right, ""},
	} {
		got := auth.CheckPassword(cardinal.NewPassword(c.password), "anna.novakova")
		if c.want == "" && len(got) == 0 {
			continue
		}
		if len(got) != 1 || got[0].Code != c.want || got[0].Field != "password" {
			t.Errorf("%q: %v, want %q", c.password, got, c.want)
		}
		if len(c.password) > 0 && len(got) > 0 && strings.Contains(got[0].Message, c.password) {
			t.Errorf("%q: the message repeats it", c.password)
		}
	}
}
