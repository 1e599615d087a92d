package web_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/browsertest"
	"cardinal/internal/web"
)

// TestThemeFollowsTheDevice looks at the page's background under each theme
// and each preference of the device, without scripts.
func TestThemeFollowsTheDevice(t *testing.T) {
	b := browsertest.New(t)
	server := startGallery(t)
	b.Scripts(false)
	background := func(theme web.Theme, device browsertest.Scheme) string {
		b.Prefer(device)
		b.Cookie(server.URL, "cardinal-theme", string(theme))
		b.Open(server.URL + "/sign-in")
		return browsertest.Eval[string](b, `getComputedStyle(document.body).backgroundColor + getComputedStyle(document.querySelector("input")).backgroundColor`)
	}
	light, dark := background(web.ThemeLight, browsertest.Light), background(web.ThemeDark, browsertest.Light)
	if light == dark {
		t.Fatalf("light and dark are both %s", light)
	}
	for _, c := range []struct {
		theme  web.Theme
		device browsertest.Scheme
		want   string
	}{
		{web.ThemeLight, browsertest.Dark, light}, {web.ThemeDark, browsertest.Dark, dark},
		{web.ThemeAuto, browsertest.Light, light}, {web.ThemeAuto, browsertest.Dark, dark},
	} {
		if got := background(c.theme, c.device); got != c.want {
			t.Errorf("%s on a device that prefers %s: %s, want %s", c.theme, c.device, got, c.want)
		}
	}
	b.Follow("button[value=dark]")
	if got := browsertest.Eval[string](b, `document.documentElement.dataset.bsTheme`); got != "dark" || b.Path() != "/sign-in" {
		t.Errorf("the choice of dark leads to %s in %s", b.Path(), got)
	}
}

func TestSummaryTakesTheFocus(t *testing.T) {
	b := browsertest.New(t)
	server := startGallery(t)
	for _, scripts := range []bool{true, false} {
		b.Scripts(scripts)
		b.Cookie(server.URL, "cardinal-session", bruno)
		b.Open(server.URL + "/change-details")
		b.Type("#pin-pin", "12345")
		if got := b.Enter(); got != http.StatusUnprocessableEntity {
			t.Fatalf("scripts %v: the form was answered with %d", scripts, got)
		}
		if got := browsertest.Await(b, `document.activeElement.id`, "pin-summary"); got != "pin-summary" {
			t.Errorf("scripts %v: the focus is on %q", scripts, got)
		}
		b.Click("#pin-summary a")
		if got := browsertest.Await(b, `(document.activeElement.id || location.hash).replace("#", "")`, "pin-pin"); got != "pin-pin" {
			t.Errorf("scripts %v: the link in the summary leads to %q", scripts, got)
		}
	}
}

// TestSummaryTakesTheFocusFromAFragment is where browsers do not heed autofocus.
func TestSummaryTakesTheFocusFromAFragment(t *testing.T) {
	b := browsertest.New(t)
	server := startGallery(t)
	b.Cookie(server.URL, "cardinal-session", bruno)
	b.Open(server.URL + "/change-details#pin-reason")
	b.Type("#pin-pin", "12345")
	b.Enter()
	if got := browsertest.Await(b, `document.activeElement.id`, "pin-summary"); got != "pin-summary" {
		t.Errorf("the focus is on %q in %s", got, browsertest.Eval[string](b, `location.href`))
	}
}

func TestRulesTickAsOneTypes(t *testing.T) {
	b := browsertest.New(t)
	server := startGallery(t)
	b.Cookie(server.URL, "cardinal-session", bruno)
	b.Open(server.URL + "/change-details")
	until := func(want string) {
		t.Helper()
		got := ""
		for range 50 {
			got = browsertest.Eval[string](b, `Array.from(document.querySelectorAll("[data-rule]"), rule => rule.dataset.holds || "-").join(" ")`)
			if got == want {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Fatalf("the rules hold: %q, want %q", got, want)
	}
	until("- -")
	b.Type("#pin-pin", "7392")
	until("false true")
	b.Type("#pin-pin", "05")
	until("true true")

	b.Click("[data-reveal=pin-pin]")
	if got := browsertest.Eval[string](b, `document.getElementById("pin-pin").type`); got != "text" {
		t.Errorf("what was typed is not shown: %s", got)
	}
	if problems := b.Problems(); len(problems) > 0 {
		t.Errorf("the browser complains: %v", problems)
	}
}

// TestAFormIsSentOnce presses a button again while the first answer is under way.
func TestAFormIsSentOnce(t *testing.T) {
	b := browsertest.New(t)
	kit := newKit(t)
	var sent atomic.Int32
	release := make(chan struct{})
	p := page[struct{}](t, kit, `<form method="post"><button type="submit" id="send">Send</button></form>`)
	show := func(w http.ResponseWriter, r *http.Request) error {
		if r.Method == http.MethodPost {
			sent.Add(1)
			<-release
		}
		return p.Show(w, r, web.Head{Title: "Send"}, struct{}{})
	}
	server := serve(t, kit,
		web.Route{Pattern: "GET /form", Permission: cardinal.PermNone, Handle: show},
		web.Route{Pattern: "POST /form", Permission: cardinal.PermNone, Handle: show})
	b.Open(server.URL + "/form")
	time.AfterFunc(2*time.Second, func() { close(release) })
	// The page lives on until the first answer, and its clock with it.
	browsertest.Eval[bool](b, `(() => {
		const send = document.getElementById("send");
		send.click();
		setTimeout(() => send.click(), 500);
		return true;
	})()`)
	<-release
	b.Open(server.URL + "/form")
	if got := sent.Load(); got != 1 {
		t.Errorf("two presses sent the form %d times", got)
	}
	if got := b.Follow("#send"); got != http.StatusOK || sent.Load() != 2 {
		t.Errorf("on a new page the button answers %d, %d times", got, sent.Load()-1)
	}
}

// TestProgressRefreshesItself is htmx at work under the content security
// policy, to the end of the work and no further.
func TestProgressRefreshesItself(t *testing.T) {
	b := browsertest.New(t)
	kit := newKit(t)
	var asked atomic.Int32
	p := page[struct{ Work web.Progress }](t, kit, `{{template "progress" .Data.Work}}`)
	server := serve(t, kit, web.Route{Pattern: "GET /work", Permission: cardinal.PermNone, Handle: func(w http.ResponseWriter, r *http.Request) error {
		n := int(asked.Add(1))
		work := web.Progress{ID: "work", Label: "Generating", Done: n, Total: 3, Running: n < 3, URL: "/work"}
		return p.Show(w, r, web.Head{Title: "Work"}, struct{ Work web.Progress }{work})
	}})
	b.Open(server.URL + "/work")
	got := ""
	for range 100 {
		got = browsertest.Eval[string](b, `document.querySelector(".work-count").textContent`)
		if got == "3 of 3" {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if got != "3 of 3" {
		t.Fatalf("the page says %q", got)
	}
	time.Sleep(2500 * time.Millisecond)
	if n := asked.Load(); n != 3 {
		t.Errorf("the page was asked for %d times for work of 3", n)
	}
	if problems := b.Problems(); len(problems) > 0 {
		t.Errorf("the browser complains: %v", problems)
	}
}

func TestOneBoxTicksAll(t *testing.T) {
	b := browsertest.New(t)
	kit := newKit(t)
	p := page[struct{}](t, kit, `<label hidden><input type="checkbox" id="all" data-check-all="id">All</label>
		<label><input type="checkbox" name="id" id="a">A</label><label><input type="checkbox" name="id">B</label>`)
	server := serve(t, kit, web.Route{Pattern: "GET /list", Permission: cardinal.PermNone, Handle: func(w http.ResponseWriter, r *http.Request) error {
		return p.Show(w, r, web.Head{Title: "List"}, struct{}{})
	}})
	b.Open(server.URL + "/list")
	for _, step := range []struct{ click, ticked string }{
		{"#all", "all a b"}, {"#a", "some b"}, {"#a", "all a b"}, {"#all", ""},
	} {
		b.Click(step.click)
		got := browsertest.Eval[string](b, `(() => {
			const all = document.getElementById("all"), [a, b] = document.getElementsByName("id");
			return [all.checked && "all", all.indeterminate && "some", a.checked && "a", b.checked && "b"].filter(Boolean).join(" ");
		})()`)
		if got != step.ticked {
			t.Fatalf("after a click on %s these are ticked: %q, want %q", step.click, got, step.ticked)
		}
	}
}
