package web

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/text/language"

	"cardinal"
	"cardinal/internal/setting"
)

var update = flag.Bool("update", false, "write locale/sentences.en.json anew from the program's text")

// formatAt is which argument of a function of the vocabulary is the format of
// a sentence.
var formatAt = map[string]int{"Errorf": 1, "Invalid": 1, "Violated": 2, "Say": 0}

// unread are the folders whose sentences stand on no page: they are for the
// console, for programs or for tests.
var unread = []string{"cmd", "bench", "bin", "docs", "e2e", "scripts", "tools", "internal/api", "internal/app", "internal/apptest", "internal/browsertest",
	"internal/demo", "internal/idempotency", "internal/pgtest", "internal/seal", "internal/storetest", "internal/policy/commongen"}

// collector gathers the sentences of files.
type collector struct {
	found     map[string]string // format → where
	offences  []string
	file      string
	isRoot    bool
	constants map[string]string
}

// programSentences are all English formats that pages may have to say.
func programSentences(t *testing.T) map[string]string {
	t.Helper()
	const root = "../.."
	c := &collector{found: map[string]string{}}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (slices.Contains(unread, filepath.ToSlash(name)) || entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".") && name != "."):
			return fs.SkipDir
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			c.read(t, path, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range setting.All() {
		c.found[d.Label], c.found[d.Meaning] = "setting "+d.Key, "setting "+d.Key
	}
	for _, offence := range c.offences {
		t.Error(offence)
	}
	if len(c.found) < 100 {
		t.Fatalf("only %d sentences were found", len(c.found))
	}
	return c.found
}

func (c *collector) read(t *testing.T, path, name string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	c.file, c.isRoot, c.constants = name, file.Name.Name == "cardinal", map[string]string{}
	for _, declaration := range file.Decls {
		if constants, ok := declaration.(*ast.GenDecl); ok && constants.Tok == token.CONST {
			for _, spec := range constants.Specs {
				values := spec.(*ast.ValueSpec)
				for i, value := range values.Values {
					if text, ok := c.text(value); ok {
						c.constants[values.Names[i].Name] = text
					}
				}
			}
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.CallExpr:
			c.call(n)
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && (key.Name == "Message" || key.Name == "Detail") {
				c.maybe(n.Value)
			}
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if field, ok := left.(*ast.SelectorExpr); ok && i < len(n.Rhs) && (field.Sel.Name == "Message" || field.Sel.Name == "Detail") {
					c.maybe(n.Rhs[i])
				}
			}
		}
		return true
	})
}

func (c *collector) call(call *ast.CallExpr) {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		if of, ok := f.X.(*ast.Ident); ok && of.Name == "cardinal" {
			name = f.Sel.Name
		}
	case *ast.Ident:
		if c.isRoot {
			name = f.Name
		}
	}
	at, ok := formatAt[name]
	if !ok || len(call.Args) <= at {
		return
	}
	text, ok := c.text(call.Args[at])
	if passedOn, is := call.Args[at].(*ast.Ident); !ok && (!c.isRoot || !is || passedOn.Name != "format") {
		c.offences = append(c.offences, c.file+": cardinal."+name+" is given a sentence that is not written out there; use cardinal.Say, and \"%s\" to pass it on")
		return
	}
	c.add(text)
}

func (c *collector) maybe(value ast.Expr) {
	if text, ok := c.text(value); ok {
		c.add(text)
	}
}

func (c *collector) add(text string) {
	if strings.ContainsFunc(verb.ReplaceAllString(text, ""), isLetter) {
		c.found[text] = c.file
	}
	if strings.Contains(verb.ReplaceAllString(text, ""), "%") {
		c.offences = append(c.offences, c.file+": a sentence has a per cent sign or a verb with a width: "+text)
	}
}

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }

// text returns the value of a literal, of literals that are added, and of a
// constant of the file.
func (c *collector) text(value ast.Expr) (string, bool) {
	switch v := value.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(v.Value)
		return text, err == nil && v.Kind == token.STRING
	case *ast.BinaryExpr:
		left, ok := c.text(v.X)
		right, also := c.text(v.Y)
		return left + right, ok && also && v.Op == token.ADD
	case *ast.Ident:
		text, ok := c.constants[v.Name]
		return text, ok
	}
	return "", false
}

// TestSentencesAreListed keeps the list for translators whole.
func TestSentencesAreListed(t *testing.T) {
	t.Parallel()
	found := programSentences(t)
	const name = sentencePrefix + sourceLanguage + ".json"
	if *update {
		writeSentences(t, filepath.Join("locale", name), slices.Sorted(maps.Keys(found)))
		return
	}
	listed, err := readSentences(localeFiles(), name)
	if err != nil {
		t.Fatal(err)
	}
	if len(languagesIn(t, localeFiles())) == 0 {
		t.Skip("nobody translates it yet")
	}
	const remedy = "run: go test ./internal/web -run TestSentencesAreListed -update"
	for format, where := range found {
		if _, ok := listed[format]; !ok {
			t.Errorf("%s says %q, which is not in locale/%s; %s", where, format, name, remedy)
		}
	}
	for format := range listed {
		if found[format] == "" {
			t.Errorf("nobody says %q any more, which is in locale/%s; %s", format, name, remedy)
		}
	}
}

func writeSentences(t *testing.T, path string, formats []string) {
	t.Helper()
	texts := map[string]string{}
	for _, format := range formats {
		texts[format] = format
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(texts); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func germanSentences(t *testing.T, sentences string) *Words {
	t.Helper()
	catalogue, err := newCatalogue(fstest.MapFS{
		"kit.en.json":       {Data: []byte(`{"a": "b"}`)},
		"kit.de.json":       {Data: []byte(`{"a": "c"}`)},
		"sentences.de.json": {Data: []byte(sentences)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return catalogue.words["de"]
}

func TestSentencesAreTranslated(t *testing.T) {
	t.Parallel()
	words := germanSentences(t, `{
		"There is no such page.": "Diese Seite gibt es nicht.",
		"At least %d characters": {"one": "Mindestens %[1]v Zeichen", "other": "Mindestens %[1]v Zeichen lang"},
		"%s takes %s.": "%[1]v: Erlaubt ist %[2]v.",
		"a whole number from %d to %d": "eine ganze Zahl von %[1]v bis %[2]v",
		"Columns %d and %d both have the name %q. Remove one of them.": "Zwei Spalten heißen „%[3]v“: %[1]v und %[2]v. Entfernen Sie eine."
	}`)
	said := cardinal.Invalid("pin.min-length", "%s takes %s.", "pin.min-length", cardinal.Say("a whole number from %d to %d", 4, 87600))
	columns := cardinal.Violated(cardinal.ViolationInvalid, "x", "Columns %d and %d both have the name %q. Remove one of them.", 1, 3, "username")
	for _, c := range []struct{ got, want string }{
		{words.Sentence(cardinal.Errorf(cardinal.CodeNotFound, "There is no such page.").Sentence()), "Diese Seite gibt es nicht."},
		{words.Sentence((&cardinal.Error{Detail: "There is no such page."}).Sentence()), "Diese Seite gibt es nicht."},
		{words.Sentence(said.Sentence()), "pin.min-length: Erlaubt ist eine ganze Zahl von 4 bis 87.600."},
		{words.Sentence(said.Violations[0].Sentence()), "pin.min-length: Erlaubt ist eine ganze Zahl von 4 bis 87.600."},
		{words.Sentence(cardinal.Say("At least %d characters", 1)), "Mindestens 1 Zeichen"},
		{words.Sentence(cardinal.Say("At least %d characters", 6)), "Mindestens 6 Zeichen lang"},
		{words.Sentence(cardinal.Say("%s", cardinal.Say("There is no such page."))), "Diese Seite gibt es nicht."},
		{words.Sentence(cardinal.Say("%s %s", cardinal.Say("There is no such page."), cardinal.Say("At least %d characters", 6))), "Diese Seite gibt es nicht. Mindestens 6 Zeichen lang"},
		{words.Sentence(columns.Sentence()), "Zwei Spalten heißen „username“: 1 und 3. Entfernen Sie eine."},
		{words.Say(columns.Message), "Zwei Spalten heißen „username“: 1 und 3. Entfernen Sie eine."},
		{words.Say("At least 6 characters"), "Mindestens 6 Zeichen lang"},
		{words.Say(said.Detail), "pin.min-length: Erlaubt ist eine ganze Zahl von 4 bis 87.600."},
		{words.Sentence(cardinal.Say("%d lines are new.", 7)), "7 lines are new."},
		{words.Say("Nobody translated this."), "Nobody translated this."},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	if _, err := newSentences(fstest.MapFS{"sentences.de.json": {Data: []byte(`{"a": 7}`)}}, language.German); err == nil {
		t.Error("a number was taken for a sentence")
	}
}

// placeholder is a value's place in a translated sentence.
var placeholder = regexp.MustCompile(`%\[(\d+)\]v`)

// sentenceFaults are what is wrong with the sentences of a language.
func sentenceFaults(english, other map[string]translated, forms []string) []string {
	var faults []string
	for _, format := range slices.Sorted(maps.Keys(english)) {
		translation, ok := other[format]
		switch {
		case !ok:
			faults = append(faults, "the sentence is missing: "+strconv.Quote(format))
		case translation.forms == nil:
			faults = append(faults, placesFaults(format, translation.text)...)
		default:
			if got := slices.Sorted(maps.Keys(translation.forms)); !slices.Equal(got, forms) {
				faults = append(faults, "sentence "+strconv.Quote(format)+" has the plural forms "+strings.Join(got, ", ")+"; the language has "+strings.Join(forms, ", "))
			}
			for _, text := range translation.forms {
				faults = append(faults, placesFaults(format, text)...)
			}
		}
	}
	for _, format := range slices.Sorted(maps.Keys(other)) {
		if _, ok := english[format]; !ok {
			faults = append(faults, "nobody says "+strconv.Quote(format))
		}
	}
	return faults
}

func placesFaults(format, text string) []string {
	wanted := map[string]bool{}
	for i := range verb.FindAllString(format, -1) {
		wanted[strconv.Itoa(i+1)] = true
	}
	got := map[string]bool{}
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		got[m[1]] = true
	}
	switch {
	case strings.TrimSpace(text) == "":
		return []string{"sentence " + strconv.Quote(format) + " is empty"}
	case !maps.Equal(wanted, got):
		return []string{"sentence " + strconv.Quote(format) + " needs each of its values once as %[1]v, %[2]v, …: " + strconv.Quote(text)}
	case strings.Contains(placeholder.ReplaceAllString(text, ""), "%"):
		return []string{"sentence " + strconv.Quote(format) + " has a per cent sign besides those of its values: " + strconv.Quote(text)}
	}
	return nil
}

func TestRefusalsSpeakTheReadersLanguage(t *testing.T) {
	t.Parallel()
	words := germanSentences(t, `{"At least %d characters": "Mindestens %[1]v Zeichen", "Sign in first.": "Melden Sie sich zuerst an."}`)
	form := NewForm(words, "pin", "OK")
	form.Add(Field{Name: "pin", Kind: Password, Label: "PIN"})
	if !form.Refuse(cardinal.Invalid("pin", "At least %d characters", 6)) || form.Field("pin").Messages()[0] != "Mindestens 6 Zeichen" {
		t.Errorf("the field says %q", form.Field("pin").Messages())
	}
	if !form.Refuse(cardinal.Errorf(cardinal.CodeRateLimited, "Sign in first.")) || form.Detail() != "Melden Sie sich zuerst an." {
		t.Errorf("the form says %q", form.Detail())
	}
	if text := faultOf(cardinal.CodeForbidden).because(cardinal.Errorf(cardinal.CodeForbidden, "Sign in first.")).text(words); text != "Melden Sie sich zuerst an." {
		t.Errorf("the page of the error says %q", text)
	}
}
