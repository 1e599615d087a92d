package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"
)

const (
	// minCompressed is the least size of a page that is compressed: below it one
	// packet takes it as it is.
	minCompressed = 1200
	// jitter is the most random bytes that hide the length of a compressed page.
	jitter = 128
)

// compress sends pages under gzip where the browser takes it. Answers that are
// not pages go out as they are: assets are packed once and for all, and files
// may hold PINs. Random bytes, drawn anew for each content, hide how well a page
// could be compressed (BREACH; see docs/adr/0011).
func compress(next http.Handler) (http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(
		gzhttp.MinSize(minCompressed), gzhttp.EnableZstd(false), gzhttp.RandomJitter(jitter, 0, true),
		gzhttp.ContentTypeFilter(func(kind string) bool { return strings.HasPrefix(kind, "text/html") }),
	)
	if err != nil {
		return nil, fmt.Errorf("web: compression: %w", err)
	}
	return wrap(next), nil
}

// onceMark stands in every page that shows a secret the one time it can be shown.
const onceMark = `class="once-secret"`

// keepPlain sees to it that a page which shows a one-time secret is not
// compressed: its length would say something of the secret.
func keepPlain(w http.ResponseWriter, page []byte) {
	if bytes.Contains(page, []byte(onceMark)) {
		w.Header().Set(gzhttp.HeaderNoCompression, "1")
	}
}
