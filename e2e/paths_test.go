package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// person is the user whom a PIN is for.
type person struct {
	username string
	pin      string // the live one; empty for somebody who is still to be made
}

// attempt is one PIN on its way through one of the ways.
type attempt struct {
	*world
	t    *testing.T
	who  person
	pin  string
	form *browser // whoever fills in the way's form, signed in
	post *mailbox // where e-mail goes; nil: nowhere
}

// way is one path a PIN can come by.
type way struct {
	name string
	// covers are the calls of the API, the forms of the pages and the commands
	// that this way goes through; what takes a PIN and is covered by none fails a test.
	covers  []string
	creates bool // makes the user together with the PIN
	logged  bool // a refusal is a line in the log file
	audited bool // the import itself is on record, whatever becomes of its lines
	// chooses says that nobody can choose a PIN here where PINs identify: they are generated.
	chooses bool
	// before gets everything ready that is on record itself; may be nil.
	before func(*attempt)
	// submit sends the PIN, with another change beside it where the way has room
	// for one, and returns the sentences it was refused with; none: it was accepted.
	submit func(*attempt) (sentences []string)
}

// beside is written along with every PIN, into the notes: with a refused PIN it
// must be refused, too.
const beside = "written beside the PIN"

// ways returns every path a PIN can come by. A new path is a new line here.
func ways() []way {
	return []way{
		{name: "API create", covers: []string{"POST /users"}, creates: true, logged: true, submit: func(a *attempt) []string {
			return a.send("POST", "/users", map[string]string{"username": a.who.username, "notes": beside, "pin": a.pin})
		}},
		{name: "API update", covers: []string{"PATCH /users/{username}"}, logged: true, submit: func(a *attempt) []string {
			return a.send("PATCH", "/users/"+a.who.username, map[string]string{"notes": beside, "pin": a.pin})
		}},
		{name: "API put PIN", covers: []string{"PUT /users/{username}/pin"}, logged: true, submit: func(a *attempt) []string {
			return a.send("PUT", "/users/"+a.who.username+"/pin", map[string]string{"pin": a.pin})
		}},
		{name: "API import, new", covers: []string{"POST /imports"}, creates: true, logged: true, audited: true, submit: (*attempt).importOverAPI},
		{name: "API import, known", covers: []string{"POST /imports"}, logged: true, audited: true, submit: (*attempt).importOverAPI},
		{name: "command line", covers: []string{"cardinal user set-pin"}, submit: func(a *attempt) []string {
			return sentencesOf(a.run(a.pin+"\n", "user", "set-pin", a.who.username))
		}},
		{name: "command line import, new", covers: []string{"cardinal user import"}, creates: true, audited: true, submit: (*attempt).importOnCommandLine},
		{name: "command line import, known", covers: []string{"cardinal user import"}, audited: true, submit: (*attempt).importOnCommandLine},
		{name: "administrator's form, new", covers: []string{"/new-user"}, creates: true, before: (*attempt).asOffice, submit: func(a *attempt) []string {
			return a.fill("/new-user", map[string]string{"username": a.who.username, "notes": beside, "pin": a.pin})
		}},
		{name: "administrator's form, known", covers: []string{"/users/{username}"}, before: (*attempt).asOffice, submit: func(a *attempt) []string {
			return a.fill("/users/"+a.who.username, map[string]string{"notes": beside, "pin": a.pin})
		}},
		{name: "user's form", covers: []string{"/change-details/pin"}, chooses: true, before: (*attempt).asThemselves, submit: func(a *attempt) []string {
			return a.fill("/change-details", map[string]string{"pin": a.pin, "again": a.pin})
		}},
	}
}

// rule is one way for a PIN to break the policy.
type rule struct {
	code     string            // must be among those of the refusal
	settings map[string]string // what differs from the settings as they come
	pin      func(person) string
	live     bool // needs a person with a PIN
	chosen   bool // needs that PINs identify, and then some ways let nobody choose one
}

func always(pin string) func(person) string { return func(person) string { return pin } }

// rules returns every violation of a PIN that can be provoked. A new violation
// is a new line here. Taken is somebody else's PIN.
func rules(taken string) []rule {
	return []rule{
		{code: "too_short", pin: always("93")},
		{code: "too_short", settings: map[string]string{"pin.min-length": "8"}, pin: always("1234")},
		{code: "too_long", pin: always("9305718264a0b1c2d")},
		{code: "bad_character", pin: always("93 05")},
		{code: "bad_character", settings: map[string]string{"pin.characters": "digits"}, pin: always("93k5")},
		{code: "bad_character", pin: always("９３０５")},
		{code: "sequential", pin: always("mnopq")},
		{code: "sequential", pin: always("1234")},
		{code: "repeated", pin: always("k7k7k7")},
		{code: "stepped", settings: map[string]string{"pin.disallow-steps": "true"}, pin: always("15937")},
		{code: "common", pin: always("1984")},
		{code: "personal", pin: func(p person) string { return p.username }},
		{code: "personal", pin: func(p person) string { return "9" + strings.ToUpper(p.username) }},
		{code: "reused", live: true, pin: func(p person) string { return p.pin }},
		{code: "not_available", settings: map[string]string{"pin.identifies-user": "true"}, chosen: true, pin: always(taken)},
	}
}

// TestPaths takes every violation through every way. The same PIN gives the same
// codes on each, changes nothing at all, and over the API leaves a line in the
// log file.
func TestPaths(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", 1)
	w.set("user.can-change-pin", "true")
	w.set("user.can-change-pin.num-times-per-day", "-1")
	taken := takenPIN(w)
	count := 0
	for i, r := range rules(taken) {
		for key, value := range r.settings {
			w.set(key, value)
		}
		reference, sentences := referenceOf(t, w, r, fmt.Sprintf("measure%d", i))
		for j, way := range ways() {
			name := fmt.Sprintf("%s %d/%s", r.code, i, way.name)
			who := person{username: fmt.Sprintf("walker%dx%d", i, j)}
			if r.live && way.creates || r.chosen && way.chooses {
				continue
			}
			count++
			t.Run(name, func(t *testing.T) {
				refuse(t, w, way, attempt{who: who}, expected{r, reference, sentences})
			})
		}
		for key := range r.settings {
			w.cardinal("", "settings", "set", key, "--default")
		}
	}
	t.Logf("%d violations on %d ways: %d refusals", len(rules(taken)), len(ways()), count)
	for j, way := range ways() {
		t.Run("accepted/"+way.name, func(t *testing.T) { accept(t, w, way, fmt.Sprintf("pleased%d", j)) })
	}
}

// takenPIN makes somebody whose PIN identifies, and returns it.
func takenPIN(w *world) string {
	w.t.Helper()
	w.set("pin.identifies-user", "true")
	w.api(http.StatusCreated, "POST", "/users", `{"username": "holder"}`)
	var made struct{ PIN string }
	if err := json.Unmarshal(w.api(http.StatusCreated, "POST", "/users/holder/pin/generate", "{}").body, &made); err != nil {
		w.t.Fatal(err)
	}
	w.cardinal("", "settings", "set", "pin.identifies-user", "--default")
	return made.PIN
}

// referenceOf asks the API for the codes and sentences that everybody must give.
func referenceOf(t *testing.T, w *world, r rule, username string) (codes []string, sentences map[string]string) {
	t.Helper()
	who := makePerson(w, username)
	body, err := json.Marshal(map[string]string{"pin": r.pin(who)})
	if err != nil {
		t.Fatal(err)
	}
	got := w.api(http.StatusUnprocessableEntity, "PUT", "/users/"+username+"/pin", string(body))
	sentences = map[string]string{}
	var problem struct {
		Violations []struct{ Code, Message string }
	}
	if err := json.Unmarshal(got.body, &problem); err != nil {
		t.Fatal(err)
	}
	for _, v := range problem.Violations {
		codes = append(codes, v.Code)
		sentences[v.Message] = v.Code
	}
	if !slices.Contains(codes, r.code) {
		t.Fatalf("the PIN that should be refused as %s is refused as %q", r.code, codes)
	}
	return codes, sentences
}

// livePIN is the PIN of everybody who has one before the attempt.
const livePIN = "7s0q4m"

// makePerson makes a user with a PIN, or without one where the settings of the
// moment do not allow that one.
func makePerson(w *world, username string) person {
	w.t.Helper()
	w.api(http.StatusCreated, "POST", "/users", fmt.Sprintf(`{"username": %q}`, username))
	got := w.ask(0, question{method: "PUT", path: "/users/" + username + "/pin", token: w.admin, body: `{"pin": "` + livePIN + `"}`})
	if got.status != http.StatusOK {
		return person{username: username}
	}
	return person{username, livePIN}
}

// expected is what a way must answer.
type expected struct {
	rule
	codes     []string          // in this order
	sentences map[string]string // the code that each sentence for people stands for
}

// refuse submits a PIN that breaks a rule.
func refuse(t *testing.T, w *world, way way, a attempt, want expected) {
	w.t = t
	if !way.creates {
		a.who = makePerson(w, a.who.username)
	}
	a.world, a.t, a.pin = w, t, want.pin(a.who)
	if way.before != nil {
		way.before(&a)
	}
	before, logged := w.state(), len(refusals(w))
	newest := w.newestEntry()
	got := codesOf(way.submit(&a), want.sentences)
	if !slices.Equal(got, want.codes) {
		t.Errorf("refused with %q; the API says %q", got, want.codes)
	}
	unchanged(t, before, w.state())
	for _, entry := range w.entriesAfter(newest) {
		if !way.audited || !strings.HasPrefix(entry["action"].(string), "import.") {
			t.Errorf("the audit log has a new entry: %v", entry)
		}
	}
	lines := refusals(w)[logged:]
	if !way.logged {
		lines = nil
	} else if len(lines) != 1 {
		t.Fatalf("%d lines in the log instead of 1: %v", len(lines), lines)
	}
	for _, line := range lines {
		codes, _ := walk(line["violations"], []string{"*"})
		if line["level"] != "WARN" || line["username"] != a.who.username || codes != strings.Join(want.codes, " ") ||
			line["caller"] != "token test" || line["customer"] != organisationName || line["requestId"] == nil {
			t.Errorf("the log says %v", line)
		}
	}
}

// accept submits a PIN that is fine, so that a refusal is known not to be the way's own fault.
func accept(t *testing.T, w *world, way way, username string) {
	w.t = t
	a := attempt{world: w, t: t, who: person{username: username}, pin: "r4v1d8"}
	if !way.creates {
		a.who = makePerson(w, username)
	}
	if way.before != nil {
		way.before(&a)
	}
	if sentences := way.submit(&a); len(sentences) > 0 {
		t.Fatalf("refused: %q", sentences)
	}
	w.api(http.StatusOK, "GET", "/users/"+username, "")
	got := w.ask(0, question{method: "POST", path: "/sign-in", token: w.device, body: fmt.Sprintf(`{"username": %q, "pin": %q}`, username, a.pin)})
	if got.status != http.StatusOK {
		t.Errorf("the PIN that was set does not sign in: %s", got.body)
	}
}

// unchanged compares everything that can be seen of the organisation.
func unchanged(t *testing.T, before, after map[string]string) {
	t.Helper()
	for name := range before {
		if before[name] != after[name] {
			t.Errorf("%s has changed from\n%s\nto\n%s", name, before[name], after[name])
		}
	}
}

// refusals are the lines of the log about refused PINs.
func refusals(w *world) []map[string]any {
	var lines []map[string]any
	for _, line := range w.nodes[0].stderr.lines() {
		if line["msg"] == "PIN refused" {
			lines = append(lines, line)
		}
	}
	return lines
}

// codesOf translates sentences for people to the codes that they stand for.
// Where a way gives codes itself, they stand as they are.
func codesOf(sentences []string, known map[string]string) []string {
	var codes []string
	for _, sentence := range sentences {
		code, ok := known[sentence]
		if _, rest, named := strings.Cut(sentence, ": "); !ok && named {
			code, ok = known[rest] // the administrator's form names the rule first
		}
		if !ok {
			code = sentence
		}
		codes = append(codes, code)
	}
	return codes
}

// send is a call of the API with a JSON body.
func (a *attempt) send(method, path string, body map[string]string) []string {
	text, err := json.Marshal(body)
	if err != nil {
		a.t.Fatal(err)
	}
	got := a.ask(0, question{method: method, path: path, token: a.admin, body: string(text)})
	if got.status < 300 {
		return nil
	}
	if got.status != http.StatusUnprocessableEntity {
		a.t.Errorf("%s %s: status %d: %s", method, path, got.status, got.body)
	}
	return got.codes()
}

// fill sends a form of a page, and returns what its summary says.
func (a *attempt) fill(path string, values map[string]string) []string {
	p := a.form.submit(path, "pin", values)
	if p.status == http.StatusOK {
		return nil
	}
	if p.status != http.StatusUnprocessableEntity {
		a.t.Errorf("%s: status %d: %s", path, p.status, p.text())
	}
	for name, value := range values {
		// What was typed stays, but never a PIN.
		stands := p.form("pin").values.Get(name)
		if isPIN := name == "pin" || name == "again"; isPIN && stands != "" || !isPIN && name != "username" && stands != value {
			a.t.Errorf("after the refusal %q stands in the field %s", stands, name)
		}
	}
	return p.problems()
}

// asOffice has the administrator, signed in once, fill in the form.
func (a *attempt) asOffice() {
	if a.staff == nil {
		a.staff = a.signIn(adminName, adminPassword)
	}
	b := *a.staff
	b.t = a.t
	a.form = &b
}

// asThemselves has the person fill in the form.
func (a *attempt) asThemselves() {
	a.api(http.StatusOK, "PATCH", "/users/"+a.who.username, `{"password": "`+adminPassword+`"}`)
	a.form = a.signIn(a.who.username, adminPassword)
}

func (a *attempt) csv() string {
	return "username,notes,pin\n" + a.who.username + "," + beside + "," + a.pin + "\n"
}

func (a *attempt) importOverAPI() []string {
	got := a.ask(0, question{method: "POST", path: "/imports", token: a.admin, body: a.csv()})
	var started struct{ ID string }
	if err := json.Unmarshal(got.body, &started); err != nil || got.status != http.StatusAccepted {
		a.t.Fatalf("status %d: %s", got.status, got.body)
	}
	for {
		report := a.api(http.StatusOK, "GET", "/imports/"+url.PathEscape(started.ID), "")
		if over, codes := readReport(a.t, report.body); over {
			return codes
		}
	}
}

func (a *attempt) importOnCommandLine() []string {
	done := a.run(a.csv(), "user", "import", "--json", "-")
	_, codes := readReport(a.t, []byte(done.out))
	if want := min(1, len(codes)); done.code != want {
		a.t.Errorf("exit code %d instead of %d", done.code, want)
	}
	return codes
}

// readReport returns the codes of a report with one line.
func readReport(t *testing.T, text []byte) (over bool, codes []string) {
	t.Helper()
	var report struct {
		State string
		Lines []struct {
			Result  string
			Reasons []struct{ Code string }
		}
	}
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if report.State == "running" {
		return false, nil
	}
	if report.State != "done" || len(report.Lines) != 1 {
		t.Fatalf("the import ended otherwise: %s", text)
	}
	for _, reason := range report.Lines[0].Reasons {
		codes = append(codes, reason.Code)
	}
	return true, codes
}

// sentencesOf reads the violations that a command prints below its error.
func sentencesOf(done result) []string {
	var codes []string
	for line := range strings.Lines(done.errout) {
		if code, _, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && strings.HasPrefix(line, "  ") {
			codes = append(codes, code)
		}
	}
	return codes
}
