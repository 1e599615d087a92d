package e2e_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// browser is somebody signed in to the pages, without JavaScript: it follows
// links, fills in forms and keeps cookies. It may be used concurrently once it
// is signed in.
type browser struct {
	t       testing.TB
	address string
	cookies map[string]string
	shown   *record // of all answers; may be nil
}

// client does not follow redirects by itself, so that each answer is seen.
var client = &http.Client{
	Transport:     &http.Transport{MaxIdleConnsPerHost: together},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// at is the same person at another server.
func (b *browser) at(node *server) *browser {
	c := *b
	c.address, c.cookies = node.url, maps.Clone(b.cookies)
	return &c
}

func newBrowser(t testing.TB, node *server, shown *record) *browser {
	return &browser{t: t, address: node.url, cookies: map[string]string{}, shown: shown}
}

// signIn signs somebody in and, where a one-time password asks for it, has them
// choose another one, which is the old one with " 2" behind it.
func (b *browser) signIn(username, password string) {
	b.t.Helper()
	p := b.submit("/sign-in", "password", map[string]string{"username": username, "password": password})
	if p.form("currentPassword") != nil {
		p = b.submit("/password", "currentPassword", map[string]string{"currentPassword": password, "password": password + " 2", "again": password + " 2"})
	}
	if p.status != http.StatusOK || p.form("currentPassword") != nil || len(b.cookies) == 0 {
		b.t.Fatalf("%s could not sign in: status %d, %q", username, p.status, p.problems())
	}
}

// get opens a page and follows redirects.
func (b *browser) get(path string) page {
	b.t.Helper()
	return b.open("GET", path, nil)
}

func (b *browser) open(method, path string, values url.Values) page {
	b.t.Helper()
	for range 10 {
		got := b.send(method, path, values)
		location := got.header.Get("Location")
		if location == "" {
			return b.page(path, got)
		}
		method, path, values = "GET", location, nil
	}
	b.t.Fatalf("%s leads in circles", path)
	return page{}
}

// send is one request without following its redirect.
func (b *browser) send(method, path string, values url.Values) answer {
	b.t.Helper()
	r, err := http.NewRequest(method, b.address+path, strings.NewReader(values.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	// As browsers do; without them the protection against other sites' forms has nothing to judge by.
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Origin", b.address)
	if values != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, name := range slices.Sorted(maps.Keys(b.cookies)) {
		r.AddCookie(&http.Cookie{Name: name, Value: b.cookies[name]})
	}
	got, err := send(client, r)
	if err != nil {
		b.t.Fatal(err)
	}
	b.shown.add(fmt.Sprintf("page %s %s: %d", method, path, got.status), got.header, string(got.body))
	for _, c := range (&http.Response{Header: got.header}).Cookies() {
		// Written only where it differs, so that many requests of one session at once only read.
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else if b.cookies[c.Name] != c.Value {
			b.cookies[c.Name] = c.Value
		}
	}
	return got
}

// submit opens a page, fills in the form that has the field, and sends it.
func (b *browser) submit(path, field string, values map[string]string) page {
	b.t.Helper()
	p := b.get(path)
	f := p.form(field)
	if f == nil {
		b.t.Fatalf("%s (status %d) has no form with the field %q:\n%s", path, p.status, field, p.text())
	}
	for name, value := range values {
		if _, ok := f.values[name]; !ok {
			b.t.Fatalf("the form on %s has no field %q", path, name)
		}
		f.values.Set(name, value)
	}
	return b.open("POST", f.action, f.values)
}

// page is what a browser shows.
type page struct {
	answer
	path string
	doc  *html.Node
}

func (b *browser) page(path string, got answer) page {
	b.t.Helper()
	doc, err := html.Parse(bytes.NewReader(got.body))
	if err != nil {
		b.t.Fatal(err)
	}
	return page{got, path, doc}
}

// form is a form of a page with what stands in its fields.
type form struct {
	action string
	values url.Values
}

// form returns the first form with a field of that name; empty finds the first
// form of all. It returns nil if there is none.
func (p page) form(field string) *form {
	for _, f := range p.forms() {
		if _, ok := f.values[field]; ok || field == "" {
			return &f
		}
	}
	return nil
}

// formAt returns the form that is sent to an address, or nil.
func (p page) formAt(action string) *form {
	for _, f := range p.forms() {
		if f.action == action {
			return &f
		}
	}
	return nil
}

func (p page) forms() []form {
	var forms []form
	for n := range p.doc.Descendants() {
		if n.Data != "form" || n.Type != html.ElementNode {
			continue
		}
		f := form{action: attribute(n, "action"), values: url.Values{}}
		if f.action == "" {
			f.action = p.path
		}
		for field := range n.Descendants() {
			f.read(field)
		}
		forms = append(forms, f)
	}
	return forms
}

// read adds a field with what a browser would send for it untouched. A box that
// is not ticked is known, but empty.
func (f *form) read(field *html.Node) {
	name, value := attribute(field, "name"), attribute(field, "value")
	if field.Type != html.ElementNode || name == "" {
		return
	}
	switch field.Data {
	case "textarea":
		value = strings.TrimPrefix(textOf(field), "\n")
	case "select":
		for option := range field.Descendants() {
			if option.Data == "option" && (has(option, "selected") || value == "") {
				value = attribute(option, "value")
			}
		}
	case "input":
		if kind := attribute(field, "type"); (kind == "checkbox" || kind == "radio") && !has(field, "checked") {
			if _, ok := f.values[name]; !ok {
				f.values[name] = nil
			}
			return
		}
	default:
		return
	}
	f.values.Set(name, value)
}

// problems returns the lines of the summary at the top of a refused form.
func (p page) problems() []string {
	var lines []string
	for n := range p.doc.Descendants() {
		if n.Type == html.ElementNode && slices.Contains(strings.Fields(attribute(n, "class")), "summary") {
			for line := range n.Descendants() {
				if line.Data == "li" || line.Data == "p" {
					lines = append(lines, strings.TrimSpace(textOf(line)))
				}
			}
		}
	}
	return lines
}

// links returns the addresses on this server that the page leads to.
func (p page) links() []string {
	var links []string
	for n := range p.doc.Descendants() {
		if href := attribute(n, "href"); n.Data == "a" && strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "//") {
			path, _, _ := strings.Cut(href, "#")
			links = append(links, path)
		}
	}
	return links
}

func (p page) text() string { return fmt.Sprintf("%.2000s", p.body) }

func textOf(n *html.Node) string {
	var text strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			text.WriteString(d.Data)
		}
	}
	return text.String()
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}
