package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/app"
	"cardinal/internal/bulk"
	"cardinal/internal/directory"
	"cardinal/internal/letter"
	"cardinal/internal/notify"
	"cardinal/internal/store"
)

// The administrator who visits the pages.
const visitor = "admin"

func password() cardinal.Password { return cardinal.NewPassword("correct horse battery") }

// lines is a file of invented people without holding it; nine of ten have a
// number, and six of ten a PIN.
func lines(n int) io.Reader {
	reader, writer := io.Pipe()
	go func() {
		var err error
		text := strings.Builder{}
		text.WriteString("username,full name,email,department,primary card number,pin\n")
		for i := 0; i < n && err == nil; i++ {
			number, pin := fmt.Sprintf("%010d", (uint64(i)*2654435761)%10_000_000_000), fmt.Sprintf("93%04d7", (i*7919)%10_000)
			if i%10 == 0 {
				number = ""
			}
			if i%10 >= 6 {
				pin = ""
			}
			fmt.Fprintf(&text, "user%d,Given%d Family%d,user%d@example.org,Department %d,%s,%s\n", i, i%997, i%1009, i, i%40, number, pin)
			if text.Len() > 1<<15 || i == n-1 {
				_, err = io.WriteString(writer, text.String())
				text.Reset()
			}
		}
		_ = writer.CloseWithError(err) // never fails
	}()
	return reader
}

// settle makes the organisation with its people.
func settle(ctx context.Context, a *app.App, users int) (cardinal.Customer, error) {
	customer, err := a.Accounts.Install(ctx, account.NewCustomer{Name: "Acme corporation", Admin: visitor, Password: password()})
	if err != nil {
		return customer, err
	}
	caller := cardinal.Console(customer.ID)
	hours := "120"
	if err := a.Accounts.ChangeSettings(ctx, caller, account.SettingChange{Values: map[string]*string{"pin.expiration-hours": &hours}}); err != nil {
		return customer, err
	}
	for i := range 20 {
		if _, _, err := a.Accounts.CreateDevice(ctx, caller, cardinal.Device{Name: fmt.Sprintf("Printer %d", i)}); err != nil {
			return customer, err
		}
	}
	_, err = a.Directory.Run(ctx, caller, lines(users), directory.Options{}, nil)
	return customer, err
}

// someone is the person whose pages are visited, and who has a role above user.
const someone = "user4242"

// furnish makes what pages with an identifier are about: a device, a token, an
// import of a few people and a bulk action on a thousand.
func furnish(ctx context.Context, a *app.App) (map[string]string, error) {
	customer, err := a.Accounts.CustomerNamed(ctx, "")
	if err != nil {
		return nil, err
	}
	caller := cardinal.Console(customer.ID)
	role := cardinal.RoleHelpdesk
	if _, err := a.Accounts.UpdateUser(ctx, caller, someone, 0, account.Fields{Role: &role}); err != nil {
		return nil, err
	}
	device, _, err := a.Accounts.CreateDevice(ctx, caller, cardinal.Device{Name: "Printer of the visit"})
	if err != nil {
		return nil, err
	}
	token, _, err := a.Accounts.CreateToken(ctx, caller, "Token of the visit", cardinal.RoleAuditor, 0)
	if err != nil {
		return nil, err
	}
	run, err := a.Directory.Start(ctx, caller, lines(2_000), directory.Options{DryRun: true})
	if err != nil {
		return nil, err
	}
	action, err := a.Bulk.NewID(ctx)
	if err != nil {
		return nil, err
	}
	request := bulk.Request{Kind: bulk.Enable}
	for i := range 1000 {
		request.Selection.Usernames = append(request.Selection.Usernames, fmt.Sprintf("user%d", i))
	}
	configuration, template, err := messages(ctx, a, caller)
	if err != nil {
		return nil, err
	}
	err = errors.Join(a.Bulk.Start(ctx, caller, action, request), a.Bulk.Wait(ctx), a.Directory.Wait(ctx))
	return map[string]string{
		"/options/messaging-configurations/": configuration, "/options/email-templates/": template,
		"/options/devices/": string(device.ID), "/options/api-tokens/": string(token.ID), "/options/customers/": string(customer.ID),
		"/import-users/": string(run), "/bulk-actions/": string(action),
	}, err
}

// messages makes a messaging configuration that leads nowhere, a template, and the
// notices of all PINs that end, which nobody sends.
func messages(ctx context.Context, a *app.App, caller cardinal.Caller) (configuration, template string, err error) {
	made, err := a.Notify.AddConfiguration(ctx, caller, cardinal.MessagingConfiguration{
		Name: "Mail of the visit", Host: "localhost", Port: 1, SenderAddress: "visit@example.org",
	}, notify.Secrets{})
	if err != nil {
		return "", "", err
	}
	copied, err := a.Notify.CopyTemplate(ctx, caller, string(letter.PINExpiration), "Letter of the visit")
	if err != nil {
		return "", "", err
	}
	hours, through := "8760", `"`+string(made.ID)+`"`
	err = a.Accounts.ChangeSettings(ctx, caller, account.SettingChange{Values: map[string]*string{
		"pin.expiration-notice-hours": &hours, "pin.expiration-notice.messaging-configuration": &through,
	}})
	if err != nil {
		return "", "", err
	}
	queued, err := a.Notify.QueueDue(ctx)
	fmt.Printf("%d notifications queued\n", queued)
	return string(made.ID), copied.ID, err
}

// signIns writes records of thirty days, by the clock of the time they are of.
func signIns(ctx context.Context, url string, customer cardinal.CustomerID, c config) error {
	const batch = 1000
	now := time.Now()
	at := now.AddDate(0, 0, -30)
	step := now.Sub(at) / time.Duration(c.signIns)
	s, err := store.Open(ctx, store.Options{
		URL: url, Clock: func() time.Time { return at },
		Chain: func(context.Context, *store.Tx, cardinal.CustomerID, []cardinal.AuditEntry) error {
			return errors.New("sign-ins have no audit entries")
		},
	})
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(1, 2))
	outcomes := []cardinal.Outcome{cardinal.OutcomeWrongPIN, cardinal.OutcomeUnknown, cardinal.OutcomeLocked, cardinal.OutcomeExpired}
	for done := 0; done < c.signIns && err == nil; done += batch {
		err = s.Write(ctx, func(tx *store.Tx) error {
			for range batch {
				person := random.IntN(c.users)
				record := cardinal.SignIn{
					ID: tx.NewID(), Customer: customer, Time: tx.Now(), Device: fmt.Sprintf("Printer %d", person%20), Method: cardinal.MethodCardPIN,
					Username: fmt.Sprintf("user%d", person), Outcome: cardinal.OutcomeSuccess, NumberEnd: fmt.Sprintf("%04d", person%10_000), Count: 1,
				}
				if random.IntN(8) == 0 {
					record.Outcome = outcomes[random.IntN(len(outcomes))]
				}
				if err := tx.AddSignIn(ctx, record, "", ""); err != nil {
					return err
				}
			}
			return nil
		})
		at = at.Add(step * batch)
	}
	return errors.Join(err, s.Close())
}

// databaseURL is where the data is.
func databaseURL(c config, dir string) string {
	if c.database != "" {
		return c.database
	}
	return filepath.Join(dir, "cardinal.db")
}

// fill makes the data in dir and says how long each part took.
func fill(ctx context.Context, c config, dir string) error {
	begin := time.Now()
	a, err := app.Open(ctx, app.Config{Data: dir, Database: c.database, Create: true})
	if err != nil {
		return err
	}
	customer, err := settle(ctx, a, c.users)
	if err == nil {
		err = a.Accounts.PrepareSearch(ctx)
	}
	if err := errors.Join(err, a.Close(ctx)); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d people imported in %v\n", c.users, time.Since(begin).Round(time.Second))
	begin = time.Now()
	if err := signIns(ctx, databaseURL(c, dir), customer.ID, c); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d sign-ins written in %v\n", c.signIns, time.Since(begin).Round(time.Second))
	return nil
}
