package notices

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/app"
	"cardinal/internal/mailsink"
	"cardinal/internal/mailtest"
	"cardinal/internal/pgtest"
)

// organisation is the seed's example.
const organisation = "Acme corporation"

// office is an organisation in Prague, spoken to over the API, with a mail server
// and a clock that stands where it was set.
type office struct {
	*testing.T
	app    *app.App
	url    string
	as     cardinal.Caller
	token  string
	device string
	clock  *clock
	post   *mailsink.Sink
	relay  string // the messaging configuration of the post
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = to
}

// noon is a Monday in Prague, an hour ahead of UTC.
var noon = time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC)

// each tells a story in an office of its own, on each database.
func each(t *testing.T, story func(o *office)) {
	t.Helper()
	for _, database := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", func(testing.TB) string { return "" }}, {"postgres", pgtest.URL}} {
		t.Run(database.name, func(t *testing.T) {
			t.Parallel()
			story(newOffice(t, database.url(t)))
		})
	}
}

func newOffice(t *testing.T, database string) *office {
	t.Helper()
	o := &office{T: t, clock: &clock{now: noon}, post: mailtest.Sink(t, mailsink.Options{})}
	var err error
	o.app, err = app.Open(t.Context(), app.Config{Data: t.TempDir(), Database: database, Create: true, Clock: o.clock.Now})
	o.must(err)
	t.Cleanup(func() {
		o.app.Notify.Wait()
		if err := o.app.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	customer, err := o.app.Accounts.Install(t.Context(), account.NewCustomer{Name: organisation, Admin: "ada", Password: cardinal.NewPassword("correct horse battery")})
	o.must(err)
	o.as = cardinal.Console(customer.ID)
	_, token, err := o.app.Accounts.CreateToken(t.Context(), o.as, "story", cardinal.RoleAdministrator, 0)
	o.must(err)
	_, device, err := o.app.Accounts.CreateDevice(t.Context(), o.as, cardinal.Device{Name: "Copier"})
	o.must(err)
	o.token, o.device = token.Reveal(), device.Reveal()
	handler, err := o.app.Handler()
	o.must(err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	o.url = server.URL
	o.set("customer.time-zone", `"Europe/Prague"`)
	o.set("api.rate-per-second", "-1")
	o.relay = o.configure("Office", o.post)
	return o
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// ask sends a request with a token and returns status and answer.
func (o *office) ask(token, method, path, body string) (int, map[string]any) {
	o.Helper()
	request, err := http.NewRequestWithContext(o.Context(), method, o.url+"/api/v1"+path, strings.NewReader(body))
	o.must(err)
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	o.must(err)
	text, err := io.ReadAll(response.Body)
	o.must(err)
	o.must(response.Body.Close())
	var object map[string]any
	if len(bytes.TrimSpace(text)) > 0 {
		o.must(json.Unmarshal(text, &object))
	}
	return response.StatusCode, object
}

// api is what the administrator's program asks; it must be answered with the status.
func (o *office) api(status int, method, path, body string) map[string]any {
	o.Helper()
	got, object := o.ask(o.token, method, path, body)
	if got != status {
		o.Fatalf("%s %s is answered %d instead of %d: %v", method, path, got, status, object)
	}
	return object
}

func (o *office) set(key, value string) {
	o.Helper()
	o.api(http.StatusOK, "PUT", "/settings/"+key, `{"value": `+value+`}`)
}

// configure makes a messaging configuration for a mail server and returns its ID.
func (o *office) configure(name string, to *mailsink.Sink) string {
	o.Helper()
	made := o.api(http.StatusCreated, "POST", "/messaging-configurations",
		fmt.Sprintf(`{"name": %q, "host": %q, "port": %d, "security": "none", "senderAddress": "%s@acme.example"}`, name, to.Host(), to.Port(), strings.ToLower(name)))
	return made["id"].(string)
}

// person makes a user who can be written to, and who reads a language.
func (o *office) person(username, fullName, language string) {
	o.Helper()
	o.api(http.StatusCreated, "POST", "/users", fmt.Sprintf(`{"username": %q, "fullName": %q, "email": "%s@acme.example"}`, username, fullName, username))
	if language == "" {
		return
	}
	view, err := o.app.Accounts.User(o.Context(), o.as, username)
	o.must(err)
	self := cardinal.Caller{Kind: cardinal.CallerUser, Customer: o.as.Customer, Role: cardinal.RoleUser, User: view.ID, Name: username}
	o.must(o.app.Accounts.SetOwnLanguage(o.Context(), self, language))
}

// expiry has new PINs live for so many hours, and their users told so many before.
func (o *office) expiry(hours, before int) {
	o.Helper()
	o.set("pin.expiration-hours", fmt.Sprint(hours))
	o.set("pin.expiration-notice-hours", fmt.Sprint(before))
	o.set("pin.expiration-notice.messaging-configuration", fmt.Sprintf("%q", o.relay))
}

// pin gives somebody a PIN and returns when it expires, empty for never.
func (o *office) pin(username, pin string) string {
	o.Helper()
	expires, _ := o.api(http.StatusOK, "PUT", "/users/"+username+"/pin", fmt.Sprintf(`{"pin": %q}`, pin))["expiresAt"].(string)
	return expires
}

// signsIn reports whether a PIN opens the copier.
func (o *office) signsIn(username, pin string) bool {
	o.Helper()
	status, _ := o.ask(o.device, "POST", "/sign-in", fmt.Sprintf(`{"username": %q, "pin": %q}`, username, pin))
	return status == http.StatusOK
}

// round is what a server does every second: it queues and sends.
func (o *office) round() {
	o.Helper()
	_, err := o.app.Notify.QueueDue(o.Context())
	o.must(err)
	o.must(o.app.Notify.Deliver(o.Context()))
	o.app.Notify.Wait()
}

// letters are the messages that came since they were last asked for.
func (o *office) letters() []mailsink.Received {
	o.Helper()
	o.round()
	came := o.post.Messages()
	o.post.Forget()
	return came
}

// letter is the one message that came, which must be to that user.
func (o *office) letter(username string) mailsink.Received {
	o.Helper()
	came := o.letters()
	if len(came) != 1 || !slices.Contains(came[0].To, username+"@acme.example") {
		o.Fatalf("%d messages came, not the one to %s: %q", len(came), username, told(came))
	}
	return came[0]
}

// silence fails the test if a message comes.
func (o *office) silence(why string) {
	o.Helper()
	for _, m := range o.letters() {
		o.Errorf("%s, but %v are told %q", why, m.To, m.Subject)
	}
}

// says fails the test unless text and HTML of a message both say all this.
func (o *office) says(m mailsink.Received, parts ...string) {
	o.Helper()
	for _, part := range parts {
		if !strings.Contains(m.Text, part) || !strings.Contains(m.HTML, part) {
			o.Errorf("the message does not say %q:\n%s\n%s", part, m.Text, m.HTML)
		}
	}
}

// items are the objects of a list.
func (o *office) items(path string) []map[string]any {
	o.Helper()
	var items []map[string]any
	for _, item := range o.api(http.StatusOK, "GET", path, "")["items"].([]any) {
		items = append(items, item.(map[string]any))
	}
	return items
}

// dies takes away the PINs that have expired, as a server does, and returns how many.
func (o *office) dies() int {
	o.Helper()
	expired, err := o.app.Door.ExpireDue(o.Context(), "story")
	o.must(err)
	return expired
}

// told is whom messages went to, and their subjects.
func told(came []mailsink.Received) []string {
	var told []string
	for _, m := range came {
		told = append(told, strings.Join(m.To, " ")+": "+m.Subject)
	}
	return told
}
