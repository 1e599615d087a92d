package web_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/web"
)

func failing(err error) web.Handler {
	return func(http.ResponseWriter, *http.Request) error { return err }
}

func body(t testing.TB, response *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestErrorsBecomePages(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	kit := newKit(t, func(c *web.Config) { c.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
	const canary = "canary-4711"
	coded := func(code cardinal.Code) error {
		return fmt.Errorf("at work: %w", cardinal.Errorf(code, "Do this next."))
	}
	cases := []struct {
		name   string
		handle web.Handler
		status int
		shows  string
		logged bool
	}{
		{"malformed", failing(coded(cardinal.CodeMalformed)), 400, "Do this next.", false},
		{"invalid", failing(coded(cardinal.CodeInvalid)), 422, "Do this next.", false},
		{"policy-violation", failing(coded(cardinal.CodePolicyViolation)), 422, "Do this next.", false},
		{"sign-in-failed", failing(coded(cardinal.CodeSignInFailed)), 401, "Do this next.", false},
		{"forbidden", failing(coded(cardinal.CodeForbidden)), 403, "Do this next.", false},
		{"not-found", failing(coded(cardinal.CodeNotFound)), 404, "Do this next.", false},
		{"not-found-bare", failing(cardinal.ErrNotFound), 404, "There is nothing at this address.", false},
		{"conflict", failing(coded(cardinal.CodeConflict)), 409, "Do this next.", false},
		{"stale", failing(coded(cardinal.CodeStale)), 412, "Do this next.", false},
		{"too-large", failing(coded(cardinal.CodeTooLarge)), 413, "Do this next.", false},
		{"body-too-large", failing(fmt.Errorf("read: %w", &http.MaxBytesError{Limit: 1})), 413, "Send a smaller file", false},
		{"rate-limited", failing(&cardinal.Error{Code: cardinal.CodeRateLimited, Detail: "Do this next.", RetryAfter: 1500 * time.Millisecond}), 429, "Do this next.", false},
		{"storage-full", failing(coded(cardinal.CodeStorageFull)), 507, "Do this next.", true},
		{"unavailable", failing(cardinal.Errorf(cardinal.CodeUnavailable, "Do this next.").Because(errors.New(canary))), 503, "Do this next.", true},
		{"internal", failing(cardinal.Errorf(cardinal.CodeInternal, canary)), 500, "Something went wrong", true},
		{"any-other", failing(errors.New(canary)), 500, "Something went wrong", true},
		{"panic", func(http.ResponseWriter, *http.Request) error { panic(canary) }, 500, "Something went wrong", true},
	}
	routes := make([]web.Route, len(cases))
	for i, c := range cases {
		routes[i] = web.Route{Pattern: "GET /" + c.name, Permission: cardinal.PermNone, Handle: c.handle}
	}
	server := serve(t, kit, routes...)
	for _, c := range cases {
		log.Reset()
		response := ask(t, "GET", server.URL+"/"+c.name)
		text := body(t, response)
		id := response.Header.Get("X-Request-Id")
		if response.StatusCode != c.status || !strings.Contains(text, c.shows) {
			t.Errorf("%s: %d, want %d; %q is shown: %v", c.name, response.StatusCode, c.status, c.shows, strings.Contains(text, c.shows))
		}
		if strings.Contains(text, canary) {
			t.Errorf("%s: the page shows the cause", c.name)
		}
		if c.logged && (strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), id) || !strings.Contains(text, id)) {
			t.Errorf("%s: not logged once with the id that the page shows: %s", c.name, log.String())
		}
		if !c.logged && log.Len() > 0 {
			t.Errorf("%s: logged: %s", c.name, log.String())
		}
		if c.name == "rate-limited" && response.Header.Get("Retry-After") != "2" {
			t.Errorf("Retry-After is %q for 1.5 s", response.Header.Get("Retry-After"))
		}
	}
}

func TestHeadersOnEveryAnswer(t *testing.T) {
	t.Parallel()
	server := startGallery(t)
	css, err := newKit(t).Assets().URL("app.css")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, target := range []string{"/sign-in", "/components", "/nothing", "/broken", css, "/assets/0000/app.css"} {
		response := ask(t, "GET", server.URL+target)
		h := response.Header
		policy := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy lacks %s: %q", target, part, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") == "" {
			t.Errorf("%s: headers %v", target, h)
		}
		if cached := strings.Contains(h.Get("Cache-Control"), "immutable"); cached != (target == css) {
			t.Errorf("%s: Cache-Control %q", target, h.Get("Cache-Control"))
		}
		if h.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: HSTS over plain HTTP", target)
		}
		id := h.Get("X-Request-Id")
		if len(id) != 26 || seen[id] {
			t.Errorf("%s: request id %q", target, id)
		}
		seen[id] = true
	}
	secured := startGallery(t, func(c *web.Config) { c.HTTPS = func(*http.Request) bool { return true } })
	if got := ask(t, "GET", secured.URL+"/sign-in").Header.Get("Strict-Transport-Security"); !strings.HasPrefix(got, "max-age=") {
		t.Errorf("HSTS under TLS is %q", got)
	}
}

func TestWhoMaySeeAPage(t *testing.T) {
	t.Parallel()
	var caller cardinal.Caller
	kit := newKit(t)
	take := func(_ http.ResponseWriter, r *http.Request) error { caller = web.CallerOf(r); return nil }
	server := serve(t, kit,
		web.Route{Pattern: "GET /users", Permission: cardinal.PermReadUsers, Handle: take},
		web.Route{Pattern: "POST /users", Permission: cardinal.PermWriteUsers, Handle: take},
		web.Route{Pattern: "GET /open", Permission: cardinal.PermNone, Handle: take},
	)
	redirects := func(response *http.Response, target string) {
		t.Helper()
		if response.StatusCode != http.StatusSeeOther || response.Header.Get("Location") != target {
			t.Errorf("%d to %q, want a redirect to %q", response.StatusCode, response.Header.Get("Location"), target)
		}
	}

	redirects(ask(t, "GET", server.URL+"/users?sort=name&cursor=a%26b"), "/sign-in?next=%2Fusers%3Fsort%3Dname%26cursor%3Da%2526b")
	redirects(ask(t, "POST", server.URL+"/users"), "/sign-in")
	ended := ask(t, "GET", server.URL+"/users", as(gone))
	redirects(ended, "/sign-in?next=%2Fusers")
	if cookies := ended.Cookies(); len(cookies) != 1 || cookies[0].MaxAge >= 0 {
		t.Errorf("the cookie of a session that ended stays: %v", cookies)
	}
	part := ask(t, "GET", server.URL+"/users", func(r *http.Request) { r.Header.Set("HX-Request", "true") })
	if part.StatusCode != http.StatusUnauthorized || part.Header.Get("HX-Redirect") != "/sign-in?next=%2Fusers" {
		t.Errorf("a part of a page: %d, %q", part.StatusCode, part.Header.Get("HX-Redirect"))
	}
	if got := ask(t, "GET", server.URL+"/users", as(bruno)).StatusCode; got != http.StatusForbidden {
		t.Errorf("a user sees the users: %d", got)
	}
	if got := ask(t, "GET", server.URL+"/open", as(down)).StatusCode; got != http.StatusServiceUnavailable {
		t.Errorf("while the database is down: %d", got)
	}

	response := ask(t, "GET", server.URL+"/users", as(anna))
	if response.StatusCode != http.StatusOK || caller.Name != "anna" || caller.Address != "127.0.0.1" ||
		caller.RequestID != response.Header.Get("X-Request-Id") {
		t.Errorf("%d for %+v", response.StatusCode, caller)
	}
	if got := ask(t, "GET", server.URL+"/open").StatusCode; got != http.StatusOK || caller.Kind != cardinal.CallerAnonymous {
		t.Errorf("a public page: %d for %+v", got, caller)
	}
}

func TestUnknownAddressAndMethod(t *testing.T) {
	t.Parallel()
	server := startGallery(t)
	response := ask(t, "GET", server.URL+"/no-such-page")
	if response.StatusCode != http.StatusNotFound || !strings.Contains(body(t, response), "Page not found") {
		t.Errorf("unknown address: %d", response.StatusCode)
	}
	response = ask(t, "POST", server.URL+"/components", as(anna))
	if response.StatusCode != http.StatusMethodNotAllowed || !strings.Contains(response.Header.Get("Allow"), "GET") ||
		!strings.Contains(body(t, response), "does not answer that") {
		t.Errorf("wrong method: %d, Allow %q", response.StatusCode, response.Header.Get("Allow"))
	}
}

func TestOtherSitesCannotPost(t *testing.T) {
	t.Parallel()
	server := startGallery(t)
	for site, status := range map[string]int{"same-origin": 303, "cross-site": 403, "same-site": 403} {
		response := ask(t, "POST", server.URL+"/change-details", as(bruno), posted("pin=804162"), func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", site) })
		if response.StatusCode != status {
			t.Errorf("a form from %s: %d, want %d", site, response.StatusCode, status)
		}
		if status == 403 && !strings.Contains(body(t, response), "from another site") {
			t.Errorf("a form from %s: the page does not say why", site)
		}
	}
}

func TestBodyIsLimited(t *testing.T) {
	t.Parallel()
	kit := newKit(t)
	read := func(_ http.ResponseWriter, r *http.Request) error {
		return web.NewForm(web.WordsOf(r), "f", "Send").Read(r)
	}
	server := serve(t, kit,
		web.Route{Pattern: "POST /usual", Permission: cardinal.PermNone, Handle: read},
		web.Route{Pattern: "POST /more", Permission: cardinal.PermNone, MaxBody: 4 << 20, Handle: read},
	)
	large := posted("a=" + strings.Repeat("x", 1<<20))
	for target, status := range map[string]int{"/usual": 413, "/more": 200} {
		if got := ask(t, "POST", server.URL+target, large).StatusCode; got != status {
			t.Errorf("1 MiB and a little to %s: %d, want %d", target, got, status)
		}
	}
	if got := ask(t, "POST", server.URL+"/usual", posted("pin=%zz4711")); got.StatusCode != http.StatusBadRequest || strings.Contains(body(t, got), "4711") {
		t.Errorf("broken form: %d, or a part of it is shown", got.StatusCode)
	}
}

func TestSafePath(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/", "/users?sort=name#top", "/a//b", "/users/anna%2Fb"} {
		if got := web.SafePath(target, "/fallback"); got != target {
			t.Errorf("SafePath(%q) = %q", target, got)
		}
	}
	for _, target := range []string{"", "users", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil", "https://evil.example", "javascript:alert(1)", "/\t/evil.example", "/a\r\nSet-Cookie: x", "/%zz"} {
		if got := web.SafePath(target, "/fallback"); got != "/fallback" {
			t.Errorf("SafePath(%q) = %q", target, got)
		}
	}
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		host   string
		https  bool
		cookie string
		secure bool
	}{
		"plain HTTP":   {"pins.acme.example", false, "cardinal-session", false},
		"TLS":          {"pins.acme.example", true, "__Host-cardinal-session", true},
		"this machine": {"localhost:8080", false, "cardinal-session", false}, // Safari would drop a Secure one
	} {
		kit := newKit(t, func(config *web.Config) { config.HTTPS = func(*http.Request) bool { return c.https } })
		server := serve(t, kit, web.Route{Pattern: "GET /in", Permission: cardinal.PermNone, Handle: func(w http.ResponseWriter, r *http.Request) error {
			kit.SetSession(w, r, cardinal.NewToken(anna), time.Date(2026, 5, 13, 0, 0, 0, 0, time.UTC))
			return nil
		}})
		cookies := ask(t, "GET", server.URL+"/in", func(r *http.Request) { r.Host = c.host }).Cookies()
		if len(cookies) != 1 {
			t.Fatalf("%s: cookies %v", name, cookies)
		}
		got := cookies[0]
		if got.Name != c.cookie || got.Value != anna || got.Secure != c.secure || !got.HttpOnly || got.SameSite != http.SameSiteLaxMode || got.Path != "/" || got.Domain != "" || got.Expires.IsZero() {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestFlashIsShownOnce(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 12, 12, 0, 0, 0, time.UTC)
	server := startGallery(t, func(c *web.Config) { c.Now = func() time.Time { return now } })
	const message = "Your PIN was changed."
	show := func(cookies ...*http.Cookie) (string, *http.Response) {
		response := ask(t, "GET", server.URL+"/change-details", as(bruno), func(r *http.Request) {
			for _, c := range cookies {
				r.AddCookie(c)
			}
		})
		return body(t, response), response
	}
	changed := ask(t, "POST", server.URL+"/change-details", as(bruno), posted("pin=804162&repeat=804162"))
	cookies := changed.Cookies()
	if changed.StatusCode != http.StatusSeeOther || len(cookies) != 1 || !cookies[0].HttpOnly {
		t.Fatalf("%d with %v", changed.StatusCode, cookies)
	}
	text, response := show(cookies[0])
	if !strings.Contains(text, message) {
		t.Error("the message is not on the next page")
	}
	if left := response.Cookies(); len(left) != 1 || left[0].MaxAge >= 0 {
		t.Errorf("the message stays with the browser: %v", left)
	}
	payload, _, _ := strings.Cut(cookies[0].Value, ".")
	for name, value := range map[string]string{"unsigned": payload, "wrongly signed": payload + ".AAAA", "no base64": "!!." + payload, "altered": "A" + cookies[0].Value[1:]} {
		if text, _ := show(&http.Cookie{Name: cookies[0].Name, Value: value}); strings.Contains(text, message) || strings.Contains(text, "notice-success") {
			t.Errorf("a message that is %s is shown", name)
		}
	}
	now = now.Add(2 * time.Minute)
	if text, _ := show(cookies[0]); strings.Contains(text, message) {
		t.Error("a message is shown two minutes later")
	}
}

func TestThemeIsKept(t *testing.T) {
	t.Parallel()
	server := startGallery(t)
	if text := body(t, ask(t, "GET", server.URL+"/sign-in")); !strings.Contains(text, `data-bs-theme="auto"`) {
		t.Error("the theme is not automatic at first")
	}
	for theme, kept := range map[string]string{"dark": "dark", "light": "light", "auto": "auto", `"><script>`: "auto"} {
		response := ask(t, "POST", server.URL+"/appearance", posted("theme="+theme+"&back=/components?sort=name"))
		cookies := response.Cookies()
		if response.Header.Get("Location") != "/components?sort=name" || len(cookies) != 1 || cookies[0].Value != kept {
			t.Fatalf("%s: to %q with %v", theme, response.Header.Get("Location"), cookies)
		}
		text := body(t, ask(t, "GET", server.URL+"/sign-in", func(r *http.Request) { r.AddCookie(cookies[0]) }))
		if !strings.Contains(text, `data-bs-theme="`+kept+`"`) {
			t.Errorf("%s is not kept", theme)
		}
	}
	if to := ask(t, "POST", server.URL+"/appearance", posted("theme=dark&back=//evil.example")).Header.Get("Location"); to != "/" {
		t.Errorf("the choice of a theme leads to %q", to)
	}
}
