package people_test

import (
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/directory/people"
)

// one reads a file of one line, whose cells stand under the columns named.
func one(t *testing.T, header, line string) people.Person {
	t.Helper()
	all := readText(t, header+"\n"+line+"\n")
	if len(all) != 1 {
		t.Fatalf("%d lines", len(all))
	}
	return all[0]
}

func TestUsernames(t *testing.T) {
	for _, c := range []struct{ cell, want, fault string }{
		{"o'neil", "o'neil", ""},
		{`CORP\anna`, `CORP\anna`, ""},
		{"'=anna", "=anna", "username invalid"},
		{"'-anna", "-anna", ""},
		{"''anna", "'anna", ""},
		{"'anna", "'anna", ""},
		{"", "", "username required"},
		{"(clear)", "", "username invalid"},
		{" anna", " anna", "username invalid"},
		{strings.Repeat("ž", 128), strings.Repeat("ž", 128), ""},
		{strings.Repeat("ž", 129), "", "username invalid"},
	} {
		p := one(t, "username,notes", c.cell+",n")
		if p.Username != c.want {
			t.Errorf("%q: username %q, want %q", c.cell, p.Username, c.want)
		}
		if got := strings.Join(faults(p), ", "); got != c.fault {
			t.Errorf("%q: %q, want %q", c.cell, got, c.fault)
		}
	}
}

func TestTexts(t *testing.T) {
	for _, c := range []struct {
		column, cell string
		want         people.Change[string]
		fault        string
	}{
		{"full name", "(clear)", people.Change[string]{Op: people.Clear}, ""},
		{"full name", "'(clear)", people.SetTo("(clear)"), ""},
		{"full name", "'+1", people.SetTo("+1"), ""},
		{"full name", "'x", people.SetTo("'x"), ""},
		{"full name", strings.Repeat("ž", 255), people.SetTo(strings.Repeat("ž", 255)), ""},
		{"full name", strings.Repeat("ž", 256), people.Change[string]{}, "fullName too_long"},
		{"department", "\"a\nb\"", people.Change[string]{}, "department bad_character"},
		{"department", "a\x7Fb", people.Change[string]{}, "department bad_character"},
		{"notes", "\"a\nb\tc\"", people.SetTo("a\nb\tc"), ""},
		{"notes", "a\x7Fb", people.Change[string]{}, "notes bad_character"},
		{"notes", strings.Repeat("ž", 2001), people.Change[string]{}, "notes too_long"},
		{"email", "a@example.org", people.SetTo("a@example.org"), ""},
		{"email", "", people.Change[string]{}, ""},
		{"email", "(clear)", people.Change[string]{Op: people.Clear}, ""},
		{"email", "a@", people.Change[string]{}, "email invalid"},
	} {
		p := one(t, "username,"+c.column, "anna,"+c.cell)
		got := map[string]people.Change[string]{"full name": p.FullName, "department": p.Department, "notes": p.Notes, "email": p.Email}[c.column]
		if got != c.want {
			t.Errorf("%s %q: %+v, want %+v", c.column, c.cell, got, c.want)
		}
		if got := strings.Join(faults(p), ", "); got != c.fault {
			t.Errorf("%s %q: %q, want %q", c.column, c.cell, got, c.fault)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		cell, want string
		op         people.Op
		fault      string
	}{
		{"000123", "000123", people.Set, ""},
		{"   ", "", people.Leave, ""},
		{"(clear)", "", people.Clear, ""},
		{"'-12", "", people.Leave, "primaryCardNumber invalid"},
		{"'\t12", "12", people.Set, ""},
		{"454263e3", "454263e3", people.Set, ""},
		{"1E+5", "", people.Leave, "primaryCardNumber spoilt"},
		{"=1", "", people.Leave, "primaryCardNumber required"},
	} {
		p := one(t, "username,primary card number", "anna,"+c.cell)
		if p.Primary.Op != c.op || p.Primary.Value.Reveal() != c.want {
			t.Errorf("%q: op %d %q, want op %d %q", c.cell, p.Primary.Op, p.Primary.Value.Reveal(), c.op, c.want)
		}
		if got := strings.Join(faults(p), ", "); got != c.fault {
			t.Errorf("%q: %q, want %q", c.cell, got, c.fault)
		}
	}
}

func TestMaskedNumbersCannotBeImported(t *testing.T) {
	for _, end := range []string{"1", "1234"} {
		p := one(t, "username,primary card number", "anna,"+cardinal.MaskedNumber(end))
		wantFaults(t, p, "primaryCardNumber invalid")
		if m := p.Violations[0].Message; !strings.Contains(m, "An export with masked numbers cannot be imported") {
			t.Errorf("says %q", m)
		}
	}
}

func TestOneNumberInBothSlots(t *testing.T) {
	const header = "username,primary card number,secondary card number"
	wantFaults(t, one(t, header, "anna,AB12,ab12=7"), "secondaryCardNumber taken")
	wantFaults(t, one(t, header, "anna,AB12,AB13"))
	wantFaults(t, one(t, header, "anna,(clear),(clear)"))
	wantFaults(t, one(t, header, "anna,,"))
}

func TestSecretsStandAsTheyAre(t *testing.T) {
	for _, cell := range []string{"'=12", " 12 ", "''", "(Clear)", "=1+1"} {
		p := one(t, "username,pin,password", "anna,"+cell+","+cell)
		if p.PIN.Op != people.Set || p.PIN.Value.Reveal() != cell {
			t.Errorf("PIN %q became %q", cell, p.PIN.Value.Reveal())
		}
		if p.Password.Op != people.Set || p.Password.Value.Reveal() != cell {
			t.Errorf("password %q became %q", cell, p.Password.Value.Reveal())
		}
	}
	if p := one(t, "username,pin,password", "anna,(clear),"); p.PIN.Op != people.Clear || p.Password.Op != people.Leave {
		t.Errorf("got %+v", p)
	}
}

func TestDisabledAndRole(t *testing.T) {
	no, yes := people.SetTo(false), people.SetTo(true)
	for cell, want := range map[string]people.Change[bool]{
		"yes": yes, "TRUE": yes, "1": yes, " Yes ": yes, "no": no, "False": no, "0": no, "(clear)": no, "": {},
	} {
		p := one(t, "username,disabled", "anna,"+cell)
		if p.Disabled != want || len(p.Violations) > 0 {
			t.Errorf("disabled %q: %+v, %v", cell, p.Disabled, p.Violations)
		}
	}
	wantFaults(t, one(t, "username,disabled", "anna,maybe"), "disabled invalid")
	for cell, want := range map[string]people.Change[cardinal.Role]{
		"Helpdesk": people.SetTo(cardinal.RoleHelpdesk), "(clear)": people.SetTo(cardinal.RoleUser), "": {},
	} {
		p := one(t, "username,role", "anna,"+cell)
		if p.Role != want || len(p.Violations) > 0 {
			t.Errorf("role %q: %+v, %v", cell, p.Role, p.Violations)
		}
	}
	wantFaults(t, one(t, "username,role", "anna,boss"), "role invalid")
}

func TestEveryViolationOfALineAtOnce(t *testing.T) {
	p := one(t, "username,email,primary card number,disabled,role", "<,x,1E+2,maybe,boss")
	wantFaults(t, p, "username invalid", "email invalid", "primaryCardNumber spoilt", "disabled invalid", "role invalid")
}

func TestApply(t *testing.T) {
	for _, c := range []struct {
		change people.Change[string]
		want   string
	}{
		{people.Change[string]{}, "now"},
		{people.Change[string]{Op: people.Clear}, ""},
		{people.SetTo("then"), "then"},
	} {
		if got := c.change.Apply("now"); got != c.want {
			t.Errorf("%+v: %q, want %q", c.change, got, c.want)
		}
	}
}
