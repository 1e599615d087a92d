// Package demo makes a sample organisation, as one who wants to see Cardinal
// before using it would set it up: through the same use cases as everybody.
package demo

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/app"
	"cardinal/internal/directory"
	"cardinal/internal/seal"
	"cardinal/internal/setting"
)

// people are 2,000 invented people.
//
//go:embed people.csv
var people []byte

// organisation is the seed's example.
const organisation = "Acme corporation"

// The accounts of the sample. The administrator runs it; the user is one of the
// invented people, with a PIN.
const (
	administrator = "admin"
	user          = "hhughes"
)

// withPIN is how many of the people get a PIN.
const withPIN = 300

// Sample is a filled organisation, with what a visitor needs to walk through it.
type Sample struct {
	Organisation  string
	Administrator string
	AdminPassword cardinal.Password
	User          string
	UserPassword  cardinal.Password
	UserPIN       cardinal.PIN
	Device        cardinal.Token
}

// Visit is how somebody comes to see the sample.
type Visit struct {
	URL string // where they open it: links in e-mails begin with it
	// Ahead is by how much the installation's clock is ahead of the machine's. The
	// sample is made by the machine's, so that its clock then leaps: the visitor sees
	// what becomes of it, as long after.
	Ahead time.Duration
}

// Fill makes the organisation in an empty installation that runs by the clock:
// three days of its life, at the end of which the clock is right, and whose e-mail
// the post catches. The passwords and the device's token are new random ones each
// time.
func Fill(ctx context.Context, a *app.App, clock *app.Clock, post *Post, visit Visit) (Sample, error) {
	defer clock.SetBack(0)
	s, err := fill(ctx, a, rewound{clock, visit.Ahead}, post, visit)
	if err != nil {
		return s, fmt.Errorf("demo: %w", err)
	}
	return s, nil
}

// rewound is a clock that is set back from the machine's time, whatever the
// installation's is ahead of it.
type rewound struct {
	*app.Clock
	ahead time.Duration
}

func (r rewound) SetBack(by time.Duration) { r.Clock.SetBack(by + r.ahead) }

func fill(ctx context.Context, a *app.App, clock rewound, post *Post, visit Visit) (Sample, error) {
	s := Sample{
		Organisation: organisation, Administrator: administrator, User: user,
		AdminPassword: password(), UserPassword: password(),
	}
	clock.SetBack(age)
	customer, err := a.Accounts.Install(ctx, account.NewCustomer{Name: organisation, Admin: administrator, Password: s.AdminPassword})
	if err != nil {
		return s, err
	}
	caller := cardinal.Console(customer.ID)
	if err := decide(ctx, a, caller); err != nil {
		return s, err
	}
	if _, err := a.Directory.Run(ctx, caller, bytes.NewReader(people), directory.Options{}, nil); err != nil {
		return s, err
	}
	p := &past{app: a, clock: clock, caller: caller, random: rand.New(rand.NewPCG(1, 2))} //nolint:gosec // the same past at each start; no secret comes of it
	if s.Device, err = p.addDevices(ctx, "Printer on the second floor", "Printer in the library", "Copier at reception", "Plotter"); err != nil {
		return s, err
	}
	if err := p.issuePINs(ctx); err != nil {
		return s, err
	}
	clock.SetBack(0)
	if err := p.live(ctx); err != nil {
		return s, err
	}
	clock.SetBack(0)
	if s.UserPIN, _, err = a.Door.GeneratePIN(ctx, caller, user, 0); err != nil {
		return s, err
	}
	if err := a.Accounts.SetPassword(ctx, caller, user, s.UserPassword); err != nil {
		return s, err
	}
	if err := post.configure(ctx, a, caller, visit.URL); err != nil || visit.Ahead <= 0 {
		return s, err
	}
	return s, tellOnce(ctx, a)
}

// tellOnce sends what is due at the end of the three days: a server that ran since
// would have.
func tellOnce(ctx context.Context, a *app.App) error {
	if _, err := a.Notify.QueueDue(ctx); err != nil {
		return err
	}
	err := a.Notify.Deliver(ctx)
	a.Notify.Wait()
	return err
}

// password makes one that can be typed from a console.
func password() cardinal.Password {
	const prefix, length = 5, 16
	return cardinal.NewPassword(seal.NewToken(seal.SessionToken).Reveal()[prefix : prefix+length])
}

// decide lets people look after their own PINs and numbers, and PINs expire.
func decide(ctx context.Context, a *app.App, caller cardinal.Caller) error {
	on, both, hours := "true", `"both"`, pinHours
	return a.Accounts.ChangeSettings(ctx, caller, account.SettingChange{Values: map[string]*string{
		setting.UserCanChangePIN.Key: &on, setting.UserCanRequestPIN.Key: &on, setting.UserCanChangeCardID.Key: &on, setting.UserCanViewCardID.Key: &both,
		setting.PINExpirationHours.Key: &hours,
	}})
}
