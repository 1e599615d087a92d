package web_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cardinal/internal/web/htmlcheck"
)

func accepting(coding string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Accept-Encoding", coding) }
}

func TestAssetsAreServedForGood(t *testing.T) {
	t.Parallel()
	kit := newKit(t)
	server := serve(t, kit)
	types := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	for _, name := range kit.Assets().Names() {
		url, err := kit.Assets().URL(name)
		if err != nil {
			t.Fatal(err)
		}
		plain := ask(t, "GET", server.URL+url, accepting("identity"))
		content := body(t, plain)
		sum := sha256.Sum256([]byte(content))
		if !strings.Contains(url, "/"+hex.EncodeToString(sum[:8])+"/") {
			t.Errorf("%s: the URL %s does not hold the content's hash", name, url)
		}
		if got := plain.Header.Get("Content-Type"); got != types[filepath.Ext(name)] {
			t.Errorf("%s is served as %q", name, got)
		}
		if plain.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || plain.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: headers %v", name, plain.Header)
		}
		packed := ask(t, "GET", server.URL+url, accepting("br;q=1.0, gzip;q=0.8"))
		if packed.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s is not packed", name)
			continue
		}
		if unpacked := unpack(t, packed.Body); unpacked != content {
			t.Errorf("%s is another when it is unpacked", name)
		}
		if refusing := ask(t, "GET", server.URL+url, accepting("gzip;q=0")); refusing.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s is packed for somebody who refuses that", name)
		}
	}
	for _, target := range []string{"/assets/0123456789abcdef/app.css", "/assets/0123456789abcdef/doc.go", "/assets/0123456789abcdef/..%2fkit.go"} {
		if got := ask(t, "GET", server.URL+target); got.StatusCode != http.StatusNotFound || strings.Contains(got.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d", target, got.StatusCode)
		}
	}
}

func unpack(t testing.TB, packed io.Reader) string {
	t.Helper()
	reader, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestFirstVisit adds up what a browser without a cache loads over the wire.
func TestFirstVisit(t *testing.T) {
	t.Parallel()
	server := startGallery(t)
	const budget = 250 << 10
	document := body(t, ask(t, "GET", server.URL+"/components", as(anna)))
	d := htmlcheck.Parse(t, strings.NewReader(document))
	urls := map[string]bool{}
	for _, ref := range []struct{ selector, attr string }{{"link", "href"}, {"script", "src"}, {"img", "src"}, {"use", "href"}} {
		for _, node := range d.All(ref.selector) {
			url, _ := htmlcheck.Attr(node, ref.attr)
			url, _, _ = strings.Cut(url, "#")
			urls[url] = true
		}
	}
	total := len(document)
	for url := range urls {
		total += len(body(t, ask(t, "GET", server.URL+url, accepting("gzip"))))
	}
	t.Logf("%d files beside the page, %d bytes over the wire", len(urls), total)
	if len(urls) < 5 || total > budget {
		t.Errorf("%d files, %d bytes; the budget is %d", len(urls), total, budget)
	}
}

func TestVendoredFiles(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("VENDOR.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|[^|]+\\|[^|]+\\|[^|]+\\| ([^ |]+) \\|[^|]+\\| `([0-9a-f]{64})` \\|$").FindAllSubmatch(table, -1)
	listed := map[string]bool{}
	for _, row := range rows {
		content, err := os.ReadFile(string(row[1]))
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != string(row[3]) {
			t.Errorf("%s is not the file that VENDOR.md lists", row[1])
		}
		if licence, err := os.ReadFile(string(row[2])); err != nil || len(bytes.TrimSpace(licence)) == 0 {
			t.Errorf("%s has no licence text: %v", row[1], err)
		}
		listed[string(row[1])] = true
	}
	vendored, err := filepath.Glob("assets/vendor/*.min.*")
	if err != nil || len(vendored) == 0 {
		t.Fatalf("vendored: %v, %v", vendored, err)
	}
	for _, path := range append(vendored, "../browsertest/axe/axe.min.js") {
		if !listed[path] {
			t.Errorf("%s is not listed in VENDOR.md", path)
		}
	}
}
