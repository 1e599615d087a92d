// Package browsertest drives a real Chromium over the pages of a test: it
// opens them on a screen of any size, in light and dark, with scripts on or
// off, asks axe-core what is wrong with them, and takes pictures. It owns no
// page and no server; the test starts its own.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Scheme is the colour scheme that the device asks pages for.
type Scheme string

// The colour schemes.
const (
	Light Scheme = "light"
	Dark  Scheme = "dark"
)

// patience is how long one step may take on a busy machine.
const patience = 30 * time.Second

// Browser is a Chromium with one tab. It ends with the test that made it, and
// belongs to that test's goroutine.
type Browser struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex
	problems []string
}

// New starts a Chromium for the test. Without one the test is skipped, and
// under CI=true it fails.
func New(t testing.TB) *Browser {
	t.Helper()
	path := find()
	if path == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("no Chromium is installed, and CI must not skip the browser tests")
		}
		t.Skipf("%s: no Chromium is installed", t.Name())
	}
	b := &Browser{t: t}
	ctx, cancel := chromedp.NewContext(context.Background(),
		chromedp.WithAllocatorOptions(chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("lang", "en-GB")),
		chromedp.WithListener(b.note),
		chromedp.WithErrorf(t.Logf))
	t.Cleanup(cancel)
	b.ctx = ctx
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	Do(b, call(log.Enable, cdp.Empty{}))
	b.Screen(1280, 800)
	b.Prefer(Light)
	return b
}

func find() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// note keeps what the page complains about: errors of scripts, refused by the
// content security policy, not found.
func (b *Browser) note(event any) {
	text := ""
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			text = string(e.Entry.Source) + ": " + e.Entry.Text
		}
	case *runtime.EventExceptionThrown:
		text = "exception: " + e.ExceptionDetails.Text
	}
	if text == "" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = append(b.problems, text)
}

// Problems returns what pages complained about since the last call: errors of
// scripts, what the content security policy refused, what was not found. The
// status of a page itself, such as 422, is not one of them.
func (b *Browser) Problems() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := b.problems
	b.problems = nil
	return slices.DeleteFunc(found, func(p string) bool {
		return strings.Contains(p, "responded with a status of 4") && !strings.Contains(p, "404")
	})
}

// Do runs a chromedp action with the browser's patience and returns its value;
// an error ends the test. It is for what has no method here.
func Do[T any](b *Browser, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		b.t.Fatalf("browser: %v", err)
	}
	return value
}

func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[R] {
	return func(ctx context.Context, t *chromedp.Target) (R, error) {
		return cdp.Call(ctx, t, command, params)
	}
}

// Screen sets the size of the viewport in CSS pixels; below 600 it is a
// phone's, with touch.
func (b *Browser) Screen(width, height int) {
	b.t.Helper()
	options := []chromedp.EmulateViewportOption{}
	if width < 600 {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2))
	}
	Do(b, chromedp.EmulateViewport(int64(width), int64(height), options...))
}

// Prefer sets the colour scheme that the device asks for, and turns motion off.
func (b *Browser) Prefer(scheme Scheme) {
	b.t.Helper()
	Do(b, call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: string(scheme)},
		{Name: "prefers-reduced-motion", Value: "reduce"},
	}}))
}

// Scripts switches the scripts of pages on or off, from the next page on.
func (b *Browser) Scripts(on bool) {
	b.t.Helper()
	Do(b, call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on}))
}

// Cookie sets a cookie for the site of url.
func (b *Browser) Cookie(url, name, value string) {
	b.t.Helper()
	Do(b, call(network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: url}))
}

// Open goes to a page and returns when it has loaded.
func (b *Browser) Open(url string) {
	b.t.Helper()
	Do(b, chromedp.Navigate(url))
}

// Path returns the path and query of the page that is open.
func (b *Browser) Path() string {
	b.t.Helper()
	return Eval[string](b, `location.pathname + location.search`)
}

// Click clicks the first element that the selector finds; what it does must
// stay on the page.
func (b *Browser) Click(selector string) {
	b.t.Helper()
	Do(b, chromedp.Click(chromedp.CSS(selector)))
}

// Follow clicks the first element that the selector finds, and returns when
// the page that it leads to has loaded. It returns that page's status.
func (b *Browser) Follow(selector string) int {
	b.t.Helper()
	return b.leave(chromedp.Click(chromedp.CSS(selector)))
}

// Type sets the keyboard's focus to the element and types text; "\r" as its
// end does not wait for a page, see Enter.
func (b *Browser) Type(selector, text string) {
	b.t.Helper()
	Do(b, chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Press presses a key where the focus is: "\t", or one of package kb.
func (b *Browser) Press(key string) {
	b.t.Helper()
	Do(b, chromedp.KeyEvent(key))
}

// Enter presses the enter key where the focus is, and returns when the page
// that it leads to has loaded. It returns that page's status.
func (b *Browser) Enter() int {
	b.t.Helper()
	return b.leave(chromedp.KeyEvent("\r"))
}

func (b *Browser) leave(step chromedp.Action[chromedp.Void]) int {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, step)
	if err != nil {
		b.t.Fatalf("browser: %v", err)
	}
	if response == nil {
		return 0
	}
	return int(response.Status)
}

// Eval returns the value of an expression of JavaScript in the page.
func Eval[T any](b *Browser, expression string) T {
	b.t.Helper()
	return Do(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Await evaluates an expression of JavaScript until it has the wanted value, for
// at most five seconds, and returns the last: browsers move the focus and apply
// some other things only after the page is there.
func Await[T comparable](b *Browser, expression string, want T) T {
	b.t.Helper()
	got := Eval[T](b, expression)
	for end := time.Now().Add(5 * time.Second); got != want && time.Now().Before(end); got = Eval[T](b, expression) {
		time.Sleep(20 * time.Millisecond)
	}
	return got
}

// Screenshot writes a picture of the whole page as PNG, making the folder if
// there is none.
func (b *Browser) Screenshot(path string) {
	b.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, Do(b, chromedp.FullScreenshot(100)), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// Overflow returns by how many CSS pixels the page is wider than the screen;
// WCAG 2.2 (1.4.10) wants 0 down to a width of 320.
func (b *Browser) Overflow() int {
	b.t.Helper()
	return Eval[int](b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`)
}
