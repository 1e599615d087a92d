package people

import (
	"bytes"
	"fmt"
	"io"

	"cardinal"
)

const (
	// maxRecord is the most bytes that a record may have, line breaks within
	// quoted cells included. It also bounds what a quotation mark that is never
	// closed can swallow.
	maxRecord = 64 << 10

	windowSize = 4 * maxRecord
)

// window is the part of the file that is being read: always more than the
// longest record, unless the file ends before.
type window struct {
	source     io.Reader
	buffer     []byte
	begin, end int
	err        error // why nothing more comes after buffer[begin:end]
	line       int   // the physical line at begin, from 1
}

func newWindow(source io.Reader) *window {
	return &window{source: source, buffer: make([]byte, windowSize), line: 1}
}

// fill reads until the window holds more than the longest record or the source
// has no more, and returns what it holds. io.ReadAtLeast would not do: it says
// io.ErrUnexpectedEOF at a good end of the file, as a request that broke off does.
func (w *window) fill() []byte {
	if missing := maxRecord + 1 - (w.end - w.begin); len(w.buffer)-w.end < missing {
		w.end = copy(w.buffer, w.buffer[w.begin:w.end])
		w.begin = 0
	}
	for w.end-w.begin <= maxRecord && w.err == nil {
		n, err := w.source.Read(w.buffer[w.end:])
		w.end += n
		w.err = err
	}
	return w.buffer[w.begin:w.end]
}

// broken returns the source's error, unless that is only the end of the file.
func (w *window) broken() error {
	if w.err == nil || w.err == io.EOF {
		return nil
	}
	return fmt.Errorf("read people file: %w", w.err)
}

// advance leaves n bytes of the window behind.
func (w *window) advance(n int) {
	w.line += bytes.Count(w.buffer[w.begin:w.begin+n], []byte{'\n'})
	w.begin += n
}

// skipLine leaves the present physical line behind, however long it is. The
// error is about a line that is not text, or that the source broke off.
func (w *window) skipLine() error {
	line := w.line
	for {
		data := w.fill()
		if len(data) == 0 {
			return w.broken()
		}
		n := bytes.IndexByte(data, '\n') + 1
		ended := n > 0
		if !ended {
			n = len(data)
		}
		if bytes.IndexByte(data[:n], 0) >= 0 {
			return notText(line)
		}
		w.advance(n)
		if ended {
			return nil
		}
	}
}

// skipBlank leaves empty lines behind, which encoding/csv passes over as well,
// and returns what the window holds then.
func (w *window) skipBlank() []byte {
	for {
		data := w.fill()
		switch {
		case bytes.HasPrefix(data, []byte("\n")), string(data) == "\r":
			w.advance(1)
		case bytes.HasPrefix(data, []byte("\r\n")):
			w.advance(2)
		default:
			return data
		}
	}
}

func notText(line int) error {
	return cardinal.Errorf(cardinal.CodeMalformed,
		"Line %d is not text. Save the file as CSV in UTF-8 and import that.", line)
}
