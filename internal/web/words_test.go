package web

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"cardinal"
)

// usage is what this folder and those below it ask of the catalogue.
type usage struct {
	keys     map[string]string // key → where
	prefixes map[string]string // of texts that are asked for by a code
}

var (
	templateKey    = regexp.MustCompile(`[({\s]t "([^"]*)"`)
	templatePrefix = regexp.MustCompile(`[({\s]tcode "([^"]*)"`)
)

func findUsage(t *testing.T) usage {
	t.Helper()
	u := usage{keys: map[string]string{}, prefixes: map[string]string{}}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "testdata":
			return fs.SkipDir
		case strings.HasSuffix(path, ".html"):
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, m := range templateKey.FindAllSubmatch(text, -1) {
				u.keys[string(m[1])] = path
			}
			for _, m := range templatePrefix.FindAllSubmatch(text, -1) {
				u.prefixes[string(m[1])] = path
			}
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			u.addGo(t, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (u usage) addGo(t *testing.T, path string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		into := map[string]map[string]string{"T": u.keys, "Code": u.prefixes, "code": u.prefixes}[method.Sel.Name]
		if into == nil {
			return true
		}
		literal, ok := call.Args[0].(*ast.BasicLit)
		if !ok {
			if path != "words.go" {
				t.Errorf("%s: a text is asked for by something other than a literal", path)
			}
			return true
		}
		if key, err := strconv.Unquote(literal.Value); err == nil {
			into[key] = path
		}
		return true
	})
}

func TestEveryTextExistsAndIsUsed(t *testing.T) {
	t.Parallel()
	catalogue, err := newCatalogue(localeFiles())
	if err != nil {
		t.Fatal(err)
	}
	known := catalogue.words["en"].keys
	used := findUsage(t)
	if len(used.keys) < 20 || len(used.prefixes) < 2 {
		t.Fatalf("only %d keys and %d prefixes were found", len(used.keys), len(used.prefixes))
	}
	for key, where := range used.keys {
		if !known[key] {
			t.Errorf("%s asks for %q, which is not in the catalogue", where, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(known)) {
		prefix, _, _ := strings.Cut(key, ".")
		if used.keys[key] == "" && used.prefixes[prefix] == "" {
			t.Errorf("nobody asks for the text %q", key)
		}
	}
}

// TestEveryFaultHasItsTexts covers what the walk above cannot see: texts that
// are asked for by a code.
func TestEveryFaultHasItsTexts(t *testing.T) {
	t.Parallel()
	catalogue, err := newCatalogue(localeFiles())
	if err != nil {
		t.Fatal(err)
	}
	known := catalogue.words["en"].keys
	want := map[string]bool{"fault.home": true, "fault.start": true, "fault.request-id": true, "fault.back": true}
	faults := []string{"method-not-allowed", repeated().key}
	for _, code := range []cardinal.Code{
		cardinal.CodeMalformed, cardinal.CodeInvalid, cardinal.CodePolicyViolation, cardinal.CodeUnauthenticated,
		cardinal.CodeSignInFailed, cardinal.CodeForbidden, cardinal.CodeNotFound, cardinal.CodeConflict, cardinal.CodeStale,
		cardinal.CodeTooLarge, cardinal.CodeRateLimited, cardinal.CodeStorageFull, cardinal.CodeUnavailable, cardinal.CodeInternal,
	} {
		faults = append(faults, faultOf(code).key)
	}
	for _, key := range faults {
		want["fault."+key+".title"], want["fault."+key+".text"] = true, true
	}
	for _, theme := range Themes() {
		want["theme."+string(theme)] = true
	}
	for key := range want {
		if !known[key] {
			t.Errorf("the text %q is missing", key)
		}
	}
	for key := range known {
		prefix, _, _ := strings.Cut(key, ".")
		if slices.Contains([]string{"fault", "theme"}, prefix) && !want[key] {
			t.Errorf("nobody asks for the text %q", key)
		}
	}
}

func TestCatalogueIsRefused(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]fstest.MapFS{
		"no English":      {"a.de.json": {Data: []byte(`{"a": "b"}`)}},
		"broken":          {"a.en.json": {Data: []byte(`{"a": `)}},
		"a key twice":     {"a.en.json": {Data: []byte(`{"a": "b"}`)}, "b.en.json": {Data: []byte(`{"a": "c"}`)}},
		"no file":         {},
		"broken template": {"a.en.json": {Data: []byte(`{"a": {"other": 7}}`)}},
	} {
		if _, err := newCatalogue(files); err == nil {
			t.Errorf("%s: the catalogue was taken", name)
		}
	}
}

// twoLanguages has a text with a plural, one that German lacks, and one for a
// code that English leaves to the use case's own sentence.
func twoLanguages(t *testing.T) *Catalogue {
	t.Helper()
	english, err := json.Marshal(map[string]any{
		"users":  map[string]string{"one": "{{.Count}} user at {{.Place}}", "other": "{{.Count}} users at {{.Place}}"},
		"only":   "English only",
		"plain":  "Plain",
		"kind.a": "A",
	})
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := newCatalogue(fstest.MapFS{
		"kit.en.json": {Data: english},
		"kit.de.json": {Data: []byte(`{"users": {"one": "{{.Count}} Person", "other": "{{.Count}} Personen"}, "plain": "Schlicht", "violation.too_short": "Zu kurz."}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return catalogue
}

func TestWords(t *testing.T) {
	t.Parallel()
	catalogue := twoLanguages(t)
	en, de := catalogue.words["en"], catalogue.words["de"]
	for got, want := range map[string]string{
		en.T("users", "Count", 1, "Place", "<b>Acme"):    "1 user at <b>Acme",
		en.T("users", "Count", 1204, "Place", "Acme"):    "1,204 users at Acme",
		de.T("users", "Count", 1204):                     "1.204 Personen",
		de.T("only"):                                     "English only",
		de.T("plain"):                                    "Schlicht",
		en.T("no.such.key"):                              "no.such.key",
		en.Code("violation", "too_short", "6 at least."): "6 at least.",
		de.Code("violation", "too_short", "6 at least."): "Zu kurz.",
		de.Code("kind", "a", ""):                         "A",
		en.templateCode("kind", "not-known"):             "not known",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if _, err := en.templateText("no.such.key"); err == nil {
		t.Error("a template may ask for a text that does not exist")
	}
	if got, err := de.templateText("only"); got != "English only" || err != nil {
		t.Errorf("a text that German lacks: %q, %v", got, err)
	}
}

func TestLanguageIsChosen(t *testing.T) {
	t.Parallel()
	catalogue := twoLanguages(t)
	for _, c := range []struct{ chosen, cookie, accept, customer, want string }{
		{"", "", "", "", "en"},
		{"", "", "de-AT,de;q=0.9,en;q=0.8", "", "de"},
		{"", "", "fr, de;q=0.5", "", "de"},
		{"", "", "fr", "", "en"},
		{"", "", "fr", "de", "de"},
		{"", "", "en", "de", "en"},
		{"", "", "not a header", "de", "de"},
		{"en", "", "de", "de", "en"},
		{"de", "", "en", "en", "de"},
		{"de", "en", "en", "en", "de"},
		{"", "de", "en", "en", "de"},
		{"xx", "yy", "de", "", "de"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Language", c.accept)
		if c.cookie != "" {
			r.Header.Set("Cookie", languageCookie+"="+c.cookie)
		}
		if got := catalogue.choose(r, Session{Language: c.chosen, OrganisationLanguage: c.customer}).Language(); got != c.want {
			t.Errorf("person %q, cookie %q, browser %q, customer %q: %s, want %s", c.chosen, c.cookie, c.accept, c.customer, got, c.want)
		}
	}
}
