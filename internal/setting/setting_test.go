package setting

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"cardinal"
)

func TestEveryDefaultIsOfItsSettingsType(t *testing.T) {
	for _, d := range All() {
		if _, err := d.Check(d.Default); err != nil {
			t.Errorf("%s: default %s: %v", d.Key, d.Default, err)
		}
		if d.Label == "" || d.Meaning == "" || d.Page == "" {
			t.Errorf("%s lacks label, meaning or page", d.Key)
		}
	}
}

// TestAllNamesEveryDeclaration reads the registry's source, so that a setting
// that is declared but not listed is found.
func TestAllNamesEveryDeclaration(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "registry.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var declared, listed []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			if len(n.Values) == 0 {
				return true
			}
			if call, ok := n.Values[0].(*ast.CallExpr); ok {
				declared = append(declared, call.Args[0].(*ast.BasicLit).Value)
			}
		case *ast.FuncDecl:
			return false
		}
		return true
	})
	for _, d := range All() {
		listed = append(listed, `"`+d.Key+`"`)
	}
	slices.Sort(declared)
	slices.Sort(listed)
	if !slices.Equal(declared, listed) {
		t.Errorf("declared %v\nlisted   %v", declared, listed)
	}
	if unique := slices.Compact(slices.Clone(listed)); len(unique) != len(listed) {
		t.Error("a key is declared twice")
	}
}

func TestCheck(t *testing.T) {
	cases := []struct {
		key, raw, want string // want empty: refused
	}{
		{"pin.min-length", "6", "6"},
		{"pin.min-length", "3", ""},
		{"pin.min-length", "65", ""},
		{"pin.min-length", "6.5", ""},
		{"pin.min-length", `"6"`, ""},
		{"pin.min-length", "null", ""},
		{"pin.min-length", "6 7", ""},
		{"pin.disallow-sequential", "false", "false"},
		{"pin.disallow-sequential", "0", ""},
		{"pin.characters", `"digits"`, `"digits"`},
		{"pin.characters", `"letters"`, ""},
		{"signin.methods", `["pin","card"]`, `["pin","card"]`},
		{"signin.methods", `[]`, ""},
		{"signin.methods", `["card","card"]`, ""},
		{"signin.methods", `["face"]`, ""},
		{"signin.user.limits", `[{"wrong":3,"lockSeconds":10}]`, `[{"wrong":3,"lockSeconds":10}]`},
		{"signin.user.limits", `[{"wrong":3,"lockSeconds":0},{"wrong":4,"lockSeconds":0}]`, ""},
		{"signin.user.limits", `[{"wrong":4,"lockSeconds":1},{"wrong":4,"lockSeconds":0}]`, ""},
		{"signin.user.limits", `[{"wrong":4,"lockSeconds":1,"extra":1}]`, ""},
		{"customer.name", `"Acme corporation"`, `"Acme corporation"`},
		{"customer.name", `""`, ""},
		{"customer.name", `"two\nlines"`, ""},
		{"customer.time-zone", `"Europe/Prague"`, `"Europe/Prague"`},
		{"customer.time-zone", `"Mars/Base"`, ""},
		{"customer.language", `"cs"`, `"cs"`},
		{"customer.language", `"Czech"`, ""},
		{"card-number.conversion", `"hex-to-decimal"`, `"hex-to-decimal"`},
		{"card-number.conversion", `"guess"`, ""},
		{"user.can-change-card-id.num-times-per-day", "-1", "-1"},
		{"user.can-change-card-id.num-times-per-day", "-2", ""},
		{"user.can-change-card-id.num-times-per-day", "0", "0"},
		{"signin.device.wrong-budget", "-1", "-1"},
		{"signin.device.wrong-budget", "0", ""},
		{"api.rate-per-second", "0", ""},
		{"api.rate-per-second", "1", "1"},
		{"customer.name", `"  "`, ""},
	}
	for _, c := range cases {
		d, err := Find(c.key)
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Check(c.raw)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s = %s: got %q, %v; want %q", c.key, c.raw, got, err, c.want)
		}
		if err != nil && (cardinal.CodeOf(err) != cardinal.CodeInvalid || cardinal.ViolationsOf(err)[0].Field != c.key) {
			t.Errorf("%s: error %v does not name the setting", c.key, err)
		}
	}
}

func TestWithTellsAllViolationsAndChangesNothing(t *testing.T) {
	six, bad, long := "6", "true", "20"
	values, err := Values{}.With(map[string]*string{"pin.min-length": &six})
	if err != nil || PINMinLength.In(values) != 6 {
		t.Fatalf("got %d, %v", PINMinLength.In(values), err)
	}
	_, err = values.With(map[string]*string{"pin.min-length": &bad, "pin.history": &bad})
	if got := len(cardinal.ViolationsOf(err)); got != 2 {
		t.Errorf("got %d violations, want 2: %v", got, err)
	}
	if _, err = values.With(map[string]*string{"pin.min-length": &long}); !strings.Contains(err.Error(), "below the minimal") {
		t.Errorf("a minimum above the maximum: %v", err)
	}
	if PINMinLength.In(values) != 6 {
		t.Error("With changed the values it was called on")
	}
	back, err := values.With(map[string]*string{"pin.min-length": nil})
	if _, modified := back.Raw(PINMinLength.Definition); err != nil || modified || PINMinLength.In(back) != 4 {
		t.Errorf("reset: %d, %v", PINMinLength.In(back), err)
	}
}

func TestLoadFallsBackToDefaults(t *testing.T) {
	values := Load(map[string]string{"pin.min-length": "2", "pin.max-length": "12", "gone.setting": "1"})
	if PINMinLength.In(values) != 4 || PINMaxLength.In(values) != 12 {
		t.Errorf("got %d–%d", PINMinLength.In(values), PINMaxLength.In(values))
	}
}
