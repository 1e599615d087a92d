package cardinal_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// faults plants one fault for each rule: files by name, and what the rule must
// say. Without the fault, every rule must find nothing.
var faults = []struct {
	rule  string
	name  string
	path  string
	code  string
	finds string // empty: this is allowed
}{
	{"packages import only what stands below them", "root imports a module", "x.go",
		"package cardinal\nimport _ \"golang.org/x/text\"", "only the standard library"},
	{"packages import only what stands below them", "root imports a room", "x.go",
		"package cardinal\nimport _ \"cardinal/internal/policy\"", "only the standard library"},
	{"packages import only what stands below them", "edge imports store", "internal/api/x.go",
		"package api\nimport _ \"cardinal/internal/store\"", "internal/api may not import internal/store"},
	{"packages import only what stands below them", "edge imports edge", "internal/api/x_test.go",
		"package api\nimport _ \"cardinal/internal/web/self\"", "internal/api may not import internal/web/self"},
	{"packages import only what stands below them", "upwards", "internal/policy/x.go",
		"package policy\nimport _ \"cardinal/internal/credential\"", "may not import"},
	{"packages import only what stands below them", "test server outside of tests", "internal/web/x.go",
		"package web\nimport _ \"cardinal/internal/pgtest\"", "may not import"},
	{"packages import only what stands below them", "test server in tests", "internal/store/x_test.go",
		"package store\nimport _ \"cardinal/internal/pgtest\"", ""},
	{"packages import only what stands below them", "no place", "internal/novelty/x.go",
		"package novelty", "no place in the table"},
	{"packages import only what stands below them", "kit", "internal/web/self/x.go",
		"package self\nimport _ \"cardinal/internal/web\"", ""},
	{"packages import only what stands below them", "wiring", "internal/app/x.go",
		"package app\nimport _ \"cardinal/internal/web/people\"", ""},
	{"packages import only what stands below them", "bench", "bench/load/x.go",
		"package main\nimport _ \"cardinal/internal/store\"", ""},
	{"pure packages do no I/O", "random numbers", "internal/policy/x.go",
		"package policy\nimport _ \"crypto/rand\"", "may not import crypto/rand"},
	{"pure packages do no I/O", "third party", "internal/throttle/x.go",
		"package throttle\nimport _ \"golang.org/x/time/rate\"", "may not import golang.org"},
	{"pure packages do no I/O", "not pure", "internal/seal/x.go", "package seal\nimport _ \"crypto/rand\"", ""},
	{"SQL drivers stand in the store", "standard", "internal/audit/x.go",
		"package audit\nimport _ \"database/sql\"", "SQL stands in"},
	{"SQL drivers stand in the store", "driver", "cmd/cardinal/x.go",
		"package main\nimport _ \"github.com/jackc/pgx/v5/stdlib\"", "SQL stands in"},
	{"SQL drivers stand in the store", "store", "internal/store/x.go", "package store\nimport _ \"database/sql\"", ""},
	{"there is one clock", "call", "internal/signin/x.go",
		"package signin\nimport \"time\"\nvar _ = time.Now()", "x.go:3: time.Now"},
	{"there is one clock", "renamed, as a value", "internal/signin/x.go",
		"package signin\nimport t \"time\"\nvar _ = t.Since", "time.Since"},
	{"there is one clock", "root", "x.go", "package cardinal\nimport \"time\"\nvar _ = time.Until", "time.Until"},
	{"there is one clock", "store", "internal/store/x.go", "package store\nimport \"time\"\nvar _ = time.Now()", ""},
	{"there is one clock", "another Now", "internal/signin/x.go",
		"package signin\nvar time struct{ Now int }\nvar _ = time.Now", ""},
	{"names of packages say something", "package", "internal/web/x.go", "package utils", "package utils"},
	{"names of packages say something", "folder", "internal/helpers/x.go", "package web", "name it after"},
	{"nothing runs before main", "init", "internal/web/x.go", "package web\nfunc init() {}", "func init"},
	{"nothing runs before main", "method", "internal/web/x.go", "package web\ntype t int\nfunc (t) init() {}", ""},
	{"no state outside of values", "assigned", "x.go", "package cardinal\nvar n int\nfunc f() { n = 1 }", "n is written"},
	{"no state outside of values", "counted", "x.go", "package cardinal\nvar n int\nfunc f() { n++ }", "n is written"},
	{"no state outside of values", "element", "x.go",
		"package cardinal\nvar m = map[int]struct{a [1]int}{}\nfunc f() { m[1].a[0] = 1 }", "m is written"},
	{"no state outside of values", "deleted", "x.go",
		"package cardinal\nvar m = map[int]int{}\nfunc f() { delete(m, 1) }", "m is written"},
	{"no state outside of values", "address", "x.go", "package cardinal\nvar n int\nfunc f() *int { return &n }", "n is written"},
	{"no state outside of values", "exported slice", "x.go", "package cardinal\nvar S = []int{1}", "make it a function"},
	{"no state outside of values", "exported type", "x.go",
		"package cardinal\ntype table map[int]int\nvar S = table{}", "make it a function"},
	{"no state outside of values", "lock", "x.go", "package cardinal\nimport \"sync\"\nvar mu sync.Mutex", "may hold state"},
	{"no state outside of values", "unknown", "x.go", "package cardinal\nimport \"net\"\nvar c = net.Dial(\"\", \"\")", "may hold state"},
	{"no state outside of values", "made", "x.go", "package cardinal\nvar m = make(map[int]int)", "may hold state"},
	{"no state outside of values", "table", "x.go",
		"package cardinal\nvar m = map[int]int{1: 2}\nfunc f() int { m := m[1]; return m }", ""},
	{"no state outside of values", "error", "x.go", "package cardinal\nimport \"errors\"\nvar ErrX = errors.New(\"x\")", ""},
	{"functions are short", "81 lines", "x.go", "package cardinal\nfunc f() {" + strings.Repeat("\n", 80) + "}", "81 lines"},
	{"functions are short", "80 lines", "x.go", "package cardinal\nfunc f() {" + strings.Repeat("\n", 79) + "}", ""},
	{"functions are short", "test", "x_test.go", "package cardinal\nfunc f() {" + strings.Repeat("\n", 80) + "}", ""},
	{"functions are short", "generated", "x.go",
		"// Code generated by hand. DO NOT EDIT.\n\npackage cardinal\nfunc f() {" + strings.Repeat("\n", 80) + "}", ""},
	{"functions are simple", "16 paths", "x.go", "package cardinal\nfunc f(b bool, c chan int) {" +
		strings.Repeat("\nif b && b || b { }", 3) + "\nfor b { }\nfor range 3 { }" +
		"\nswitch { case b: ; case b: ; default: }\nselect { case <-c: ; default: }\nfunc() { if b {} }() }", "complexity 16"},
	{"functions are simple", "15 paths", "x.go", "package cardinal\nfunc f(b bool) {" + strings.Repeat("\nif b { }", 14) + "}", ""},
	{"functions take few parameters", "six", "x.go", "package cardinal\nfunc f(a, b, c int, _ string, int, e int) {}", "6 parameters"},
	{"functions take few parameters", "five and ctx", "x.go",
		"package cardinal\nimport \"context\"\ntype t int\nfunc (t) f(ctx context.Context, a, b, c, d, e int) {}", ""},
	{"interfaces are small", "six", "x.go", "package cardinal\ntype i interface { a(); b(); c(); d(); e(); f() }", "6 methods"},
	{"interfaces are small", "embedded", "x.go",
		"package cardinal\ntype i interface { a(); b(); c(); d() }\ntype j interface { i; k(); l() }", "6 methods"},
	{"interfaces are small", "five", "x.go", "package cardinal\ntype i interface { a(); b(); c(); d(); error }", ""},
	{"files are short", "601 lines", "x.go", "package cardinal\n" + strings.Repeat("\n", 600), "601 lines"},
	{"files are short", "600 lines", "x.go", "package cardinal\n" + strings.Repeat("\n", 599), ""},
	{"packages are described", "none", "internal/web/x.go", "package web", "does not say"},
	{"packages are described", "one of two", "y.go", "package cardinal", ""},
	{"exported names are described", "function", "x.go", "package cardinal\nfunc F() {}", "F is exported"},
	{"exported names are described", "method", "x.go", "package cardinal\n// T is.\ntype T[P any] int\nfunc (*T[P]) M() {}", "M is exported"},
	{"exported names are described", "type", "x.go", "package cardinal\ntype T int", "T is exported"},
	{"exported names are described", "constant", "x.go", "package cardinal\nconst (\nC = 1\n)", "C is exported"},
	{"exported names are described", "hidden", "x.go", "package cardinal\ntype t int\nfunc (t) M() {}\n// A group.\nconst (\nC = 1\n)", ""},
	{"no word about where it was made", "directory", "docs/x.md", "see /wo" + "rk/shared", "x.md:1:"},
	{"no word about where it was made", "registry", "Makefile", "a:\n\tGO" + "PROXY=off make", "Makefile:2:"},
	{"no word about where it was made", "number", "x.go", "package cardinal // fixes iss" + "ue 12", "x.go:1:"},
	{"no word about where it was made", "part of a path", "x.md", "/api/network/homework/ and ./work/", ""},
	{"no loose ends", "comment", "x.go", "package cardinal // TO" + "DO: later", "x.go:1:"},
	{"no loose ends", "word in a name", "x.go", "package cardinal\n\nconst aTODOx = 1", ""},
}

func TestHouseRulesFindFaults(t *testing.T) {
	found := map[string]bool{}
	for _, f := range faults {
		t.Run(f.rule+"/"+f.name, func(t *testing.T) {
			tree := fstest.MapFS{"doc.go": {Data: []byte("// Package cardinal is the vocabulary.\npackage cardinal\n")}}
			tree[f.path] = &fstest.MapFile{Data: []byte(f.code)}
			h, err := readHouse(tree)
			if err != nil {
				t.Fatal(err)
			}
			got := rules[f.rule](h)
			if f.finds == "" && len(got) != 0 {
				t.Errorf("found %q, want nothing", got)
			}
			if f.finds != "" && (len(got) != 1 || !strings.Contains(got[0], f.finds)) {
				t.Errorf("found %q, want one with %q", got, f.finds)
			}
		})
		found[f.rule] = found[f.rule] || f.finds != ""
	}
	for rule := range rules {
		if !found[rule] {
			t.Errorf("no fault is planted for %q", rule)
		}
	}
}

// TestTableOfArrows keeps the table free of arrows that lead nowhere or back.
func TestTableOfArrows(t *testing.T) {
	for _, wrong := range wrongArrows(arrows) {
		t.Error(wrong)
	}
	for name, table := range map[string]map[string][]string{
		"nowhere": {"a": {"b"}},
		"round":   {"a": {"b"}, "b": {"c"}, "c": {"a"}},
	} {
		if wrongArrows(table) == nil {
			t.Errorf("nothing is found in a table whose arrows lead %s", name)
		}
	}
}

func wrongArrows(table map[string][]string) (found []string) {
	for from, allowed := range table {
		for _, to := range allowed {
			if _, listed := table[to]; !listed && to != "internal/..." {
				found = append(found, fmt.Sprintf("%s may import %s, which has no place itself", from, to))
			}
		}
		if way := wayBack(table, from, nil); way != nil {
			found = append(found, fmt.Sprint("the arrows go round: ", way))
		}
	}
	return found
}

// wayBack follows the arrows and returns a way that comes back, or nil.
func wayBack(table map[string][]string, from string, way []string) []string {
	if slices.Contains(way, from) {
		return append(way, from)
	}
	for _, to := range table[from] {
		if back := wayBack(table, to, append(slices.Clone(way), from)); back != nil {
			return back
		}
	}
	return nil
}
