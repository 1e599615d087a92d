package office_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// pageShell is that of an English page, an hour east of Greenwich.
func pageShell(t *testing.T) web.Shell {
	t.Helper()
	kit, err := web.New(web.Config{
		Authenticate: func(context.Context, cardinal.Token) (web.Session, error) {
			return web.Session{}, cardinal.ErrUnauthenticated
		},
		Key: []byte(strings.Repeat("k", 32)), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	var shell web.Shell
	handler, err := kit.Handler(web.Route{Pattern: "GET /shell", Permission: cardinal.PermNone, Handle: func(_ http.ResponseWriter, r *http.Request) error {
		shell = web.ShellOf(r)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/shell", nil))
	shell.Session.Zone = time.FixedZone("CET", 60*60)
	return shell
}

// changes takes label, before and after of each field.
func changes(texts ...string) []web.Change {
	var made []web.Change
	for field := range slices.Chunk(texts, 3) {
		made = append(made, web.Change{Label: field[0], Was: field[1], Is: field[2]})
	}
	return made
}

func TestAuditEntriesInWords(t *testing.T) {
	t.Parallel()
	shell := pageShell(t)
	for name, c := range map[string]struct {
		entry   cardinal.AuditEntry
		what    string
		who     string
		about   web.Link
		changes []web.Change
	}{
		"fields as they were and became": {
			cardinal.AuditEntry{
				Action: "user.updated", Actor: "user ada", Subject: "user anna b",
				Before: `{"role":"user","disabled":false,"email":""}`, After: `{"role":"helpdesk","disabled":true,"email":"a@example.com"}`,
			},
			"The details were changed.", "User ada", web.Link{URL: "/users/anna%20b", Label: "User anna b"},
			changes("Disabled", "No", "Yes", "E-mail", "Not set", "a@example.com", "Role", "User", "Helpdesk"),
		},
		"an instant in the zone of the customer": {
			cardinal.AuditEntry{Action: "pin.set", Actor: "token HR sync", Subject: "user anna", After: `{"expiresAt":"2026-05-12T22:30:00Z"}`},
			"The PIN was set.", "API token HR sync", web.Link{URL: "/users/anna", Label: "User anna"},
			changes("Expires", "", "May 12, 2026, 23:30"),
		},
		"what there was and is no more": {
			cardinal.AuditEntry{Action: "card-number.changed", Actor: "console", Subject: "user anna", Before: `{"primary":"••••1234"}`},
			"A card number was changed.", "Command line", web.Link{URL: "/users/anna", Label: "User anna"},
			changes("Primary number", "••••1234", ""),
		},
		"a setting, with a list of things": {
			cardinal.AuditEntry{
				Action: "setting.changed", Actor: "system", Subject: "setting pin.min-length", Before: `{"value":null}`,
				After: `{"value":[{"wrong":5}]}`,
			},
			"A setting was changed.", "Cardinal itself", web.Link{URL: "/options/config-editor?find=pin.min-length", Label: "Setting pin.min-length"},
			changes("Value", "Not set", `[{"wrong":5}]`),
		},
		"nobody to lead to": {
			cardinal.AuditEntry{Action: "user.deleted", Actor: "user ada", Subject: "user anna"},
			"The user was deleted.", "User ada", web.Link{Label: "User anna"}, nil,
		},
		"an API token is not a user's": {
			cardinal.AuditEntry{Action: "api-token.created", Actor: "user ada", Subject: "API token HR sync"},
			"The API token was made.", "User ada", web.Link{Label: "API token HR sync"}, nil,
		},
		"an import": {
			cardinal.AuditEntry{Action: "import.finished", Actor: "user ada", Subject: "import 01J", After: `{"state":"done"}`},
			"An import of people was over.", "User ada", web.Link{URL: "/import-users/01J", Label: "Import 01J"},
			changes("State", "", "Done"),
		},
		"what the catalogue does not know": {
			cardinal.AuditEntry{Action: "moon.landed", Actor: "rocket 5", Subject: "moon", After: `{"crater":["a","b"]}`},
			"moon.landed", "rocket 5", web.Link{Label: "moon"}, changes("crater", "", "a, b"),
		},
		"what is long is cut": {
			cardinal.AuditEntry{Action: "user.updated", Actor: "user ada", Subject: "users", After: `{"notes":"` + strings.Repeat("ä", 300) + `"}`},
			"The details were changed.", "User ada", web.Link{Label: "All users"}, changes("Notes", "", strings.Repeat("ä", 200)+"…"),
		},
		"what is no object has no fields": {
			cardinal.AuditEntry{Action: "pin.removed", Actor: "user ada", Subject: "user anna", Before: `{"a"`, After: `[]`},
			"The PIN was removed.", "User ada", web.Link{URL: "/users/anna", Label: "User anna"}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.entry.Address, c.entry.Time = "192.0.2.7", time.Date(2026, 5, 12, 8, 0, 0, 0, time.UTC)
			got := office.Happening(shell, c.entry)
			want := web.Happening{
				At: shell.Time(c.entry.Time), What: c.what, Code: c.entry.Action, About: c.about, Who: c.who, From: "192.0.2.7", Changes: c.changes,
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// TestEveryActionHasWords finds the actions that the program writes down: the
// texts that become the Action of an entry, directly or as the argument of a
// function that calls its parameter so.
func TestEveryActionHasWords(t *testing.T) {
	t.Parallel()
	words := pageShell(t).Words
	found := actionsWritten(t)
	for _, known := range []string{"pin.set", "user.unlocked", "password.set", "user.locked", "import.started"} {
		if !slices.Contains(found, known) {
			t.Fatalf("%s was not found among %q", known, found)
		}
	}
	for _, action := range found {
		if words.Code("action", action, "-") == "-" {
			t.Errorf("the text action.%s is missing in office.en.json", action)
		}
	}
}

func actionsWritten(t *testing.T) []string {
	t.Helper()
	packages := map[string][]*ast.File{}
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{"web", "db", "testdata"}, entry.Name()):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		packages[filepath.Dir(path)] = append(packages[filepath.Dir(path)], file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, files := range packages {
		places := actionParameters(files)
		for _, file := range files {
			ast.Inspect(file, func(n ast.Node) bool {
				for _, e := range actionsOf(n, places) {
					if literal, ok := e.(*ast.BasicLit); ok && literal.Kind == token.STRING {
						text, err := strconv.Unquote(literal.Value)
						found[text] = err == nil
					}
				}
				return true
			})
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// actionsOf are the expressions by which a node says what an action is called.
func actionsOf(n ast.Node, places map[string]int) []ast.Expr {
	named := func(e ast.Expr, name string) bool {
		i, ok := e.(*ast.Ident)
		return ok && i.Name == name
	}
	switch n := n.(type) {
	case *ast.KeyValueExpr:
		if named(n.Key, "Action") {
			return []ast.Expr{n.Value}
		}
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			if named(left, "action") && len(n.Lhs) == len(n.Rhs) {
				return n.Rhs[i : i+1]
			}
		}
	case *ast.CallExpr:
		name := ""
		switch f := n.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			name = f.Sel.Name
		}
		if at, ok := places[name]; ok && at < len(n.Args) {
			return n.Args[at : at+1]
		}
	}
	return nil
}

// actionParameters says of a package's functions which parameter is called action.
func actionParameters(files []*ast.File) map[string]int {
	places := map[string]int{}
	for _, file := range files {
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			at := 0
			for _, field := range f.Type.Params.List {
				for _, name := range field.Names {
					if name.Name == "action" {
						places[f.Name.Name] = at
					}
					at++
				}
			}
		}
	}
	return places
}
