package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/web"
	"cardinal/internal/web/htmlcheck"
)

func TestShell(t *testing.T) {
	t.Parallel()
	server := startGallery(t, func(c *web.Config) { c.ClockOffset = -90 * time.Minute })
	get := func(path string, change ...func(*http.Request)) htmlcheck.Document {
		t.Helper()
		return htmlcheck.Parse(t, ask(t, "GET", server.URL+path, change...).Body)
	}
	d := get("/security-options", as(anna))
	if got := d.Text("title"); got != "Security options · Cardinal" {
		t.Errorf("the title is %q", got)
	}
	if d.Attr("html", "lang") != "en" || d.Text("h1") != "Security options" || d.Text(".organisation") != "Acme Corporation" {
		t.Error("language, heading or organisation is not there")
	}
	if d.Attr("a.skip", "href") != "#main" || len(d.All("main#main")) != 1 {
		t.Error("the skip link does not lead to the content")
	}
	if got := d.Text(".sidebar [aria-current=page]"); got != "Security options" {
		t.Errorf("the navigation marks %q", got)
	}
	if d.Attr("form[action=/sign-out]", "method") != "post" {
		t.Error("signing out is not a post")
	}
	if got := d.Text(".banner"); !strings.Contains(got, "shifted by -1h30m ") {
		t.Errorf("the banner says %q", got)
	}
	remote := get("/security-options", as(anna), func(r *http.Request) { r.Host = "pins.acme.example" })
	if banners := remote.All(".banner-warning"); len(banners) != 1 {
		t.Errorf("over plain HTTP there are %d warnings", len(banners))
	}
	if out := get("/sign-in"); len(out.All("form[action=/sign-out]")) != 0 || len(out.All("nav")) != 0 {
		t.Error("who is signed out is offered to sign out, or a navigation")
	}
}

func TestNavigationMarksTheNearest(t *testing.T) {
	t.Parallel()
	kit := newKit(t)
	p := func(area web.Area) *web.Page[struct{}] { return parsed[struct{}](t, kit, area, "page.html") }
	a := area("")
	a.Layout, a.Nav = web.LayoutAdministrator, administratorNav
	handle := func(w http.ResponseWriter, r *http.Request) error { return p(a).Show(w, r, web.Head{}, struct{}{}) }
	server := serve(t, kit, web.Route{Pattern: "GET /", Permission: cardinal.PermNone, Handle: handle})
	for path, want := range map[string]string{
		"/rules/7/edit": "Rules", "/options/general": "General", "/options/templates/new": "E-mail templates", "/rulesets": "",
	} {
		d := htmlcheck.Parse(t, ask(t, "GET", server.URL+path).Body)
		got := ""
		for _, node := range d.All("[aria-current=page]") {
			got += htmlcheck.Words(node)
		}
		if got != want {
			t.Errorf("on %s the navigation marks %q, want %q", path, got, want)
		}
		if open := len(d.All("details.nav-group[open]")); (open == 1) != strings.HasPrefix(path, "/options/") {
			t.Errorf("on %s, %d groups are open", path, open)
		}
	}
}

func TestComponents(t *testing.T) {
	t.Parallel()
	server := startGallery(t)
	d := htmlcheck.Parse(t, ask(t, "GET", server.URL+"/components", as(anna)).Body)
	when := d.All("td time")[0]
	machine, _ := htmlcheck.Attr(when, "datetime")
	utc, _ := htmlcheck.Attr(when, "title")
	if machine != "2026-05-12T09:41:07Z" || utc != "2026-05-12 09:41:07 UTC" || htmlcheck.Words(when) != "May 12, 2026, 11:41" {
		t.Errorf("time: %q, %q, %q", machine, utc, htmlcheck.Words(when))
	}
	if got := d.Text("output#new-pin"); got != "804162" {
		t.Errorf("the new PIN is shown as %q", got)
	}
	if d.Attr("form[role=search]", "method") != "post" {
		t.Error("a search that takes numbers is not a post")
	}
	if got := d.Text("th[aria-sort=ascending]"); got != "Name" {
		t.Errorf("sorted by %q", got)
	}
	if d.Attr("a[rel=next]", "href") != "/users?cursor=b" || d.Attr("a[rel=prev]", "href") != "/users?cursor=a" {
		t.Error("the pages are not linked")
	}
	if got := d.Attr("progress", "value"); got != "25" {
		t.Errorf("progress %q for 312 of 1204", got)
	}
	if got := d.Text(".confirm button"); got != "Remove 12 PINs" || d.Attr(".confirm form", "method") != "post" || len(d.All(".effects li")) != 2 {
		t.Errorf("the confirmation's button says %q", got)
	}
}

func TestPercentIsNotAllBeforeTheEnd(t *testing.T) {
	t.Parallel()
	for p, want := range map[web.Progress]int{
		{}: 0, {Done: 5}: 0, {Done: 0, Total: 10}: 0, {Done: 999, Total: 1000}: 99, {Done: 1000, Total: 1000}: 100, {Done: 11, Total: 10}: 100,
	} {
		if got := p.Percent(); got != want {
			t.Errorf("%d of %d is %d %%, want %d", p.Done, p.Total, got, want)
		}
	}
}
