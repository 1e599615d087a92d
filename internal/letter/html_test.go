package letter_test

import (
	"strings"
	"testing"

	"cardinal/internal/letter"
)

// TestWhatHTMLMayHold shows what becomes of the HTML of an administrator. The
// inline style of the frame is not repeated here: the elements have none.
func TestWhatHTMLMayHold(t *testing.T) {
	for name, c := range map[string]struct{ written, sent string }{
		"plain markup stays":           {`<div>A <b>b</b> <em>c</em><br><span title="x">d</span></div>`, `<div>A <b>b</b> <em>c</em><br><span title="x">d</span></div>`},
		"entities stay what they mean": {`<b>R&amp;D &lt; &eacute; &nbsp;</b>`, "<b>R&amp;D &lt; é \u00a0</b>"},
		"braces by entity are text":    {`<b>&#123;{username}}</b>`, `<b>{{username}}</b>`},
		"a script":                     {`<b>a</b><script>alert(1)</script>`, `<b>a</b>`},
		"a script that is not closed":  {`<b>a</b><script>alert(1)`, `<b>a</b>`},
		"a script in a picture":        {`<b>a</b><img src=x onerror=alert(1)>`, `<b>a</b>`},
		"event handlers":               {`<b onclick="alert(1)" onmouseover=alert(2)>a</b>`, `<b>a</b>`},
		"a style sheet":                {`<style>b{background:url(http://x)}</style><b>a</b>`, `<b>a</b>`},
		"a style sheet elsewhere":      {`<link rel="stylesheet" href="http://x"><b>a</b>`, `<b>a</b>`},
		"a remote picture":             {`<b>a</b><img src="https://x/y.png" width="1">`, `<b>a</b>`},
		"a picture of the background":  {`<b style="background-image:url(https://x/y.png);color:red;background:url(x)">a</b>`, `<b style="color: red">a</b>`},
		"an address in any style":      {`<b style="color:url(//x);border:url(//x);font-family:url(//x);width:url(//x)">a</b>`, `<b>a</b>`},
		"an expression in a style":     {`<b style="width:expression(alert(1))">a</b>`, `<b>a</b>`},
		"a place over everything":      {`<b style="position:fixed;top:0;display:none;font-weight:bold">a</b>`, `<b style="font-weight: bold">a</b>`},
		"a form":                       {`<form action="https://x"><input name="pin"><button>b</button>a</form>`, `ba`},
		"frames and objects":           {`<iframe src="https://x"></iframe><object data="x">o</object><embed src="x"><b>a</b>`, `<b>a</b>`},
		"SVG and MathML":               {`<svg><a xlink:href="javascript:alert(1)"><text>t</text></a></svg><math><mi>m</mi></math>`, `tm`},
		"comments":                     {`<b>a<!-- secret --><!--[if mso]>x<![endif]--></b>`, `<b>a</b>`},
		"a document":                   {`<!DOCTYPE html><html><head><title>t</title><base href="//x"><meta http-equiv="refresh" content="0;url=//x"></head><body onload="x"><b>a</b></body></html>`, `<b>a</b>`},
		"tags that are not closed":     {`<b>a<i>c`, `<b>a<i>c</i></b>`},
		"tags that were not opened":    {`</div></body><b>a</b></div>`, `<b>a</b>`},
		"attributes without a meaning": {`<b id="x" data-x="y" contenteditable style="">a</b>`, `<b>a</b>`},
		"direction and language":       {`<span dir="rtl" lang="he">a</span><span dir="x" lang="1">b</span>`, `<span dir="rtl" lang="he">a</span><span>b</span>`},
		"a table":                      {`<table role="presentation"><tr><td colspan="2" onclick="x">a</td></tr></table>`, `<table role="presentation"><tbody><tr><td colspan="2" STYLE>a</td></tr></tbody></table>`},
		"links to pages and mailboxes": {`<a href="https://x/y?a=1&b=2">1</a><a href="http://x">2</a><a href="mailto:a@b">3</a>`, `<a href="https://x/y?a=1&amp;b=2" STYLE>1</a><a href="http://x" STYLE>2</a><a href="mailto:a@b" STYLE>3</a>`},
		"links to elsewhere":           {`<a href="javascript:alert(1)">1</a><a href="data:text/html,x">2</a><a href="file:///etc">3</a><a href="/y">4</a><a href="//x/y">5</a><a href="https:///y">7</a><a href=" java&#10;script:alert(1)">6</a>`, `123<a STYLE>4</a><a STYLE>5</a><a STYLE>7</a>6`},
		"a link with a target":         {`<a href="https://x" target="_top" ping="https://y" download>1</a>`, `<a href="https://x" STYLE>1</a>`},
		"a variable in a style":        {`<b style="font-family:'{{username}}',{{username}};color:red">a</b><i style="border:{{username}}">b</i>`, `<b style="color: red">a</b><i>b</i>`},
		"marks of our own":             {`<b>variable0x1x {{username}} variable1x0x vari&#97;ble2x1x</b>`, `<b>variable0x1x alex.morgan variable1x0x variable2x1x</b>`},
	} {
		t.Run(name, func(t *testing.T) {
			l := rendered(t, letter.Custom, plain(markup(c.written)), func(*letter.Values) {})
			got := inside(t, l)
			for _, style := range []string{`style="color:#0b5aa8;text-decoration:underline"`, `style="padding:4px 12px 4px 0;text-align:left;vertical-align:top"`} {
				got = strings.ReplaceAll(got, style, "STYLE")
			}
			if got != c.sent {
				t.Errorf("sent %s\nwant %s", got, c.sent)
			}
		})
	}
}

// TestElementsAreDressed shows that what an administrator writes plainly comes
// with the style that mail programs need, and that their own comes last.
func TestElementsAreDressed(t *testing.T) {
	l := rendered(t, letter.Custom, plain(markup(`<h1 style="color:red">a</h1><a class="button" href="https://x">b</a><p class="quiet unknown">c</p>`)), func(*letter.Values) {})
	got := inside(t, l)
	for _, want := range []string{
		`<h1 style="margin:0 0 20px;font-size:24px;line-height:1.3;font-weight:700;color: red">`,
		`class="button"`, `text-decoration:underline;display:inline-block;`, `text-decoration:none">b</a>`,
		`<p class="quiet unknown" style="margin:0 0 16px;margin:0 0 16px;`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in %s", want, got)
		}
	}
}

// TestNoStyleLoadsAnything tries every property that may stand in a style with
// values that would ask a server for something.
func TestNoStyleLoadsAnything(t *testing.T) {
	for _, property := range []string{"color", "background", "background-color", "background-image", "font", "font-family", "font-size", "line-height",
		"letter-spacing", "text-align", "text-decoration", "vertical-align", "white-space", "margin", "padding", "border", "border-top", "border-color",
		"border-image", "border-radius", "border-collapse", "width", "max-width", "list-style", "content", "cursor", "filter", "behavior", "-moz-binding"} {
		for _, value := range []string{"url(https://x/y)", "red url(https://x/y)", "URL('https://x/y')", `\75rl(https://x/y)`, `u\rl(https://x/y)`, "image-set('https://x/y' 1x)", "initial url(//x)", "a/**/url(//x)", "expression(alert(1))"} {
			l := rendered(t, letter.Custom, plain(markup(`<b style="`+property+":"+value+`">a</b>`)), func(*letter.Values) {})
			if got := inside(t, l); got != "<b>a</b>" {
				t.Errorf("%s: %s became %s", property, value, got)
			}
		}
	}
}
