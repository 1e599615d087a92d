package browser

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cardinal/internal/browsertest"
)

// guides is where the guides and their pictures are.
const guides = "../../docs"

// picturesOf returns the names of the pictures that the guides show.
func picturesOf(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(guides, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`\]\(pictures/([^)]+)\.png\)`).FindAllStringSubmatch(string(text), -1) {
			names = append(names, found[1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestGuidesShowThePagesAsTheyAre opens each page that a guide has a picture of
// and compares what people read there with what they read when the picture was
// taken. CARDINAL_GUIDES=update takes the pictures anew.
func TestGuidesShowThePagesAsTheyAre(t *testing.T) {
	s := newStage(t)
	s.furnish()
	s.openToUsers()
	known := map[string]look{}
	for _, l := range looks() {
		known[l.name] = l
	}
	s.Prefer(browsertest.Light)
	s.Screen(1280, 860)
	update := os.Getenv("CARDINAL_GUIDES") == "update"
	kept, file := map[string]string{}, filepath.Join(guides, "pictures", "texts.json")
	if text, err := os.ReadFile(file); err == nil {
		s.must(json.Unmarshal(text, &kept))
	} else if !update {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, name := range picturesOf(t) {
		l, ok := known[name]
		if !ok {
			t.Errorf("a guide shows %s, which is none of the looks", name)
			continue
		}
		s.Cookie(s.url, "cardinal-session", "")
		if l.as != "" {
			s.Cookie(s.url, "cardinal-session", s.session(l.as))
		}
		s.open(l.path)
		if l.do != nil {
			l.do(s)
		}
		// Generated numbers are others each time.
		words := regexp.MustCompile(`\d+`).ReplaceAllString(strings.Join(strings.Fields(s.text("main")), " "), "0")
		sum := sha256.Sum256([]byte(words))
		seen[name] = hex.EncodeToString(sum[:])
		if update {
			s.Screenshot(filepath.Join(guides, "pictures", name+".png"))
		} else if _, err := os.Stat(filepath.Join(guides, "pictures", name+".png")); err != nil || seen[name] != kept[name] {
			t.Errorf("the picture %s in the guides is not of the page as it is; take it anew with: make pictures", name)
		}
	}
	if update {
		text, err := json.MarshalIndent(seen, "", "  ")
		s.must(err)
		s.must(os.WriteFile(file, append(text, '\n'), 0o644))
	}
}
