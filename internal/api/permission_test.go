package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/api"
	"cardinal/internal/storetest"
)

// sampleBody is a body that a call accepts, as far as it needs one.
func sampleBody(line api.Line) any {
	switch line.Method + " " + strings.TrimPrefix(line.Path, "/api/v1") {
	case "POST /users":
		return `{"username":"carl"}`
	case "PUT /users/{username}/pin", "POST /pin-policy/check":
		return `{"pin":"739204"}`
	case "PUT /users/{username}/card-numbers/{slot}":
		return `{"number":"55501234"}`
	case "PUT /settings/{key}":
		return `{"value":6}`
	case "PATCH /users/{username}":
		return `{"fullName":"Changed"}`
	case "PATCH /devices/{id}":
		return `{"name":"Changed"}`
	case "POST /devices":
		return `{"name":"Another"}`
	case "POST /api-tokens":
		return `{"name":"another","role":"auditor"}`
	case "POST /customers":
		return `{"name":"Another"}`
	case "POST /messaging-configurations":
		return `{"name":"Another","host":"127.0.0.1","port":1,"senderAddress":"pins@example.org"}`
	case "PATCH /messaging-configurations/{id}":
		return `{"senderName":"Changed"}`
	case "POST /messaging-configurations/{id}/test":
		return `{"to":"anna@example.org"}`
	case "POST /email-templates":
		return `{"kind":"custom","name":"Another","subject":"Hello","text":"Hello {{username}}"}`
	case "POST /email-templates/preview":
		return `{"kind":"custom","subject":"Hello","text":"Hello {{username}}"}`
	case "POST /email-templates/{id}/copy":
		return `{"name":"A copy"}`
	case "PUT /email-templates/{id}/texts/{language}":
		return `{"subject":"Ahoj","text":"Ahoj {{username}}"}`
	case "POST /bulk-actions", "POST /bulk-actions/plan":
		return `{"action":"enable","usernames":["anna"]}`
	case "POST /imports":
		return "username\nemil\n"
	}
	return nil
}

// target is what the walks call things by.
type target struct{ device, token, run, customer, configuration, template, notification, bulk string }

func (g target) path(line api.Line) string {
	id := map[string]string{
		"devices": g.device, "api-tokens": g.token, "imports": g.run, "customers": g.customer,
		"messaging-configurations": g.configuration, "email-templates": g.template, "notifications": g.notification,
		"bulk-actions": g.bulk,
	}[strings.Split(line.Path, "/")[3]]
	return strings.NewReplacer("{username}", "anna", "{slot}", "primary", "{key}", "pin.min-length", "{id}", id, "{language}", "cs").Replace(line.Path)
}

// furnish gives the customer a user, a device, a token, an import, and what
// e-mails need, with one that waits.
func furnish(i *installation) target {
	i.Helper()
	storetest.User(i, i.store, i.customer.ID, "anna")
	device, _, err := i.services.Accounts.CreateDevice(i.Context(), i.console, cardinal.Device{Name: "Printer"})
	if err != nil {
		i.Fatal(err)
	}
	token, _, err := i.services.Accounts.CreateToken(i.Context(), i.console, "reader", cardinal.RoleAuditor, 0)
	if err != nil {
		i.Fatal(err)
	}
	helpdesk := i.as(cardinal.RoleHelpdesk)
	run := helpdesk.do("POST", "/api/v1/imports?dryRun=true", "username\nzoe\n").want(202)
	helpdesk.finished(run.header.Get("Location"))
	customer, err := i.services.Accounts.CreateCustomer(i.Context(), i.console, account.NewCustomer{Name: "Olomouc Archive"})
	if err != nil {
		i.Fatal(err)
	}
	configuration, template, notification := i.furnishMail()
	many := helpdesk.do("POST", "/api/v1/bulk-actions", `{"action":"enable","usernames":["anna"]}`).want(202)
	helpdesk.finished(many.header.Get("Location"))
	return target{string(device.ID), string(token.ID), run.object()["id"].(string), string(customer.ID), configuration, template, notification, many.object()["id"].(string)}
}

// TestPermissions walks every route with every role, a device and nobody.
func TestPermissions(t *testing.T) {
	i := install(t)
	lines := api.Lines()
	target := furnish(i)
	roles := []cardinal.Role{cardinal.RoleAuditor, cardinal.RoleProvisioner, cardinal.RoleHelpdesk, cardinal.RoleAdministrator, cardinal.RoleOperator}
	clients := map[cardinal.Role]*client{}
	for _, role := range roles {
		clients[role] = i.as(role)
	}
	printer, nobody := i.device("kiosk"), &client{installation: i}
	for _, line := range lines {
		path := target.path(line)
		i.run(line.Method+" "+line.Path, func(t *testing.T) {
			nobody.do(line.Method, path, sampleBody(line)).want(401)
			if status := printer.do(line.Method, path, sampleBody(line)).status; (status == 403) == (line.Permission == cardinal.PermSignInAtDevice) {
				t.Errorf("a device gets %d", status)
			}
			for _, role := range roles {
				status := clients[role].do(line.Method, path, sampleBody(line)).status
				may := role.May(line.Permission)
				if strings.HasSuffix(line.Path, "/bulk-actions/{id}/pins") {
					may = false // who may fetch PINs at all fetches but their own
				}
				if status == 401 || status >= 500 || (status == 403) == may {
					t.Errorf("%s gets %d", role, status)
				}
			}
		})
	}
}

// TestRoles holds some of what the roles are for (spec: security) without
// asking the table.
func TestRoles(t *testing.T) {
	i := install(t)
	target := furnish(i)
	auditor, helpdesk, provisioner := i.as(cardinal.RoleAuditor), i.as(cardinal.RoleHelpdesk), i.as(cardinal.RoleProvisioner)
	for _, line := range api.Lines() {
		path, section := target.path(line), strings.Split(line.Path, "/")[3]
		reads := line.Method == http.MethodGet || slices.Contains([]string{"/api/v1/users/search", "/api/v1/pin-policy/check", "/api/v1/email-templates/preview"}, line.Path)
		if !reads {
			auditor.do(line.Method, path, sampleBody(line)).want(403)
		}
		if slices.Contains([]string{"settings", "devices", "api-tokens", "customers", "audit-entries", "messaging-configurations", "email-templates", "notifications"}, section) {
			helpdesk.do(line.Method, path, sampleBody(line)).want(403)
			provisioner.do(line.Method, path, sampleBody(line)).want(403)
		}
	}
	i.run("whether somebody may is told before what is wrong with the request", func(*testing.T) {
		auditor.do("POST", "/api/v1/users", `{"shoeSize":`).want(403)
		auditor.do("DELETE", "/api/v1/users/nobody", nil).want(403)
		helpdesk.do("PUT", "/api/v1/settings/pin.colour", `{}`).want(403)
	})
	provisioner.do("GET", "/api/v1/sign-ins", nil).want(403)
	provisioner.do("POST", "/api/v1/users/anna/unlock", nil).want(403)
	i.as(cardinal.RoleAdministrator).do("GET", "/api/v1/customers", nil).want(403)
	i.run("nobody grants a role above their own, nor changes who outranks them", func(*testing.T) {
		administrator := i.as(cardinal.RoleAdministrator)
		administrator.do("PATCH", "/api/v1/users/anna", `{"role":"operator"}`).want(403)
		administrator.do("PATCH", "/api/v1/users/anna", `{"role":"administrator"}`).want(200)
		administrator.do("POST", "/api/v1/users", `{"username":"zora","role":"administrator"}`).want(201)
		helpdesk.do("PATCH", "/api/v1/users/anna", `{"email":"me@example.org"}`).want(403)
		helpdesk.do("PATCH", "/api/v1/users/anna", `{"role":"user"}`).want(403)
		helpdesk.do("POST", "/api/v1/users", `{"username":"eve","role":"administrator"}`).want(403)
		helpdesk.do("DELETE", "/api/v1/users/anna", nil).want(403)
	})
}

// TestForeignCustomer walks every route as the operator of another customer,
// who must neither see nor change anything.
func TestForeignCustomer(t *testing.T) {
	i := install(t)
	target := furnish(i)
	own := i.as(cardinal.RoleOperator)
	own.do("PATCH", "/api/v1/users/anna", `{"primaryCardNumber":"99990000","fullName":"Anna Secret"}`).want(200)
	_, console := i.organisation("Brno Library")
	stranger := i.foreign(console, cardinal.RoleOperator)
	looks := []string{"/users/anna", "/settings/pin.min-length", "/devices", "/api-tokens", "/imports", "/audit-entries", "/sign-ins", "/exports/users",
		"/messaging-configurations", "/email-templates", "/notifications", "/bulk-actions"}
	state := func() string {
		var text strings.Builder
		for _, path := range looks {
			// The audit log grows by the exports and imports of this test itself.
			if path != "/audit-entries" {
				text.WriteString(own.do("GET", "/api/v1"+path, nil).want(200).text)
			}
		}
		return text.String()
	}
	before := state()
	for _, line := range api.Lines() {
		i.run(line.Method+" "+line.Path, func(t *testing.T) {
			a := stranger.do(line.Method, target.path(line), sampleBody(line))
			named := strings.Contains(line.Path, "{username}") || strings.Contains(line.Path, "{id}")
			if named && a.status != 404 && line.Permission != cardinal.PermCustomers {
				t.Errorf("answered %d: %s", a.status, a.text)
			}
			for _, secret := range []string{"anna", "Anna Secret", "Printer", "reader", "99990000", "relay.example.org", "Ours", target.device, target.token, target.run,
				target.configuration, target.template, target.notification, target.bulk, string(i.customer.ID)} {
				if strings.Contains(a.text, secret) && line.Permission != cardinal.PermCustomers {
					t.Errorf("sees %s: %s", secret, a.text)
				}
			}
		})
	}
	i.run("the number can be taken there too, and finds nobody", func(t *testing.T) {
		found := stranger.do("POST", "/api/v1/users/search", `{"number":"99990000"}`).want(200).object()
		if len(found["items"].([]any)) != 0 {
			t.Errorf("found %v", found)
		}
		stranger.do("POST", "/api/v1/users", `{"username":"anna","primaryCardNumber":"99990000"}`).want(201)
	})
	if after := state(); after != before {
		t.Errorf("changed\n%s to\n%s", before, after)
	}
}
