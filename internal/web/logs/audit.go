package logs

import (
	"net/http"
	"strconv"
	"strings"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

type auditPage struct {
	*pages
	page *web.Page[auditData]
}

type auditData struct {
	Filter  *filter
	History web.History
	Empty   web.Empty
	Tail    tail
}

func (p *pages) auditRoutes() ([]web.Route, error) {
	page, err := web.Parse[auditData](p.kit, area(), "audit.html")
	if err != nil {
		return nil, err
	}
	h := &auditPage{p, page}
	return routesOf(office.AuditLogPath, cardinal.PermReadLogs, h.show, h.search, h.export), nil
}

func (h *auditPage) filter(r *http.Request) (*filter, audit.Filter, error) {
	words := web.WordsOf(r)
	f, err := newFilter(r, office.AuditLogPath, h.Now(), func(form *web.Form) {
		form.Add(web.Field{Name: "action", Kind: web.Select, Label: words.T("logs.action"), Options: actions(words)})
		form.Add(web.Field{Name: "about", Kind: web.Text, Label: words.T("logs.about"), MaxLength: textMost})
		form.Add(web.Field{Name: "actor", Kind: web.Text, Label: words.T("logs.actor"), MaxLength: textMost})
		form.Add(web.Field{Name: "text", Kind: web.Text, Label: words.T("logs.text"), MaxLength: textMost})
	})
	if err != nil {
		return nil, audit.Filter{}, err
	}
	f.keepPrivate("text")
	return f, audit.Filter{
		From: f.from, To: f.to, Action: f.value("action"), Actor: f.value("actor"), About: f.value("about"), Text: f.value("text"),
	}, nil
}

// actions are those that there are words for: all that Cardinal records.
func actions(words *web.Words) []web.Option {
	options := []web.Option{{Label: words.T("logs.every-action")}}
	for _, action := range words.Codes("action") {
		options = append(options, web.Option{Value: action, Label: strings.TrimSuffix(words.Code("action", action, action), ".")})
	}
	return options
}

func (h *auditPage) show(w http.ResponseWriter, r *http.Request) error {
	f, asked, err := h.filter(r)
	if err != nil {
		return err
	}
	return h.answer(w, r, f, asked)
}

func (h *auditPage) search(w http.ResponseWriter, r *http.Request) error {
	f, asked, err := h.filter(r)
	if err != nil {
		return err
	}
	return h.narrow(w, r, f, func() error {
		asked.From, asked.To = f.from, f.to
		return h.answer(w, r, f, asked)
	})
}

func (h *auditPage) answer(w http.ResponseWriter, r *http.Request, f *filter, asked audit.Filter) error {
	words, shell := web.WordsOf(r), web.ShellOf(r)
	data := auditData{
		Filter: f, History: web.History{About: true}, Empty: nothing(words, f, words.T("logs.no-entries"), words.T("logs.no-entries-text")),
	}
	if !f.Form.Refused() {
		before, err := numberOf(f.value(fieldCursor))
		if err != nil {
			return err
		}
		found, err := h.SearchAudit(r.Context(), web.CallerOf(r), asked, before, onPage)
		if err != nil {
			return err
		}
		for _, entry := range found.Entries {
			data.History.Events = append(data.History.Events, office.Happening(shell, entry))
		}
		next := ""
		if found.Next > 0 {
			next = strconv.FormatInt(found.Next, 10)
		}
		data.Tail = f.tail(r, words.T("logs.entries-shown", "Count", len(found.Entries)), next, found.SearchedTo)
	}
	head := web.Head{Title: words.T("logs.audit"), Lead: words.T("logs.audit-lead"), Status: f.Form.Status()}
	return h.page.Show(w, r, head, data)
}

func numberOf(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	number, err := strconv.ParseInt(cursor, 10, 64)
	if err != nil || number < 1 {
		return 0, cardinal.Invalid("cursor", "This is not a place in the audit log. Begin again with the newest entries.")
	}
	return number, nil
}

func (h *auditPage) export(w http.ResponseWriter, r *http.Request) error {
	f, asked, err := h.filter(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	sheet := h.newSheet(w, r, f, "audit",
		words.T("logs.entry"), words.T("logs.when"), words.T("logs.utc"), words.T("logs.actor"), words.T("logs.action"), words.T("logs.code"),
		words.T("logs.about"), words.T("logs.was"), words.T("logs.is"), words.T("logs.address"))
	err = h.ExportAudit(r.Context(), web.CallerOf(r), asked, func(e cardinal.AuditEntry) error {
		return sheet.write(strconv.FormatInt(e.Number, 10), sheet.local(e.Time), sheet.utc(e.Time), e.Actor, words.Code("action", e.Action, e.Action), e.Action,
			e.Subject, e.Before, e.After, e.Address)
	})
	return sheet.end(err)
}
