package people

import (
	"bufio"
	"io"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// decoded returns the file as UTF-8 without a byte order mark. Without one the
// bytes are passed on as they are, to be judged line by line. From UTF-16 the
// decoder makes U+FFFD of what is none; replaces says that it may have.
func decoded(r io.Reader) (text io.Reader, replaces bool) {
	buffered := bufio.NewReader(r)
	// An error of Peek comes again at the first read.
	start, _ := buffered.Peek(3)
	switch {
	case len(start) == 3 && string(start) == "\xEF\xBB\xBF":
		_, _ = buffered.Discard(3)
	case len(start) >= 2 && (string(start[:2]) == "\xFF\xFE" || string(start[:2]) == "\xFE\xFF"):
		utf16 := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
		return transform.NewReader(buffered, utf16.NewDecoder()), true
	}
	return buffered, false
}
