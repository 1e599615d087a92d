package browsertest_test

import (
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"cardinal/internal/browsertest"
)

const sound = `<!doctype html><html lang="en"><head><title>Sound</title><meta name="viewport" content="width=device-width">
<style>body{color-scheme:light dark}@media (prefers-color-scheme:dark){#scheme::after{content:"dark"}}</style></head>
<body><main><h1 id="scheme">Sound</h1><p id="script">off</p><a id="next" href="/broken">Next</a></main>
<script>document.getElementById("script").textContent = "on"</script></body></html>`

const broken = `<!doctype html><html lang="en"><head><title>Broken</title><meta name="viewport" content="width=device-width"></head><body><main><h1>Broken</h1>
<input type="text"><div>` + wide + `</div></main><script>nothing.there()</script></body></html>`

const wide = `<pre>wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww</pre>`

func TestBrowser(t *testing.T) {
	b := browsertest.New(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		text := sound
		if r.URL.Path == "/broken" {
			text = broken
		}
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(server.Close)
	content := func(selector string) string {
		return browsertest.Eval[string](b, `document.querySelector("`+selector+`").textContent`)
	}

	b.Open(server.URL)
	if got := content("#script"); got != "on" {
		t.Errorf("with scripts, the page says %q", got)
	}
	b.Problems() // the favicon
	if found := b.Axe(); len(found) != 0 {
		t.Errorf("axe finds in a sound page: %v", found)
	}
	for _, scheme := range []browsertest.Scheme{browsertest.Dark, browsertest.Light} {
		b.Prefer(scheme)
		shown := browsertest.Eval[string](b, `getComputedStyle(document.querySelector("#scheme"), "::after").content`)
		if (shown == `"dark"`) != (scheme == browsertest.Dark) {
			t.Errorf("under %s the page shows %s", scheme, shown)
		}
	}
	b.Screen(320, 600)
	if got := browsertest.Eval[int](b, "innerWidth"); got != 320 {
		t.Errorf("the screen is %d wide, not 320", got)
	}
	if got := b.Overflow(); got != 0 {
		t.Errorf("a narrow page overflows by %d", got)
	}
	picture := filepath.Join(t.TempDir(), "folder", "sound.png")
	b.Screenshot(picture)
	checkPicture(t, picture)

	if got := b.Follow("#next"); got != http.StatusOK {
		t.Errorf("the link's page answered %d", got)
	}
	if got := b.Path(); got != "/broken" {
		t.Errorf("the link led to %s", got)
	}
	if got := b.Overflow(); got <= 0 {
		t.Errorf("a wide page overflows by %d", got)
	}
	if !slices.ContainsFunc(b.Axe(), func(f browsertest.Finding) bool { return f.ID == "label" }) {
		t.Error("axe does not find the field without a label")
	}
	if len(b.Problems()) == 0 {
		t.Error("the script's error went unnoticed")
	}

	b.Scripts(false)
	b.Open(server.URL)
	if got := content("#script"); got != "off" {
		t.Errorf("without scripts, the page says %q", got)
	}
}

func checkPicture(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, err := png.DecodeConfig(file)
	if err != nil || picture.Width != 640 { // 320 CSS pixels at a phone's two to one
		t.Errorf("the picture is %d wide (%v), not 640", picture.Width, err)
	}
}
