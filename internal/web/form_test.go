package web_test

import (
	"net/http"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/web"
	"cardinal/internal/web/htmlcheck"
)

func TestRefusedFormSaysWhatAndWhere(t *testing.T) {
	t.Parallel()
	server := startGallery(t)
	const secret = "12345"
	response := ask(t, "POST", server.URL+"/change-details", as(bruno), posted("pin="+secret+"&repeat="+secret+"&reason=It+was+%3Cseen%3E"))
	if response.StatusCode != http.StatusUnprocessableEntity {
		t.Fatalf("status %d", response.StatusCode)
	}
	text := body(t, response)
	d := htmlcheck.Parse(t, strings.NewReader(text))

	if got := d.Text("title"); !strings.HasPrefix(got, "Error: ") {
		t.Errorf("the window's title is %q", got)
	}
	summary := d.One("#pin-summary")
	for name, want := range map[string]string{"role": "alert", "tabindex": "-1", "autofocus": ""} {
		if got, has := htmlcheck.Attr(summary, name); !has || got != want {
			t.Errorf("the summary's %s is %q", name, got)
		}
	}
	links := d.All("#pin-summary li a")
	if len(links) != 2 || htmlcheck.Words(links[0]) != "The PIN must have at least 6 characters." || htmlcheck.Words(links[1]) != "The PIN must not be a sequence." {
		t.Errorf("the summary lists %q", d.Text("#pin-summary"))
	}
	for _, link := range links {
		if to, _ := htmlcheck.Attr(link, "href"); to != "#pin-pin" {
			t.Errorf("the summary leads to %q", to)
		}
	}
	if d.Attr("#pin-pin", "aria-invalid") != "true" {
		t.Error("the field is not marked as wrong")
	}
	for id := range strings.FieldsSeq(d.Attr("#pin-pin", "aria-describedby")) {
		d.One("#" + id)
	}
	if got := d.Text("#pin-pin-error"); !strings.Contains(got, "6 characters") || !strings.Contains(got, "sequence") {
		t.Errorf("beside the field stands %q", got)
	}
	if d.Attr("#pin-repeat", "aria-invalid") != "" {
		t.Error("a field that is right is marked as wrong")
	}
	if got := d.Attr("#pin-reason", "value"); got != "It was <seen>" {
		t.Errorf("what was typed stays as %q", got)
	}
	if strings.Contains(text, secret) {
		t.Error("the PIN is on the page")
	}
}

func TestStaleFormShowsBoth(t *testing.T) {
	t.Parallel()
	server := startGallery(t)
	response := ask(t, "POST", server.URL+"/security-options", as(anna),
		posted("revision=7&pin.min-length=many&pin.expiration-hours=24&characters=letters-and-digits&methods=username-pin&text=a%0D%0Ab"))
	if response.StatusCode != http.StatusPreconditionFailed {
		t.Errorf("status %d", response.StatusCode)
	}
	d := htmlcheck.Parse(t, response.Body)
	if got := d.Text("#policy-pin.expiration-hours-theirs"); !strings.HasSuffix(got, " 72") || d.Attr("#policy-pin.expiration-hours", "value") != "24" {
		t.Errorf("theirs: %q; mine: %q", got, d.Attr("#policy-pin.expiration-hours", "value"))
	}
	if got := d.Text("#policy-pin.min-length-error"); got != "Enter a whole number." {
		t.Errorf("a number in words: %q", got)
	}
	if d.Attr("#policy-pin.min-length", "value") != "many" {
		t.Error("what was typed is gone")
	}
	checked := map[string]bool{}
	for _, node := range d.All("input[checked]") {
		value, _ := htmlcheck.Attr(node, "value")
		checked[value] = true
	}
	if len(checked) != 2 || !checked["letters-and-digits"] || !checked["username-pin"] {
		t.Errorf("chosen: %v", checked)
	}
	if got := d.Attr("input[name=revision]", "value"); got != "7" {
		t.Errorf("the revision is %q", got)
	}
	if got := d.One("#policy-text").FirstChild.Data; got != "a\nb" {
		t.Errorf("the text is %q", got)
	}
	if items := d.All("#policy-summary li"); len(items) != 3 || len(d.All("#policy-summary li a")) != 2 {
		t.Errorf("the summary: %q", d.Text("#policy-summary"))
	}
}

func TestRefuseTakesWhatOneCanCorrect(t *testing.T) {
	t.Parallel()
	taken := map[cardinal.Code]int{
		cardinal.CodeInvalid: 422, cardinal.CodePolicyViolation: 422, cardinal.CodeConflict: 409,
		cardinal.CodeStale: 412, cardinal.CodeRateLimited: 429, cardinal.CodeSignInFailed: 401,
	}
	kit := newKit(t)
	server := serve(t, kit, web.Route{Pattern: "GET /", Permission: cardinal.PermNone, Handle: func(_ http.ResponseWriter, r *http.Request) error {
		for _, code := range codes() {
			form := web.NewForm(web.WordsOf(r), "f", "Save")
			refused := form.Refuse(cardinal.Errorf(code, "Detail."))
			if status, want := taken[code]; refused != want || form.Status() != status || form.Refused() != want {
				t.Errorf("%s: refused %v with %d", code, refused, form.Status())
			}
		}
		if form := web.NewForm(web.WordsOf(r), "f", "Save"); form.Refuse(nil) || form.Refused() {
			t.Error("nil is refused")
		}
		return nil
	}})
	ask(t, "GET", server.URL+"/")
}

func codes() []cardinal.Code {
	return []cardinal.Code{
		cardinal.CodeMalformed, cardinal.CodeInvalid, cardinal.CodePolicyViolation, cardinal.CodeUnauthenticated,
		cardinal.CodeSignInFailed, cardinal.CodeForbidden, cardinal.CodeNotFound, cardinal.CodeConflict, cardinal.CodeStale,
		cardinal.CodeTooLarge, cardinal.CodeRateLimited, cardinal.CodeStorageFull, cardinal.CodeUnavailable, cardinal.CodeInternal,
	}
}

func TestFormValues(t *testing.T) {
	t.Parallel()
	kit := newKit(t)
	read := func(_ http.ResponseWriter, r *http.Request) error {
		form := web.NewForm(web.WordsOf(r), "f", "Save")
		form.Carry("revision", "1")
		form.Add(web.Field{Name: "name", Kind: web.Text})
		form.Add(web.Field{Name: "hours", Kind: web.Number})
		form.Add(web.Field{Name: "on", Kind: web.Checkbox, Checked: true})
		form.Add(web.Field{Name: "methods", Kind: web.Choices, Values: []string{"card"}})
		form.Add(web.Field{Name: "pin", Kind: web.Password})
		form.Add(web.Field{Name: "text", Kind: web.Code})
		if err := form.Read(r); err != nil {
			return err
		}
		if form.Value("name") != "Anna" || form.Int("hours") != -1 || form.Checked("on") || len(form.Values("methods")) != 2 || form.Value("revision") != "2" {
			t.Errorf("read %q, %d, %v, %v, %q", form.Value("name"), form.Int("hours"), form.Checked("on"), form.Values("methods"), form.Value("revision"))
		}
		if form.PIN("pin").Reveal() != " 48 15 " || form.Value("pin") != "" || form.Field("pin").Value != "" {
			t.Error("the PIN is not exactly what was typed, or stands where it can be shown")
		}
		if got := form.Value("text"); got != "a\nb" {
			t.Errorf("the lines of a text are %q", got)
		}
		if form.Refused() {
			t.Errorf("refused: %v", form.Problems())
		}
		return nil
	}
	server := serve(t, kit, web.Route{Pattern: "POST /", Permission: cardinal.PermNone, Handle: read})
	// The address's query must not stand in for what was posted.
	response := ask(t, "POST", server.URL+"/?name=Eve&on=true&methods=x", posted("name=+Anna+&hours=-1&methods=card&methods=card-pin&pin=+48+15+&revision=2&text=a%0D%0Ab"))
	if response.StatusCode != http.StatusOK {
		t.Errorf("status %d", response.StatusCode)
	}
}
