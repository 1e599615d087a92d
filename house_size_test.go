package cardinal_test

import (
	"go/ast"
	"go/token"
)

// The tail: what the longest and the most complicated may measure.
const (
	maxFunctionLines = 80
	maxComplexity    = 15
	maxParameters    = 5
	maxMethods       = 5
	maxFileLines     = 600
)

func (h *house) line(p token.Pos) int { return h.fset.Position(p).Line }

// eachFunction calls f for every function with a body.
func (h *house) eachFunction(f func(*ast.FuncDecl)) {
	for _, s := range h.code() {
		for _, d := range s.Decls {
			if function, ok := d.(*ast.FuncDecl); ok && function.Body != nil {
				f(function)
			}
		}
	}
}

func checkFunctionLines(h *house) (found []string) {
	h.eachFunction(func(f *ast.FuncDecl) {
		if lines := h.line(f.End()) - h.line(f.Pos()) + 1; lines > maxFunctionLines {
			found = append(found, h.at(f.Pos(), "%s has %d lines, more than %d", f.Name.Name, lines, maxFunctionLines))
		}
	})
	return found
}

func checkComplexity(h *house) (found []string) {
	h.eachFunction(func(f *ast.FuncDecl) {
		if paths := complexity(f); paths > maxComplexity {
			found = append(found, h.at(f.Pos(), "%s has cyclomatic complexity %d, more than %d", f.Name.Name, paths, maxComplexity))
		}
	})
	return found
}

// complexity counts as gocyclo does: one, and one for each if, for, case, &&
// and ||, those of inner functions among them.
func complexity(f *ast.FuncDecl) int {
	paths := 1
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt:
			paths++
		case *ast.CaseClause:
			if n.List != nil {
				paths++
			}
		case *ast.CommClause:
			if n.Comm != nil {
				paths++
			}
		case *ast.BinaryExpr:
			if n.Op == token.LAND || n.Op == token.LOR {
				paths++
			}
		}
		return true
	})
	return paths
}

func checkParameters(h *house) (found []string) {
	h.eachFunction(func(f *ast.FuncDecl) {
		count := 0
		for _, p := range f.Type.Params.List {
			if !isContext(p.Type) {
				count += max(1, len(p.Names))
			}
		}
		if count > maxParameters {
			found = append(found, h.at(f.Pos(), "%s has %d parameters, more than %d", f.Name.Name, count, maxParameters))
		}
	})
	return found
}

func isContext(e ast.Expr) bool {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == "context" && sel.Sel.Name == "Context"
}

func checkInterfaces(h *house) (found []string) {
	for _, s := range h.code() {
		ast.Inspect(s.File, func(n ast.Node) bool {
			if i, ok := n.(*ast.InterfaceType); ok {
				if count := h.methods(s.dir, i); count > maxMethods {
					found = append(found, h.at(i.Pos(), "an interface of %d methods, more than %d", count, maxMethods))
				}
			}
			return true
		})
	}
	return found
}

// methods counts an interface's methods with those of embedded interfaces of
// the same package; one of another package counts as one.
func (h *house) methods(dir string, i *ast.InterfaceType) int {
	count := 0
	for _, m := range i.Methods.List {
		embedded, ok := m.Type.(*ast.Ident)
		if !ok {
			count += max(1, len(m.Names))
			continue
		}
		if declared, ok := h.typeOf(dir, embedded.Name).(*ast.InterfaceType); ok {
			count += h.methods(dir, declared)
		} else {
			count++
		}
	}
	return count
}

// typeOf finds the declaration of a package's type, or nil.
func (h *house) typeOf(dir, name string) ast.Expr {
	for _, s := range h.code() {
		if s.dir != dir {
			continue
		}
		for _, d := range s.Decls {
			declaration, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range declaration.Specs {
				if t, ok := spec.(*ast.TypeSpec); ok && t.Name.Name == name {
					return t.Type
				}
			}
		}
	}
	return nil
}

func checkFileLines(h *house) (found []string) {
	for _, s := range h.code() {
		if lines := h.line(s.FileEnd - 1); lines > maxFileLines {
			found = append(found, h.at(s.FileEnd, "%d lines, more than %d", lines, maxFileLines))
		}
	}
	return found
}
