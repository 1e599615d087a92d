package policy

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"cardinal"
)

// personalMinLength is how many characters the contained text must have: a
// short name inside a PIN gives nothing away (spec: pins).
const personalMinLength = 4

// isPersonal reports whether the PIN contains one of the owner's username,
// local part of the e-mail address and card numbers, or is contained in one,
// without regard to case; the contained text has four characters or more.
func isPersonal(pin string, ascii bool, owner *cardinal.Owner) bool {
	local := owner.Email
	if at := strings.LastIndexByte(local, '@'); at >= 0 {
		local = local[:at]
	}
	if overlaps(pin, owner.Username, ascii) || overlaps(pin, local, ascii) {
		return true
	}
	for i := range owner.CardNumbers {
		if overlaps(pin, owner.CardNumbers[i].Reveal(), ascii) {
			return true
		}
	}
	return false
}

// overlaps reports whether one of the texts contains the other, the contained
// one being long enough. ascii tells that pin is ASCII.
func overlaps(pin, known string, ascii bool) bool {
	if !ascii || !isASCII(known) {
		return overlapsUnicode(pin, known)
	}
	long, short := known, pin
	if len(long) < len(short) {
		long, short = short, long
	}
	return len(short) >= personalMinLength && containsFold(long, short)
}

func isASCII(text string) bool {
	var all byte
	for i := range len(text) {
		all |= text[i]
	}
	return all < utf8.RuneSelf
}

// containsFold reports whether long contains short, neither empty and both
// ASCII, without regard to case.
func containsFold(long, short string) bool {
	first := foldByte(short[0])
	for start := 0; start+len(short) <= len(long); start++ {
		if foldByte(long[start]) == first && equalFoldASCII(long[start:start+len(short)], short) {
			return true
		}
	}
	return false
}

// equalFoldASCII compares texts of the same length.
func equalFoldASCII(a, b string) bool {
	for i := range len(b) {
		if foldByte(a[i]) != foldByte(b[i]) {
			return false
		}
	}
	return true
}

func foldByte(c byte) byte {
	if c-'A' < 26 {
		c |= 0x20
	}
	return c
}

// overlapsUnicode is overlaps for any text: names are written in all scripts.
func overlapsUnicode(a, b string) bool {
	long, short := a, b
	if utf8.RuneCountInString(long) < utf8.RuneCountInString(short) {
		long, short = short, long
	}
	if utf8.RuneCountInString(short) < personalMinLength {
		return false
	}
	for start := range long {
		if hasPrefixFold(long[start:], short) {
			return true
		}
	}
	return false
}

func hasPrefixFold(text, prefix string) bool {
	for _, want := range prefix {
		got, size := utf8.DecodeRuneInString(text)
		if size == 0 || !equalFoldRune(got, want) {
			return false
		}
		text = text[size:]
	}
	return true
}

func equalFoldRune(a, b rune) bool {
	if a == b {
		return true
	}
	for r := unicode.SimpleFold(a); r != a; r = unicode.SimpleFold(r) {
		if r == b {
			return true
		}
	}
	return false
}
