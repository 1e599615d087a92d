// Policy prints how long a PIN is judged, by Cardinal and by libpwquality,
// which most Linux systems judge passwords with: the same PINs, both accepting
// almost all of them, so that every rule is looked at. Runs alternate and the
// medians are shown; only the ratios say much about another machine.
//
//	go run ./bench/policy
//
// It needs a C compiler and libpwquality with its headers.
package main

import (
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench/policy:", err)
		os.Exit(1)
	}
}

// runs is how often each contender is measured.
const runs = 7

// contender is one way to judge all PINs of the workload.
type contender struct {
	name    string
	against int // the contender that it is compared with, by its place
	measure func() (sample, error)
	samples []sample
}

// sample is the outcome of one run.
type sample struct {
	nanoseconds float64 // a PIN
	accepted    int     // of the PINs of the workload
}

func run() error {
	work, err := newWorkload()
	if err != nil {
		return err
	}
	library, err := buildPwquality()
	if err != nil {
		return err
	}
	defer library.remove()
	contenders := []*contender{
		{name: "Cardinal, all rules, an owner known", against: 0, measure: work.knownOwner},
		{name: "libpwquality, a username known", against: 0, measure: library.withUsername(work)},
		{name: "libpwquality, a username known, its dictionary", against: 0, measure: library.withDictionary(work)},
		{name: "Cardinal, all rules, nobody known", against: 3, measure: work.unknownOwner},
		{name: "libpwquality, nobody known", against: 3, measure: library.withNothing(work)},
	}
	for range runs {
		for _, c := range contenders {
			s, err := c.measure()
			if err != nil {
				return fmt.Errorf("measure %s: %w", c.name, err)
			}
			c.samples = append(c.samples, s)
		}
	}
	fmt.Printf("%d PINs of 6 to 8 characters, half of them digits only; %d runs each, in turn\n", len(work.pins), runs)
	fmt.Printf("Cardinal allocates %v times a PIN.\n\n", work.allocations())
	return show(contenders)
}

// show writes a line for each contender: the median, the extremes, and the
// median of the ratios to the one it is compared with in the same round.
func show(contenders []*contender) error {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "\tns/PIN\tlowest\thighest\tratio\taccepted\t")
	for _, c := range contenders {
		var times, ratios []float64
		for i, s := range c.samples {
			times = append(times, s.nanoseconds)
			ratios = append(ratios, s.nanoseconds/contenders[c.against].samples[i].nanoseconds)
		}
		slices.Sort(times)
		slices.Sort(ratios)
		fmt.Fprintf(out, "%s\t%.0f\t%.0f\t%.0f\t%.2f\t%d\t\n", c.name,
			times[runs/2], times[0], times[runs-1], ratios[runs/2], c.samples[0].accepted)
	}
	return out.Flush()
}
