package e2e_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// together runs do a hundred times at once.
const together = 100

// TestParallel has a hundred clients do the same thing at the same moment: over
// three servers on one PostgreSQL, and on one server with SQLite. What is
// promised to happen so many times must happen exactly so many times.
func TestParallel(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			w := newWorld(t, d.url(t), d.nodes)
			t.Run("wrong PINs", func(t *testing.T) { guessTogether(t, w) })
			t.Run("takers of one number", func(t *testing.T) { takeTogether(t, w) })
			t.Run("presses of Change Number", func(t *testing.T) { pressTogether(t, w) })
			t.Run("new PINs of one user", func(t *testing.T) { setTogether(t, w) })
			t.Run("audit log afterwards", func(_ *testing.T) { w.cardinal("", "audit", "verify") })
		})
	}
}

// atOnce calls do with 0 to together-1, all released at the same moment, and
// returns how long the last one took and how often each answer came.
func atOnce(do func(i int) string) (answers map[string]int, took time.Duration) {
	answers = map[string]int{}
	var mu sync.Mutex
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range together {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			answer := do(i)
			mu.Lock()
			answers[answer]++
			mu.Unlock()
		})
	}
	ready.Wait()
	began := time.Now()
	close(start)
	done.Wait()
	return answers, time.Since(began)
}

// guessTogether: with the limit at 5, 100 parallel wrong tries have at most 5
// PINs compared, and the right PIN does not pass after the fifth.
func guessTogether(t *testing.T, w *world) {
	const limit = 5
	w.set("signin.device.wrong-budget", "-1")
	w.set("signin.user.limits", fmt.Sprintf(`[{"wrong": %d, "lockSeconds": 600}]`, limit))
	w.api(http.StatusCreated, "POST", "/users", `{"username": "guessed", "primaryCardNumber": "70707", "pin": "9305"}`)
	answered := make(chan struct{}, together)
	var right sync.WaitGroup
	var rights []int
	right.Go(func() {
		// Once so many wrong tries are answered, the user is locked while the others are still under way.
		for range limit {
			<-answered
		}
		for i := range 10 {
			got := w.ask(i, question{method: "POST", path: "/sign-in", token: w.device, body: `{"username": "guessed", "pin": "9305"}`})
			rights = append(rights, got.status)
		}
	})
	answers, took := atOnce(func(i int) string {
		who := `"username": "guessed"`
		if i%2 == 0 {
			who = `"number": "70707"`
		}
		body := fmt.Sprintf(`{%s, "pin": "%04d"}`, who, 2000+i)
		got := w.ask(i, question{method: "POST", path: "/sign-in", token: w.device, body: body})
		answered <- struct{}{}
		return fmt.Sprint(got.status)
	})
	right.Wait()
	outcomes := map[string]int{}
	for _, record := range w.all("/sign-ins?username=guessed") {
		outcomes[record["outcome"].(string)]++
	}
	t.Logf("%d wrong PINs in %s: answers %v, right PIN %v, on record %v", together, took.Round(time.Millisecond), answers, rights, outcomes)
	if outcomes["wrong-pin"] != limit {
		t.Errorf("%d PINs were compared, the limit is %d", outcomes["wrong-pin"], limit)
	}
	if got := outcomes["wrong-pin"] + outcomes["locked"]; got != together+len(rights) {
		t.Errorf("%d tries are on record as wrong or locked, there were %d", got, together+len(rights))
	}
	if i := slices.IndexFunc(rights, func(status int) bool { return status != http.StatusUnauthorized }); i >= 0 {
		t.Errorf("the right PIN was answered with %d after the lock", rights[i])
	}
	if answers["401"] != together {
		t.Errorf("not all wrong PINs were answered with 401: %v", answers)
	}
	w.api(http.StatusNoContent, "POST", "/users/guessed/unlock", "")
	got := w.ask(0, question{method: "POST", path: "/sign-in", token: w.device, body: `{"username": "guessed", "pin": "9305"}`})
	if got.status != http.StatusOK {
		t.Errorf("after the unlock the right PIN is answered with %d", got.status)
	}
}

// takeTogether: 100 people who want one number leave one owner.
func takeTogether(t *testing.T, w *world) {
	var people strings.Builder
	people.WriteString("username\n")
	for i := range together {
		fmt.Fprintf(&people, "taker%d\n", i)
	}
	w.importPeople(people.String())
	answers, took := atOnce(func(i int) string {
		slot := []string{"primary", "secondary"}[i%2]
		number := []string{"ABC4711", "abc4711"}[i%2] // in either case it is one number
		path := fmt.Sprintf("/users/taker%d/card-numbers/%s", i, slot)
		got := w.ask(i, question{method: "PUT", path: path, token: w.admin, body: fmt.Sprintf(`{"number": %q}`, number)})
		return fmt.Sprint(got.status)
	})
	owners := 0
	for _, user := range w.all("/users") {
		for _, slot := range []string{"primaryCardNumber", "secondaryCardNumber"} {
			if number, _ := user[slot].(string); strings.EqualFold(number, "ABC4711") {
				owners++
			}
		}
	}
	t.Logf("%d takers of one number in %s: answers %v, owners %d", together, took.Round(time.Millisecond), answers, owners)
	if want := map[string]int{"200": 1, "409": together - 1}; owners != 1 || !maps.Equal(answers, want) {
		t.Errorf("%d own the number; answers %v instead of %v", owners, answers, want)
	}
}

// setTogether: 100 different PINs for one user at once leave exactly one that
// signs in, and an audit entry for each.
func setTogether(t *testing.T, w *world) {
	w.api(http.StatusCreated, "POST", "/users", `{"username": "busy"}`)
	w.set("pin.disallow-common", "false")
	w.set("signin.user.limits", `[{"wrong": 1000, "lockSeconds": 1}]`)
	pin := func(i int) string { return fmt.Sprintf("%04d", 3057+29*i) }
	answers, took := atOnce(func(i int) string {
		got := w.ask(i, question{method: "PUT", path: "/users/busy/pin", token: w.admin, body: fmt.Sprintf(`{"pin": %q}`, pin(i))})
		return fmt.Sprint(got.status, got.codes())
	})
	live := 0
	for i := range together {
		got := w.ask(i, question{method: "POST", path: "/sign-in", token: w.device, body: fmt.Sprintf(`{"username": "busy", "pin": %q}`, pin(i))})
		if got.status == http.StatusOK {
			live++
		}
	}
	entries := 0
	for _, entry := range w.all("/audit-entries?subject=user+busy") {
		if entry["action"] == "pin.set" {
			entries++
		}
	}
	t.Logf("%d PINs for one user in %s: answers %v, %d signs in, %d audit entries", together, took.Round(time.Millisecond), answers, live, entries)
	if live != 1 || entries != answers["200 []"] || entries == 0 {
		t.Errorf("%d PINs sign in; %d audit entries for %v", live, entries, answers)
	}
}
