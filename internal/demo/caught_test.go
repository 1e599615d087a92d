package demo_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cardinal/internal/demo"
	"cardinal/internal/mail"
	"cardinal/internal/mailsink"
)

func TestCaughtMailIsShown(t *testing.T) {
	sink, err := mailsink.Listen(mailsink.Options{})
	if err != nil {
		t.Fatal(err)
	}
	post := demo.PostOf(sink)
	t.Cleanup(func() { _ = post.Close() })
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		post.Pages().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if policy := w.Header().Get("Content-Security-Policy"); w.Code == http.StatusOK && !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("%s has the policy %q", path, policy)
		}
		return w.Code, w.Body.String()
	}
	if status, page := get(demo.CaughtPath); status != http.StatusOK || !strings.Contains(page, "Nothing yet") {
		t.Errorf("the empty list: %d %s", status, page)
	}
	for _, subject := range []string{"The first", "<script>alert(1)</script>"} {
		_, err := mail.Send(t.Context(), mail.Server{Host: sink.Host(), Port: sink.Port(), Security: mail.Plain}, mail.Message{
			From: mail.Address{Email: "pins@acme.example"}, To: mail.Address{Email: "anna@example.org"}, Subject: subject,
			Text: "In words, open this:\nhttps://pins.example.org/new-password?link=abc&x=%22%3E\nor javascript:alert(2)", HTML: `<p id="body">In HTML</p>`, ID: "1@acme.example", Date: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	_, list := get(demo.CaughtPath)
	first, second := strings.Index(list, "/caught-mail/1\""), strings.Index(list, "/caught-mail/2\"")
	if second < 0 || first < second || strings.Contains(list, "<script>") || !strings.Contains(list, "anna@example.org") {
		t.Errorf("the list: %s", list)
	}
	status, one := get(demo.CaughtPath + "/2")
	if status != http.StatusOK || strings.Contains(one, "<script>") || strings.Contains(one, `<p id="body">`) || !strings.Contains(one, "iframe sandbox") || !strings.Contains(one, "In words") {
		t.Errorf("one: %d %s", status, one)
	}
	if !strings.Contains(one, `<a class="link" href="https://pins.example.org/new-password?link=abc&amp;x=%22%3E">`) || strings.Contains(one, `href="javascript`) {
		t.Errorf("the link in it cannot be pressed: %s", one)
	}
	for _, path := range []string{"/0", "/3", "/x"} {
		if status, _ := get(demo.CaughtPath + path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
}
