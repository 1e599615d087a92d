package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"cardinal/internal/pgtest"
)

// world is one organisation with its servers, as tests in Go see it.
type world struct {
	t        *testing.T
	data     string // the first node's data directory
	database string // empty: SQLite in data
	admin    string // an administrator's token
	device   string // a device's token
	nodes    []*server
	shown    *record  // what the program has shown to anybody; nil: nobody keeps it
	staff    *browser // the administrator at the pages, once somebody needed one
}

// databases names what every test of this kind runs on, and how many servers
// share it.
var databases = []struct {
	name  string
	url   func(testing.TB) string
	nodes int
}{
	{"sqlite, one server", func(testing.TB) string { return "" }, 1},
	{"postgres, three servers", pgtest.URL, 3},
}

// newWorld makes an organisation and starts its servers; they end with the test.
func newWorld(t *testing.T, database string, nodes int) *world {
	t.Helper()
	w := &world{t: t, data: filepath.Join(t.TempDir(), "data"), database: database}
	w.begin(nodes)
	return w
}

func (w *world) begin(nodes int) {
	w.t.Helper()
	w.cardinal(adminPassword, "init", "--customer", organisationName, "--admin", adminName, "--admin-password-stdin")
	w.admin = w.cardinal("", "token", "create", "--name", "test", "--role", "administrator")
	w.device = w.cardinal("", "device", "create", "--name", "Printer")
	// What is counted and limited elsewhere must not be what stops a hundred at once.
	w.cardinal("", "settings", "set", "api.rate-per-second", "-1")
	for i := range nodes {
		w.start(i)
	}
}

// start starts one more server: the first on the data directory, the others on
// one of their own with a copy of the key ring.
func (w *world) start(i int) {
	w.t.Helper()
	data := w.data
	if i > 0 {
		data = filepath.Join(w.t.TempDir(), fmt.Sprint("node", i))
		ring, err := os.ReadFile(filepath.Join(w.data, "cardinal.key"))
		if err == nil {
			err = os.Mkdir(data, 0o700)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(data, "cardinal.key"), ring, 0o600)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
	node, err := startServer(filepath.Dir(data), w.env(data))
	if err != nil {
		w.t.Fatal(err)
	}
	w.nodes = append(w.nodes, node)
	t := w.t // sub-tests put their own in its place
	t.Cleanup(func() {
		if err := node.stop(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
	})
}

func (w *world) env(data string) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + w.temporary(), "SQLITE_TMPDIR=" + w.temporary(),
		"CARDINAL_DATA=" + data, "CARDINAL_DATABASE=" + w.database}
}

// temporary is the directory that the program has for temporary files.
func (w *world) temporary() string {
	dir := filepath.Join(filepath.Dir(w.data), "tmp")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		w.t.Fatal(err)
	}
	return dir
}

// cardinal runs a command that must succeed and returns its standard output.
func (w *world) cardinal(stdin string, args ...string) string {
	w.t.Helper()
	done := w.run(stdin, args...)
	if done.code != 0 {
		w.t.Fatalf("cardinal %s: exit code %d\n%s", strings.Join(args, " "), done.code, done.errout)
	}
	return strings.TrimSpace(done.out)
}

func (w *world) run(stdin string, args ...string) result {
	w.t.Helper()
	done, err := runProgram(filepath.Dir(w.data), w.env(w.data), stdin, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	command := "cardinal " + strings.Join(args, " ")
	w.shown.add(command+": standard output", nil, done.out)
	w.shown.add(command+": standard error", nil, done.errout)
	return done
}

// set sets a setting.
func (w *world) set(key, value string) {
	w.t.Helper()
	w.cardinal("", "settings", "set", key, "--", value)
}

// api sends a request to the first server with the administrator's token; the
// answer must have the status.
func (w *world) api(status int, method, path, body string) answer {
	w.t.Helper()
	got := w.ask(0, question{method: method, path: path, token: w.admin, body: body})
	if got.status != status {
		w.t.Fatalf("%s %s: status %d instead of %d\n%s", method, path, got.status, status, got.body)
	}
	return got
}

// ask sends a question to one of the servers. It may be called concurrently.
func (w *world) ask(node int, q question) answer {
	w.t.Helper()
	got, err := ask(w.nodes[node%len(w.nodes)].url, q)
	if err != nil {
		w.t.Error(err) // not Fatal: the caller may be a goroutine
	}
	w.shown.add(fmt.Sprintf("API %s %s: %d", q.method, q.path, got.status), got.header, string(got.body))
	return got
}

// state is all that can be seen of the organisation but the audit log, as one
// text a list.
func (w *world) state() map[string]string {
	w.t.Helper()
	state, err := lists(w.nodes[0].url, w.admin, slices.DeleteFunc(slices.Clone(listed), func(path string) bool { return path == "/audit-entries" }))
	if err != nil {
		w.t.Fatal(err)
	}
	return state
}

// all reads a list of the API to its end.
func (w *world) all(path string) []map[string]any {
	w.t.Helper()
	items, err := listAll(w.nodes[0].url, w.admin, path)
	if err != nil {
		w.t.Fatal(err)
	}
	objects := make([]map[string]any, len(items))
	for i, item := range items {
		objects[i] = item.(map[string]any)
	}
	return objects
}

// newestEntry is the number of the newest audit entry.
func (w *world) newestEntry() float64 {
	w.t.Helper()
	return w.entriesAfter(0)[0]["number"].(float64)
}

// entriesAfter returns the audit entries after a number, of the newest hundred.
func (w *world) entriesAfter(number float64) []map[string]any {
	w.t.Helper()
	var page struct{ Items []map[string]any }
	if err := json.Unmarshal(w.api(http.StatusOK, "GET", "/audit-entries?limit=100", "").body, &page); err != nil {
		w.t.Fatal(err)
	}
	return slices.DeleteFunc(page.Items, func(entry map[string]any) bool { return entry["number"].(float64) <= number })
}

// importPeople imports a CSV file on the command line; every line must be done.
func (w *world) importPeople(csv string) {
	w.t.Helper()
	w.cardinal(csv, "user", "import", "-")
}

// signIn signs somebody in to the pages.
func (w *world) signIn(username, password string) *browser {
	w.t.Helper()
	b := newBrowser(w.t, w.nodes[0], w.shown)
	b.signIn(username, password)
	return b
}

// record keeps what the program shows. Safe for concurrent use; nil keeps nothing.
type record struct {
	mu  sync.Mutex
	all []showing
}

// showing is one answer or one output.
type showing struct {
	where  string
	header string
	body   string
}

func (r *record) add(where string, header http.Header, body string) {
	if r == nil {
		return
	}
	var lines strings.Builder
	_ = header.Write(&lines) // a Builder takes everything
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, showing{where, lines.String(), body})
}
