// Importing measures how fast people come in from a file, beside what the
// database does at best with the same rows, in one run and in turn: Cardinal's
// import of generated lines, and a program that does nothing but insert a user,
// a card number with its HMAC tag and an audit row for each, with prepared
// statements and large transactions. Cardinal imports twice: alone, which is
// compared with the raw program, and while users sign in one after the other in
// the same process, which is timed. Ratios say more than rates, and nothing about
// another machine.
//
//	go run ./bench/importing [-lines N] [-runs N] [-database postgres://…]
//
// Without -database it measures SQLite in a temporary directory; with it, a
// database that is empty at first and is not emptied afterwards.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime/pprof"
	"slices"
	"time"
)

func main() {
	c := config{}
	flag.IntVar(&c.lines, "lines", 100_000, "lines of the file")
	flag.IntVar(&c.runs, "runs", 3, "runs of each, in turn")
	flag.StringVar(&c.database, "database", "", "an empty PostgreSQL database; none: SQLite")
	flag.StringVar(&c.profile, "profile", "", "write a CPU profile of the imports to this file")
	flag.DurationVar(&c.pause, "pause", 5*time.Millisecond, "time between two sign-ins")
	flag.BoolVar(&c.dry, "dry-run", false, "rehearse the import instead")
	flag.Parse()
	if err := run(context.Background(), c); err != nil {
		fmt.Fprintln(os.Stderr, "bench/importing:", err)
		os.Exit(1)
	}
}

type config struct {
	lines    int
	runs     int
	database string
	profile  string
	pause    time.Duration
	dry      bool
}

// sample is one run of both.
type sample struct {
	raw, alone    float64 // lines a second
	together      float64 // lines a second while users sign in
	signIns       int
	p50, p99, max time.Duration // of sign-ins
	memory        float64       // MiB above idle at the peak
}

func run(ctx context.Context, c config) error {
	var samples []sample
	for i := range c.runs {
		s, err := measure(ctx, c, i)
		if err != nil {
			return err
		}
		fmt.Printf("run %d: raw %.0f lines/s; Cardinal %.0f, ratio %.2f, memory +%.0f MiB; with sign-ins %.0f lines/s, %d sign-ins p50 %v p99 %v max %v\n",
			i+1, s.raw, s.alone, s.alone/s.raw, s.memory, s.together, s.signIns, rounded(s.p50), rounded(s.p99), rounded(s.max))
		samples = append(samples, s)
	}
	fmt.Printf("%d lines, medians of %d runs in turn: Cardinal at %.2f of raw, with sign-ins at %.2f; their p99 %v; memory +%.0f MiB\n", c.lines, c.runs,
		median(samples, func(s sample) float64 { return s.alone / s.raw }),
		median(samples, func(s sample) float64 { return s.together / s.raw }),
		rounded(time.Duration(median(samples, func(s sample) float64 { return float64(s.p99) }))),
		median(samples, func(s sample) float64 { return s.memory }))
	return nil
}

func rounded(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }

func median(samples []sample, of func(sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// measure runs each once, on fresh data, in the other order in every other run.
func measure(ctx context.Context, c config, run int) (sample, error) {
	var s sample
	raw := func() (err error) {
		s.raw, err = measureRaw(ctx, c)
		return err
	}
	alone := func() error { return measureAlone(ctx, c, &s) }
	together := func() error { return measureTogether(ctx, c, &s) }
	steps := []func() error{raw, alone, together}
	if run%2 == 1 {
		slices.Reverse(steps)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return s, err
		}
	}
	return s, nil
}

func profiled(name string, do func() error) error {
	if name == "" {
		return do()
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return do()
}
