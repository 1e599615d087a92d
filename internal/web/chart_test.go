package web_test

import (
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/browsertest"
	"cardinal/internal/web"
	"cardinal/internal/web/htmlcheck"
)

// day is the sign-ins of a day by hour, as on a dashboard.
func day() web.Chart {
	c := web.Chart{
		ID: "day", Title: "Sign-ins", Summary: "Most sign-ins were between 9 and 10.", Kind: web.ChartBars, Across: "Hour", Up: "Sign-ins an hour",
		Series: []web.ChartSeries{
			{Label: "Successful", Tone: web.ToneInfo}, {Label: "Failed", Tone: web.ToneWarning}, {Label: "Locked", Tone: web.ToneDanger},
		},
	}
	for hour := range 24 {
		label := strconv.Itoa(hour) + ":00"
		c.Categories = append(c.Categories, web.ChartCategory{Label: label, Name: "12 May, " + label, URL: "/logs/sign-ins?hour=" + strconv.Itoa(hour)})
		height := 0.0
		if hour > 5 && hour < 21 {
			height = math.Round(880 * math.Exp(-math.Pow(float64(hour)-9.4, 2)/9))
		}
		c.Series[0].Values = append(c.Series[0].Values, height)
		c.Series[1].Values = append(c.Series[1].Values, math.Floor(height/9))
		c.Series[2].Values = append(c.Series[2].Values, math.Floor(height/70))
	}
	return c
}

// risk is two falling lines over a logarithmic scale.
func risk() web.Chart {
	c := web.Chart{
		ID: "risk", Title: "Risk by length", Summary: "From 7 characters on the risk is below 1 %.", Kind: web.ChartLines, Across: "Length", Up: "Chance in a year",
		Log: true, Mark: web.ChartMark{Value: 0.01, Label: "1 %"},
		Text: func(value float64) string {
			return "1 in " + strconv.FormatFloat(math.Round(1/value), 'f', -1, 64)
		},
		Series: []web.ChartSeries{{Label: "Today: 120 users", Tone: web.ToneInfo}, {Label: "Ten times as many", Tone: web.ToneWarning}},
	}
	for length := 4; length <= 10; length++ {
		c.Categories = append(c.Categories, web.ChartCategory{Label: strconv.Itoa(length), Name: strconv.Itoa(length) + " characters"})
		c.Series[0].Values = append(c.Series[0].Values, min(1, 900*math.Pow(10, -float64(length))*10))
		c.Series[1].Values = append(c.Series[1].Values, min(1, 9000*math.Pow(10, -float64(length))*10))
	}
	return c
}

// startCharts serves each chart on a page of its own, all of them on the first.
func startCharts(t testing.TB, charts ...web.Chart) string {
	t.Helper()
	kit := newKit(t)
	a := area(`<div class="stack">{{range .Data}}<section class="card"><div class="card-body">{{template "chart" .}}</div></section>{{end}}</div>`)
	a.Layout, a.Nav = web.LayoutAdministrator, administratorNav
	page := parsed[[]web.Chart](t, kit, a, "page.html")
	return serve(t, kit, web.Route{Pattern: "GET /", Permission: cardinal.PermNone, Handle: func(w http.ResponseWriter, r *http.Request) error {
		return page.Show(w, r, web.Head{Title: "Charts"}, charts)
	}}).URL
}

func drawn(t testing.TB, charts ...web.Chart) htmlcheck.Document {
	t.Helper()
	return htmlcheck.Parse(t, ask(t, "GET", startCharts(t, charts...)).Body)
}

func attrOf(t testing.TB, d htmlcheck.Document, selector, name string, index int) string {
	t.Helper()
	found := d.All(selector)
	if index >= len(found) {
		t.Fatalf("%s finds %d elements", selector, len(found))
	}
	value, _ := htmlcheck.Attr(found[index], name)
	return value
}

func TestBarsStandOnOneAnother(t *testing.T) {
	t.Parallel()
	c := web.Chart{
		ID: "c", Title: "Sign-ins", Summary: "Two hours.", Kind: web.ChartBars, Across: "Hour", Up: "Number",
		Categories: []web.ChartCategory{{Label: "8", Name: "8 to 9", URL: "/list?from=8"}, {Label: "9"}},
		Series: []web.ChartSeries{
			{Label: "Good", Tone: web.ToneInfo, Values: []float64{600, 0}}, {Label: "Bad", Tone: web.ToneDanger, Values: []float64{400, 1}},
		},
	}
	d := drawn(t, c)
	number := func(selector, name string, index int) int {
		n, err := strconv.Atoi(attrOf(t, d, selector, name, index))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const bar = "g.chart-slot rect.chart-bar"
	good, bad, small := number(bar, "height", 0), number(bar, "height", 1), number(bar, "height", 2)
	if len(d.All(bar)) != 3 || max(good*2-bad*3, bad*3-good*2) > 2 || number(bar, "y", 0) != number(bar, "y", 1)+bad || small != 2 {
		t.Errorf("600, 400 and 1 are %d, %d and %d high", good, bad, small)
	}
	// 1,000 is the highest tick, so both together reach from the lowest to it.
	if top := number(".chart-plot line.chart-grid", "y1", len(d.All("line.chart-grid"))-1); number(bar, "y", 1) != top {
		t.Errorf("1,000 ends at %d, the tick is at %d", number(bar, "y", 1), top)
	}
	if a, b := attrOf(t, d, bar, "fill", 0), attrOf(t, d, bar, "fill", 1); a != "url(#c-info)" || b != "url(#c-danger)" || len(d.All("pattern#c-danger")) != 1 {
		t.Errorf("the bars are filled with %s and %s", a, b)
	}
	if got := htmlcheck.Words(d.All("g.chart-slot title")[0]); got != "8 to 9: Good 600, Bad 400" {
		t.Errorf("on hover it says %q", got)
	}
	var ticks []string
	for _, node := range d.All(".chart-axis text") {
		ticks = append(ticks, htmlcheck.Words(node))
	}
	if got := strings.Join(ticks, " "); got != "0 200 400 600 800 1,000" {
		t.Errorf("the ticks are %s", got)
	}
	if len(d.All(".chart-legend li")) != 2 {
		t.Error("the bars' patterns are not explained")
	}
	// The picture leads where the table does; the keyboard goes by the table.
	if attrOf(t, d, ".chart-plot a", "href", 0) != "/list?from=8" || attrOf(t, d, ".chart-plot a", "tabindex", 0) != "-1" || d.Attr(".chart-picture", "aria-hidden") != "true" {
		t.Error("the picture's links are in the way of the keyboard, or do not lead anywhere")
	}
	if got := d.Attr(".chart-table tbody a", "href"); got != "/list?from=8" {
		t.Errorf("the table leads to %q", got)
	}
	var cells []string
	for _, node := range d.All(".chart-table tbody td") {
		cells = append(cells, htmlcheck.Words(node))
	}
	if got := strings.Join(cells, " "); got != "600 400 0 1" {
		t.Errorf("the table says %s", got)
	}
}

func TestLinesAreNamedWhereTheyRun(t *testing.T) {
	t.Parallel()
	c := risk()
	c.Series[0].Values[1] = math.NaN()
	d := drawn(t, c)
	if d.Attr(".chart-picture", "role") != "img" || d.Attr(".chart-picture", "aria-label") != "Risk by length. From 7 characters on the risk is below 1 %." {
		t.Errorf("the picture is called %q", d.Attr(".chart-picture", "aria-label"))
	}
	var names []string
	for _, node := range d.All("text.chart-name") {
		names = append(names, htmlcheck.Words(node))
	}
	if got := strings.Join(names, ", "); got != "1 %, Today: 120 users, Ten times as many" || len(d.All(".chart-legend-narrow li")) != 2 {
		t.Errorf("the lines are called %s", got)
	}
	// The lines come from above the mark, so its name stands below it, at its beginning.
	mark, err := strconv.Atoi(d.Attr("line.chart-mark", "y1"))
	name, also := strconv.Atoi(attrOf(t, d, "text.chart-name", "y", 0))
	if err != nil || also != nil || name <= mark || attrOf(t, d, "text.chart-name", "text-anchor", 0) != "start" {
		t.Errorf("the mark at %d is named at %d", mark, name)
	}
	// A value that is not there is a gap, in the picture and in the table.
	if first, second := len(d.All("g.chart-points.chart-order-0 circle")), len(d.All(".chart-plot g.chart-line.chart-order-0 line")); first != 6 || second != 4 {
		t.Errorf("%d points and %d parts of a line with a gap", first, second)
	}
	if got := htmlcheck.Words(d.All(".chart-table tbody td")[2]); got != "–" {
		t.Errorf("the table says %q for what is not there", got)
	}
	// Equal ratios are equal heights: each step of these lines is a factor of ten.
	var heights []string
	for i := range 5 {
		heights = append(heights, attrOf(t, d, "g.chart-points.chart-order-1 rect", "y", i+2))
	}
	for i := 2; i < len(heights); i++ {
		a, _ := strconv.Atoi(heights[i-2])
		b, _ := strconv.Atoi(heights[i-1])
		c, _ := strconv.Atoi(heights[i])
		if a >= b || b-a-(c-b) > 1 || c-b-(b-a) > 1 {
			t.Errorf("the heights are %v", heights)
		}
	}
}

func TestTicksAreRound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		values []float64
		log    bool
		want   string
	}{
		"nothing yet":   {[]float64{0, 0}, false, "0 1"},
		"one":           {[]float64{1}, false, "0 1"},
		"few":           {[]float64{3, 7}, false, "0 2 4 6 8"},
		"many":          {[]float64{998}, false, "0 200 400 600 800 1,000"},
		"parts":         {[]float64{0.5}, false, "0 0.1 0.2 0.3 0.4 0.5"},
		"powers of ten": {[]float64{3, 1e3}, true, "1 10 100 1,000"},
		"far apart":     {[]float64{1, 1e12}, true, "1 1,000 1,000,000 1,000,000,000 1,000,000,000,000"},
		"nothing above": {[]float64{0}, true, "0.1 1"},
	} {
		chart := web.Chart{ID: "c", Kind: web.ChartLines, Log: c.log, Series: []web.ChartSeries{{Label: "a", Tone: web.ToneInfo, Values: c.values}}}
		for range c.values {
			chart.Categories = append(chart.Categories, web.ChartCategory{Label: "x"})
		}
		var got []string
		for _, node := range drawn(t, chart).All(".chart-axis text") {
			got = append(got, htmlcheck.Words(node))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %s, want %s", name, strings.Join(got, " "), c.want)
		}
	}
}

// TestLabelsHaveRoom looks for labels that touch, on the narrowest and on a wide
// screen, and asks axe-core about the charts.
func TestLabelsHaveRoom(t *testing.T) {
	b := browsertest.New(t)
	dense := day()
	dense.ID = "week"
	for range 2 {
		dense.Categories = append(dense.Categories, dense.Categories...)
	}
	url := startCharts(t, day(), risk(), dense)
	const touching = `(() => {
		let found = 0;
		for (const svg of document.querySelectorAll(".chart-plot, .chart-axis")) {
			const boxes = Array.from(svg.querySelectorAll("text")).filter(t => t.checkVisibility()).map(t => t.getBoundingClientRect());
			boxes.forEach((a, i) => boxes.slice(i + 1).forEach(b => {
				if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom) found++;
			}));
			const frame = svg.closest(".card").getBoundingClientRect();
			found += boxes.filter(b => b.left < frame.left || b.right > frame.right).length;
		}
		return found;
	})()`
	const labels = `Array.from(document.querySelectorAll("#day .chart-slot text")).filter(t => t.checkVisibility()).length`
	for _, screen := range []struct {
		scheme browsertest.Scheme
		width  int
		labels int
	}{{browsertest.Light, 1280, 8}, {browsertest.Dark, 1280, 8}, {browsertest.Light, 390, 4}, {browsertest.Dark, 320, 4}} {
		b.Prefer(screen.scheme)
		b.Screen(screen.width, 800)
		b.Open(url)
		name := string(screen.scheme) + "-" + strconv.Itoa(screen.width)
		if n := browsertest.Eval[int](b, touching); n > 0 {
			t.Errorf("%s: %d labels touch another or leave their place", name, n)
		}
		if n := browsertest.Eval[int](b, labels); n != screen.labels {
			t.Errorf("%s: %d hours are labelled", name, n)
		}
		if over := b.Overflow(); over > 0 {
			t.Errorf("%s: %d pixels too wide", name, over)
		}
		for _, finding := range b.Axe() {
			t.Errorf("%s: %s", name, finding)
		}
		if pictures := os.Getenv("CARDINAL_PICTURES"); pictures != "" {
			b.Screenshot(filepath.Join(pictures, "charts-"+name+".png"))
		}
	}
	for _, problem := range b.Problems() {
		t.Errorf("the browser complains: %s", problem)
	}
}
