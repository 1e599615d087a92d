package letter

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"

	"cardinal"
)

// Letter is an e-mail without its addresses. Text and HTML print as
// [redacted], for they may hold a PIN, a number or a link; the subject holds
// none of these. HTML is a whole document, or empty.
type Letter struct {
	Subject string
	Text    cardinal.Secret
	HTML    cardinal.Secret
}

// Render writes a letter. In the HTML values are escaped; in an address they
// are escaped for it, and an address that leads nowhere good leads nowhere. A
// name written from right to left is isolated from what stands around it, in HTML
// by <bdi>, elsewhere by U+2068 and U+2069; PINs, numbers and links never are,
// because they are copied. The error says which value is missing, and is a fault
// of the caller.
func (t *Template) Render(values Values) (Letter, error) {
	w := writer{values: map[string]value{}}
	words := phrasesOf(t.language)
	for _, parts := range [][]part{t.subject, t.text, t.html} {
		var failed error
		variables(parts, func(name string) {
			v, err := values.of(name, words)
			if err != nil {
				failed = err
			}
			w.values[name] = v
		})
		if failed != nil {
			return Letter{}, failed
		}
	}
	letter := Letter{Subject: w.written(t.subject), Text: concealed(w.written(t.text))}
	if t.html != nil {
		letter.HTML = concealed(framed(t.language, letter.Subject, w.written(t.html)))
	}
	return letter, nil
}

func concealed(text string) cardinal.Secret { return cardinal.NewToken(text).Secret }

// writer puts values into parts.
type writer struct{ values map[string]value }

func (w writer) written(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		switch {
		case p.address != nil:
			b.WriteString(html.EscapeString(w.address(p.address)))
		case p.variable != "":
			b.WriteString(w.values[p.variable].in(p.in))
		default:
			b.WriteString(p.literal)
		}
	}
	return b.String()
}

// in writes a value as its place needs it.
func (v value) in(where place) string {
	text := v.text
	isolate := !v.exact && turns(text)
	if where == inMarkup {
		text = html.EscapeString(text)
		if isolate {
			return "<bdi>" + text + "</bdi>"
		}
		return text
	}
	if isolate {
		text = "\u2068" + text + "\u2069"
	}
	if where == inAttribute {
		return html.EscapeString(text)
	}
	return text
}

// address writes the value of an href, not yet escaped. A variable at its
// beginning is an address, perhaps followed by more; further on it is a word in
// one.
func (w writer) address(parts []part) string {
	var b strings.Builder
	for i, p := range parts {
		switch {
		case p.variable == "":
			b.WriteString(p.literal)
		case i == 0:
			b.WriteString(w.values[p.variable].text)
		default:
			b.WriteString(strings.ReplaceAll(url.QueryEscape(w.values[p.variable].text), "+", "%20"))
		}
	}
	if !safeAddress(b.String()) {
		return "#"
	}
	return b.String()
}
