package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/storetest"
)

func TestPINs(t *testing.T) {
	i := install(t)
	storetest.Set(t, i.store, i.customer.ID, map[string]any{"pin.expiration-hours": 24})
	storetest.User(t, i.store, i.customer.ID, "anna")
	c := i.as(cardinal.RoleProvisioner)
	i.run("set", func(*testing.T) {
		c.do("PUT", "/api/v1/users/anna/pin", `{"pin":"739204"}`).want(200).same(`{"createdAt":"` + noon + `","expiresAt":"2026-03-03T12:00:00Z"}`)
	})
	i.run("generate", func(t *testing.T) {
		made := c.do("POST", "/api/v1/users/anna/pin/generate", `{"length":8}`).want(201).object()
		if pin, _ := made["pin"].(string); len(pin) != 8 || made["expiresAt"] != "2026-03-03T12:00:00Z" || len(made) != 2 {
			t.Errorf("made %v", made)
		}
		for _, none := range []any{nil, `{}`, `{"length":null}`} {
			if pin := c.do("POST", "/api/v1/users/anna/pin/generate", none).want(201).object()["pin"].(string); len(pin) != 6 {
				t.Errorf("%v: made a PIN of %d", none, len(pin))
			}
		}
		for _, wrong := range []string{`{"length":3}`, `{"length":65}`, `{"length":0}`, `{"length":"8"}`, `{"length":6.5}`} {
			if got := c.do("POST", "/api/v1/users/anna/pin/generate", wrong).want(422).codes(); got != "invalid length" {
				t.Errorf("%s: %s", wrong, got)
			}
		}
	})
	i.run("every broken rule at once, and in the log", func(t *testing.T) {
		refusal := c.do("PUT", "/api/v1/users/anna/pin", `{"pin":"1 1"}`).want(422)
		if got := refusal.codes(); !strings.HasPrefix(got, "too_short pin, bad_character pin") {
			t.Errorf("violations: %s", got)
		}
		line := lastLine(i.log.String(), `"PIN refused"`)
		for _, part := range []string{`"level":"WARN"`, `"username":"anna"`, `too_short`, `"caller":"token `, `"customer":"Pilsen Print"`,
			refusal.object()["requestId"].(string)} {
			if !strings.Contains(line, part) {
				t.Errorf("the line lacks %s: %s", part, line)
			}
		}
	})
	i.run("delete", func(t *testing.T) {
		c.do("DELETE", "/api/v1/users/anna/pin", nil).want(204)
		c.do("DELETE", "/api/v1/users/anna/pin", nil).want(204)
		if c.do("GET", "/api/v1/users/anna", nil).object()["hasPin"] != false {
			t.Error("the PIN is still there")
		}
	})
	i.run("check", func(t *testing.T) {
		c.do("POST", "/api/v1/pin-policy/check", `{"pin":"739204"}`).want(200).same(`{"acceptable":true,"violations":[]}`)
		verdict := c.do("POST", "/api/v1/pin-policy/check", `{"pin":"1234"}`).want(200).object()
		first := verdict["violations"].([]any)[0].(map[string]any)
		if verdict["acceptable"] != false || first["code"] != "sequential" || first["message"] == "" || len(first) != 2 {
			t.Errorf("verdict: %v", verdict)
		}
		if got := c.do("POST", "/api/v1/pin-policy/check", `{"pin":"anna77","username":"anna"}`).want(200).text; !strings.Contains(got, "personal") {
			t.Errorf("verdict: %s", got)
		}
		c.do("POST", "/api/v1/pin-policy/check", `{"pin":"739204","username":"nobody"}`).want(404)
		c.do("POST", "/api/v1/pin-policy/check", `{"pin":"739204","username":"\u0000"}`).want(404)
	})
	c.do("PUT", "/api/v1/users/nobody/pin", `{"pin":"739204"}`).want(404)
	c.do("POST", "/api/v1/users/nobody/pin/generate", nil).want(404)
	c.do("DELETE", "/api/v1/users/nobody/pin", nil).want(404)
}

// lastLine returns the last line of a log that holds the text.
func lastLine(log, text string) string {
	found := ""
	for line := range strings.Lines(log) {
		if strings.Contains(line, text) {
			found = line
		}
	}
	return found
}

func TestCardNumbers(t *testing.T) {
	i := install(t)
	storetest.Users(t, i.store, i.customer.ID, "anna", "bob")
	c := i.as(cardinal.RoleHelpdesk)
	c.do("PUT", "/api/v1/users/anna/card-numbers/primary", `{"number":" 00ABC;\n"}`).want(422)
	c.do("PUT", "/api/v1/users/anna/card-numbers/primary", `{"number":" 00ABC\n"}`).want(200).same(`{"number":"00ABC"}`)
	i.run("a number of somebody else", func(t *testing.T) {
		taken := c.do("PUT", "/api/v1/users/bob/card-numbers/secondary", `{"number":"00abc"}`).want(409)
		if taken.object()["code"] != "conflict" || taken.codes() != "taken secondaryCardNumber" || strings.Contains(taken.text, "anna") {
			t.Errorf("taken: %s", taken.text)
		}
	})
	for body, want := range map[string]string{
		`{"number":"4.2E+12"}`: "spoilt number", `{"number":""}`: "required number", `{"number":null}`: "required number",
		`{}`: "required number", `{"number":42}`: "invalid number", `{"number":"1","slot":"x"}`: "unknown",
	} {
		if got := c.do("PUT", "/api/v1/users/anna/card-numbers/primary", body).want(422).codes(); got != want {
			t.Errorf("%s: %s, not %s", body, got, want)
		}
	}
	i.run("generate", func(t *testing.T) {
		made := c.do("POST", "/api/v1/users/bob/card-numbers/secondary/generate", nil).want(201).object()
		number, _ := made["number"].(string)
		if len(number) != 8 || c.do("GET", "/api/v1/users/bob", nil).object()["secondaryCardNumber"] != number {
			t.Errorf("made %v", made)
		}
	})
	i.run("delete", func(t *testing.T) {
		c.do("DELETE", "/api/v1/users/anna/card-numbers/primary", nil).want(200).same(`{"number":null}`)
		if number := c.do("GET", "/api/v1/users/anna", nil).object()["primaryCardNumber"]; number != nil {
			t.Errorf("anna has %v", number)
		}
	})
	c.do("PUT", "/api/v1/users/anna/card-numbers/tertiary", `{"number":"1"}`).want(404)
	c.do("PUT", "/api/v1/users/nobody/card-numbers/primary", `{"number":"1"}`).want(404)
}

func TestUnlock(t *testing.T) {
	i := install(t)
	storetest.User(t, i.store, i.customer.ID, "anna")
	c := i.as(cardinal.RoleHelpdesk)
	c.do("PUT", "/api/v1/users/anna/pin", `{"pin":"739204"}`).want(200)
	printer := i.device("printer")
	for range 5 {
		printer.do("POST", "/api/v1/sign-in", `{"username":"anna","pin":"000000"}`).want(401)
	}
	until, _ := c.do("GET", "/api/v1/users/anna", nil).object()["lockedUntil"].(string)
	if until != "2026-03-02T12:01:00Z" {
		t.Fatalf("locked until %q", until)
	}
	printer.do("POST", "/api/v1/sign-in", `{"username":"anna","pin":"739204"}`).want(401)
	c.do("POST", "/api/v1/users/anna/unlock", nil).want(204)
	printer.do("POST", "/api/v1/sign-in", `{"username":"anna","pin":"739204"}`).want(200)
	c.do("POST", "/api/v1/users/anna/reset-change-counts", `{}`).want(204)
	c.do("POST", "/api/v1/users/nobody/unlock", nil).want(404)
	c.do("POST", "/api/v1/users/anna/unlock", `{"force":true}`).want(422)
	i.later(time.Minute)
}

func TestSignIn(t *testing.T) {
	i := install(t)
	storetest.User(t, i.store, i.customer.ID, "anna")
	c := i.as(cardinal.RoleHelpdesk)
	c.do("PATCH", "/api/v1/users/anna", `{"fullName":"Anna Nová","pin":"739204","primaryCardNumber":"55501234"}`).want(200)
	printer := i.device("printer")
	who := `{"username":"anna","fullName":"Anna Nová","email":"someone@example.org","pinExpiresAt":null,"newPinRequired":false}`
	printer.do("POST", "/api/v1/sign-in", `{"number":"55501234","pin":"739204"}`).want(200).same(who)
	printer.do("POST", "/api/v1/sign-in", `{"username":"ANNA","pin":"739204","number":null}`).want(200).same(who)
	i.run("one answer for all that fails", func(t *testing.T) {
		var first string
		for _, body := range []string{
			`{"number":"55501234","pin":"111111"}`, `{"number":"nobody","pin":"111111"}`, `{"username":"nobody","pin":"739204"}`,
			`{"username":"anna","pin":""}`, `{"number":"55501234"}`, `{"pin":"739204"}`, `{}`, `{"number":"","pin":"739204"}`,
			`{"number":"55501234","username":"anna","pin":"739204"}`, `{"username":"\u0000","pin":"739204"}`,
		} {
			failed := printer.do("POST", "/api/v1/sign-in", body).want(401)
			text := strings.ReplaceAll(failed.text, failed.object()["requestId"].(string), "")
			if first == "" {
				first = text
			}
			if text != first || failed.object()["code"] != "sign_in_failed" || failed.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s: %s", body, failed.text)
			}
		}
	})
	i.run("a card alone, where that is a method", func(*testing.T) {
		storetest.Set(t, i.store, i.customer.ID, map[string]any{"signin.methods": []string{"card", "username-pin"}})
		printer.do("POST", "/api/v1/sign-in", `{"number":"55501234"}`).want(200)
		printer.do("POST", "/api/v1/sign-in", `{"number":"55501234","pin":null,"username":null}`).want(200).same(who)
		printer.do("POST", "/api/v1/sign-in", `{"number":"55501234","pin":""}`).want(401)
	})
	i.run("what is no sign-in at all", func(*testing.T) {
		printer.do("POST", "/api/v1/sign-in", `{"number":55501234,"pin":"739204"}`).want(422)
		printer.do("POST", "/api/v1/sign-in", `{"card":"55501234"}`).want(422)
		printer.do("POST", "/api/v1/sign-in", `{"pin":"1","pin":"2"}`).want(400)
	})
	i.run("the record", func(t *testing.T) {
		records := i.as(cardinal.RoleAuditor).do("GET", "/api/v1/sign-ins?limit=500", nil).want(200).object()["items"].([]any)
		oldest, _ := records[len(records)-1].(map[string]any)
		want := map[string]any{"time": noon, "device": "printer", "method": "card-pin", "username": "anna", "outcome": "success", "numberEnd": "1234", "count": 1.0}
		for name, value := range want {
			if oldest[name] != value {
				t.Errorf("%s is %v, not %v", name, oldest[name], value)
			}
		}
		if len(records) != 15 || len(oldest) != len(want) {
			t.Errorf("%d records like %v", len(records), oldest)
		}
		newest := i.as(cardinal.RoleAuditor).do("GET", "/api/v1/sign-ins?limit=1&username=anna", nil).want(200).object()
		if newest["nextCursor"] == nil || newest["items"].([]any)[0].(map[string]any)["username"] != "anna" {
			t.Errorf("anna's newest: %v", newest)
		}
	})
	i.run("a device over its budget is told", func(t *testing.T) {
		var locked answer
		for n := range 40 {
			if locked = printer.do("POST", "/api/v1/sign-in", fmt.Sprintf(`{"username":"nobody %d","pin":"1"}`, n)); locked.status == 429 {
				break
			}
		}
		if locked.want(429).header.Get("Retry-After") == "" || locked.object()["code"] != "rate_limited" {
			t.Errorf("locked: %v %s", locked.header, locked.text)
		}
	})
}
