package seal

import (
	"bytes"
	"strings"
	"testing"

	"cardinal"
)

func TestTokens(t *testing.T) {
	seen := map[string]bool{}
	for _, kind := range []TokenKind{DeviceToken, APIToken, SessionToken} {
		for range 50 {
			token := NewToken(kind)
			random, ok := strings.CutPrefix(token.Reveal(), string(kind))
			if !ok || len(random) != 52 || random[:26] == random[26:] {
				t.Fatalf("a token of kind %s has the form %d characters", kind, len(random))
			}
			if seen[random[:26]] || seen[random[26:]] {
				t.Fatal("a half came twice")
			}
			seen[random[:26]], seen[random[26:]] = true, true
			for _, other := range []TokenKind{DeviceToken, APIToken, SessionToken} {
				if IsToken(token, other) != (kind == other) {
					t.Errorf("IsToken of kind %s for %s", kind, other)
				}
			}
		}
	}
}

func TestIsTokenRefuses(t *testing.T) {
	good := NewToken(APIToken).Reveal()
	for name, text := range map[string]string{
		"empty":        "",
		"only prefix":  "capi_",
		"no prefix":    good[5:],
		"one short":    good[:len(good)-1],
		"one long":     good + "A",
		"lower case":   strings.ToLower(good),
		"odd byte":     good[:20] + "!" + good[21:],
		"white space":  " " + good,
		"other prefix": "cxyz_" + good[5:],
	} {
		if IsToken(cardinal.NewToken(text), APIToken) {
			t.Errorf("%s is taken for a token", name)
		}
	}
}

func TestTokenHash(t *testing.T) {
	token := NewToken(DeviceToken)
	hash := TokenHash(token)
	if len(hash) != 32 || !bytes.Equal(hash, TokenHash(cardinal.NewToken(token.Reveal()))) {
		t.Errorf("hash %x", hash)
	}
	if bytes.Equal(hash, TokenHash(NewToken(DeviceToken))) {
		t.Error("two tokens have the same hash")
	}
}
