// Command cardinal is the server and its command line. It reads flags, asks the
// use cases, and prints; it decides nothing.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"cardinal"
)

// version is set when the program is built: -ldflags "-X main.version=…".
var version = "dev"

// The exit codes (spec: api).
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// terminal is what the program talks to, so that tests can talk to it.
type terminal struct {
	in  io.Reader
	out io.Writer // results
	err io.Writer // everything else
}

// errRefusedLines ends an import that refused lines, after its report.
var errRefusedLines = errors.New("lines were refused")

// errNotSent ends a test e-mail that could not be sent, after its report.
var errNotSent = errors.New("the test e-mail was not sent")

func main() {
	forgetEmptyVariables()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], terminal{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// forgetEmptyVariables makes a variable without a value, as unit files leave
// them, one that is not set. An empty address, for one, would be every address.
func forgetEmptyVariables() {
	for _, variable := range os.Environ() {
		if name, value, _ := strings.Cut(variable, "="); value == "" && strings.HasPrefix(name, "CARDINAL_") {
			_ = os.Unsetenv(name) // its name comes from the environment
		}
	}
}

// run parses the arguments, runs the command and returns the exit code.
func run(ctx context.Context, args []string, t terminal) int {
	var commands commands
	// kong ends the program after --help; its own panic is caught here instead.
	exited := -1
	parser, err := kong.New(&commands,
		kong.Name("cardinal"),
		kong.Description("PINs and card/ID numbers for shared printers and other shared devices."),
		kong.Writers(t.out, t.err),
		kong.Exit(func(code int) { exited = code }),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Vars{"version": version},
	)
	if err != nil {
		_, _ = fmt.Fprintln(t.err, "cardinal:", err)
		return exitFailed
	}
	if err := useConfigFile(parser, args); err != nil {
		_, _ = fmt.Fprintln(t.err, "cardinal:", err)
		return exitUsage
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		_, _ = fmt.Fprintf(t.err, "cardinal: %s\nRun \"cardinal --help\" for the commands and their flags.\n", misuse(err))
		return exitUsage
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return report(parsed.Run(&commands.Global, t), t)
}

// misuse says what is wrong with the arguments. It does not repeat one that a
// command has no use for: it may be a PIN or a password.
func misuse(err error) string {
	var parsing *kong.ParseError
	if errors.As(err, &parsing) && parsing.Context.Selected() != nil && strings.HasPrefix(err.Error(), "unexpected argument") {
		return "there is an argument too many. PINs and passwords are asked for, and never given as arguments"
	}
	return err.Error()
}

// report prints why a command failed, with every violation, and returns the exit
// code.
func report(err error, t terminal) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errRefusedLines), errors.Is(err, errNotSent), errors.Is(err, errRefusedUsers):
		return exitFailed
	}
	var known *cardinal.Error
	if !errors.As(err, &known) {
		_, _ = fmt.Fprintln(t.err, "cardinal:", err)
		return exitFailed
	}
	_, _ = fmt.Fprintln(t.err, "cardinal:", known.Detail)
	for _, v := range known.Violations {
		if v.Message != known.Detail {
			_, _ = fmt.Fprintf(t.err, "  %s: %s\n", v.Code, v.Message)
		}
	}
	if cause := errors.Unwrap(known); cause != nil {
		_, _ = fmt.Fprintln(t.err, "  because:", cause)
	}
	return exitFailed
}
