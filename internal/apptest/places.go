package apptest

import (
	"context"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/app"
	"cardinal/internal/bulk"
	"cardinal/internal/directory"
	"cardinal/internal/letter"
	"cardinal/internal/notify"
)

// Places are the addresses of one of everything that pages can be about, so
// that tests can fill in what the patterns of routes leave open.
type Places struct{ ids []idUnder }

// idUnder is the identifier that stands for {id} below a path.
type idUnder struct{ path, id string }

// Furnish makes a device, an API token, another customer, an import, a bulk action,
// a messaging configuration and an e-mail template for the organisation of the console.
func Furnish(t testing.TB, a *app.App, console cardinal.Caller) Places {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	device, _, err := a.Accounts.CreateDevice(ctx, console, cardinal.Device{Name: "Printer of the walk"})
	must(err)
	token, _, err := a.Accounts.CreateToken(ctx, console, "Token of the walk", cardinal.RoleAuditor, 0)
	must(err)
	customer, err := a.Accounts.CreateCustomer(ctx, console, account.NewCustomer{
		Name: "Customer of the walk", Admin: "boss", Password: cardinal.NewPassword("correct horse battery"),
	})
	must(err)
	run, err := a.Directory.Start(ctx, console, strings.NewReader("username\nwalker\n"), directory.Options{})
	must(err)
	must(a.Directory.Wait(ctx))
	action, err := a.Bulk.NewID(ctx)
	must(err)
	must(a.Bulk.Start(ctx, console, action, bulk.Request{Kind: bulk.Disable, Selection: bulk.Selection{Usernames: []string{"walker"}}}))
	must(a.Bulk.Wait(ctx))
	configuration, err := a.Notify.AddConfiguration(ctx, console, cardinal.MessagingConfiguration{
		Name: "Mail of the walk", Host: "localhost", Port: 1, SenderAddress: "walk@example.org",
	}, notify.Secrets{})
	must(err)
	template, err := a.Notify.CopyTemplate(ctx, console, string(letter.PINExpiration), "Letter of the walk")
	must(err)
	return Places{[]idUnder{
		{"/options/messaging-configurations/", string(configuration.ID)}, {"/options/email-templates/", template.ID},
		{"/logs/notifications/", "none"}, // a notification needs an hour to be due: the address leads to nothing
		{"/options/devices/", string(device.ID)}, {"/options/api-tokens/", string(token.ID)}, {"/options/customers/", string(customer.ID)},
		{"/import-users/", string(run)}, {"/bulk-actions/", string(action)},
		// They belong to one person, who has none: the address leads to nothing.
		{"/second-factor/passkeys/", "none"}, {"/sessions/", "none"}, {"/setup/link/", "none"},
	}}
}

// Walker is the username that Furnish leaves behind, and that stands for {username}.
const Walker = "walker"

// Address fills in what a pattern leaves open. A pattern that it does not know
// fails the test, so that nobody forgets a page.
func (p Places) Address(t testing.TB, pattern string) string {
	t.Helper()
	_, path, _ := strings.Cut(pattern, " ")
	path = strings.NewReplacer("{username}", Walker, "{slot}", "primary", "{$}", "").Replace(path)
	for _, known := range p.ids {
		if strings.HasPrefix(path, known.path) {
			path = strings.NewReplacer("{id}", known.id, "{token}", known.id).Replace(path)
		}
	}
	if strings.Contains(path, "{") {
		t.Fatalf("there is no example of %s: add one to apptest.Places", pattern)
	}
	return path
}
