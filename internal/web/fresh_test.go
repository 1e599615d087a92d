package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/web"
)

// confirmed signs everybody in as at some time ago.
func confirmed(ago time.Duration, held string) func(*web.Config) {
	return func(c *web.Config) {
		resolve, now := c.Authenticate, c.Now
		c.Authenticate = func(ctx context.Context, token cardinal.Token) (web.Session, error) {
			session, err := resolve(ctx, token)
			session.ConfirmedAt, session.Held = now().Add(-ago), held
			return session, err
		}
	}
}

func withReferer(path string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Referer", r.URL.Scheme+"://"+r.URL.Host+path) }
}

func TestFreshRoutes(t *testing.T) {
	t.Parallel()
	done := 0
	routes := []web.Route{
		{Pattern: "GET /dangerous", Permission: cardinal.PermReadUsers, Fresh: true, Handle: func(http.ResponseWriter, *http.Request) error { done++; return nil }},
		{Pattern: "POST /dangerous", Permission: cardinal.PermReadUsers, Fresh: true, Handle: func(http.ResponseWriter, *http.Request) error { done++; return nil }},
	}
	fresh := serve(t, newKit(t, confirmed(web.FreshFor, "")), routes...)
	stale := serve(t, newKit(t, confirmed(web.FreshFor+time.Millisecond, "")), routes...)
	for _, method := range []string{"GET", "POST"} {
		if got := ask(t, method, fresh.URL+"/dangerous", as(anna)); got.StatusCode != http.StatusOK {
			t.Errorf("%s while fresh: %d", method, got.StatusCode)
		}
	}
	if done != 2 {
		t.Fatalf("done %d times", done)
	}
	confirm := func(next string) string { return web.ConfirmPath + "?next=" + url.QueryEscape(next) }
	for _, c := range []struct {
		name, method, to string
		change           func(*http.Request)
		told             bool
	}{
		{"a page", "GET", confirm("/dangerous?a=b"), func(*http.Request) {}, false},
		{"a form", "POST", confirm("/users/anna?tab=1"), withReferer("/users/anna?tab=1"), true},
		{"a form from nowhere", "POST", confirm("/"), func(*http.Request) {}, true},
		{"a form that says it is from elsewhere", "POST", confirm("/"), func(r *http.Request) { r.Header.Set("Referer", "https://evil.example/x") }, true},
	} {
		got := ask(t, c.method, stale.URL+"/dangerous?a=b", as(anna), c.change)
		flashed := len(got.Cookies()) == 1 && got.Cookies()[0].Name == "cardinal-message"
		if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != c.to || flashed != c.told {
			t.Errorf("%s: %d to %s, told: %v", c.name, got.StatusCode, got.Header.Get("Location"), flashed)
		}
	}
	partial := ask(t, "GET", stale.URL+"/dangerous", as(anna), func(r *http.Request) { r.Header.Set("HX-Request", "true") })
	if partial.StatusCode != http.StatusUnauthorized || partial.Header.Get("HX-Redirect") != confirm("/dangerous") {
		t.Errorf("a part of a page: %d to %s", partial.StatusCode, partial.Header.Get("HX-Redirect"))
	}
	// Permission comes first: what one may not do is not asked for.
	if got := ask(t, "GET", stale.URL+"/dangerous", as(bruno)); got.StatusCode != http.StatusForbidden {
		t.Errorf("without the permission: %d", got.StatusCode)
	}
	if done != 2 {
		t.Errorf("done %d times, and twice it was allowed", done)
	}
}

func TestHeldAtAPathAndWhatIsBelow(t *testing.T) {
	t.Parallel()
	ok := func(http.ResponseWriter, *http.Request) error { return nil }
	var routes []web.Route
	for _, path := range []string{"/held", "/held/below", "/heldnot", web.ConfirmPath} {
		routes = append(routes, web.Route{Pattern: "GET " + path, Permission: cardinal.PermReadUsers, Handle: ok})
	}
	server := serve(t, newKit(t, confirmed(0, "/held")), routes...)
	for path, want := range map[string]int{"/held": 200, "/held/below": 200, web.ConfirmPath: 200, "/heldnot": 303} {
		if got := ask(t, "GET", server.URL+path, as(anna)).StatusCode; got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}

func TestFormOfAnEndedSession(t *testing.T) {
	t.Parallel()
	kit := newKit(t)
	form := page[struct{}](t, kit, `<p>sign in</p>`)
	server := serve(t, kit,
		web.Route{Pattern: "POST /users/bruno", Permission: cardinal.PermReadUsers, Handle: func(http.ResponseWriter, *http.Request) error { return nil }},
		web.Route{Pattern: "GET " + web.SignInPath, Permission: cardinal.PermNone, Handle: func(w http.ResponseWriter, r *http.Request) error {
			return form.Show(w, r, web.Head{Title: "Sign in"}, struct{}{})
		}})
	got := ask(t, "POST", server.URL+"/users/bruno", as(gone), withReferer("/users/bruno"))
	if to := got.Header.Get("Location"); to != web.SignInPath+"?next="+url.QueryEscape("/users/bruno") {
		t.Fatalf("%d to %s", got.StatusCode, to)
	}
	text := body(t, ask(t, "GET", server.URL+got.Header.Get("Location"), func(r *http.Request) {
		for _, c := range got.Cookies() {
			if c.MaxAge >= 0 {
				r.AddCookie(c)
			}
		}
	}))
	if !strings.Contains(text, "nothing was saved") {
		t.Errorf("the sign-in page does not say what became of the form: %s", text)
	}
}
