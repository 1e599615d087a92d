package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/web"
)

func packed(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd") }

// transferred returns how many bytes an answer has on its way and what it says.
func transferred(t *testing.T, response *http.Response) (int, string) {
	t.Helper()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.Header.Get("Content-Encoding") == "" {
		return len(raw), string(raw)
	}
	unpacked, err := gzip.NewReader(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	return len(raw), string(text)
}

var assetInPage = regexp.MustCompile(`(?:href|src)="(/assets/[^"#]+)`)

// TestPagesAreLight holds what is sent to a budget: 250 kB for the first visit
// and 30 kB for each page after it.
func TestPagesAreLight(t *testing.T) {
	t.Parallel()
	server := startGallery(t)
	size, text := transferred(t, ask(t, http.MethodGet, server.URL+"/sign-in", packed))
	if !strings.Contains(text, "</html>") {
		t.Fatalf("half a page: %s", text)
	}
	total, seen := size, map[string]bool{}
	for _, m := range assetInPage.FindAllStringSubmatch(text, -1) {
		if seen[m[1]] {
			continue
		}
		seen[m[1]] = true
		response := ask(t, http.MethodGet, server.URL+m[1], packed)
		size, _ := transferred(t, response)
		total += size
		if cache := response.Header.Get("Cache-Control"); !strings.Contains(cache, "immutable") {
			t.Errorf("%s is kept as %q", m[1], cache)
		}
	}
	if len(seen) < 5 || total > 250_000 {
		t.Errorf("the first visit takes %d bytes in %d files", total, len(seen)+1)
	}
	t.Logf("first visit: %d bytes", total)
	for _, path := range []string{"/components", "/security-options"} {
		response := ask(t, http.MethodGet, server.URL+path, packed, as(anna))
		size, text := transferred(t, response)
		if size > 30_000 {
			t.Errorf("%s takes %d bytes", path, size)
		}
		t.Logf("%s: %d of %d bytes", path, size, len(text))
	}
	response := ask(t, http.MethodGet, server.URL+"/security-options", packed, as(anna))
	if response.Header.Get("Content-Encoding") != "gzip" || response.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("a page is sent as %q, %q", response.Header.Get("Content-Encoding"), response.Header.Get("Vary"))
	}
}

func TestLengthsSayLittle(t *testing.T) {
	t.Parallel()
	kit := newKit(t)
	long := page[struct{ Text string }](t, kit, `<form method="post" action="/x"></form>{{.Data.Text}}`)
	secret := page[struct{ Once web.Once }](t, kit, `{{template "once" .Data.Once}}<p>`+strings.Repeat("long ", 1000)+`</p>`)
	server := serve(t, kit,
		web.Route{Pattern: "GET /page", Permission: cardinal.PermNone, Handle: func(w http.ResponseWriter, r *http.Request) error {
			return long.Show(w, r, web.Head{Title: "Page"}, struct{ Text string }{strings.Repeat("long ", 1000)})
		}},
		web.Route{Pattern: "GET /file", Permission: cardinal.PermNone, Handle: func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Type", "text/csv; charset=utf-8")
			_, err := io.WriteString(w, strings.Repeat("username,pin\r\n", 1000))
			return err
		}},
		web.Route{Pattern: "POST /once", Permission: cardinal.PermNone, Handle: func(w http.ResponseWriter, r *http.Request) error {
			once := web.Once{ID: "pin", Label: "PIN", Secret: cardinal.NewPIN("739164").Secret}
			return secret.Show(w, r, web.Head{Title: "PIN"}, struct{ Once web.Once }{once})
		}},
	)
	lengths := map[int]bool{}
	for range 40 {
		size, _ := transferred(t, ask(t, http.MethodGet, server.URL+"/page", packed))
		lengths[size] = true
	}
	if len(lengths) < 10 {
		t.Errorf("a page of one content has only %d lengths", len(lengths))
	}
	for path, method := range map[string]string{"/file": http.MethodGet, "/once": http.MethodPost} {
		response := ask(t, method, server.URL+path, packed)
		if got := response.Header.Get("Content-Encoding"); got != "" {
			t.Errorf("%s is sent as %q", path, got)
		}
		if response.Header.Get("No-Gzip-Compression") != "" {
			t.Errorf("%s: the kit's own header goes out", path)
		}
		if length, err := strconv.Atoi(response.Header.Get("Content-Length")); err == nil && length == 0 {
			t.Errorf("%s is empty", path)
		}
	}
}
