package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cardinal/internal/mailsink"
	"cardinal/internal/mailtest"
)

// mailbox is the mail server that the program of a world sends through.
type mailbox struct {
	*mailsink.Sink
	w    *world
	read map[string]int // messages to each address so far
}

// newMailbox lets e-mail leave, and links begin with the first server's address.
func newMailbox(w *world) *mailbox {
	w.t.Helper()
	m := &mailbox{mailtest.Sink(w.t, mailsink.Options{}), w, map[string]int{}}
	made := w.api(http.StatusCreated, "POST", "/messaging-configurations",
		fmt.Sprintf(`{"name": "Office", "host": %q, "port": %d, "security": "none", "senderAddress": "pins@example.org"}`, m.Host(), m.Port()))
	var configuration struct{ ID string }
	if err := json.Unmarshal(made.body, &configuration); err != nil {
		w.t.Fatal(err)
	}
	w.set("mail.messaging-configuration", configuration.ID)
	w.set("customer.address", w.nodes[0].url)
	return m
}

// next waits for the next message to an address.
func (m *mailbox) next(t *testing.T, to string) mailsink.Received {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for n := 0; ; {
		all, err := m.Await(ctx, n)
		if err != nil {
			t.Fatalf("no e-mail to %s: %v", to, err)
		}
		n = len(all) + 1
		theirs := slices.DeleteFunc(all, func(r mailsink.Received) bool { return !slices.Contains(r.To, to) })
		if seen := m.read[to]; len(theirs) > seen {
			m.read[to]++
			return theirs[seen]
		}
	}
}

var (
	mailedPIN  = regexp.MustCompile(`(?m)Your new PIN:\s+(\S+)\s*$`)
	mailedLink = regexp.MustCompile(`https?://\S+\?link=\S+`)
)

// pinIn reads the PIN out of an e-mail.
func pinIn(t *testing.T, r mailsink.Received) string {
	t.Helper()
	found := mailedPIN.FindStringSubmatch(r.Text)
	if found == nil {
		t.Fatalf("no PIN in %q:\n%s", r.Subject, r.Text)
	}
	return found[1]
}

// source is one path by which a PIN comes that nobody chose.
type source struct {
	name   string
	mailed bool // only the e-mail to the user holds it
	// make has a PIN made for the user of that name and returns it, empty where it is mailed.
	make func(*attempt) string
}

// sources returns every path by which a generated PIN can come. A new path is a
// new line here.
func sources() []source {
	bulkAction := func(a *attempt, action string) string {
		got := a.api(http.StatusAccepted, "POST", "/bulk-actions", fmt.Sprintf(`{"action": %q, "usernames": [%q]}`, action, a.who.username))
		var run struct{ ID, State string }
		if err := json.Unmarshal(got.body, &run); err != nil {
			a.t.Fatal(err)
		}
		for deadline := time.Now().Add(patience); run.State != "done"; time.Sleep(10 * time.Millisecond) {
			got := a.api(http.StatusOK, "GET", "/bulk-actions/"+run.ID, "")
			if err := json.Unmarshal(got.body, &run); err != nil || time.Now().After(deadline) {
				a.t.Fatalf("%v: %s", err, got.body)
			}
		}
		return run.ID
	}
	return []source{
		{"API, generate", false, func(a *attempt) string {
			return field(a, a.api(http.StatusCreated, "POST", "/users/"+a.who.username+"/pin/generate", "{}").body, "pin")
		}},
		{"API, many issued", false, func(a *attempt) string {
			got := a.api(http.StatusOK, "POST", "/bulk-actions/"+bulkAction(a, "issue-pins")+"/pins", "")
			var fetched struct{ Items []json.RawMessage }
			if err := json.Unmarshal(got.body, &fetched); err != nil || len(fetched.Items) != 1 {
				a.t.Fatalf("%v: %d PINs", err, len(fetched.Items))
			}
			return field(a, fetched.Items[0], "pin")
		}},
		{"API, by e-mail", true, func(a *attempt) string {
			a.api(http.StatusCreated, "POST", "/users/"+a.who.username+"/pin/mail", "")
			return ""
		}},
		{"API, many by e-mail", true, func(a *attempt) string {
			bulkAction(a, "mail-pins")
			return ""
		}},
		{"command line, by e-mail", true, func(a *attempt) string {
			a.cardinal("", "user", "mail-pin", a.who.username)
			return ""
		}},
		{"administrator's page, generate", false, func(a *attempt) string {
			a.asOffice()
			p := a.form.open("POST", "/users/"+a.who.username+"/pin/generate", url.Values{})
			for n := range p.doc.Descendants() {
				if n.Data == "output" {
					return strings.TrimSpace(textOf(n))
				}
			}
			a.t.Fatalf("no PIN is shown:\n%s", p.text())
			return ""
		}},
		{"user's page, by e-mail", true, func(a *attempt) string {
			a.asThemselves()
			f := a.form.get("/change-details").formAt("/change-details/pin-by-e-mail")
			if f == nil {
				a.t.Fatal("Change Details does not offer a PIN by e-mail")
			}
			a.form.open("POST", f.action, f.values)
			return ""
		}},
		{"forgotten, by a link", true, func(a *attempt) string {
			b := newBrowser(a.t, a.nodes[0], a.shown)
			b.submit("/forgot-pin", "name", map[string]string{"name": a.who.username})
			link := mailedLink.FindString(a.post.next(a.t, a.who.email()).Text)
			path := strings.TrimPrefix(link, a.nodes[0].url)
			p := b.get(path)
			f := p.formAt("/new-pin")
			if f == nil {
				a.t.Fatalf("the link leads to no form: %s", p.text())
			}
			b.open("POST", f.action, f.values)
			return ""
		}},
	}
}

func field(a *attempt, object []byte, name string) string {
	a.t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(object, &fields); err != nil {
		a.t.Fatal(err)
	}
	text, _ := fields[name].(string)
	return text
}

func (p person) email() string { return p.username + "@example.org" }

// TestGeneratedPINs has a PIN made by every path, under rules that a short or
// simple one breaks: each meets them, signs in, replaces the one before, and
// where it is sent by e-mail nobody else gets to see it.
func TestGeneratedPINs(t *testing.T) {
	t.Parallel()
	w := &world{t: t, data: t.TempDir() + "/data", shown: &record{}}
	w.begin(1)
	post := newMailbox(w)
	w.set("user.can-change-pin", "true")
	w.set("user.can-request-pin", "true")
	w.set("pin.expiration-hours", "48")
	for i, from := range sources() {
		t.Run(from.name, func(t *testing.T) {
			w.t = t
			w.set("pin.min-length", "4")
			a := &attempt{world: w, t: t, who: makePerson(w, fmt.Sprintf("lucky%d", i)), post: post}
			w.api(http.StatusOK, "PATCH", "/users/"+a.who.username, fmt.Sprintf(`{"email": %q}`, a.who.email()))
			w.set("pin.min-length", "11")
			pin := from.make(a)
			if from.mailed {
				if pin != "" {
					t.Fatal("it is not in the e-mail alone")
				}
				pin = pinIn(t, post.next(t, a.who.email()))
				shown := newFinder([]secret{{madePIN, pin, from.name}})
				for _, s := range w.shown.all {
					for _, n := range shown.find([]byte(s.header + s.body)) {
						t.Errorf("%q shows the PIN, %s", s.where, n.form)
					}
				}
			}
			if len(pin) != 11 {
				t.Errorf("it has %d characters", len(pin))
			}
			var verdict struct{ Acceptable bool }
			got := w.api(http.StatusOK, "POST", "/pin-policy/check", fmt.Sprintf(`{"pin": %q, "username": %q}`, pin, a.who.username))
			if err := json.Unmarshal(got.body, &verdict); err != nil || !verdict.Acceptable {
				t.Errorf("it does not meet the policy: %s", got.body)
			}
			for key, want := range map[string]int{pin: http.StatusOK, livePIN: http.StatusUnauthorized} {
				body := fmt.Sprintf(`{"username": %q, "pin": %q}`, a.who.username, key)
				if got := w.ask(0, question{method: "POST", path: "/sign-in", token: w.device, body: body}); got.status != want {
					t.Errorf("a sign-in is answered %d instead of %d", got.status, want)
				}
			}
			if expires := field(a, w.api(http.StatusOK, "GET", "/users/"+a.who.username, "").body, "pinExpiresAt"); expires == "" {
				t.Error("it does not expire")
			}
		})
	}
}
