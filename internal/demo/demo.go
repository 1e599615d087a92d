// Package demo makes a sample organisation, as one who wants to see Cardinal
// before using it would set it up: through the same use cases as everybody.
package demo

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"

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

// Fill makes the organisation in an empty installation. The passwords and the
// device's token are new random ones each time.
func Fill(ctx context.Context, a *app.App) (Sample, error) {
	s := Sample{
		Organisation: organisation, Administrator: administrator, User: user,
		AdminPassword: password(), UserPassword: password(),
	}
	customer, err := a.Accounts.Install(ctx, account.NewCustomer{Name: organisation, Admin: administrator, Password: s.AdminPassword})
	if err != nil {
		return s, fmt.Errorf("demo: %w", err)
	}
	caller := cardinal.Console(customer.ID)
	if err := allowSelfService(ctx, a, caller); err != nil {
		return s, fmt.Errorf("demo: %w", err)
	}
	if _, err := a.Directory.Run(ctx, caller, bytes.NewReader(people), directory.Options{}, nil); err != nil {
		return s, fmt.Errorf("demo: %w", err)
	}
	if err := issuePINs(ctx, a, caller); err != nil {
		return s, fmt.Errorf("demo: %w", err)
	}
	if s.UserPIN, _, err = a.Door.GeneratePIN(ctx, caller, user, 0); err != nil {
		return s, fmt.Errorf("demo: %w", err)
	}
	if err := a.Accounts.SetPassword(ctx, caller, user, s.UserPassword); err != nil {
		return s, fmt.Errorf("demo: %w", err)
	}
	_, s.Device, err = a.Accounts.CreateDevice(ctx, caller, cardinal.Device{Name: "Printer on the second floor"})
	if err != nil {
		return s, fmt.Errorf("demo: %w", err)
	}
	return s, nil
}

// password makes one that can be typed from a console.
func password() cardinal.Password {
	const prefix, length = 5, 16
	return cardinal.NewPassword(seal.NewToken(seal.SessionToken).Reveal()[prefix : prefix+length])
}

func allowSelfService(ctx context.Context, a *app.App, caller cardinal.Caller) error {
	on, both := "true", `"both"`
	return a.Accounts.ChangeSettings(ctx, caller, account.SettingChange{Values: map[string]*string{
		setting.UserCanChangePIN.Key: &on, setting.UserCanChangeCardID.Key: &on, setting.UserCanViewCardID.Key: &both,
	}})
}

func issuePINs(ctx context.Context, a *app.App, caller cardinal.Caller) error {
	page, err := a.Accounts.Users(ctx, caller, account.UserQuery{Limit: withPIN})
	if err != nil {
		return err
	}
	for _, u := range page.Users {
		if u.Username == user || u.Username == administrator {
			continue
		}
		if _, _, err := a.Door.GeneratePIN(ctx, caller, u.Username, 0); err != nil {
			return err
		}
	}
	return nil
}
