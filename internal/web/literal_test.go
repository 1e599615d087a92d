package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// sameEverywhere are the texts that need no translation.
var sameEverywhere = []string{"UTC", "Cardinal"}

// said are the attributes that people read or hear.
var said = []string{"aria-label", "title", "placeholder", "alt", "data-hide", "data-copied", "data-label", "label", "value"}

var action = regexp.MustCompile(`(?s)\{\{.*?\}\}`)

// literals returns the texts for people that a template has outside its actions.
func literals(template string) []string {
	var found []string
	note := func(text string) {
		text = strings.Join(strings.Fields(text), " ")
		if strings.ContainsFunc(text, isLetter) && !slices.Contains(sameEverywhere, text) {
			found = append(found, text)
		}
	}
	// An action becomes what cannot be part of a name, so that attributes stay whole.
	tokens := html.NewTokenizer(strings.NewReader(action.ReplaceAllString(template, "\u00b7")))
	inCode := false
	for {
		switch kind := tokens.Next(); kind {
		case html.ErrorToken:
			return found
		case html.TextToken:
			// A template may define the attributes of an element alone.
			if text := string(tokens.Text()); !inCode && !strings.Contains(text, `="`) {
				note(text)
			}
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			tag := tokens.Token()
			if tag.Data == "code" || tag.Data == "script" {
				inCode = kind == html.StartTagToken
			}
			for _, attribute := range tag.Attr {
				hidden := attribute.Key == "value" && tag.Data != "optgroup" && !slices.ContainsFunc(tag.Attr, func(a html.Attribute) bool {
					return a.Key == "type" && (a.Val == "submit" || a.Val == "button") && tag.Data == "input"
				})
				if slices.Contains(said, attribute.Key) && !hidden {
					note(attribute.Val)
				}
			}
		}
	}
}

// texts are the fields of the kit's structs that hold words for people, and
// takesText which argument of a function does.
var (
	texts     = []string{"Title", "Lead", "Label", "Hint", "Text", "Note", "Question", "Button", "Trouble", "Unit", "About", "Submit", "Shown", "Notice", "What"}
	takesText = map[string]int{"NewForm": 2, "Section": 0, "Success": 0, "Warning": 0, "Violate": 1}
)

// literalsOf returns the texts for people that the Go of pages has in place of
// asking the catalogue.
func literalsOf(file *ast.File) []string {
	var found []string
	note := func(value ast.Expr) {
		literal, ok := value.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return
		}
		if text, err := strconv.Unquote(literal.Value); err == nil && strings.ContainsFunc(text, isLetter) {
			found = append(found, text)
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.CompositeLit:
			for _, element := range n.Elts {
				pair, ok := element.(*ast.KeyValueExpr)
				if !ok {
					continue
				}
				if key, ok := pair.Key.(*ast.Ident); ok && slices.Contains(texts, key.Name) {
					note(pair.Value)
				}
			}
		case *ast.CallExpr:
			name := ""
			switch f := n.Fun.(type) {
			case *ast.SelectorExpr:
				name = f.Sel.Name
			case *ast.Ident:
				name = f.Name
			}
			if at, ok := takesText[name]; ok && at < len(n.Args) {
				note(n.Args[at])
			}
		}
		return true
	})
	return found
}

func TestEveryTextComesFromTheCatalogue(t *testing.T) {
	t.Parallel()
	templates, sources := 0, 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "testdata":
			return fs.SkipDir
		case strings.HasSuffix(path, ".html"):
			templates++
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, literal := range literals(string(text)) {
				t.Errorf("%s says %q, which is not in the catalogue", path, literal)
			}
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			sources++
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			for _, literal := range literalsOf(file) {
				t.Errorf("%s says %q, which is not in the catalogue", path, literal)
			}
		}
		return nil
	})
	if err != nil || templates < 8 || sources < 30 {
		t.Fatalf("%d templates and %d files were read: %v", templates, sources, err)
	}
	for _, template := range []string{
		`<p>Hello {{.Name}}</p>`, `<p>{{.Count}} users</p>`, `<input placeholder="Name">`, `<img alt="A bird">`, `<nav aria-label="Main {{.X}}">`,
		`<td data-label="Name">{{.Name}}</td>`, `{{if .X}}<a title="{{.Y}} and more">{{.Z}}</a>{{end}}`,
	} {
		if len(literals(template)) != 1 {
			t.Errorf("%s goes unnoticed", template)
		}
	}
	for _, template := range []string{`<p class="{{if .A}}b{{else}}c{{end}}">{{t "a.b"}} · {{.X}}</p>`, `<input type="hidden" name="a" value="b">`, `<code>regex:</code>`} {
		if found := literals(template); len(found) > 0 {
			t.Errorf("%s: %v", template, found)
		}
	}
	for _, source := range []string{`web.Head{Title: "Users"}`, `web.Success("Saved.")`, `web.NewForm(words, "id", "Save")`, `form.Violate("name", "No.")`} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nvar _ = "+source, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(literalsOf(file)) != 1 {
			t.Errorf("%s goes unnoticed", source)
		}
	}
}
