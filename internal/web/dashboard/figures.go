package dashboard

import (
	"net/http"
	"sort"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/signin"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// spans are stretches of time that follow one another: hours, or calendar days
// of the customer. The last one ends at until.
type spans struct {
	starts []time.Time
	until  time.Time
	daily  bool
}

func (s spans) from() time.Time { return s.starts[0] }

// end is where a span ends.
func (s spans) end(i int) time.Time {
	if i+1 < len(s.starts) {
		return s.starts[i+1]
	}
	return s.until
}

// at returns which span an instant is in, -1 for none.
func (s spans) at(t time.Time) int {
	if !t.Before(s.until) {
		return -1
	}
	return sort.Search(len(s.starts), func(i int) bool { return s.starts[i].After(t) }) - 1
}

// hours are so many hours of the clock in first's zone, from the one that first is in.
func hours(first time.Time, n int) spans {
	start := time.Date(first.Year(), first.Month(), first.Day(), first.Hour(), 0, 0, 0, first.Location())
	// The hour that a clock put back shows twice begins only once by its date.
	for !first.Before(start.Add(time.Hour)) {
		start = start.Add(time.Hour)
	}
	s := spans{until: start.Add(time.Duration(n) * time.Hour)}
	for i := range n {
		s.starts = append(s.starts, start.Add(time.Duration(i)*time.Hour))
	}
	return s
}

// days are so many calendar days from the one that first is in.
func days(first time.Time, n int) spans {
	at := func(i int) time.Time {
		return time.Date(first.Year(), first.Month(), first.Day()+i, 0, 0, 0, 0, first.Location())
	}
	s := spans{until: at(n), daily: true}
	for i := range n {
		s.starts = append(s.starts, at(i))
	}
	return s
}

// categories name the spans; link leads to the list behind one, and may be nil.
func (s spans) categories(words *web.Words, link func(begin, end time.Time) string) []web.ChartCategory {
	categories := make([]web.ChartCategory, len(s.starts))
	for i, start := range s.starts {
		categories[i] = web.ChartCategory{Label: words.Clock(start), Name: words.DateAndTime(start)}
		if s.daily {
			categories[i] = web.ChartCategory{Label: words.Weekday(start.Weekday()), Name: words.Date(start)}
		}
		if link != nil {
			categories[i].URL = link(start, s.end(i))
		}
	}
	return categories
}

// tabs choose between two views of a figure by a parameter of the page's address;
// the parameter of the other figure stays.
func tabs(r *http.Request, name, other string, labels [2]string) []web.Tab {
	query := r.URL.Query()
	second := query.Get(name) == "7-days"
	kept := query.Get(other)
	if kept != "7-days" {
		kept = ""
	}
	return []web.Tab{
		{Label: labels[0], URL: office.DashboardPath + office.Query(other, kept), Active: !second},
		{Label: labels[1], URL: office.DashboardPath + office.Query(name, "7-days", other, kept), Active: second},
	}
}

func signInSpans(r *http.Request, now time.Time) spans {
	if r.URL.Query().Get("sign-ins") == "7-days" {
		return days(now.AddDate(0, 0, -6), 7)
	}
	return hours(now.Add(-23*time.Hour), 24)
}

// signIns draws the tries of each span by how they ended.
func signIns(r *http.Request, s spans, tries signin.Counts) figure {
	words := web.WordsOf(r)
	f := figure{
		ID: "sign-ins", Title: words.T("dashboard.sign-ins"), Behind: tries.Behind,
		Spans: tabs(r, "sign-ins", "due", [2]string{words.T("dashboard.24-hours"), words.T("dashboard.7-days")}),
	}
	series := []web.ChartSeries{
		{Label: words.T("dashboard.success"), Tone: web.ToneSuccess}, {Label: words.T("dashboard.refused"), Tone: web.ToneWarning},
		{Label: words.T("dashboard.lock"), Tone: web.ToneDanger},
	}
	total, refused := 0, 0
	for i := range series {
		series[i].Values = make([]float64, len(s.starts))
	}
	for _, count := range tries.Counts {
		i := s.at(count.Since)
		if i < 0 {
			continue
		}
		kind := seriesOf(count.Outcome)
		series[kind].Values[i] += float64(count.Tries)
		if total += int(count.Tries); kind > 0 {
			refused += int(count.Tries)
		}
	}
	if total == 0 {
		f.Empty = web.Empty{Icon: "printer", Title: words.T("dashboard.no-sign-ins"), Text: words.T("dashboard.no-sign-ins-text")}
		return f
	}
	f.Chart = web.Chart{
		ID: "sign-ins-chart", Title: words.T("dashboard.sign-ins-by-hour"), Kind: web.ChartBars, Across: words.T("dashboard.hour"), Up: words.T("dashboard.tries-an-hour"),
		Summary: words.T("dashboard.sign-ins-summary", "Count", total, "Refused", refused), Categories: s.categories(words, signInsBetween), Series: series,
	}
	if s.daily {
		f.Chart.Title, f.Chart.Across, f.Chart.Up = words.T("dashboard.sign-ins-by-day"), words.T("dashboard.day"), words.T("dashboard.tries-a-day")
	}
	return f
}

func seriesOf(outcome cardinal.Outcome) int {
	switch outcome {
	case cardinal.OutcomeSuccess:
		return 0
	case cardinal.OutcomeLocked, cardinal.OutcomeDeviceLocked:
		return 2
	}
	return 1
}

// signInsBetween is the record of a span, whose last minute is named too.
func signInsBetween(begin, end time.Time) string {
	const form = "2006-01-02T15:04"
	return office.SignInsPath + office.Query("from", begin.Format(form), "to", end.Add(-time.Minute).Format(form))
}

// due draws how many PINs expire in the hours and days to come.
func due(r *http.Request, o account.Overview) figure {
	words := web.WordsOf(r)
	f := figure{
		ID: "due", Title: words.T("dashboard.due"),
		Spans: tabs(r, "due", "sign-ins", [2]string{words.T("dashboard.24-hours"), words.T("dashboard.7-days")}),
	}
	s := hours(o.Now, 24)
	if f.Spans[1].Active {
		s = days(o.Now, 8) // the last one as far as the list behind goes
	}
	values, total := make([]float64, len(s.starts)), 0
	for _, pins := range o.Due {
		if i := s.at(pins.Since); i >= 0 {
			values[i] += float64(pins.PINs)
			total += pins.PINs
		}
	}
	if total == 0 {
		f.Empty = web.Empty{Icon: "calendar", Title: words.T("dashboard.none-due"), Text: words.T("dashboard.none-due-text")}
		return f
	}
	f.Chart = web.Chart{
		ID: "due-chart", Title: words.T("dashboard.due-by-hour"), Kind: web.ChartBars, Across: words.T("dashboard.hour"), Up: words.T("dashboard.pins-an-hour"),
		Summary: words.T("dashboard.due-summary", "Count", total), Categories: s.categories(words, nil),
		Series: []web.ChartSeries{{Label: words.T("dashboard.expiring"), Tone: web.ToneInfo, Values: values}},
	}
	if s.daily {
		f.Chart.Title, f.Chart.Across, f.Chart.Up = words.T("dashboard.due-by-day"), words.T("dashboard.day"), words.T("dashboard.pins-a-day")
	}
	return f
}
