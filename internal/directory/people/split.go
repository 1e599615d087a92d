package people

import "bytes"

// fault says why a line could not be taken apart into cells.
type fault uint8

const (
	noFault fault = iota
	faultBareQuote
	faultAfterQuote
	faultOpenQuote
	faultTooLong
	faultCells
	faultEncoding
	faultReturns
)

// splitter takes records apart as RFC 4180 has them, but for two liberties that
// real files take: LF ends a line as well as CRLF, and a cell may hold a CR that
// no LF follows. encoding/csv is not used because it cannot go on at the next
// line after a stray quotation mark, and puts no limit on a cell.
//
// Cells are kept side by side in one buffer, which the next record reuses.
type splitter struct {
	separator byte
	text      []byte
	ends      []int // where each cell ends in text
}

// record splits the record that data begins with and returns how many bytes it
// takes, its line end included. ended is false where data ran out before a line
// end: then the record is whole only if the file ends there too.
func (s *splitter) record(data []byte) (n int, ended bool, f fault) {
	s.text, s.ends = s.text[:0], s.ends[:0]
	for {
		var cell cellEnd
		if n < len(data) && data[n] == '"' {
			cell, f = s.quoted(data[n+1:])
			cell.n++
		} else {
			cell, f = s.bare(data[n:])
		}
		n += cell.n
		if f != noFault {
			return n, false, f
		}
		s.ends = append(s.ends, len(s.text))
		if cell.last {
			return n, cell.ended, noFault
		}
	}
}

// bounded splits the record at the start of what the window holds, which may be
// at most maxRecord long. open says that the record went on to the window's very
// end without a line end.
func (s *splitter) bounded(window []byte) (n int, open bool, f fault) {
	data := window[:min(len(window), maxRecord)]
	n, ended, f := s.record(data)
	unended := f == faultOpenQuote || f == noFault && !ended
	switch cut := len(data) < len(window); {
	case unended && cut && f == noFault:
		return n, false, faultTooLong
	case unended && !cut:
		return n, true, f
	}
	return n, false, f
}

// cellEnd is how a cell ended: after n bytes, with the separator or line end
// counted; last of its record; ended by a line end rather than by the data's.
type cellEnd struct {
	n     int
	last  bool
	ended bool
}

func (s *splitter) bare(data []byte) (cellEnd, fault) {
	for i, c := range data {
		switch c {
		case s.separator:
			s.text = append(s.text, data[:i]...)
			return cellEnd{n: i + 1}, noFault
		case '\n':
			s.text = append(s.text, bytes.TrimSuffix(data[:i], []byte{'\r'})...)
			return cellEnd{n: i + 1, last: true, ended: true}, noFault
		case '"':
			return cellEnd{n: i}, faultBareQuote
		}
	}
	s.text = append(s.text, bytes.TrimSuffix(data, []byte{'\r'})...)
	return cellEnd{n: len(data), last: true}, noFault
}

// quoted reads a cell whose opening quotation mark is already taken.
func (s *splitter) quoted(data []byte) (cellEnd, fault) {
	for n := 0; ; {
		i := bytes.IndexByte(data[n:], '"')
		if i < 0 {
			return cellEnd{n: len(data)}, faultOpenQuote
		}
		s.text = append(s.text, data[n:n+i]...)
		n += i + 1
		rest := data[n:]
		switch {
		case len(rest) == 0, string(rest) == "\r":
			return cellEnd{n: len(data), last: true}, noFault
		case rest[0] == '"':
			s.text = append(s.text, '"')
			n++
		case rest[0] == s.separator:
			return cellEnd{n: n + 1}, noFault
		case rest[0] == '\n':
			return cellEnd{n: n + 1, last: true, ended: true}, noFault
		case rest[0] == '\r' && rest[1] == '\n':
			return cellEnd{n: n + 2, last: true, ended: true}, noFault
		default:
			return cellEnd{n: n}, faultAfterQuote
		}
	}
}

// cells returns the cells of the last record in dst's place. They share one
// string.
func (s *splitter) cells(dst []string) []string {
	dst, text, begin := dst[:0], string(s.text), 0
	for _, end := range s.ends {
		dst = append(dst, text[begin:end])
		begin = end
	}
	return dst
}
