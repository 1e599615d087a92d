package cardinal_test

import (
	"go/ast"
	"path"
	"slices"
	"strconv"
	"strings"
)

// module is the path of the root package.
const module = "cardinal"

// arrows says for each package which others of this module it may import
// besides the root; a name that ends in /... stands for what is below it too.
// A package that is not listed fails, so that its place is decided and not
// found. Test files may import what they like except across the edges.
var arrows = map[string][]string{
	"": nil,

	// Pure: values in, values out.
	"internal/policy":     nil,
	"internal/throttle":   nil,
	"internal/cardformat": nil,
	"internal/rule":       nil,
	"internal/setting":    {"internal/cardformat"}, // card formats are settings, and are checked when they are saved

	// What the use cases stand on.
	"internal/metric":   nil,
	"internal/seal":     nil,
	"internal/store":    {"internal/store/db"},
	"internal/store/db": nil,
	"internal/audit":    {"internal/seal", "internal/store"},
	"internal/mail":     nil,
	"internal/letter":   {"internal/setting"}, // languages
	"internal/mailsink": nil,                  // a mail server in the process

	// Use cases. They may use everything pure; whom else they call is listed.
	"internal/credential":       useCase("internal/letter", "internal/notify"),                                           // users are told of what was done
	"internal/signin":           useCase("internal/metric", "internal/credential", "internal/letter", "internal/notify"), // the door alone knows whether a PIN matches
	"internal/auth":             useCase(),
	"internal/account":          useCase("internal/credential", "internal/auth", "internal/letter"), // a new user gets a PIN and a way in
	"internal/directory":        useCase("internal/credential", "internal/account", "internal/directory/people"),
	"internal/directory/people": nil,
	"internal/bulk":             useCase("internal/credential", "internal/account", "internal/wayback"),
	"internal/idempotency":      useCase(),
	"internal/applog":           useCase(),
	"internal/automation":       useCase("internal/credential", "internal/notify"), // a rule's actions
	"internal/notify":           useCase("internal/mail", "internal/letter"),
	"internal/rotation":         useCase("internal/auth", "internal/bulk", "internal/notify"),                          // they say to what they bind what they seal
	"internal/wayback":          useCase("internal/auth", "internal/credential", "internal/letter", "internal/notify"), // links that set a password or a PIN

	// Edges: they translate between the outside and the use cases.
	"internal/api": edge(),
	"internal/web": edge(),
	// The pages share the kit that internal/web is.
	"internal/web/access":    edge("internal/web"),
	"internal/web/setup":     edge("internal/web"),
	"internal/web/office":    edge("internal/web", "internal/web/access"),
	"internal/web/people":    edge("internal/web", "internal/web/office"),
	"internal/web/options":   edge("internal/web", "internal/web/office", "internal/letter"), // what a template may say
	"internal/web/dashboard": edge("internal/web", "internal/web/office"),
	"internal/web/logs":      edge("internal/web", "internal/web/office"),
	"internal/web/self":      edge("internal/web", "internal/web/access"),
	"internal/web/htmlcheck": nil,
	"internal/cups":          edge(),
	"cmd/cardinal":           edge("internal/app", "internal/demo", "internal/ladder", "internal/rotation"),

	// The wiring knows everybody.
	"internal/app":  {"internal/..."},
	"internal/demo": {"internal/..."},

	// Measures, also on the command line.
	"internal/ladder": {"internal/app", "internal/account", "internal/directory", "internal/setting"},

	// For tests only: nobody lists them, so only test files can import them.
	"internal/pgtest":      nil,
	"internal/browsertest": nil,
	"internal/mailtest":    {"internal/mailsink"},                                                                                                                // the server that fails as it is told
	"internal/storetest":   {"internal/store", "internal/audit", "internal/seal", "internal/pgtest"},                                                             // entries need a chain to stand in
	"internal/apptest":     {"internal/app", "internal/account", "internal/bulk", "internal/directory", "internal/letter", "internal/notify", "internal/pgtest"}, // an organisation to begin with

	// Tests of the built program from outside: tests only, so that nothing is listed.
	"e2e":         nil,
	"e2e/browser": nil,
	"e2e/kills":   {"internal/..."},
	"e2e/notices": nil,

	// Programs that measure or make data.
	"bench/...":                 {"internal/..."},
	"internal/policy/commongen": nil,
}

func useCase(downwards ...string) []string {
	return append(downwards, "internal/policy", "internal/throttle", "internal/rule", "internal/cardformat",
		"internal/setting", "internal/seal", "internal/store", "internal/audit")
}

func edge(others ...string) []string {
	return append(others, "internal/credential", "internal/signin", "internal/account", "internal/directory",
		"internal/directory/people", "internal/bulk", "internal/idempotency", "internal/automation", "internal/notify", "internal/letter", "internal/auth", "internal/wayback", "internal/audit",
		"internal/setting", "internal/policy", "internal/cardformat", "internal/applog")
}

// edges may not import one another even in tests, but for their own kit.
var edges = []string{"internal/api", "internal/web", "internal/cups"}

func checkArrows(h *house) []string {
	var found []string
	for _, s := range h.files {
		allowed, listed := arrowsOf(s.dir)
		if !listed {
			found = append(found, h.at(s.Package, "package %s has no place in the table of arrows", s.dir))
			continue
		}
		for _, i := range s.Imports {
			target, ours := strings.CutPrefix(importPath(i), module+"/")
			switch {
			case s.dir == "" && !s.test && !standard(importPath(i)):
				found = append(found, h.at(i.Pos(), "the root imports only the standard library"))
			case !ours || target == s.dir:
			case s.test && !crosses(s.dir, target), !s.test && covered(allowed, target):
			default:
				found = append(found, h.at(i.Pos(), "%s may not import %s", s.dir, target))
			}
		}
	}
	return found
}

// arrowsOf looks a package up by its own name and then by those above it.
func arrowsOf(dir string) ([]string, bool) {
	if allowed, ok := arrows[dir]; ok {
		return allowed, true
	}
	for above := path.Dir(dir); above != "."; above = path.Dir(above) {
		if allowed, ok := arrows[above+"/..."]; ok {
			return allowed, true
		}
	}
	return nil, dir == "tools" // a module of its own, without code
}

func covered(patterns []string, target string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		above, wild := strings.CutSuffix(pattern, "/...")
		return target == above || wild && strings.HasPrefix(target, above+"/")
	})
}

// crosses reports whether an arrow leads from one edge to another.
func crosses(from, to string) bool {
	a, b := edgeOf(from), edgeOf(to)
	return a != "" && b != "" && a != b
}

func edgeOf(dir string) string {
	for _, e := range edges {
		if covered([]string{e + "/..."}, dir) {
			return e
		}
	}
	return ""
}

func importPath(i *ast.ImportSpec) string {
	name, err := strconv.Unquote(i.Path.Value)
	if err != nil {
		return i.Path.Value
	}
	return name
}

// standard reports whether a path is of the standard library: only the others
// begin with the name of a host, or with this module.
func standard(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return first != module && !strings.Contains(first, ".")
}

// outside are the packages of the standard library that reach outside: a pure
// package gets files, instants and random bytes handed in.
var outside = []string{"crypto/rand", "database/sql", "log", "log/slog", "math/rand", "math/rand/v2", "net",
	"net/http", "os", "os/exec", "os/signal", "path/filepath", "syscall"}

// pure are the packages that only decide.
var pure = []string{"", "internal/policy", "internal/throttle", "internal/cardformat", "internal/rule", "internal/setting"}

func checkPurity(h *house) []string {
	var found []string
	for _, s := range h.code() {
		if !slices.Contains(pure, s.dir) {
			continue
		}
		for _, i := range s.Imports {
			name := importPath(i)
			impure := slices.Contains(outside, name) && (s.dir != "" || name != "log/slog") // secrets say how they are logged
			third := !standard(name) && name != module && !strings.HasPrefix(name, module+"/")
			if impure || third {
				found = append(found, h.at(i.Pos(), "a pure package may not import %s", name))
			}
		}
	}
	return found
}

// drivers begin the paths of what speaks to a database.
var drivers = []string{"database/sql", "github.com/jackc/pgx", "modernc.org/sqlite", "github.com/pressly/goose"}

func checkDrivers(h *house) []string {
	var found []string
	for _, s := range h.code() {
		if covered([]string{"internal/store/...", "internal/storetest", "internal/pgtest", "internal/ladder", "bench/..."}, s.dir) {
			continue
		}
		for _, i := range s.Imports {
			name := importPath(i)
			if slices.ContainsFunc(drivers, func(d string) bool { return name == d || strings.HasPrefix(name, d+"/") }) {
				found = append(found, h.at(i.Pos(), "%s may not import %s: SQL stands in internal/store", s.dir, name))
			}
		}
	}
	return found
}

func checkClock(h *house) []string {
	withClock := []string{"internal/store/...", "internal/app", "internal/apptest", "internal/storetest",
		"internal/pgtest", "internal/browsertest", "internal/mailtest", "internal/policy/commongen"}
	var found []string
	for _, s := range h.code() {
		if !strings.HasPrefix(s.dir, "internal/") && s.dir != "" || covered(withClock, s.dir) {
			continue
		}
		clock := nameOfTime(s.File)
		ast.Inspect(s.File, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if ok && x.Name == clock && slices.Contains([]string{"Now", "Since", "Until"}, sel.Sel.Name) {
				found = append(found, h.at(n.Pos(), "time.%s: the instant comes from the transaction or the caller", sel.Sel.Name))
			}
			return true
		})
	}
	return found
}

// nameOfTime is what a file calls package time, or "" if it does not import it.
func nameOfTime(f *ast.File) string {
	for _, i := range f.Imports {
		if importPath(i) == "time" {
			if i.Name != nil {
				return i.Name.Name
			}
			return "time"
		}
	}
	return ""
}
