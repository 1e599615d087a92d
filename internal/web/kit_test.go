package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"cardinal"
	"cardinal/internal/web"
)

// The tokens that the test's sessions have.
const (
	anna  = "token-of-anna"  // an administrator
	bruno = "token-of-bruno" // a user
	gone  = "token-of-a-session-that-ended"
	down  = "token-while-the-database-is-down"
)

func newKit(t testing.TB, change ...func(*web.Config)) *web.Kit {
	t.Helper()
	config := web.Config{
		Authenticate: authenticate,
		Key:          []byte(strings.Repeat("k", 32)),
		Now:          func() time.Time { return time.Date(2026, 5, 12, 12, 3, 0, 0, time.UTC) },
	}
	for _, c := range change {
		c(&config)
	}
	kit, err := web.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return kit
}

func authenticate(_ context.Context, token cardinal.Token) (web.Session, error) {
	session := web.Session{Organisation: "Acme Corporation", Zone: time.FixedZone("CEST", 2*60*60)}
	caller := cardinal.Caller{Kind: cardinal.CallerUser, Customer: "acme"}
	switch token.Reveal() {
	case anna:
		session.Person, caller.Name, caller.Role = "Anna Lindqvist", "anna", cardinal.RoleAdministrator
	case bruno:
		session.Person, caller.Name, caller.Role = "Bruno Costa", "bruno", cardinal.RoleUser
	case down:
		return web.Session{}, cardinal.Errorf(cardinal.CodeUnavailable, "The database cannot be reached. Try again in a minute.").
			Because(errors.New("dial tcp 10.0.0.7:5432: refused"))
	default:
		return web.Session{}, cardinal.Errorf(cardinal.CodeUnauthenticated, "Sign in first.")
	}
	session.Caller = caller
	return session, nil
}

// serve starts a server with the routes and closes it with the test.
func serve(t testing.TB, kit *web.Kit, routes ...web.Route) *httptest.Server {
	t.Helper()
	handler, err := kit.Handler(routes...)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// ask sends one request, follows no redirect, and closes the body with the test.
func ask(t testing.TB, method, url string, change ...func(*http.Request)) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(request)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// as signs a request in.
func as(token string) func(*http.Request) {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "cardinal-session", Value: token}) }
}

func posted(values string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = http.NoBody
		if values != "" {
			r.Body = readCloser{strings.NewReader(values)}
		}
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// page parses a template given as text.
func page[T any](t testing.TB, kit *web.Kit, content string) *web.Page[T] {
	t.Helper()
	p, err := web.Parse[T](kit, area(content), "page.html")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func area(content string) web.Area {
	files := fstest.MapFS{"page.html": {Data: []byte(`{{define "content"}}` + content + `{{end}}`)}}
	return web.Area{Layout: web.LayoutUser, Files: files}
}

func TestBrokenPageEndsTheStart(t *testing.T) {
	t.Parallel()
	kit := newKit(t)
	for name, content := range map[string]string{
		"field that the data do not have": `{{.Data.Age}}`,
		"text that is not there":          `{{t "no.such.text"}}`,
		"icon that is not there":          `{{icon "no-such-icon"}}`,
		"asset that is not there":         `{{asset "no-such.css"}}`,
		"component that is not there":     `{{template "no-such-component"}}`,
		"ambiguous context":               `<a href="{{if .Data.Name}}"{{end}}>`,
		"value without a name":            `{{t "progress.count" "Done"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := web.Parse[struct{ Name string }](kit, area(content), "page.html"); err == nil {
				t.Errorf("the template %s was taken", content)
			}
		})
	}
	if _, err := web.Parse[struct{ Name string }](kit, area(`{{.Data.Name}}{{t "shell.menu"}}`), "page.html"); err != nil {
		t.Errorf("a sound template was refused: %v", err)
	}
}

func TestRouteMustDeclareWhatItNeeds(t *testing.T) {
	t.Parallel()
	kit := newKit(t)
	handle := func(http.ResponseWriter, *http.Request) error { return nil }
	for name, route := range map[string]web.Route{
		"no permission":           {Pattern: "GET /users", Handle: handle},
		"permission of no role":   {Pattern: "GET /users", Permission: "read-usres", Handle: handle},
		"no method":               {Pattern: "/users", Permission: cardinal.PermNone, Handle: handle},
		"method no form can send": {Pattern: "PUT /users", Permission: cardinal.PermNone, Handle: handle},
		"no handler":              {Pattern: "GET /users", Permission: cardinal.PermNone},
		"same as the kit's":       {Pattern: "POST /appearance", Permission: cardinal.PermNone, Handle: handle},
	} {
		if _, err := kit.Handler(route); err == nil {
			t.Errorf("%s: the route was taken", name)
		} else if name == "no permission" && !strings.Contains(err.Error(), "does not declare") {
			t.Errorf("%s: the reason is %v", name, err)
		}
	}
	if _, err := kit.Handler(web.Route{Pattern: "GET /users", Permission: cardinal.PermReadUsers, Handle: handle}); err != nil {
		t.Errorf("a sound route was refused: %v", err)
	}
}
