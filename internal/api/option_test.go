package api_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/setting"
)

func TestSettings(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleAdministrator)
	i.run("list", func(t *testing.T) {
		all := c.do("GET", "/api/v1/settings", nil).want(200).object()
		if items := all["items"].([]any); len(items) != len(setting.All()) || all["nextCursor"] != nil {
			t.Errorf("%d settings, next %v", len(items), all["nextCursor"])
		}
		found := c.do("GET", "/api/v1/settings?search=minimal+pin", nil).want(200).object()["items"].([]any)
		if first := found[0].(map[string]any); first["key"] != "pin.min-length" {
			t.Errorf("found %v", found)
		}
		var keys []string
		path := "/api/v1/settings?limit=20"
		for path != "" {
			page := c.do("GET", path, nil).want(200).object()
			for _, item := range page["items"].([]any) {
				keys = append(keys, item.(map[string]any)["key"].(string))
			}
			next, more := page["nextCursor"].(string)
			path = "/api/v1/settings?limit=20&cursor=" + next
			if !more {
				path = ""
			}
		}
		var want []string
		for _, d := range setting.All() {
			want = append(want, d.Key)
		}
		if !slices.Equal(keys, want) {
			t.Errorf("pages give %v", keys)
		}
	})
	i.run("each value has its own JSON type", func(t *testing.T) {
		c.do("GET", "/api/v1/settings/pin.min-length", nil).want(200).same(`{"key":"pin.min-length","value":4,"default":4,"type":"integer",
			"description":` + quoted(setting.PINMinLength.Meaning) + `,"modified":false}`)
		for key, value := range map[string]string{
			"pin.min-length": `6`, "user.can-change-pin": `true`, "pin.characters": `"digits"`,
			"signin.methods": `["card-pin"]`, "signin.user.limits": `[{"wrong":3,"lockSeconds":30}]`,
		} {
			set := c.do("PUT", "/api/v1/settings/"+key, `{"value":`+value+`}`).want(200)
			if !strings.Contains(set.text, `"value":`+value) || set.object()["modified"] != true {
				t.Errorf("%s: %s", key, set.text)
			}
			c.do("GET", "/api/v1/settings/"+key, nil).want(200).same(set.text)
		}
	})
	i.run("back to the default", func(t *testing.T) {
		back := c.do("DELETE", "/api/v1/settings/pin.min-length", nil).want(200).object()
		if back["value"] != 4.0 || back["modified"] != false {
			t.Errorf("back: %v", back)
		}
	})
	i.run("what a setting does not take", func(t *testing.T) {
		for key, value := range map[string]string{
			"pin.min-length": `3`, "pin.max-length": `"16"`, "user.can-change-pin": `"true"`, "pin.characters": `"runes"`, "customer.name": `null`,
		} {
			if got := c.do("PUT", "/api/v1/settings/"+key, `{"value":`+value+`}`).want(422).codes(); got != "invalid "+key {
				t.Errorf("%s: %s", key, got)
			}
		}
		if got := c.do("PUT", "/api/v1/settings/pin.min-length", `{}`).want(422).codes(); got != "required value" {
			t.Errorf("without a value: %s", got)
		}
	})
	i.run("an unknown key", func(*testing.T) {
		c.do("GET", "/api/v1/settings/pin.colour", nil).want(404)
		c.do("PUT", "/api/v1/settings/pin.colour", `{"value":1}`).want(404)
		c.with("If-Match", `"1"`).do("DELETE", "/api/v1/settings/pin.colour", nil).want(404)
	})
	i.run("entity tags", func(t *testing.T) {
		unset := c.do("GET", "/api/v1/settings/pin.history", nil).want(200).header.Get("ETag")
		first := c.with("If-Match", unset).do("PUT", "/api/v1/settings/pin.history", `{"value":2}`).want(200).header.Get("ETag")
		c.with("If-Match", unset).do("PUT", "/api/v1/settings/pin.history", `{"value":3}`).want(412)
		c.with("If-Match", unset).do("DELETE", "/api/v1/settings/pin.history", nil).want(412)
		c.with("If-Match", "*").do("PUT", "/api/v1/settings/pin.history", `{"value":4}`).want(200)
		c.with("If-Match", first).do("PUT", "/api/v1/settings/pin.history", `{"value":5}`).want(412)
		if value := c.do("GET", "/api/v1/settings/pin.history", nil).object()["value"]; value != 4.0 {
			t.Errorf("the value is %v", value)
		}
	})
}

func quoted(text string) string { return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"` }

func TestDevices(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleAdministrator)
	var path, token string
	i.run("create", func(t *testing.T) {
		made := c.do("POST", "/api/v1/devices", `{"name":"Printer 1","methods":["card-pin"],"conversion":"hex-to-decimal"}`).want(201)
		path = made.header.Get("Location")
		object := made.object()
		token, _ = object["token"].(string)
		delete(object, "token")
		if !strings.HasPrefix(token, "cdev_") || path != "/api/v1/devices/"+object["id"].(string) {
			t.Fatalf("made %s at %s", made.text, path)
		}
		c.do("GET", path, nil).want(200).same(`{"id":"` + object["id"].(string) + `","name":"Printer 1","methods":["card-pin"],
			"conversion":"hex-to-decimal","disabled":false,"createdAt":"` + noon + `","lastSeenAt":null}`)
		if got := c.do("POST", "/api/v1/devices", `{"name":"PRINTER 1"}`).want(409).object()["code"]; got != "conflict" {
			t.Errorf("the same name: %v", got)
		}
	})
	i.run("change", func(t *testing.T) {
		before := c.do("GET", path, nil).header.Get("ETag")
		changed := c.do("PATCH", path, `{"methods":null,"disabled":true}`).want(200)
		object := changed.object()
		if object["methods"] != nil || object["disabled"] != true || object["conversion"] != "hex-to-decimal" || object["name"] != "Printer 1" {
			t.Errorf("changed %v", object)
		}
		if changed.header.Get("ETag") != c.do("GET", path, nil).header.Get("ETag") {
			t.Error("the tag of the change is not that of the device")
		}
		c.with("If-Match", before).do("PATCH", path, `{"name":"Other"}`).want(412)
		c.with("If-Match", before).do("DELETE", path, nil).want(412)
		c.with("If-Match", changed.header.Get("ETag")).do("PATCH", path, `{"disabled":false,"methods":["username-pin","card"]}`).want(200)
		for body, want := range map[string]string{
			`{"methods":[]}`: "invalid methods", `{"methods":["face"]}`: "invalid methods", `{"methods":"card"}`: "invalid methods",
			`{"name":null}`: "invalid name", `{"name":""}`: "invalid name", `{"disabled":null}`: "invalid disabled", `{"conversion":"x"}`: "invalid conversion",
		} {
			if got := c.do("PATCH", path, body).want(422).codes(); got != want {
				t.Errorf("%s: %s, not %s", body, got, want)
			}
		}
	})
	i.run("renew the token", func(t *testing.T) {
		old := &client{installation: i, token: token}
		old.do("POST", "/api/v1/sign-in", `{}`).want(401)
		renewed := c.do("POST", path+"/token", nil).want(201).object()
		if refusal := old.do("POST", "/api/v1/sign-in", `{}`).want(401).object(); refusal["code"] != "unauthenticated" {
			t.Errorf("the old token: %v", refusal)
		}
		fresh := &client{installation: i, token: renewed["token"].(string)}
		if refusal := fresh.do("POST", "/api/v1/sign-in", `{}`).want(401).object(); refusal["code"] != "sign_in_failed" || len(renewed) != 1 {
			t.Errorf("the new token: %v", refusal)
		}
		if seen := c.do("GET", path, nil).object()["lastSeenAt"]; seen != noon {
			t.Errorf("last seen %v", seen)
		}
	})
	i.run("list and delete", func(t *testing.T) {
		c.do("GET", "/api/v1/devices?limit=501", nil).want(422)
		c.do("GET", "/api/v1/devices?limit=500", nil).want(200)
		c.do("POST", "/api/v1/devices", `{"name":"Printer 2"}`).want(201)
		page := c.do("GET", "/api/v1/devices?limit=1", nil).want(200).object()
		next := c.do("GET", "/api/v1/devices?limit=1&cursor="+page["nextCursor"].(string), nil).want(200).object()
		if next["nextCursor"] != nil || next["items"].([]any)[0].(map[string]any)["name"] != "Printer 2" || strings.Contains(c.do("GET", "/api/v1/devices", nil).text, "token") {
			t.Errorf("second page: %v", next)
		}
		c.do("DELETE", path, nil).want(204)
		c.do("GET", path, nil).want(404)
		c.with("If-Match", `"1"`).do("DELETE", path, nil).want(404)
		c.do("PATCH", path, `{}`).want(404)
		c.do("POST", path+"/token", nil).want(404)
	})
}

func TestAPITokens(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleAdministrator)
	made := c.do("POST", "/api/v1/api-tokens", `{"name":"provisioning","role":"provisioner","expiresAt":"2026-03-02T14:00:00+01:00"}`).want(201)
	object := made.object()
	token, _ := object["token"].(string)
	id, _ := object["id"].(string)
	fresh := &client{installation: i, token: token}
	i.run("what is known of it", func(*testing.T) {
		c.do("GET", made.header.Get("Location"), nil).want(200).same(`{"id":"` + id + `","name":"provisioning","role":"provisioner",
			"createdBy":"token token of administrator","createdAt":"` + noon + `","expiresAt":"2026-03-02T13:00:00Z","lastUsedAt":null}`)
	})
	i.run("it works until it expires", func(t *testing.T) {
		fresh.do("GET", "/api/v1/users", nil).want(200)
		if used := c.do("GET", "/api/v1/api-tokens/"+id, nil).object()["lastUsedAt"]; used != noon {
			t.Errorf("last used %v", used)
		}
		i.later(time.Hour)
		refusal := fresh.do("GET", "/api/v1/users", nil).want(401)
		if refusal.object()["code"] != "unauthenticated" || refusal.header.Get("WWW-Authenticate") == "" {
			t.Errorf("expired: %v %s", refusal.header, refusal.text)
		}
	})
	i.run("refusals", func(t *testing.T) {
		for body, want := range map[string]string{
			`{"name":"x","role":"provisioner","expiresAt":"2026-03-02T13:00:00Z"}`: "invalid expiresAt", // now
			`{"name":"x","role":"provisioner","expiresAt":"0001-01-01T00:00:00Z"}`: "invalid expiresAt",
			`{"name":"x","role":"provisioner","expiresAt":"tomorrow"}`:             "invalid expiresAt",
			`{"name":"x","role":"user"}`:                                           "invalid role", `{"name":"","role":"auditor"}`: "invalid name", `{"role":"auditor"}`: "required name",
		} {
			if got := c.do("POST", "/api/v1/api-tokens", body).want(422).codes(); got != want {
				t.Errorf("%s: %s, not %s", body, got, want)
			}
		}
		c.do("POST", "/api/v1/api-tokens", `{"name":"x","role":"operator"}`).want(403)
		if refusal := c.do("POST", "/api/v1/api-tokens", `{"name":"PROVISIONING","role":"auditor"}`).want(409); refusal.codes() != "taken name" {
			t.Errorf("the same name: %s", refusal.text)
		}
	})
	i.run("list and delete", func(*testing.T) {
		lasting := c.do("POST", "/api/v1/api-tokens", `{"name":"lasting","role":"auditor","expiresAt":null}`).want(201).object()
		second := &client{installation: i, token: lasting["token"].(string)}
		if text := second.do("GET", "/api/v1/api-tokens", nil).want(200).text; strings.Contains(text, lasting["token"].(string)) || !strings.Contains(text, "lasting") {
			i.Errorf("listed: %s", text)
		}
		c.do("DELETE", "/api/v1/api-tokens/"+lasting["id"].(string), nil).want(204)
		second.do("GET", "/api/v1/api-tokens", nil).want(401)
		c.do("DELETE", "/api/v1/api-tokens/"+lasting["id"].(string), nil).want(404)
	})
}

func TestCustomers(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleOperator)
	made := c.do("POST", "/api/v1/customers", `{"name":"Brno Library","username":"root","password":"correct horse battery"}`).want(201).object()
	if made["name"] != "Brno Library" || made["createdAt"] != noon || len(made) != 3 {
		t.Errorf("made %v", made)
	}
	page := c.do("GET", "/api/v1/customers?limit=1", nil).want(200).object()
	next := c.do("GET", "/api/v1/customers?limit=1&cursor="+page["nextCursor"].(string), nil).want(200).object()
	if next["nextCursor"] != nil || next["items"].([]any)[0].(map[string]any)["id"] != made["id"] {
		t.Errorf("second page: %v", next)
	}
	path := "/api/v1/customers/" + made["id"].(string)
	c.do("GET", path, nil).want(200).same(`{"id":"` + made["id"].(string) + `","name":"Brno Library","createdAt":"` + noon + `",
		"users":1,"administrators":1,"devices":0,"apiTokens":0}`)
	c.do("GET", "/api/v1/customers/nobody", nil).want(404)
	c.do("DELETE", "/api/v1/customers/"+string(i.customer.ID), nil).want(409)
	c.do("POST", "/api/v1/customers", `{"name":"brno library"}`).want(409)
	c.do("DELETE", path, nil).want(204)
	c.do("GET", path, nil).want(404)
	c.do("DELETE", path, nil).want(404)
	c.do("POST", "/api/v1/customers", `{"name":"brno library"}`).want(201)
	for body, want := range map[string]string{
		`{"name":""}`: "invalid name", `{"name":"A","username":"b","password":"short"}`: "too_short password",
		`{"name":"A","password":"correct horse battery"}`: "invalid username",
	} {
		if got := c.do("POST", "/api/v1/customers", body).want(422).codes(); got != want {
			t.Errorf("%s: %s, not %s", body, got, want)
		}
	}
}

func TestAuditEntries(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleAdministrator)
	c.do("POST", "/api/v1/users", `{"username":"anna","pin":"739204"}`).want(201)
	c.do("PATCH", "/api/v1/users/anna", `{"fullName":"Anna","primaryCardNumber":"55501234"}`).want(200)
	page := c.do("GET", "/api/v1/audit-entries?limit=2&subject=user+anna", nil).want(200).object()
	items := page["items"].([]any)
	newest, second := items[0].(map[string]any), items[1].(map[string]any)
	if newest["action"] != "card-number.changed" || newest["before"] != nil || newest["after"].(map[string]any)["primary"] != "••••1234" {
		t.Errorf("newest: %v", newest)
	}
	if second["before"].(map[string]any)["fullName"] != "" || second["after"].(map[string]any)["fullName"] != "Anna" || second["time"] != noon ||
		second["actor"] != "token token of administrator" || second["subject"] != "user anna" || second["address"] != "192.0.2.1" || len(second) != 8 {
		t.Errorf("second: %v", second)
	}
	rest := c.do("GET", "/api/v1/audit-entries?subject=user+anna&cursor="+page["nextCursor"].(string), nil).want(200).object()
	if items := rest["items"].([]any); len(items) != 2 || items[1].(map[string]any)["action"] != "user.created" || rest["nextCursor"] != nil {
		t.Errorf("rest: %v", rest)
	}
	if got := c.do("GET", "/api/v1/audit-entries?cursor=YWJj", nil).want(422).codes(); got != "invalid cursor" {
		t.Errorf("a cursor of letters: %s", got)
	}
}
