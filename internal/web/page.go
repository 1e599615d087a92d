package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"sync"
)

//go:embed templates/*.html
var templateTree embed.FS

func templateFiles() fs.FS {
	files, err := fs.Sub(templateTree, "templates")
	if err != nil {
		panic(err) // the path is a constant
	}
	return files
}

// Layout is what stands around a page's content.
type Layout string

// The layouts.
const (
	LayoutSignedOut     Layout = "signed-out"    // a centred card
	LayoutUser          Layout = "user"          // a bar on top with few items
	LayoutAdministrator Layout = "administrator" // navigation at the side, folded on a phone
)

// Area is the surroundings that the pages of one package share.
type Area struct {
	Layout Layout
	// Files holds the templates; those named _*.html are parsed with every page.
	Files fs.FS
	// Nav returns the navigation for the request's caller; nil has none.
	Nav func(*http.Request) (Nav, error)
}

// Head is what a handler says about its page beside the data.
type Head struct {
	Title   string // the page's h1 and, with the product's name, the window's title
	Lead    string // a sentence below the title; may be empty
	Status  int    // HTTP status; 0 is 200
	Back    Link   // the page above this one; may be zero
	Actions []Link // what can be done here, the most important first
	Narrow  bool   // the content is a form or text, to be read in a narrow column
}

// View is what a page's template sees as its dot.
type View[T any] struct {
	Shell
	Data T
}

// Page is a template with its layout, in every language. It is safe for
// concurrent use.
type Page[T any] struct {
	kit       *Kit
	area      Area
	name      string
	templates map[string]func() (*template.Template, error) // by language; made ready when first asked for
}

// Parse makes a page of the template name in area.Files, which defines
// "content". It fails unless the page can be rendered in English with the zero T,
// so a broken template ends the start and not a visit.
func Parse[T any](k *Kit, area Area, name string) (*Page[T], error) {
	p := &Page[T]{kit: k, area: area, name: name, templates: map[string]func() (*template.Template, error){}}
	source, err := k.source(area, name)
	if err != nil {
		return nil, fmt.Errorf("web: page %s: %w", name, err)
	}
	languages := k.catalogue.Languages()
	for _, tag := range languages {
		p.templates[tag] = sync.OnceValues(func() (*template.Template, error) { return source.in(k, k.catalogue.words[tag]) })
	}
	shell := Shell{Theme: ThemeAuto, Words: k.catalogue.words[languages[0]], kit: k}
	if err := p.render(io.Discard, "document", View[T]{Shell: shell}); err != nil {
		return nil, fmt.Errorf("web: page %s with no data: %w", name, err)
	}
	return p, nil
}

func (p *Page[T]) render(w io.Writer, name string, view View[T]) error {
	templates, err := p.templates[view.Words.Language()]()
	if err != nil {
		return err
	}
	return templates.ExecuteTemplate(w, name, view)
}

// Show answers with the page. Nothing is written if rendering fails, so the
// error still becomes an error page.
func (p *Page[T]) Show(w http.ResponseWriter, r *http.Request, head Head, data T) error {
	shell, err := p.kit.shell(w, r, p.area, head)
	if err != nil {
		return fmt.Errorf("page %s: %w", p.name, err)
	}
	return p.write(w, "document", View[T]{Shell: shell, Data: data})
}

// ShowPart answers with one template of the page alone, for scripts that put it
// in place of what stands there. Its dot is that of the page.
func (p *Page[T]) ShowPart(w http.ResponseWriter, r *http.Request, part string, data T) error {
	e := exchangeOf(r)
	if e == nil {
		return fmt.Errorf("part %s of page %s: the request did not come through Kit.Handler", part, p.name)
	}
	shell := Shell{Session: e.session, Words: e.words, Theme: e.theme, Path: r.URL.Path, kit: p.kit}
	return p.write(w, part, View[T]{Shell: shell, Data: data})
}

func (p *Page[T]) write(w http.ResponseWriter, template string, view View[T]) error {
	b := p.kit.buffers.Get().(*bytes.Buffer)
	defer p.kit.buffers.Put(b)
	b.Reset()
	if err := p.render(b, template, view); err != nil {
		return fmt.Errorf("page %s: %w", p.name, err)
	}
	giveKeys(b)
	keepPlain(w, b.Bytes())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if view.Status != 0 {
		w.WriteHeader(view.Status)
	}
	_, _ = b.WriteTo(w) // the reader is gone: nobody to tell
	return nil
}

// functions are what templates can call beside html/template's own.
func (k *Kit) functions(words *Words) template.FuncMap {
	return template.FuncMap{
		"t":       words.templateText,
		"tcode":   words.templateCode,
		"say":     words.Say,
		"n":       words.Number,
		"asset":   k.assets.URL,
		"icon":    k.assets.icon,
		"badge":   func(tone Tone, text string) Badge { return Badge{Tone: tone, Text: text} },
		"notice":  func(tone Tone, text string) Notice { return Notice{Tone: tone, Text: text} },
		"link":    func(url, label string) Link { return Link{URL: url, Label: label} },
		"plot":    words.plot,
		"pattern": func(id string, tone Tone) plotPattern { return plotPattern{id, tone} },
	}
}
