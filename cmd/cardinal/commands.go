package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"cardinal"
	"cardinal/internal/app"
)

// commands is the command line: its fields are the commands and their flags.
type commands struct {
	Global

	Serve        serveCommand      `cmd:"" help:"Run the server."`
	Demo         demoCommand       `cmd:"" help:"Run the server with a sample organisation in a temporary directory; nothing is kept."`
	Init         initCommand       `cmd:"" help:"Make the data directory, the organisation and its first administrator, who is operator too."`
	Token        tokenGroup        `cmd:"" help:"API tokens."`
	Device       deviceGroup       `cmd:"" help:"Devices."`
	User         userGroup         `cmd:"" help:"Users."`
	Settings     settingGroup      `cmd:"" help:"Settings."`
	Mail         mailGroup         `cmd:"" help:"How e-mail leaves."`
	Notification notificationGroup `cmd:"" help:"E-mails to users."`
	Key          keyGroup          `cmd:"" help:"The key ring."`
	Audit        auditGroup        `cmd:"" help:"The audit log."`
	Bench        benchGroup        `cmd:"" help:"How fast this machine is."`
	Version      versionCmd        `cmd:"" help:"Print the version."`
}

// Global is the flags that every command has. Flags come before CARDINAL_*
// variables, and those before the file.
type Global struct {
	Data     string `default:"./cardinal-data" env:"CARDINAL_DATA" type:"path" placeholder:"DIR" help:"The data directory."`
	Database string `env:"CARDINAL_DATABASE" placeholder:"URL" help:"postgres://… instead of SQLite in the data directory."`
	Customer string `env:"CARDINAL_CUSTOMER" placeholder:"NAME" help:"The organisation: the name init gives it; elsewhere needed only where there are several."`
	Config   string `env:"CARDINAL_CONFIG" type:"path" placeholder:"FILE" help:"A JSON file of flags by name, as {\"listen\": \":8420\"}."`
	JSON     bool   `help:"Print JSON for programs."`
}

// open opens the data for a command that is no server.
func (g Global) open(ctx context.Context, create bool) (*app.App, error) {
	return app.Open(ctx, app.Config{Data: g.Data, Database: g.Database, Create: create})
}

// with opens the data, finds the customer, runs do as the console and closes.
func (g Global) with(ctx context.Context, do func(*app.App, cardinal.Caller) error) (err error) {
	a, err := g.open(ctx, false)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := a.Close(context.WithoutCancel(ctx)); err == nil {
			err = closeErr
		}
	}()
	customer, err := a.Accounts.CustomerNamed(ctx, g.Customer)
	if err != nil {
		return err
	}
	return do(a, cardinal.Console(customer.ID))
}

// useConfigFile gives the flags that the file names the file's values as defaults.
func useConfigFile(parser *kong.Kong, args []string) error {
	path := os.Getenv("CARDINAL_CONFIG")
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--config="); ok {
			path = value
		} else if arg == "--config" && i+1 < len(args) {
			path = args[i+1]
		}
	}
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return fmt.Errorf("the file named by --config cannot be read: %w", err)
	}
	var values map[string]any
	if err := json.Unmarshal(text, &values); err != nil {
		return fmt.Errorf("the file named by --config is not a JSON object of flags: %w", err)
	}
	known := map[string]bool{"data": true, "database": true, "customer": true, "listen": true, "clock-offset": true, "trusted-proxies": true}
	for name := range values {
		if !known[name] {
			return fmt.Errorf("the file named by --config sets %q; it can set data, database, customer, listen, clock-offset and trusted-proxies", name)
		}
	}
	resolver := kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		value, ok := values[flag.Name]
		if ok && !slices.ContainsFunc(flag.Envs, isSet) { // kong itself would put the file before the variable
			return value, nil
		}
		return nil, nil //nolint:nilnil // kong's way to say "not here"
	})
	return kong.Resolvers(resolver).Apply(parser)
}

func isSet(variable string) bool {
	_, ok := os.LookupEnv(variable)
	return ok
}

type serveCommand struct {
	Listen        string `default:"127.0.0.1:8420" env:"CARDINAL_LISTEN" placeholder:"ADDRESS" help:"Where to listen, as 127.0.0.1:8420 or :8420."`
	MetricsListen string `env:"CARDINAL_METRICS_LISTEN" placeholder:"ADDRESS" help:"Where to answer Prometheus, at /metrics, as 127.0.0.1:9420 or :9420, which is this machine alone; nowhere by default."`

	ClockOffset time.Duration `env:"CARDINAL_CLOCK_OFFSET" placeholder:"DURATION" help:"Shift the clock, as 24h, to rehearse expiry on a copy of the data."`

	TrustedProxies []string `env:"CARDINAL_TRUSTED_PROXIES" placeholder:"CIDR,…" help:"The reverse proxies whose X-Forwarded-Proto and X-Forwarded-For are believed, as 10.0.0.5,192.168.1.0/24; none by default."`
}

// Run serves until the program is told to stop.
func (c serveCommand) Run(ctx context.Context, g *Global, t terminal) (err error) {
	trusted, err := app.ParseProxies(c.TrustedProxies)
	if err != nil {
		return err
	}
	listener, err := app.Listen(c.Listen)
	if err != nil {
		return err
	}
	config := app.Config{
		Data: g.Data, Database: g.Database, ClockOffset: c.ClockOffset, Create: true, Log: t.err, TrustedProxies: trusted, Version: version,
	}
	if c.MetricsListen != "" {
		if config.Metrics, err = app.ListenMetrics(c.MetricsListen); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	a, err := app.Open(ctx, config)
	if err != nil {
		_ = listener.Close() // nothing was served on it
		return err
	}
	defer func() {
		if closeErr := a.Close(context.WithoutCancel(ctx)); err == nil {
			err = closeErr
		}
	}()
	return a.Serve(ctx, listener)
}

type initCommand struct {
	Admin         string `required:"" placeholder:"USERNAME" help:"The username of the first administrator."`
	PasswordStdin bool   `name:"admin-password-stdin" help:"Read the administrator's password from standard input."`
}

// Run makes data directory, organisation and administrator.
func (c initCommand) Run(ctx context.Context, g *Global, t terminal) error {
	return c.initialize(ctx, g, t)
}

type auditGroup struct {
	Verify auditVerify `cmd:"" help:"Check that no audit entry was changed, inserted or removed."`
}

type auditVerify struct{}

// Run prints a line for each customer and fails if a chain is broken.
func (auditVerify) Run(ctx context.Context, g *Global, t terminal) error {
	a, err := g.open(ctx, false)
	if err != nil {
		return err
	}
	defer func() { _ = a.Close(context.WithoutCancel(ctx)) }() // it was only read
	findings, err := a.VerifyAudit(ctx)
	if err != nil {
		return err
	}
	broken := false
	for _, f := range findings {
		broken = broken || f.Broken > 0
	}
	if g.JSON {
		err = printJSON(t, verified(findings))
	} else {
		err = printFindings(t, findings)
	}
	if err == nil && broken {
		err = cardinal.Errorf(cardinal.CodeInternal, "The audit log is not whole: entries were changed, inserted or removed.")
	}
	return err
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(g *Global, t terminal) error {
	if g.JSON {
		return printJSON(t, map[string]string{"version": version})
	}
	return printLine(t, "cardinal %s", version)
}
