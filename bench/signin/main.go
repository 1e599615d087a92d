// Signin measures sign-in at devices beside the ladder of what limits it (package
// ladder): every server on one core and with GOMAXPROCS=1, the load on another, in
// interleaved runs of which the medians are printed. It asks the product's own
// endpoint, with the devices' authentication and the records as users get them.
// The machine drifts, and rates say nothing about another one; ratios last.
//
//	go run ./bench/signin [-users N] [-runs N] [-seconds S] [-only e] [-profile FILE]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/app"
	"cardinal/internal/ladder"
)

type config struct {
	users, runs, connections, devices int
	seconds                           float64
	only, profile, database           string
}

func main() {
	c := config{}
	flag.IntVar(&c.users, "users", 100_000, "users")
	flag.IntVar(&c.runs, "runs", 5, "interleaved runs")
	flag.IntVar(&c.connections, "connections", 64, "connections at once")
	flag.IntVar(&c.devices, "devices", 20, "devices")
	flag.Float64Var(&c.seconds, "seconds", 4, "how long each run takes")
	flag.StringVar(&c.only, "only", "", "the letters to measure; none: all")
	flag.StringVar(&c.profile, "profile", "", "a file for the profile of the product's server")
	flag.StringVar(&c.database, "database", "", "an empty PostgreSQL database for the product; none: SQLite")
	flag.Parse()
	ctx := context.Background()
	var err error
	if name, dir := flag.Arg(0), flag.Arg(1); name != "" {
		err = serve(ctx, c, name, dir)
	} else {
		err = run(ctx, c)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/signin:", err)
		os.Exit(1)
	}
}

// product is the letter of Cardinal itself.
const product = "e"

// serve is what the processes do that are measured.
func serve(ctx context.Context, c config, name, dir string) (err error) {
	ctx, cancel := ladder.Until(ctx, os.Stdin)
	defer cancel()
	listener, err := ladder.Announce(ctx, os.Stdout)
	if err != nil {
		return err
	}
	if name != product {
		return ladder.Serve(ctx, ladder.Rung(name), filepath.Join(dir, "ladder.db"), listener)
	}
	if c.profile != "" {
		file, err := os.Create(c.profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer func() { pprof.StopCPUProfile(); _ = file.Close() }()
	}
	a, err := app.Open(ctx, app.Config{Data: dir, Database: c.database, Log: os.Stderr})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close(context.WithoutCancel(ctx))) }()
	return a.Serve(ctx, listener)
}

func run(ctx context.Context, c config) (err error) {
	dir, err := os.MkdirTemp("", "cardinal-signin-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	people, err := prepare(ctx, c, dir)
	if err != nil {
		return err
	}
	lines, stop, err := servers(ctx, c, dir)
	defer func() { err = errors.Join(err, stop()) }()
	if err != nil {
		return err
	}
	load := ladder.Load{Connections: c.connections, Duration: time.Duration(c.seconds * float64(time.Second)), Wrong: 0.01, Now: time.Now}
	if err := ladder.Climb(ctx, load, c.runs, lines, people); err != nil {
		return err
	}
	if err := ladder.Print(os.Stdout, lines); err != nil {
		return err
	}
	if last := lines[len(lines)-1]; last.Name == product && c.profile == "" {
		return alone(ctx, c, last.Address, people)
	}
	return nil
}

// servers starts those that are to be measured, and returns what stops them.
func servers(ctx context.Context, c config, dir string) (lines []ladder.Line, stop func() error, err error) {
	stop = func() (err error) {
		for _, l := range lines {
			err = errors.Join(err, l.Child.Stop())
		}
		return err
	}
	for _, rung := range ladder.Rungs() {
		if c.only != "" && !strings.Contains(c.only, string(rung)) {
			continue
		}
		child, err := start(ctx, c, string(rung), dir)
		if err != nil {
			return lines, stop, err
		}
		lines = append(lines, ladder.LineOf(rung, child))
	}
	if c.only != "" && !strings.Contains(c.only, product) {
		return lines, stop, nil
	}
	child, err := start(ctx, c, product, dir)
	if err != nil {
		return lines, stop, err
	}
	does := "the product: group commit, exact, on record"
	lines = append(lines, ladder.Line{Name: product, Does: does, Address: child.Address, Child: child, Compares: true})
	return lines, stop, nil
}

func prepare(ctx context.Context, c config, dir string) (p ladder.People, err error) {
	began := time.Now()
	p = ladder.PeopleOf(c.users)
	a, err := app.Open(ctx, app.Config{Data: dir, Database: c.database, Create: true})
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, a.Close(ctx)) }()
	made, err := a.Accounts.Install(ctx, account.NewCustomer{Name: "Acme", Admin: "ada", Password: cardinal.NewPassword("correct horse battery")})
	if err != nil {
		return p, err
	}
	if err := ladder.Settle(ctx, a, cardinal.Console(made.ID), &p, c.devices); err != nil {
		return p, err
	}
	if err := ladder.Fill(ctx, filepath.Join(dir, "ladder.db"), p); err != nil {
		return p, err
	}
	fmt.Printf("%d users and %d devices made in %v\n", c.users, c.devices, time.Since(began).Round(time.Second))
	return p, nil
}

// start starts one server, on the first core where the system can say so; this
// process then keeps to the second.
func start(ctx context.Context, c config, name, dir string) (*ladder.Child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := []string{program, "-profile", c.profile, "-database", c.database, name, dir}
	if _, err := exec.LookPath("taskset"); err == nil && runtime.NumCPU() > 1 {
		command = append([]string{"taskset", "-c", "0"}, command...)
		if err := exec.CommandContext(ctx, "taskset", "-a", "-p", "-c", "1", fmt.Sprint(os.Getpid())).Run(); err != nil {
			return nil, err
		}
	}
	return ladder.Start(ctx, []string{"GOMAXPROCS=1"}, command...)
}

// alone measures one caller whom nobody disturbs.
func alone(ctx context.Context, c config, address string, people ladder.People) error {
	var runs []ladder.Result
	for range c.runs {
		result, err := ladder.Load{Connections: 1, Duration: time.Second, Now: time.Now}.Run(ctx, address, people)
		if err != nil {
			return err
		}
		runs = append(runs, result)
	}
	m := ladder.Line{Runs: runs}.Median()
	fmt.Printf("one caller alone: p50 %v, p99 %v\n", m.P50, m.P99)
	return nil
}
