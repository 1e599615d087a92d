package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/storetest"
)

func TestErrors(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleAdministrator)
	storetest.Users(t, i.store, i.customer.ID, "anna", "bob")
	c.do("PUT", "/api/v1/users/bob/card-numbers/primary", `{"number":"4711"}`).want(200)
	nobody := &client{installation: i}
	printer := i.device("printer")
	for _, test := range []struct {
		name, method, path, body string
		by                       *client
		status                   int
		code                     string
	}{
		{"no body", "POST", "/api/v1/users", "", c, 400, "invalid"},
		{"no JSON", "POST", "/api/v1/users", "username=anna", c, 400, "invalid"},
		{"half of JSON", "POST", "/api/v1/users", `{"username":"carl"`, c, 400, "invalid"},
		{"more after JSON", "POST", "/api/v1/users", `{"username":"carl"} {}`, c, 400, "invalid"},
		{"no UTF-8", "POST", "/api/v1/users", "{\"username\":\"carl\xff\"}", c, 400, "invalid"},
		{"a name twice", "POST", "/api/v1/users", `{"username":"carl","pin":"1","pin":"739204"}`, c, 400, "invalid"},
		{"a name twice, escaped once", "POST", "/api/v1/users", `{"username":"carl","pin":"1","p\u0069n":"739204"}`, c, 400, "invalid"},
		{"a name twice inside", "PUT", "/api/v1/settings/signin.user.limits", `{"value":[{"wrong":5,"wrong":6,"lockSeconds":1}]}`, c, 400, "invalid"},
		{"a query that is none", "GET", "/api/v1/users?search=%zz", "", c, 400, "invalid"},
		{"no object", "POST", "/api/v1/users", `["anna"]`, c, 422, "invalid"},
		{"null", "POST", "/api/v1/users", `null`, c, 422, "invalid"},
		{"an unknown field", "POST", "/api/v1/users", `{"username":"carl","shoeSize":44}`, c, 422, "invalid"},
		{"a name in another case", "POST", "/api/v1/users", `{"Username":"carl"}`, c, 422, "invalid"},
		{"a field of another type", "POST", "/api/v1/users", `{"username":7}`, c, 422, "invalid"},
		{"a field out of range", "POST", "/api/v1/users", `{"username":"carl","email":"no address"}`, c, 422, "invalid"},
		{"a PIN against the policy", "PUT", "/api/v1/users/anna/pin", `{"pin":"1234"}`, c, 422, "policy_violation"},
		{"taken", "POST", "/api/v1/users", `{"username":"ANNA"}`, c, 409, "conflict"},
		{"a number that is taken", "PATCH", "/api/v1/users/anna", `{"primaryCardNumber":"4711"}`, c, 409, "conflict"},
		{"an unknown user", "GET", "/api/v1/users/carl", "", c, 404, "not_found"},
		{"an unknown call", "GET", "/api/v1/nothing", "", c, 404, "not_found"},
		{"an unknown version", "GET", "/api/v2/users", "", c, 404, "not_found"},
		{"a slash too many", "GET", "/api/v1/users/", "", c, 404, "not_found"},
		{"a path that is not clean", "GET", "/api//v1/users", "", c, 404, "not_found"},
		{"an unknown call, by nobody", "GET", "/api/v1/nothing", "", nobody, 404, "not_found"},
		{"a method it does not have", "PUT", "/api/v1/users", "", c, 405, "invalid"},
		{"a method nobody has", "BREW", "/api/v1/users", "", c, 405, "invalid"},
		{"no token", "GET", "/api/v1/users", "", nobody, 401, "unauthenticated"},
		{"an unknown token", "GET", "/api/v1/users", "", &client{installation: i, token: "capi_" + strings.Repeat("A", 52)}, 401, "unauthenticated"},
		{"another scheme", "GET", "/api/v1/users", "", nobody.with("Authorization", "Basic "+c.token), 401, "unauthenticated"},
		{"a device elsewhere", "GET", "/api/v1/users", "", printer, 403, "forbidden"},
		{"a program at the device's call", "POST", "/api/v1/sign-in", `{}`, c, 403, "forbidden"},
		{"a sign-in that failed", "POST", "/api/v1/sign-in", `{"username":"anna","pin":"1"}`, printer, 401, "sign_in_failed"},
		{"2 MiB", "POST", "/api/v1/users", `{"notes":"` + strings.Repeat("x", 2<<20) + `"}`, c, 413, "invalid"},
		{"an entity tag that is none", "PATCH", "/api/v1/users/anna", `{}`, c.with("If-Match", "1"), 422, "invalid"},
	} {
		i.run(test.name, func(t *testing.T) {
			var body any
			if test.body != "" {
				body = test.body
			}
			a := test.by.do(test.method, test.path, body).want(test.status)
			checkProblem(t, a, test.code)
			if (test.status == 401) != (a.header.Get("WWW-Authenticate") != "") {
				t.Errorf("WWW-Authenticate: %q", a.header.Get("WWW-Authenticate"))
			}
			if test.status == 405 && a.header.Get("Allow") != "GET, HEAD, POST" {
				t.Errorf("Allow: %q", a.header.Get("Allow"))
			}
		})
	}
}

// checkProblem fails unless an answer is a problem of RFC 9457 with that code.
func checkProblem(t *testing.T, a answer, code string) {
	t.Helper()
	p := a.object()
	if a.header.Get("Content-Type") != "application/problem+json" || p["type"] != "about:blank" || p["title"] != http.StatusText(a.status) ||
		p["status"] != float64(a.status) || p["code"] != code || p["detail"] == "" || p["detail"] == nil {
		t.Errorf("no problem %s: %v %s", code, a.header, a.text)
	}
	if id := p["requestId"]; id == "" || id != a.header.Get("X-Request-Id") {
		t.Errorf("request id %v, header %q", id, a.header.Get("X-Request-Id"))
	}
	if violations, _ := p["violations"].([]any); a.status == 422 && len(violations) == 0 {
		t.Errorf("no violations: %s", a.text)
	}
}

func TestEverythingWrongAtOnce(t *testing.T) {
	c := install(t).as(cardinal.RoleAdministrator)
	got := c.with("If-Match", "x").do("PATCH", "/api/v1/users/anna", `{"fullName":7,"disabled":"no","a":1,"b":2}`).want(422)
	if got.codes() != "invalid If-Match, invalid fullName, invalid disabled, unknown" {
		t.Errorf("violations: %s", got.codes())
	}
	got = c.do("POST", "/api/v1/users", `{"username":"anna ","email":"x","role":"king","pin":"1"}`).want(422)
	for _, want := range []string{"invalid username", "invalid email", "invalid role", "too_short pin"} {
		if !strings.Contains(got.codes(), want) {
			t.Errorf("%s is missing in %s", want, got.codes())
		}
	}
}

func TestErrorsFromBelow(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleAdministrator)
	for _, test := range []struct {
		err    error
		status int
		code   string
	}{
		{cardinal.Errorf(cardinal.CodeStorageFull, "The disk is full. Nothing was changed."), 507, "storage_full"},
		{cardinal.Errorf(cardinal.CodeUnavailable, "The database is gone."), 503, "unavailable"},
		{fmt.Errorf("read: %w", context.DeadlineExceeded), 503, "unavailable"},
		{cardinal.Errorf(cardinal.CodeInternal, "sealed with canary-7"), 500, "internal"},
		{errors.New("canary-7"), 500, "internal"},
		{nil, 500, "internal"}, // panics
	} {
		i.services.AuditEntries = func(context.Context, cardinal.Caller, string, int64, int) ([]cardinal.AuditEntry, error) {
			if test.err == nil {
				panic("canary-7")
			}
			return nil, test.err
		}
		i.serve()
		a := c.do("GET", "/api/v1/audit-entries", nil).want(test.status)
		checkProblem(t, a, test.code)
		if strings.Contains(a.text, "canary") {
			t.Errorf("the answer tells: %s", a.text)
		}
		line := lastLine(i.log.String(), `"request failed"`)
		if !strings.Contains(line, a.object()["requestId"].(string)) || !strings.Contains(line, `"level":"ERROR"`) {
			t.Errorf("the log lacks it: %s", line)
		}
	}
}

func TestRetryAfterOfErrors(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleAdministrator)
	i.services.AuditEntries = func(context.Context, cardinal.Caller, string, int64, int) ([]cardinal.AuditEntry, error) {
		e := cardinal.Errorf(cardinal.CodeRateLimited, "Too many.")
		e.RetryAfter = 1200 * 1e6 // 1.2 seconds
		return nil, e
	}
	i.serve()
	if after := c.do("GET", "/api/v1/audit-entries", nil).want(429).header.Get("Retry-After"); after != "2" {
		t.Errorf("Retry-After: %q", after)
	}
}

func TestHealth(t *testing.T) {
	i := install(t)
	nobody := &client{installation: i}
	nobody.do("GET", "/healthz", nil).want(200).same(`{"status":"alive"}`)
	nobody.do("GET", "/readyz", nil).want(200).same(`{"status":"ready"}`)
	i.services.Ready = func(context.Context) error { return errors.New("canary-7") }
	i.serve()
	nobody.do("GET", "/healthz", nil).want(200)
	checkProblem(t, nobody.do("GET", "/readyz", nil).want(503), "unavailable")
}

func TestRequestIDs(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleAdministrator)
	first, second := c.do("GET", "/api/v1/users", nil), c.do("GET", "/api/v1/users", nil)
	if id := first.header.Get("X-Request-Id"); len(id) < 20 || id == second.header.Get("X-Request-Id") {
		t.Errorf("ids: %q, %q", id, second.header.Get("X-Request-Id"))
	}
	if id := c.with("X-Request-Id", "forged").do("GET", "/api/v1/users", nil).header.Get("X-Request-Id"); id == "forged" {
		t.Error("a client chose the id")
	}
	w := httptest.NewRecorder()
	w.Header().Set("X-Request-Id", "from-outside")
	i.handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/users", nil))
	if id := w.Header().Get("X-Request-Id"); id != "from-outside" || !strings.Contains(w.Body.String(), "from-outside") {
		t.Errorf("the id of the outer handler became %q: %s", id, w.Body)
	}
}

func TestAccessLog(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleAdministrator)
	c.do("GET", "/api/v1/users/secretive?x=1", nil).want(422)
	line := lastLine(i.log.String(), `"msg":"request"`)
	for _, part := range []string{`"level":"INFO"`, `"method":"GET"`, `"route":"/api/v1/users/{username}"`, `"status":422`, `"caller":"token token of administrator"`, `"requestId":"`, `"duration":`} {
		if !strings.Contains(line, part) {
			t.Errorf("the line lacks %s: %s", part, line)
		}
	}
	if strings.Contains(i.log.String(), "secretive") {
		t.Errorf("the log names what was asked for: %s", i.log)
	}
	c.do("GET", "/api/v1/users", nil).want(200)
	if line := lastLine(i.log.String(), `"msg":"request"`); !strings.Contains(line, `"level":"DEBUG"`) {
		t.Errorf("a success is %s", line)
	}
}
