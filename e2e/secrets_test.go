package e2e_test

import (
	"bytes"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"
)

// kind says what sort of secret it is, and with it where it may be seen.
type kind string

const (
	typedPIN      kind = "PIN"                             // nowhere
	typedPassword kind = "password"                        // nowhere
	number        kind = "card number"                     // in answers to those who may see it, never at rest
	madePIN       kind = "generated PIN"                   // in the one answer that made it
	madePassword  kind = "made password"                   // in the one answer that made it
	madeToken     kind = "token"                           // in the one answer or output that made it
	sentToken     kind = "token of nobody"                 // nowhere
	sentNumber    kind = "number of nobody"                // nowhere: it was no number of anybody's
	misplaced     kind = "PIN in a field whose text stays" // on the page that shows the field again
	rootKey       kind = "root key"                        // in the key ring alone
)

// secret is a text that must not be found, and the way it came by.
type secret struct {
	kind    kind
	text    string
	through string
}

func (s secret) String() string { return fmt.Sprintf("%s through %q", s.kind, s.through) }

// secrets are all that were planted. Safe for concurrent use.
type secrets struct {
	mu      sync.Mutex
	planted []secret
}

func (s *secrets) add(k kind, text, through string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.planted = append(s.planted, secret{k, text, through})
	return text
}

// pin plants a PIN that meets the policy and is found nowhere by chance.
func (s *secrets) pin(through string) string { return s.add(typedPIN, rand.Text()[:12], through) }

// badPIN plants a PIN that the policy refuses.
func (s *secrets) badPIN(through string) string {
	return s.add(typedPIN, rand.Text()[:9]+" "+rand.Text()[:4], through)
}

func (s *secrets) password(through string) string {
	return s.add(typedPassword, "my "+rand.Text()[:16], through)
}

func (s *secrets) misplaced(through string) string {
	return s.add(misplaced, rand.Text()[:12], through)
}

func (s *secrets) token(through string) string { return s.add(sentToken, rand.Text(), through) }

// card plants a number of somebody's.
func (s *secrets) card(through string) string { return s.add(number, "7"+rand.Text()[:14], through) }

// stray plants a number that becomes nobody's.
func (s *secrets) stray(through string) string {
	return s.add(sentNumber, "8"+rand.Text()[:14], through)
}

// needle is one form in which a secret can lie somewhere.
type needle struct {
	secret secret
	form   string
	bytes  []byte
}

// finder looks for many needles at once, by their first eight bytes.
type finder map[uint64][]needle

const keyLength = 8

func newFinder(all []secret) finder {
	f := finder{}
	for _, s := range all {
		for _, n := range formsOf(s) {
			if len(n.bytes) < keyLength {
				continue // by chance everywhere
			}
			key := binary.LittleEndian.Uint64(n.bytes)
			f[key] = append(f[key], n)
		}
	}
	return f
}

// asItIs is the one form in which those who may see a secret see it.
const asItIs = "as it is"

// formsOf lists what a careless program makes of a text.
func formsOf(s secret) []needle {
	var list []needle
	add := func(form string, b []byte) {
		if !slices.ContainsFunc(list, func(n needle) bool { return bytes.Equal(n.bytes, b) }) {
			list = append(list, needle{s, form, b})
		}
	}
	add(asItIs, []byte(s.text))
	texts := map[string]string{asItIs: s.text, "in lower case": strings.ToLower(s.text), "reversed": reversed(s.text),
		"percent-encoded": url.PathEscape(s.text), "as in a query": url.QueryEscape(s.text)}
	for form, text := range texts {
		add(form, []byte(text))
		add(form+", hexadecimal", []byte(hex.EncodeToString([]byte(text))))
		add(form+", HEXADECIMAL", []byte(strings.ToUpper(hex.EncodeToString([]byte(text)))))
		for shift := range 3 {
			add(form+", base64", inBase64(base64.RawStdEncoding, text, shift))
			add(form+", base64 for URLs", inBase64(base64.RawURLEncoding, text, shift))
		}
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			var wide []byte
			for _, unit := range utf16.Encode([]rune(text)) {
				wide = order.AppendUint16(wide, unit)
			}
			add(form+", UTF-16", wide)
		}
	}
	if s.kind == madeToken || s.kind == sentToken || s.kind == rootKey {
		return list // tokens are kept as digests, and are long enough for it
	}
	for form, digest := range map[string][]byte{"MD5": sum(md5.Sum([]byte(s.text))), "SHA-1": sum(sha1.Sum([]byte(s.text))),
		"SHA-256": sum(sha256.Sum256([]byte(s.text))), "SHA-256 in lower case": sum(sha256.Sum256([]byte(strings.ToLower(s.text))))} {
		add(form, digest)
		add(form+", hexadecimal", []byte(hex.EncodeToString(digest)))
		add(form+", base64", []byte(base64.RawStdEncoding.EncodeToString(digest)))
	}
	return list
}

func sum[A [16]byte | [20]byte | [32]byte](a A) []byte {
	switch a := any(a).(type) {
	case [16]byte:
		return a[:]
	case [20]byte:
		return a[:]
	case [32]byte:
		return a[:]
	}
	return nil
}

func reversed(text string) string {
	runes := []rune(text)
	slices.Reverse(runes)
	return string(runes)
}

// inBase64 is what stands in base64 for a text that begins shift bytes after a
// group of three, without the characters that its neighbours decide.
func inBase64(encoding *base64.Encoding, text string, shift int) []byte {
	encoded := encoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + text))
	first := []int{0, 2, 3}[shift]
	last := len(encoded)
	if (shift+len(text))%3 != 0 {
		last--
	}
	return []byte(encoded[first:last])
}

// find returns what lies in a text, each needle once.
func (f finder) find(text []byte) []needle {
	var found []needle
	for i := range max(0, len(text)-keyLength+1) {
		for _, n := range f[binary.LittleEndian.Uint64(text[i:])] {
			if bytes.HasPrefix(text[i:], n.bytes) && !slices.ContainsFunc(found, func(o needle) bool { return o.form == n.form && o.secret == n.secret }) {
				found = append(found, n)
			}
		}
	}
	return found
}

// inFiles returns what lies in the files below a directory, by their path below it.
func (f finder) inFiles(t *testing.T, dir string) (found map[string][]needle, size int64) {
	t.Helper()
	found = map[string][]needle{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		size += int64(len(text))
		name, err := filepath.Rel(dir, path)
		if list := f.find(text); len(list) > 0 {
			found[name] = list
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, size
}
