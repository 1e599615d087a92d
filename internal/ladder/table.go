package ladder

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Line is one line of the table: a server that is measured, and the results.
type Line struct {
	Name, Does string
	Address    string
	Child      *Child // nil: a server that was there before
	Compares   bool   // it is to refuse every wrong PIN and no right one
	Runs       []Result
}

// LineOf is the line of a rung that a child serves.
func LineOf(rung Rung, child *Child) Line {
	return Line{
		Name: string(rung), Does: rung.Does(), Address: child.Address, Child: child, Compares: rung == LookUp || rung == Commit,
	}
}

// Climb measures the lines by turns, so many times each, after a run to get warm.
// A server that answers anything but 200 and 401, or wrongly, is an error: who
// refuses looks fast.
func Climb(ctx context.Context, load Load, runs int, lines []Line, people People) error {
	warm := load
	warm.Duration = min(load.Duration, time.Second)
	for i := range lines {
		if _, err := lines[i].run(ctx, warm, people); err != nil {
			return err
		}
	}
	for range runs {
		for i := range lines {
			result, err := lines[i].run(ctx, load, people)
			if err != nil {
				return err
			}
			lines[i].Runs = append(lines[i].Runs, result)
		}
	}
	return nil
}

func (l Line) run(ctx context.Context, load Load, people People) (Result, error) {
	var before time.Duration
	if l.Child != nil {
		before = l.Child.CPU()
	}
	r, err := load.Run(ctx, l.Address, people)
	if err != nil {
		return r, err
	}
	if l.Child != nil {
		r.CPU = (l.Child.CPU() - before) / time.Duration(max(1, r.Answers))
	}
	if r.Answers > r.Statuses[200]+r.Statuses[401] || l.Compares && (r.Refused > 0 || r.Passed > 0) {
		return r, fmt.Errorf("%s answers %v; %d right PINs were refused, %d wrong ones passed", l.Name, r.Statuses, r.Refused, r.Passed)
	}
	return r, nil
}

// Median returns the medians of rate, p50, p99 and CPU over the runs, of which there
// must be one.
func (l Line) Median() Result {
	return Result{
		Rate: median(l.Runs, func(r Result) float64 { return r.Rate }),
		P50:  time.Duration(median(l.Runs, func(r Result) float64 { return float64(r.P50) })),
		P99:  time.Duration(median(l.Runs, func(r Result) float64 { return float64(r.P99) })),
		CPU:  time.Duration(median(l.Runs, func(r Result) float64 { return float64(r.CPU) })),
	}
}

func median(runs []Result, of func(Result) float64) float64 {
	values := make([]float64, len(runs))
	for i, r := range runs {
		values[i] = of(r)
	}
	slices.Sort(values)
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

// Print writes the lines with the ratio of each to each rung of the ladder: how
// many times as many answers a second.
func Print(w io.Writer, lines []Line) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	var rungs []Line
	var text strings.Builder
	text.WriteString("\tdoes\treq/s\tp50\tp99\tCPU\t")
	for _, l := range lines {
		if slices.Contains(Rungs(), Rung(l.Name)) {
			rungs = append(rungs, l)
			fmt.Fprintf(&text, "÷ %s\t", l.Name)
		}
	}
	fmt.Fprintln(&text)
	for _, l := range lines {
		m := l.Median()
		fmt.Fprintf(&text, "%s\t%s\t%.0f\t%.2f ms\t%.2f ms\t%.0f µs\t", l.Name, l.Does, m.Rate, milliseconds(m.P50), milliseconds(m.P99), float64(m.CPU)/float64(time.Microsecond))
		for _, rung := range rungs {
			fmt.Fprintf(&text, "%.2f\t", m.Rate/rung.Median().Rate)
		}
		fmt.Fprintln(&text)
	}
	if _, err := io.WriteString(table, text.String()); err != nil {
		return err
	}
	return table.Flush()
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
