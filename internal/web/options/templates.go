package options

import (
	"net/http"
	"strings"

	"cardinal"
	"cardinal/internal/notify"
	"cardinal/internal/setting"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// templatesPage is *Options › E-mail templates*: the list and what can be done to
// one.
type templatesPage struct {
	*places
	list *web.Page[templatesList]
	one  *web.Page[templatesOne]
}

type templatesList struct {
	Groups []templatesGroup
}

// templatesGroup is the predefined templates, or those made here.
type templatesGroup struct {
	ID    string
	Title string
	Kinds bool // the names do not tell the kind
	Rows  []templateRow
	Empty web.Empty
}

type templateRow struct {
	URL     string
	Name    string
	Kind    string
	Written string
	Edited  bool
	Uses    []web.Link
}

func (p *pages) templateRoutes() ([]web.Route, error) {
	shared, err := p.places()
	if err != nil {
		return nil, err
	}
	list, err := web.Parse[templatesList](p.kit, area(), "templates.html")
	if err != nil {
		return nil, err
	}
	one, err := web.Parse[templatesOne](p.kit, area(), "templates_one.html")
	if err != nil {
		return nil, err
	}
	h := &templatesPage{shared, list, one}
	const path = office.TemplatesPath + "/{id}"
	read, write := cardinal.PermReadOptions, cardinal.PermWriteOptions
	return []web.Route{
		{Pattern: "GET " + office.TemplatesPath, Permission: read, Handle: h.showAll},
		{Pattern: "GET " + office.NewTemplatePath, Permission: write, Handle: h.showNew},
		{Pattern: "POST " + office.NewTemplatePath, Permission: write, Handle: h.create},
		{Pattern: "GET " + path, Permission: read, Handle: h.show},
		{Pattern: "POST " + path, Permission: write, Handle: h.save},
		{Pattern: "GET " + path + "/preview", Permission: read, Framed: true, Handle: h.preview},
		{Pattern: "POST " + path + "/preview", Permission: read, Framed: true, Repeatable: true, Handle: h.previewTyped},
		{Pattern: "GET " + path + "/copy", Permission: write, Handle: h.showCopy},
		{Pattern: "POST " + path + "/copy", Permission: write, Handle: h.copy},
		{Pattern: "GET " + path + "/rename", Permission: write, Handle: h.showRename},
		{Pattern: "POST " + path + "/rename", Permission: write, Handle: h.rename},
		{Pattern: "GET " + path + "/reset", Permission: write, Handle: h.askReset},
		{Pattern: "POST " + path + "/reset", Permission: write, Handle: h.reset},
		{Pattern: "GET " + path + "/delete", Permission: write, Handle: h.askDelete},
		{Pattern: "POST " + path + "/delete", Permission: write, Handle: h.delete},
	}, nil
}

func (h *templatesPage) showAll(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	found, err := h.Notify.Templates(r.Context(), web.CallerOf(r))
	if err != nil {
		return err
	}
	predefined := templatesGroup{ID: "predefined", Title: words.T("templates.predefined")}
	own := templatesGroup{ID: "own", Title: words.T("templates.own"), Kinds: true, Empty: web.Empty{Icon: "template", Title: words.T("templates.none"), Text: words.T("templates.none-text")}}
	for _, view := range found {
		row := templateRow{
			URL: templateURL(view.ID), Name: templateName(words, view), Kind: words.Code("letter", string(view.Kind), string(view.Kind)),
			Written: languageNames(words, view.Languages), Edited: view.Edited, Uses: usesOf(words, view.UsedBy),
		}
		if view.Predefined {
			predefined.Rows = append(predefined.Rows, row)
		} else {
			own.Rows = append(own.Rows, row)
		}
	}
	head := web.Head{Title: words.T("templates.title"), Lead: words.T("templates.lead")}
	if web.CallerOf(r).May(cardinal.PermWriteOptions) {
		head.Actions = []web.Link{{URL: office.NewTemplatePath, Label: words.T("templates.add"), Icon: "plus"}}
	}
	return h.list.Show(w, r, head, templatesList{[]templatesGroup{predefined, own}})
}

func templateURL(id string, parts ...string) string {
	return below(office.TemplatesPath, append([]string{id}, parts...)...)
}

// templateName is what a template is called: a predefined one in the reader's language.
func templateName(words *web.Words, view notify.TemplateView) string {
	if view.Predefined {
		return words.Code("letter", view.ID, view.ID)
	}
	return view.Name
}

func languageNames(words *web.Words, tags []string) string {
	names := make([]string, len(tags))
	for i, tag := range tags {
		names[i], _, _ = strings.Cut(words.Code("choice", tag, tag), " (") // its own name alone
	}
	return strings.Join(names, ", ")
}

// languageOf is the language that a request is about: the one that it names or,
// if there is none, the reader's.
func languageOf(r *http.Request) setting.Language {
	for _, wanted := range []string{r.URL.Query().Get("language"), web.WordsOf(r).Language()} {
		for _, known := range setting.Languages() {
			if string(known) == wanted {
				return known
			}
		}
	}
	return setting.English
}

func inLanguage(language setting.Language) string {
	return office.Query("language", string(language))
}
