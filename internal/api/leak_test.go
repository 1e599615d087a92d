package api_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/api"
	"cardinal/internal/storetest"
)

// The canaries: what must not come out where it did not have to.
const (
	canaryPIN      = "84179305"
	canaryNumber   = "Q7Z4K9X2W8V5"
	canaryPassword = "plinth-gazebo-9137"
)

// TestNothingLeaks sends canaries through every call that takes a body, well and
// badly formed, and then looks for them in answers of error, in the log and in
// the database.
func TestNothingLeaks(t *testing.T) {
	i := install(t)
	target := furnish(i)
	c := i.as(cardinal.RoleOperator)
	c.do("PUT", "/api/v1/settings/api.rate-per-second", `{"value":-1}`).want(200)
	printer := i.device("kiosk")
	person := fmt.Sprintf(`"pin":%q,"primaryCardNumber":%q,"password":%q`, canaryPIN, canaryNumber, canaryPassword)
	account := fmt.Sprintf(`"authentication":"plain","security":"starttls","username":"relay","password":%q,"clientSecret":%q,"refreshToken":%q`,
		canaryPassword, canaryPassword, canaryPassword)
	bodies := []string{
		`{"username":"u1",` + person + `}`, `{"username":"u1",` + person + `}`, // the second is taken
		`{"username":"u2",` + person + `,"shoeSize":1}`,
		`{"username":"u3",` + person + `,"pin":"` + canaryPIN + `"}`,
		`{"username":"u4",` + person + `,"` + canaryPIN + `":1,"` + canaryPassword + `":2}`,
		`{"username":"u5",` + person, `{"pin":` + canaryPIN + `}`, `"` + canaryPIN + `"`, canaryPassword, `{"username":["` + canaryNumber + `"]}`,
		`{"pin":"` + canaryPIN + `"}`, `{"number":"` + canaryNumber + `"}`, `{"number":"` + canaryNumber + `;"}`, `{"value":"` + canaryPIN + `"}`,
		`{"number":"` + canaryNumber + `","pin":"` + canaryPIN + `"}`, `{"username":"u1","pin":"` + canaryPIN + `"}`, `{"username":"u1","pin":"` + canaryPIN + `9"}`,
		`{"name":"` + canaryPassword + `","role":"` + canaryPIN + `","conversion":"` + canaryNumber + `"}`,
		`{"name":"New","username":"boss","password":"` + canaryPassword + `"}`,
		`{"name":"Canary","host":"127.0.0.1","port":1,"senderAddress":"pins@example.org",` + account + `}`,
		`{"name":"Canary","host":"127.0.0.1","port":1,"senderAddress":"pins@example.org",` + account + `}`, // taken
		`{"name":"` + canaryPIN + `","host":"` + canaryNumber + `;","port":0,"senderAddress":"` + canaryPassword + `","security":"` + canaryPIN + `",` + account + `}`,
		`{"name":"Other","host":"127.0.0.1","port":1,"senderAddress":"pins@example.org","` + canaryPassword + `":1,` + account + `}`,
		`{` + account + `}`, `{"security":"none",` + account + `}`, `{"authentication":"` + canaryPIN + `",` + account + `}`,
		`{"password":["` + canaryPassword + `"]}`, `{"to":"` + canaryPassword + `"}`,
		`{"kind":"` + canaryPIN + `","name":"T","language":"` + canaryNumber + `","subject":"{{` + canaryPassword + `}}","text":"` + canaryPIN + `"}`,
		"username,pin,primary card number,password\nu6," + canaryPIN + "," + canaryNumber + "," + canaryPassword + "\n",
		"username," + canaryPIN + "\nu7," + canaryPassword + "\n",
	}
	tokens := []string{c.token, printer.token}
	for _, line := range api.Lines() {
		for n, body := range bodies {
			if line.Method == http.MethodDelete || line.Method == http.MethodGet {
				continue
			}
			by := c
			if line.Permission == cardinal.PermSignInAtDevice {
				by = printer
			}
			if line.Once {
				by = by.with("Idempotency-Key", fmt.Sprint(line.Path, n))
			}
			a := by.do(line.Method, target.path(line), body)
			if a.status >= 400 {
				lookFor(t, fmt.Sprintf("the answer %d to %s %s", a.status, line.Method, line.Path), a.text+fmt.Sprint(a.header))
			}
			if token, ok := a.object2()["token"].(string); ok {
				tokens = append(tokens, token)
			}
			if pin, ok := a.object2()["pin"].(string); ok {
				lookIn(t, i, "a generated PIN", pin)
			}
		}
	}
	for _, path := range []string{canaryPIN, "users/" + canaryNumber + "/" + canaryPIN, "users?" + canaryPIN + "=1", "users?cursor=" + canaryPIN + "!", "imports?dryRun=" + canaryPIN} {
		a := c.do("GET", "/api/v1/"+path, nil)
		lookFor(t, "the answer to a path", a.text+fmt.Sprint(a.header))
	}
	unknown := &client{installation: i, token: "capi_" + strings.Repeat("B", 52)}
	lookFor(t, "the answer to an unknown token", unknown.do("GET", "/api/v1/users", nil).want(401).text)
	for _, header := range []string{"If-Match", "Idempotency-Key", "Content-Type"} {
		for _, path := range []string{"/api/v1/users/anna", "/api/v1/imports"} {
			a := c.with(header, `"`+canaryPIN+` `+canaryPassword).do(map[bool]string{true: "POST", false: "PATCH"}[path == "/api/v1/imports"], path, `{}`)
			lookFor(t, "the answer to "+header, a.text)
		}
	}
	if user := c.do("GET", "/api/v1/users/u1", nil).want(200).object(); user["primaryCardNumber"] != canaryNumber || user["hasPin"] != true {
		t.Fatalf("the canaries were not taken at all: %v", user)
	}
	if mail := c.do("GET", "/api/v1/messaging-configurations", nil).want(200); mail.column("hasPassword") != "true, true" {
		t.Fatalf("the canaries were not taken as passwords of mail servers: %s", mail.text)
	} else {
		lookFor(t, "the list of messaging configurations", mail.text)
	}
	for _, token := range append(tokens, unknown.token) {
		lookIn(t, i, "a token", token)
	}
	lookIn(t, i, "the PIN", canaryPIN)
	lookIn(t, i, "the number", canaryNumber)
	lookIn(t, i, "the password", canaryPassword)
	for _, entry := range storetest.Audit(t, i.store, i.customer.ID) {
		lookFor(t, "an audit entry", fmt.Sprint(entry))
	}
}

// object2 is object for answers that may be no JSON object.
func (a answer) object2() map[string]any {
	if !strings.HasPrefix(a.text, "{") {
		return nil
	}
	return a.object()
}

func lookFor(t *testing.T, where, text string) {
	t.Helper()
	for _, canary := range []string{canaryPIN, canaryNumber, strings.ToLower(canaryNumber), canaryPassword} {
		if strings.Contains(text, canary) {
			t.Errorf("%s holds a canary: %s", where, text)
		}
	}
}

// lookIn searches the log and the files of the database for a secret.
func lookIn(t *testing.T, i *installation, what, secret string) {
	t.Helper()
	if strings.Contains(i.log.String(), secret) {
		t.Errorf("%s is in the log", what)
	}
	files, err := filepath.Glob(i.database.URL + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of the database: %v", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), secret) {
			t.Errorf("%s is in %s", what, filepath.Base(file))
		}
	}
}
