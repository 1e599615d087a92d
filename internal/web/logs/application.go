package logs

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"cardinal"
	"cardinal/internal/applog"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// fieldLive is the parameter that lets the page fetch new lines by itself.
const fieldLive = "live"

type applicationPage struct {
	*pages
	page *web.Page[applicationData]
}

type applicationData struct {
	Filter  *filter
	Machine string
	Lines   []logLine
	Live    web.Link // begins or ends fetching; no URL where the search must not stand in one
	Refresh string
	Poll    string // the page to fetch every two seconds; empty: none
	Empty   web.Empty
	Tail    tail
}

type logLine struct {
	applog.Line
	Instant web.Instant
	When    string // to the second
	Badge   web.Badge
}

func (p *pages) applicationRoutes() ([]web.Route, error) {
	page, err := web.Parse[applicationData](p.kit, area(), "application.html")
	if err != nil {
		return nil, err
	}
	h := &applicationPage{p, page}
	return routesOf(office.ApplicationLogPath, cardinal.PermReadLogs, h.show, h.search, h.export), nil
}

func (h *applicationPage) filter(r *http.Request) (*filter, applog.Filter, error) {
	words := web.WordsOf(r)
	f, err := newFilter(r, office.ApplicationLogPath, h.Now(), func(form *web.Form) {
		form.Add(web.Field{Name: "level", Kind: web.Select, Label: words.T("logs.level"), Options: []web.Option{
			{Label: words.T("logs.every-level")}, {Value: "warn", Label: words.T("logs.from-warn")}, {Value: "error", Label: words.T("logs.from-error")},
		}})
		form.Add(web.Field{Name: "text", Kind: web.Text, Label: words.T("logs.text"), MaxLength: textMost})
	})
	if err != nil {
		return nil, applog.Filter{}, err
	}
	f.keepPrivate("text")
	asked := applog.Filter{From: f.from, To: f.to, Text: f.value("text")}
	switch f.value("level") {
	case "warn":
		asked.Level = slog.LevelWarn
	case "error":
		asked.Level = slog.LevelError
	default:
		asked.Any = true
	}
	return f, asked, nil
}

func (h *applicationPage) show(w http.ResponseWriter, r *http.Request) error {
	f, asked, err := h.filter(r)
	if err != nil {
		return err
	}
	return h.answer(w, r, f, asked)
}

func (h *applicationPage) search(w http.ResponseWriter, r *http.Request) error {
	f, asked, err := h.filter(r)
	if err != nil {
		return err
	}
	return h.narrow(w, r, f, func() error {
		asked.From, asked.To = f.from, f.to
		return h.answer(w, r, f, asked)
	})
}

func (h *applicationPage) answer(w http.ResponseWriter, r *http.Request, f *filter, asked applog.Filter) error {
	words := web.WordsOf(r)
	data := applicationData{Filter: f, Machine: h.Application.Machine(), Empty: nothing(words, f, words.T("logs.no-lines"), words.T("logs.no-lines-text"))}
	if !f.Form.Refused() {
		found, err := h.Application.Read(r.Context(), web.CallerOf(r), asked, f.value(fieldCursor), onPage)
		switch cardinal.CodeOf(err) {
		case cardinal.CodeNotFound:
			data.Empty = web.Empty{Icon: "file-text", Title: words.T("logs.no-file"), Text: words.T("logs.no-file-text")}
		case "":
			data.fill(r, found)
			h.follow(r, f, &data)
		default:
			return err
		}
	}
	lead := words.T("logs.application-lead")
	if !web.CallerOf(r).May(cardinal.PermCustomers) {
		lead = words.T("logs.application-lead-own")
	}
	return h.page.Show(w, r, web.Head{Title: words.T("logs.application"), Lead: lead, Status: f.Form.Status()}, data)
}

func (d *applicationData) fill(r *http.Request, found applog.Found) {
	words, shell := web.WordsOf(r), web.ShellOf(r)
	for _, line := range found.Lines {
		shown := logLine{Line: line, Instant: shell.Time(line.Time), Badge: levelBadge(words, line.Level)}
		if at := line.Time.In(zoneOf(r)); !line.Time.IsZero() {
			shown.When = words.Date(at) + " " + at.Format(time.TimeOnly)
		}
		d.Lines = append(d.Lines, shown)
	}
	d.Tail = d.Filter.tail(r, words.T("logs.lines-shown", "Count", len(d.Lines)), found.Next, found.SearchedTo)
}

// follow offers to fetch new lines, on the first page of what may stand in a URL.
func (h *applicationPage) follow(r *http.Request, f *filter, data *applicationData) {
	if f.private || f.value(fieldCursor) != "" {
		return
	}
	words := web.WordsOf(r)
	data.Refresh = f.url("")
	if f.value(fieldLive) == "" {
		data.Live = web.Link{URL: withLive(f.url("")), Label: words.T("logs.live"), Icon: "bolt"}
		return
	}
	data.Refresh, data.Poll = withLive(f.url("")), withLive(f.url(""))
	data.Live = web.Link{URL: f.url(""), Label: words.T("logs.live-end"), Icon: "x"}
}

func withLive(url string) string {
	if strings.Contains(url, "?") {
		return url + "&" + fieldLive + "=1"
	}
	return url + "?" + fieldLive + "=1"
}

func levelBadge(words *web.Words, level string) web.Badge {
	name, _, _ := strings.Cut(strings.ToLower(level), "+")
	badge := web.Badge{Tone: web.ToneDanger, Text: words.Code("log-level", name, level)}
	switch name {
	case "debug":
		badge.Tone = web.ToneNeutral
	case "info":
		badge.Tone = web.ToneInfo
	case "warn":
		badge.Tone = web.ToneWarning
	case "":
		badge.Text = words.T("logs.no-level")
	}
	return badge
}

func (h *applicationPage) export(w http.ResponseWriter, r *http.Request) error {
	f, asked, err := h.filter(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	sheet := h.newSheet(w, r, f, "application-log-"+fileName(h.Application.Machine()),
		words.T("logs.when"), words.T("logs.utc"), words.T("logs.level"), words.T("logs.message"), words.T("logs.details"))
	err = h.Application.Export(r.Context(), web.CallerOf(r), asked, func(line applog.Line) error {
		var details []string
		for _, a := range line.Attributes {
			details = append(details, a.Name+"="+a.Value)
		}
		return sheet.write(sheet.local(line.Time), sheet.utc(line.Time), line.Level, line.Message, strings.Join(details, " "))
	})
	return sheet.end(err)
}

// fileName keeps of a machine's name what every file system takes.
func fileName(machine string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, machine)
}
