package api_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"cardinal/internal/api"
)

func TestReferencePage(t *testing.T) {
	i := install(t)
	nobody := &client{installation: i}
	page := nobody.do("GET", "/api/docs", nil).want(200)
	if policy := page.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy: %s", policy)
	}
	for _, wrong := range []string{"<script", "style=", "http://", "https://", "<no value>"} {
		if strings.Contains(page.text, wrong) {
			t.Errorf("the page holds %s", wrong)
		}
	}
	for _, line := range api.Lines() {
		if !strings.Contains(page.text, "<b>"+line.Method+"</b> <code>"+line.Path+"</code>") {
			t.Errorf("the page lacks %s %s", line.Method, line.Path)
		}
	}
	for _, reference := range regexp.MustCompile(`(?:href|src)="(/[^"]*)"`).FindAllStringSubmatch(page.text, -1) {
		nobody.do("GET", reference[1], nil).want(200)
	}
	for _, anchor := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page.text, -1) {
		if strings.Count(page.text, `id="`+anchor[1]+`"`) != 1 {
			t.Errorf("#%s leads nowhere", anchor[1])
		}
	}
}

func TestServedDocument(t *testing.T) {
	i := install(t)
	served := (&client{installation: i}).do("GET", "/api/openapi.json", nil).want(200)
	if served.header.Get("Content-Type") != "application/json" || served.object()["openapi"] != "3.1.0" {
		t.Errorf("%s", served.header)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Responses map[string]any `json:"responses"`
		} `json:"paths"`
	}
	if err := json.Unmarshal([]byte(served.text), &doc); err != nil {
		t.Fatal(err)
	}
	for _, line := range api.Lines() {
		if op := doc.Paths[line.Path][strings.ToLower(line.Method)]; op.Responses["default"] == nil || len(op.Responses) != 2 {
			t.Errorf("%s %s answers %v", line.Method, line.Path, op.Responses)
		}
	}
	for _, reference := range regexp.MustCompile(`"\$ref": "#/components/schemas/([^"]*)"`).FindAllStringSubmatch(served.text, -1) {
		if !strings.Contains(served.text, "\n      \""+reference[1]+"\": {") {
			t.Errorf("%s is not described", reference[1])
		}
	}
}
