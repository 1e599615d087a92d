package web

// ChartKind says how a chart draws its figures.
type ChartKind string

// The kinds of charts.
const (
	ChartBars  ChartKind = "bars"  // the series stand on top of one another: counts over time
	ChartLines ChartKind = "lines" // each series is a line: a measure over ordered categories
)

// Chart is figures as a picture, and as a table below it that unfolds. It is
// drawn as SVG by the server; colour never says anything alone, and the text
// keeps its size on a narrow screen. Without categories nothing is drawn: where
// there are no figures, an Empty says why. {{template "chart"}}
type Chart struct {
	ID      string // unique on the page
	Title   string // what the figures are: the name of the picture
	Summary string // the one thing to see in it, as a sentence
	Kind    ChartKind
	Across  string // what the categories are: "Hour", "Length of the PIN"
	Up      string // what the figures are, with their unit: "Sign-ins an hour"

	Categories []ChartCategory // from left to right
	Series     []ChartSeries   // bars: from the bottom up

	// Log gives each power of ten the same height; what is not above 0 is left out.
	Log bool
	// Mark is a value to compare with, drawn as a line across; without Label there is none.
	Mark ChartMark
	// Text writes a value in words, on the axis and in the table; nil writes it
	// as a number of the language.
	Text func(value float64) string
}

// ChartCategory is one place on the horizontal axis.
type ChartCategory struct {
	Label string // short, for the axis: "14:00"; left out where there is no room
	Name  string // in full, for the table and on hover; empty: Label
	URL   string // the list behind its figures; may be empty
}

// ChartSeries is one row of figures, one for each category; NaN is none.
type ChartSeries struct {
	Label  string
	Tone   Tone // also chooses the pattern of bars
	Values []float64
}

// ChartMark is a value that a line across the chart shows.
type ChartMark struct {
	Value float64
	Label string
}

func (c ChartCategory) name() string {
	if c.Name == "" {
		return c.Label
	}
	return c.Name
}

// linked reports whether a category leads somewhere.
func (c Chart) linked() bool {
	for _, category := range c.Categories {
		if category.URL != "" {
			return true
		}
	}
	return false
}
