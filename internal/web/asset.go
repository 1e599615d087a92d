package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"cardinal"
)

//go:embed assets
var assetTree embed.FS

const assetPrefix = "/assets/"

// Assets are the static files. Each is served under a URL that holds a hash of
// its content, so that browsers can keep it for good.
type Assets struct {
	files map[string]*asset // by name
	icons map[string]bool
}

type asset struct {
	url     string
	mime    string
	content []byte
	// packed is the content under gzip, or nil where that is no smaller.
	packed func() []byte
}

// newAssets takes the files of assets/ and assets/vendor/ and makes icons.svg
// of those in assets/icons/.
func newAssets() (*Assets, error) {
	a := &Assets{files: map[string]*asset{}}
	for _, folder := range []string{"assets", "assets/vendor"} {
		if err := a.addFolder(assetTree, folder); err != nil {
			return nil, err
		}
	}
	sprite, names, err := iconSprite(assetTree, "assets/icons")
	if err != nil {
		return nil, err
	}
	a.icons = names
	a.add("icons.svg", sprite)
	return a, nil
}

func (a *Assets) addFolder(files fs.FS, folder string) error {
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		return fmt.Errorf("list %s: %w", folder, err)
	}
	for _, entry := range entries {
		if entry.IsDir() || !slices.Contains([]string{".css", ".js", ".svg", ".png"}, path.Ext(entry.Name())) {
			continue
		}
		content, err := fs.ReadFile(files, path.Join(folder, entry.Name()))
		if err != nil {
			return fmt.Errorf("read %s: %w", entry.Name(), err)
		}
		a.add(entry.Name(), content)
	}
	return nil
}

func (a *Assets) add(name string, content []byte) {
	sum := sha256.Sum256(content)
	a.files[name] = &asset{
		url:     assetPrefix + hex.EncodeToString(sum[:8]) + "/" + name,
		mime:    mime.TypeByExtension(path.Ext(name)),
		content: content,
		packed:  sync.OnceValue(func() []byte { return pack(content) }),
	}
}

func pack(content []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := w.Write(content); err != nil || w.Close() != nil || b.Len() >= len(content) {
		return nil
	}
	return b.Bytes()
}

// URL returns where the asset of that name is served, or an error if there is none.
func (a *Assets) URL(name string) (string, error) {
	f := a.files[name]
	if f == nil {
		return "", fmt.Errorf("there is no asset %q", name)
	}
	return f.url, nil
}

// Names returns the names of all assets in order.
func (a *Assets) Names() []string {
	names := make([]string, 0, len(a.files))
	for name := range a.files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// serve answers GET /assets/{hash}/{name}. A wrong hash is not found: serving
// the present content there would be kept for good under the wrong name.
func (a *Assets) serve(w http.ResponseWriter, r *http.Request) error {
	f := a.files[r.PathValue("name")]
	if f == nil || f.url != r.URL.Path {
		return cardinal.ErrNotFound
	}
	h := w.Header()
	h.Set("Content-Type", f.mime)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := f.content
	if packed := f.packed(); packed != nil && acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body = packed
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the reader is gone: nobody to tell
	return nil
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			q, found := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
			weight, err := strconv.ParseFloat(q, 64)
			return !found || err == nil && weight > 0
		}
	}
	return false
}
