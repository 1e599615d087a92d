package api_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/letter"
	"cardinal/internal/setting"
)

// deadPort is a port of this machine at which nobody listens.
func deadPort(t *testing.T) int {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return port
}

// id is the identifier of what was answered.
func (a answer) id() string { return a.want(201).object()["id"].(string) }

// furnishMail makes a messaging configuration, a template, and a notification
// for anna that waits, because nobody listens where it is to go.
func (i *installation) furnishMail() (configuration, template, notification string) {
	i.Helper()
	c := i.as(cardinal.RoleAdministrator)
	configuration = c.do("POST", "/api/v1/messaging-configurations",
		fmt.Sprintf(`{"name":"Ours","host":"127.0.0.1","port":%d,"security":"none","senderAddress":"pins@relay.example.org"}`, deadPort(i.T))).id()
	template = c.do("POST", "/api/v1/email-templates", `{"kind":"pin-expiration","name":"Ours too","subject":"Soon","text":"{{pinExpiration}}","language":"cs"}`).id()
	i.notice(c, configuration, "anna")
	for key, value := range map[string]string{
		"pin.expiration-hours": "0", "pin.expiration-notice-hours": "0", "pin.expiration-notice.messaging-configuration": `""`,
	} {
		c.do("PUT", "/api/v1/settings/"+key, `{"value":`+value+`}`).want(200)
	}
	item := c.do("GET", "/api/v1/notifications", nil).want(200).items()[0]
	return configuration, template, item["id"].(string)
}

// notice gives users PINs that expire soon and queues the notices of that.
func (i *installation) notice(c *client, configuration string, usernames ...string) {
	i.Helper()
	c.do("PUT", "/api/v1/settings/pin.history", `{"value":0}`).want(200)
	for _, set := range [][2]string{
		{"pin.expiration-hours", "48"}, {"pin.expiration-notice-hours", "24"},
		{"pin.expiration-notice.messaging-configuration", quoted(configuration)},
	} {
		c.do("PUT", "/api/v1/settings/"+set[0], `{"value":`+set[1]+`}`).want(200)
	}
	for n, username := range usernames {
		c.do("PATCH", "/api/v1/users/"+username, `{"email":"`+username+`@example.org"}`).want(200)
		c.do("PUT", "/api/v1/users/"+username+"/pin", fmt.Sprintf(`{"pin":"73920%d"}`, n+4)).want(200)
	}
	i.later(25 * time.Hour)
	if queued, err := i.services.Notify.QueueDue(i.Context()); err != nil || queued != len(usernames) {
		i.Fatalf("%d notices were queued, not %d: %v", queued, len(usernames), err)
	}
}

// deliver tries to send everything that is due.
func (i *installation) deliver(ctx context.Context) {
	i.Helper()
	if err := i.services.Notify.Deliver(ctx); err != nil {
		i.Fatal(err)
	}
	i.services.Notify.Wait()
}

// items are the objects of a list.
func (a answer) items() []map[string]any {
	a.t.Helper()
	var items []map[string]any
	for _, item := range a.object()["items"].([]any) {
		items = append(items, item.(map[string]any))
	}
	return items
}

// column is one field of all objects of a list.
func (a answer) column(field string) string {
	a.t.Helper()
	var values []string
	for _, item := range a.want(200).items() {
		values = append(values, fmt.Sprint(item[field]))
	}
	return strings.Join(values, ", ")
}

const someConfiguration = `{"name":"Office","host":"mail.example.org","port":587,"authentication":"plain","username":"cardinal","password":"` + canaryPassword + `",
	"senderAddress":"pins@example.org","senderName":"PINs","replyTo":"desk@example.org","ratePerMinute":30}`

func TestMessagingConfigurations(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleAdministrator)
	var path, id string
	i.run("create", func(t *testing.T) {
		made := c.do("POST", "/api/v1/messaging-configurations", someConfiguration)
		id = made.id()
		path = made.header.Get("Location")
		if path != "/api/v1/messaging-configurations/"+id {
			t.Fatalf("made at %s", path)
		}
		made.same(`{"id":"` + id + `","name":"Office","host":"mail.example.org","port":587,"security":"starttls","authentication":"plain","username":"cardinal",
			"password":null,"hasPassword":true,"senderAddress":"pins@example.org","senderName":"PINs","replyTo":"desk@example.org","ratePerMinute":30,
			"tokenEndpoint":"","clientId":"","clientSecret":null,"hasClientSecret":false,"refreshToken":null,"hasRefreshToken":false,
			"usedBy":[],"createdAt":"` + noon + `","updatedAt":"` + noon + `"}`)
		read := c.do("GET", path, nil).want(200).same(made.text)
		if read.header.Get("ETag") == "" || read.header.Get("ETag") != made.header.Get("ETag") {
			t.Errorf("tags %q and %q", made.header.Get("ETag"), read.header.Get("ETag"))
		}
		if refusal := c.do("POST", "/api/v1/messaging-configurations", strings.ReplaceAll(someConfiguration, "Office", "OFFICE")).want(409); refusal.codes() != "taken name" {
			t.Errorf("the same name: %s", refusal.text)
		}
	})
	i.run("XOAUTH2 has secrets of its own", func(*testing.T) {
		cloud := c.do("POST", "/api/v1/messaging-configurations", `{"name":"Cloud","host":"smtp.example.org","port":465,"security":"tls","authentication":"xoauth2",
			"username":"pins@example.org","senderAddress":"pins@example.org","tokenEndpoint":"https://login.example.org/token","clientId":"cardinal",
			"clientSecret":"`+canaryPassword+`","refreshToken":"`+canaryNumber+`"}`)
		object := cloud.object()
		if object["hasClientSecret"] != true || object["hasRefreshToken"] != true || object["hasPassword"] != false || object["clientId"] != "cardinal" {
			i.Errorf("made %s", cloud.text)
		}
		lookFor(i.T, "the answer", cloud.text)
		c.do("DELETE", "/api/v1/messaging-configurations/"+cloud.id(), nil).want(204)
	})
	i.run("change", func(t *testing.T) {
		before := c.do("GET", path, nil).header.Get("ETag")
		elsewhere := `{"port":465,"security":"tls","replyTo":null,"ratePerMinute":null,"password":%s,"clientSecret":""}`
		for _, kept := range []string{`null`, `""`} {
			if got := c.do("PATCH", path, fmt.Sprintf(elsewhere, kept)).want(422).codes(); got != "invalid password" {
				t.Errorf("the password would go to another server: %s", got)
			}
		}
		changed := c.do("PATCH", path, fmt.Sprintf(elsewhere, quoted(canaryPassword))).want(200)
		object := changed.object()
		if object["port"] != 465.0 || object["security"] != "tls" || object["replyTo"] != "" || object["ratePerMinute"] != 0.0 || object["hasPassword"] != true ||
			object["name"] != "Office" || object["senderName"] != "PINs" {
			t.Errorf("changed %s", changed.text)
		}
		c.with("If-Match", before).do("PATCH", path, `{"name":"Other"}`).want(412)
		c.with("If-Match", before).do("DELETE", path, nil).want(412)
		c.with("If-Match", `"x"`).do("DELETE", path, nil).want(412)
		c.with("If-Match", changed.header.Get("ETag")).do("PATCH", path, `{"host":"mail2.example.org","password":`+quoted(canaryPassword)+`}`).want(200)
		c.with("If-Match", "*").do("PATCH", path, `{}`).want(200)
		if name := c.do("GET", path, nil).object()["name"]; name != "Office" {
			t.Errorf("it is called %v", name)
		}
	})
	i.run("a setting that names it keeps it", func(t *testing.T) {
		c.do("PUT", "/api/v1/settings/pin.expiration-notice.messaging-configuration", `{"value":`+quoted(id)+`}`).want(200)
		if used := c.do("GET", path, nil).object()["usedBy"].([]any); len(used) != 1 || used[0] != "pin.expiration-notice.messaging-configuration" {
			t.Errorf("used by %v", used)
		}
		if refusal := c.do("DELETE", path, nil).want(409); !strings.Contains(refusal.text, "pin.expiration-notice.messaging-configuration") {
			t.Errorf("refused with %s", refusal.text)
		}
		c.do("DELETE", "/api/v1/settings/pin.expiration-notice.messaging-configuration", nil).want(200)
	})
	i.run("list and delete", func(t *testing.T) {
		c.do("POST", "/api/v1/messaging-configurations", strings.ReplaceAll(someConfiguration, "Office", "Annex")).want(201)
		first := c.do("GET", "/api/v1/messaging-configurations?limit=1", nil).want(200)
		next := first.object()["nextCursor"].(string)
		second := c.do("GET", "/api/v1/messaging-configurations?limit=1&cursor="+next, nil).want(200)
		if first.column("name") != "Annex" || second.column("name") != "Office" || second.object()["nextCursor"] != nil {
			t.Errorf("listed %s and %s", first.text, second.text)
		}
		c.do("DELETE", path, nil).want(204)
		c.do("DELETE", path, nil).want(404)
		c.do("GET", path, nil).want(404)
		c.do("PATCH", path, `{}`).want(404)
		c.do("DELETE", "/api/v1/messaging-configurations/"+first.items()[0]["id"].(string), nil).want(204)
		if got := c.do("GET", "/api/v1/messaging-configurations?cursor="+next, nil).want(422).codes(); got != "invalid cursor" {
			t.Errorf("a cursor at what is gone: %s", got)
		}
	})
	lookIn(t, i, "the password", canaryPassword)
	lookIn(t, i, "the refresh token", canaryNumber)
}

func TestMessagingConfigurationsThatCannotBe(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleAdministrator)
	path := "/api/v1/messaging-configurations/" + c.do("POST", "/api/v1/messaging-configurations", someConfiguration).id()
	for body, want := range map[string]string{
		`{}`:              "",
		`{"name":" "}`:    "invalid name",
		`{"name":null}`:   "invalid name",
		`{"host":null}`:   "invalid host",
		`{"host":"a b"}`:  "invalid host",
		`{"port":null}`:   "invalid port",
		`{"port":0}`:      "invalid port",
		`{"port":65536}`:  "invalid port",
		`{"port":"smtp"}`: "invalid port",
		`{"port":58.7}`:   "invalid port",
		`{"name":"` + strings.Repeat("ž", 100) + `"}`:                           "",
		`{"name":"` + strings.Repeat("ž", 101) + `"}`:                           "invalid name",
		`{"security":"ssl"}`:                                                    "invalid security",
		`{"security":null}`:                                                     "invalid security",
		`{"security":"none"}`:                                                   "invalid security",
		`{"authentication":"ntlm"}`:                                             "invalid authentication",
		`{"authentication":null}`:                                               "invalid authentication",
		`{"authentication":"xoauth2"}`:                                          "invalid tokenEndpoint",
		`{"username":null}`:                                                     "invalid username",
		`{"username":"a\u0000"}`:                                                "invalid username, invalid username",
		`{"authentication":"none","username":"a\u0000"}`:                        "invalid username",
		`{"tokenEndpoint":"a\nb"}`:                                              "invalid tokenEndpoint",
		`{"clientId":"` + strings.Repeat("x", 256) + `"}`:                       "invalid clientId",
		`{"senderAddress":null}`:                                                "invalid senderAddress",
		`{"senderAddress":"PINs <pins@example.org>"}`:                           "invalid senderAddress",
		`{"senderName":"a\r\nBcc: eve@example.org"}`:                            "invalid senderName",
		`{"replyTo":"a@example.org, b@example.org"}`:                            "invalid replyTo",
		`{"ratePerMinute":-1}`:                                                  "invalid ratePerMinute",
		`{"ratePerMinute":10001}`:                                               "invalid ratePerMinute",
		`{"password":7}`:                                                        "invalid password",
		`{"usedBy":[]}`:                                                         "unknown",
		`{"name":"","senderAddress":"x","port":0}`:                              "invalid name, invalid senderAddress, invalid port",
		`{"security":null,"authentication":null}`:                               "invalid security, invalid authentication",
		`{"name":null,"host":null,"port":null,"senderAddress":null}`:            "invalid name, invalid host, invalid port, invalid senderAddress",
		`{"authentication":"xoauth2","tokenEndpoint":"https://x.example.org/"}`: "invalid clientId",
	} {
		a := c.do("PATCH", path, body)
		if want == "" {
			a.want(200)
			continue
		}
		if got := a.want(422).codes(); got != want {
			t.Errorf("%s: %s, not %s", body, got, want)
		}
	}
	if got := c.do("POST", "/api/v1/messaging-configurations", `{"port":25}`).want(422).codes(); got != "required name, required host, required senderAddress" {
		t.Errorf("without what is required: %s", got)
	}
	if got := c.do("POST", "/api/v1/messaging-configurations", `{"name":"x","host":"mail","port":25,"senderAddress":"a@example.org","authentication":"plain","username":"u"}`).want(422).codes(); got != "invalid password" {
		t.Errorf("without the password that it needs: %s", got)
	}
}

func TestTestEmail(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleAdministrator)
	path := "/api/v1/messaging-configurations/" + c.do("POST", "/api/v1/messaging-configurations",
		fmt.Sprintf(`{"name":"Dead","host":"127.0.0.1","port":%d,"security":"none","senderAddress":"pins@example.org"}`, deadPort(t))).id()
	keyed := c.with("Idempotency-Key", "once")
	refused := keyed.do("POST", path+"/test", `{"to":"anna@example.org"}`).want(200)
	object := refused.object()
	if explanation, _ := object["explanation"].(string); object["sent"] != false || object["answer"] != nil || !strings.Contains(explanation, "refused the connection") || len(object) != 3 {
		t.Errorf("answered %s", refused.text)
	}
	keyed.do("POST", path+"/test", `{"to":"anna@example.org"}`).want(200).same(refused.text)
	if tests := strings.Count(c.do("GET", "/api/v1/audit-entries", nil).column("action"), "messaging-configuration.tested"); tests != 1 {
		t.Errorf("%d tests are on record", tests)
	}
	for body, want := range map[string]string{
		`{}`: "required to", `{"to":""}`: "invalid to", `{"to":"anna"}`: "invalid to", `{"to":"a@example.org,b@example.org"}`: "invalid to", `{"to":["a@example.org"]}`: "invalid to",
	} {
		if got := c.do("POST", path+"/test", body).want(422).codes(); got != want {
			t.Errorf("%s: %s, not %s", body, got, want)
		}
	}
	c.do("POST", "/api/v1/messaging-configurations/nothing/test", `{"to":"anna@example.org"}`).want(404)
}

func TestEmailTemplates(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleAdministrator)
	var path string
	i.run("the predefined ones", func(t *testing.T) {
		var want []string
		for _, o := range letter.Originals() {
			want = append(want, o.Name)
		}
		listed := c.do("GET", "/api/v1/email-templates", nil)
		if listed.column("id") != strings.Join(want, ", ") || listed.column("name") != listed.column("id") {
			t.Errorf("listed %s", listed.text)
		}
		one := c.do("GET", "/api/v1/email-templates/pin-expiration", nil).want(200).object()
		texts := one["texts"].(map[string]any)
		if one["kind"] != "pin-expiration" || one["predefined"] != true || one["edited"] != false || len(texts) != len(setting.Languages()) {
			t.Errorf("read %v", one)
		}
		if english := texts["en"].(map[string]any); english["written"] != false || !strings.Contains(english["text"].(string), "{{pinExpiration}}") {
			t.Errorf("in English: %v", english)
		}
	})
	i.run("create", func(t *testing.T) {
		made := c.do("POST", "/api/v1/email-templates", `{"kind":"pin-expiration","name":"Short","subject":"Soon","text":"Until {{pinExpiration}}","html":null}`)
		path = made.header.Get("Location")
		made.same(`{"id":"` + made.id() + `","kind":"pin-expiration","name":"Short","predefined":false,"edited":false,"languages":["en"],"usedBy":[],
			"texts":{"en":{"subject":"Soon","text":"Until {{pinExpiration}}","html":"","written":true}}}`)
		c.do("GET", path, nil).want(200).same(made.text)
		if refusal := c.do("POST", "/api/v1/email-templates", `{"kind":"custom","name":"SHORT","subject":"x","text":"y"}`).want(409); refusal.codes() != "taken name" {
			t.Errorf("the same name: %s", refusal.text)
		}
		for _, kind := range letter.Kinds() {
			every := ""
			for _, name := range kind.Variables() {
				every += " {{" + name + "}}"
			}
			c.do("POST", "/api/v1/email-templates", `{"kind":"`+string(kind)+`","name":"Of `+string(kind)+`","subject":"x","text":"`+every+`"}`).want(201)
		}
	})
	i.run("a text and back", func(t *testing.T) {
		const text = "/api/v1/email-templates/pin-expiration/texts/de"
		original := c.do("GET", text, nil).want(200)
		written := c.with("If-Match", original.header.Get("ETag")).do("PUT", text, `{"subject":"Bald","text":"Bis {{ pinExpiration }}","html":"<p>Bis {{pinExpiration}}</p>"}`).want(200)
		written.same(`{"subject":"Bald","text":"Bis {{ pinExpiration }}","html":"<p>Bis {{pinExpiration}}</p>","written":true}`)
		c.do("GET", text, nil).want(200).same(written.text)
		c.with("If-Match", original.header.Get("ETag")).do("PUT", text, `{"subject":"Bald","text":"x"}`).want(412)
		c.with("If-Match", original.header.Get("ETag")).do("DELETE", text, nil).want(412)
		c.with("If-Match", "*").do("PUT", text, `{"subject":"Bald","text":"y"}`).want(200)
		c.with("If-Match", written.header.Get("ETag")).do("PUT", text, `{"subject":"Bald","text":"y"}`).want(412)
		whole := c.do("GET", "/api/v1/email-templates/pin-expiration", nil).object()
		if whole["edited"] != true || fmt.Sprint(whole["languages"]) != "[de]" || whole["texts"].(map[string]any)["de"].(map[string]any)["text"] != "y" {
			t.Errorf("edited: %v", whole)
		}
		back := c.do("DELETE", text, nil).want(200).same(original.text)
		if back.header.Get("ETag") != original.header.Get("ETag") {
			t.Error("the original has another tag")
		}
		same := c.do("PUT", text, strings.Replace(original.text, `,"written":false`, "", 1)).want(200)
		if same.object()["written"] != true || same.header.Get("ETag") == original.header.Get("ETag") {
			t.Error("the original that somebody wrote anew is taken for the original")
		}
		c.do("DELETE", text, nil).want(200)
		c.do("DELETE", path+"/texts/en", nil).want(409)
		c.do("GET", path+"/texts/fr", nil).want(404)
		c.with("If-Match", `"x"`).do("PUT", path+"/texts/fr", `{"subject":"x","text":"y"}`).want(412)
		c.do("PUT", path+"/texts/fr", `{"subject":"x","text":"y"}`).want(200)
		c.do("PUT", path+"/texts/tlh", `{"subject":"x","text":"y"}`).want(404)
		c.do("PUT", "/api/v1/email-templates/nothing/texts/en", `{"subject":"x","text":"y"}`).want(404)
	})
	i.run("copy", func(t *testing.T) {
		made := c.do("POST", path+"/copy", `{"name":"A copy"}`)
		if object := made.object(); made.id() == "" || object["name"] != "A copy" || len(object["texts"].(map[string]any)) != 2 || object["predefined"] != false {
			t.Errorf("copied: %s", made.text)
		}
		whole := c.do("POST", "/api/v1/email-templates/invitation/copy", `{"name":"Our invitation"}`).want(201).object()
		if whole["kind"] != "invitation" || len(whole["texts"].(map[string]any)) != len(setting.Languages()) {
			t.Errorf("copied: %v", whole)
		}
		c.do("POST", path+"/copy", `{"name":"a COPY"}`).want(409)
		c.do("POST", "/api/v1/email-templates/nothing/copy", `{"name":"x"}`).want(404)
	})
	i.run("a setting that names it keeps it", func(t *testing.T) {
		id := path[strings.LastIndex(path, "/")+1:]
		c.do("PUT", "/api/v1/settings/pin.expiration-notice.template", `{"value":`+quoted(id)+`}`).want(200)
		if used := c.do("GET", path, nil).object()["usedBy"]; fmt.Sprint(used) != "[pin.expiration-notice.template]" {
			t.Errorf("used by %v", used)
		}
		c.do("DELETE", path, nil).want(409)
		c.do("DELETE", "/api/v1/settings/pin.expiration-notice.template", nil).want(200)
		c.do("DELETE", path, nil).want(204)
		c.do("GET", path, nil).want(404)
		c.do("DELETE", "/api/v1/email-templates/pin-expiration", nil).want(409)
	})
	i.run("pages", func(t *testing.T) {
		all := c.do("GET", "/api/v1/email-templates", nil).column("id")
		var ids []string
		for next := ""; ; {
			page := c.do("GET", "/api/v1/email-templates?limit=4&cursor="+next, nil).want(200)
			ids = append(ids, strings.Split(page.column("id"), ", ")...)
			var more bool
			if next, more = page.object()["nextCursor"].(string); !more {
				break
			}
		}
		if strings.Join(ids, ", ") != all || len(ids) < 10 {
			t.Errorf("pages give %v, not %s", ids, all)
		}
	})
}

func TestEmailTemplatesThatCannotBe(t *testing.T) {
	c := install(t).as(cardinal.RoleAdministrator)
	for body, want := range map[string]string{
		`{"kind":"custom","name":"x","subject":"a","text":"b {{event.colour}}"}`:         "",
		`{"kind":"poem","name":"x","subject":"a","text":"b"}`:                            "invalid kind",
		`{"kind":"custom","name":"","subject":"a","text":"b"}`:                           "invalid name",
		`{"kind":"custom","name":"pin-expiration","subject":"a","text":"b"}`:             "invalid name",
		`{"kind":"custom","name":"y","subject":"a","text":"b","language":"tlh"}`:         "invalid language",
		`{"kind":"custom","name":"y","subject":"a\nb","text":"b"}`:                       "invalid subject",
		`{"kind":"pin-issued","name":"y","subject":"{{pin}}","text":"b"}`:                "invalid subject, required text",
		`{"kind":"pin-expiration","name":"y","subject":"a","text":"{{pin}}"}`:            "unknown text",
		`{"kind":"pin-expiration","name":"y","subject":"a","text":"b","html":"{{user"}`:  "invalid html",
		`{"kind":"pin-expiration","name":"y","subject":"{{a}}","text":"{{b}}"}`:          "unknown subject, unknown text",
		`{"kind":"custom","name":"y"}`:                                                   "required subject, required text",
		`{"kind":"custom","name":"y","subject":"a","text":"b","html":7}`:                 "invalid html",
		`{"kind":"custom","name":"y","subject":"a","text":"b","predefined":true}`:        "unknown",
		`{"kind":"custom","name":"y","subject":"a","text":"b","language":"en","id":"x"}`: "unknown",
	} {
		a := c.do("POST", "/api/v1/email-templates", body)
		if want == "" {
			a.want(201)
			continue
		}
		if got := a.want(422).codes(); got != want {
			t.Errorf("%s: %s, not %s", body, got, want)
		}
	}
}

func TestEmailTemplatePreview(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleAuditor)
	seen := c.do("POST", "/api/v1/email-templates/preview", `{"kind":"pin-issued","language":"de","subject":"Für {{username}}","text":"PIN {{pin}}",
		"html":"<p onclick=\"x()\">{{full-name}}: {{pin}}</p><script>x()</script>"}`).want(200).object()
	html := seen["html"].(string)
	if strings.Contains(seen["subject"].(string), "{{") || !strings.HasPrefix(seen["subject"].(string), "Für ") || !strings.HasPrefix(seen["text"].(string), "PIN •") || len(seen) != 3 {
		t.Errorf("seen %v", seen)
	}
	if strings.Contains(html, "onclick") || strings.Contains(html, "<script") || !strings.Contains(html, "<html") {
		t.Errorf("the HTML is %s", html)
	}
	if alone := c.do("POST", "/api/v1/email-templates/preview", `{"kind":"custom","subject":"a","text":"b"}`).want(200).object(); alone["html"] != "" {
		t.Errorf("without HTML: %v", alone)
	}
	if got := c.do("POST", "/api/v1/email-templates/preview", `{"kind":"custom","subject":"a","text":"{{pin}}"}`).want(422).codes(); got != "unknown text" {
		t.Errorf("an unknown variable: %s", got)
	}
	if edited := c.do("GET", "/api/v1/email-templates", nil).column("edited"); strings.Contains(edited, "true") {
		t.Error("a preview was saved")
	}
}

func TestNotifications(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleAdministrator)
	for _, username := range []string{"anna", "bob", "carl"} {
		c.do("POST", "/api/v1/users", `{"username":"`+username+`"}`).want(201)
	}
	configuration := c.do("POST", "/api/v1/messaging-configurations",
		fmt.Sprintf(`{"name":"Dead","host":"127.0.0.1","port":%d,"security":"none","senderAddress":"pins@example.org"}`, deadPort(t))).id()
	i.notice(c, configuration, "anna", "bob", "carl")
	var path string
	i.run("queued", func(*testing.T) {
		listed := c.do("GET", "/api/v1/notifications?username=ANNA", nil).want(200)
		one := listed.items()[0]
		path = "/api/v1/notifications/" + one["id"].(string)
		listed.same(`{"items":[{"id":"` + one["id"].(string) + `","kind":"pin-expiration","username":"anna","state":"queued","reason":null,"tries":0,"lastAnswer":null,
			"explanation":null,"createdAt":"2026-03-03T13:00:00Z","nextTryAt":"2026-03-03T13:00:00Z","sentAt":null}],"nextCursor":null}`)
		whole, _ := strings.CutPrefix(listed.text, `{"items":[`)
		whole, _, _ = strings.Cut(whole, `],"nextCursor"`)
		c.do("GET", path, nil).want(200).same(whole)
		c.do("POST", path+"/resend", nil).want(409)
	})
	i.run("tried", func(t *testing.T) {
		i.deliver(t.Context())
		one := c.do("GET", path, nil).want(200).object()
		explanation, _ := one["explanation"].(string)
		if one["state"] != "queued" || one["tries"] != 1.0 || !strings.Contains(explanation, "refused the connection") || one["lastAnswer"] == nil || one["nextTryAt"] == "2026-03-03T13:00:00Z" {
			t.Errorf("after the first try: %v", one)
		}
	})
	i.run("cancel and send again", func(t *testing.T) {
		keyed := c.with("Idempotency-Key", "cancel")
		keyed.do("POST", path+"/cancel", nil).want(204)
		keyed.do("POST", path+"/cancel", nil).want(204)
		c.do("POST", path+"/cancel", nil).want(409)
		one := c.do("GET", path, nil).object()
		if one["state"] != "cancelled" || one["reason"] != "by_hand" || one["nextTryAt"] != nil {
			t.Errorf("cancelled: %v", one)
		}
		states := func(query string) string { return c.do("GET", "/api/v1/notifications?"+query, nil).column("username") }
		if got := states("state=cancelled"); got != "anna" {
			t.Errorf("cancelled are %s", got)
		}
		if got := states("state=queued&username=anna"); got != "" {
			t.Errorf("anna's that wait are %s", got)
		}
		if got := states("state=cancelled&username=anna"); got != "anna" {
			t.Errorf("anna's that are cancelled are %s", got)
		}
		c.do("POST", path+"/resend", nil).want(204)
		if one := c.do("GET", path, nil).object(); one["state"] != "queued" || one["tries"] != 0.0 || one["reason"] != nil {
			t.Errorf("queued again: %v", one)
		}
		c.do("PUT", "/api/v1/users/bob/pin", `{"pin":"918264"}`).want(200)
		bobs := "/api/v1/notifications/" + c.do("GET", "/api/v1/notifications?username=bob", nil).items()[0]["id"].(string)
		c.do("POST", bobs+"/cancel", nil).want(204)
		if refusal := c.do("POST", bobs+"/resend", nil).want(409); !strings.Contains(refusal.text, "is no more") {
			t.Errorf("about a PIN that is gone: %s", refusal.text)
		}
	})
	i.run("pages", func(t *testing.T) {
		var names []string
		for next := ""; ; {
			page := c.do("GET", "/api/v1/notifications?limit=2&cursor="+next, nil).want(200)
			names = append(names, strings.Split(page.column("username"), ", ")...)
			var more bool
			if next, more = page.object()["nextCursor"].(string); !more {
				break
			}
		}
		slices.Sort(names)
		if strings.Join(names, " ") != "anna bob carl" {
			t.Errorf("pages give %v", names)
		}
	})
	i.run("one state of a user who has had many", func(t *testing.T) {
		c.do("POST", path+"/cancel", nil).want(204)
		c.do("DELETE", "/api/v1/users/bob/pin", nil).want(204) // whose notice would be due too
		for range 3 {
			i.notice(c, configuration, "anna")
		}
		found := c.do("GET", "/api/v1/notifications?state=cancelled&username=anna&limit=1", nil).want(200)
		if items := found.items(); len(items) != 1 || !strings.HasSuffix(path, items[0]["id"].(string)) || found.object()["nextCursor"] != nil {
			t.Errorf("found %s", found.text)
		}
	})
	i.run("what cannot be asked for", func(t *testing.T) {
		for query, want := range map[string]string{"state=lost": "invalid state", "limit=0": "invalid limit", "limit=501": "invalid limit", "cursor=%21": "invalid cursor"} {
			if got := c.do("GET", "/api/v1/notifications?"+query, nil).want(422).codes(); got != want {
				t.Errorf("%s: %s, not %s", query, got, want)
			}
		}
		c.do("GET", "/api/v1/notifications?limit=500", nil).want(200)
		c.do("GET", "/api/v1/notifications?username=nobody", nil).want(404)
		c.do("GET", "/api/v1/notifications/nothing", nil).want(404)
		c.do("POST", "/api/v1/notifications/nothing/resend", nil).want(404)
		c.do("POST", "/api/v1/notifications/nothing/cancel", nil).want(404)
	})
}
