package seal

import (
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"testing"

	"cardinal"

	"pgregory.net/rapid"
)

func cardNumber(t interface{ Fatal(...any) }, text string) cardinal.CardNumber {
	number, err := cardinal.ParseCardNumber("", text)
	if err != nil {
		t.Fatal(err)
	}
	return number
}

// The expected sums were computed apart from this package, from RFC 5869 and
// RFC 2104 alone. If this test fails, nothing that is stored can be found again.
func TestDerivationNeverDrifts(t *testing.T) {
	ring := knownRing(t, 1)
	pin := cardinal.NewPIN("4711")
	audit, _ := ring.AuditMAC("acme", 1, []byte("before"), []byte("entry"))
	for _, test := range []struct {
		name string
		sum  []byte
		want string
	}{
		{"PIN", ring.PINTag("acme", "anna", pin).Sum, "f409c1b296cd001ff3dcfa24a1b6c1d65ffefa5d2d5a0c062057b67695734968"},
		{"identifying PIN", ring.IdentifyingPINTag("acme", pin).Sum, "3ae7383dc415f956810e8c0426e6c52bb24174b3979634966d88840bd44b5a03"},
		{"history", ring.HistoryTag("acme", "anna", pin).Sum, "d99298e8639e50dd81c952d6bfb862bd0b30d22d372ad2fe273ddbf44c4301ba"},
		{"number", ring.NumberTags("acme", cardNumber(t, "04A2B3C4"))[0].Sum, "35d94f0173edc846abedce3e53620cf21bb276c70f65882b35dfaecf1d4eb762"},
		{"audit", audit, "8a224c54bcce5cae407a0b2de186008a085626e80ee0ba75ee0fe2c32d2ff857"},
		{"session", ring.MAC("acme", PurposeSession, "x").Sum, "7fea4c8e2032c91e893be968e64c1a2c6faa386248ea5af6be026a0dd1216a1d"},
		{"check", ring.Check()[0].Sum, "0009d669c2359bcb97b48ee6faa89ba1efc0055675e7e06efd494ddf14096632"},
		{"token", TokenHash(cardinal.NewToken("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}, // FIPS 180-4's own example
	} {
		if got := hex.EncodeToString(test.sum); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	if got, want := ring.AttemptTag("acme", "username", "nobody"), "2yFKcxEvnOLKr11spgSkqlcH"; got != want {
		t.Errorf("attempt: %s, want %s", got, want)
	}
}

func TestTagsMatchTheirOwnPINOnly(t *testing.T) {
	old := New()
	ring := old.Rotated()
	text := rapid.StringMatching(`[0-9A-Za-z]{1,12}`)
	rapid.Check(t, func(t *rapid.T) {
		customer, user := cardinal.CustomerID(text.Draw(t, "customer")), cardinal.UserID(text.Draw(t, "user"))
		typed := text.Draw(t, "pin")
		pin := cardinal.NewPIN(typed)
		wrong := cardinal.NewPIN(typed + "0")
		version := rapid.IntRange(1, 2).Draw(t, "version")

		tag, ok := ring.PINTagAt(version, customer, user, pin)
		if !ok || tag.Version != version || !ring.PINMatches(customer, user, tag, pin) {
			t.Fatalf("the PIN does not match its tag of version %d", version)
		}
		if version == 1 && !old.PINMatches(customer, user, tag, pin) {
			t.Fatal("the ring before rotation makes another tag")
		}
		identifying, ok := ring.IdentifyingPINTagAt(version, customer, pin)
		if !ok || !ring.IdentifyingPINMatches(customer, identifying, pin) {
			t.Fatal("the PIN does not match its identifying tag")
		}
		history := ring.HistoryTag(customer, user, pin)
		if !ring.HistoryMatches(customer, user, history, pin) {
			t.Fatal("the PIN does not match its history")
		}

		other := Tag{3 - version, tag.Sum}
		cut := Tag{version, tag.Sum[:31]}
		flipped := Tag{version, append([]byte(nil), tag.Sum...)}
		flipped.Sum[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		for name, matches := range map[string]bool{
			"another PIN":                 ring.PINMatches(customer, user, tag, wrong),
			"another user":                ring.PINMatches(customer, user+"0", tag, pin),
			"another customer":            ring.PINMatches(customer+"0", user, tag, pin),
			"another version":             ring.PINMatches(customer, user, other, pin),
			"an unknown version":          ring.PINMatches(customer, user, Tag{3, tag.Sum}, pin),
			"version 0":                   ring.PINMatches(customer, user, Tag{0, tag.Sum}, pin),
			"a tag cut short":             ring.PINMatches(customer, user, cut, pin),
			"a tag with a bit flipped":    ring.PINMatches(customer, user, flipped, pin),
			"no tag":                      ring.PINMatches(customer, user, Tag{Version: version}, pin),
			"another ring":                New().PINMatches(customer, user, Tag{1, tag.Sum}, pin),
			"the history's tag":           ring.PINMatches(customer, user, history, pin),
			"the PIN's tag as history":    ring.HistoryMatches(customer, user, tag, pin),
			"another PIN in the history":  ring.HistoryMatches(customer, user, history, wrong),
			"history of another user":     ring.HistoryMatches(customer, user+"0", history, pin),
			"another identifying PIN":     ring.IdentifyingPINMatches(customer, identifying, wrong),
			"identifying, other customer": ring.IdentifyingPINMatches(customer+"0", identifying, pin),
		} {
			if matches {
				t.Fatalf("%s matches", name)
			}
		}
	})
}

// Whatever differs, and wherever one part ends and the next begins, the tag
// is another one.
func TestTagsDifferInEveryInput(t *testing.T) {
	type input struct {
		version  int
		customer cardinal.CustomerID
		purpose  Purpose
		parts    [3]string
		count    int
	}
	ring := New().Rotated()
	seen := map[string]input{}
	letters := rapid.StringMatching(`[ab]{0,3}`)
	rapid.Check(t, func(t *rapid.T) {
		in := input{
			version:  rapid.IntRange(1, 2).Draw(t, "version"),
			customer: cardinal.CustomerID(letters.Draw(t, "customer")),
			purpose: rapid.SampledFrom([]Purpose{PurposePINTag, PurposePINIdentifyingTag, PurposePINHistory, PurposeNumberTag,
				PurposeAudit, PurposeSession, PurposeAttempt, PurposeCheck}).Draw(t, "purpose"),
			count: rapid.IntRange(0, 3).Draw(t, "count"),
		}
		for i := range in.count {
			in.parts[i] = letters.Draw(t, "part")
		}
		tag, ok := ring.macAt(in.version, in.customer, in.purpose, in.parts[:in.count]...)
		if !ok || len(tag.Sum) != 32 {
			t.Fatalf("tag %v, %v", tag, ok)
		}
		if before, ok := seen[string(tag.Sum)]; ok && before != in {
			t.Fatalf("%+v and %+v have the same tag", before, in)
		}
		seen[string(tag.Sum)] = in
	})
	if len(seen) < 20 {
		t.Fatalf("only %d inputs were drawn", len(seen))
	}
}

func TestTagsAtUnknownVersions(t *testing.T) {
	ring := New()
	pin := cardinal.NewPIN("4711")
	for _, version := range []int{-1, 0, 2} {
		if tag, ok := ring.PINTagAt(version, "acme", "anna", pin); ok || tag.Sum != nil {
			t.Errorf("PINTagAt(%d) = %v", version, tag)
		}
		if tag, ok := ring.IdentifyingPINTagAt(version, "acme", pin); ok || tag.Sum != nil {
			t.Errorf("IdentifyingPINTagAt(%d) = %v", version, tag)
		}
		if mac, ok := ring.AuditMAC("acme", version, nil, []byte("entry")); ok || mac != nil {
			t.Errorf("AuditMAC at %d = %x", version, mac)
		}
	}
}

func TestNumberTags(t *testing.T) {
	old := New()
	ring := old.Rotated()
	tags := ring.NumberTags("acme", cardNumber(t, "04a2B3c4"))
	if len(tags) != 2 || tags[0].Version != 2 || tags[1].Version != 1 {
		t.Fatalf("tags %v", tags)
	}
	same := func(a, b []Tag) bool { return fmt.Sprint(a) == fmt.Sprint(b) }
	if !same(tags, ring.NumberTags("acme", cardNumber(t, "04A2b3C4"))) {
		t.Error("case makes a difference")
	}
	if !same(tags[1:], old.NumberTags("acme", cardNumber(t, "04a2b3c4"))) {
		t.Error("the tag from before the rotation is not among them")
	}
	if same(tags, ring.NumberTags("acme", cardNumber(t, "4a2b3c4"))) {
		t.Error("a leading zero makes no difference")
	}
	if same(tags, ring.NumberTags("other", cardNumber(t, "04a2b3c4"))) {
		t.Error("two customers have the same tags")
	}
}

func TestAttemptTag(t *testing.T) {
	ring := New()
	tag := ring.AttemptTag("acme", "username", "hunter2")
	if len(tag) != 24 || strings.ContainsAny(tag, "+/=") || strings.Contains(tag, "hunter2") {
		t.Errorf("tag %s", tag)
	}
	if tag != ring.AttemptTag("acme", "username", "hunter2") {
		t.Error("the same name has two tags")
	}
	for name, other := range map[string]string{
		"kind":     ring.AttemptTag("acme", "number", "hunter2"),
		"customer": ring.AttemptTag("emca", "username", "hunter2"),
		"text":     ring.AttemptTag("acme", "username", "hunter3"),
		"border":   ring.AttemptTag("acme", "usernam", "ehunter2"),
		"ring":     New().AttemptTag("acme", "username", "hunter2"),
	} {
		if tag == other {
			t.Errorf("another %s has the same tag", name)
		}
	}
}

func TestAuditMACBindsThePrevious(t *testing.T) {
	ring := New().Rotated()
	mac := func(version int, previous, payload string) string {
		sum, ok := ring.AuditMAC("acme", version, []byte(previous), []byte(payload))
		if !ok || len(sum) != 32 {
			t.Fatalf("sum %x, %v", sum, ok)
		}
		return string(sum)
	}
	first := mac(2, "", "entry")
	if first != mac(2, "", "entry") {
		t.Error("the same entry has two MACs")
	}
	for name, other := range map[string]string{
		"payload":  mac(2, "", "Entry"),
		"previous": mac(2, "e", "entry"),
		"border":   mac(2, "e", "ntry"),
		"version":  mac(1, "", "entry"),
	} {
		if first == other {
			t.Errorf("another %s has the same MAC", name)
		}
	}
}

// Run with -race: many customers at once, with a cache that empties itself.
func TestRingIsSafeForConcurrentUse(t *testing.T) {
	ring := New()
	pin := cardinal.NewPIN("4711")
	want := ring.PINTag("customer 7", "anna", pin)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for i := range 300 {
				customer := cardinal.CustomerID(fmt.Sprintf("customer %d", i%20))
				tag := ring.PINTag(customer, "anna", pin)
				if !ring.PINMatches(customer, "anna", tag, pin) || ring.PINMatches(customer, "berta", tag, pin) {
					t.Error("a tag of a parallel caller is wrong")
				}
			}
		})
	}
	wait.Wait()
	if !ring.PINMatches("customer 7", "anna", want, pin) {
		t.Error("a key has changed")
	}
}

func TestCacheIsBounded(t *testing.T) {
	ring := New()
	pin := cardinal.NewPIN("4711")
	first := ring.PINTag("first", "anna", pin)
	for i := range maxCachedKeys + 10 {
		ring.PINTag(cardinal.CustomerID(fmt.Sprint(i)), "anna", pin)
		if n := len(ring.state().cache.keys); n > maxCachedKeys {
			t.Fatalf("%d keys are kept", n)
		}
	}
	if _, kept := ring.state().cache.keys[keyID{1, useMAC, PurposePINTag, "first"}]; kept {
		t.Fatal("the cache was never emptied")
	}
	if !ring.PINMatches("first", "anna", first, pin) {
		t.Error("a key derived again is another one")
	}
}

func TestPooledStateKeepsNoPIN(t *testing.T) {
	ring := New()
	k := ring.key(keyID{1, useMAC, PurposePINTag, "acme"})
	m := k.compute("anna", "4711canary")
	message := m.message[:cap(m.message)]
	if !strings.Contains(string(message), "4711canary") {
		t.Fatal("the message does not hold the PIN while it is hashed")
	}
	k.release(m)
	if strings.Contains(string(message), "canary") {
		t.Error("the PIN is still there")
	}
	if m.sum != [32]byte{} {
		t.Error("the sum is still there")
	}
}

func BenchmarkPINTag(b *testing.B) {
	ring := New()
	pin := cardinal.NewPIN("471147")
	const customer, user = "01J9ZQ6T8Q0000000000000000", "01J9ZQ6T8Q0000000000000001"
	b.Run("tag", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ring.PINTag(customer, user, pin)
		}
	})
	b.Run("match", func(b *testing.B) {
		tag := ring.PINTag(customer, user, pin)
		b.ReportAllocs()
		for b.Loop() {
			if !ring.PINMatches(customer, user, tag, pin) {
				b.Fatal("no match")
			}
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(next *testing.PB) {
			for next.Next() {
				ring.PINTag(customer, user, pin)
			}
		})
	})
	b.Run("first", func(b *testing.B) { // derivation included
		b.ReportAllocs()
		for b.Loop() {
			ring.state().cache.keys = nil
			ring.PINTag(customer, user, pin)
		}
	})
}
