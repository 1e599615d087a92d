package web

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"

	"cardinal"
)

// sentencePrefix begins the names of the files that say what use cases and
// settings say in English: sentences.LANGUAGE.json, by the English format.
const sentencePrefix = "sentences."

// sentences say in one language what use cases and settings say in English. It
// is not changed after it was made.
type sentences struct {
	printer *message.Printer
	known   map[string]bool
	made    []madeSentence // those with values, to recognise a text by
}

// madeSentence recognises texts that were made with a format.
type madeSentence struct {
	format  string
	pattern *regexp.Regexp
}

// newSentences reads the file of a language from files. A language without
// one says everything in English.
func newSentences(files fs.FS, tag language.Tag) (*sentences, error) {
	s := &sentences{known: map[string]bool{}}
	builder := catalog.NewBuilder(catalog.Fallback(language.English))
	name := sentencePrefix + tag.String() + ".json"
	texts, err := readSentences(files, name)
	if err != nil {
		return nil, err
	}
	for format, translated := range texts {
		if err := builder.Set(tag, format, translated.message()...); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", name, format, err)
		}
		s.known[format] = true
		if pattern := patternOf(format); pattern != nil {
			s.made = append(s.made, madeSentence{format, pattern})
		}
	}
	s.printer = message.NewPrinter(tag, message.Catalog(builder))
	return s, nil
}

// translated is what stands under an English format: one text, or a text for
// each plural form of the first value.
type translated struct {
	text  string
	forms map[string]string
}

// UnmarshalJSON takes a text or an object of plural forms.
func (t *translated) UnmarshalJSON(raw []byte) error {
	if json.Unmarshal(raw, &t.text) == nil {
		return nil
	}
	if err := json.Unmarshal(raw, &t.forms); err != nil {
		return fmt.Errorf("neither a text nor plural forms: %w", err)
	}
	return nil
}

func (t translated) message() []catalog.Message {
	if t.forms == nil {
		return []catalog.Message{catalog.String(t.text)}
	}
	var cases []any
	for _, form := range []string{"zero", "one", "two", "few", "many"} {
		if text, ok := t.forms[form]; ok {
			cases = append(cases, form, text)
		}
	}
	return []catalog.Message{plural.Selectf(1, "", append(cases, "other", t.forms["other"])...)}
}

func readSentences(files fs.FS, name string) (map[string]translated, error) {
	raw, err := fs.ReadFile(files, name)
	if err != nil {
		return map[string]translated{}, nil //nolint:nilerr // a language whose sentences are not there yet speaks English
	}
	var texts map[string]translated
	if err := json.Unmarshal(raw, &texts); err != nil {
		return nil, fmt.Errorf("parse %s: %w", name, err)
	}
	return texts, nil
}

// verb is a value's place in a format.
var verb = regexp.MustCompile(`%(?:\[\d+\])?[a-z]`)

// patternOf recognises the texts that are made with the format, nil for a
// format without values, which is its own text.
func patternOf(format string) *regexp.Regexp {
	parts := verb.Split(format, -1)
	if len(parts) == 1 || strings.TrimSpace(strings.Join(parts, "")) == "" {
		return nil
	}
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return regexp.MustCompile("^" + strings.Join(parts, "(.+)") + "$")
}

// Sentence says what a use case said in the reader's language. What it has no
// wording for stays English.
func (w *Words) Sentence(s cardinal.Sentence) string {
	format, args := s.Parts()
	if len(args) == 0 {
		return w.Say(s.String())
	}
	values := make([]any, len(args))
	for i, arg := range args {
		values[i] = arg
		if inner, ok := arg.(cardinal.Sentence); ok {
			values[i] = w.Sentence(inner)
		}
	}
	if w.language == sourceLanguage || !w.sentences.known[format] {
		return fmt.Sprintf(format, values...)
	}
	return w.sentences.printer.Sprintf(message.Key(format, format), values...)
}

// Say is Sentence for an English text that came without what it was made of:
// the label of a setting, or a sentence that was kept as text.
func (w *Words) Say(english string) string {
	if w.sentences.known[english] {
		return w.sentences.printer.Sprintf(message.Key(english, english))
	}
	for _, m := range w.sentences.made {
		found := m.pattern.FindStringSubmatch(english)
		if found == nil {
			continue
		}
		values := make([]any, len(found)-1)
		for i, value := range found[1:] {
			values[i] = w.value(value)
		}
		return w.sentences.printer.Sprintf(message.Key(m.format, english), values...)
	}
	return english
}

// value is what stood in a text at the place of a value.
func (w *Words) value(text string) any {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	if bare, err := strconv.Unquote(text); err == nil {
		return bare
	}
	return w.Say(text)
}
