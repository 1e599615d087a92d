package api_test

import (
	"strings"
	"testing"

	"cardinal"
)

// post gives the customer a way for e-mail, at which nobody listens, and three
// people: one of whom has no address.
func (i *installation) post() *client {
	i.Helper()
	c := i.as(cardinal.RoleAdministrator)
	c.do("POST", "/api/v1/users", `{"username":"anna","email":"anna@example.org"}`).want(201)
	c.do("POST", "/api/v1/users", `{"username":"berta","email":"berta@example.org"}`).want(201)
	c.do("POST", "/api/v1/users", `{"username":"carl"}`).want(201)
	id := c.do("POST", "/api/v1/messaging-configurations", `{"name":"Office","host":"127.0.0.1","port":1,"security":"none","senderAddress":"pins@example.org"}`).id()
	c.do("PUT", "/api/v1/settings/mail.messaging-configuration", `{"value":`+quoted(id)+`}`).want(200)
	c.do("PUT", "/api/v1/settings/customer.address", `{"value":"https://pins.example.org"}`).want(200)
	return c
}

func TestWaysBackOfOneUser(t *testing.T) {
	i := install(t)
	i.as(cardinal.RoleHelpdesk).do("POST", "/api/v1/users", `{"username":"zoe","email":"zoe@example.org","pin":"739204"}`).want(201)
	i.run("nothing happens while no e-mail can leave", func(t *testing.T) {
		c := i.as(cardinal.RoleHelpdesk)
		before := c.do("GET", "/api/v1/users/zoe", nil).text
		for _, call := range []string{"invite", "pin/mail"} {
			c.do("POST", "/api/v1/users/zoe/"+call, nil).want(409)
		}
		if after := c.do("GET", "/api/v1/users/zoe", nil).text; after != before {
			t.Errorf("changed %s to %s", before, after)
		}
	})
	c := i.post()
	i.run("an invitation", func(t *testing.T) {
		c.do("POST", "/api/v1/users/anna/invite", nil).want(204)
		c.do("POST", "/api/v1/users/carl/invite", nil).want(409)
		c.do("POST", "/api/v1/users/nobody/invite", nil).want(404)
		c.do("PATCH", "/api/v1/users/berta", `{"password":"correct horse battery"}`).want(200)
		c.do("POST", "/api/v1/users/berta/invite", nil).want(409)
		if got := c.do("GET", "/api/v1/notifications", nil).column("kind"); got != "invitation" {
			t.Errorf("queued: %s", got)
		}
	})
	i.run("a PIN by e-mail is in no answer", func(t *testing.T) {
		c.do("PUT", "/api/v1/settings/pin.expiration-hours", `{"value":48}`).want(200)
		made := c.do("POST", "/api/v1/users/anna/pin/mail", nil).want(201)
		made.same(`{"createdAt":"` + noon + `","expiresAt":"2026-03-04T12:00:00Z"}`)
		c.do("POST", "/api/v1/users/carl/pin/mail", nil).want(409)
		if c.do("GET", "/api/v1/users/carl", nil).object()["hasPin"] != false {
			t.Error("carl has a PIN that nobody knows")
		}
		if got := c.do("GET", "/api/v1/notifications?username=anna", nil).column("kind"); got != "pin-issued, invitation" {
			t.Errorf("queued: %s", got)
		}
	})
	i.run("a new one is wanted", func(t *testing.T) {
		c.do("PUT", "/api/v1/users/berta/pin", `{"pin":"739204"}`).want(200)
		printer := i.device("kiosk")
		wanted := func() any {
			return printer.do("POST", "/api/v1/sign-in", `{"username":"berta","pin":"739204"}`).want(200).object()["newPinRequired"]
		}
		if wanted() != false {
			t.Error("before anybody asked")
		}
		c.do("POST", "/api/v1/users/berta/pin/require-new", nil).want(204)
		c.do("POST", "/api/v1/users/berta/pin/require-new", nil).want(204)
		c.do("POST", "/api/v1/users/nobody/pin/require-new", nil).want(404)
		if wanted() != true {
			t.Error("after somebody asked")
		}
	})
}

func TestBulkActions(t *testing.T) {
	i := install(t)
	c := i.post()
	start := func(body string) string {
		t.Helper()
		return c.do("POST", "/api/v1/bulk-actions", body).want(202).header.Get("Location")
	}
	i.run("inviting everybody", func(t *testing.T) {
		const body = `{"action":"invite","all":true,"source":"api"}`
		c.do("POST", "/api/v1/bulk-actions/plan", body).want(200).same(`{"users":3,"missing":0,"unchanged":0,"refused":0,"rough":false}`)
		path := start(body)
		run := c.finished(path)
		if run["state"] != "done" || run["total"] != 3.0 || run["done"] != 2.0 || run["refused"] != 1.0 || run["pins"] != "none" ||
			!strings.HasPrefix(run["actor"].(string), "token ") {
			t.Errorf("over: %v", run)
		}
		if got := c.do("GET", path+"/lines", nil).column("username"); got != "anna, berta, carl" {
			t.Errorf("lines: %s", got)
		}
		if got := c.do("GET", path+"/lines?outcome=refused", nil).column("username"); got != "carl" {
			t.Errorf("refused: %s", got)
		}
		page := c.do("GET", path+"/lines?limit=2", nil).want(200)
		next := c.do("GET", path+"/lines?limit=2&cursor="+page.object()["nextCursor"].(string), nil)
		if got := page.column("username") + " | " + next.column("username"); got != "anna, berta | carl" || next.object()["nextCursor"] != nil {
			t.Errorf("pages: %s", got)
		}
		reasons := c.do("GET", path+"/lines?outcome=refused", nil).items()[0]["reasons"].([]any)
		if len(reasons) != 1 || !strings.Contains(reasons[0].(map[string]any)["message"].(string), "no e-mail address") {
			t.Errorf("reasons: %v", reasons)
		}
		if got := c.do("GET", "/api/v1/notifications", nil).column("kind"); got != "invitation, invitation" {
			t.Errorf("queued: %s", got)
		}
		c.do("POST", path+"/cancel", nil).want(409)
	})
	i.run("PINs by e-mail", func(t *testing.T) {
		run := c.finished(start(`{"action":"mail-pins","usernames":["ANNA","carl"]}`))
		if run["done"] != 1.0 || run["refused"] != 1.0 || run["pins"] != "none" {
			t.Errorf("over: %v", run)
		}
	})
	i.run("issued PINs are fetched once, by who issued them", func(t *testing.T) {
		path := start(`{"action":"issue-pins","usernames":["anna","berta"]}`)
		if run := c.finished(path); run["pins"] != "kept" {
			t.Errorf("over: %v", run)
		}
		i.as(cardinal.RoleAdministrator).do("POST", path+"/pins", nil).want(403)
		items := c.do("POST", path+"/pins", nil).want(200).items()
		c.do("POST", path+"/pins", nil).want(409)
		printer := i.device("kiosk")
		for _, item := range items {
			printer.do("POST", "/api/v1/sign-in", `{"username":`+quoted(item["username"].(string))+`,"pin":`+quoted(item["pin"].(string))+`}`).want(200)
		}
		if len(items) != 2 || c.do("GET", path, nil).object()["pins"] != "fetched" {
			t.Errorf("fetched %v", items)
		}
	})
	i.run("an end for PINs", func(t *testing.T) {
		run := c.finished(start(`{"action":"expire-pins","all":true,"search":"anna","expiresAt":"2026-03-05T12:00:00Z"}`))
		if run["done"] != 1.0 || run["expiresAt"] != "2026-03-05T12:00:00Z" || c.do("GET", "/api/v1/users/anna", nil).object()["pinExpiresAt"] != "2026-03-05T12:00:00Z" {
			t.Errorf("over: %v", run)
		}
	})
	i.run("refusals", func(t *testing.T) {
		for body, want := range map[string]string{
			`{"action":"dance","all":true}`:                                             "invalid action",
			`{"action":"enable"}`:                                                       "invalid usernames",
			`{"action":"enable","usernames":["anna"],"all":true}`:                       "invalid usernames",
			`{"action":"enable","source":"api"}`:                                        "invalid all",
			`{"action":"enable","all":true,"filter":"tall"}`:                            "invalid filter",
			`{"action":"expire-pins","all":true}`:                                       "invalid expiresAt",
			`{"action":"expire-pins","all":true,"expiresAt":"2020-01-01T00:00:00Z"}`:    "invalid expiresAt",
			`{"action":"enable","usernames":["` + strings.Repeat(`x","`, 1001) + `x"]}`: "invalid usernames",
			`{"action":"enable","all":true,"confirmed":-1}`:                             "invalid confirmed",
			`{"action":"enable","usernames":"anna"}`:                                    "invalid usernames",
			`{"usernames":["anna"]}`:                                                    "required action",
		} {
			if got := c.do("POST", "/api/v1/bulk-actions", body).want(422).codes(); got != want {
				t.Errorf("%.80s: %s", body, got)
			}
		}
		c.do("POST", "/api/v1/bulk-actions", `{"action":"disable","usernames":["anna"],"confirmed":2}`).want(412)
		if got := c.do("GET", "/api/v1/users/anna", nil).object()["disabled"]; got != false {
			t.Error("done all the same")
		}
		c.do("GET", "/api/v1/bulk-actions/nothing", nil).want(404)
		c.do("GET", "/api/v1/bulk-actions/nothing/lines", nil).want(404)
	})
	i.run("without a way for e-mail nothing begins", func(t *testing.T) {
		c.do("DELETE", "/api/v1/settings/mail.messaging-configuration", nil).want(200)
		before := len(c.do("GET", "/api/v1/bulk-actions", nil).items())
		for _, action := range []string{"invite", "mail-pins"} {
			c.do("POST", "/api/v1/bulk-actions", `{"action":"`+action+`","all":true}`).want(409)
		}
		if after := len(c.do("GET", "/api/v1/bulk-actions", nil).items()); after != before {
			t.Errorf("%d runs, %d before", after, before)
		}
	})
	i.run("the same key starts one", func(t *testing.T) {
		keyed := c.with("Idempotency-Key", "once")
		first := keyed.do("POST", "/api/v1/bulk-actions", `{"action":"enable","all":true}`).want(202)
		again := keyed.do("POST", "/api/v1/bulk-actions", `{"action":"enable","all":true}`).want(202)
		if first.text != again.text {
			t.Errorf("%s and %s", first.text, again.text)
		}
	})
}
