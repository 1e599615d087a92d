package people

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// splitAll splits data as Reader does, without columns or encodings. ok is
// false where a record is malformed.
func splitAll(data []byte, separator byte) (records [][]string, ok bool) {
	w := newWindow(bytes.NewReader(data))
	s := splitter{separator: separator}
	for {
		window := w.skipBlank()
		if len(window) == 0 {
			return records, true
		}
		n, _, f := s.bounded(window)
		if f != noFault {
			return records, false
		}
		records = append(records, s.cells(nil))
		w.advance(n)
	}
}

// standard reads data with encoding/csv.
func standard(data []byte, separator byte) ([][]string, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma, r.FieldsPerRecord = rune(separator), -1
	return r.ReadAll()
}

// withLF does to our cells what encoding/csv does to CRLF in quoted cells.
func withLF(records [][]string) [][]string {
	for _, record := range records {
		for i, cell := range record {
			record[i] = strings.ReplaceAll(cell, "\r\n", "\n")
		}
	}
	return records
}

func sameRecords(a, b [][]string) bool {
	return slices.EqualFunc(a, b, slices.Equal)
}

func TestWellFormedFilesSplitAsEncodingCSVWroteThem(t *testing.T) {
	cell := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.SampledFrom([]rune("ab\",;\t\n\r ='")), 0, 8, -1))
	// A record of one empty cell is an empty line, which readers pass over.
	record := rapid.SliceOfN(cell, 1, 6).Filter(func(cells []string) bool { return len(cells) > 1 || cells[0] != "" })
	rapid.Check(t, func(t *rapid.T) {
		separator := rapid.SampledFrom(separators()).Draw(t, "separator")
		records := rapid.SliceOf(record).Draw(t, "records")
		var file bytes.Buffer
		w := csv.NewWriter(&file)
		w.Comma = rune(separator)
		if err := w.WriteAll(records); err != nil {
			t.Fatal(err)
		}
		got, ok := splitAll(file.Bytes(), separator)
		if !ok || !sameRecords(got, records) {
			t.Fatalf("got %q (%v) of %q", got, ok, file.String())
		}
	})
}

// What encoding/csv can read, the splitter reads the same, and what it cannot,
// the splitter refuses.
func FuzzSplitAgainstEncodingCSV(f *testing.F) {
	for _, seed := range []string{
		"a,b\nc,d\n", "\"a\"\"b\",c\r\n", "\"a\r\nb\"\r", "a\rb\n", "\r", "\r\r\n", "\n\n,\n", "\"a\"b\n", "a\"b\n", "\"", "\"\"", "\"\"\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > maxRecord {
			return
		}
		want, err := standard(data, ',')
		got, ok := splitAll(data, ',')
		if ok != (err == nil) {
			t.Fatalf("we say %v, encoding/csv %v of %q", ok, err, data)
		}
		if ok && !sameRecords(withLF(got), want) {
			t.Fatalf("we have %q, encoding/csv %q of %q", got, want, data)
		}
	})
}

// Whatever comes: no panic, an end, line numbers that rise and stay within the
// file, and buffers that do not grow with it.
func FuzzReader(f *testing.F) {
	const header = "username,notes,primary card number,pin\n"
	for _, seed := range []string{
		"", "username\nanna\n", header + "anna,n,1,2\n", header + "anna,\"n\n\nb,b,b,b\n", "\uFEFF" + header, "\xFF\xFEu\x00",
		header + "\"\"\"\n\"\n\"", "username;pin\n(clear);(clear)\n", header + "a,b\xE9,c,d\r\n\r\n'=,'-,'(clear),•••1\n",
	} {
		f.Add([]byte(seed), uint8(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, times uint8) {
		if len(data)*int(times) > 3*maxRecord {
			return
		}
		file := bytes.Repeat(data, int(times))
		reader, err := NewReader(bytes.NewReader(file))
		if err != nil {
			return
		}
		for last := 1; ; {
			person, err := reader.Next()
			if err != nil {
				break
			}
			if person.Line <= last || person.Line > 1+len(file) {
				t.Fatalf("line %d after line %d", person.Line, last)
			}
			last = person.Line
			if person.Malformed() && person.Username != "" {
				t.Fatalf("line %d is malformed and has a username", last)
			}
		}
		if n := cap(reader.splitter.text); n > 2*maxRecord {
			t.Fatalf("%d bytes of cells", n)
		}
	})
}

// endless gives a header and then the same line again and again.
type endless struct {
	line      string
	remaining int
	rest      string
	given     int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.rest == "" {
		if e.remaining == 0 {
			return 0, io.EOF
		}
		e.remaining--
		e.rest = e.line
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	e.given += n
	return n, nil
}

func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	for name, line := range map[string]string{
		"good lines":                      "anna,n\n",
		"quotation marks never closed":    "\"" + strings.Repeat("x\n", 50000),
		"lines longer than the limit":     strings.Repeat("x", 3*maxRecord) + "\n",
		"a line that never ends":          strings.Repeat("x", 1000),
		"a quoted cell that never ends":   "\"" + strings.Repeat("\"\"", 500),
		"nothing but separators and ends": strings.Repeat(",", 1000) + "\n\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			source := &endless{line: line, remaining: 8 << 20 / len(line)}
			reader, err := NewReader(io.MultiReader(strings.NewReader("username,notes\n"), source))
			if err != nil {
				t.Fatal(err)
			}
			for err == nil {
				_, err = reader.Next()
			}
			if !errors.Is(err, io.EOF) || source.given < 7<<20 {
				t.Fatalf("ended after %d bytes with %v", source.given, err)
			}
			if text, ends := cap(reader.splitter.text), cap(reader.splitter.ends); text > 2*maxRecord || ends > 2*maxRecord {
				t.Errorf("the buffers grew to %d bytes, %d cells", text, ends)
			}
			if n := len(reader.window.buffer); n != windowSize {
				t.Errorf("the window grew to %d bytes", n)
			}
		})
	}
}

func TestRecordLimitIsExact(t *testing.T) {
	for _, c := range []struct {
		name      string
		end       string
		length    int
		malformed bool
	}{
		{"the longest with LF", "\n", maxRecord, false},
		{"one more with LF", "\n", maxRecord + 1, true},
		{"the longest at the end of the file", "", maxRecord, false},
		{"one more at the end of the file", "", maxRecord + 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			record := "b," + strings.Repeat("x", c.length-2-len(c.end)) + c.end
			reader, err := NewReader(strings.NewReader("username,pin\n" + record))
			if err != nil {
				t.Fatal(err)
			}
			person, err := reader.Next()
			if err != nil || person.Malformed() != c.malformed {
				t.Errorf("malformed %v (%v), want %v", person.Malformed(), err, c.malformed)
			}
		})
	}
}
