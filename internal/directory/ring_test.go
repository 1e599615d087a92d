package directory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cardinal"
	"cardinal/internal/directory"
	"cardinal/internal/directory/people"
)

// results writes what became of lines, as in "2:created 3:refused".
func results(lines []people.LineResult) string {
	texts := make([]string, len(lines))
	for i, l := range lines {
		texts[i] = fmt.Sprintf("%d:%s", l.Line, l.Result)
	}
	return strings.Join(texts, " ")
}

const numbersHeader = "username,primary card number,secondary card number\n"

// rings are files for a customer where a to f have the primary numbers A1 to F6
// and a also has the secondary number A2.
var rings = []struct {
	name    string
	file    string
	results string
	numbers string // afterwards
}{
	{"two exchange", "a,B2,\nb,A1,\n", "2:updated 3:updated", "a=B2/A2 b=A1/ c=C3/ d=D4/"},
	{"two exchange, one of them across slots", "a,,B2\nb,A2,\n", "2:updated 3:updated", "a=A1/B2 b=A2/ c=C3/ d=D4/"},
	{"two exchange, others between them", "a,B2,\nnew,N1,\nc,C3,\nb,A1,\n", "2:updated 3:created 4:unchanged 5:updated", "a=B2/A2 b=A1/ c=C3/ d=D4/"},
	{"three in a ring", "a,B2,\nb,C3,\nc,A1,\n", "2:updated 3:updated 4:updated", "a=B2/A2 b=C3/ c=A1/ d=D4/"},
	{"three in a ring, the other way", "a,C3,\nb,A1,\nc,B2,\n", "2:updated 3:updated 4:updated", "a=C3/A2 b=A1/ c=B2/ d=D4/"},
	{"two rings that share a user", "b,A1,\nc,A2,\na,B2,C3\n", "2:updated 3:updated 4:updated", "a=B2/C3 b=A1/ c=A2/ d=D4/"},
	{"a user's own two numbers", "a,A2,A1\n", "2:updated", "a=A2/A1 b=B2/ c=C3/ d=D4/"},
	{"a chain is no ring", "a,B2,\nb,Z9,\n", "2:refused 3:updated", "a=A1/A2 b=Z9/ c=C3/ d=D4/"},
	{"a chain in the right order is none either", "b,Z9,\na,B2,\n", "2:updated 3:updated", "a=B2/A2 b=Z9/ c=C3/ d=D4/"},
	{"a ring whose last line is missing", "a,B2,\nb,C3,\n", "2:refused 3:refused", "a=A1/A2 b=B2/ c=C3/ d=D4/"},
	{"a ring whose last line is refused", "a,B2,\nb,A1,4.2E+12\n", "2:refused 3:refused", "a=A1/A2 b=B2/ c=C3/ d=D4/"},
	{"a line that waits for a number to be free, and a ring that would need it", "a,B2,\nb,Z9,\nc,A1,\n", "2:refused 3:updated 4:refused", "a=A1/A2 b=Z9/ c=C3/ d=D4/"},
	{"a line that depends on a ring but is not in it", "d,B2,\na,B2,\nb,A1,\n", "2:refused 3:updated 4:updated", "a=B2/A2 b=A1/ c=C3/ d=D4/"},
	{"a second line of the same user's takes the place of the first", "a,C3,\na,B2,\nb,A1,\nc,A1,\n", "2:refused 3:updated 4:updated 5:refused", "a=B2/A2 b=A1/ c=C3/ d=D4/"},
	{"the number asked for is in a slot that stays", "b,A2,\na,B2,\n", "2:refused 3:refused", "a=A1/A2 b=B2/ c=C3/ d=D4/"},
	{"one that has nothing to give", "none,A1,\na,B2,\nb,A1,\n", "2:refused 3:updated 4:updated", "a=B2/A2 b=A1/ c=C3/ d=D4/"},
	{"a ring that needs a third to clear", "a,(clear),B2\nb,A1,\n", "2:updated 3:updated", "a=/B2 b=A1/ c=C3/ d=D4/"},
	{"a ring of which a number has moved meanwhile", "a,B2,\nb,C3,\nb,Z9,\nc,A1,\n", "2:refused 3:refused 4:updated 5:refused", "a=A1/A2 b=Z9/ c=C3/ d=D4/"},
	{"the same number twice in a file", "x,N1,\ny,N1,\nx,N1,\n", "2:created 3:refused 4:unchanged", "a=A1/A2 b=B2/ c=C3/ d=D4/"},
}

func (o *office) numbers(t *testing.T, usernames ...string) string {
	t.Helper()
	texts := make([]string, len(usernames))
	for i, username := range usernames {
		u := o.user(t, username)
		texts[i] = username + "=" + u.Number(cardinal.Primary) + "/" + u.Number(cardinal.Secondary)
	}
	return strings.Join(texts, " ")
}

func TestRings(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		const before = "a,A1,A2\nb,B2,(clear)\nc,C3,(clear)\nd,D4,(clear)\nnone,(clear),(clear)\n"
		for _, ring := range rings {
			t.Run(ring.name, func(t *testing.T) {
				// Whoever has a number of another scene gives it up first.
				o.run(t, "username,primary card number,secondary card number\na,(clear),(clear)\nb,(clear),(clear)\nc,(clear),(clear)\nd,(clear),(clear)\nnew,(clear),\nx,(clear),\n", directory.Options{})
				_, lines := o.run(t, numbersHeader+before, directory.Options{})
				if strings.Contains(results(lines), "refused") {
					t.Fatalf("the scene cannot be set: %s", results(lines))
				}
				for _, username := range []string{"new", "x", "y"} {
					if err := o.accounts.DeleteUser(t.Context(), o.admin, username, 0); err != nil && cardinal.CodeOf(err) != cardinal.CodeNotFound {
						t.Fatal(err)
					}
				}
				_, rehearsed := o.run(t, numbersHeader+ring.file, directory.Options{DryRun: true})
				if got := o.numbers(t, "a", "b", "c", "d"); got != "a=A1/A2 b=B2/ c=C3/ d=D4/" {
					t.Fatalf("the dry run left %s", got)
				}
				_, lines = o.run(t, numbersHeader+ring.file, directory.Options{})
				if got := results(lines); got != ring.results {
					t.Errorf("results %s, want %s", got, ring.results)
				}
				if got := o.numbers(t, "a", "b", "c", "d"); got != ring.numbers {
					t.Errorf("afterwards %s, want %s", got, ring.numbers)
				}
				if diff := cmp.Diff(rehearsed, lines); diff != "" {
					t.Errorf("the dry run said something else (-dry +run):\n%s", diff)
				}
			})
		}
	})
}

// TestRingOverBatches has a ring of 400 users whose lines fill more than one
// batch, with lines of a broken chain and of nobody special between them.
func TestRingOverBatches(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		const size = 400
		var before, file strings.Builder
		before.WriteString("username,primary card number\n")
		file.WriteString("username,primary card number\n")
		for i := range size {
			fmt.Fprintf(&before, "user%d,%d\nlone%d,8%05d\n", i, 100000+i, i, i)
			fmt.Fprintf(&file, "user%d,%d\nfresh%d,7%05d\nlone%d,8%05d\n", i, 100000+(i+1)%size, i, i, i, i+1)
		}
		o.run(t, before.String(), directory.Options{})
		_, rehearsed := o.run(t, file.String(), directory.Options{DryRun: true})
		report := o.background(t, file.String(), directory.Options{})
		// The last lone user's number is free, the others' are somebody's.
		want := people.Totals{Created: size, Updated: size + 1, Refused: size - 1}
		if report.Totals != want || report.State != string(directory.Done) {
			t.Errorf("%s %+v, want %+v", report.State, report.Totals, want)
		}
		if diff := cmp.Diff(rehearsed, report.Lines); diff != "" {
			t.Errorf("the report, read by pages, is not in the order of the file or not what the dry run said:\n%s", diff)
		}
		for i := range 3 * size {
			if report.Lines[i].Line != i+2 {
				t.Fatalf("result %d is of line %d", i, report.Lines[i].Line)
			}
		}
		if got := o.user(t, "user399").Number(cardinal.Primary); got != "100000" {
			t.Errorf("the last of the ring has %s", got)
		}
	})
}
