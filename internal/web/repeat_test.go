package web_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"cardinal"
	"cardinal/internal/web"
)

// memory remembers forms as the program's database does.
type memory struct {
	mutex sync.Mutex
	sent  map[string]bool
}

func (m *memory) remember(config *web.Config) {
	config.Sent = web.Sent{
		Claim: func(_ context.Context, caller cardinal.Caller, digest string) (bool, error) {
			m.mutex.Lock()
			defer m.mutex.Unlock()
			first := !m.sent[string(caller.Session)+digest]
			m.sent[string(caller.Session)+digest] = true
			return first, nil
		},
		Forget: func(_ context.Context, caller cardinal.Caller, digest string) error {
			m.mutex.Lock()
			defer m.mutex.Unlock()
			delete(m.sent, string(caller.Session)+digest)
			return nil
		},
	}
}

func withSession(config *web.Config) {
	inner := config.Authenticate
	config.Authenticate = func(ctx context.Context, token cardinal.Token) (web.Session, error) {
		session, err := inner(ctx, token)
		session.Caller.Session = cardinal.SessionID(token.Reveal())
		return session, err
	}
}

var keyInPage = regexp.MustCompile(`name="form-key" value="([A-Z2-7]{26})"`)

func TestAFormSentTwiceIsDoneOnce(t *testing.T) {
	t.Parallel()
	store := &memory{sent: map[string]bool{}}
	kit := newKit(t, withSession, store.remember)
	form := page[struct{}](t, kit, `<form class="form" method="post" action="/pin"><button type="submit">{{t "form.show"}}</button></form>`)
	done := 0
	handle := func(w http.ResponseWriter, r *http.Request) error {
		switch r.PostFormValue("name") {
		case "refused":
			return form.Show(w, r, web.Head{Title: "PIN", Status: http.StatusUnprocessableEntity}, struct{}{})
		case "failed":
			return cardinal.Errorf(cardinal.CodeUnavailable, "The database cannot be reached or written at the moment. Try again shortly.")
		}
		done++
		return kit.Redirect(w, r, "/pin", web.Success("Done"))
	}
	server := serve(t, kit,
		web.Route{Pattern: "GET /pin", Permission: cardinal.PermOwnDetails, Handle: func(w http.ResponseWriter, r *http.Request) error {
			return form.Show(w, r, web.Head{Title: "PIN"}, struct{}{})
		}},
		web.Route{Pattern: "POST /pin", Permission: cardinal.PermOwnDetails, Handle: handle},
		web.Route{Pattern: "POST /search", Permission: cardinal.PermOwnDetails, Repeatable: true, Handle: handle},
	)
	key := func() string {
		found := keyInPage.FindStringSubmatch(body(t, ask(t, http.MethodGet, server.URL+"/pin", as(bruno))))
		if found == nil {
			t.Fatal("the form has no key")
		}
		return found[1]
	}
	first, second := key(), key()
	if first == second {
		t.Fatal("two pages have the same key")
	}
	send := func(path, values, token string) *http.Response {
		return ask(t, http.MethodPost, server.URL+path, as(token), posted(values), func(r *http.Request) { r.Header.Set("Referer", server.URL+"/pin") })
	}
	for _, step := range []struct {
		what, path, values, token string
		status, done              int
	}{
		{"the first sending", "/pin", "form-key=" + first, bruno, http.StatusSeeOther, 1},
		{"a double click", "/pin", "form-key=" + first, bruno, http.StatusConflict, 1},
		{"back, and another answer", "/pin", "name=other&form-key=" + first, bruno, http.StatusSeeOther, 2},
		{"a page loaded anew", "/pin", "form-key=" + second, bruno, http.StatusSeeOther, 3},
		{"the key in another session", "/pin", "form-key=" + first, anna, http.StatusSeeOther, 4},
		{"refused", "/pin", "name=refused&form-key=" + first, bruno, http.StatusUnprocessableEntity, 4},
		{"refused again", "/pin", "name=refused&form-key=" + first, bruno, http.StatusUnprocessableEntity, 4},
		{"failed", "/pin", "name=failed&form-key=" + first, bruno, http.StatusServiceUnavailable, 4},
		{"failed again", "/pin", "name=failed&form-key=" + first, bruno, http.StatusServiceUnavailable, 4},
		{"a search", "/search", "form-key=" + first, bruno, http.StatusSeeOther, 5},
		{"the same search", "/search", "form-key=" + first, bruno, http.StatusSeeOther, 6},
		{"no key", "/pin", "", bruno, http.StatusSeeOther, 7},
		{"no key again", "/pin", "", bruno, http.StatusSeeOther, 8},
	} {
		response := send(step.path, step.values, step.token)
		if response.StatusCode != step.status || done != step.done {
			t.Errorf("%s: %d, done %d times; want %d, %d", step.what, response.StatusCode, done, step.status, step.done)
		}
		if text := body(t, response); step.status == http.StatusConflict && (!strings.Contains(text, "Nothing was done twice") || !strings.Contains(text, `href="/pin"`)) {
			t.Errorf("%s: %s", step.what, text)
		}
	}
}

func TestEveryPostedFormHasAKey(t *testing.T) {
	t.Parallel()
	kit := newKit(t)
	const one, two, get = `<form method="post" action="/one"><p>one</p>`, `<form class="form" method="post"><p>two</p>`, `<form method="get"><p>get</p></form>`
	forms := page[struct{}](t, kit, one+`</form>`+two+`</form>`+get+`<p>after them</p>`)
	server := serve(t, kit, web.Route{Pattern: "GET /forms", Permission: cardinal.PermNone, Handle: func(w http.ResponseWriter, r *http.Request) error {
		return forms.Show(w, r, web.Head{Title: "Forms"}, struct{}{})
	}})
	text := body(t, ask(t, http.MethodGet, server.URL+"/forms"))
	key := keyInPage.FindString(text)
	input := `<input type="hidden" ` + key + `></form>`
	if want := one + input + two + input + get + `<p>after them</p>`; key == "" || !strings.Contains(text, want) {
		t.Errorf("%s\nis not in\n%s", want, text)
	}
}

// TestAFormIsDoneThoughTheBrowserGaveUp is the other half of a double click: the
// browser gives the first request up, and that is the one which must be done.
func TestAFormIsDoneThoughTheBrowserGaveUp(t *testing.T) {
	t.Parallel()
	store := &memory{sent: map[string]bool{}}
	kit := newKit(t, withSession, store.remember)
	begun, end := make(chan struct{}), make(chan error, 1)
	server := serve(t, kit, web.Route{Pattern: "POST /pin", Permission: cardinal.PermOwnDetails, Handle: func(_ http.ResponseWriter, r *http.Request) error {
		gaveUp := r.Context().Done()
		close(begun)
		if gaveUp != nil {
			<-gaveUp
		}
		end <- r.Context().Err()
		return nil
	}})
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/pin", strings.NewReader("form-key="+strings.Repeat("A", 26)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	as(bruno)(request)
	go func() {
		<-begun
		cancel()
	}()
	if response, err := http.DefaultClient.Do(request); err == nil {
		_ = response.Body.Close()
	}
	if err := <-end; err != nil {
		t.Errorf("the first sending ended with the browser's patience: %v", err)
	}
}

func TestFaultsStandWithinThePages(t *testing.T) {
	t.Parallel()
	kit := newKit(t, func(c *web.Config) {
		c.Around = func(r *http.Request) (web.Layout, web.Nav, error) {
			nav, err := administratorNav(r)
			return web.LayoutAdministrator, nav, err
		}
	})
	server := serve(t, kit, web.Route{Pattern: "GET /users", Permission: cardinal.PermReadUsers, Handle: func(http.ResponseWriter, *http.Request) error {
		return cardinal.Errorf(cardinal.CodeNotFound, "There is no such user.")
	}})
	for _, path := range []string{"/users", "/nowhere"} {
		if text := body(t, ask(t, http.MethodGet, server.URL+path, as(anna))); !strings.Contains(text, `href="/security-options"`) {
			t.Errorf("%s: nothing stands around the error: %s", path, text)
		}
	}
	if text := body(t, ask(t, http.MethodGet, server.URL+"/nowhere")); strings.Contains(text, `href="/security-options"`) {
		t.Error("somebody who is not signed in sees the navigation")
	}
}
