package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cardinal"
)

// knownRing has the root keys 00 01 … 1f (version 1) and 20 21 … 3f (version 2).
func knownRing(t *testing.T, versions int) *Ring {
	t.Helper()
	text := formatLine + "\n"
	for v := range versions {
		key := make([]byte, rootKeySize)
		for i := range key {
			key[i] = byte(v*rootKeySize + i)
		}
		text += fmt.Sprintf("%d %s\n", v+1, base64.StdEncoding.EncodeToString(key))
	}
	ring, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestParse(t *testing.T) {
	key := func(b byte) string { return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, rootKeySize)) }
	good := map[string]struct {
		text     string
		versions []int
	}{
		"one key":              {formatLine + "\n1 " + key(1) + "\n", []int{1}},
		"no newline at end":    {formatLine + "\n1 " + key(1), []int{1}},
		"any order":            {formatLine + "\n2 " + key(2) + "\n10 " + key(3) + "\n1 " + key(1), []int{10, 2, 1}},
		"comments, CRLF, gaps": {"# a\r\n\r\n" + formatLine + "\r\n# b\r\n  3 " + key(1) + "  \r\n", []int{3}},
	}
	for name, test := range good {
		t.Run(name, func(t *testing.T) {
			ring, err := Parse([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := ring.Versions(); !slices.Equal(got, test.versions) {
				t.Errorf("versions %v, want %v", got, test.versions)
			}
			if ring.Current() != test.versions[0] {
				t.Errorf("current %d, want %d", ring.Current(), test.versions[0])
			}
			for v := range 12 {
				if got, want := ring.Has(v), slices.Contains(test.versions, v); got != want {
					t.Errorf("Has(%d) = %v", v, got)
				}
			}
		})
	}

	bad := map[string]string{
		"empty":           "",
		"only comments":   "# nothing\n",
		"no key":          formatLine + "\n",
		"no format":       "1 " + key(1),
		"later format":    "cardinal-key-ring 2\n1 " + key(1),
		"version 0":       formatLine + "\n0 " + key(1),
		"version -1":      formatLine + "\n-1 " + key(1),
		"version +1":      formatLine + "\n+1 " + key(1),
		"version 01":      formatLine + "\n01 " + key(1),
		"version 2³¹":     formatLine + "\n2147483648 " + key(1),
		"no version":      formatLine + "\n" + key(1),
		"version twice":   formatLine + "\n1 " + key(1) + "\n1 " + key(2),
		"no base64":       formatLine + "\n1 " + strings.Repeat("*", 44),
		"31 bytes":        formatLine + "\n1 " + base64.StdEncoding.EncodeToString(make([]byte, 31)),
		"33 bytes":        formatLine + "\n1 " + base64.StdEncoding.EncodeToString(make([]byte, 33)),
		"unpadded":        formatLine + "\n1 " + strings.TrimRight(key(1), "="),
		"loose last bits": formatLine + "\n1 " + strings.Repeat("A", 42) + "B=",
		"CR inside":       formatLine + "\n1 " + key(1)[:20] + "\r" + key(1)[20:],
		"something after": formatLine + "\n1 " + key(1) + " x",
		"too long":        formatLine + "\n1 " + key(1) + "\n#" + strings.Repeat("x", maxRingSize),
		"binary":          "\x00\x01\x02\xff",
		"a private key":   "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n",
	}
	for name, text := range bad {
		t.Run(name, func(t *testing.T) {
			ring, err := Parse([]byte(text))
			if ring != nil || cardinal.CodeOf(err) != cardinal.CodeMalformed {
				t.Fatalf("Parse = %v, %v", ring, err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(New().Rotated().text())
	f.Add([]byte(formatLine + "\n1 AAAA"))
	f.Add([]byte("# x\n\ncardinal-key-ring 2"))
	f.Fuzz(func(t *testing.T, text []byte) {
		ring, err := Parse(text)
		if err != nil {
			if cardinal.CodeOf(err) != cardinal.CodeMalformed {
				t.Fatalf("code %q", cardinal.CodeOf(err))
			}
			// Line numbers apart, there are only these sentences.
			said := regexp.MustCompile(`line \d+`).ReplaceAllString(err.Error(), "line N")
			if !slices.ContainsFunc([]string{"it is far too long for one", `line N is not "cardinal-key-ring 1"`, "line N is not a version and a key",
				"line N has a version that came before", "there is no key in it"},
				func(reason string) bool { return said == malformed(reason).Error() }) {
				t.Fatalf("the error says more than it should: %v", err)
			}
			return
		}
		again, err := Parse(ring.text())
		if err != nil {
			t.Fatalf("what was written does not parse: %v", err)
		}
		if !slices.Equal(again.state().roots, ring.state().roots) {
			t.Fatal("the ring is another one after writing and parsing")
		}
	})
}

func TestRotatedKeepsOldKeys(t *testing.T) {
	old := New()
	ring := old.Rotated().Rotated()
	if got := ring.Versions(); !slices.Equal(got, []int{3, 2, 1}) {
		t.Fatalf("versions %v", got)
	}
	if !slices.Equal(old.Versions(), []int{1}) {
		t.Errorf("the old ring has changed: %v", old.Versions())
	}
	keys := map[[rootKeySize]byte]bool{{}: true}
	for _, root := range ring.state().roots {
		if keys[root.key] {
			t.Errorf("version %d has no key of its own", root.version)
		}
		keys[root.key] = true
	}
	if ring.state().roots[2].key != old.state().roots[0].key {
		t.Error("version 1 is another key")
	}
}

func TestCheckValue(t *testing.T) {
	ring := New()
	rotated := ring.Rotated()
	other := New()

	for name, stored := range map[string][]CheckValue{
		"a new database":      nil,
		"its own":             rotated.Check(),
		"from before rotated": ring.Check(),
	} {
		t.Run(name, func(t *testing.T) {
			if err := rotated.Verify(stored); err != nil {
				t.Error(err)
			}
		})
	}
	for name, test := range map[string]struct {
		ring   *Ring
		stored []CheckValue
		says   string
	}{
		"another ring":            {other, ring.Check(), "another key ring"},
		"an older copy":           {ring, rotated.Check(), "no key of version 2"},
		"one of two altered":      {rotated, []CheckValue{rotated.Check()[0], other.Check()[0]}, "key of version 1 is not"},
		"two rotations at once":   {ring.Rotated(), rotated.Check(), "key of version 2 is not"},
		"a value cut short":       {ring, []CheckValue{{1, ring.Check()[0].Sum[:31]}}, "version 1"},
		"an empty value":          {ring, []CheckValue{{Version: 1}}, "version 1"},
		"missing and wrong keys":  {other, rotated.Check(), "another key ring"},
		"a version there is none": {ring, []CheckValue{{0, ring.Check()[0].Sum}}, "version 0"},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.ring.Verify(test.stored)
			if cardinal.CodeOf(err) != cardinal.CodeInvalid || !strings.Contains(err.Error(), test.says) ||
				!strings.Contains(err.Error(), "cardinal.key in place") {
				t.Errorf("Verify = %v", err)
			}
		})
	}
}

func TestRingPrintsNothing(t *testing.T) {
	ring := knownRing(t, 2)
	ring.PINTag("acme", "anna", cardinal.NewPIN("4711")) // so that there are derived keys to leak
	ring.Seal("acme", PurposeFieldSeal, nil, []byte("x"))

	type holder struct {
		Open   *Ring
		closed *Ring
		value  Ring
		slice  []Ring
	}
	held := holder{ring, ring, *ring, []Ring{*ring}}
	var printed []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%q", "%d", "%p", "%t"} {
		printed = append(printed, fmt.Sprintf(verb, ring), fmt.Sprintf(verb, *ring), fmt.Sprintf(verb, held), fmt.Sprintf(verb, &held),
			fmt.Sprintf(verb, map[string]any{"ring": held}))
		// Of %p fmt asks no method.
		if got := fmt.Sprintf(verb, *ring); got != cardinal.Redacted && verb != "%p" {
			t.Errorf("%s prints %s", verb, got)
		}
	}
	for _, value := range []any{ring, *ring, held, &held} {
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		printed = append(printed, string(encoded))
		var logged bytes.Buffer
		slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "ring", value)
		slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "ring", value)
		printed = append(printed, logged.String())
	}
	printed = append(printed, ring.String(), ring.GoString(), fmt.Errorf("ring %w", errors.New(fmt.Sprint(held))).Error())

	for _, leak := range leaks(ring) {
		for _, text := range printed {
			if strings.Contains(strings.ToLower(text), strings.ToLower(leak)) {
				t.Fatalf("%q stands in %s", leak, text)
			}
		}
	}
}

// leaks returns the beginning of each root key in the forms that printing could give it.
func leaks(ring *Ring) []string {
	var forms []string
	for _, root := range ring.state().roots {
		start := root.key[4:8]
		forms = append(forms, hex.EncodeToString(start), strings.Trim(fmt.Sprint(start), "[]"),
			strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", start), "[]byte{"), "}"),
			base64.StdEncoding.EncodeToString(root.key[:])[:12])
	}
	return forms
}
