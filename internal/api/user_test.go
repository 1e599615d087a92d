package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/storetest"
)

func TestUsers(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleProvisioner)
	i.run("create with everything at once", func(t *testing.T) {
		made := c.do("POST", "/api/v1/users", `{"username":"anna","fullName":"Anna Nová","email":"anna@example.org",
			"department":"Accounts","notes":"line 1\nline 2","primaryCardNumber":" 0004711A\r","pin":"739204","password":"correct horse battery"}`).want(201)
		made.same(`{"username":"anna","fullName":"Anna Nová","email":"anna@example.org","department":"Accounts","notes":"line 1\nline 2",
			"role":"user","disabled":false,"source":"api","primaryCardNumber":"0004711A","secondaryCardNumber":null,
			"hasPin":true,"pinCreatedAt":"` + noon + `","pinExpiresAt":null,"lockedUntil":null,"createdAt":"` + noon + `","updatedAt":"` + noon + `"}`)
		if made.header.Get("ETag") == "" || made.header.Get("Location") != "/api/v1/users/anna" || made.header.Get("Cache-Control") != "no-store" {
			t.Errorf("headers: %v", made.header)
		}
		c.do("GET", made.header.Get("Location"), nil).want(200).same(made.text)
	})
	i.run("create with little: null is as good as left out", func(t *testing.T) {
		c.do("POST", "/api/v1/users", `{"username":"bob","fullName":null,"pin":null,"role":null,"password":null,"primaryCardNumber":null,"disabled":null}`).want(201)
		bob := c.do("GET", "/api/v1/users/bob", nil).want(200).object()
		if bob["hasPin"] != false || bob["pinCreatedAt"] != nil || bob["fullName"] != "" {
			t.Errorf("bob: %v", bob)
		}
	})
	i.run("change leaves the rest", func(t *testing.T) {
		c.do("PATCH", "/api/v1/users/anna", `{"department":"Sales","secondaryCardNumber":"999"}`).want(200)
		anna := c.do("GET", "/api/v1/users/anna", nil).object()
		if anna["department"] != "Sales" || anna["fullName"] != "Anna Nová" || anna["primaryCardNumber"] != "0004711A" || anna["secondaryCardNumber"] != "999" {
			t.Errorf("anna: %v", anna)
		}
	})
	i.run("null empties and removes", func(t *testing.T) {
		changed := c.do("PATCH", "/api/v1/users/anna", `{"department":null,"secondaryCardNumber":null}`).want(200).object()
		if changed["department"] != "" || changed["secondaryCardNumber"] != nil || changed["primaryCardNumber"] != "0004711A" {
			t.Errorf("anna: %v", changed)
		}
		refusal := c.do("PATCH", "/api/v1/users/anna", `{"department":"Sales","pin":null,"role":null,"disabled":null,"password":null}`).want(422)
		if got := refusal.codes(); got != "invalid role, invalid disabled, invalid password, invalid pin" {
			t.Errorf("violations: %s", got)
		}
		if c.do("GET", "/api/v1/users/anna", nil).object()["department"] != "" {
			t.Error("a refused change was half done")
		}
	})
	i.run("an empty body changes nothing", func(*testing.T) {
		before := c.do("GET", "/api/v1/users/anna", nil).text
		c.do("PATCH", "/api/v1/users/anna", `{}`).want(200).same(before)
		c.do("PATCH", "/api/v1/users/anna", nil).want(200).same(before)
	})
	i.run("a refused PIN refuses all", func(t *testing.T) {
		refusal := c.do("PATCH", "/api/v1/users/anna", `{"fullName":"Somebody Else","pin":"12"}`).want(422)
		if refusal.object()["code"] != "policy_violation" || !strings.Contains(refusal.codes(), "too_short pin") {
			t.Errorf("refusal: %s", refusal.text)
		}
		if c.do("GET", "/api/v1/users/anna", nil).object()["fullName"] != "Anna Nová" {
			t.Error("the name was changed")
		}
	})
	i.run("an empty PIN is a PIN that is too short", func(t *testing.T) {
		for _, call := range [][3]string{
			{"POST", "/api/v1/users", `{"username":"carl","pin":""}`},
			{"PATCH", "/api/v1/users/bob", `{"pin":"","fullName":"Bob"}`},
			{"PUT", "/api/v1/users/bob/pin", `{"pin":""}`},
		} {
			before := strings.Count(i.log.String(), `"PIN refused"`)
			refusal := c.do(call[0], call[1], call[2]).want(422)
			if refusal.object()["code"] != "policy_violation" || !strings.Contains(refusal.codes(), "too_short pin") {
				t.Errorf("%s %s: %s", call[0], call[1], refusal.text)
			}
			if strings.Count(i.log.String(), `"PIN refused"`) != before+1 {
				t.Errorf("%s %s is not in the log", call[0], call[1])
			}
		}
		c.do("GET", "/api/v1/users/carl", nil).want(404)
	})
	i.run("an empty password is too short", func(t *testing.T) {
		if got := c.do("PATCH", "/api/v1/users/bob", `{"password":""}`).want(422).codes(); got != "too_short password" {
			t.Errorf("violations: %s", got)
		}
	})
	i.run("delete", func(t *testing.T) {
		if text := c.do("DELETE", "/api/v1/users/bob", nil).want(204).text; text != "" {
			t.Errorf("answered %q", text)
		}
		c.do("GET", "/api/v1/users/bob", nil).want(404)
		c.do("DELETE", "/api/v1/users/bob", nil).want(404)
	})
}

func TestUsernamesInPaths(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleProvisioner)
	for _, name := range []string{`DOM\anna`, "o'neill", "josé", "søren @ home", "a+b$c", "..a", "search", "張偉"} {
		made := c.do("POST", "/api/v1/users", fmt.Sprintf(`{"username":%q}`, name)).want(201)
		if c.do("GET", made.header.Get("Location"), nil).want(200).object()["username"] != name {
			t.Errorf("%s is not at %s", name, made.header.Get("Location"))
		}
	}
	i.run("form NFD finds form NFC, and so does another case", func(*testing.T) {
		c.do("GET", "/api/v1/users/"+url.PathEscape("JOSE\u0301"), nil).want(200)
		longest := strings.Repeat("é", cardinal.UsernameMaxLength)
		c.do("POST", "/api/v1/users", `{"username":"`+longest+`"}`).want(201)
		c.do("GET", "/api/v1/users/"+url.PathEscape(strings.Repeat("e\u0301", cardinal.UsernameMaxLength)), nil).want(200)
	})
	i.run("what can be no name is nobody", func(t *testing.T) {
		for _, name := range []string{"%00", "%FF", "a%2Fb", "a%0Ab", "%2E%2E", "..", strings.Repeat("a", 129)} {
			if refusal := c.do("GET", "/api/v1/users/"+name, nil).want(404).object(); refusal["code"] != "not_found" {
				t.Errorf("%s: %v", name, refusal)
			}
		}
	})
}

func TestListOfUsers(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleAuditor)
	storetest.Users(t, i.store, i.customer.ID, "anna", "bob", "carl", "dora", "emil")
	provisioner := i.as(cardinal.RoleProvisioner)
	provisioner.do("PATCH", "/api/v1/users/dora", `{"fullName":"Dora Marsh","primaryCardNumber":"77771234"}`).want(200)
	names := func(a answer) string {
		var names []string
		for _, item := range a.want(200).object()["items"].([]any) {
			names = append(names, item.(map[string]any)["username"].(string))
		}
		return strings.Join(names, " ")
	}
	i.run("pages", func(t *testing.T) {
		var all []string
		path := "/api/v1/users?limit=2"
		for range 3 {
			page := c.do("GET", path, nil)
			all = append(all, names(page))
			next, _ := page.object()["nextCursor"].(string)
			path = "/api/v1/users?limit=2&cursor=" + url.QueryEscape(next)
			if (next == "") != (len(all) == 3) {
				t.Fatalf("page %d: next cursor %q", len(all), next)
			}
		}
		if got := strings.Join(all, "|"); got != "anna bob|carl dora|emil" {
			t.Errorf("pages: %s", got)
		}
	})
	i.run("search", func(t *testing.T) {
		if got := names(c.do("GET", "/api/v1/users?search=marsh", nil)); got != "dora" {
			t.Errorf("found %s", got)
		}
		for body, want := range map[string]string{
			`{"text":"ann"}`:            "anna",
			`{"number":"77771234"}`:     "dora",
			`{"number":"7777123"}`:      "",
			`{"numberEnd":"1234"}`:      "dora",
			`{"limit":1,"text":null}`:   "anna",
			`{"cursor":null,"limit":5}`: "anna bob carl dora emil",
		} {
			if got := names(c.do("POST", "/api/v1/users/search", body)); got != want {
				t.Errorf("%s found %q, not %q", body, got, want)
			}
		}
	})
	i.run("an auditor sees numbers masked", func(t *testing.T) {
		if number := c.do("GET", "/api/v1/users/dora", nil).object()["primaryCardNumber"]; number != "••••1234" {
			t.Errorf("sees %v", number)
		}
		if number := provisioner.do("GET", "/api/v1/users/dora", nil).object()["primaryCardNumber"]; number != "77771234" {
			t.Errorf("a provisioner sees %v", number)
		}
	})
	i.run("an empty list is a list", func(*testing.T) {
		c.do("GET", "/api/v1/users?search=nobody", nil).want(200).same(`{"items":[],"nextCursor":null}`)
	})
	i.run("what is out of range", func(t *testing.T) {
		for query, want := range map[string]string{
			"limit=0": "invalid limit", "limit=501": "invalid limit", "limit=x": "invalid limit", "cursor=%25": "invalid cursor",
			"limit=1&limit=2": "invalid limit", "q=anna": "unknown", "search=%00": "invalid search", "cursor=AA&limit=x": "invalid limit, invalid cursor",
		} {
			if got := c.do("GET", "/api/v1/users?"+query, nil).want(422).codes(); got != want {
				t.Errorf("%s: %s, not %s", query, got, want)
			}
		}
		for body, want := range map[string]string{
			`{"limit":0,"cursor":"%","numberEnd":"12345","text":"\u0000","number":"1.2E+9"}`: "invalid text, invalid numberEnd, invalid limit, invalid cursor, spoilt number",
			`{"limit":"1"}`: "invalid limit",
		} {
			if got := c.do("POST", "/api/v1/users/search", body).want(422).codes(); got != want {
				t.Errorf("%s: %s, not %s", body, got, want)
			}
		}
	})
}

func TestEntityTagsOfUsers(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleHelpdesk)
	seen := c.do("POST", "/api/v1/users", `{"username":"anna"}`).want(201).header.Get("ETag")
	changed := c.with("If-Match", seen).do("PATCH", "/api/v1/users/anna", `{"fullName":"Anna"}`).want(200)
	if changed.header.Get("ETag") == seen {
		t.Fatalf("the tag stayed %s", seen)
	}
	stale := c.with("If-Match", seen).do("PATCH", "/api/v1/users/anna", `{"fullName":"Other"}`).want(412)
	if stale.object()["code"] != "conflict" {
		t.Errorf("stale: %s", stale.text)
	}
	for _, tag := range []string{`"999"`, `"x"`, `""`, "W/" + changed.header.Get("ETag"), `"-1"`, `"0"`} {
		c.with("If-Match", tag).do("PATCH", "/api/v1/users/anna", `{"fullName":"Other"}`).want(412)
	}
	for _, tag := range []string{`abc`, `"a", "b"`, `*, "a"`, `"a`} {
		if got := c.with("If-Match", tag).do("PATCH", "/api/v1/users/anna", `{"fullName":"Other"}`).want(422).codes(); got != "invalid If-Match" {
			t.Errorf("%s: %s", tag, got)
		}
	}
	c.with("If-Match", seen).do("DELETE", "/api/v1/users/anna", nil).want(412)
	if name := c.do("GET", "/api/v1/users/anna", nil).want(200).object()["fullName"]; name != "Anna" {
		t.Fatalf("the name is %v", name)
	}
	c.with("If-Match", "*").do("PATCH", "/api/v1/users/anna", `{"fullName":"Third"}`).want(200)
	c.with("If-Match", "*").do("PATCH", "/api/v1/users/nobody", `{"fullName":"Third"}`).want(404)
	i.later(time.Second)
	now := c.do("GET", "/api/v1/users/anna", nil).header.Get("ETag")
	c.with("If-Match", now).do("DELETE", "/api/v1/users/anna", nil).want(204)
}
