package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"cardinal/internal/app"
	"cardinal/internal/demo"
)

type demoCommand struct {
	Listen      string        `default:"127.0.0.1:8420" placeholder:"ADDRESS" help:"Where to listen; if it is in use, a free port is taken."`
	ClockOffset time.Duration `placeholder:"DURATION" help:"Shift the clock, as 24h, to see what becomes of the sample: PINs that have expired since."`
}

// Run serves the sample organisation from a temporary directory, which it
// removes at the end.
func (c demoCommand) Run(ctx context.Context, t terminal) (err error) {
	dir, err := os.MkdirTemp("", "cardinal-demo-")
	if err != nil {
		return fmt.Errorf("make a temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	listener, err := app.Listen(c.Listen)
	if err != nil {
		if listener, err = app.Listen("127.0.0.1:0"); err != nil {
			return err
		}
	}
	post, err := demo.Catch() //nolint:contextcheck // it listens until it is closed
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, post.Close()) }()
	clock := &app.Clock{}
	a, err := app.Open(ctx, app.Config{
		Data: dir, ClockOffset: c.ClockOffset, Clock: clock.Now, Create: true, Log: t.err,
		Beside: map[string]http.Handler{demo.CaughtPath: post.Pages()},
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, a.Close(context.WithoutCancel(ctx))) }()
	url := "http://" + listener.Addr().String()
	sample, err := demo.Fill(ctx, a, clock, post, demo.Visit{URL: url, Ahead: c.ClockOffset})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := tell(t, sample, url); err != nil {
		return err
	}
	return a.Serve(ctx, listener)
}

func tell(t terminal, s demo.Sample, url string) error {
	return printLine(t, `
%s is at %s

  administrator   %s   %s
  user            %s   %s

E-mail is caught, and shown at %s%s

A device asks who somebody is:

  curl -s %s/api/v1/sign-in -H "Authorization: Bearer %s" \
       -d '{"username": "%s", "pin": "%s"}'

Nothing is kept. Stop with Ctrl-C.
`, s.Organisation, url, s.Administrator, s.AdminPassword.Reveal(), s.User, s.UserPassword.Reveal(),
		url, demo.CaughtPath, url, s.Device.Reveal(), s.User, s.UserPIN.Reveal())
}
