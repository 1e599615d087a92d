package cardinal_test

import (
	"go/ast"
	"go/token"
	"slices"
)

// made names the calls that make package variables which nobody can change, or
// which only remember what they computed once.
var made = []string{"errors.New", "fmt.Errorf", "regexp.MustCompile", "sync.OnceFunc", "sync.OnceValue",
	"sync.OnceValues", "template.Must", "strings.NewReplacer", "language.MustParse"}

// tolerated lists package variables that break the rule, each with its reason.
var tolerated = map[string]string{}

// checkGlobals finds package variables that can change while the program runs:
// those that some function of the package writes to, exported maps, slices and
// pointers, and whatever a lock, a counter or an unknown call is behind. A
// table that nobody writes to is fine, and so is what //go:embed fills.
func checkGlobals(h *house) (found []string) {
	for _, s := range h.code() {
		for _, d := range s.Decls {
			declaration, ok := d.(*ast.GenDecl)
			if !ok || declaration.Tok != token.VAR {
				continue
			}
			for _, spec := range declaration.Specs {
				found = append(found, h.globals(s, spec.(*ast.ValueSpec))...)
			}
		}
	}
	return found
}

func (h *house) globals(s source, v *ast.ValueSpec) (found []string) {
	for i, name := range v.Names {
		if name.Name == "_" || tolerated[s.dir+"."+name.Name] != "" {
			continue
		}
		var value ast.Expr
		if i < len(v.Values) {
			value = v.Values[i]
		}
		switch {
		case h.written(s.dir, name.Name):
			found = append(found, h.at(name.Pos(), "%s is written to while the program runs", name.Name))
		case name.IsExported() && h.reference(s.dir, v.Type, value):
			found = append(found, h.at(name.Pos(), "whoever imports %s can change it: make it a function", name.Name))
		case h.stateful(v.Type, value):
			found = append(found, h.at(name.Pos(), "%s may hold state: let a value own it", name.Name))
		}
	}
	return found
}

// reference reports whether a variable is a map, a slice or a pointer.
func (h *house) reference(dir string, declared, value ast.Expr) bool {
	t := declared
	if t == nil {
		switch v := value.(type) {
		case *ast.CompositeLit:
			t = v.Type
		case *ast.UnaryExpr:
			return v.Op == token.AND
		}
	}
	if name, ok := t.(*ast.Ident); ok {
		t = h.typeOf(dir, name.Name)
	}
	switch t := t.(type) {
	case *ast.MapType, *ast.StarExpr, *ast.FuncType, *ast.ChanType:
		return true
	case *ast.ArrayType:
		return t.Len == nil
	}
	return false
}

// stateful reports whether a variable is a lock or a counter, or comes from a
// call that is not known to make a constant thing.
func (h *house) stateful(declared, value ast.Expr) bool {
	if call, ok := value.(*ast.CallExpr); ok {
		switch called := call.Fun.(type) {
		case *ast.SelectorExpr:
			return !slices.Contains(made, qualified(called))
		case *ast.Ident:
			return called.Name == "make" || called.Name == "new"
		}
	}
	t := declared
	if literal, ok := value.(*ast.CompositeLit); ok {
		t = literal.Type
	}
	if sel, ok := t.(*ast.SelectorExpr); ok {
		x, ok := sel.X.(*ast.Ident)
		return ok && (x.Name == "sync" || x.Name == "atomic")
	}
	return false
}

func qualified(sel *ast.SelectorExpr) string {
	if x, ok := sel.X.(*ast.Ident); ok {
		return x.Name + "." + sel.Sel.Name
	}
	return sel.Sel.Name
}

// written reports whether a function of the package assigns to the name, to
// an element or a field of it, or takes its address. Names are compared, not
// scopes: do not name a local variable like a global one.
func (h *house) written(dir, name string) bool {
	is := func(e ast.Expr) bool { return rootOf(e) == name }
	seen := false
	for _, s := range h.code() {
		if s.dir != dir {
			continue
		}
		for _, d := range s.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			ast.Inspect(f.Body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.AssignStmt:
					seen = seen || n.Tok != token.DEFINE && slices.ContainsFunc(n.Lhs, is)
				case *ast.IncDecStmt:
					seen = seen || is(n.X)
				case *ast.UnaryExpr:
					seen = seen || n.Op == token.AND && is(n.X)
				case *ast.CallExpr:
					b, ok := n.Fun.(*ast.Ident)
					seen = seen || ok && (b.Name == "delete" || b.Name == "clear") && is(n.Args[0])
				}
				return true
			})
		}
	}
	return seen
}

// rootOf is the variable that an expression such as x.f[i] stands in, or "".
func rootOf(e ast.Expr) string {
	for {
		switch t := e.(type) {
		case *ast.Ident:
			return t.Name
		case *ast.IndexExpr:
			e = t.X
		case *ast.SelectorExpr:
			e = t.X
		case *ast.StarExpr:
			e = t.X
		case *ast.ParenExpr:
			e = t.X
		default:
			return ""
		}
	}
}

func checkInit(h *house) (found []string) {
	h.eachFunction(func(f *ast.FuncDecl) {
		if f.Recv == nil && f.Name.Name == "init" {
			found = append(found, h.at(f.Pos(), "func init: let the caller call it"))
		}
	})
	return found
}
