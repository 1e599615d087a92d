package people

import (
	"bytes"
	"io"
	"unicode/utf8"

	"cardinal"
)

// Reader reads a people file: CSV with a header line, cells parted by comma,
// semicolon or tab, quoted as in RFC 4180, in UTF-8 or in UTF-16 with a byte
// order mark, lines ended by CRLF or LF. It holds a fixed part of the file, and
// is for one goroutine.
type Reader struct {
	window   *window
	replaces bool // U+FFFD may stand for what the decoder could not read
	splitter splitter
	columns  []column
	convert  Conversion
	row      []string
	err      error // what Next answers from now on
}

// Conversion makes the text of a card number of what a reader of cards gives. An
// error is of CodeInvalid and holds nothing of the text.
type Conversion func(text string) (string, error)

// NewReader reads the header line. The error is an Error of CodeInvalid where
// columns are unknown, named twice or missing, of CodeMalformed where the line
// is not a line of text; errors of r are wrapped.
func NewReader(r io.Reader) (*Reader, error) {
	text, replaces := decoded(r)
	reader := &Reader{window: newWindow(text), replaces: replaces}
	if err := reader.header(); err != nil {
		return nil, err
	}
	return reader, nil
}

func (r *Reader) header() error {
	data := r.window.skipBlank()
	if err := r.window.broken(); err != nil && bytes.IndexByte(data, '\n') < 0 {
		return err
	}
	if len(data) == 0 {
		return cardinal.Errorf(cardinal.CodeMalformed, "The file is empty. Its first line must name the columns, username among them.")
	}
	cells, n, f := r.splitter.readHeader(data)
	if f == noFault {
		f = r.encoding(data[:n])
	}
	line := r.window.line
	if f != noFault {
		if err := r.window.skipLine(); err != nil {
			return err
		}
		return cardinal.Errorf(cardinal.CodeMalformed, "Line %d, which should name the columns, cannot be read. %s", line, f.message())
	}
	if err := r.checkNUL(data[:n]); err != nil {
		return err
	}
	columns, err := columnsOf(cells)
	if err != nil {
		return err
	}
	r.window.advance(n)
	r.columns = columns
	return nil
}

// ConvertNumbers makes Next convert the card numbers of the file before it
// judges their form; nil takes them as they stand.
func (r *Reader) ConvertNumbers(convert Conversion) { r.convert = convert }

// Next returns the next line, io.EOF after the last. What is wrong with a line
// stands in its Violations, and reading goes on after it: after its first
// physical line if it could not be taken apart, so that a stray quotation mark
// costs no other line. The error is of CodeMalformed and names the line where
// the file is not text at all; errors of the source are wrapped. Once an error
// was returned, it is returned again.
func (r *Reader) Next() (Person, error) {
	if r.err != nil {
		return Person{}, r.err
	}
	person, err := r.next()
	r.err = err
	return person, err
}

func (r *Reader) next() (Person, error) {
	data := r.window.skipBlank()
	if len(data) == 0 {
		if err := r.window.broken(); err != nil {
			return Person{}, err
		}
		return Person{}, io.EOF
	}
	n, open, f := r.splitter.bounded(data)
	if err := r.window.broken(); open && err != nil {
		return Person{}, err
	}
	if f == noFault {
		f = r.encoding(data[:n])
	}
	if f == noFault && len(r.splitter.ends) != len(r.columns) {
		f = faultCells
	}
	if f != noFault {
		return r.malformed(f)
	}
	if err := r.checkNUL(data[:n]); err != nil {
		return Person{}, err
	}
	r.row = r.splitter.cells(r.row)
	person := Person{Line: r.window.line}
	for i, c := range r.columns {
		person.take(c, r.row[i], r.convert)
	}
	person.checkSlots()
	r.window.advance(n)
	return person, nil
}

// encoding judges the bytes of a record.
func (r *Reader) encoding(record []byte) fault {
	if !utf8.Valid(record) || r.replaces && bytes.ContainsRune(record, utf8.RuneError) {
		return faultEncoding
	}
	return noFault
}

// checkNUL refuses the file where a record holds a NUL, which no text does but
// UTF-16 without a byte order mark, spreadsheets and pictures do.
func (r *Reader) checkNUL(record []byte) error {
	before, _, ok := bytes.Cut(record, []byte{0})
	if !ok {
		return nil
	}
	return notText(r.window.line + bytes.Count(before, []byte{'\n'}))
}

// malformed leaves one physical line behind and says what is wrong with it. It
// gives no username: the cells may be shifted, and that one hold a PIN.
func (r *Reader) malformed(f fault) (Person, error) {
	line, message := r.window.line, f.message()
	if f == faultCells {
		message = cellCount(len(r.splitter.ends), len(r.columns))
	}
	if err := r.window.skipLine(); err != nil {
		return Person{}, err
	}
	return Person{Line: line, Violations: []cardinal.Violation{cardinal.Violated(cardinal.ViolationLine, "", "%s", message)}}, nil
}

func cellCount(n, wanted int) cardinal.Sentence {
	if n == 1 {
		return cardinal.Say("The line has 1 cell instead of %d.", wanted)
	}
	return cardinal.Say("The line has %d cells instead of %d.", n, wanted)
}

// message says what is wrong and what to do, for every fault but faultCells.
func (f fault) message() cardinal.Sentence {
	switch f {
	case faultBareQuote:
		return cardinal.Say("A quotation mark stands inside a cell that is not quoted. Put the whole cell in quotation marks and double those inside it.")
	case faultAfterQuote:
		return cardinal.Say("Text follows the closing quotation mark of a cell. Double the quotation marks that belong to the text.")
	case faultOpenQuote:
		return cardinal.Say("A quotation mark is opened and not closed. Close it, or double it if it belongs to the text.")
	case faultTooLong:
		return cardinal.Say("The line is longer than %d bytes. Shorten it.", maxRecord)
	case faultEncoding:
		return cardinal.Say("The line holds characters that are not in the encoding of the file. Save the file as UTF-8 and import that.")
	case faultReturns:
		return cardinal.Say("Its end is CR alone. Save the file with the line ends CRLF or LF.")
	}
	return cardinal.Say("The line cannot be read.")
}
