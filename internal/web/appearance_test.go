package web_test

import (
	"context"
	"net/http"
	"testing"

	"cardinal"
	"cardinal/internal/web"
)

func TestLanguageIsKeptWithThePerson(t *testing.T) {
	t.Parallel()
	kept := map[string]string{}
	kit := newKit(t, func(c *web.Config) {
		c.KeepLanguage = func(_ context.Context, caller cardinal.Caller, language string) error {
			kept[caller.Name] = language
			return nil
		}
	})
	server := serve(t, kit)
	for _, c := range []struct{ token, language string }{{bruno, "en"}, {anna, "tlh"}, {gone, "en"}} {
		response := ask(t, http.MethodPost, server.URL+web.AppearancePath, as(c.token), posted("back=/users&language="+c.language))
		if response.StatusCode != http.StatusSeeOther || response.Header.Get("Location") != "/users" {
			t.Errorf("%s: %d to %q", c.language, response.StatusCode, response.Header.Get("Location"))
		}
	}
	if len(kept) != 1 || kept["bruno"] != "en" {
		t.Errorf("kept: %v", kept)
	}
}
