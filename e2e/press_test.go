package e2e_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// tooOften is what stands on the page when the limit of the day is used up
// (seed: self-management).
const tooOften = "Your ID number has been changed too many times. Please contact your system administrator for assistance."

// pressTogether: at a limit of 3 a day, 100 presses of Change Number change the
// number exactly 3 times.
func pressTogether(t *testing.T, w *world) {
	const limit = 3
	w.set("user.can-change-card-id", "true")
	w.set("user.can-view-card-id", "both")
	w.set("user.can-change-card-id.num-times-per-day", fmt.Sprint(limit))
	w.api(http.StatusCreated, "POST", "/users", `{"username": "presser", "primaryCardNumber": "OLD1", "password": "`+adminPassword+`"}`)
	b := w.signIn("presser", adminPassword)
	form := b.get("/change-details").formAt("/change-details/number")
	if form == nil {
		t.Fatal("Change Details has no button Change Number")
	}
	delete(form.values, "form-key") // or a form that is sent twice would be one press
	answers, took := atOnce(func(i int) string {
		got := b.at(w.nodes[i%len(w.nodes)]).send("POST", form.action, form.values)
		if bytes.Contains(got.body, []byte(html.EscapeString(tooOften))) {
			return "too many times"
		}
		return fmt.Sprint(got.status)
	})
	changes := 0
	for _, entry := range w.all("/audit-entries?subject=user+presser") {
		if entry["actor"] == "user presser" && strings.HasPrefix(entry["action"].(string), "card-number.") {
			changes++
		}
	}
	t.Logf("%d presses of Change Number in %s: answers %v, on record %d changes", together, took.Round(time.Millisecond), answers, changes)
	if want := map[string]int{"200": limit, "too many times": together - limit}; !maps.Equal(answers, want) || changes != limit {
		t.Errorf("%d changes and answers %v instead of %v", changes, answers, want)
	}
	if p := b.open("POST", form.action, form.values); !slices.Contains(p.problems(), tooOften) {
		t.Errorf("one press more is answered with %q", p.problems())
	}
}
