// Package seal owns the key ring: the root keys with their versions, what is
// derived from them, the keyed tags by which PINs and card numbers are
// recognised, the sealing of fields that must be read back, the audit chain's
// MAC, tokens and their hashes, and the check value that ties a database to its ring.
//
// It does not own the database: tags, sealed bytes and check values are handed
// in and out, each with the version of the key that made it. Nor does it decide
// when a key is rotated or what is moved to a new version.
//
// Every method of a Ring is safe for concurrent use, and a Ring never changes;
// rotation makes another one.
package seal

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"cardinal"
)

// rootKeySize is the length of a root key in bytes: 256 bits (spec: security).
const rootKeySize = 32

// maxVersion keeps versions within the INTEGER of every database.
const maxVersion = 1<<31 - 1

// maxRingSize bounds the text of a ring in bytes; it has room for more than a
// thousand versions.
const maxRingSize = 1 << 16

// formatLine opens the text form of a ring, before its first key.
const formatLine = "cardinal-key-ring 1"

// Ring is a set of root keys with a version each, of which the highest is
// current. It prints as [redacted]. The zero Ring is not usable: take New,
// Parse, Load or LoadOrCreate.
//
// The keys stand behind a function because fmt reads unexported fields without
// asking their methods and, where the verb does not fit, follows pointers, too;
// of a function it prints only the address.
type Ring struct{ state func() *state }

type state struct {
	roots []root // newest first, never empty
	cache keyCache
}

type root struct {
	version int
	key     [rootKeySize]byte
}

// New makes a ring of one fresh random root key with version 1.
func New() *Ring { return newRing([]root{freshRoot(1)}) }

// Rotated returns a new ring with all keys of r and a fresh one on top, whose
// version is the next. Nothing is stored: Rotate does that.
func (r *Ring) Rotated() *Ring {
	return newRing(append([]root{freshRoot(r.Current() + 1)}, r.state().roots...))
}

// Current returns the version that new tags and sealed fields get.
func (r *Ring) Current() int { return r.state().roots[0].version }

// Versions returns the versions in the ring, newest first.
func (r *Ring) Versions() []int {
	versions := make([]int, len(r.state().roots))
	for i := range r.state().roots {
		versions[i] = r.state().roots[i].version
	}
	return versions
}

// Has reports whether the ring holds the version.
func (r *Ring) Has(version int) bool { return r.state().root(version) != nil }

func newRing(roots []root) *Ring {
	slices.SortFunc(roots, func(a, b root) int { return b.version - a.version })
	kept := &state{roots: roots}
	return &Ring{func() *state { return kept }}
}

func freshRoot(version int) root {
	fresh := root{version: version}
	_, _ = rand.Read(fresh.key[:]) // crypto/rand.Read never fails: it ends the program instead
	return fresh
}

func (s *state) root(version int) *root {
	for i := range s.roots {
		if s.roots[i].version == version {
			return &s.roots[i]
		}
	}
	return nil
}

// Parse reads the text form of a ring: the line "cardinal-key-ring 1", then a
// line "VERSION KEY" for each key, VERSION counting from 1 and KEY being 32
// bytes in standard base64. Empty lines and lines that start with # are
// skipped. Errors are of CodeMalformed and repeat nothing of the text.
func Parse(text []byte) (*Ring, error) {
	if len(text) > maxRingSize {
		return nil, malformed("it is far too long for one")
	}
	var roots []root
	seenFormat := false
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case !seenFormat:
			if line != formatLine {
				return nil, malformed(fmt.Sprintf("line %d is not %q", number, formatLine))
			}
			seenFormat = true
		default:
			next, ok := parseRoot(line)
			if !ok {
				return nil, malformed(fmt.Sprintf("line %d is not a version and a key", number))
			}
			if slices.ContainsFunc(roots, func(r root) bool { return r.version == next.version }) {
				return nil, malformed(fmt.Sprintf("line %d has a version that came before", number))
			}
			roots = append(roots, next)
		}
	}
	if len(roots) == 0 {
		return nil, malformed("there is no key in it")
	}
	return newRing(roots), nil
}

func parseRoot(line string) (root, bool) {
	version, encoded, _ := strings.Cut(line, " ")
	n, err := strconv.Atoi(version)
	if err != nil || n < 1 || n > maxVersion || strconv.Itoa(n) != version {
		return root{}, false
	}
	// The decoder would skip carriage returns, so the length is looked at apart.
	if len(encoded) != base64.StdEncoding.EncodedLen(rootKeySize) {
		return root{}, false
	}
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(key) != rootKeySize {
		return root{}, false
	}
	return root{version: n, key: [rootKeySize]byte(key)}, true
}

func malformed(reason string) *cardinal.Error {
	return cardinal.Errorf(cardinal.CodeMalformed,
		"This is not a key ring of Cardinal: %s. Put the right cardinal.key in place, from the copy you keep of it.", reason)
}

// text returns what Parse reads, newest key last, with a warning to whoever opens the file.
func (r *Ring) text() []byte {
	var b strings.Builder
	b.WriteString("# The key ring of Cardinal. Whoever has it and the database can find out PINs and card numbers;\n" +
		"# whoever loses it loses them. Keep a copy in a safe place, apart from the backups of the database.\n" +
		formatLine + "\n")
	for _, root := range slices.Backward(r.state().roots) {
		fmt.Fprintf(&b, "%d %s\n", root.version, base64.StdEncoding.EncodeToString(root.key[:]))
	}
	return []byte(b.String())
}

// String returns cardinal.Redacted.
func (Ring) String() string { return cardinal.Redacted }

// GoString returns cardinal.Redacted.
func (Ring) GoString() string { return cardinal.Redacted }

// Format writes cardinal.Redacted for every verb and flag.
func (Ring) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, cardinal.Redacted) }

// LogValue returns cardinal.Redacted.
func (Ring) LogValue() slog.Value { return slog.StringValue(cardinal.Redacted) }

// MarshalText returns cardinal.Redacted, so that encoders cannot leak a key.
func (Ring) MarshalText() ([]byte, error) { return []byte(cardinal.Redacted), nil }
