package ladder

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Line is one line of the table: what was measured, and the results of its runs.
type Line struct {
	Name, Does string
	Runs       []Result
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
