package mail

import (
	"bytes"
	"errors"
	"mime"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"cardinal/internal/mailsink"
)

func sample() Message {
	return Message{
		From:    Address{"Cardinal", "pin@example.org"},
		To:      Address{"Ada", "ada@example.org"},
		Subject: "Hello", Text: "Hello.\n", ID: "1@example.org",
		Date: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
	}
}

// headersOf are what a message may have in its header, and nothing else.
var headersOf = []string{"Date", "From", "Reply-To", "To", "Subject", "Message-Id", "Auto-Submitted", "Mime-Version", "Content-Type", "Content-Transfer-Encoding"}

// sound fails t if a message breaks the form that all of them have.
func sound(t *testing.T, m Message, l letter) {
	t.Helper()
	parsed, err := netmail.ReadMessage(bytes.NewReader(l.content))
	if err != nil {
		t.Fatalf("unreadable: %v\n%q", err, l.content)
	}
	for name, values := range parsed.Header {
		if len(values) != 1 || !slices.Contains(headersOf, name) {
			t.Errorf("header %q: %q", name, values)
		}
	}
	for line := range strings.SplitSeq(string(l.content), "\r\n") {
		if strings.ContainsAny(line, "\r\n") || len(line) > 998 || !utf8.ValidString(line) {
			t.Errorf("a line of %d bytes: %q", len(line), line)
		}
	}
	for name, want := range map[string]Address{"From": m.From, "To": m.To, "Reply-To": m.ReplyTo} {
		if want.Email == "" {
			continue
		}
		list, err := netmail.ParseAddressList(parsed.Header.Get(name))
		if err != nil || len(list) != 1 || list[0].Name != oneLine(want.Name) {
			t.Errorf("%s is %q, want %q: %v, %v", name, parsed.Header.Get(name), want, list, err)
		}
	}
	for _, word := range regexp.MustCompile(`=\?utf-8\?b\?\S*\?=`).FindAllString(string(l.content), -1) {
		if text, err := new(mime.WordDecoder).Decode(word); err != nil || !utf8.ValidString(text) {
			t.Errorf("the word %q holds a part of a character", word)
		}
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	if err != nil || subject != oneLine(m.Subject) {
		t.Errorf("the subject is %q, want %q: %v", subject, oneLine(m.Subject), err)
	}
	if got := parsed.Header.Get("Auto-Submitted"); got != "auto-generated" {
		t.Errorf("Auto-Submitted is %q", got)
	}
	got := mailsink.Read(l.content)
	if got.Text != lines(m.Text) || got.HTML != lines(m.HTML) {
		t.Errorf("text %q, HTML %q, want %q, %q", got.Text, got.HTML, lines(m.Text), lines(m.HTML))
	}
}

func lines(text string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(text, "\uFFFD"))
}

func FuzzNoHeaderIsInjected(f *testing.F) {
	for _, seed := range []string{
		"plain", "x\r\nBcc: eve@example.org", "x\nBcc: eve@example.org\n\nbody", "x\r\n\r\n.\r\nMAIL FROM:<e@e>", "\x00\x1b[2J", "=?utf-8?q?x=0D=0ABcc:_eve?=",
		"שלום עולם", "محمد بن موسى", "a\u2028Bcc: b", "\xff\xfe", `"; x=`, strings.Repeat("long", 300), "=_e3b0c442\r\n--", ".", "..\n.\n", " lead and trail ", "a@b.c", "a@b.c, d@e.f", "A <a@b.c>", "ä@ö.example",
	} {
		f.Add(seed, seed, seed, seed)
	}
	f.Fuzz(func(t *testing.T, name, email, subject, text string) {
		for _, change := range []func(*Message){
			func(m *Message) {
				m.From.Name, m.To.Name, m.Subject, m.Text = name, name, subject, text
				m.ReplyTo = Address{name, "reply@example.org"}
			},
			func(m *Message) { m.HTML, m.Text = text, text },
			func(m *Message) { m.To.Email = email },
			func(m *Message) { m.From.Email = email },
			func(m *Message) { m.ReplyTo.Email = email },
			func(m *Message) { m.ID = email },
		} {
			m := sample()
			change(&m)
			l, err := compose(m)
			if err != nil {
				continue
			}
			sound(t, m, l)
			for _, line := range []string{l.from.email, l.to.email} {
				if strings.ContainsAny(line, "\r\n <>") {
					t.Errorf("the envelope holds %q", line)
				}
			}
		}
	})
}

func TestNamesAndSubjects(t *testing.T) {
	long := strings.Repeat("Wolfeschlegelsteinhausenbergerdorff", 40)
	for _, c := range []struct{ given, arrives string }{
		{"Ada", "Ada"},
		{"", ""},
		{`Ada "the first" \ Lovelace, of (London); <x@y>`, `Ada "the first" \ Lovelace, of (London); <x@y>`},
		{"Jörg Müller", "Jörg Müller"},
		{"محمد بن موسى الخوارزمي", "محمد بن موسى الخوارزمي"},
		{"\u202bשלום\u202c", "\u202bשלום\u202c"},
		{"李小龍", "李小龍"},
		{long, long},
		{strings.Repeat("é", 2000), strings.Repeat("é", 2000)},
		{strings.Repeat("many words ", 200), strings.TrimSpace(strings.Repeat("many words ", 200))},
		{"=?utf-8?q?Boss?=", "=?utf-8?q?Boss?="},
		{"x\r\nBcc: eve@example.org", "x Bcc: eve@example.org"},
		{"x\x00\x1b\x7f\u0085\u2028y", "x y"},
		{"\r\n", ""},
		{"broken \xff byte", "broken \uFFFD byte"},
	} {
		m := sample()
		m.From.Name, m.To.Name, m.Subject, m.ReplyTo = c.given, c.given, c.given, Address{c.given, "help@example.org"}
		l, err := compose(m)
		if err != nil {
			t.Errorf("%.40q: %v", c.given, err)
			continue
		}
		sound(t, m, l)
		parsed := mailsink.Read(l.content)
		list, err := parsed.Header.AddressList("To")
		if err != nil || list[0].Name != c.arrives || list[0].Address != m.To.Email || parsed.Subject != c.arrives {
			t.Errorf("%.40q arrives as %.40q and %.40q, want %.40q (%v)", c.given, list, parsed.Subject, c.arrives, err)
		}
		header, _, _ := strings.Cut(string(l.content), "\r\n\r\n")
		for line := range strings.SplitSeq(header, "\r\n") {
			if len(line) > 100 {
				t.Errorf("%.40q: a header line of %d bytes", c.given, len(line))
			}
		}
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		given, wire string // no wire: refused
		foreign     bool
	}{
		{"ada@example.org", "ada@example.org", false},
		{"o'neil+pin@sub.example.org", "o'neil+pin@sub.example.org", false},
		{"ada@bücher.example", "ada@xn--bcher-kva.example", false},
		{"jörg@bücher.example", "jörg@bücher.example", true},
		{"用户@例え.jp", "用户@例え.jp", true},
		{"", "", false},
		{"ada", "", false},
		{"@example.org", "", false},
		{"ada@", "", false},
		{"Ada <ada@example.org>", "", false},
		{"<ada@example.org>", "", false},
		{"ada@example.org, eve@example.org", "", false},
		{"ada@example.org;eve@example.org", "", false},
		{"ada@example.org (Ada)", "", false},
		{`"ada lovelace"@example.org`, "", false},
		{" ada@example.org", "", false},
		{"ada@example.org\r\nRCPT TO:<eve@example.org>", "", false},
		{"ada\x00@example.org", "", false},
		{"ada@exa\u2028mple.org", "", false},
		{"ada@example.org> SIZE=1", "", false},
		{"ada\u2028x@example.org", "", false},
		{"ada\u00a0x@example.org", "", false},
		{strings.Repeat("a", 300) + "@example.org", "", false},
	} {
		got, err := Address{Email: c.given}.mailbox()
		if got.email != c.wire || got.foreign != c.foreign || (err != nil) != (c.wire == "") {
			t.Errorf("%.60q: got %q %v %v, want %q %v", c.given, got.email, got.foreign, err, c.wire, c.foreign)
		}
	}
}

func TestMessagesThatCannotBeSent(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Message)
		stage  Stage
	}{
		"sender":    {func(m *Message) { m.From.Email = "a, b" }, StageSender},
		"reply-to":  {func(m *Message) { m.ReplyTo.Email = "a\r\nb@c" }, StageSender},
		"recipient": {func(m *Message) { m.To.Email = "a@b, c@d" }, StageRecipient},
		"no ID":     {func(m *Message) { m.ID = "" }, StageContent},
		"brackets":  {func(m *Message) { m.ID = "<a@b>" }, StageContent},
		"line end":  {func(m *Message) { m.ID = "a@b\r\nBcc: c@d" }, StageContent},
		"bare end":  {func(m *Message) { m.ID = "a@b\r\nc" }, StageContent},
		"long ID":   {func(m *Message) { m.ID = strings.Repeat("a", 200) + "@b" }, StageContent},
		"no date":   {func(m *Message) { m.Date = time.Time{} }, StageContent},
	} {
		m := sample()
		c.change(&m)
		_, err := Send(t.Context(), Server{Host: "no-such-host.invalid", Port: 587}, m)
		var f *Failure
		if !errors.As(err, &f) || f.Stage != c.stage || f.Temporary {
			t.Errorf("%s: %v", name, err)
		}
		if Explain(err).IsZero() {
			t.Errorf("%s: nothing is said", name)
		}
	}
}

func TestTheSameMessageHasTheSameBytes(t *testing.T) {
	m := sample()
	m.HTML = "<p>Hello.</p>"
	first, err := compose(m)
	if err != nil {
		t.Fatal(err)
	}
	second, err := compose(m)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.content, second.content) {
		t.Error("two copies differ")
	}
	if !bytes.Contains(first.content, []byte("\r\nMessage-ID: <"+m.ID+">\r\n")) {
		t.Errorf("no Message-ID in %s", first.content)
	}
}

func TestNoTextEndsItsOwnPart(t *testing.T) {
	m := sample()
	m.HTML = "<p>Hello.</p>"
	l, err := compose(m)
	if err != nil {
		t.Fatal(err)
	}
	boundary := regexp.MustCompile(`boundary="(.*)"`).FindSubmatch(l.content)
	if boundary == nil {
		t.Fatalf("no boundary in %s", l.content)
	}
	m.Text = "before\n--" + string(boundary[1]) + "--\nafter\n"
	m.HTML = m.Text
	if l, err = compose(m); err != nil {
		t.Fatal(err)
	}
	sound(t, m, l)
}

func TestAnswersAreMadeFitToBeShown(t *testing.T) {
	got := blackener{}.clean("250-a\r\n250 \x1b[31mb\x00\xff" + strings.Repeat("ü", 400))
	if strings.ContainsFunc(got, breaks) || !utf8.ValidString(got) || utf8.RuneCountInString(got) != answerMaxLength {
		t.Errorf("got %q", got)
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add("550 no", "secret-token-of-some-length")
	f.Add("550 secret-token-of-some-length!", "secret-token-of-some-length")
	f.Add("550 token-of-some-length and secret-tok\r\nen", "secret-token-of-some-length")
	f.Fuzz(func(t *testing.T, answer, secret string) {
		got := blackener{whole: []string{secret}, long: []string{secret}}.clean(answer)
		if strings.ContainsFunc(got, breaks) || !utf8.ValidString(got) || utf8.RuneCountInString(got) > answerMaxLength {
			t.Errorf("got %q", got)
		}
		if len(secret) > 12 && strings.Contains(got, secret) {
			t.Errorf("%q holds the secret", got)
		}
	})
}
