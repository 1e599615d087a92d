package people_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/unicode"

	"cardinal"
	"cardinal/internal/directory/people"
)

// readAll reads every line of a file that must be readable to its end.
func readAll(t *testing.T, file io.Reader) []people.Person {
	t.Helper()
	reader, err := people.NewReader(file)
	if err != nil {
		t.Fatalf("header: %v", err)
	}
	var all []people.Person
	for {
		person, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("after %d lines: %v", len(all), err)
		}
		all = append(all, person)
	}
}

func readText(t *testing.T, text string) []people.Person {
	t.Helper()
	return readAll(t, strings.NewReader(text))
}

// faults returns what is wrong with a line as "field code", in order.
func faults(p people.Person) []string {
	var all []string
	for _, v := range p.Violations {
		all = append(all, strings.TrimSpace(v.Field+" "+string(v.Code)))
	}
	return all
}

func wantFaults(t *testing.T, p people.Person, want ...string) {
	t.Helper()
	if got := faults(p); !slices.Equal(got, want) {
		t.Errorf("line %d: violations %q, want %q", p.Line, got, want)
	}
}

func dirty(t testing.TB) []byte {
	t.Helper()
	file, err := os.ReadFile("testdata/people-dirty.csv")
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// What reading decides of each line; the door refuses lines 5, 7, 9, 15, 16, 18
// and 21, whose form is right.
func TestDirtyFileLineByLine(t *testing.T) {
	want := []struct {
		line     int
		username string
		faults   []string
	}{
		{2, "anna", nil}, {3, "ANNA", nil},
		{4, "", []string{"malformed_line"}},
		{5, "bob", nil},
		{6, "carl", []string{"primaryCardNumber spoilt"}},
		{7, "dana", nil}, {8, "erik", nil}, {9, "erik", nil},
		{10, "fay", []string{"email invalid"}},
		{11, "", []string{"username required"}},
		{12, "gus", nil},
		{13, "", []string{"malformed_line"}},
		{14, "hana", nil}, {15, "ivan", nil}, {16, "jana", nil}, {17, "kim", nil}, {18, "lena", nil}, {19, "mona", nil},
		{20, "", []string{"malformed_line"}},
		{21, "otto", nil}, {22, "petr", nil}, {23, "anna", nil}, {24, "rita", nil},
		{25, "", []string{"malformed_line"}},
		{26, "<script>alert(1)</script>", []string{"username invalid"}},
		{27, "zoë", nil},
	}
	got := readAll(t, bytes.NewReader(dirty(t)))
	if len(got) != len(want) {
		t.Fatalf("%d lines, want %d", len(got), len(want))
	}
	for i, w := range want {
		if got[i].Line != w.line || got[i].Username != w.username {
			t.Errorf("line %d %q, want line %d %q", got[i].Line, got[i].Username, w.line, w.username)
		}
		wantFaults(t, got[i], w.faults...)
		if malformed := slices.Contains(w.faults, "malformed_line"); got[i].Malformed() != malformed {
			t.Errorf("line %d: Malformed() = %v, want %v", w.line, got[i].Malformed(), malformed)
		}
	}
	if message := got[20-2].Violations[0].Message; !strings.Contains(message, "5 cells instead of 8") {
		t.Errorf("line 20 says %q", message)
	}
	if message := got[25-2].Violations[0].Message; !strings.Contains(message, "10 cells instead of 8") {
		t.Errorf("line 25 says %q", message)
	}
}

func TestDirtyFileValues(t *testing.T) {
	all := readAll(t, bytes.NewReader(dirty(t)))
	at := func(line int) people.Person { return all[line-2] }
	texts := []struct {
		what string
		got  people.Change[string]
		want people.Change[string]
	}{
		{"anna's name", at(2).FullName, people.SetTo("Anna Kvapilová")},
		{"an empty cell", at(3).Email, people.Change[string]{}},
		{"an absent column", at(2).Notes, people.Change[string]{}},
		{"a quoted separator", at(5).Department, people.SetTo("Legal; Compliance")},
		{"a formula", at(14).FullName, people.SetTo("=1+1")},
		{"bob's e-mail", at(5).Email, people.SetTo("bob@example.org")},
	}
	for _, c := range texts {
		if c.got != c.want {
			t.Errorf("%s: %+v, want %+v", c.what, c.got, c.want)
		}
	}
	secrets := []struct {
		what      string
		op        people.Op
		got, want string
		wantOp    people.Op
	}{
		{"leading zeros", at(2).Primary.Op, at(2).Primary.Value.Reveal(), "0012345678", people.Set},
		{"no second number", at(2).Secondary.Op, at(2).Secondary.Value.Reveal(), "", people.Leave},
		{"a number as written", at(8).Primary.Op, at(8).Primary.Value.Reveal(), "a1b2c3d4", people.Set},
		{"what a reader appends", at(12).Primary.Op, at(12).Primary.Value.Reveal(), "5235092385", people.Set},
		{"white space around a number", at(19).Primary.Op, at(19).Primary.Value.Reveal(), "77001122", people.Set},
		{"a number removed", at(23).Primary.Op, at(23).Primary.Value.Reveal(), "", people.Clear},
		{"a PIN", at(8).PIN.Op, at(8).PIN.Value.Reveal(), "AbCd", people.Set},
		{"a PIN with a space", at(15).PIN.Op, at(15).PIN.Value.Reveal(), "12 34", people.Set},
		{"a PIN removed", at(22).PIN.Op, at(22).PIN.Value.Reveal(), "", people.Clear},
	}
	for _, c := range secrets {
		if c.op != c.wantOp || c.got != c.want {
			t.Errorf("%s: op %d %q, want op %d %q", c.what, c.op, c.got, c.wantOp, c.want)
		}
	}
}

func TestTwoThousandPeople(t *testing.T) {
	file, err := os.ReadFile("testdata/people.csv")
	if err != nil {
		t.Fatal(err)
	}
	all := readAll(t, bytes.NewReader(file))
	if len(all) != 2000 {
		t.Errorf("%d people, want 2000", len(all))
	}
	for i, p := range all {
		if p.Line != i+2 || p.Username == "" || p.FullName.Op != people.Set || len(p.Violations) > 0 {
			t.Fatalf("person %d: line %d, username %q, violations %v", i, p.Line, p.Username, p.Violations)
		}
	}
}

func TestEncodings(t *testing.T) {
	const text = "username,full name\r\nzoë,Zoë 😀\r\n"
	utf16 := func(e unicode.Endianness) string {
		encoded, err := unicode.UTF16(e, unicode.UseBOM).NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		return encoded
	}
	files := map[string]string{
		"UTF-8":                      text,
		"UTF-8 with BOM":             "\uFEFF" + text,
		"UTF-16 LE":                  utf16(unicode.LittleEndian),
		"UTF-16 BE":                  utf16(unicode.BigEndian),
		"LF":                         strings.ReplaceAll(text, "\r\n", "\n"),
		"CRLF and LF":                strings.Replace(text, "\r\n", "\n", 1),
		"no line end after the last": strings.TrimSuffix(text, "\r\n"),
		"CR after the last":          strings.TrimSuffix(text, "\n"),
		"tabs":                       strings.ReplaceAll(text, ",", "\t"),
		"semicolons":                 strings.ReplaceAll(text, ",", ";"),
		"quoted":                     "\"username\",\"full name\"\r\n\"zoë\",\"Zoë 😀\"\r\n",
		"quoted, CR after the last":  "\"username\";\"full name\"\r\n\"zoë\";\"Zoë 😀\"\r",
	}
	for name, file := range files {
		for how, source := range map[string]io.Reader{
			"whole":         strings.NewReader(file),
			"byte by byte":  iotest.OneByteReader(strings.NewReader(file)),
			"EOF with data": iotest.DataErrReader(strings.NewReader(file)),
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				all := readAll(t, source)
				if len(all) != 1 || all[0].Username != "zoë" || all[0].FullName != people.SetTo("Zoë 😀") || all[0].Line != 2 {
					t.Errorf("got %+v", all)
				}
			})
		}
	}
}

func TestDecomposedUsernameIsComposed(t *testing.T) {
	all := readText(t, "username\nzoe\u0308\n")
	if all[0].Username != "zo\u00EB" {
		t.Errorf("username %+q", all[0].Username)
	}
}

func TestFilesThatAreNoText(t *testing.T) {
	withoutBOM, err := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().String("username,pin\nanna,1234\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, file, says string }{
		{"empty", "", "empty"},
		{"BOM alone", "\uFEFF", "empty"},
		{"UTF-16 without BOM", withoutBOM, "Line 1 "},
		{"a spreadsheet", "PK\x03\x04\x14\x00\x08\x00", "Line 1 "},
		{"no UTF-8 in the header", "username,\xE9mail\n", "Line 1,"},
		{"a quotation mark in the header", "username,e\"mail\n", "Line 1,"},
		{"NUL after a stray quotation mark in the header", "\n\nuser\"name\x00\n", "Line 3 "},
		{"lines ended by CR", "username,pin\ranna,9305\r", "CR alone"},
		{"an endless header", "username," + strings.Repeat("x", 1<<20), "longer than"},
		{"NUL in a record", "username,pin\nanna,9305\nb\x00b,9305\n", "Line 3 "},
		{"NUL in the second line of a record", "username,notes\nanna,\"a\nb\x00\"\n", "Line 3 "},
		{"NUL in a malformed line", "username,pin\nanna,93\"05\x00\n", "Line 2 "},
		{"NUL far out in an endless line", "username\n" + strings.Repeat("x", 1<<20) + "\x00", "Line 2 "},
	} {
		t.Run(c.name, func(t *testing.T) {
			reader, err := people.NewReader(strings.NewReader(c.file))
			for err == nil {
				_, err = reader.Next()
			}
			if cardinal.CodeOf(err) != cardinal.CodeMalformed || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v (%s), want one that says %q", err, cardinal.CodeOf(err), c.says)
			}
			if reader != nil {
				if _, again := reader.Next(); !errors.Is(again, err) {
					t.Errorf("the next call answers %v", again)
				}
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	for _, c := range []struct{ name, header, says string }{
		{"any case and order", "PIN,user-name,FULL_NAME,E-Mail,primary  card-number", ""},
		{"every column", "username,full name,email,department,notes,primary card number,secondary card number,pin,password,disabled,role", ""},
		{"one column", "Username", ""},
		{"no username", "full name,pin", `no column "username"`},
		{"unknown", "username,departement,pin", `Column 2 has a name that is not known; the nearest known one is "department"`},
		{"two unknown", "username,passwort,foll name", `the nearest known one is "full name"`},
		{"username misspelt", "usrname,pin", `nearest known one is "username"`},
		{"twice", "username,e-mail,email", `Columns 2 and 3 both have the name "email"`},
		{"without a name", "username,pin,", "Column 3 has no name"},
		{"another separator", "username|pin", "The first line must name the columns"},
		{"no header", "anna,Anna,9305", "The first line must name the columns"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := people.NewReader(strings.NewReader(c.header + "\nanna\n"))
			if c.says == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if !errors.Is(err, cardinal.ErrInvalid) || len(cardinal.ViolationsOf(err)) == 0 {
				t.Fatalf("error %v, want one of CodeInvalid with violations", err)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("says %q, want %q", err, c.says)
			}
		})
	}
}

func TestAWideUnknownHeaderIsAnsweredShortly(t *testing.T) {
	_, err := people.NewReader(strings.NewReader("username" + strings.Repeat(",x", 20000) + "\n"))
	if n := len(cardinal.ViolationsOf(err)); n == 0 || n > 20 {
		t.Errorf("%d violations", n)
	}
}

func TestSeparatorIsTheOneThatNamesColumns(t *testing.T) {
	all := readText(t, "username;\"notes\"\nanna;a,b,c\n")
	if len(all) != 1 || all[0].Notes != people.SetTo("a,b,c") {
		t.Errorf("got %+v", all)
	}
}

func TestReadingGoesOnAfterAMalformedLine(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for _, c := range []struct {
		name, lines string
		malformed   []int
		says        string
	}{
		{"a stray quotation mark", "b,b\"b\n", []int{3}, "inside a cell"},
		{"text after the closing one", "b,\"b\"b\n", []int{3}, "follows the closing"},
		{"a quotation mark that is never closed", "b,\"b\n", []int{3}, "not closed"},
		{"never closed, and cells with quotes later", "b,\"b\nc,\"c\"\n", []int{3}, "follows the closing"},
		{"no UTF-8", "b,\xE9\n", []int{3}, "UTF-8"},
		{"a long line", "b," + long + "\n", []int{3}, "longer"},
		{"a long quoted cell", "b,\"" + long + "\"\n", []int{3}, "not closed"},
		{"too few cells", "b\n", []int{3}, "1 cell instead of 2"},
		{"too many cells", "b,b,b\n", []int{3}, "3 cells instead of 2"},
		{"two in a row", "b\nb\n", []int{3, 4}, "1 cell instead of 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := readText(t, "username,notes\nanna,n\n"+c.lines+"zora,n\n"+strings.Repeat("yves,n\n", 20000))
			var malformed []int
			for _, p := range all {
				if p.Malformed() {
					malformed = append(malformed, p.Line)
					if !strings.Contains(p.Violations[0].Message, c.says) {
						t.Errorf("says %q, want %q", p.Violations[0].Message, c.says)
					}
				}
			}
			if !slices.Equal(malformed, c.malformed) {
				t.Errorf("malformed lines %v, want %v", malformed, c.malformed)
			}
			physical := 2 + strings.Count(c.lines, "\n") + 1 + 20000
			if want := physical - 1; len(all) != want || all[len(all)-1].Line != physical {
				t.Errorf("%d lines, the last is %d, want %d and %d", len(all), all[len(all)-1].Line, want, physical)
			}
		})
	}
}

func TestBrokenSurrogateMakesItsLineMalformed(t *testing.T) {
	file := []byte{0xFF, 0xFE}
	for _, unit := range "username\nanna\n" {
		file = append(file, byte(unit), 0)
	}
	file = append(file, 'b', 0, 0x00, 0xD8, '\n', 0, 'c', 0, '\n', 0, 'd')
	all := readAll(t, bytes.NewReader(file))
	if len(all) != 4 || all[0].Malformed() || !all[1].Malformed() || all[2].Malformed() || !all[3].Malformed() {
		t.Errorf("got %+v", all)
	}
}

func TestRecordsOverSeveralLinesAreNumberedWhereTheyBegin(t *testing.T) {
	all := readText(t, "username,notes\nanna,\"one\ntwo\r\nthree\"\n\n\r\nbert,\n")
	if len(all) != 2 || all[0].Line != 2 || all[1].Line != 7 {
		t.Fatalf("got %+v", all)
	}
	if all[0].Notes != people.SetTo("one\ntwo\r\nthree") {
		t.Errorf("notes %q", all[0].Notes.Value)
	}
}

func TestSourceThatBreaksOff(t *testing.T) {
	// A request whose body is cut short ends with io.ErrUnexpectedEOF.
	for _, cause := range []error{errors.New("connection lost"), io.ErrUnexpectedEOF} {
		for _, c := range []struct {
			name, file string
			whole      int
		}{
			{"within a line", "username,pin\nanna,9305\nbert,93", 1},
			{"within a quoted cell", "username,notes\nanna,n\nbert,\"a\nb", 1},
			{"within a malformed line", "username,notes\nanna,n\nbert,a\"b", 1},
			{"between lines", "username,pin\nanna,9305\n", 1},
		} {
			t.Run(c.name+", "+cause.Error(), func(t *testing.T) {
				reader, err := people.NewReader(io.MultiReader(strings.NewReader(c.file), iotest.ErrReader(cause)))
				whole := -1
				for err == nil {
					whole++
					_, err = reader.Next()
				}
				if whole != c.whole || !errors.Is(err, cause) {
					t.Errorf("%d lines, then %v; want %d, then the source's error", whole, err, c.whole)
				}
			})
		}
		for _, file := range []string{"", "username,pi"} {
			if _, err := people.NewReader(io.MultiReader(strings.NewReader(file), iotest.ErrReader(cause))); !errors.Is(err, cause) {
				t.Errorf("%q: %v", file, err)
			}
		}
	}
}

func TestNothingSentIsRepeated(t *testing.T) {
	const mark = "qZ7x"
	const header = "username,full name,email,department,notes,primary card number,secondary card number,pin,password,disabled,role\n"
	bad := mark + "\x01" + strings.Repeat(mark, 600)
	file := header +
		strings.Repeat(bad+",", 10) + bad + "\n" +
		"a," + mark + "\"" + mark + "\n" +
		"a," + mark + "\n" +
		"a,,,,,4.2E+12" + ",•••" + mark + "," + mark + "," + mark + "," + mark + "," + mark + "\n"
	all := readText(t, file)
	if len(all) != 4 {
		t.Fatalf("%d lines", len(all))
	}
	wantFaults(t, all[0], "username invalid", "fullName too_long", "fullName bad_character", "email invalid",
		"department too_long", "department bad_character", "notes too_long", "notes bad_character",
		"primaryCardNumber invalid", "secondaryCardNumber invalid", "disabled invalid", "role invalid")
	wantFaults(t, all[3], "primaryCardNumber spoilt", "secondaryCardNumber invalid", "disabled invalid", "role invalid")
	for _, p := range all {
		answer, err := json.Marshal(p.Refuse(p.Violations))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(answer), mark) {
			t.Errorf("line %d: %s", p.Line, answer)
		}
	}
	_, err := people.NewReader(strings.NewReader("username," + mark + "\n"))
	if err == nil || strings.Contains(err.Error(), mark) {
		t.Errorf("header: %v", err)
	}
}
