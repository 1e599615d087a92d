package web

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// forbidden is markup that the content security policy refuses, or that
// would call another site.
var forbidden = map[string]*regexp.Regexp{
	"a style attribute":       regexp.MustCompile(`(?i)\sstyle\s*=`),
	"a style element":         regexp.MustCompile(`(?i)<style\b`),
	"an event handler":        regexp.MustCompile(`(?i)\son[a-z]+\s*=`),
	"a script without a file": regexp.MustCompile(`(?i)<script(?:>|\s[^>]*>)`),
	"a script as an address":  regexp.MustCompile(`(?i)javascript:`),
	"another site":            regexp.MustCompile(`(?i)(?:src|href|action)\s*=\s*["']?(?:https?:)?//`),
	"htmx code":               regexp.MustCompile(`(?i)\s(?:data-)?hx-(?:on|vals="js:|trigger="[^"]*\[)`),
}

func offences(template string) []string {
	var found []string
	for what, pattern := range forbidden {
		for _, match := range pattern.FindAllString(template, -1) {
			if what == "a script without a file" && strings.Contains(match, " src=") {
				continue
			}
			found = append(found, what+": "+match)
		}
	}
	return found
}

func TestTemplatesHoldNoCodeAndNoStyle(t *testing.T) {
	t.Parallel()
	seen := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".html" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		seen++
		for _, offence := range offences(string(text)) {
			t.Errorf("%s has %s", path, offence)
		}
		return nil
	})
	if err != nil || seen < 8 {
		t.Fatalf("%d templates were read: %v", seen, err)
	}
	for _, bad := range []string{`<p style="color:red">`, `<style>p{}</style>`, `<a onclick="x()">`, `<script>x()</script>`, `<a href="javascript:x">`, `<img src="//cdn.example/x.png">`, `<div hx-on:click="x()">`} {
		if len(offences(bad)) == 0 {
			t.Errorf("%s goes unnoticed", bad)
		}
	}
}
