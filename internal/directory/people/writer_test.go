package people_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cardinal"
	"cardinal/internal/directory/people"
)

func export(t interface{ Fatal(...any) }, rows ...people.Row) string {
	var file bytes.Buffer
	w := people.NewWriter(&file)
	for _, row := range rows {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

const exportHeader = "Username,Full name,Email,Department,Primary card number,Secondary card number,Notes,Disabled,Role\n"

func TestExport(t *testing.T) {
	for _, c := range []struct {
		name string
		row  people.Row
		want string
	}{
		{"plain", people.Row{Username: "anna", FullName: "Anna K", Email: "a@example.org", Department: "IT", Primary: "0012", Role: cardinal.RoleUser},
			"anna,Anna K,a@example.org,IT,0012,,,no,user\n"},
		{"quoted", people.Row{Username: "bob", FullName: `Bob "B", Jr`, Notes: "a\nb", Disabled: true, Role: cardinal.RoleOperator},
			"bob,\"Bob \"\"B\"\", Jr\",,,,,\"a\nb\",yes,operator\n"},
		{"formulas", people.Row{Username: "-c", FullName: "=1+1", Email: "+a@example.org", Department: "@x", Notes: "'n", Role: cardinal.RoleUser},
			"'-c,'=1+1,'+a@example.org,'@x,,,''n,no,user\n"},
		{"tab and CR", people.Row{Username: "d", Notes: "\tx", Department: "\rx", Role: cardinal.RoleUser},
			"d,,,\"'\rx\",,,'\tx,no,user\n"},
		{"the word that clears", people.Row{Username: "e", FullName: "(clear)", Role: cardinal.RoleUser},
			"e,'(clear),,,,,,no,user\n"},
		{"masked", people.Row{Username: "f", Primary: cardinal.MaskedNumber("1234"), Role: cardinal.RoleUser},
			"f,,,,••••1234,,,no,user\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := export(t, c.row); got != exportHeader+c.want {
				t.Errorf("got\n%s, want\n%s", got, exportHeader+c.want)
			}
		})
	}
}

func TestExportOfNobodyHasAHeader(t *testing.T) {
	if got := export(t); got != exportHeader {
		t.Errorf("got %q", got)
	}
}

// apply gives what an import of the line makes of somebody who has nothing.
func apply(p people.Person) people.Row {
	return people.Row{
		Username:   p.Username,
		FullName:   p.FullName.Apply(""),
		Email:      p.Email.Apply(""),
		Department: p.Department.Apply(""),
		Primary:    p.Primary.Apply(cardinal.CardNumber{}).Reveal(),
		Secondary:  p.Secondary.Apply(cardinal.CardNumber{}).Reveal(),
		Notes:      p.Notes.Apply(""),
		Disabled:   p.Disabled.Apply(false),
		Role:       p.Role.Apply(""),
	}
}

func TestWhatIsExportedIsReadBackIdentically(t *testing.T) {
	start := rapid.SampledFrom([]string{"", "=", "+", "-", "@", "'", "''", "\"", " ", ",", ";", "(clear)", "'(clear)"})
	text := rapid.Custom(func(t *rapid.T) string {
		runes := rapid.RuneFrom([]rune("ab ;,'\"=+-@()žЖ😀"))
		return start.Draw(t, "start") + rapid.StringOfN(runes, 0, 12, -1).Draw(t, "rest")
	})
	notes := rapid.Custom(func(t *rapid.T) string {
		runes := rapid.RuneFrom([]rune("ab\t\r\n,\"'="))
		return rapid.SampledFrom([]string{"", "\t", "\r", "\r\n", "="}).Draw(t, "start") + rapid.StringOfN(runes, 0, 12, -1).Draw(t, "rest")
	})
	person := rapid.Custom(func(t *rapid.T) people.Row {
		return people.Row{
			Username:   rapid.StringMatching(`[-@+'a-zž0-9]{1,10}( [-@+'a-z0-9]{1,5})?`).Draw(t, "username"),
			FullName:   text.Draw(t, "full name"),
			Email:      rapid.SampledFrom([]string{"", "a@example.org", "+a@example.org", "'a@example.org", "=a@example.org"}).Draw(t, "email"),
			Department: text.Draw(t, "department"),
			Primary:    rapid.StringMatching(`(a[0-9A-Z]{0,12})?`).Draw(t, "primary"),
			Secondary:  rapid.StringMatching(`(0[0-9]{0,12})?`).Draw(t, "secondary"),
			Notes:      notes.Draw(t, "notes"),
			Disabled:   rapid.Bool().Draw(t, "disabled"),
			Role:       rapid.SampledFrom(cardinal.Roles()).Draw(t, "role"),
		}
	})
	rapid.Check(t, func(rt *rapid.T) {
		rows := rapid.SliceOf(person).Draw(rt, "rows")
		all := readText(t, export(rt, rows...))
		if len(all) != len(rows) {
			rt.Fatalf("%d rows, want %d", len(all), len(rows))
		}
		for i, p := range all {
			if got := apply(p); len(p.Violations) > 0 || got != rows[i] {
				rt.Fatalf("read %+v (%v), want %+v", got, p.Violations, rows[i])
			}
		}
	})
}

type fullDisk struct{ err error }

func (d fullDisk) Write([]byte) (int, error) { return 0, d.err }

func TestWriteErrorsArriveAtFlush(t *testing.T) {
	full := errors.New("disk full")
	w := people.NewWriter(fullDisk{full})
	_ = w.Write(people.Row{Username: "anna", Notes: strings.Repeat("x", 100)})
	if err := w.Flush(); !errors.Is(err, full) {
		t.Errorf("Flush answers %v", err)
	}
}
