package directory_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cardinal"
	"cardinal/internal/directory"
	"cardinal/internal/directory/people"
)

// dirty says what each line of people-dirty.csv must give with the default
// policy and an empty customer: the result, and the codes of all reasons.
var dirty = []struct {
	line     int
	username string
	result   people.Result
	codes    string
}{
	{2, "anna", people.Created, ""},
	{3, "ANNA", people.Updated, ""},
	{4, "", people.Refused, "malformed_line"},
	{5, "bob", people.Refused, "pin:sequential pin:common"},
	{6, "carl", people.Refused, "primaryCardNumber:spoilt"},
	{7, "dana", people.Refused, "primaryCardNumber:taken"},
	{8, "erik", people.Created, ""},
	{9, "erik", people.Refused, "secondaryCardNumber:taken"},
	{10, "fay", people.Refused, "email:invalid"},
	{11, "", people.Refused, "username:required"},
	{12, "gus", people.Created, ""},
	{13, "", people.Refused, "malformed_line"},
	{14, "hana", people.Created, ""},
	{15, "ivan", people.Refused, "pin:bad_character"},
	{16, "jana", people.Refused, "pin:bad_character"},
	{17, "kim", people.Created, ""},
	{18, "lena", people.Refused, "pin:personal"},
	{19, "mona", people.Created, ""},
	{20, "", people.Refused, "malformed_line"},
	{21, "otto", people.Refused, "pin:too_short pin:sequential"},
	{22, "petr", people.Created, ""},
	{23, "anna", people.Updated, ""},
	{24, "rita", people.Created, ""},
	{25, "", people.Refused, "malformed_line"},
	{26, "", people.Refused, "username:invalid"},
	{27, "zoë", people.Created, ""},
}

func codes(reasons []cardinal.Violation) string {
	var texts []string
	for _, r := range reasons {
		text := string(r.Code)
		if r.Field != "" {
			text = r.Field + ":" + text
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, " ")
}

func checkDirty(t *testing.T, lines []people.LineResult) {
	t.Helper()
	if len(lines) != len(dirty) {
		t.Fatalf("%d results, want %d", len(lines), len(dirty))
	}
	for i, want := range dirty {
		got := lines[i]
		if got.Line != want.line || got.Username != want.username || got.Result != want.result || codes(got.Reasons) != want.codes {
			t.Errorf("line %d: %d %q %s [%s], want %q %s [%s]", want.line, got.Line, got.Username, got.Result, codes(got.Reasons),
				want.username, want.result, want.codes)
		}
	}
}

func TestDirtyFile(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		file := sample(t, "people-dirty.csv")
		before := o.contents(t)
		_, rehearsed := o.run(t, file, directory.Options{DryRun: true})
		checkDirty(t, rehearsed)
		report := o.background(t, file, directory.Options{DryRun: true})
		checkDirty(t, report.Lines)
		if diff := cmp.Diff(before, o.contents(t)); diff != "" {
			t.Fatalf("a dry run wrote (-before +after):\n%s", diff)
		}
		over, lines := o.run(t, file, directory.Options{})
		checkDirty(t, lines)
		if diff := cmp.Diff(rehearsed, lines); diff != "" {
			t.Errorf("the run is not what the dry run said (-dry +run):\n%s", diff)
		}
		want := directory.Import{State: directory.Done, LastLine: 27, Totals: people.Totals{Created: 9, Updated: 2, Refused: 15}}
		if over.State != want.State || over.LastLine != want.LastLine || over.Totals != want.Totals {
			t.Errorf("over as %+v, want %+v", over, want)
		}
		checkDirtyPeople(t, o)
	})
}

// checkDirtyPeople looks at who is there after people-dirty.csv.
func checkDirtyPeople(t *testing.T, o *office) {
	t.Helper()
	page, err := o.accounts.Users(t.Context(), o.admin, accountQuery())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range page.Users {
		pin := "no PIN"
		if u.HasPIN() {
			pin = "PIN"
		}
		got = append(got, strings.Join([]string{u.Username, u.FullName, u.Email, u.Number(cardinal.Primary), u.Number(cardinal.Secondary), pin, u.Source}, "|"))
	}
	want := []string{
		"anna|Anna Kvapilova|anna@example.org|||PIN|import",
		"erik|Erik|erik@example.org|a1b2c3d4|0099887766|PIN|import",
		"gus|Gus|gus@example.org|5235092385||PIN|import",
		"hana|=1+1|hana@example.org|||PIN|import",
		"kim|Kim|kim@example.org|||PIN|import",
		"mona|Mona|mona@example.org|77001122||PIN|import",
		"petr|Petr|petr@example.org|||no PIN|import",
		"rita|Rita|rita@example.org|0012345678||PIN|import",
		"zoë|Zoë|zoe@example.org|||PIN|import",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
	upper, err := cardinal.ParseCardNumber("", "A1B2C3D4")
	if err != nil {
		t.Fatal(err)
	}
	query := accountQuery()
	query.Number = upper
	found, err := o.accounts.Users(t.Context(), o.admin, query)
	if err != nil || len(found.Users) != 1 || found.Users[0].Username != "erik" {
		t.Errorf("the number in the other case finds %v, %v", found.Users, err)
	}
	for _, action := range o.audited(t) {
		if strings.Contains(action, "bob") || strings.Contains(action, "lena") {
			t.Errorf("%q is on record of a refused line", action)
		}
	}
	if !slices.Contains(o.audited(t), "user.updated user anna") {
		t.Error("anna's new name is not on record")
	}
}
