package options

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"

	"cardinal"
	"cardinal/internal/letter"
	"cardinal/internal/notify"
	"cardinal/internal/setting"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// templatesOne is the text of a template in one language. Without Form it is read
// only.
type templatesOne struct {
	Tabs      []web.Tab
	Badges    []web.Badge
	Missing   web.Notice
	Form      *web.Form
	Source    letter.Source
	Preview   string // the address of what the frame shows
	Variables []variable
	Uses      []web.Link
	Actions   []web.Link
}

type variable struct{ Name, Means string }

func (h *templatesPage) template(r *http.Request) (notify.TemplateView, error) {
	return h.Notify.Template(r.Context(), web.CallerOf(r), r.PathValue("id"))
}

// text is what the template says in the language; nothing where it is not written.
func (h *templatesPage) text(r *http.Request, view notify.TemplateView, language setting.Language) (text notify.TemplateText, found bool, err error) {
	text, err = h.Notify.TemplateText(r.Context(), web.CallerOf(r), view.ID, language)
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return notify.TemplateText{Language: language}, false, nil
	}
	return text, err == nil, err
}

func templateForm(words *web.Words, view notify.TemplateView, text notify.TemplateText) *web.Form {
	form := web.NewForm(words, "template", words.T("templates.save"))
	form.Action = templateURL(view.ID) + inLanguage(text.Language)
	form.Carry("seen", stampOf(text.Source))
	form.Add(web.Field{Name: "subject", Kind: web.Text, Label: words.T("templates.subject"), Value: text.Subject, Required: true, MaxLength: letter.SubjectMaxLength})
	form.Add(web.Field{Name: "text", Kind: web.Code, Label: words.T("templates.text"), Hint: words.T("templates.text-hint"), Value: text.Text, Required: true, Rows: 12})
	form.Add(web.Field{Name: "html", Kind: web.Code, Label: words.T("templates.html"), Hint: words.T("templates.html-hint"), Value: text.HTML, Rows: 14})
	return form
}

// stampOf changes with the text.
func stampOf(source letter.Source) string {
	sum := sha256.Sum256([]byte(source.Subject + "\x00" + source.Text + "\x00" + source.HTML))
	return hex.EncodeToString(sum[:8])
}

func textOfForm(form *web.Form, language setting.Language) notify.TemplateText {
	return notify.TemplateText{Source: letter.Source{Subject: form.Value("subject"), Text: form.Value("text"), HTML: form.Value("html")}, Language: language}
}

func (h *templatesPage) show(w http.ResponseWriter, r *http.Request) error {
	view, err := h.template(r)
	if err != nil {
		return err
	}
	return h.answer(w, r, view, nil)
}

// answer shows the page with the form, or with a new one where it is nil.
func (h *templatesPage) answer(w http.ResponseWriter, r *http.Request, view notify.TemplateView, form *web.Form) error {
	words, language := web.WordsOf(r), languageOf(r)
	text, found, err := h.text(r, view, language)
	if err != nil {
		return err
	}
	data := templatesOne{
		Tabs: languageTabs(words, view, language), Badges: templateBadges(words, view, text), Source: text.Source, Variables: variablesOf(words, view.Kind),
		Preview: templateURL(view.ID, "preview") + inLanguage(language), Uses: usesOf(words, view.UsedBy),
	}
	if !found {
		data.Missing = web.Notice{Tone: web.ToneInfo, Title: words.T("templates.missing"), Text: words.T("templates.missing-text")}
	}
	head := web.Head{
		Title: templateName(words, view), Lead: words.T("templates.one-lead"),
		Back: web.Link{URL: office.TemplatesPath, Label: words.T("templates.title")},
	}
	if web.CallerOf(r).May(cardinal.PermWriteOptions) {
		if data.Form = form; form == nil {
			data.Form = templateForm(words, view, text)
		}
		data.Actions = templateActions(words, view, text)
		head.Status = data.Form.Status()
	}
	return h.one.Show(w, r, head, data)
}

func languageTabs(words *web.Words, view notify.TemplateView, chosen setting.Language) []web.Tab {
	var tabs []web.Tab
	for _, language := range setting.Languages() {
		name := languageNames(words, []string{string(language)})
		if slices.Contains(view.Languages, string(language)) && view.Predefined {
			name += " ·"
		}
		tabs = append(tabs, web.Tab{Label: name, URL: templateURL(view.ID) + inLanguage(language), Active: language == chosen})
	}
	return tabs
}

func templateBadges(words *web.Words, view notify.TemplateView, text notify.TemplateText) []web.Badge {
	switch {
	case !view.Predefined:
		return []web.Badge{{Tone: web.ToneNeutral, Text: words.Code("letter", string(view.Kind), string(view.Kind))}}
	case text.Written:
		return []web.Badge{{Tone: web.ToneInfo, Text: words.T("templates.edited")}}
	}
	return []web.Badge{{Tone: web.ToneNeutral, Text: words.T("templates.original")}}
}

func variablesOf(words *web.Words, kind letter.Kind) []variable {
	var list []variable
	for _, name := range kind.Variables() {
		list = append(list, variable{"{{" + name + "}}", words.Code("variable", name, "")})
	}
	if kind == letter.Custom {
		list = append(list, variable{"{{event.NAME}}", words.T("templates.event")})
	}
	return list
}

func templateActions(words *web.Words, view notify.TemplateView, text notify.TemplateText) []web.Link {
	actions := []web.Link{{URL: templateURL(view.ID, "copy"), Label: words.T("templates.copy"), Icon: "copy"}}
	if !view.Predefined {
		return append(actions, web.Link{URL: templateURL(view.ID, "rename"), Label: words.T("templates.rename"), Icon: "pencil"},
			web.Link{URL: templateURL(view.ID, "delete"), Label: words.T("templates.delete"), Icon: "trash"})
	}
	if text.Written {
		actions = append(actions, web.Link{URL: templateURL(view.ID, "reset") + inLanguage(text.Language), Label: words.T("templates.reset"), Icon: "history"})
	}
	return actions
}

func (h *templatesPage) save(w http.ResponseWriter, r *http.Request) error {
	words, language := web.WordsOf(r), languageOf(r)
	view, err := h.template(r)
	if err != nil {
		return err
	}
	present, _, err := h.text(r, view, language)
	if err != nil {
		return err
	}
	form := templateForm(words, view, notify.TemplateText{Language: language})
	if err := form.Read(r); err != nil {
		return err
	}
	if form.Value("seen") != stampOf(present.Source) {
		form.Differs("subject", present.Subject)
		form.Differs("text", present.Text)
		form.Differs("html", present.HTML)
		form.SetHidden("seen", stampOf(present.Source))
		form.Refuse(cardinal.Errorf(cardinal.CodeStale, "Somebody else has saved this e-mail template in between. Look at what differs, and save again."))
		return h.answer(w, r, view, form)
	}
	err = h.Notify.WriteTemplate(r.Context(), web.CallerOf(r), view.ID, textOfForm(form, language))
	if form.Refuse(err) {
		return h.answer(w, r, view, form)
	}
	if err != nil {
		return err
	}
	return h.kit.Redirect(w, r, templateURL(view.ID)+inLanguage(language), web.Success(words.T("templates.saved", "Name", templateName(words, view))))
}
