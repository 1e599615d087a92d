package web

import (
	"fmt"
	"html/template"
	"io/fs"
	texttemplate "text/template"
	"text/template/parse"
)

// source is the templates of a page as they were parsed, by name: what its own
// files define, and what these use of the kit's. One copy of each is made ready
// for every language that somebody reads the page in; ready ones are large, since
// the contexts of everything that is put in are worked out.
type source map[string]*parse.Tree

// shared reads the kit's files for a layout. The functions are only looked at by name.
func (k *Kit) shared(layout Layout) (*texttemplate.Template, error) {
	functions := k.functions(k.catalogue.words[k.catalogue.Languages()[0]])
	t, err := texttemplate.New("kit").Funcs(functions).
		ParseFS(templateFiles(), "document.html", "components.html", "form.html", "chart.html", "layout_"+string(layout)+".html")
	if err != nil {
		return nil, fmt.Errorf("parse the kit's templates: %w", err)
	}
	return t, nil
}

// source reads the files of a page. What is the kit's is one for all pages.
func (k *Kit) source(area Area, name string) (source, error) {
	known := map[*parse.Tree]bool{}
	for _, t := range k.layouts[area.Layout].Templates() {
		known[t.Tree] = true
	}
	set, err := k.layouts[area.Layout].Clone()
	if err != nil {
		return nil, fmt.Errorf("begin with the kit's templates: %w", err)
	}
	files, err := fs.Glob(area.Files, "_*.html")
	if err != nil {
		return nil, fmt.Errorf("list shared templates: %w", err)
	}
	if _, err := set.ParseFS(area.Files, append(files, name)...); err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	all := source{}
	for _, t := range set.Templates() {
		all[t.Name()] = t.Tree
	}
	used := source{}
	used.take(all, "document")
	for name, tree := range all {
		if !known[tree] {
			used.take(all, name) // parts of the page are shown by their names
		}
	}
	return used, nil
}

// take adds the template of that name, and those that it uses.
func (s source) take(all source, name string) {
	tree := all[name]
	if tree == nil || s[name] != nil {
		return // one that is missing is told when the page is shown
	}
	s[name] = tree
	uses(tree.Root, func(name string) { s.take(all, name) })
}

// uses calls use with the name of each template that stands in a node.
func uses(node parse.Node, use func(name string)) {
	branch := func(b parse.BranchNode) {
		uses(b.List, use)
		if b.ElseList != nil {
			uses(b.ElseList, use)
		}
	}
	switch n := node.(type) {
	case *parse.ListNode:
		for _, child := range n.Nodes {
			uses(child, use)
		}
	case *parse.TemplateNode:
		use(n.Name)
	case *parse.IfNode:
		branch(n.BranchNode)
	case *parse.RangeNode:
		branch(n.BranchNode)
	case *parse.WithNode:
		branch(n.BranchNode)
	}
}

// in makes the templates ready in a language.
func (s source) in(k *Kit, words *Words) (*template.Template, error) {
	t := template.New("document").Funcs(k.functions(words))
	for name, tree := range s {
		if _, err := t.AddParseTree(name, tree.Copy()); err != nil {
			return nil, fmt.Errorf("template %s: %w", name, err)
		}
	}
	return t, nil
}
