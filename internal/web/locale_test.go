package web

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// pluralForms are the forms of a whole number that each language distinguishes
// (CLDR), as go-i18n has them.
var pluralForms = map[string][]string{
	"en": {"one", "other"},
	"de": {"one", "other"},
	"fr": {"many", "one", "other"},
	"es": {"many", "one", "other"},
	"cs": {"few", "many", "one", "other"},
	"ja": {"other"},
}

// drafts are files of languages that are not part of the program yet. They are
// checked, in place of the program's, if CARDINAL_LOCALE_DRAFTS names their folder.
func drafts() fs.FS {
	if folder := os.Getenv("CARDINAL_LOCALE_DRAFTS"); folder != "" {
		return os.DirFS(folder)
	}
	return fstest.MapFS{}
}

var localeName = regexp.MustCompile(`^([a-z-]+)\.([a-z]{2})\.json$`)

// languagesIn returns the languages other than English of which there are files.
func languagesIn(t *testing.T, files fs.FS) []string {
	t.Helper()
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, name := range names {
		if m := localeName.FindStringSubmatch(name); m != nil && m[2] != sourceLanguage {
			found[m[2]] = true
		} else if m == nil && name != "same.json" {
			t.Errorf("locale/%s is neither NAME.LANGUAGE.json nor same.json", name)
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// sentenceForms are the plural forms that sentences have. The message catalogue
// knows an older CLDR than go-i18n: French and Spanish have no "many" there.
func sentenceForms(tag string) []string {
	if tag == "fr" || tag == "es" {
		return []string{"one", "other"}
	}
	return pluralForms[tag]
}

// TestEveryLanguageIsWhole holds every language of which there is a file to the
// English texts: all keys, the same values, the plural forms of the language,
// and no text that was left in English.
func TestEveryLanguageIsWhole(t *testing.T) {
	t.Parallel()
	english := readTexts(t, localeFiles(), sourceLanguage)
	sentences, err := readSentences(localeFiles(), sentencePrefix+sourceLanguage+".json")
	if err != nil || len(english) < 100 || len(sentences) < 100 {
		t.Fatalf("%d texts and %d sentences are English: %v", len(english), len(sentences), err)
	}
	check := func(files fs.FS) {
		for _, tag := range languagesIn(t, files) {
			t.Run(tag, func(t *testing.T) {
				t.Parallel()
				forms, ok := pluralForms[tag]
				if !ok {
					t.Fatalf("the plural forms of %q are not known; name them in pluralForms, and the language in calendar.go", tag)
				}
				other, err := readSentences(files, sentencePrefix+tag+".json")
				if err != nil {
					t.Fatal(err)
				}
				faults := textFaults(english, readTexts(t, files, tag), readSame(t, files)[tag], forms)
				faults = append(faults, sentenceFaults(sentences, other, sentenceForms(tag))...)
				for _, fault := range faults {
					t.Error(fault)
				}
			})
		}
	}
	check(localeFiles())
	check(drafts())
}

// text is a text of the catalogue: one, or one for each plural form.
type text map[string]string

// readTexts returns the texts of a language by file and key, "kit form.show".
func readTexts(t *testing.T, files fs.FS, tag string) map[string]text {
	t.Helper()
	names, err := fs.Glob(files, "*."+tag+".json")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]text{}
	for _, name := range names {
		if strings.HasPrefix(name, sentencePrefix) {
			continue
		}
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		var found map[string]translated
		if err := json.Unmarshal(raw, &found); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for key, value := range found {
			if value.forms == nil {
				value.forms = text{"": value.text}
			}
			texts[strings.TrimSuffix(name, "."+tag+".json")+" "+key] = value.forms
		}
	}
	return texts
}

func readSame(t *testing.T, files fs.FS) map[string][]string {
	t.Helper()
	raw, err := fs.ReadFile(files, "same.json")
	if err != nil {
		return nil
	}
	var same map[string][]string
	if err := json.Unmarshal(raw, &same); err != nil {
		t.Fatalf("same.json: %v", err)
	}
	return same
}

// value is a value's place in a text.
var value = regexp.MustCompile(`\{\{\s*\.(\w+)\s*\}\}`)

func textFaults(english, other map[string]text, same, forms []string) []string {
	var faults []string
	needed := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(english)) {
		file, short, _ := strings.Cut(key, " ")
		here := file + ": " + short
		translation, ok := other[key]
		if !ok {
			faults = append(faults, here+" is missing")
			continue
		}
		_, single := english[key][""]
		wanted := forms
		if single {
			wanted = []string{""}
		}
		if got := slices.Sorted(maps.Keys(translation)); !slices.Equal(got, wanted) {
			faults = append(faults, here+" has the plural forms "+strings.Join(got, ", ")+"; wanted are "+strings.Join(wanted, ", "))
		}
		faults = append(faults, valueFaults(here, english[key], translation)...)
		if maps.Equal(english[key], translation) && strings.ContainsFunc(value.ReplaceAllString(translation["other"]+translation[""], ""), isLetter) {
			needed[short] = true
			if !slices.Contains(same, short) {
				faults = append(faults, here+" stands in English; if that is right, name the key in same.json")
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(other)) {
		if english[key] == nil {
			faults = append(faults, strings.Replace(key, " ", ": ", 1)+" is unknown to the English texts")
		}
	}
	for _, key := range same {
		if !needed[key] {
			faults = append(faults, "same.json names "+key+", which is not the same as in English")
		}
	}
	return faults
}

// valueFaults compares the values of the texts. A form for one alone may leave
// the count out.
func valueFaults(here string, english, translation text) []string {
	var faults []string
	wanted := valuesOf(english["other"] + english[""])
	for form, words := range translation {
		got := valuesOf(words)
		if form == "one" && !slices.Contains(got, "Count") {
			got = slices.Sorted(slices.Values(append(got, "Count")))
			if !slices.Contains(wanted, "Count") {
				got = valuesOf(words)
			}
		}
		switch {
		case strings.TrimSpace(words) == "":
			faults = append(faults, here+" is empty")
		case !slices.Equal(got, wanted):
			faults = append(faults, here+" "+form+" has the values "+strings.Join(got, ", ")+"; wanted are "+strings.Join(wanted, ", "))
		case strings.Count(words, "{{") != len(value.FindAllString(words, -1)):
			faults = append(faults, here+" has braces that are no value")
		}
	}
	return faults
}

func valuesOf(words string) []string {
	found := map[string]bool{}
	for _, m := range value.FindAllStringSubmatch(words, -1) {
		found[m[1]] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// TestFaultsOfALanguageAreFound shows that the checks above can fail.
func TestFaultsOfALanguageAreFound(t *testing.T) {
	t.Parallel()
	english := map[string]text{
		"kit a": {"": "Ready"}, "kit b": {"": "{{.Name}} is here"}, "kit c": {"one": "{{.Count}} day", "other": "{{.Count}} days"}, "kit d": {"": "Name"},
	}
	whole := map[string]text{
		"kit a": {"": "Bereit"}, "kit b": {"": "{{.Name}} ist da"}, "kit c": {"one": "ein Tag", "other": "{{.Count}} Tage"}, "kit d": {"": "Name"},
	}
	german, same := []string{"one", "other"}, []string{"d"}
	if faults := textFaults(english, whole, same, german); len(faults) > 0 {
		t.Errorf("a whole language: %v", faults)
	}
	for name, change := range map[string]func(map[string]text){
		"a":    func(texts map[string]text) { delete(texts, "kit a") },
		"z":    func(texts map[string]text) { texts["kit z"] = text{"": "?"} },
		"b":    func(texts map[string]text) { texts["kit b"] = text{"": "jemand ist da"} },
		"c":    func(texts map[string]text) { texts["kit c"] = text{"other": "{{.Count}} Tage"} },
		"a is": func(texts map[string]text) { texts["kit a"] = text{"": "Ready"} },
		"d":    func(texts map[string]text) { texts["kit d"] = text{"": "Bezeichnung"} },
	} {
		changed := maps.Clone(whole)
		change(changed)
		if faults := textFaults(english, changed, same, german); len(faults) != 1 {
			t.Errorf("%s: %v", name, faults)
		}
	}
	sentences := map[string]translated{"%s takes %d.": {text: "%s takes %d."}, "Go.": {text: "Go."}}
	for name, c := range map[string]struct {
		other  map[string]translated
		faults int
	}{
		"whole":          {map[string]translated{"%s takes %d.": {text: "%[2]v: %[1]v"}, "Go.": {text: "Los."}}, 0},
		"plural":         {map[string]translated{"%s takes %d.": {forms: map[string]string{"one": "%[2]v %[1]v", "other": "%[2]v %[1]v"}}, "Go.": {text: "Los."}}, 0},
		"missing":        {map[string]translated{"%s takes %d.": {text: "%[2]v: %[1]v"}}, 1},
		"unknown":        {map[string]translated{"%s takes %d.": {text: "%[2]v: %[1]v"}, "Go.": {text: "Los."}, "Stop.": {text: "Halt."}}, 1},
		"value lost":     {map[string]translated{"%s takes %d.": {text: "%[2]v"}, "Go.": {text: "Los."}}, 1},
		"another verb":   {map[string]translated{"%s takes %d.": {text: "%[2]v %[1]v %d"}, "Go.": {text: "Los."}}, 1},
		"a form lacking": {map[string]translated{"%s takes %d.": {forms: map[string]string{"other": "%[2]v %[1]v"}}, "Go.": {text: "Los."}}, 1},
	} {
		if faults := sentenceFaults(sentences, c.other, german); len(faults) != c.faults {
			t.Errorf("%s: %v", name, faults)
		}
	}
}
