package main

import (
	"context"
	"errors"
	"time"

	"github.com/schollz/progressbar/v3"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/app"
	"cardinal/internal/bulk"
)

// errRefusedUsers ends an action on many users that refused some, after its report.
var errRefusedUsers = errors.New("users were refused")

// Whom is the users that a command is about.
type Whom struct {
	Usernames []string `arg:"" optional:"" name:"username" help:"Whom; or else --all."`
	All       bool     `help:"Everybody whom --search, --filter and --source find."`
	Search    string   `placeholder:"TEXT" help:"With --all: part of the name, the username or the e-mail address."`
	Filter    string   `placeholder:"STATE" enum:",no-pin,no-number,no-address,pin-expiring,expiring-today,locked,disabled,never-signed-in,pin-below-policy,pin-before-policy,pin-not-identifying,new-pin-required" default:"" help:"With --all: no-pin, pin-expiring, never-signed-in, pin-below-policy, pin-before-policy, new-pin-required and others, as in the list of users."`
	Source    string   `placeholder:"SOURCE" enum:",manual,api,import" default:"" help:"With --all: where the users come from: manual, api or import."`
}

func (w Whom) selection() (bulk.Selection, error) {
	narrowed := w.Search != "" || w.Filter != "" || w.Source != ""
	switch {
	case w.All == (len(w.Usernames) > 0):
		return bulk.Selection{}, cardinal.Errorf(cardinal.CodeInvalid, "Name users, or give --all.")
	case !w.All && narrowed:
		return bulk.Selection{}, cardinal.Errorf(cardinal.CodeInvalid, "--search, --filter and --source go with --all.")
	}
	return bulk.Selection{Usernames: w.Usernames, All: w.All, Query: account.UserQuery{
		Text: w.Search, Filter: account.UserFilter(w.Filter), Source: w.Source,
	}}, nil
}

type userInvite struct{ Whom }

// Run invites users.
func (c userInvite) Run(ctx context.Context, g *Global, t terminal) error {
	return g.many(ctx, t, bulk.Invite, c.Whom)
}

type userMailPIN struct{ Whom }

// Run makes PINs and has them sent.
func (c userMailPIN) Run(ctx context.Context, g *Global, t terminal) error {
	return g.many(ctx, t, bulk.MailPINs, c.Whom)
}

type userRequireNewPIN struct{ Whom }

// Run marks PINs.
func (c userRequireNewPIN) Run(ctx context.Context, g *Global, t terminal) error {
	return g.many(ctx, t, bulk.RequireNewPINs, c.Whom)
}

// many does one thing to users and prints what became of them. Users who were
// refused end it with exit code 1, after all the others are done.
func (g *Global) many(ctx context.Context, t terminal, kind bulk.Kind, whom Whom) error {
	selection, err := whom.selection()
	if err != nil {
		return err
	}
	return g.with(ctx, func(a *app.App, caller cardinal.Caller) error {
		request := bulk.Request{Kind: kind, Selection: selection}
		plan, err := a.Bulk.Plan(ctx, caller, request)
		if err != nil {
			return err
		}
		if plan.Missing > 0 {
			return cardinal.Errorf(cardinal.CodeNotFound, "There are no users of %d of these names. Nothing was done.", plan.Missing)
		}
		id, err := a.Bulk.NewID(ctx)
		if err != nil {
			return err
		}
		if err := a.Bulk.Start(ctx, caller, id, request); err != nil {
			return err
		}
		run, err := waitFor(ctx, t, a, caller, id)
		if err != nil {
			return err
		}
		return g.reportMany(ctx, t, a, caller, run)
	})
}

// lookEvery is how often it is looked how far an action is.
const lookEvery = 100 * time.Millisecond

// waitFor waits until an action is over, with a bar if somebody is looking.
func waitFor(ctx context.Context, t terminal, a *app.App, caller cardinal.Caller, id cardinal.BulkID) (bulk.Run, error) {
	run, err := a.Bulk.Run(ctx, caller, id)
	bar := progressbar.DefaultSilent(int64(run.Total))
	if isTerminal(t.err) != nil {
		bar = progressbar.NewOptions(run.Total, progressbar.OptionSetWriter(t.err), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	}
	for err == nil && run.State == bulk.Running {
		_ = bar.Set(run.Position()) // it is only looked at
		select {
		case <-ctx.Done():
			return run, cardinal.Errorf(cardinal.CodeUnavailable, "%d of %d users are done. The others follow while a server runs on this data.", run.Position(), run.Total)
		case <-time.After(lookEvery):
		}
		if err = a.Bulk.Resume(ctx); err == nil {
			run, err = a.Bulk.Run(ctx, caller, id)
		}
	}
	return run, errors.Join(err, bar.Finish())
}

// runJSON is an action on many users as the API shows it, with its refusals.
type runJSON struct {
	ID        cardinal.BulkID `json:"id"`
	Action    bulk.Kind       `json:"action"`
	State     bulk.State      `json:"state"`
	Total     int             `json:"total"`
	Done      int             `json:"done"`
	Unchanged int             `json:"unchanged"`
	Refused   int             `json:"refused"`
	Lines     []bulk.Line     `json:"lines"` // of those who were refused
}

func (g *Global) reportMany(ctx context.Context, t terminal, a *app.App, caller cardinal.Caller, run bulk.Run) error {
	refused, err := a.Bulk.Lines(ctx, caller, run.ID, bulk.Refused, 0, run.Refused+1)
	switch {
	case err != nil:
		return err
	case g.JSON:
		err = printJSON(t, runJSON{run.ID, run.Kind, run.State, run.Total, run.Done, run.Unchanged, run.Refused, append([]bulk.Line{}, refused...)})
	default:
		err = printMany(t, run, refused)
	}
	if err == nil && run.State != bulk.Done {
		err = cardinal.Errorf(cardinal.CodeUnavailable, "It ended before all users were done. %s", run.Detail)
	}
	if err == nil && run.Refused > 0 {
		err = errRefusedUsers
	}
	return err
}

func printMany(t terminal, run bulk.Run, refused []bulk.Line) error {
	for _, line := range refused {
		for _, reason := range line.Reasons {
			if err := printLine(t, "%s\trefused: %s", line.Username, reason.Message); err != nil {
				return err
			}
		}
	}
	return printLine(t, "%d done, %d unchanged, %d refused", run.Done, run.Unchanged, run.Refused)
}
