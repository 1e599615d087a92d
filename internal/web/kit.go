package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"text/template"
	"time"

	"cardinal"
)

// Config is what the kit is told by the program around it.
type Config struct {
	// Authenticate resolves a session's token. An error of
	// CodeUnauthenticated means that nobody is signed in; any other ends the request.
	Authenticate func(ctx context.Context, token cardinal.Token) (Session, error)
	// Key authenticates the messages that survive a redirect; at least 32 random bytes.
	Key []byte
	// Now is the program's clock.
	Now func() time.Time
	// HTTPS reports whether a request reached Cardinal, or a trusted proxy
	// before it, over TLS; nil asks the connection alone.
	HTTPS func(*http.Request) bool
	// Address returns the client's network address without a port; nil takes the connection's.
	Address func(*http.Request) string
	// Sent remembers forms, so that one sent twice is done once; zero does not.
	Sent Sent
	// Around returns what stands around the page of an error for somebody signed
	// in; nil leaves it a lone card.
	Around func(r *http.Request) (Layout, Nav, error)
	// KeepLanguage keeps the language that a person chose; nil leaves it to a cookie.
	KeepLanguage func(ctx context.Context, caller cardinal.Caller, language string) error
	// ClockOffset is by how much the clock is shifted for a rehearsal; a banner says so unless it is 0.
	ClockOffset time.Duration
	// Log receives the errors that pages do not show; nil discards them.
	Log *slog.Logger
}

// Kit serves pages. It is made once, is safe for concurrent use, and holds no
// state of any request.
type Kit struct {
	config    Config
	assets    *Assets
	catalogue *Catalogue
	layouts   map[Layout]*template.Template // what pages of a layout have in common, as it was parsed
	faults    map[Layout]*Page[faultData]
	buffers   sync.Pool
}

// New makes a kit, or fails if the configuration, an embedded template, the
// catalogue or an asset is broken.
func New(config Config) (*Kit, error) {
	switch {
	case config.Authenticate == nil || config.Now == nil:
		return nil, errors.New("web: Authenticate and Now must be given")
	case len(config.Key) < 32:
		return nil, errors.New("web: Key must have at least 32 bytes")
	}
	if config.HTTPS == nil {
		config.HTTPS = func(r *http.Request) bool { return r.TLS != nil }
	}
	if config.Address == nil {
		config.Address = remoteAddress
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	assets, err := newAssets()
	if err != nil {
		return nil, fmt.Errorf("web: assets: %w", err)
	}
	catalogue, err := newCatalogue(localeFiles())
	if err != nil {
		return nil, fmt.Errorf("web: catalogue: %w", err)
	}
	kit := &Kit{config: config, assets: assets, catalogue: catalogue}
	kit.buffers.New = func() any { return new(bytes.Buffer) }
	kit.layouts, kit.faults = map[Layout]*template.Template{}, map[Layout]*Page[faultData]{}
	for _, layout := range []Layout{LayoutSignedOut, LayoutUser, LayoutAdministrator} {
		if kit.layouts[layout], err = kit.shared(layout); err != nil {
			return nil, err
		}
		kit.faults[layout], err = Parse[faultData](kit, Area{Layout: layout, Files: templateFiles()}, "fault.html")
		if err != nil {
			return nil, err
		}
	}
	return kit, nil
}

// Assets returns the kit's static files, for pages that name one in Go.
func (k *Kit) Assets() *Assets { return k.assets }

func remoteAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

// newRequestID returns 26 letters and digits that join the log lines, the
// audit entries and the answer of one request.
func newRequestID() string { return rand.Text() }
