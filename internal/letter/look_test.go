package letter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/browsertest"
	"cardinal/internal/letter"
	"cardinal/internal/setting"
)

var styleSheet = regexp.MustCompile(`(?s)<style>.*?</style>`)

// mailbox serves every predefined letter at /LANGUAGE/NAME, and at
// /bare/LANGUAGE/NAME as mail programs show it that drop style sheets.
func mailbox(t *testing.T) *httptest.Server {
	t.Helper()
	pages := map[string]string{}
	for _, o := range letter.Originals() {
		for _, language := range setting.Languages() {
			s, err := o.Source(language)
			if err != nil {
				t.Fatal(err)
			}
			template, err := letter.Parse(o.Kind, language, s)
			if err != nil {
				t.Fatal(err)
			}
			l, err := template.Preview(noon)
			if err != nil {
				t.Fatal(err)
			}
			page := l.HTML.Reveal()
			path := "/" + string(language) + "/" + o.Name
			pages[path], pages["/bare"+path] = page, styleSheet.ReplaceAllString(page, "")
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprint(w, pages[r.URL.Path])
	}))
	t.Cleanup(server.Close)
	return server
}

// TestLettersInABrowser looks at every predefined letter on a phone, and at the
// English ones light and dark, wide and narrow, with their style sheet and
// without. With CARDINAL_PICTURES set to a folder it looks at all of them in
// every way, and leaves pictures there.
func TestLettersInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	server, b := mailbox(t), browsertest.New(t)
	pictures := os.Getenv("CARDINAL_PICTURES")
	for _, look := range []struct {
		name, prefix string
		width        int
		scheme       browsertest.Scheme
	}{
		{"light", "", 900, browsertest.Light}, {"dark", "", 900, browsertest.Dark}, {"phone", "", 360, browsertest.Light},
		{"phone-dark", "", 360, browsertest.Dark}, {"bare", "/bare", 360, browsertest.Light},
	} {
		b.Screen(look.width, 700)
		b.Prefer(look.scheme)
		for _, o := range letter.Originals() {
			for _, language := range setting.Languages() {
				if language != "en" && look.name != "phone" && pictures == "" {
					continue
				}
				path := "/" + string(language) + "/" + o.Name
				b.Open(server.URL + look.prefix + path)
				if over := b.Overflow(); over > 0 {
					t.Errorf("%s %s is %d pixels too wide", look.name, path, over)
				}
				if language == "en" && look.width > 600 {
					readable(t, b, look.name+" "+path)
				}
				if pictures != "" {
					b.Screenshot(filepath.Join(pictures, look.name, strings.ReplaceAll(path[1:], "/", "-")+".png"))
				}
			}
		}
	}
}

// readable asks axe-core, among other things for contrast. A letter is no page
// with landmarks.
func readable(t *testing.T, b *browsertest.Browser, what string) {
	t.Helper()
	for _, finding := range b.Axe() {
		if finding.ID != "region" && finding.ID != "landmark-one-main" {
			t.Errorf("%s: %s", what, finding)
		}
	}
}

// TestALongNameStaysOnAPhone holds that text without a space is broken.
func TestALongNameStaysOnAPhone(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	o := letter.Original{Name: string(letter.Invitation), Kind: letter.Invitation}
	s, err := o.Source("en")
	if err != nil {
		t.Fatal(err)
	}
	l := rendered(t, o.Kind, s, func(v *letter.Values) {
		v.FullName, v.Username = strings.Repeat("W", 255), strings.Repeat("ש", 128)
		v.Link = cardinal.NewToken("https://cardinal.example/" + strings.Repeat("x", 300))
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, l.HTML.Reveal())
	}))
	t.Cleanup(server.Close)
	b := browsertest.New(t)
	b.Screen(320, 700)
	b.Open(server.URL)
	if over := b.Overflow(); over > 0 {
		t.Errorf("%d pixels too wide", over)
	}
}
