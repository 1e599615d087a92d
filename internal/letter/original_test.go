package letter_test

import (
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/width"

	"cardinal/internal/letter"
	"cardinal/internal/setting"
)

var inBraces = regexp.MustCompile(`\{\{ *([^ }]+) *\}\}`)

func variablesIn(text string) map[string]bool {
	found := map[string]bool{}
	for _, m := range inBraces.FindAllStringSubmatch(text, -1) {
		found[m[1]] = true
	}
	return found
}

// eachOriginal calls f for every predefined template in every language.
func eachOriginal(t *testing.T, f func(*testing.T, letter.Original, setting.Language, letter.Source)) {
	t.Helper()
	for _, o := range letter.Originals() {
		for _, language := range setting.Languages() {
			t.Run(o.Name+"/"+string(language), func(t *testing.T) {
				source, err := o.Source(language)
				if err != nil {
					t.Fatal(err)
				}
				f(t, o, language, source)
			})
		}
	}
}

// TestOriginalsUseTheirVariables holds that nothing that a kind knows is left
// out, in any language, in the text and in the HTML.
func TestOriginalsUseTheirVariables(t *testing.T) {
	eachOriginal(t, func(t *testing.T, o letter.Original, language setting.Language, s letter.Source) {
		if _, err := letter.Parse(o.Kind, language, s); err != nil {
			t.Fatal(err)
		}
		want := o.Kind.Variables()
		if o.Kind == letter.Custom {
			want = append(want, "event.printer")
		}
		slices.Sort(want)
		for part, body := range map[string]string{"text": s.Text, "HTML": s.HTML} {
			if got := slices.Sorted(maps.Keys(variablesIn(body))); !slices.Equal(got, want) {
				t.Errorf("the %s has %q, want %q", part, got, want)
			}
		}
		if !variablesIn(s.Subject)["customer-name"] {
			t.Error("the subject does not say which organisation writes")
		}
		if slices.Contains(o.Kind.Variables(), "link") && (!strings.Contains(s.HTML, `class="button" href="{{link}}"`) || !strings.Contains(s.HTML, `>{{link}}</a>`)) {
			t.Error("the link is not there as a button and as text")
		}
	})
}

// TestOriginalsSayTheSameInTextAndHTML compares the sentences.
func TestOriginalsSayTheSameInTextAndHTML(t *testing.T) {
	tags := regexp.MustCompile(`<[^>]*>`)
	eachOriginal(t, func(t *testing.T, _ letter.Original, _ setting.Language, s letter.Source) {
		words := strings.Join(strings.Fields(tags.ReplaceAllString(s.HTML, " ")), " ")
		for line := range strings.Lines(s.Text) {
			for sentence := range strings.SplitSeq(line, "{{") { // a value may stand on a line of its own
				_, after, found := strings.Cut(sentence, "}}")
				if found {
					sentence = after
				}
				if sentence = strings.Join(strings.Fields(sentence), " "); !strings.Contains(words, sentence) {
					t.Errorf("the HTML does not say %q", sentence)
				}
			}
		}
	})
}

func TestOriginalsDifferByLanguage(t *testing.T) {
	for _, o := range letter.Originals() {
		seen := map[string]setting.Language{}
		for _, language := range setting.Languages() {
			s, err := o.Source(language)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(s.Subject + "\n" + s.Text) {
				line = strings.TrimSpace(inBraces.ReplaceAllString(line, ""))
				if other, ok := seen[line]; ok && len(line) > 12 && other != language {
					t.Errorf("%s: %s and %s both say %q", o.Name, other, language, line)
				}
				seen[line] = language
			}
		}
	}
}

// lockedScreen is how many columns of a mail a locked screen shows at most.
const lockedScreen = 140

// TestOriginalsKeepSecretsOffLockedScreens measures from the first character
// of the text to what must not be seen over a shoulder.
func TestOriginalsKeepSecretsOffLockedScreens(t *testing.T) {
	eachOriginal(t, func(t *testing.T, _ letter.Original, _ setting.Language, s letter.Source) {
		for _, secret := range []string{"{{pin}}", "{{card-number}}", "{{link}}"} {
			before, _, found := strings.Cut(s.Text, secret)
			if found && columns(inBraces.ReplaceAllString(before, "")) < lockedScreen {
				t.Errorf("only %d columns stand before %s", columns(inBraces.ReplaceAllString(before, "")), secret)
			}
			if strings.Contains(s.Subject, secret) {
				t.Errorf("%s stands in the subject", secret)
			}
		}
		if digits := regexp.MustCompile(`[0-9]{2,}`).FindString(inBraces.ReplaceAllString(s.Subject+s.Text, "")); digits != "" {
			t.Errorf("%q may be taken for an example of a PIN", digits)
		}
	})
}

func columns(text string) (n int) {
	for _, r := range text {
		n++
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			n++
		}
	}
	return n
}

// TestOriginalsNameTheLabelsOfPages finds the labels that people are sent to
// in the catalogue of the pages.
func TestOriginalsNameTheLabelsOfPages(t *testing.T) {
	label := regexp.MustCompile(`"self\.change\.(?:title|pin)": "(.*)"`)
	for _, language := range setting.Languages() {
		catalogue, err := os.ReadFile("../web/locale/self." + string(language) + ".json")
		if err != nil {
			t.Fatal(err)
		}
		labels := label.FindAllStringSubmatch(string(catalogue), -1)
		if len(labels) != 2 {
			t.Fatalf("%s: %d labels, want 2", language, len(labels))
		}
		for _, name := range []letter.Kind{letter.PINExpiration, letter.PINChanged, letter.PINRemoved, letter.AccountLocked} {
			s, err := letter.Original{Name: string(name), Kind: name}.Source(language)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range labels {
				if !strings.Contains(s.Text, l[1]) {
					t.Errorf("%s in %s does not name %q", name, language, l[1])
				}
			}
		}
	}
}

func TestEveryFileIsAnOriginal(t *testing.T) {
	var names, want []string
	err := fs.WalkDir(os.DirFS("originals"), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && path != "README.md" {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range letter.Originals() {
		for _, language := range setting.Languages() {
			want = append(want, string(language)+"/"+o.Name+".txt")
		}
	}
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("files %q\nwant %q", names, want)
	}
}

// TestPreviewsAreWhatIsSent renders with the values of the sample, and looks at
// each place for what a reader would stumble over.
func TestPreviewsAreWhatIsSent(t *testing.T) {
	eachOriginal(t, func(t *testing.T, o letter.Original, language setting.Language, s letter.Source) {
		template, err := letter.Parse(o.Kind, language, s)
		if err != nil {
			t.Fatal(err)
		}
		preview, err := template.Preview(noon)
		if err != nil {
			t.Fatal(err)
		}
		values := letter.Sample(language, noon)
		values.Event["printer"] = "[printer]"
		sent, err := template.Render(values)
		if err != nil {
			t.Fatal(err)
		}
		if preview.Subject != sent.Subject || preview.Text.Reveal() != sent.Text.Reveal() || preview.HTML.Reveal() != sent.HTML.Reveal() {
			t.Error("the preview is not what is sent")
		}
		for _, body := range []string{sent.Subject, sent.Text.Reveal(), sent.HTML.Reveal()} {
			for _, stumble := range []string{"{{", "}}", "%!", "<bdi>", `href="#"`, `""`, "()"} {
				if strings.Contains(body, stumble) {
					t.Errorf("%q stands in %s", stumble, body)
				}
			}
			if !strings.Contains(body, "Acme corporation") {
				t.Errorf("the organisation is not named in %s", body)
			}
		}
	})
}
