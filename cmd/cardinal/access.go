package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/app"
)

func (c initCommand) initialize(ctx context.Context, g *Global, t terminal) (err error) {
	if g.Customer == "" {
		return cardinal.Errorf(cardinal.CodeInvalid, "Name the organisation with --customer.")
	}
	if !c.PasswordStdin && isTerminal(t.in) == nil {
		return cardinal.Errorf(cardinal.CodeInvalid, "Give the administrator's password on standard input, with --admin-password-stdin.")
	}
	password, err := askSecret(t, "Password of "+c.Admin)
	if err != nil {
		return err
	}
	a, err := g.open(ctx, true)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := a.Close(context.WithoutCancel(ctx)); err == nil {
			err = closeErr
		}
	}()
	made, err := a.Accounts.Install(ctx, account.NewCustomer{Name: g.Customer, Admin: c.Admin, Password: cardinal.NewPassword(password)})
	if err != nil {
		return err
	}
	if g.JSON {
		return printJSON(t, map[string]string{"customer": made.Name, "administrator": c.Admin})
	}
	return printLine(t, "%s is ready in %s. Start it with: cardinal serve --data %s", made.Name, g.Data, g.Data)
}

type tokenGroup struct {
	Create tokenCreate `cmd:"" help:"Make an API token and print it, the one time it can be seen."`
}

type tokenCreate struct {
	Name    string `required:"" help:"What the token is for."`
	Role    string `required:"" enum:"operator,administrator,helpdesk,auditor,provisioner" help:"operator, administrator, helpdesk, auditor or provisioner."`
	Expires string `placeholder:"90d" help:"How long it is valid, in days (90d) or hours (12h); without it, it does not expire."`
}

// Run prints the token alone.
func (c tokenCreate) Run(ctx context.Context, g *Global, t terminal) error {
	lifetime, err := parseLifetime(c.Expires)
	if err != nil {
		return err
	}
	return g.with(ctx, func(a *app.App, caller cardinal.Caller) error {
		made, token, err := a.Accounts.CreateToken(ctx, caller, c.Name, cardinal.Role(c.Role), lifetime)
		if err != nil {
			return err
		}
		if g.JSON {
			return printJSON(t, map[string]any{"id": made.ID, "name": made.Name, "role": made.Role, "token": token.Reveal()})
		}
		return printLine(t, "%s", token.Reveal())
	})
}

// parseLifetime reads 90d or 12h; empty is 0.
func parseLifetime(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	days, isDays := strings.CutSuffix(text, "d")
	if n, err := strconv.Atoi(days); isDays && err == nil && n > 0 && n <= 36500 {
		return time.Duration(n) * 24 * time.Hour, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return d, nil
	}
	return 0, cardinal.Errorf(cardinal.CodeInvalid, "--expires takes a number of days or hours, as in 90d or 12h.")
}

type deviceGroup struct {
	Create deviceCreate `cmd:"" help:"Make a device and print its token, the one time it can be seen."`
}

type deviceCreate struct {
	Name       string   `required:"" help:"The device's name, unique in the organisation."`
	Methods    []string `enum:"card,card-pin,username-pin,pin" placeholder:"METHOD,…" help:"Narrow the sign-in methods: card, card-pin, username-pin, pin."`
	Conversion string   `placeholder:"STEPS" help:"How the numbers it reads are converted, as hex-to-decimal|reverse-bytes."`
}

// Run prints the device's token alone.
func (c deviceCreate) Run(ctx context.Context, g *Global, t terminal) error {
	device := cardinal.Device{Name: c.Name, Conversion: c.Conversion}
	for _, m := range c.Methods {
		device.Methods = append(device.Methods, cardinal.Method(m))
	}
	return g.with(ctx, func(a *app.App, caller cardinal.Caller) error {
		made, token, err := a.Accounts.CreateDevice(ctx, caller, device)
		if err != nil {
			return err
		}
		if g.JSON {
			return printJSON(t, map[string]any{"id": made.ID, "name": made.Name, "token": token.Reveal()})
		}
		return printLine(t, "%s", token.Reveal())
	})
}
