package cardformat

import (
	"encoding/hex"
	"math/big"
	"slices"
	"strings"
)

// rebase converts whole numbers of any size, padded with zeros to at least
// width digits; hexadecimal ones are in upper case and have whole bytes.
func rebase(from, to, width int) func(string) (string, bool) {
	return func(text string) (string, bool) {
		if !isDigits(text, from) {
			return "", false
		}
		number, ok := new(big.Int).SetString(text, from)
		if !ok {
			return "", false
		}
		digits := strings.ToUpper(number.Text(to))
		if to == 16 && len(digits)%2 == 1 {
			digits = "0" + digits
		}
		return strings.Repeat("0", max(0, width-len(digits))) + digits, true
	}
}

// isDigits keeps out what big.Int would take besides digits, a sign. Empty text
// passes.
func isDigits(text string, base int) bool {
	digits := "0123456789"
	if base == 16 {
		digits += "abcdefABCDEF"
	}
	return strings.Trim(text, digits) == ""
}

// reverseBytes turns the order of the bytes around and keeps the case of their
// digits. An odd digit in front is a byte whose leading zero was dropped.
func reverseBytes(text string) (string, bool) {
	if !isDigits(text, 16) {
		return "", false
	}
	if len(text)%2 == 1 {
		text = "0" + text
	}
	reversed := make([]byte, 0, len(text))
	for i := len(text) - 2; i >= 0; i -= 2 {
		reversed = append(reversed, text[i], text[i+1])
	}
	return string(reversed), true
}

// asciiToText reads hexadecimal codes of printable ASCII characters, with
// control characters (a CR, say) at the ends dropped.
func asciiToText(text string) (string, bool) {
	codes, err := hex.DecodeString(text)
	if err != nil || slices.ContainsFunc(codes, func(c byte) bool { return c >= 0x80 }) {
		return "", false
	}
	unpacked := strip(string(codes))
	printable := !strings.ContainsFunc(unpacked, func(r rune) bool { return r < ' ' || r == 0x7f })
	return unpacked, printable
}
