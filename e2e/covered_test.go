package e2e_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestPathsAreAll compares the ways and rules of TestPaths with what the program
// has: every call of the API, form of the pages and command that takes a PIN,
// and every code that a violation can have.
func TestPathsAreAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", 1)
	w.set("user.can-change-pin", "true")
	w.set("user.can-change-card-id", "true")
	w.set("user.can-change-card-id.auto-generate", "false")
	w.api(http.StatusCreated, "POST", "/users", `{"username": "someone", "password": "`+adminPassword+`"}`)
	covered := map[string]bool{}
	for _, way := range ways() {
		for _, place := range way.covers {
			covered[place] = false
		}
	}
	for _, list := range []struct {
		name  string
		found []string
		spare []string // these take a PIN without setting it
	}{
		{"call of the API", callsWithPIN(t, w), []string{"POST /sign-in", "POST /pin-policy/check"}},
		{"form of the pages", formsWithPIN(t, w), nil},
		{"command", commands(w), []string{
			"cardinal serve", "cardinal demo", "cardinal init", "cardinal version", "cardinal audit verify", "cardinal bench sign-in", "cardinal key rotate", "cardinal key status",
			"cardinal device create", "cardinal token create", "cardinal user unlock", "cardinal user mail-pin", "cardinal user require-new-pin",
			"cardinal user invite", "cardinal settings get", "cardinal settings set", "cardinal settings list",
			"cardinal mail list", "cardinal mail test", "cardinal notification list", "cardinal notification resend", "cardinal notification cancel",
		}},
	} {
		t.Logf("%s: %q", list.name, list.found)
		for _, place := range list.found {
			if _, ok := covered[place]; !ok && !slices.Contains(list.spare, place) {
				t.Errorf("the %s %q takes a PIN and is in no way of TestPaths", list.name, place)
			}
			covered[place] = true
		}
	}
	for place, found := range covered {
		if !found {
			t.Errorf("TestPaths goes by %q, which was not found", place)
		}
	}
	compareCodes(t)
}

// compareCodes: a code that is about PINs has a rule in TestPaths.
func compareCodes(t *testing.T) {
	t.Helper()
	aboutOtherThings := []string{"invalid", "required", "taken", "spoilt", "unknown", "malformed_line", "limit"}
	provoked := map[string]bool{}
	for _, r := range rules("") {
		provoked[r.code] = true
	}
	declared := violationCodes(t)
	for _, code := range declared {
		if !provoked[code] && !slices.Contains(aboutOtherThings, code) {
			t.Errorf("the violation %s is provoked by no rule of TestPaths", code)
		}
	}
	for code := range provoked {
		if !slices.Contains(declared, code) {
			t.Errorf("TestPaths provokes %s, which is no violation", code)
		}
	}
}

// violationCodes reads the codes where they are declared.
func violationCodes(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../violation.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for n := range ast.Preorder(file) {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Violation") {
			continue
		}
		code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, code)
	}
	if len(codes) < 10 {
		t.Fatalf("only %d codes were found", len(codes))
	}
	return codes
}

// callsWithPIN reads the OpenAPI document for calls whose body has a PIN, or is
// a file that may have a column of them.
func callsWithPIN(t *testing.T, w *world) []string {
	t.Helper()
	got := w.ask(0, question{method: "GET", path: "//api/openapi.json"})
	var document struct {
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal(got.body, &document); err != nil {
		t.Fatal(err)
	}
	var calls []string
	for path, methods := range document.Paths {
		for method, text := range methods {
			var operation struct {
				RequestBody struct{ Content map[string]any }
			}
			if json.Unmarshal(text, &operation) != nil {
				continue // parameters of all methods are no operation
			}
			_, isFile := operation.RequestBody.Content["text/csv"]
			if isFile || hasProperty(operation.RequestBody.Content, document.Components.Schemas, "pin") {
				calls = append(calls, strings.ToUpper(method)+" "+strings.TrimPrefix(path, "/api/v1"))
			}
		}
	}
	slices.Sort(calls)
	return calls
}

// hasProperty looks for a property of that name in a schema, through references.
func hasProperty(value any, schemas map[string]any, name string) bool {
	switch v := value.(type) {
	case map[string]any:
		if properties, ok := v["properties"].(map[string]any); ok && properties[name] != nil {
			return true
		}
		if ref, ok := v["$ref"].(string); ok {
			return hasProperty(schemas[ref[strings.LastIndex(ref, "/")+1:]], schemas, name)
		}
		for _, inner := range v {
			if hasProperty(inner, schemas, name) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, func(inner any) bool { return hasProperty(inner, schemas, name) })
	}
	return false
}

// formsWithPIN follows every link of the pages, as administrator and as somebody
// else, and returns where the forms with a PIN are sent.
func formsWithPIN(t *testing.T, w *world) []string {
	t.Helper()
	username := regexp.MustCompile(`^/users/[^/]+`)
	actions := map[string]bool{}
	for _, name := range []string{adminName, "someone"} {
		pages := crawl(w.signIn(name, adminPassword))
		for _, p := range pages {
			for _, f := range p.forms() {
				if f.values.Has("pin") {
					actions[username.ReplaceAllString(f.action, "/users/{username}")] = true
				}
			}
		}
		t.Logf("%s sees %d pages", name, len(pages))
	}
	return slices.Sorted(maps.Keys(actions))
}

// crawl opens every page that links lead to from the start.
func crawl(b *browser) map[string]page {
	pages := map[string]page{}
	for queue := []string{"/", "/summary"}; len(queue) > 0; queue = queue[1:] {
		path := queue[0]
		if _, seen := pages[path]; seen || strings.HasPrefix(path, "/assets/") || len(pages) > 300 {
			continue
		}
		p := b.get(path)
		pages[path] = p
		queue = append(queue, p.links()...)
	}
	return pages
}

// commands reads the help for every command that has none below it.
func commands(w *world, names ...string) []string {
	w.t.Helper()
	help := w.cardinal("", append(names, "--help")...)
	_, list, ok := strings.Cut(help, "Commands:")
	if !ok {
		return []string{strings.Join(append([]string{"cardinal"}, names...), " ")}
	}
	var found []string
	for _, line := range regexp.MustCompile(`(?m)^  (\S[^\n]*)$`).FindAllStringSubmatch(list, -1) {
		words := strings.Fields(line[1])
		for len(names) > 0 && len(words) > len(names) && slices.Equal(words[:len(names)], names) {
			words = words[len(names):] // groups list their commands with their own names in front
		}
		found = append(found, commands(w, append(slices.Clone(names), words[0])...)...)
	}
	return found
}
