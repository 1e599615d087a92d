package app_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/apptest"
)

// framed asks for what stands in a frame: with a form, if there is one.
func (v *visitor) framed(path string, form url.Values) (policy, body string) {
	v.site.Helper()
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	v.ask(http.MethodGet, "/dashboard") // signs in
	request, err := http.NewRequestWithContext(v.site.Context(), method, v.site.URL+path, strings.NewReader(form.Encode()))
	v.site.must(err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.AddCookie(&http.Cookie{Name: "cardinal-session", Value: v.token.Reveal()})
	response, err := http.DefaultClient.Do(request)
	v.site.must(err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	v.site.must(err)
	if response.StatusCode != http.StatusOK {
		v.site.Errorf("%s %s: %d", method, path, response.StatusCode)
	}
	return response.Header.Get("Content-Security-Policy"), string(answer)
}

// TestPreview is what stands in the frame of an e-mail template: what is saved, or
// what was typed and is saved nowhere, without anything that runs.
func TestPreview(t *testing.T) {
	s := newSite(t)
	admin := s.visitor(s.Console(), apptest.Organisation, cardinal.RoleAdministrator)
	const path = "/options/email-templates/pin-expiration/preview?language=de"
	policy, saved := admin.framed(path, nil)
	for _, part := range []string{"default-src 'none'", "sandbox", "frame-ancestors 'self'", "form-action 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("the frame's policy has no %q: %s", part, policy)
		}
	}
	if strings.Contains(policy, "script-src") || !strings.Contains(saved, "läuft bald ab") || !strings.Contains(saved, "<iframe sandbox") {
		t.Errorf("what is saved is shown as %s under %s", saved, policy)
	}
	_, typed := admin.framed(path, url.Values{
		"subject": {"Hello {{username}}"}, "text": {"Dear {{full-name}}"}, "html": {`<p>So "quoted"</p><script>alert(1)</script><form></form>`},
	})
	for _, part := range []string{"Hello ", "Dear ", "So &amp;#34;quoted&amp;#34;"} {
		if !strings.Contains(typed, part) {
			t.Errorf("the preview of what was typed has no %q: %s", part, typed)
		}
	}
	if strings.Contains(typed, "alert(1)") || strings.Contains(typed, "{{") {
		t.Errorf("the preview of what was typed holds what does not belong there: %s", typed)
	}
	if _, refused := admin.framed(path, url.Values{"subject": {"Hello {{nobody}}"}, "text": {"x"}}); !strings.Contains(refused, "Line 1: {{nobody}} is not a variable") {
		t.Errorf("a template that cannot be sent is shown as %s", refused)
	}
	if _, after := admin.framed(path, nil); after != saved {
		t.Error("the preview has saved what was typed")
	}
}
