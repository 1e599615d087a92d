package e2e_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"
	"golang.org/x/net/html"
)

// plantEverything sends secrets through everything that takes one.
func (l *leaks) plantEverything() {
	l.set("user.can-change-pin", "true")
	l.set("user.can-change-pin.ask-current", "false")
	l.set("user.can-change-pin.num-times-per-day", "-1")
	l.set("user.can-change-card-id", "true")
	l.set("user.can-change-card-id.auto-generate", "false")
	l.set("user.can-view-card-id", "both")
	l.set("pin.generated-length", "12") // so long that they are found nowhere by chance
	l.set("signin.device.wrong-budget", "-1")
	l.set("signin.methods", `["card","card-pin","username-pin"]`)
	l.plantOnWays()
	l.plantOverAPI()
	l.plantInWrongFields()
	l.plantInFiles()
	l.plantOnCommandLine()
	l.plantAtDevices()
	l.plantOnPages()
	l.lookEverywhere()
}

// plantOnWays sends a PIN that is accepted and one that is refused by every way
// of TestPaths.
func (l *leaks) plantOnWays() {
	for i, way := range ways() {
		for j, pin := range []string{l.pin(way.name), l.badPIN(way.name)} {
			a := &attempt{world: l.world, t: l.t, who: person{username: fmt.Sprintf("leak%dx%d", i, j)}, pin: pin}
			if !way.creates {
				a.who = makePerson(l.world, a.who.username)
			}
			if way.before != nil {
				way.before(a)
			}
			if refused := len(way.submit(a)) > 0; refused != (j == 1) {
				l.t.Errorf("%s: refused is %t", way.name, refused)
			}
		}
	}
}

func (l *leaks) plantOverAPI() {
	const user = "/users/apiuser"
	whole := object("username", "apiuser", "pin", l.pin("POST /users"), "password", l.password("POST /users"),
		"primaryCardNumber", l.card("POST /users"), "secondaryCardNumber", l.card("POST /users"))
	for range 2 { // the second time the answer is repeated
		if got := l.one("POST", "/users", whole, "Idempotency-Key: first"); got.status != http.StatusCreated {
			l.t.Fatalf("status %d: %s", got.status, got.body)
		}
	}
	l.one("POST", "/users", whole) // taken
	l.one("PATCH", user, object("pin", l.pin("PATCH"), "password", l.password("PATCH"), "primaryCardNumber", l.card("PATCH")))
	l.one("PATCH", user, object("password", "short "+l.add(typedPassword, "x9 "+"qzjw5v", "refused password")))
	l.one("PUT", user+"/card-numbers/primary", object("number", l.card("PUT number")))
	l.one("PUT", user+"/card-numbers/secondary", object("number", l.stray("PUT number")+"-"))
	l.one("PUT", user+"/pin", object("pin", l.pin("PUT pin")))
	l.made(madePIN, l.one("POST", user+"/pin/generate", `{"length": 12}`, "Idempotency-Key: second"), "pin", "generate PIN")
	l.one("POST", user+"/pin/generate", `{"length": 12}`, "Idempotency-Key: second") // its answer is not kept
	l.set("user.card-id.generated-length", "14")
	l.made(number, l.one("POST", user+"/card-numbers/secondary/generate", "{}", "Idempotency-Key: third"), "number", "generate number")
	l.one("POST", user+"/card-numbers/secondary/generate", "{}", "Idempotency-Key: third")
	l.made(madeToken, l.one("POST", "/devices", `{"name": "Made over the API"}`, "Idempotency-Key: fourth"), "token", "POST /devices")
	l.made(madeToken, l.one("POST", "/api-tokens", `{"name": "made", "role": "provisioner"}`), "token", "POST /api-tokens")
	l.one("POST", "/pin-policy/check", object("pin", l.pin("check"), "username", "apiuser"))
	l.one("POST", "/pin-policy/check", object("pin", l.badPIN("check")))
	l.one("POST", "/users/search", object("number", l.stray("search")))
	l.one("POST", "/users/search", object("text", l.stray("search")))
}

// plantInWrongFields puts secrets where they do not belong.
func (l *leaks) plantInWrongFields() {
	for _, q := range []question{
		{method: "POST", path: "/users", body: object("username", l.pin("username")+"<")},
		{method: "POST", path: "/users", body: object(l.pin("unknown field"), "1")},
		{method: "POST", path: "/users", body: `{"username": "broken", "pin": "` + l.pin("broken JSON") + `"`},
		{method: "POST", path: "/users", body: `{"username": "broken", "pin": "` + l.pin("garbage in JSON") + `"} x`},
		{method: "POST", path: "/users", body: `{"username": "broken", "pin": ["` + l.pin("list") + `"]}`},
		{method: "POST", path: "/users", body: object("username", "wrong1", "disabled", l.pin("boolean"))},
		{method: "POST", path: "/users", body: object("username", "wrong2", "role", l.password("role"))},
		{method: "POST", path: "/users", body: object("username", "wrong3", "email", l.pin("email"))},
		{method: "POST", path: "/users", body: object("username", "wrong4", "primaryCardNumber", l.stray("number with a space")+" 1")},
		{method: "POST", path: "/users", body: object("username", "wrong5", "primaryCardNumber", l.stray("number")+strings.Repeat("0", 60))},
		{method: "PUT", path: "/settings/pin.min-length", body: object("value", l.pin("value of a setting"))},
		{method: "PUT", path: "/settings/pin.characters", body: object("value", l.pin("choice of a setting"))},
		{method: "PUT", path: "/settings/signin.methods", body: `{"value": ["` + l.pin("list of a setting") + `"]}`},
		{method: "PUT", path: "/settings/" + l.pin("key of a setting"), body: `{"value": 1}`},
		{method: "GET", path: "/users?" + l.pin("name in a query") + "=1"},
		{method: "GET", path: "/users?limit=" + l.pin("limit")},
		{method: "GET", path: "/users?cursor=" + l.pin("cursor")},
		{method: "GET", path: "/audit-entries?subject=" + l.pin("subject")},
		{method: "GET", path: "/users?search=" + l.stray("search in a query")},
		{method: "GET", path: "/users/" + l.stray("username in a path")},
		{method: "GET", path: "/" + l.pin("unknown path")},
		{method: "DELETE", path: "/devices/" + l.token("id in a path")},
		{method: "PUT", path: "/users/apiuser/card-numbers/" + l.pin("slot"), body: object("number", l.stray("number beside a wrong slot"))},
		{method: "POST", path: "/users/apiuser/pin/generate", body: object("length", l.pin("length"))},
		{method: "POST", path: "/devices", body: object("name", "Wrong", "conversion", l.pin("conversion"))},
		{method: "POST", path: "/devices", body: object("name", "Wrong\n"+l.pin("name of a device"))},
		{method: "POST", path: "/api-tokens", body: object("name", "wrong", "role", l.token("role of a token"))},
		{method: "PATCH", path: "/users/apiuser", body: object("notes", "x"), header: []string{`If-Match: "` + l.pin("If-Match") + `"`}},
		{method: "GET", path: "/users", header: []string{"X-Request-Id: " + l.pin("X-Request-Id"), "X-Forwarded-For: " + l.pin("X-Forwarded-For")}},
		{method: "GET", path: "/users", header: []string{"Authorization: Basic " + l.token("Basic")}},
		{method: "GET", path: "/users", header: []string{"Authorization: Bearer " + l.token("Bearer")}},
		{method: "GET", path: "/users", header: []string{"Cookie: cardinal-session=" + l.token("cookie")}},
		{method: l.pin("method"), path: "/users"},
	} {
		if !slices.ContainsFunc(q.header, func(line string) bool { return strings.HasPrefix(line, "Authorization") }) {
			q.token = l.admin
		}
		if got := l.ask(0, q); got.status >= http.StatusInternalServerError && got.status != http.StatusNotImplemented {
			l.t.Errorf("%s %s: status %d: %s", q.method, q.path, got.status, got.body)
		}
	}
}

// plantInFiles imports files with secrets in every column but that of usernames,
// by which reports name a line, whole and broken, and looks at what the server
// keeps of a long one meanwhile.
func (l *leaks) plantInFiles() {
	const columns = "username,full name,email,primary card number,secondary card number,pin,password\n"
	file := func(through string) string {
		var text strings.Builder
		text.WriteString(columns)
		name := strings.ReplaceAll(through, " ", "")
		for i := range 5 {
			fmt.Fprintf(&text, "%s%d,,,%s,%s,%s,%s\n", name, i, l.card(through), l.card(through), l.pin(through), l.password(through))
		}
		fmt.Fprintf(&text, "%s5,,,,,%s,\n", name, l.badPIN(through))
		fmt.Fprintf(&text, "%s6,,%s,,,,\n", name, l.pin(through+", e-mail"))
		fmt.Fprintf(&text, "%s7,,,%s-,,,\n", name, l.stray(through))
		fmt.Fprintf(&text, "%s8,\"%s\"x,,,,,\n", name, l.pin(through+", broken quotes"))
		fmt.Fprintf(&text, "%s9,%s\n", name, l.pin(through+", few cells"))
		return text.String()
	}
	done := l.run(file("import on the command line"), "user", "import", "-")
	done2 := l.run(file("import on the command line as JSON"), "user", "import", "--json", "-")
	if done.code != 1 || done2.code != 1 {
		l.t.Errorf("the imports ended with %d and %d: %s%s", done.code, done2.code, done.errout, done2.errout)
	}
	l.run("username,"+l.pin("column on the command line")+"\nx,y\n", "user", "import", "-")
	l.one("POST", "/imports", "username,"+l.pin("column over the API")+"\nx,y\n")
	l.one("POST", "/imports?conversion="+l.pin("conversion of an import"), file("import with a wrong conversion"))
	l.one("POST", "/imports?dryRun=true", file("dry run over the API"))
	long := file("import over the API") + "x" + strings.Repeat(fmt.Sprintf("9,,,,,,\nlonguser,,,,,%s,\nx", l.pin("long import")), 3000) + ",,,,,,\n"
	started := l.one("POST", "/imports", long)
	l.snoop()
	l.waitForImports(started)
}

// snoop searches the files that the server has open while it imports, also
// those that have no name any more.
func (l *leaks) snoop() {
	f := newFinder(l.planted)
	kept := 0
	dir := fmt.Sprintf("/proc/%d/fd", l.nodes[0].cmd.Process.Pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		l.t.Logf("open files cannot be looked at here: %v", err)
		return
	}
	for _, entry := range entries {
		name, err := os.Readlink(filepath.Join(dir, entry.Name()))
		if err != nil || !strings.HasPrefix(name, l.temporary()) {
			continue
		}
		file, err := os.Open(filepath.Join(dir, entry.Name()))
		if err != nil {
			continue // it was closed meanwhile
		}
		text, err := io.ReadAll(file)
		if err := file.Close(); err != nil {
			l.t.Error(err)
		}
		if err != nil {
			l.t.Error(err)
		}
		kept += len(text)
		for _, n := range f.find(text) {
			l.t.Errorf("%s, open while the server imports, holds a %s, %s", name, n.secret, n.form)
		}
	}
	if kept == 0 {
		l.t.Error("no file was kept of an import that should still be under way")
	}
	l.t.Logf("%d bytes are kept of the file under way", kept)
}

// waitForImports waits until the last import is over.
func (l *leaks) waitForImports(started answer) {
	var last struct{ ID, State string }
	if err := json.Unmarshal(started.body, &last); err != nil || last.ID == "" {
		l.t.Fatalf("status %d: %s", started.status, started.body)
	}
	for deadline := time.Now().Add(2 * patience); last.State != "done"; time.Sleep(20 * time.Millisecond) {
		got, err := ask(l.nodes[0].url, question{method: "GET", path: "/imports/" + last.ID, token: l.admin})
		if err != nil || json.Unmarshal(got.body, &last) != nil || time.Now().After(deadline) {
			l.t.Fatalf("the import did not end: %v %.500s", err, got.body)
		}
	}
	l.one("GET", "/imports/"+last.ID, "")
}

func (l *leaks) plantOnCommandLine() {
	l.run(l.pin("set-pin")+"\n", "user", "set-pin", "apiuser")
	l.run(l.badPIN("set-pin")+"\n", "user", "set-pin", "apiuser")
	l.run(l.pin("set-pin for nobody")+"\n", "user", "set-pin", "nobody")
	l.run("", "user", "set-pin", "apiuser", l.pin("argument"))
	l.run(l.password("second init")+"\n", "init", "--customer", "Other", "--admin", "other", "--admin-password-stdin")
	l.add(madeToken, l.cardinal("", "token", "create", "--name", "made here", "--role", "auditor"), "token create")
	l.add(madeToken, l.cardinal("", "device", "create", "--name", "Made here"), "device create")
	l.run("", "settings", "set", "pin.min-length", l.pin("value on the command line"))
}

func (l *leaks) plantAtDevices() {
	pin, card := l.pin("sign-in"), l.card("sign-in")
	l.one("POST", "/users", object("username", "swiper", "pin", pin, "primaryCardNumber", card))
	for _, body := range []string{
		object("number", card, "pin", pin), object("username", "swiper", "pin", pin), object("number", card),
		object("number", card, "pin", l.pin("wrong at a device")), object("username", "swiper", "pin", l.pin("wrong at a device")),
		object("number", l.stray("unknown card"), "pin", l.pin("with an unknown card")), object("number", l.stray("unknown card alone")),
		object("username", l.pin("as username at a device"), "pin", l.pin("of an unknown user")), object("number", l.pin("as number")+" .", "pin", "1"),
		object("pin", l.pin("PIN alone")), object("username", "swiper", "pin", pin, "number", card), object(l.pin("unknown field at a device"), "1"),
	} {
		l.ask(0, question{method: "POST", path: "/sign-in", token: l.device, body: body})
	}
}

// plantOnPages fills in every form that takes a secret.
func (l *leaks) plantOnPages() {
	stranger := newBrowser(l.t, l.nodes[0], l.shown)
	stranger.submit("/sign-in", "password", map[string]string{"username": l.misplaced("username at the pages"), "password": l.password("wrong at the pages")})
	stranger.submit("/sign-in", "password", map[string]string{"username": adminName, "password": l.password("wrong for the administrator")})
	stranger.cookies["cardinal-session"] = l.token("session of nobody")
	stranger.get("/" + l.misplaced("unknown page"))
	stranger.get("/users")

	office := l.signIn(adminName, adminPassword)
	office.submit("/new-user", "pin", map[string]string{"username": "pageuser", "pin": l.pin("new user"),
		"primaryCardNumber": l.card("new user"), "secondaryCardNumber": l.card("new user")})
	office.submit("/users/pageuser", "pin", map[string]string{"pin": l.pin("edited user"), "primaryCardNumber": l.card("edited user")})
	office.submit("/users/pageuser", "pin", map[string]string{"pin": l.badPIN("edited user"), "primaryCardNumber": l.card("refused edit")})
	office.submit("/users/pageuser", "pin", map[string]string{"email": l.misplaced("e-mail on a page")})
	office.open("POST", "/users/pageuser/check", url.Values{"value": {l.badPIN("checked on a page")}})
	for _, text := range []string{l.card("searched on a page"), l.add(misplaced, "9"+rand.Text()[:11], "searched on a page")} {
		office.search(text)
	}
	l.shownOnce(madePIN, office.open("POST", "/users/pageuser/pin/generate", url.Values{}), "page, generate PIN")
	office.open("POST", "/users/pageuser/numbers/secondary/generate", url.Values{})
	l.shownOnce(madePassword, office.submit("/users/pageuser/password", "how", map[string]string{"how": "generate"}), "page, one-time password")
	password := l.password("page, one-time password")
	office.submit("/users/pageuser/password", "how", map[string]string{"how": "type", "password": password})
	office.submit("/options/config-editor?find=pin.min-length", "", nil)
	office.open("POST", "/options/config-editor", url.Values{"key": {"pin.min-length"}, "value": {l.misplaced("config editor")}})
	office.open("POST", "/options/config-editor", url.Values{"key": {l.misplaced("key in the config editor")}, "value": {"1"}})

	l.add(typedPassword, password+" 2", "page, own password")
	own := l.signIn("pageuser", password)
	own.submit("/change-details", "pin", map[string]string{"pin": l.pin("own PIN"), "again": l.pin("own PIN typed otherwise")})
	own.open("POST", "/change-details/check", url.Values{"value": {l.badPIN("checked by oneself")}})
	own.submit("/change-details", "primaryCardNumber", map[string]string{"primaryCardNumber": l.card("own number")})
	own.submit("/password", "currentPassword", map[string]string{"currentPassword": l.password("wrong present password"), "password": l.password("new"), "again": l.password("again")})
	twice := l.secondFactor(office)
	for _, b := range []*browser{office, own, twice} {
		l.add(madeToken, b.cookies["cardinal-session"], "session")
	}
}

// secondFactor sets up an authenticator app for the administrator, signs in with
// a recovery code, and takes the app away again.
func (l *leaks) secondFactor(office *browser) *browser {
	l.t.Helper()
	p := office.get("/second-factor/app")
	l.shownOnce(madeToken, p, "authenticator app")
	key := l.add(sentToken, strings.ReplaceAll(l.planted[len(l.planted)-1].text, " ", ""), "authenticator app, as it is kept")
	code, err := totp.GenerateCode(key, time.Now())
	if err != nil {
		l.t.Fatal(err)
	}
	f := p.form("code")
	f.values.Set("code", code)
	made := office.open("POST", f.action, f.values)
	var codes []string
	for n := range made.doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "code" {
			codes = append(codes, l.add(madeToken, textOf(n), "recovery code"))
		}
	}
	if len(codes) != 10 {
		l.t.Fatalf("%d recovery codes: %s", len(codes), made.text())
	}
	b := *office
	b.cookies = map[string]string{}
	b.submit("/sign-in", "password", map[string]string{"username": adminName, "password": adminPassword})
	l.add(madeToken, b.cookies["cardinal-sign-in"], "session")
	b.submit("/sign-in/second?with=recovery", "recovery", map[string]string{"recovery": l.token("recovery code of nobody")})
	b.submit("/sign-in/second?with=recovery", "recovery", map[string]string{"recovery": codes[0]})
	office.open("POST", "/second-factor/app/remove", url.Values{})
	return &b
}

// search looks for somebody on the page of users.
func (b *browser) search(text string) {
	b.t.Helper()
	for _, f := range b.get("/users").forms() {
		if f.action != "/users" {
			continue
		}
		for name := range f.values {
			if f.values.Get(name) == "" {
				f.values.Set(name, text)
			}
		}
		b.open("POST", f.action, f.values)
		return
	}
	b.t.Error("there is no search on the page of users")
}

// shownOnce plants what a page has made and shown.
func (l *leaks) shownOnce(k kind, p page, through string) {
	l.t.Helper()
	for n := range p.doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "output" {
			l.add(k, strings.TrimSpace(textOf(n)), through)
			return
		}
	}
	l.t.Errorf("%s: status %d and nothing to see once: %s", through, p.status, p.text())
}

// lookEverywhere reads every list and page, as administrator and as auditor, who
// may see no number at all.
func (l *leaks) lookEverywhere() {
	auditor := l.add(madeToken, l.cardinal("", "token", "create", "--name", "reader", "--role", "auditor"), "token create")
	for _, path := range append(slices.Clone(listed), "/imports", "/exports/users", "/users/apiuser", "/customers") {
		for _, token := range []string{l.admin, auditor} {
			separator := "?"
			for cursor := ""; ; {
				got := l.ask(0, question{method: "GET", path: path + separator + "cursor=" + cursor, token: token})
				if token == auditor {
					l.noNumbers(path, got)
				}
				var page struct{ NextCursor string }
				if json.Unmarshal(got.body, &page) != nil || page.NextCursor == "" {
					break
				}
				cursor = page.NextCursor
			}
		}
	}
	for _, path := range []string{"//healthz", "//readyz", "//api/openapi.json", "//api/docs"} {
		l.ask(0, question{method: "GET", path: path})
	}
	crawl(l.signIn(adminName, adminPassword))
	crawl(l.signIn("pageuser", l.passwordOf("page, own password")))
}

func (l *leaks) noNumbers(path string, got answer) {
	for _, n := range newFinder(l.planted).find(got.body) {
		if n.secret.kind == number {
			l.t.Errorf("an auditor is shown a %s at %s", n.secret, path)
		}
	}
}

func (l *leaks) passwordOf(through string) string {
	for _, s := range l.planted {
		if s.through == through {
			return s.text
		}
	}
	return ""
}
