package htmlcheck_test

import (
	"strings"
	"testing"

	"cardinal/internal/web/htmlcheck"
)

func TestSelectors(t *testing.T) {
	t.Parallel()
	d := htmlcheck.Parse(t, strings.NewReader(`<main id="m"><p class="a b">One <b>two</b></p><p class="b" hidden>Three</p>
		<div><p class="b"><input name="pin.min-length" value="6"></p></div></main>`))
	for selector, want := range map[string]int{
		"p": 3, ".b": 3, ".a.b": 1, "p.a b": 1, "#m": 1, "div p": 1, "main p": 3, "[hidden]": 1, "p[hidden].b": 1,
		"input[name=pin.min-length]": 1, `input[value="7"]`: 0, "b p": 0, "main div": 1, ".ab": 0,
	} {
		if got := len(d.All(selector)); got != want {
			t.Errorf("%s finds %d, want %d", selector, got, want)
		}
	}
	if got := d.Text(".a"); got != "One two" {
		t.Errorf("the words are %q", got)
	}
	if got := d.Attr("input", "value"); got != "6" {
		t.Errorf("the value is %q", got)
	}
}
