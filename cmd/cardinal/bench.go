package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/app"
	"cardinal/internal/ladder"
)

type benchGroup struct {
	SignIn benchSignIn `cmd:"" help:"Sign many people in at a running server on the same data, beside a ladder of what limits it."`
	Rung   benchRung   `cmd:"" hidden:"" help:"Serve one rung of the ladder."`
}

type benchSignIn struct {
	Server      string  `default:"http://127.0.0.1:8420" placeholder:"URL" help:"The running server; it must work on the data that --data and --database name."`
	Users       int     `default:"10000" help:"How many users sign in: of an organisation that is made for this and deleted afterwards."`
	Devices     int     `default:"20" help:"At how many devices."`
	Connections int     `default:"64" help:"How many ask at once."`
	Seconds     float64 `default:"5" help:"How long each run takes."`
	Runs        int     `default:"5" help:"How many runs the medians are of; the rungs and the server take turns."`
	Wrong       float64 `default:"1" help:"How many of a hundred PINs are wrong."`
}

// Run measures and prints the table.
func (c benchSignIn) Run(ctx context.Context, g *Global, t terminal) error {
	address, err := c.address()
	if err != nil {
		return err
	}
	if err := reach(ctx, address); err != nil {
		return err
	}
	return g.with(ctx, func(a *app.App, operator cardinal.Caller) error {
		lines, err := c.measure(ctx, a, operator, address)
		switch {
		case err != nil:
			return err
		case g.JSON:
			return printJSON(t, medians(lines))
		}
		return ladder.Print(t.out, lines)
	})
}

func (c benchSignIn) measure(ctx context.Context, a *app.App, operator cardinal.Caller, address string) (lines []ladder.Line, err error) {
	people, forget, err := c.settle(ctx, a, operator)
	defer func() { err = errors.Join(err, forget()) }()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "cardinal-bench-*")
	if err != nil {
		return nil, fmt.Errorf("make a temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	lines, stop, err := climbers(ctx, filepath.Join(dir, "ladder.db"), people)
	defer func() { err = errors.Join(err, stop()) }()
	if err != nil {
		return nil, err
	}
	lines = append(lines, ladder.Line{Name: "server", Does: "sign-in at " + c.Server, Address: address, Compares: true})
	load := ladder.Load{Connections: c.Connections, Duration: time.Duration(c.Seconds * float64(time.Second)), Wrong: c.Wrong / 100, Now: time.Now}
	return lines, ladder.Climb(ctx, load, c.Runs, lines, people)
}

// address checks what would otherwise fail late.
func (c benchSignIn) address() (string, error) {
	if c.Users < 1 || c.Devices < 1 || c.Connections < 1 || c.Runs < 1 || c.Seconds <= 0 || c.Wrong < 0 || c.Wrong > 100 {
		return "", cardinal.Errorf(cardinal.CodeInvalid, "Users, devices, connections, runs and seconds are more than 0, and wrong is 0 to 100.")
	}
	server, err := url.Parse(c.Server)
	if err != nil || server.Scheme != "http" || server.Hostname() == "" {
		return "", cardinal.Errorf(cardinal.CodeInvalid, "The server's address looks like http://127.0.0.1:8420; encryption is not measured.")
	}
	port := server.Port()
	if port == "" {
		port = "80"
	}
	return net.JoinHostPort(server.Hostname(), port), nil
}

// reach looks whether anybody listens, before users are made for it.
func reach(ctx context.Context, address string) error {
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return cardinal.Errorf(cardinal.CodeUnavailable, "No server answers there. Start it, or name its address with --server.").Because(err)
	}
	return conn.Close()
}

// settle makes an organisation to measure with, and returns what deletes it.
func (c benchSignIn) settle(ctx context.Context, a *app.App, operator cardinal.Caller) (people ladder.People, forget func() error, err error) {
	made, err := a.Accounts.CreateCustomer(ctx, operator, account.NewCustomer{Name: "Sign-in bench " + rand.Text()[:8]})
	if err != nil {
		return people, func() error { return nil }, err
	}
	forget = func() error {
		ctx := context.WithoutCancel(ctx) // also after an interrupt
		return errors.Join(a.Accounts.DeleteCustomer(ctx, operator, made.ID), a.Accounts.EraseDeleted(ctx))
	}
	people = ladder.PeopleOf(c.Users)
	return people, forget, ladder.Settle(ctx, a, cardinal.Console(made.ID), &people, c.Devices)
}

// climbers starts the rungs, each in a process of its own as the server is, and
// returns what stops them.
func climbers(ctx context.Context, path string, people ladder.People) (lines []ladder.Line, stop func() error, err error) {
	stop = func() (err error) {
		for _, l := range lines {
			if l.Child != nil {
				err = errors.Join(err, l.Child.Stop())
			}
		}
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, stop, fmt.Errorf("find this program: %w", err)
	}
	if err := ladder.Fill(ctx, path, people); err != nil {
		return nil, stop, fmt.Errorf("fill the ladder: %w", err)
	}
	for _, rung := range ladder.Rungs() {
		child, err := ladder.Start(ctx, nil, program, "bench", "rung", string(rung), path)
		if err != nil {
			return lines, stop, fmt.Errorf("start rung %s: %w", rung, err)
		}
		lines = append(lines, ladder.LineOf(rung, child))
	}
	return lines, stop, nil
}

// measured is a line of the table for programs.
type measured struct {
	Name            string  `json:"name"`
	Does            string  `json:"does"`
	PerSecond       float64 `json:"perSecond"`
	P50Milliseconds float64 `json:"p50Milliseconds"`
	P99Milliseconds float64 `json:"p99Milliseconds"`
}

func medians(lines []ladder.Line) []measured {
	all := make([]measured, len(lines))
	for i, l := range lines {
		m := l.Median()
		all[i] = measured{l.Name, l.Does, m.Rate, float64(m.P50) / float64(time.Millisecond), float64(m.P99) / float64(time.Millisecond)}
	}
	return all
}

type benchRung struct {
	Name string `arg:"" enum:"a,b,c,d" help:"The rung."`
	Path string `arg:"" help:"The file that it looks in."`
}

// Run serves until standard input ends.
func (c benchRung) Run(ctx context.Context, t terminal) error {
	ctx, cancel := ladder.Until(ctx, t.in)
	defer cancel()
	listener, err := ladder.Announce(ctx, t.out)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if err := ladder.Serve(ctx, ladder.Rung(c.Name), c.Path, listener); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
