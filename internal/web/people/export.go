package people

import (
	"net/http"

	"cardinal"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// exportFile is where the file of all users is fetched; that it was is on record.
const exportFile = office.ExportPath + "/users.csv"

type exportPage struct {
	*pages
	page *web.Page[exportData]
}

type exportData struct {
	Facts  []web.Fact
	Notice web.Notice
	File   string
}

func (p *pages) exportRoutes() ([]web.Route, error) {
	page, err := web.Parse[exportData](p.kit, area(), "export.html")
	if err != nil {
		return nil, err
	}
	h := &exportPage{p, page}
	return []web.Route{
		{Pattern: "GET " + office.ExportPath, Permission: cardinal.PermReadUsers, Fresh: true, Handle: h.show},
		{Pattern: "GET " + exportFile, Permission: cardinal.PermReadUsers, Fresh: true, Handle: h.send},
	}, nil
}

func (h *exportPage) show(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	numbers, notice := words.T("export.numbers-full"), web.Notice{Tone: web.ToneWarning, Text: words.T("export.careful")}
	if !web.CallerOf(r).May(cardinal.PermReadNumbers) {
		numbers, notice = words.T("export.numbers-masked"), web.Notice{Tone: web.ToneInfo, Text: words.T("export.masked")}
	}
	return h.page.Show(w, r, web.Head{
		Title: words.T("export.title"), Lead: words.T("export.lead", "Organisation", web.SessionOf(r).Organisation), Narrow: true,
		Back: web.Link{URL: office.UsersPath, Label: words.T("users.title")},
	}, exportData{Notice: notice, File: exportFile, Facts: []web.Fact{
		{Label: words.T("export.holds"), Text: words.T("export.holds-text")},
		{Label: words.T("export.numbers"), Text: numbers},
		{Label: words.T("export.secrets"), Text: words.T("export.secrets-text")},
		{Label: words.T("export.form"), Text: words.T("export.form-text")},
		{Label: words.T("export.record"), Text: words.T("export.record-text")},
	}})
}

func (h *exportPage) send(w http.ResponseWriter, r *http.Request) error {
	return h.Directory.Export(r.Context(), web.CallerOf(r), &download{ResponseWriter: w, name: "users.csv"})
}
