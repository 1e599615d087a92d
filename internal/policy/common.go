package policy

import (
	_ "embed"
	"strings"
	"sync"

	"cardinal"
)

// commonTable is written by commongen: a line for each length from 4 on, with
// all common PINs of that length, sorted and without separators. A length
// without any has an empty line.
//
//go:embed data/common.table
var commonTable string

// commonByLength holds the common PINs of each length, as in commonTable.
type commonByLength [cardinal.PINMaxLength + 1]string

// commonPINs is the table cut into its lines, once and for all.
var commonPINs = sync.OnceValue(func() *commonByLength {
	var table commonByLength
	length := cardinal.PINMinLength
	for line := range strings.Lines(commonTable) {
		table[length] = strings.TrimSuffix(line, "\n")
		length++
	}
	return &table
})

// isCommon reports whether text, of 64 bytes at most, is one of the most used
// PINs, compared with regard to case (spec: pins).
func isCommon(text string) bool {
	width := len(text)
	if width < cardinal.PINMinLength || width > cardinal.PINMaxLength {
		return false
	}
	table := commonPINs()[width]
	low, high := 0, len(table)/width
	for low < high {
		middle := int(uint(low+high) / 2)
		switch entry := table[middle*width : (middle+1)*width]; {
		case entry == text:
			return true
		case entry < text:
			low = middle + 1
		default:
			high = middle
		}
	}
	return false
}

// eachCommon calls visit with each of the most used PINs of that length.
func eachCommon(length int, visit func(string)) {
	table := commonPINs()[length]
	for ; table != ""; table = table[length:] {
		visit(table[:length])
	}
}
