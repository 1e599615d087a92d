package main

import (
	"context"

	"cardinal"
	"cardinal/internal/app"
)

type userGroup struct {
	Import userImport `cmd:"" help:"Make and change users from a CSV file."`
	Unlock userUnlock `cmd:"" help:"End the lock of a user after wrong tries."`
	SetPIN userSetPIN `cmd:"" name:"set-pin" help:"Give a user a PIN; asks for it."`

	MailPIN       userMailPIN       `cmd:"" name:"mail-pin" help:"Give users new random PINs and send them by e-mail."`
	RequireNewPIN userRequireNewPIN `cmd:"" name:"require-new-pin" help:"Have sign-ins with users' PINs say that new ones are wanted."`
	Invite        userInvite        `cmd:"" help:"Send users without a password a link by e-mail to choose one."`
}

type userUnlock struct {
	Username string `arg:"" help:"Whom."`
}

// Run unlocks one user.
func (c userUnlock) Run(ctx context.Context, g *Global, t terminal) error {
	return g.with(ctx, func(a *app.App, caller cardinal.Caller) error {
		if err := a.Door.Unlock(ctx, caller, c.Username); err != nil {
			return err
		}
		if g.JSON {
			return printJSON(t, map[string]string{"username": c.Username})
		}
		return printLine(t, "%s is unlocked.", c.Username)
	})
}

type userSetPIN struct {
	Username string `arg:"" help:"Whom."`
}

// Run reads the PIN, from the terminal or the first line of standard input, and
// sets it.
func (c userSetPIN) Run(ctx context.Context, g *Global, t terminal) error {
	pin, err := askSecret(t, "PIN of "+c.Username)
	if err != nil {
		return err
	}
	return g.with(ctx, func(a *app.App, caller cardinal.Caller) error {
		state, err := a.Door.SetPIN(ctx, caller, c.Username, cardinal.NewPIN(pin))
		if err != nil {
			return err
		}
		if g.JSON {
			return printJSON(t, map[string]any{"username": c.Username, "createdAt": state.CreatedAt, "expiresAt": optionalTime(state.ExpiresAt)})
		}
		if state.ExpiresAt.IsZero() {
			return printLine(t, "The PIN of %s is set.", c.Username)
		}
		return printLine(t, "The PIN of %s is set. It expires at %s.", c.Username, state.ExpiresAt.Format("2006-01-02 15:04 MST"))
	})
}
