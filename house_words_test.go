package cardinal_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// empty are names of packages that say nothing about what is inside.
var empty = []string{"util", "utils", "common", "helper", "helpers", "misc", "model", "models", "types", "base", "shared"}

func checkPackageNames(h *house) (found []string) {
	for _, s := range h.files {
		if name := strings.TrimSuffix(s.Name.Name, "_test"); slices.Contains(empty, name) || slices.Contains(empty, path.Base(s.dir)) {
			found = append(found, h.at(s.Name.Pos(), "package %s: name it after what it does", name))
		}
	}
	return found
}

func checkPackageDocs(h *house) (found []string) {
	described := map[string]bool{}
	first := map[string]token.Pos{}
	for _, s := range h.code() {
		described[s.dir] = described[s.dir] || s.Doc != nil
		if first[s.dir] == token.NoPos {
			first[s.dir] = s.Package
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(described)) {
		if !described[dir] {
			found = append(found, h.at(first[dir], "the package does not say what it owns and what not"))
		}
	}
	return found
}

func checkDocs(h *house) (found []string) {
	undescribed := func(p token.Pos, name string) {
		found = append(found, h.at(p, "%s is exported and has no doc comment", name))
	}
	for _, s := range h.code() {
		for _, d := range s.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && receiverIsExported(d) {
					undescribed(d.Pos(), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if name := exportedName(spec); name != "" && d.Doc == nil && !describedSpec(spec) {
						undescribed(spec.Pos(), name)
					}
				}
			}
		}
	}
	return found
}

// receiverIsExported is true for functions and for methods that are seen from
// outside the package.
func receiverIsExported(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	t := f.Recv.List[0].Type
	if pointer, ok := t.(*ast.StarExpr); ok {
		t = pointer.X
	}
	if generic, ok := t.(*ast.IndexExpr); ok {
		t = generic.X
	}
	return ast.IsExported(rootOf(t))
}

func exportedName(spec ast.Spec) string {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() {
			return s.Name.Name
		}
	case *ast.ValueSpec:
		for _, name := range s.Names {
			if name.IsExported() {
				return name.Name
			}
		}
	}
	return ""
}

func describedSpec(spec ast.Spec) bool {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		return s.Doc != nil || s.Comment != nil
	case *ast.ValueSpec:
		return s.Doc != nil || s.Comment != nil
	}
	return true
}

// elsewhere matches what only makes sense on the machine where something was
// written: its directories, its registries, a tracker's numbers. The words are
// taken apart so that this file does not match.
var elsewhere = regexp.MustCompile(`(^|[^\w.-])/wo` + `rk/|/tmp/` + `bg|/ro` + `ot/|pro` + `xy\.golang\.org|GO` +
	`PROXY|(?i)\b(issue|ticket|pull request) ` + `#?[0-9]+`)

func checkWords(h *house) (found []string) {
	return h.grep(elsewhere, func(string) bool { return true })
}

// loose matches what its author meant to come back to.
var loose = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b|(?i)not imple` + `mented`)

func checkLooseEnds(h *house) (found []string) {
	return h.grep(loose, func(name string) bool {
		return slices.Contains([]string{".go", ".sh", ".sql", ".html", ".md"}, path.Ext(name))
	})
}

func (h *house) grep(pattern *regexp.Regexp, in func(name string) bool) (found []string) {
	for _, name := range slices.Sorted(maps.Keys(h.texts)) {
		if !in(name) || !pattern.MatchString(h.texts[name]) {
			continue
		}
		for i, line := range strings.Split(h.texts[name], "\n") {
			if match := pattern.FindString(line); match != "" {
				found = append(found, fmt.Sprintf("%s:%d: %q does not belong here", name, i+1, match))
			}
		}
	}
	return found
}
