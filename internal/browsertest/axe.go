package browsertest

import (
	_ "embed" // axe-core
	"fmt"
	"strings"
)

//go:embed axe/axe.min.js
var axe string

// Finding is one rule of axe-core that the page breaks.
type Finding struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// String names the rule and the elements that break it.
func (f Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %s", f.ID, f.Impact, f.Help)
	for _, node := range f.Nodes {
		fmt.Fprintf(&b, "\n\t%s\n\t\t%s", node.HTML, strings.ReplaceAll(node.Summary, "\n", "\n\t\t"))
	}
	return b.String()
}

// Axe returns what axe-core finds wrong with the open page under the rules of
// WCAG 2.2 A and AA and its best practices. Scripts must be on.
func (b *Browser) Axe() []Finding {
	b.t.Helper()
	if !Eval[bool](b, `typeof window.axe === "object"`) {
		Eval[bool](b, axe+";true")
	}
	return Eval[[]Finding](b, `axe.run(document, {
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
		resultTypes: ["violations"],
	}).then(result => result.violations)`)
}

// CheckAxe fails the test for each finding of Axe.
func (b *Browser) CheckAxe() {
	b.t.Helper()
	for _, finding := range b.Axe() {
		b.t.Errorf("axe: %s", finding)
	}
}
