package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The measures of a chart in pixels. Heights are fixed and widths are parts of
// the whole, so that the chart fills its place and its text keeps its size.
const (
	chartHeight   = 226
	chartTop      = 24  // of the highest tick
	chartBottom   = 200 // of the lowest
	characterSize = 6.6 // width of a character of the axis, on average
	narrowPlot    = 190 // what a chart has to itself on the narrowest screen
	widePlot      = 460
)

// plot is a chart worked out: what its template draws.
type plot struct {
	Chart
	Height, Base int
	AxisWidth    int
	Ticks        []plotTick
	Slots        []plotSlot
	Lines        []plotLine
	Mark         *plotTick
	MarkAt       plotLabel
	Legend       bool // always shown; otherwise only where there is no room for names beside the lines
	Link         bool
	Rows         []plotRow
}

// plotTick is a line across, with what it stands for.
type plotTick struct {
	Y    int
	Text string
}

// plotSlot is one category: its label below, and its bar.
type plotSlot struct {
	ChartCategory
	X, Width, Middle string // parts of the whole, in percent
	Title            string
	Show             string // when the label is shown: "always", "wide", or not
	Bars             []plotBar
}

type plotBar struct {
	X, Width  string
	Y, Height int
	Fill      string // the pattern's id
}

// plotPattern is how bars of a tone are filled, named after the chart.
type plotPattern struct {
	ID   string
	Tone Tone
}

// plotLine is one series of a chart of lines.
type plotLine struct {
	Label    string
	Tone     Tone
	Order    int // 0 for the first: chooses dashes and the shape of the points
	Segments []plotSegment
	Points   []plotPoint
	At       plotLabel
}

type plotSegment struct {
	X1, X2 string
	Y1, Y2 int
}

type plotPoint struct {
	X     string
	Y     int
	Title string
}

// plotLabel is where a line's name stands: beside a point, where the line does
// not go.
type plotLabel struct {
	X      string
	Y      int
	DX     int
	Anchor string
}

// plotRow is a row of the table.
type plotRow struct {
	ChartCategory
	Texts []string
}

// plot works out a chart. It is a function of the templates.
func (w *Words) plot(c Chart) *plot {
	if len(c.Categories) == 0 {
		return nil
	}
	if c.Text == nil {
		c.Text = w.Figure
	}
	s := scaleOf(c)
	p := &plot{Chart: c, Height: chartHeight, Base: chartBottom, Link: c.linked(), Legend: c.Kind == ChartBars || len(c.Series) > 2}
	widest := 0
	for _, value := range s.ticks {
		tick := plotTick{Y: heightOf(s, value), Text: c.Text(value)}
		widest = max(widest, utf8.RuneCountInString(tick.Text))
		p.Ticks = append(p.Ticks, tick)
	}
	p.AxisWidth = int(float64(widest)*characterSize) + 12
	if c.Mark.Label != "" {
		p.Mark = &plotTick{Y: heightOf(s, c.Mark.Value), Text: c.Mark.Label}
	}
	p.addSlots(s)
	if c.Kind == ChartLines {
		p.addLines(s)
	}
	if p.Mark != nil {
		p.MarkAt = placeMark(p.Mark.Y, p.Lines)
	}
	p.addRows()
	return p
}

// Figure returns a number as the language writes it, with one decimal place
// where it is not whole.
func (w *Words) Figure(value float64) string {
	if value == math.Trunc(value) && math.Abs(value) < 1<<53 {
		return w.numbers.Sprintf("%d", int64(value))
	}
	return w.numbers.Sprintf("%.1f", value)
}

func heightOf(s scale, value float64) int {
	return chartBottom - int(math.Round(s.at(value)*(chartBottom-chartTop)))
}

func percent(part float64) string { return strconv.FormatFloat(100*part, 'f', 2, 64) + "%" }

func (p *plot) addSlots(s scale) {
	count := float64(len(p.Categories))
	wide, narrow := labelSteps(p.Categories)
	for i, category := range p.Categories {
		slot := plotSlot{
			ChartCategory: category, X: percent(float64(i) / count), Width: percent(1 / count),
			Middle: percent((float64(i) + 0.5) / count), Title: p.titleOf(i),
		}
		switch {
		case i%narrow == 0:
			slot.Show = "always"
		case i%wide == 0:
			slot.Show = "wide"
		}
		if p.Kind == ChartBars {
			slot.Bars = p.barsOf(s, i)
		}
		p.Slots = append(p.Slots, slot)
	}
}

// barsOf stacks the figures of a category. One that is not 0 is seen, however
// small it is.
func (p *plot) barsOf(s scale, category int) []plotBar {
	const share, thinnest = 0.76, 2
	count := float64(len(p.Categories))
	left := percent((float64(category) + (1-share)/2) / count)
	var bars []plotBar
	sum, foot := 0.0, chartBottom
	for _, series := range p.Series {
		value := series.at(category)
		if !(value > 0) {
			continue
		}
		sum += value
		top := min(heightOf(s, sum), foot-thinnest)
		bars = append(bars, plotBar{X: left, Width: percent(share / count), Y: top, Height: foot - top, Fill: p.ID + "-" + string(series.Tone)})
		foot = top
	}
	return bars
}

// titleOf says all figures of a category.
func (p *plot) titleOf(category int) string {
	var parts []string
	for _, s := range p.Series {
		if value := s.at(category); !math.IsNaN(value) {
			parts = append(parts, s.Label+" "+p.Text(value))
		}
	}
	return p.Categories[category].name() + ": " + strings.Join(parts, ", ")
}

// labelSteps returns of how many categories one is labelled, where there is
// much room and where there is little; the second is a multiple of the first.
func labelSteps(categories []ChartCategory) (wide, narrow int) {
	longest := 1
	for _, category := range categories {
		longest = max(longest, utf8.RuneCountInString(category.Label))
	}
	each := float64(longest)*characterSize + 14
	needed := func(room float64) int {
		fits := max(1, int(room/each))
		return (len(categories) + fits - 1) / fits
	}
	wide = roundOf(needed(widePlot), 1)
	return wide, roundOf(needed(narrowPlot), wide)
}

// roundOf returns the first at or above least of the steps in which people
// count hours, days and lengths that is a multiple of unit.
func roundOf(least, unit int) int {
	for _, step := range []int{1, 2, 3, 4, 6, 7, 12, 14, 24, 28, 48, 72, 84, 168} {
		if step >= least && step%unit == 0 {
			return step
		}
	}
	return (least + unit - 1) / unit * unit
}

func (p *plot) addLines(s scale) {
	count := float64(len(p.Categories))
	for order, series := range p.Series {
		line := plotLine{Label: series.Label, Tone: series.Tone, Order: order}
		connected := false
		for i, category := range p.Categories {
			value := series.at(i)
			if math.IsNaN(value) || p.Log && value <= 0 {
				connected = false
				continue
			}
			point := plotPoint{X: percent((float64(i) + 0.5) / count), Y: heightOf(s, value)}
			point.Title = fmt.Sprintf("%s, %s: %s", series.Label, category.name(), p.Text(value))
			if connected {
				last := line.Points[len(line.Points)-1]
				line.Segments = append(line.Segments, plotSegment{X1: last.X, Y1: last.Y, X2: point.X, Y2: point.Y})
			}
			line.Points, connected = append(line.Points, point), true
		}
		p.Lines = append(p.Lines, line)
	}
	if !p.Legend {
		placeLabels(p.Lines)
	}
}

// placeLabels puts the names of one or two lines where the lines do not go: a
// falling line leaves room to the upper right of its beginning and to the lower
// left of its end, a rising one the other way round.
func placeLabels(lines []plotLine) {
	for i := range lines {
		points := lines[i].Points
		if len(points) == 0 {
			continue
		}
		upper := len(lines) == 1 || len(lines[1-i].Points) == 0 || level(points) < level(lines[1-i].Points) ||
			level(points) == level(lines[1-i].Points) && i == 1
		falling := points[len(points)-1].Y >= points[0].Y
		early, late := points[min(1, len(points)-1)], points[max(0, len(points)-2)]
		label := plotLabel{X: early.X, Y: early.Y, DX: 10, Anchor: "start"}
		if upper != falling {
			label = plotLabel{X: late.X, Y: late.Y, DX: -10, Anchor: "end"}
		}
		label.Y += map[bool]int{true: -6, false: 16}[upper]
		lines[i].At = label
	}
}

// placeMark puts the name of the line across where no line runs: lines that come
// from above it leave room below its beginning, others above its end.
func placeMark(y int, lines []plotLine) plotLabel {
	for _, line := range lines {
		if len(line.Points) == 0 || line.Points[0].Y >= y {
			return plotLabel{X: percent(1), Y: y - 6, Anchor: "end"}
		}
	}
	return plotLabel{X: percent(0), Y: y + 16, DX: 6, Anchor: "start"}
}

// level is the mean height of a line, in pixels from the top.
func level(points []plotPoint) int {
	sum := 0
	for _, point := range points {
		sum += point.Y
	}
	return sum / len(points)
}

func (p *plot) addRows() {
	for i, category := range p.Categories {
		row := plotRow{ChartCategory: category}
		row.Name = category.name()
		for _, series := range p.Series {
			text := ""
			if value := series.at(i); !math.IsNaN(value) {
				text = p.Text(value)
			}
			row.Texts = append(row.Texts, text)
		}
		p.Rows = append(p.Rows, row)
	}
}
