package letter_test

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"cardinal"
	"cardinal/internal/letter"
)

// FuzzTemplates holds that no template makes the program panic, that text and
// subject without variables come out as they went in, and that what is sent has
// no element, attribute or address beyond the list.
func FuzzTemplates(f *testing.F) {
	for _, seed := range []string{"Hello {{full-name}}", "{{", "{{ event.x }}", `<a href="{{link}}">x</a>`, `<p style="{{event.a}}">x`, "<svg><style><img src=x onerror=alert(1)>",
		`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`, "<a href=java\tscript:alert(1)>x</a>", "a{b}c}}d", "variable0x0x", `<b title={{full-name}}>x`, "<noscript><p title=\"</noscript><img src=x>\">"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, written string) {
		for _, kind := range []letter.Kind{letter.Custom, letter.Invitation} {
			s := letter.Source{Subject: written, Text: written, HTML: written}
			template, err := letter.Parse(kind, "en", s)
			if err != nil {
				if cardinal.CodeOf(err) != cardinal.CodeInvalid || len(cardinal.ViolationsOf(err)) == 0 {
					t.Fatalf("refused with %#v", err)
				}
				s.Subject, s.HTML = "x", written // one part alone may pass
				if template, err = letter.Parse(kind, "en", s); err != nil {
					continue
				}
			}
			l, err := template.Preview(noon)
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(written); !strings.Contains(written, "{{") && l.Text.Reveal() != want {
				t.Fatalf("the text %q became %q", want, l.Text.Reveal())
			}
			if strings.ContainsFunc(l.Subject, func(r rune) bool { return r == '\r' || r == '\n' }) {
				t.Fatalf("the subject is %q", l.Subject)
			}
			if !l.HTML.IsZero() {
				harmless(t, inside(t, l))
			}
		}
	})
}

var harmlessElements = " h1 h2 h3 h4 p br hr div span strong b em i u s small sub sup code pre blockquote ul ol li dl dt dd bdi table caption thead tbody tfoot tr th td a "
var harmlessAttributes = " href class dir lang title role scope colspan rowspan style "

// harmless reads HTML as a mail program does, and ends the test at anything
// that is not on the list.
func harmless(t *testing.T, body string) (elements, attributes int) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(body))
	for z.Next() != html.ErrorToken {
		token := z.Token()
		switch token.Type {
		case html.StartTagToken, html.SelfClosingTagToken:
			if token.Data != "bdi" {
				elements++
			}
			if !strings.Contains(harmlessElements, " "+token.Data+" ") {
				t.Fatalf("element %s in %s", token.Data, body)
			}
			for _, a := range token.Attr {
				attributes++
				switch value := strings.ToLower(a.Val); {
				case !strings.Contains(harmlessAttributes, " "+a.Key+" "),
					a.Key == "href" && value != "#" && !strings.HasPrefix(value, "https://") && !strings.HasPrefix(value, "http://") && !strings.HasPrefix(value, "mailto:"),
					a.Key == "style" && strings.Contains(value, "url("):
					t.Fatalf("attribute %s=%q in %s", a.Key, a.Val, body)
				}
			}
		case html.CommentToken, html.DoctypeToken:
			t.Fatalf("%s in %s", token, body)
		default:
		}
	}
	return elements, attributes
}

// FuzzValues holds that no value adds a variable, a tag, an attribute or a line
// of a header, wherever it stands.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{"Jo", `"><script>alert(1)</script>`, "{{username}}", "a\r\nBcc: b", "\u202e\u2069 דנה", "javascript:alert(1)", "' onclick=alert(1) '", "https://a.example/\"x", "\xff\xfe", "&lt;b&gt;", "\u2028"} {
		f.Add(seed)
	}
	s := letter.Source{
		Subject: "For {{full-name}} {{event.x}}.", Text: "Hello {{full-name}}: {{event.x}}.",
		HTML: `<p title="{{event.x}}">{{full-name}} <a href="{{event.x}}">{{event.x}}</a> <a title={{full-name}} href="https://a.example/{{event.x}}?q={{event.x}}">x</a></p>`,
	}
	template, err := letter.Parse(letter.Custom, "en", s)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, value string) {
		values := letter.Sample("en", noon)
		values.FullName, values.Event["x"] = value, value
		l, err := template.Render(values)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{l.Subject, l.Text.Reveal()} {
			if strings.ContainsAny(line, "\r\n\x00\u0085\u2028\u2029\u202e") || !strings.HasSuffix(line, ".") {
				t.Fatalf("%q", line)
			}
		}
		if elements, attributes := harmless(t, inside(t, l)); elements != 3 || attributes != 7 {
			t.Fatalf("%d elements and %d attributes in %s", elements, attributes, inside(t, l))
		}
		if strings.Contains(l.HTML.Reveal(), "alex.morgan") && strings.Contains(value, "{{username}}") {
			t.Fatal("a variable in a value has a value")
		}
	})
}
