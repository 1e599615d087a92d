// Package htmlcheck looks into the HTML of a page by selector, for the tests
// of pages. It knows the part of CSS that those need: tag, #id, .class,
// [attribute], [attribute=value], and descendants by a space.
package htmlcheck

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Document is a page that was read. Its methods fail the test that read it.
type Document struct {
	t    testing.TB
	root *html.Node
}

// Parse reads a page.
func Parse(t testing.TB, page io.Reader) Document {
	t.Helper()
	root, err := html.Parse(page)
	if err != nil {
		t.Fatalf("parse the page: %v", err)
	}
	return Document{t: t, root: root}
}

// All returns the elements that the selector finds, in the page's order.
func (d Document) All(selector string) []*html.Node {
	d.t.Helper()
	found := []*html.Node{d.root}
	for part := range strings.FieldsSeq(selector) {
		want := d.compile(part)
		var next []*html.Node
		for _, root := range found {
			for node := range root.Descendants() {
				if node.Type == html.ElementNode && want.matches(node) && !slices.Contains(next, node) {
					next = append(next, node)
				}
			}
		}
		found = next
	}
	return found
}

// One returns the only element that the selector finds.
func (d Document) One(selector string) *html.Node {
	d.t.Helper()
	found := d.All(selector)
	if len(found) != 1 {
		d.t.Fatalf("%s finds %d elements, not 1", selector, len(found))
	}
	return found[0]
}

// Text returns the words of the only element that the selector finds, with
// single spaces.
func (d Document) Text(selector string) string {
	d.t.Helper()
	return Words(d.One(selector))
}

// Attr returns an attribute of the only element that the selector finds, and ""
// where it has none of that name.
func (d Document) Attr(selector, name string) string {
	d.t.Helper()
	value, _ := Attr(d.One(selector), name)
	return value
}

// Words returns the words inside an element, with single spaces.
func Words(node *html.Node) string {
	var words []string
	for n := range node.Descendants() {
		if n.Type == html.TextNode {
			words = append(words, strings.Fields(n.Data)...)
		}
	}
	return strings.Join(words, " ")
}

// Attr returns an attribute of an element and whether it has it.
func Attr(node *html.Node, name string) (string, bool) {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// compound is one part of a selector: all that it asks of one element.
type compound struct {
	tag     string
	classes []string
	attrs   []html.Attribute // Namespace "=" where the value counts
}

var simple = regexp.MustCompile(`^([a-z][a-z0-9]*)|^#([\w.-]+)|^\.([\w-]+)|^\[([\w-]+)(=([^\]]*))?\]`)

func (d Document) compile(part string) compound {
	d.t.Helper()
	var c compound
	for rest := part; rest != ""; {
		m := simple.FindStringSubmatch(rest)
		if m == nil {
			d.t.Fatalf("the selector %q is not understood at %q", part, rest)
		}
		switch {
		case m[1] != "":
			c.tag = m[1]
		case m[2] != "":
			c.attrs = append(c.attrs, html.Attribute{Namespace: "=", Key: "id", Val: m[2]})
		case m[3] != "":
			c.classes = append(c.classes, m[3])
		default:
			a := html.Attribute{Key: m[4], Val: strings.Trim(m[6], `"'`)}
			if m[5] != "" {
				a.Namespace = "="
			}
			c.attrs = append(c.attrs, a)
		}
		rest = rest[len(m[0]):]
	}
	return c
}

func (c compound) matches(node *html.Node) bool {
	if c.tag != "" && node.Data != c.tag {
		return false
	}
	class, _ := Attr(node, "class")
	for _, want := range c.classes {
		if !slices.Contains(strings.Fields(class), want) {
			return false
		}
	}
	for _, want := range c.attrs {
		if value, has := Attr(node, want.Key); !has || want.Namespace == "=" && value != want.Val {
			return false
		}
	}
	return true
}
