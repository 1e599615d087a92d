package letter

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"cardinal"
)

// allowed is what may stand in the HTML of a letter. What is not on it is
// taken out and its text stays; scripts, style sheets and embedded documents go
// with all they hold. There are no pictures: a remote one tells its server who
// has opened the letter, and when.
var allowed = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("h1", "h2", "h3", "h4", "p", "br", "hr", "div", "span", "strong", "b", "em", "i", "u", "s",
		"small", "sub", "sup", "code", "pre", "blockquote", "ul", "ol", "li", "dl", "dt", "dd", "bdi",
		"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(true) // {{link}} is one as long as it has no value; safeAddress has the last word
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^[a-z]+( [a-z]+)*$`)).Globally()
	p.AllowAttrs("dir").Matching(regexp.MustCompile(`^(ltr|rtl|auto)$`)).Globally()
	p.AllowAttrs("lang").Matching(regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)).Globally()
	p.AllowAttrs("title").Globally()
	p.AllowAttrs("role").Matching(regexp.MustCompile(`^presentation$`)).OnElements("table")
	p.AllowAttrs("scope").Matching(regexp.MustCompile(`^(row|col)$`)).OnElements("th")
	p.AllowAttrs("colspan", "rowspan").Matching(regexp.MustCompile(`^[1-9][0-9]?$`)).OnElements("td", "th")
	p.AllowStyles("color", "background-color", "font-family", "font-size", "font-style", "font-weight", "line-height",
		"letter-spacing", "text-align", "text-decoration", "text-transform", "vertical-align", "white-space",
		"margin", "margin-top", "margin-right", "margin-bottom", "margin-left",
		"padding", "padding-top", "padding-right", "padding-bottom", "padding-left",
		"border", "border-top", "border-right", "border-bottom", "border-left", "border-color", "border-style",
		"border-width", "border-radius", "border-collapse", "width", "max-width").Globally()
	return p
})

// compile takes the HTML of a template with its variables already found, takes
// out what may not stand in it, and finds the variables again: between tags, in
// quoted attributes and in addresses. Elsewhere there are none.
func compile(found []part) ([]part, []cardinal.Violation) {
	marks := marksFor(found)
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(allowed().Sanitize(marks.marked())), body)
	if err != nil { // the parser's only complaint
		return nil, []cardinal.Violation{cardinal.Violated(cardinal.ViolationInvalid, fieldHTML,
			"The HTML has too many tags inside one another. Make it simpler.")}
	}
	c := compiler{marks: marks}
	for _, n := range nodes {
		c.node(n)
	}
	if !c.shows {
		return nil, []cardinal.Violation{cardinal.Violated(cardinal.ViolationInvalid, fieldHTML,
			"The HTML shows nothing. Write something that people can read, or leave it empty.")}
	}
	return c.parts, nil
}

// marks stand for variables while the HTML is read: words that no tag, address
// or style gives a meaning to.
type marks struct {
	found []part
	form  *regexp.Regexp
	word  string
}

func marksFor(found []part) marks {
	var all strings.Builder
	for _, p := range found {
		all.WriteString(p.literal)
	}
	written := strings.ToLower(all.String())
	written += html.UnescapeString(written)
	for i := 0; ; i++ {
		if word := fmt.Sprintf("variable%dx", i); !strings.Contains(written, word) {
			return marks{found: found, word: word, form: regexp.MustCompile(word + "([0-9]+)x")}
		}
	}
}

func (m marks) marked() string {
	var b strings.Builder
	for i, p := range m.found {
		if p.variable != "" {
			b.WriteString(m.word + strconv.Itoa(i) + "x")
			continue
		}
		b.WriteString(p.literal)
	}
	return b.String()
}

// split takes a text apart at the marks. Its literals are not escaped yet.
func (m marks) split(text string, in place) (parts []part) {
	for {
		at := m.form.FindStringSubmatchIndex(text)
		if at == nil {
			break
		}
		i, err := strconv.Atoi(text[at[2]:at[3]])
		if err != nil || i >= len(m.found) || m.found[i].variable == "" {
			break // an administrator spelt a mark in percent signs, and has it as text
		}
		if at[0] > 0 {
			parts = append(parts, part{literal: text[:at[0]]})
		}
		parts = append(parts, part{variable: m.found[i].variable, in: in})
		text = text[at[1]:]
	}
	if text != "" {
		parts = append(parts, part{literal: text})
	}
	return parts
}

// compiler writes a tree of HTML as parts.
type compiler struct {
	marks marks
	parts []part
	shows bool // there is something to read
}

func (c *compiler) write(literal string) {
	if n := len(c.parts); n > 0 && c.parts[n-1].variable == "" && c.parts[n-1].address == nil {
		c.parts[n-1].literal += literal
		return
	}
	c.parts = append(c.parts, part{literal: literal})
}

func (c *compiler) add(parts []part) {
	for _, p := range parts {
		if p.variable == "" {
			c.write(html.EscapeString(p.literal))
			continue
		}
		c.parts = append(c.parts, p)
	}
}

func (c *compiler) node(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		c.shows = c.shows || strings.TrimSpace(n.Data) != ""
		c.add(c.marks.split(n.Data, inMarkup))
	case html.ElementNode:
		c.write("<" + n.Data)
		c.attributes(n)
		c.write(">")
		for child := range n.ChildNodes() {
			c.node(child)
		}
		if n.DataAtom != atom.Br && n.DataAtom != atom.Hr {
			c.write("</" + n.Data + ">")
		}
	}
}

func (c *compiler) attributes(n *html.Node) {
	style := dressOf(n)
	for _, a := range n.Attr {
		value := c.marks.split(a.Val, inAttribute)
		constant := len(value) == 0 || len(value) == 1 && value[0].variable == ""
		switch {
		case a.Key == "style" && constant:
			style = strings.TrimPrefix(style+";"+a.Val, ";")
		case a.Key == "href" && constant:
			if safeAddress(a.Val) {
				c.attribute(a.Key, value)
			}
		case a.Key == "href":
			c.write(` href="`)
			c.parts = append(c.parts, part{address: value})
			c.write(`"`)
		case a.Key != "style":
			c.attribute(a.Key, value)
		}
	}
	if style != "" {
		c.attribute("style", []part{{literal: style}})
	}
}

func (c *compiler) attribute(key string, value []part) {
	c.write(" " + key + `="`)
	c.add(value)
	c.write(`"`)
}

// dressOf is the inline style of an element: mail programs that drop style
// sheets keep it.
func dressOf(n *html.Node) string {
	var style []string
	if s := dress[n.Data]; s != "" {
		style = append(style, s)
	}
	for _, a := range n.Attr {
		if a.Key == "class" {
			for class := range strings.FieldsSeq(a.Val) {
				if s := dress["."+class]; s != "" {
					style = append(style, s)
				}
			}
		}
	}
	return strings.Join(slices.Compact(style), ";")
}
