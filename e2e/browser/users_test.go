package browser

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/browsertest"
	"cardinal/internal/credential"
	"cardinal/internal/directory"
)

// crowd imports people whose names sort as their numbers do, a minute each.
func (s *stage) crowd(n int) {
	s.t.Helper()
	var file strings.Builder
	file.WriteString("username,full name,email,department\n")
	for i := range n {
		fmt.Fprintf(&file, "guest-%c%c,Guest %c%c,g%d@acme.example,\n", 'a'+i/26, 'a'+i%26, 'A'+i/26, 'a'+i%26, i)
	}
	run, err := s.app.Directory.Run(s.t.Context(), s.as, strings.NewReader(file.String()), directory.Options{}, nil)
	s.must(err)
	if run.Totals.Created != n {
		s.t.Fatalf("%d of %d guests came", run.Totals.Created, n)
	}
}

// usersShown are the usernames in the list, in order.
func (s *stage) usersShown() []string {
	s.t.Helper()
	return strings.Fields(browsertest.Eval[string](s.Browser, `Array.from(document.querySelectorAll("#users-found [data-user]"), e => e.dataset.user).join(" ")`))
}

// until waits for what a script does after an answer.
func (s *stage) until(what string, holds func() bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	for !holds() {
		select {
		case <-ctx.Done():
			s.t.Fatalf("%s does not come about; the page says %s", what, s.text("main"))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// pick takes an option of a select as a person does, with all its events.
func (s *stage) pick(selector, value string) {
	s.t.Helper()
	browsertest.Eval[bool](s.Browser, `((e) => { e.value = `+quote(value)+`; e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true})); return true })(document.querySelector(`+quote(selector)+`))`)
}

func (s *stage) address() string {
	return browsertest.Eval[string](s.Browser, `location.pathname + location.search`)
}

// TestUsersAreFoundWhileOneTypes is the search with scripts: no number stands in
// the address, and the count is said to screen readers.
func TestUsersAreFoundWhileOneTypes(t *testing.T) {
	s := newStage(t)
	s.crowd(3)
	s.person("bruno", "Bruno Costa", cardinal.RoleHelpdesk)
	s.number("bruno", "04A2B7C9D1")
	s.signIn(adminName)
	s.open("/users")
	if got := fmt.Sprint(s.usersShown()); got != "[ada bruno guest-aa guest-ab guest-ac]" {
		t.Fatalf("all users are %s", got)
	}
	s.Type("#find", "guest")
	s.until("the three guests", func() bool { return len(s.usersShown()) == 3 })
	s.until("the count", func() bool { return s.text("#users-count") == "3 users" })
	if got := s.address(); got != "/users?q=guest" {
		t.Errorf("the address is %s", got)
	}
	for _, number := range []string{"04A2B7C9D1", "C9D1"} {
		s.fill("#find", number)
		s.until("the owner of "+number, func() bool { return fmt.Sprint(s.usersShown()) == "[bruno]" })
		if got := s.address(); got != "/users" {
			t.Errorf("after a number the address is %s", got)
		}
	}
	s.fill("#find", "xyzzy")
	s.until("nobody", func() bool { return strings.Contains(s.text("#users-found"), "Nobody was found") })
	s.fill("#find", "o")
	s.pick("#users-role", "helpdesk")
	s.until("the helpdesk alone", func() bool { return fmt.Sprint(s.usersShown()) == "[bruno]" })
	if got := s.address(); got != "/users?q=o&role=helpdesk" {
		t.Errorf("the address is %s", got)
	}
	if s.value("#find") != "o" {
		t.Error("what was typed is gone")
	}
	s.CheckAxe()
}

// number gives somebody a primary card number.
func (s *stage) number(username, text string) {
	s.t.Helper()
	number, err := cardinal.ParseCardNumber("number", text)
	s.must(err)
	change := credential.NumberChange{Slot: cardinal.Primary, Number: number}
	s.must(s.app.Door.SetNumber(s.t.Context(), s.as, username, change))
}

// TestUsersAreFilteredSortedAndPaged is the list by its forms and links alone,
// with and without scripts.
func TestUsersAreFilteredSortedAndPaged(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.crowd(120)
		s.signIn(adminName)
		s.open("/users?source=import")
		first := fmt.Sprint(s.usersShown())
		if !strings.Contains(s.text(".pager-shown"), "1–50 of 120") || !strings.HasPrefix(first, "[guest-aa guest-ab ") {
			t.Fatalf("the first page: %s %s", s.text(".pager-shown"), first)
		}
		s.Follow(".pager a[rel=next]")
		second := fmt.Sprint(s.usersShown())
		s.Follow(".pager a[rel=next]")
		if got := s.usersShown(); len(got) != 20 || s.count(".pager a[rel=next]") != 0 || !strings.Contains(s.text(".pager-shown"), "101–120 of 120") {
			t.Errorf("the last page: %s %s", s.text(".pager-shown"), got)
		}
		s.Follow(".pager a[rel=prev]")
		if got := fmt.Sprint(s.usersShown()); got != second {
			t.Errorf("one page back is %s", got)
		}
		s.Follow(".pager a[rel=prev]")
		if got := fmt.Sprint(s.usersShown()); got != first || s.count(".pager a[rel=prev]") != 0 {
			t.Errorf("two pages back is %s", got)
		}
		s.Follow("th a[href*='-name']")
		if got := s.usersShown(); got[0] != "guest-ep" || s.count("th[aria-sort=descending]") != 1 {
			t.Errorf("turned round, the list begins with %s", got[0])
		}
		s.Follow(".pager a[rel=next]")
		if !strings.Contains(s.address(), "source=import") {
			t.Errorf("the filter is gone at %s", s.address())
		}
		s.open("/users?filter=no-address")
		if got := fmt.Sprint(s.usersShown()); got != "[ada]" {
			t.Errorf("without an address are %s", got)
		}
		s.Type("#find", "guest")
		s.Enter()
		if !strings.Contains(s.text("#users-found"), "Nobody was found") {
			t.Errorf("no guest is without an address: %s", s.text("#users-found"))
		}
		s.Follow("#users-found .empty-state a")
		if len(s.usersShown()) != 50 {
			t.Errorf("all users again: %s", s.usersShown())
		}
		s.open("/users?filter=nonsense")
		if !strings.Contains(s.text("main"), "There is no filter of that name") {
			t.Errorf("an unknown filter shows %s", s.text("main"))
		}
	})
}

// A search with a digit in it may be for a number: its pages are turned without
// it standing in an address.
func TestPagesOfASearchThatMayBeANumber(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.crowd(200)
		s.signIn(adminName)
		s.open("/users")
		s.Type("#find", "g1")
		s.Enter() // g1, g10 to g19, g100 to g199
		first := s.usersShown()
		if len(first) != 50 || s.address() != "/users" || !strings.Contains(s.text(".pager-shown"), "1–50 of 111") {
			t.Fatalf("%d users at %s: %s", len(first), s.address(), s.text(".pager-shown"))
		}
		s.Follow(".pager form:last-of-type button")
		s.Follow(".pager form:last-of-type button")
		if got := s.usersShown(); len(got) != 11 || s.address() != "/users" || s.value("#find") != "g1" {
			t.Errorf("the last page has %d users at %s", len(got), s.address())
		}
		s.Follow(".pager form:first-of-type button")
		s.Follow(".pager form:first-of-type button")
		if got := s.usersShown(); fmt.Sprint(got) != fmt.Sprint(first) {
			t.Errorf("back at the first page are %s", got)
		}
		s.fill("#find", "@acme.example")
		s.Enter()
		if s.address() != "/users?q=%40acme.example" {
			t.Errorf("what is no number is kept at %s", s.address())
		}
	})
}

// TestSelectedUsers leads from ticks to the question what to do to whom.
func TestSelectedUsers(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *stage) {
		s.crowd(60)
		s.person("aurel", "Aurel Pop", cardinal.RoleAuditor)
		s.signIn(adminName)
		s.open("/users?source=import")
		s.tick("input[value=guest-ab]", true)
		s.tick("input[value=guest-ad]", true)
		s.pick("#users-action", "disable")
		s.Follow("#users-selection button[type=submit]")
		if !strings.Contains(s.text("main"), "Disable 2 users") {
			t.Fatalf("two are ticked, the question is %s", s.text("main"))
		}
		s.open("/users?source=import")
		s.tick("#users-selection input[name=all]", true)
		s.pick("#users-action", "disable")
		s.Follow("#users-selection button[type=submit]")
		if !strings.Contains(s.text("main"), "Disable 60 users") {
			t.Fatalf("all 60 who match are meant, the question is %s", s.text("main"))
		}
		s.signIn("aurel")
		s.open("/users")
		if s.count("#users-selection, input[name=username]") != 0 || len(s.usersShown()) != 50 {
			t.Error("an auditor is offered actions")
		}
	})
}

// TestUsersByKeyboard turns a page and ticks users without a mouse.
func TestUsersByKeyboard(t *testing.T) {
	s := newStage(t)
	s.crowd(60)
	s.signIn(adminName)
	s.open("/users")
	s.focus("[data-check-all]")
	s.Press(" ")
	if got := s.count("input[name=username]:checked"); got != 50 {
		t.Fatalf("%d of the page's users are ticked", got)
	}
	s.focus("input[name=username]")
	s.Press(" ")
	if got := s.count("input[name=username]:checked"); got != 49 || s.count("[data-check-all]:indeterminate") != 1 {
		t.Errorf("%d are ticked after one was taken away", got)
	}
	s.focus("th a.sort")
	s.Enter()
	if s.count("th[aria-sort=descending]") != 1 {
		t.Errorf("the list is not turned round at %s", s.address())
	}
}

func (s *stage) focus(selector string) {
	s.t.Helper()
	if !browsertest.Eval[bool](s.Browser, `((e) => { e.focus(); return document.activeElement === e })(document.querySelector(`+quote(selector)+`))`) {
		s.t.Fatalf("%s does not take the focus", selector)
	}
}
