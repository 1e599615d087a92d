package letter_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/letter"
	"cardinal/internal/setting"
)

// plain is a template of a kind that says enough to be saved.
func plain(change ...func(*letter.Source)) letter.Source {
	s := letter.Source{Subject: "News", Text: "Hello {{username}}", HTML: "<p>Hello {{username}}</p>"}
	for _, c := range change {
		c(&s)
	}
	return s
}

func subject(text string) func(*letter.Source) { return func(s *letter.Source) { s.Subject = text } }
func text(text string) func(*letter.Source)    { return func(s *letter.Source) { s.Text = text } }
func markup(text string) func(*letter.Source)  { return func(s *letter.Source) { s.HTML = text } }

func TestRefusals(t *testing.T) {
	const base = "{{username}}, {{full-name}}, {{customer-name}}"
	for name, c := range map[string]struct {
		kind   letter.Kind
		source letter.Source
		want   []cardinal.Violation
	}{
		"unknown variable": {letter.PINRemoved, plain(text("Hello\n\n{{pin}}")), []cardinal.Violation{
			{Code: "unknown", Field: "text", Message: "Line 3: {{pin}} is not a variable of this kind of e-mail. You can use " + base + ", {{time}}."}}},
		"unknown variable of a custom template": {letter.Custom, plain(text("{{time}}")), []cardinal.Violation{
			{Code: "unknown", Field: "text", Message: "Line 1: {{time}} is not a variable of this kind of e-mail. You can use " + base + ", {{event.NAME}}."}}},
		"names have regard to case": {letter.PINExpiration, plain(text("{{pinexpiration}}")), []cardinal.Violation{
			{Code: "unknown", Field: "text", Message: "Line 1: {{pinexpiration}} is not a variable of this kind of e-mail. You can use " + base + ", {{pinExpiration}}."}}},
		"event outside custom": {letter.PINChanged, plain(markup("<p>\n{{ event.printer }}</p>")), []cardinal.Violation{
			{Code: "unknown", Field: "html", Message: "Line 2: {{event.printer}} works only in custom templates, which rules send."}}},
		"event without a name": {letter.Custom, plain(text("{{event.}}")), []cardinal.Violation{
			{Code: "unknown", Field: "text", Message: "Line 1: {{event.}} is not a variable of this kind of e-mail. You can use " + base + ", {{event.NAME}}."}}},
		"unclosed": {letter.PINRemoved, plain(text("Hello\n{{username\n}} and {{time}}")), []cardinal.Violation{
			{Code: "invalid", Field: "text", Message: "Line 2: {{ is not closed. Write }} after the name, on the same line."}}},
		"unclosed at the end": {letter.PINRemoved, plain(subject("Hello {{")), []cardinal.Violation{
			{Code: "invalid", Field: "subject", Message: "Line 1: {{ is not closed. Write }} after the name, on the same line."}}},
		"one in another": {letter.PINRemoved, plain(text("{{user{{username}}")), []cardinal.Violation{
			{Code: "invalid", Field: "text", Message: "Line 1: {{ is not closed. Write }} after the name, on the same line."}}},
		"lines of Windows count once": {letter.PINRemoved, plain(text("a\r\nb\r\n{{x}}")), []cardinal.Violation{
			{Code: "unknown", Field: "text", Message: "Line 3: {{x}} is not a variable of this kind of e-mail. You can use " + base + ", {{time}}."}}},
		"code": {letter.PINRemoved, plain(text(`{{if .PIN}}`)), []cardinal.Violation{
			{Code: "invalid", Field: "text", Message: "Line 1: only the name of a variable can stand between {{ and }}, as in {{username}}."}}},
		"an include": {letter.PINRemoved, plain(text(`{{> /etc/passwd}}`)), []cardinal.Violation{
			{Code: "invalid", Field: "text", Message: "Line 1: only the name of a variable can stand between {{ and }}, as in {{username}}."}}},
		"three braces": {letter.PINRemoved, plain(text(`{{{username}}}`)), []cardinal.Violation{
			{Code: "invalid", Field: "text", Message: "Line 1: only the name of a variable can stand between {{ and }}, as in {{username}}."}}},
		"nothing in the braces": {letter.PINRemoved, plain(text(`{{ }}`)), []cardinal.Violation{
			{Code: "invalid", Field: "text", Message: "Line 1: only the name of a variable can stand between {{ and }}, as in {{username}}."}}},
		"a name that is too long to repeat": {letter.PINRemoved, plain(text("{{" + strings.Repeat("x", 81) + "}}")), []cardinal.Violation{
			{Code: "invalid", Field: "text", Message: "Line 1: only the name of a variable can stand between {{ and }}, as in {{username}}."}}},
		"tags in the braces": {letter.PINRemoved, plain(markup("<p>{{<b>username</b>}}</p>")), []cardinal.Violation{
			{Code: "invalid", Field: "html", Message: "Line 1: only the name of a variable can stand between {{ and }}, as in {{username}}."}}},
		"a PIN in the subject": {letter.PINIssued, plain(subject("{{pin}}"), text("{{pin}}"), markup("{{pin}}")), []cardinal.Violation{
			{Code: "invalid", Field: "subject", Message: "Line 1: {{pin}} cannot stand in the subject, which shows on locked screens. Put it into the text."}}},
		"a number in the subject": {letter.CardNumberGenerated, plain(subject("{{card-number}}")), []cardinal.Violation{
			{Code: "invalid", Field: "subject", Message: "Line 1: {{card-number}} cannot stand in the subject, which shows on locked screens. Put it into the text."}}},
		"a line break in the subject": {letter.PINRemoved, plain(subject("News\r\nBcc: all")), []cardinal.Violation{
			{Code: "invalid", Field: "subject", Message: "The subject is one line. Remove the line breaks."}}},
		"a bare line feed in the subject": {letter.PINRemoved, plain(subject("News\n")), []cardinal.Violation{
			{Code: "invalid", Field: "subject", Message: "The subject is one line. Remove the line breaks."}}},
		"a line break of Unicode in the subject": {letter.PINRemoved, plain(subject("News\u2028Bcc: all")), []cardinal.Violation{
			{Code: "bad_character", Field: "subject", Message: "Line 1 has a character that cannot be shown. Type the line anew."}}},
		"a control character": {letter.PINRemoved, plain(text("a\n\tb\n\x00")), []cardinal.Violation{
			{Code: "bad_character", Field: "text", Message: "Line 3 has a character that cannot be shown. Type the line anew."}}},
		"no UTF-8": {letter.PINRemoved, plain(markup("<p>\xff</p>")), []cardinal.Violation{
			{Code: "bad_character", Field: "html", Message: "Line 1 has a character that cannot be shown. Type the line anew."}}},
		"empty": {letter.PINRemoved, plain(subject(" "), text("\n "), markup("")), []cardinal.Violation{
			{Code: "required", Field: "subject", Message: "The subject is empty. Say in one line what the e-mail is about."},
			{Code: "required", Field: "text", Message: "The text is empty. Not every mail program shows HTML, so write it in words too."}}},
		"too long": {letter.PINRemoved, plain(subject(strings.Repeat("ä", 201)), text(strings.Repeat("x", letter.TextMaxBytes+1)), markup(strings.Repeat("x", letter.HTMLMaxBytes+1))), []cardinal.Violation{
			{Code: "too_long", Field: "subject", Message: "The subject has 200 characters at most."},
			{Code: "too_long", Field: "text", Message: "The text is too long: 20 KB at most."},
			{Code: "too_long", Field: "html", Message: "The HTML is too long: 100 KB at most."}}},
		"a PIN that is nowhere": {letter.PINIssued, plain(), []cardinal.Violation{
			{Code: "required", Field: "text", Message: "{{pin}} is missing. Whoever gets this e-mail learns it nowhere else."},
			{Code: "required", Field: "html", Message: "{{pin}} is missing. Whoever gets this e-mail learns it nowhere else."}}},
		"a link that would be taken out": {letter.Invitation, plain(text("{{link}}"), markup("<p>Go<!-- {{link}} --><script>{{link}}</script><p style='{{link}}'></p>")), []cardinal.Violation{
			{Code: "required", Field: "html", Message: "{{link}} is missing. Whoever gets this e-mail learns it nowhere else."}}},
		"HTML of which nothing is left": {letter.PINRemoved, plain(markup("<script>alert(1)</script><p> </p>")), []cardinal.Violation{
			{Code: "invalid", Field: "html", Message: "The HTML shows nothing. Write something that people can read, or leave it empty."}}},
		"HTML as deep as a well": {letter.PINRemoved, plain(markup(strings.Repeat("<div>", 1000) + "x")), []cardinal.Violation{
			{Code: "invalid", Field: "html", Message: "The HTML has too many tags inside one another. Make it simpler."}}},
		"no such kind": {"pin-lost", plain(), []cardinal.Violation{
			{Code: "invalid", Field: "kind", Message: "There is no such kind of e-mail. Choose one from the list."}}},
	} {
		t.Run(name, func(t *testing.T) {
			err := letter.Check(c.kind, "en", c.source)
			if got := cardinal.ViolationsOf(err); !slices.EqualFunc(got, c.want, cardinal.Violation.Equal) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
			if !errors.Is(err, cardinal.ErrInvalid) {
				t.Errorf("code %q", cardinal.CodeOf(err))
			}
		})
	}
}

func TestAllViolationsComeAtOnce(t *testing.T) {
	err := letter.Check(letter.PINRemoved, "en", letter.Source{Subject: "{{a}}", Text: "{{b}}\n{{c", HTML: "{{d}}"})
	var fields []string
	for _, v := range cardinal.ViolationsOf(err) {
		fields = append(fields, v.Field)
	}
	if want := []string{"subject", "text", "text", "html"}; !slices.Equal(fields, want) {
		t.Errorf("violations about %q, want %q", fields, want)
	}
	if want := "Some fields are not right. Nothing was changed."; err.Error() != want {
		t.Errorf("the detail is %q, want %q", err, want)
	}
	many := letter.Check(letter.PINRemoved, "en", plain(text(strings.Repeat("{{b}}", 1000))))
	if got := len(cardinal.ViolationsOf(many)); got != 20 {
		t.Errorf("%d violations of one field, want 20", got)
	}
}

func TestLanguagesThatAreNotThereAreRefused(t *testing.T) {
	for _, language := range []setting.Language{"", "it", "de-AT", "../en"} {
		err := letter.Check(letter.PINRemoved, language, plain())
		if v := cardinal.ViolationsOf(err); len(v) != 1 || v[0].Field != "language" {
			t.Errorf("%q: %+v", language, v)
		}
		if _, err := letter.Originals()[0].Source(language); !errors.Is(err, cardinal.ErrNotFound) {
			t.Errorf("the original in %q: %v, want not found", language, err)
		}
	}
}

// TestVariablesAreThoseOfTheSpecification holds the table of spec/messaging.
func TestVariablesAreThoseOfTheSpecification(t *testing.T) {
	own := map[letter.Kind]string{
		"pin-expiration": "pinExpiration", "pin-issued": "pin pinExpiration", "pin-changed": "time device", "pin-removed": "time",
		"new-pin-wanted":        "time", // asked for in spec/pins
		"card-number-generated": "card-number slot", "account-locked": "time device",
		"invitation": "link validUntil", "password-reset": "link validUntil", "custom": "",
	}
	if len(own) != len(letter.Kinds()) {
		t.Errorf("%d kinds, want %d", len(letter.Kinds()), len(own))
	}
	for _, kind := range letter.Kinds() {
		want := append([]string{"username", "full-name", "customer-name"}, strings.Fields(own[kind])...)
		if got := kind.Variables(); !slices.Equal(got, want) {
			t.Errorf("%s has %q, want %q", kind, got, want)
		}
		body := "{{" + strings.Join(want, "}} {{  ") + "}}"
		if err := letter.Check(kind, "en", plain(text(body), markup(body))); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if got, err := letter.ParseKind(string(kind)); got != kind || err != nil {
			t.Errorf("ParseKind(%q) = %q, %v", kind, got, err)
		}
	}
}

func TestTheLimitsThemselvesAreAllowed(t *testing.T) {
	s := plain(subject(strings.Repeat("ä", letter.SubjectMaxLength)), text(strings.Repeat("x", letter.TextMaxBytes)), markup(strings.Repeat("x", letter.HTMLMaxBytes)))
	if err := letter.Check(letter.PINRemoved, "en", s); err != nil {
		t.Error(err)
	}
}

func TestConfidential(t *testing.T) {
	for name, c := range map[string]struct {
		kind   letter.Kind
		source letter.Source
		want   bool
	}{
		"names":              {letter.PINChanged, plain(text("{{username}} {{time}} {{device}}")), false},
		"a PIN":              {letter.PINIssued, plain(text("{{pin}}"), markup("{{pin}}")), true},
		"a number":           {letter.CardNumberGenerated, plain(markup("{{card-number}}")), true},
		"no number":          {letter.CardNumberGenerated, plain(), false},
		"a link in an href":  {letter.Invitation, plain(text("{{link}}"), markup(`<a href="{{link}}">x</a>`)), true},
		"an event's subject": {letter.Custom, plain(subject("{{event.x}}")), true},
		"custom without one": {letter.Custom, plain(), false},
	} {
		parsed, err := letter.Parse(c.kind, "en", c.source)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := parsed.Confidential(); got != c.want {
			t.Errorf("%s: confidential %v, want %v", name, got, c.want)
		}
	}
}
