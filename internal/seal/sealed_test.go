package seal

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"cardinal"

	"pgregory.net/rapid"
)

func TestNumberOpensAsItWasWritten(t *testing.T) {
	old := New()
	ring := old.Rotated()
	text := rapid.StringMatching(`[0-9A-Za-z]{1,64}`)
	rapid.Check(t, func(t *rapid.T) {
		number := cardNumber(t, text.Draw(t, "number"))
		sealer := rapid.SampledFrom([]*Ring{old, ring}).Draw(t, "ring")
		slot := rapid.SampledFrom(cardinal.Slots()).Draw(t, "slot")
		version, sealed, err := sealer.SealNumber("acme", "anna", slot, number)
		if err != nil || version != sealer.Current() {
			t.Fatalf("version %d, %v", version, err)
		}
		opened, err := ring.OpenNumber("acme", "anna", slot, version, sealed)
		if err != nil || opened.Reveal() != number.Reveal() {
			t.Fatalf("opened %q, %v", opened.Reveal(), err)
		}
		if len(number.Reveal()) > 3 && bytes.Contains(sealed, []byte(number.Reveal())) {
			t.Fatal("the number stands in what is sealed")
		}
		_, again, _ := sealer.SealNumber("acme", "anna", slot, number)
		if bytes.Equal(sealed, again) {
			t.Fatal("the same number is sealed to the same bytes twice")
		}
	})
}

func TestSealedNumberDoesNotOpenElsewhere(t *testing.T) {
	ring := New().Rotated()
	number := cardNumber(t, "04A2B3C4")
	version, sealed, err := ring.SealNumber("acme", "anna", cardinal.Primary, number)
	if err != nil {
		t.Fatal(err)
	}
	open := func(ring *Ring, customer cardinal.CustomerID, user cardinal.UserID, slot cardinal.Slot, version int) error {
		opened, err := ring.OpenNumber(customer, user, slot, version, sealed)
		if err != nil && !opened.IsZero() {
			t.Error("an error comes with a number")
		}
		return err
	}
	if err := open(ring, "acme", "anna", cardinal.Primary, version); err != nil {
		t.Fatalf("in its own place: %v", err)
	}
	for name, err := range map[string]error{
		"another customer":     open(ring, "emca", "anna", cardinal.Primary, version),
		"another user":         open(ring, "acme", "berta", cardinal.Primary, version),
		"another slot":         open(ring, "acme", "anna", cardinal.Secondary, version),
		"another border":       open(ring, "acme", "annap", "rimary", version),
		"another version":      open(ring, "acme", "anna", cardinal.Primary, 1),
		"an unknown version":   open(ring, "acme", "anna", cardinal.Primary, 3),
		"another ring":         open(New().Rotated(), "acme", "anna", cardinal.Primary, version),
		"an older ring":        open(New(), "acme", "anna", cardinal.Primary, version),
		"no version":           open(ring, "acme", "anna", cardinal.Primary, 0),
		"customer and user ''": open(ring, "", "", cardinal.Primary, version),
	} {
		if cardinal.CodeOf(err) != cardinal.CodeInternal {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "04A2") {
			t.Errorf("%s: the error holds the number", name)
		}
	}
	for i := range sealed {
		for bit := range 8 {
			tampered := bytes.Clone(sealed)
			tampered[i] ^= 1 << bit
			if _, err := ring.OpenNumber("acme", "anna", cardinal.Primary, version, tampered); err == nil {
				t.Fatalf("opens with bit %d of byte %d flipped", bit, i)
			}
		}
		if _, err := ring.OpenNumber("acme", "anna", cardinal.Primary, version, sealed[:i]); err == nil {
			t.Fatalf("opens when cut to %d bytes", i)
		}
	}
}

func TestEmptyNumberIsNotSealed(t *testing.T) {
	if _, sealed, err := New().SealNumber("acme", "anna", cardinal.Primary, cardinal.CardNumber{}); cardinal.CodeOf(err) != cardinal.CodeInvalid || sealed != nil {
		t.Errorf("sealed %x, %v", sealed, err)
	}
}

// A number that no longer fits the rules for new ones must still open.
func TestNumberOpensWhateverTheRulesForNewOnes(t *testing.T) {
	ring := New()
	const odd = "12-34 ä"
	version, sealed := ring.Seal("acme", PurposeNumberSeal, numberBinding("acme", "anna", cardinal.Primary), []byte(odd))
	opened, err := ring.OpenNumber("acme", "anna", cardinal.Primary, version, sealed)
	if err != nil || opened.Reveal() != odd {
		t.Errorf("opened %q, %v", opened.Reveal(), err)
	}
}

func TestSealKeepsPurposesApart(t *testing.T) {
	ring := New()
	version, sealed := ring.Seal("acme", PurposeFieldSeal, []byte("smtp password"), []byte("plain"))
	plain, err := ring.Open("acme", PurposeFieldSeal, version, []byte("smtp password"), sealed)
	if err != nil || string(plain) != "plain" {
		t.Fatalf("opened %q, %v", plain, err)
	}
	if _, err := ring.Open("acme", PurposeNumberSeal, version, []byte("smtp password"), sealed); err == nil {
		t.Error("opens under another purpose")
	}
	if _, err := ring.Open("acme", PurposeFieldSeal, version, nil, sealed); err == nil {
		t.Error("opens without its binding")
	}
	version, sealed = ring.Seal("", PurposeFieldSeal, nil, nil)
	if plain, err := ring.Open("", PurposeFieldSeal, version, nil, sealed); err != nil || len(plain) != 0 {
		t.Errorf("empty text opens as %q, %v", plain, err)
	}
}

// Made with another implementation of AES-GCM, nonce first.
func TestSealedFormNeverDrifts(t *testing.T) {
	sealed, err := hex.DecodeString("000102030405060708090a0b15890bc312ccefa509157ae9528c131ba4e71e677a8d4d80")
	if err != nil {
		t.Fatal(err)
	}
	number, err := knownRing(t, 1).OpenNumber("acme", "anna", cardinal.Primary, 1, sealed)
	if err != nil || number.Reveal() != "04A2B3C4" {
		t.Errorf("opened %q, %v", number.Reveal(), err)
	}
}

func BenchmarkNumber(b *testing.B) {
	ring := New()
	number := cardNumber(b, "04A2B3C4D5E6F7")
	version, sealed, err := ring.SealNumber("acme", "anna", cardinal.Primary, number)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _, _ = ring.SealNumber("acme", "anna", cardinal.Primary, number)
		}
	})
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ring.OpenNumber("acme", "anna", cardinal.Primary, version, sealed); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("tags", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ring.NumberTags("acme", number)
		}
	})
}
