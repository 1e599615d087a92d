package letter

import (
	_ "embed"
	"strings"

	"golang.org/x/net/html"

	"cardinal/internal/setting"
)

// dress is the inline style of elements and, with a dot, of the classes that a
// template can use: button for a link, secret for a PIN, facts, fact and
// label for values with their names, quiet for small print. frame.html has their colours in
// the dark.
var dress = map[string]string{
	"h1":         "margin:0 0 20px;font-size:24px;line-height:1.3;font-weight:700",
	"h2":         "margin:28px 0 12px;font-size:18px;line-height:1.3;font-weight:700",
	"h3":         "margin:24px 0 8px;font-size:16px;line-height:1.4;font-weight:700",
	"p":          "margin:0 0 16px",
	"ul":         "margin:0 0 16px;padding-left:24px",
	"ol":         "margin:0 0 16px;padding-left:24px",
	"hr":         "margin:28px 0;border:0;border-top:1px solid #d5dae1",
	"a":          "color:#0b5aa8;text-decoration:underline",
	"td":         "padding:4px 12px 4px 0;text-align:left;vertical-align:top",
	"th":         "padding:4px 12px 4px 0;text-align:left;vertical-align:top",
	"blockquote": "margin:0 0 16px;padding:0 0 0 16px;border-left:3px solid #d5dae1",
	".button": "display:inline-block;margin:8px 0;padding:13px 22px;border-radius:8px;background-color:#0b5aa8;" +
		"color:#ffffff;font-weight:600;text-decoration:none",
	".secret": "margin:8px 0 24px;padding:18px 16px;border-radius:8px;background-color:#eef2f7;" +
		"font-family:ui-monospace,Menlo,Consolas,monospace;font-size:28px;line-height:1.3;font-weight:700;letter-spacing:3px;text-align:center",
	".facts": "margin:24px 0;padding:0 0 0 16px;border-left:3px solid #d5dae1",
	".fact":  "margin:0 0 12px",
	".label": "color:#566070;font-size:14px",
	".quiet": "margin:0 0 16px;color:#566070;font-size:13px;line-height:1.5",
}

// frame is the document around the inside of a letter, with three places to
// fill.
//
//go:embed frame.html
var frame string

// framed puts the inside of a letter into the frame. The subject is text.
func framed(language setting.Language, subject, inside string) string {
	return strings.NewReplacer(
		"LANGUAGE", string(language),
		"SUBJECT", html.EscapeString(subject),
		"INSIDE", inside,
	).Replace(frame)
}
