package letter_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/letter"
)

var noon = time.Date(2026, time.May, 5, 12, 0, 0, 0, time.UTC)

func parsed(t testing.TB, kind letter.Kind, s letter.Source) *letter.Template {
	t.Helper()
	template, err := letter.Parse(kind, "en", s)
	if err != nil {
		t.Fatal(err)
	}
	return template
}

func rendered(t testing.TB, kind letter.Kind, s letter.Source, change func(*letter.Values)) letter.Letter {
	t.Helper()
	values := letter.Sample("en", noon)
	change(&values)
	l, err := parsed(t, kind, s).Render(values)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// inside is what stands in the frame of a letter's HTML.
func inside(t testing.TB, l letter.Letter) string {
	t.Helper()
	_, after, ok := strings.Cut(l.HTML.Reveal(), `word-break:break-word">`+"\n")
	body, _, closed := strings.Cut(after, "\n</div>\n</div>\n</body>")
	if !ok || !closed {
		t.Fatalf("no frame around the letter: %s", l.HTML.Reveal())
	}
	return body
}

func TestValuesInTheirPlaces(t *testing.T) {
	const hebrew = "דנה כהן"
	attributes := func(text string) func(*letter.Values) {
		return func(v *letter.Values) { v.Event = map[string]string{"x": text} }
	}
	named := func(name string) func(*letter.Values) { return func(v *letter.Values) { v.FullName = name } }
	for name, c := range map[string]struct {
		source        letter.Source
		values        func(*letter.Values)
		subject, text string
		html          string
	}{
		"a name": {plain(subject("For {{full-name}}"), text("Hello {{ full-name }}!"), markup("<b>{{full-name}}</b>")), named("Jo"),
			"For Jo", "Hello Jo!", "<b>Jo</b>"},
		"a script for a name": {plain(subject("{{full-name}}"), text("{{full-name}}"), markup(`<b title="{{full-name}}">{{full-name}}</b>`)), named(`<script>alert("1")</script>`),
			`<script>alert("1")</script>`, `<script>alert("1")</script>`,
			`<b title="&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;">&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;</b>`},
		"a variable for a name": {plain(subject("{{full-name}}"), text("{{full-name}}"), markup("<b>{{full-name}}</b>")), named("{{username}}{{"),
			"{{username}}{{", "{{username}}{{", "<b>{{username}}{{</b>"},
		"a header line for a name": {plain(subject("{{full-name}}"), text("{{full-name}}"), markup("<b>{{full-name}}</b>")), named("Jo\r\nBcc: a@b\u2028\x00"),
			"Jo  Bcc: a@b  ", "Jo  Bcc: a@b  ", "<b>Jo  Bcc: a@b  </b>"},
		"a name from right to left": {plain(subject("{{full-name}}: 1"), text("{{full-name}} 5"), markup(`<b title="{{full-name}}">{{full-name}} 5</b>`)), named(hebrew),
			"\u2068" + hebrew + "\u2069: 1", "\u2068" + hebrew + "\u2069 5", `<b title="` + "\u2068" + hebrew + "\u2069" + `"><bdi>` + hebrew + "</bdi> 5</b>"},
		"a name that turns everything": {plain(text("{{full-name}}"), markup("<b>{{full-name}}</b>")), named("a\u202eb\u2069\u2067c"),
			"News", "abc", "<b>abc</b>"},
		"a name that is broken": {plain(text("{{full-name}}"), markup("<b>{{full-name}}</b>")), named("a\xffb"), "News", "a\ufffdb", "<b>a\ufffdb</b>"},
		"no full name":          {plain(text("{{full-name}}"), markup("<b>{{full-name}}</b>")), named(" "), "News", "alex.morgan", "<b>alex.morgan</b>"},
		"a very long name": {plain(text("{{full-name}}"), markup("<b>{{full-name}}</b>")), named(strings.Repeat("ü", 2000)),
			"News", strings.Repeat("ü", 999) + "…", "<b>" + strings.Repeat("ü", 999) + "…</b>"},
		"an attribute that is missing": {plain(text("[{{event.y}}]"), markup("<b>[{{event.y}}]</b>")), attributes("z"), "News", "[]", "<b>[]</b>"},
		"a page in an href": {plain(text("{{event.x}}"), markup(`<a href="{{event.x}}">go</a>`)), attributes("https://a.example/?b=1&c=2"),
			"News", "https://a.example/?b=1&c=2", `<a href="https://a.example/?b=1&amp;c=2" style="color:#0b5aa8;text-decoration:underline">go</a>`},
		"a script in an href": {plain(markup(`<a href="{{event.x}}">go</a>`)), attributes("javascript:alert(1)"),
			"News", "Hello alex.morgan", `<a href="#" style="color:#0b5aa8;text-decoration:underline">go</a>`},
		"quotation marks in an href": {plain(markup(`<a href="{{event.x}}">go</a>`)), attributes(`https://a.example/" onclick="alert(1)`),
			"News", "Hello alex.morgan", `<a href="#" style="color:#0b5aa8;text-decoration:underline">go</a>`},
		"a word further on in an href": {plain(markup(`<a href="https://a.example/?q={{event.x}}&r=1">go</a>`)), attributes(`b c&d="'/..`),
			"News", "Hello alex.morgan", `<a href="https://a.example/?q=b%20c%26d%3D%22%27%2F..&amp;r=1" style="color:#0b5aa8;text-decoration:underline">go</a>`},
		"a path does not get into a host": {plain(markup(`<a href="https://{{event.x}}/y">go</a>`)), attributes("evil.example/"),
			"News", "Hello alex.morgan", `<a href="#" style="color:#0b5aa8;text-decoration:underline">go</a>`},
		"unquoted attributes get quotes": {plain(markup(`<b title={{event.x}}>go</b>`)), attributes("a onclick=alert(1)"),
			"News", "Hello alex.morgan", `<b title="a onclick=alert(1)">go</b>`},
		"variables where none can stand": {plain(markup(`<b {{event.x}} class="{{event.x}}" style="color:{{event.x}};font-family:{{event.x}}">go<{{event.x}}></b>`)), attributes("red"),
			"News", "Hello alex.morgan", `<b>go</b>`},
	} {
		t.Run(name, func(t *testing.T) {
			l := rendered(t, letter.Custom, c.source, c.values)
			if l.Subject != c.subject {
				t.Errorf("subject %q, want %q", l.Subject, c.subject)
			}
			if got := l.Text.Reveal(); got != c.text {
				t.Errorf("text %q, want %q", got, c.text)
			}
			if got := inside(t, l); got != c.html {
				t.Errorf("html %s\nwant %s", got, c.html)
			}
		})
	}
}

// TestEveryVariableHasItsValue renders each variable alone, in every place.
func TestEveryVariableHasItsValue(t *testing.T) {
	values := letter.Values{
		Username: "jo", FullName: "Jo Doe", CustomerName: "Acme", PIN: cardinal.NewPIN("x9"), CardNumber: number(t, "77AB"), Slot: cardinal.Secondary,
		Time: noon, PINExpiration: noon.Add(time.Hour), ValidUntil: noon.Add(2 * time.Hour), Device: "Hall", Link: cardinal.NewToken("https://a.example/l?t=1&u=2"),
	}
	want := map[string]string{
		"username": "jo", "full-name": "Jo Doe", "customer-name": "Acme", "pin": "x9", "card-number": "77AB", "slot": "secondary", "device": "Hall",
		"time": "Tuesday, May 5, 2026, 12:00 (UTC)", "pinExpiration": "Tuesday, May 5, 2026, 13:00 (UTC)", "validUntil": "Tuesday, May 5, 2026, 14:00 (UTC)",
		"link": "https://a.example/l?t=1&u=2",
	}
	for _, kind := range letter.Kinds() {
		for _, name := range kind.Variables() {
			s := plain(text("{{pin}}{{link}}|{{"+name+"}}"), markup("<p>{{pin}}{{link}}</p><b>{{"+name+"}}</b>"))
			if kind != letter.PINIssued {
				s.Text, s.HTML = strings.ReplaceAll(s.Text, "{{pin}}", ""), strings.ReplaceAll(s.HTML, "{{pin}}", "")
			}
			if kind != letter.Invitation && kind != letter.PasswordReset {
				s.Text, s.HTML = strings.ReplaceAll(s.Text, "{{link}}|", "|"), strings.ReplaceAll(s.HTML, "{{link}}</p>", "</p>")
			}
			l, err := parsed(t, kind, s).Render(values)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if !strings.HasSuffix(l.Text.Reveal(), "|"+want[name]) {
				t.Errorf("{{%s}} in text: %q, want %q", name, l.Text.Reveal(), want[name])
			}
			if in := "<b>" + strings.ReplaceAll(want[name], "&", "&amp;") + "</b>"; !strings.Contains(inside(t, l), in) {
				t.Errorf("{{%s}} in HTML: %q, want %q", name, inside(t, l), in)
			}
		}
	}
}

func number(t testing.TB, text string) cardinal.CardNumber {
	t.Helper()
	n, err := cardinal.ParseCardNumber("", text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestALetterWithoutItsValueIsNotWritten(t *testing.T) {
	for name, c := range map[string]struct {
		kind   letter.Kind
		body   string
		change func(*letter.Values)
	}{
		"no PIN":                 {letter.PINIssued, "{{pin}}", func(v *letter.Values) { v.PIN = cardinal.PIN{} }},
		"no number":              {letter.CardNumberGenerated, "{{card-number}}", func(v *letter.Values) { v.CardNumber = cardinal.CardNumber{} }},
		"no slot":                {letter.CardNumberGenerated, "{{slot}}", func(v *letter.Values) { v.Slot = "" }},
		"no link":                {letter.Invitation, "{{link}}", func(v *letter.Values) { v.Link = cardinal.Token{} }},
		"a link that is a path":  {letter.Invitation, "{{link}}", func(v *letter.Values) { v.Link = cardinal.NewToken("/password?t=canary4711") }},
		"a link with a line":     {letter.Invitation, "{{link}}", func(v *letter.Values) { v.Link = cardinal.NewToken("https://a.example/canary4711\nBcc: b") }},
		"a PIN with a line":      {letter.PINIssued, "{{pin}}", func(v *letter.Values) { v.PIN = cardinal.NewPIN("canary4711\n") }},
		"no end of the link":     {letter.Invitation, "{{link}}{{validUntil}}", func(v *letter.Values) { v.ValidUntil = time.Time{} }},
		"no time":                {letter.PINChanged, "{{time}}", func(v *letter.Values) { v.Time = time.Time{} }},
		"no username":            {letter.PINChanged, "{{username}}", func(v *letter.Values) { v.Username = "\n" }},
		"no name at all":         {letter.PINChanged, "{{full-name}}", func(v *letter.Values) { v.FullName, v.Username = "", "" }},
		"no organisation's name": {letter.PINChanged, "{{customer-name}}", func(v *letter.Values) { v.CustomerName = "" }},
	} {
		t.Run(name, func(t *testing.T) {
			values := letter.Sample("en", noon)
			template := parsed(t, c.kind, plain(text(c.body), markup("<p>"+c.body+"</p>")))
			if _, err := template.Render(values); err != nil {
				t.Fatalf("before: %v", err)
			}
			c.change(&values)
			l, err := template.Render(values)
			if err == nil {
				t.Fatalf("written all the same: %q", l.Text.Reveal())
			}
			if strings.Contains(err.Error(), "canary") || cardinal.CodeOf(err) != cardinal.CodeInternal {
				t.Errorf("the error is %q", err)
			}
		})
	}
}

func TestAPINWithoutAnEndAndAChangeWithoutADeviceHaveWords(t *testing.T) {
	never := rendered(t, letter.PINIssued, plain(text("{{pin}} {{pinExpiration}}"), markup("")), func(v *letter.Values) { v.PINExpiration = time.Time{} })
	if got := never.Text.Reveal(); !strings.HasSuffix(got, " never") {
		t.Errorf("%q", got)
	}
	if !never.HTML.IsZero() {
		t.Error("a template without HTML has some")
	}
	nowhere := rendered(t, letter.PINChanged, plain(text("{{device}}"), markup("")), func(v *letter.Values) { v.Device = "" })
	if got := nowhere.Text.Reveal(); got != "no device" {
		t.Errorf("%q", got)
	}
}

func TestALetterPrintsNoSecret(t *testing.T) {
	l := rendered(t, letter.PINIssued, plain(text("{{pin}}"), markup("{{pin}}")), func(v *letter.Values) { v.PIN = cardinal.NewPIN("canary4711") })
	encoded, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{fmt.Sprintf("%v %+v %#v %s %q", l, l, l, l, l), fmt.Sprintf("%+v", &l), string(encoded)} {
		if strings.Contains(printed, "canary") || !strings.Contains(printed, cardinal.Redacted) {
			t.Errorf("printed as %s", printed)
		}
	}
	if !strings.Contains(l.Text.Reveal()+l.HTML.Reveal(), "canary4711") {
		t.Error("the letter does not hold its PIN")
	}
}

func TestTheFrame(t *testing.T) {
	l := rendered(t, letter.PINChanged, plain(subject("News <for> {{full-name}} INSIDE"), markup("<p>SUBJECT</p></div></div></body>x")), func(v *letter.Values) { v.FullName = "J&J LANGUAGE" })
	page := l.HTML.Reveal()
	for _, want := range []string{`<html lang="en" dir="ltr">`, "<title>News &lt;for&gt; J&amp;J LANGUAGE INSIDE</title>", `content="light dark"`, "prefers-color-scheme: dark", "max-width:560px"} {
		if strings.Count(page, want) < 1 {
			t.Errorf("%s is missing in %s", want, page)
		}
	}
	if got, want := inside(t, l), `<p style="margin:0 0 16px">SUBJECT</p>x`; got != want {
		t.Errorf("inside the frame %s, want %s", got, want)
	}
}
