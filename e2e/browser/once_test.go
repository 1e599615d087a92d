package browser

import (
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/browsertest"
)

// TestSentOnce holds that the reload and the back button do nothing twice, and
// that a double click is one press.
func TestSentOnce(t *testing.T) {
	s := newStage(t)
	s.person("bruno", "Bruno Costa", cardinal.RoleUser)
	s.set("user.can-change-card-id", "true")
	s.signIn("bruno")
	number := func() string { return s.view("bruno").Number(cardinal.Primary) }

	s.open("/change-details")
	s.Follow("#number button[type=submit]")
	first := number()
	if first == "" || s.text("#new-number") != first {
		t.Fatalf("the number is %q, the page says %s", first, s.text("main"))
	}
	browsertest.Eval[bool](s.Browser, `(setTimeout(() => location.reload()), true)`)
	if !browsertest.Await(s.Browser, `document.readyState === "complete" && !document.querySelector("#new-number")`, true) {
		t.Fatalf("the reload still shows the number: %s", s.text("main"))
	}
	if got := number(); got != first {
		t.Errorf("the reload changed the number from %s to %s", first, got)
	}
	if got := s.text("main"); !strings.Contains(got, "already") {
		t.Errorf("the reload says: %s", got)
	}

	s.open("/change-details")
	pressedTwice := `(document.querySelector("#number").removeAttribute("data-sent"), document.querySelector("#number button[type=submit]").click(), document.querySelector("#number").submit(), true)`
	browsertest.Eval[bool](s.Browser, pressedTwice)
	if !browsertest.Await(s.Browser, `document.readyState === "complete" && (document.querySelector("#new-number") || document.querySelector("main").innerText.includes("already")) ? true : false`, true) {
		t.Fatalf("after two presses: %s", s.text("main"))
	}
	changes, err := s.app.Door.ChangesToday(t.Context(), s.as, "bruno")
	s.must(err)
	if changes.Number != 2 {
		t.Errorf("two buttons, each pressed more than once, are counted as %d presses", changes.Number)
	}
}
