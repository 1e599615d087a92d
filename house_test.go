package cardinal_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// rules are the rules of the house that a machine can hold. Each takes the
// whole repository and returns what it finds, as "path:line: what is wrong".
// house_faults_test.go shows for each that it finds a planted fault.
var rules = map[string]func(*house) []string{
	"packages import only what stands below them": checkArrows,
	"pure packages do no I/O":                     checkPurity,
	"SQL drivers stand in the store":              checkDrivers,
	"there is one clock":                          checkClock,
	"names of packages say something":             checkPackageNames,
	"nothing runs before main":                    checkInit,
	"no state outside of values":                  checkGlobals,
	"functions are short":                         checkFunctionLines,
	"functions are simple":                        checkComplexity,
	"functions take few parameters":               checkParameters,
	"interfaces are small":                        checkInterfaces,
	"files are short":                             checkFileLines,
	"packages are described":                      checkPackageDocs,
	"exported names are described":                checkDocs,
	"no word about where it was made":             checkWords,
	"no loose ends":                               checkLooseEnds,
}

func TestHouse(t *testing.T) {
	h, err := readHouse(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	if len(h.files) == 0 || len(h.texts) == 0 {
		t.Fatal("nothing was read")
	}
	for name, check := range rules {
		t.Run(name, func(t *testing.T) {
			for _, finding := range check(h) {
				t.Error(finding)
			}
		})
	}
}

// house is the repository as the rules see it.
type house struct {
	fset  *token.FileSet
	files []source          // every Go file that is not generated
	texts map[string]string // every text file by path
}

// source is one Go file written by hand.
type source struct {
	path string
	dir  string // "" for the root package
	test bool
	*ast.File
}

// at names a place in a file.
func (h *house) at(p token.Pos, format string, args ...any) string {
	place := h.fset.Position(p)
	return fmt.Sprintf("%s:%d: %s", place.Filename, place.Line, fmt.Sprintf(format, args...))
}

// code is the files that are no tests: those that the rules of size are for.
func (h *house) code() []source {
	return slices.DeleteFunc(slices.Clone(h.files), func(s source) bool { return s.test })
}

func readHouse(tree fs.FS) (*house, error) {
	h := &house{fset: token.NewFileSet(), texts: map[string]string{}}
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (name == ".git" || name == "bin" || name == "data"):
			return fs.SkipDir
		case !entry.Type().IsRegular() || name == ".git": // a file in a linked work tree
			return nil
		}
		return h.read(tree, name)
	})
	return h, err
}

func (h *house) read(tree fs.FS, name string) error {
	content, err := fs.ReadFile(tree, name)
	if err != nil {
		return err
	}
	if text := string(content); !strings.Contains(text, "\x00") {
		h.texts[name] = text
	}
	if path.Ext(name) != ".go" || strings.Contains(name, "testdata/") {
		return nil
	}
	file, err := parser.ParseFile(h.fset, name, content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	if ast.IsGenerated(file) {
		return nil
	}
	dir := path.Dir(name)
	if dir == "." {
		dir = ""
	}
	h.files = append(h.files, source{path: name, dir: dir, test: strings.HasSuffix(name, "_test.go"), File: file})
	return nil
}
