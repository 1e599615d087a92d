package logs

import (
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// textMost is how many characters what is searched for may have.
const textMost = 200

// The names of the fields that every log's filter has.
const (
	fieldRange  = "range"
	fieldFrom   = "from"
	fieldTo     = "to"
	fieldCursor = "before"
)

// filter is the head of a log: what it is narrowed to, and how to narrow it.
type filter struct {
	Form     *web.Form
	Path     string
	Range    string // the preset that is chosen
	Presets  []preset
	Narrowed bool
	Export   []web.Hidden // what the export must know
	from, to time.Time
	values   url.Values
	private  bool // something here must not stand in a URL
}

type preset struct {
	Value, Label string
	Chosen       bool
}

// tail is the foot of a page of a log.
type tail struct {
	web.Pager
	More     []web.Hidden // posts for the next page, where the search must not stand in a URL
	Path     string
	Searched web.Instant // how far back this page looked without finding all there is
	Further  string      // the URL that looks further; empty with More
}

// newFilter makes the filter of a request: the log's own fields, which fill adds,
// and then the time range that every log has.
func newFilter(r *http.Request, path string, now time.Time, fill func(*web.Form)) (*filter, error) {
	f := &filter{Path: path, values: r.URL.Query()}
	if r.Method == http.MethodPost {
		if err := r.ParseForm(); err != nil {
			return nil, badForm(err)
		}
		f.values = r.PostForm
	}
	words := web.WordsOf(r)
	f.Form = web.NewForm(words, "filter", words.T("logs.filter"))
	f.Form.Trouble = words.T("logs.refused")
	fill(f.Form)
	f.Form.Add(web.Field{Name: fieldFrom, Kind: web.DateTime, Label: words.T("logs.from"), Short: true})
	f.Form.Add(web.Field{Name: fieldTo, Kind: web.DateTime, Label: words.T("logs.to"), Short: true})
	for _, section := range f.Form.Sections {
		for _, field := range section.Fields {
			f.Form.Set(field.Name, f.value(field.Name))
		}
	}
	f.period(words, now.In(zoneOf(r)))
	f.Export = f.hidden("")
	f.Narrowed = len(f.Export) > 0
	return f, nil
}

func zoneOf(r *http.Request) *time.Location {
	if zone := web.SessionOf(r).Zone; zone != nil {
		return zone
	}
	return time.UTC
}

// value is what was asked for in a field, cut to what a field takes.
func (f *filter) value(name string) string {
	text := []rune(strings.TrimSpace(f.values.Get(name)))
	return strings.ToValidUTF8(string(text[:min(len(text), textMost)]), "")
}

// period reads the time range: two times of the customer's zone, or else one of
// the presets.
func (f *filter) period(words *web.Words, now time.Time) {
	f.Range = f.value(fieldRange)
	f.from = f.moment(words, fieldFrom, now.Location())
	// The minute that was named is part of the range.
	if f.to = f.moment(words, fieldTo, now.Location()); !f.to.IsZero() {
		f.to = f.to.Add(time.Minute)
	}
	if f.value(fieldFrom)+f.value(fieldTo) != "" {
		f.Range = ""
	}
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	switch f.Range {
	case "today":
		f.from = today
	case "7-days":
		f.from = today.AddDate(0, 0, -6)
	case "30-days":
		f.from = today.AddDate(0, 0, -29)
	default:
		f.Range = ""
	}
	f.Presets = []preset{
		{"", words.T("logs.any-time"), f.Range == "" && f.from.IsZero() && f.to.IsZero()}, {"today", words.T("logs.today"), f.Range == "today"},
		{"7-days", words.T("logs.7-days"), f.Range == "7-days"}, {"30-days", words.T("logs.30-days"), f.Range == "30-days"},
	}
}

func (f *filter) moment(words *web.Words, name string, zone *time.Location) time.Time {
	text := f.value(name)
	if text == "" {
		return time.Time{}
	}
	for _, form := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02"} {
		if at, err := time.ParseInLocation(form, text, zone); err == nil {
			return at
		}
	}
	f.Form.Violate(name, words.T("logs.no-time"))
	return time.Time{}
}

// keepPrivate notes that a field holds what may be a number.
func (f *filter) keepPrivate(name string) {
	f.private = f.private || strings.IndexFunc(f.value(name), unicode.IsDigit) >= 0
}

// names are the fields whose values make up the filter.
func (f *filter) names() []string {
	names := []string{fieldRange}
	for _, section := range f.Form.Sections {
		for _, field := range section.Fields {
			names = append(names, field.Name)
		}
	}
	return names
}

// hidden is the filter and a cursor as values that a form carries along.
func (f *filter) hidden(cursor string) []web.Hidden {
	var hidden []web.Hidden
	for _, name := range f.names() {
		value := f.value(name)
		if name == fieldRange {
			value = f.Range
		}
		if value != "" {
			hidden = append(hidden, web.Hidden{Name: name, Value: value})
		}
	}
	if cursor != "" {
		hidden = append(hidden, web.Hidden{Name: fieldCursor, Value: cursor})
	}
	return hidden
}

// url is the page of the filter at a cursor, for filters that may stand in one.
func (f *filter) url(cursor string) string {
	var pairs []string
	for _, h := range f.hidden(cursor) {
		pairs = append(pairs, h.Name, h.Value)
	}
	return f.Path + office.Query(pairs...)
}

// narrow answers the posted filter: with the page of its own that can be kept,
// or at once with what must not stand in a URL.
func (p *pages) narrow(w http.ResponseWriter, r *http.Request, f *filter, answer func() error) error {
	// A preset takes the place of the times that were typed.
	if button := f.values.Get("preset"); button != "" {
		f.values.Del(fieldFrom)
		f.values.Del(fieldTo)
		f.values.Set(fieldRange, strings.TrimPrefix(button, "any"))
		f.Form.Set(fieldFrom, "")
		f.Form.Set(fieldTo, "")
		f.period(web.WordsOf(r), p.Now().In(zoneOf(r)))
		f.Export = f.hidden("")
	}
	if f.private || f.Form.Refused() {
		return answer()
	}
	return p.kit.Redirect(w, r, f.url(f.value(fieldCursor)), web.Flash{})
}

// tail makes the foot of a page with so many lines.
func (f *filter) tail(r *http.Request, shown, next string, searched time.Time) tail {
	t := tail{Path: f.Path, Pager: web.Pager{Shown: shown}, Searched: web.ShellOf(r).Time(searched)}
	if f.value(fieldCursor) != "" && !f.private {
		t.First = f.url("")
	}
	switch {
	case next == "":
	case f.private:
		t.More = f.hidden(next)
	case searched.IsZero():
		t.Next = f.url(next)
	default:
		t.Further = f.url(next)
	}
	return t
}
