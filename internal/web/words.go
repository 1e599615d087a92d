package web

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"github.com/go-playground/locales"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed locale/*.json
var locale embed.FS

func localeFiles() fs.FS {
	files, err := fs.Sub(locale, "locale")
	if err != nil {
		panic(err) // the path is a constant
	}
	return files
}

// Catalogue holds every text of the pages in every language there is.
type Catalogue struct {
	tags    []language.Tag
	words   map[string]*Words
	matcher language.Matcher
}

// newCatalogue reads the files NAME.LANGUAGE.json of a folder. It fails if one
// is broken, says a key twice, or if there is no English.
func newCatalogue(files fs.FS) (*Catalogue, error) {
	names, err := textFiles(files)
	if err != nil {
		return nil, err
	}
	bundle := i18n.NewBundle(language.English)
	keys := map[string]map[string]bool{}
	for _, name := range names {
		if err := loadTexts(bundle, files, name, keys); err != nil {
			return nil, err
		}
	}
	if len(keys[sourceLanguage]) == 0 {
		return nil, errors.New("there are no English texts")
	}
	c := &Catalogue{tags: bundle.LanguageTags(), words: map[string]*Words{}}
	c.matcher = language.NewMatcher(c.tags)
	for _, tag := range c.tags {
		said, err := newSentences(files, tag)
		if err != nil {
			return nil, err
		}
		c.words[tag.String()] = &Words{
			language: tag.String(), keys: keys[tag.String()], english: keys[sourceLanguage], sentences: said,
			localizer: i18n.NewLocalizer(bundle, tag.String()), numbers: message.NewPrinter(tag), calendar: calendarOf(tag.String()),
		}
	}
	return c, nil
}

// sourceLanguage is the language of the program's own sentences, and of every
// text that another language lacks.
const sourceLanguage = "en"

// textFiles lists the files of texts by key, NAME.LANGUAGE.json, leaving out
// the sentences and the list of texts that are the same in two languages.
func textFiles(files fs.FS) ([]string, error) {
	names, err := fs.Glob(files, "*.*.json")
	if err != nil {
		return nil, fmt.Errorf("list catalogue files: %w", err)
	}
	return slices.DeleteFunc(names, func(name string) bool { return strings.HasPrefix(name, sentencePrefix) }), nil
}

func loadTexts(bundle *i18n.Bundle, files fs.FS, name string, keys map[string]map[string]bool) error {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	parsed, err := bundle.ParseMessageFileBytes(text, name)
	if err != nil {
		return fmt.Errorf("parse %s: %w", name, err)
	}
	known := keys[parsed.Tag.String()]
	if known == nil {
		known = map[string]bool{}
		keys[parsed.Tag.String()] = known
	}
	for _, m := range parsed.Messages {
		if known[m.ID] {
			return fmt.Errorf("%s: the key %q is there twice", name, m.ID)
		}
		known[m.ID] = true
	}
	return nil
}

func (c *Catalogue) has(tag string) bool { return c.words[tag] != nil }

// Languages returns the languages there are, English first.
func (c *Catalogue) Languages() []string {
	languages := make([]string, len(c.tags))
	for i, tag := range c.tags {
		languages[i] = tag.String()
	}
	return languages
}

// choose takes the language that the person chose, else the one chosen in this
// browser, else the first of the browser's that there is, else the customer's,
// else English.
func (c *Catalogue) choose(r *http.Request, session Session) *Words {
	chosen := []string{session.Language}
	if cookie, err := r.Cookie(languageCookie); err == nil {
		chosen = append(chosen, cookie.Value)
	}
	for _, tag := range chosen {
		if c.has(tag) {
			return c.words[tag]
		}
	}
	for _, wanted := range []string{r.Header.Get("Accept-Language"), session.OrganisationLanguage} {
		if words := c.match(wanted); words != nil {
			return words
		}
	}
	return c.words[sourceLanguage]
}

// match returns the best of the languages in an Accept-Language header, nil if
// there is none of them.
func (c *Catalogue) match(wanted string) *Words {
	tags, _, err := language.ParseAcceptLanguage(wanted)
	if err != nil || len(tags) == 0 {
		return nil
	}
	_, index, confidence := c.matcher.Match(tags...)
	if confidence == language.No {
		return nil
	}
	return c.words[c.tags[index].String()]
}

// Words are the texts of the pages in one language; safe for concurrent use.
type Words struct {
	language  string
	keys      map[string]bool
	english   map[string]bool
	localizer *i18n.Localizer
	numbers   *message.Printer
	calendar  locales.Translator
	sentences *sentences
}

// Language returns the language's tag, such as "en".
func (w *Words) Language() string { return w.language }

// T returns the text of a key with the named values filled in, given in pairs:
// T("users.count", "Count", 5). Count, if given, must be an int and chooses the
// plural form. A text missing in the language stands in English, and a key
// that does not exist for itself.
func (w *Words) T(key string, args ...any) string {
	text, err := w.text(key, args)
	if text == "" || err != nil && !w.english[key] {
		return key
	}
	return text
}

// text is T with an error for what templates must not do at all.
func (w *Words) text(key string, args []any) (string, error) {
	config := &i18n.LocalizeConfig{MessageID: key}
	values := map[string]any{}
	for i := 0; i+1 < len(args); i += 2 {
		name, ok := args[i].(string)
		if !ok {
			return "", fmt.Errorf("text %q: values come as pairs of name and value", key)
		}
		value := args[i+1]
		if n, ok := value.(int); ok {
			value = w.Number(n)
			if name == "Count" {
				config.PluralCount = n
			}
		}
		values[name] = value
	}
	if len(args)%2 != 0 {
		return "", fmt.Errorf("text %q: a value is missing", key)
	}
	config.TemplateData = values
	return w.localizer.Localize(config)
}

// Code returns the text "prefix.code", or fallback where the language has
// none: how codes of the vocabulary become words.
func (w *Words) Code(prefix, code, fallback string) string {
	return w.code(prefix, code, fallback)
}

// Codes returns the codes that have a text under the prefix, in their order.
func (w *Words) Codes(prefix string) []string {
	var codes []string
	for key := range w.english {
		if code, found := strings.CutPrefix(key, prefix+"."); found {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return codes
}

func (w *Words) code(prefix, code, fallback string) string {
	key := prefix + "." + code
	if w.keys[key] || fallback == "" && w.english[key] {
		return w.T(key)
	}
	return fallback
}

// OnOff says how a switch stands.
func (w *Words) OnOff(on bool) string {
	if on {
		return w.T("switch.on")
	}
	return w.T("switch.off")
}

// Number returns n with the language's grouping: 100,000.
func (w *Words) Number(n int) string { return w.numbers.Sprintf("%d", n) }

// template functions, which fail at the start for a key that does not exist.

func (w *Words) templateText(key string, args ...any) (string, error) {
	if !w.english[key] {
		return "", fmt.Errorf("the catalogue has no text %q", key)
	}
	text, err := w.text(key, args)
	if text == "" && err != nil {
		return "", err
	}
	return text, nil
}

func (w *Words) templateCode(prefix string, code any) string {
	text := fmt.Sprint(code)
	return w.code(prefix, text, strings.ReplaceAll(text, "-", " "))
}
