package options

import (
	"net/http"

	"cardinal/internal/letter"
	"cardinal/internal/notify"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

const templateNameMost = 100

func nameForm(words *web.Words, submit, name, back string) *web.Form {
	form := web.NewForm(words, "template", submit)
	form.Cancel = cancel(words, back)
	form.Add(web.Field{Name: "name", Kind: web.Text, Label: words.T("templates.name"), Hint: words.T("templates.name-hint"), Value: name, Required: true, MaxLength: templateNameMost})
	return form
}

// answerForm shows a form of few fields about a template, or about a new one.
func (h *templatesPage) answerForm(w http.ResponseWriter, r *http.Request, title, lead string, form *web.Form) error {
	return h.form.Show(w, r, web.Head{
		Title: title, Lead: lead, Status: form.Status(), Narrow: true, Back: web.Link{URL: office.TemplatesPath, Label: web.WordsOf(r).T("templates.title")},
	}, placeForm{Form: form})
}

func newTemplateForm(words *web.Words) *web.Form {
	form := nameForm(words, words.T("templates.create"), "", office.TemplatesPath)
	kinds := web.Field{Name: "kind", Kind: web.Select, Label: words.T("templates.kind"), Hint: words.T("templates.kind-hint"), Value: string(letter.PINExpiration)}
	for _, kind := range letter.Kinds() {
		kinds.Options = append(kinds.Options, web.Option{Value: string(kind), Label: words.Code("letter", string(kind), "")})
	}
	form.Add(kinds)
	return form
}

func (h *templatesPage) showNew(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	return h.answerForm(w, r, words.T("templates.new"), words.T("templates.new-lead"), newTemplateForm(words))
}

// create makes a template that begins with the predefined texts of its kind,
// whose names are those of the kinds.
func (h *templatesPage) create(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	form := newTemplateForm(words)
	if err := form.Read(r); err != nil {
		return err
	}
	kind, err := letter.ParseKind(form.Value("kind"))
	var made notify.TemplateView
	if err == nil {
		made, err = h.Notify.CopyTemplate(r.Context(), web.CallerOf(r), string(kind), form.Value("name"))
	}
	if form.Refuse(err) {
		return h.answerForm(w, r, words.T("templates.new"), words.T("templates.new-lead"), form)
	}
	if err != nil {
		return err
	}
	return h.kit.Redirect(w, r, templateURL(made.ID), web.Success(words.T("templates.created", "Name", made.Name)))
}

func (h *templatesPage) showCopy(w http.ResponseWriter, r *http.Request) error {
	view, err := h.template(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	return h.answerForm(w, r, words.T("templates.copy-of", "Name", templateName(words, view)), words.T("templates.copy-lead"), copyForm(words, view))
}

func copyForm(words *web.Words, view notify.TemplateView) *web.Form {
	return nameForm(words, words.T("templates.copy"), "", templateURL(view.ID))
}

func (h *templatesPage) copy(w http.ResponseWriter, r *http.Request) error {
	view, err := h.template(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	form := copyForm(words, view)
	if err := form.Read(r); err != nil {
		return err
	}
	made, err := h.Notify.CopyTemplate(r.Context(), web.CallerOf(r), view.ID, form.Value("name"))
	if form.Refuse(err) {
		return h.answerForm(w, r, words.T("templates.copy-of", "Name", templateName(words, view)), words.T("templates.copy-lead"), form)
	}
	if err != nil {
		return err
	}
	return h.kit.Redirect(w, r, templateURL(made.ID), web.Success(words.T("templates.created", "Name", made.Name)))
}

func renameForm(words *web.Words, view notify.TemplateView) *web.Form {
	return nameForm(words, words.T("templates.rename"), view.Name, templateURL(view.ID))
}

func (h *templatesPage) showRename(w http.ResponseWriter, r *http.Request) error {
	view, err := h.template(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	return h.answerForm(w, r, words.T("templates.rename"), templateName(words, view), renameForm(words, view))
}

func (h *templatesPage) rename(w http.ResponseWriter, r *http.Request) error {
	view, err := h.template(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	form := renameForm(words, view)
	if err := form.Read(r); err != nil {
		return err
	}
	err = h.Notify.RenameTemplate(r.Context(), web.CallerOf(r), view.ID, form.Value("name"))
	if form.Refuse(err) {
		return h.answerForm(w, r, words.T("templates.rename"), templateName(words, view), form)
	}
	if err != nil {
		return err
	}
	return h.kit.Redirect(w, r, templateURL(view.ID), web.Success(words.T("templates.saved", "Name", form.Value("name"))))
}

// askTemplate shows a question about a template, answered at the page's own address.
func (h *templatesPage) askTemplate(w http.ResponseWriter, r *http.Request, view notify.TemplateView, ask placeAsk) error {
	words := web.WordsOf(r)
	ask.Confirm.Action, ask.Confirm.Cancel = r.URL.RequestURI(), templateURL(view.ID)
	return h.ask.Show(w, r, web.Head{Title: templateName(words, view), Back: web.Link{URL: templateURL(view.ID), Label: words.T("templates.back")}}, ask)
}

func (h *templatesPage) askReset(w http.ResponseWriter, r *http.Request) error {
	view, err := h.template(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	language := languageNames(words, []string{string(languageOf(r))})
	return h.askTemplate(w, r, view, placeAsk{Confirm: web.Confirm{
		Question: words.T("templates.reset-ask", "Name", templateName(words, view), "Language", language), Button: words.T("templates.reset"),
		Effects: []string{words.T("templates.reset-lost"), words.T("templates.reset-others")},
	}})
}

func (h *templatesPage) reset(w http.ResponseWriter, r *http.Request) error {
	id, language := r.PathValue("id"), languageOf(r)
	if err := h.Notify.ResetTemplate(r.Context(), web.CallerOf(r), id, language); err != nil {
		return err
	}
	return h.kit.Redirect(w, r, templateURL(id)+inLanguage(language), web.Success(web.WordsOf(r).T("templates.was-reset")))
}

func (h *templatesPage) askDelete(w http.ResponseWriter, r *http.Request) error {
	view, err := h.template(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	return h.askTemplate(w, r, view, placeAsk{
		Used: usedNotice(words, words.T("templates.in-use", "Name", templateName(words, view)), view.UsedBy),
		Confirm: web.Confirm{
			Question: words.T("templates.delete-ask", "Name", templateName(words, view)), Button: words.T("templates.delete-button", "Name", templateName(words, view)),
			Effects: []string{words.T("templates.delete-lost")},
		},
	})
}

func (h *templatesPage) delete(w http.ResponseWriter, r *http.Request) error {
	view, err := h.template(r)
	if err != nil {
		return err
	}
	if len(view.UsedBy) > 0 {
		return h.askDelete(w, r)
	}
	if err := h.Notify.DeleteTemplate(r.Context(), web.CallerOf(r), view.ID); err != nil {
		return err
	}
	words := web.WordsOf(r)
	return h.kit.Redirect(w, r, office.TemplatesPath, web.Success(words.T("templates.deleted", "Name", templateName(words, view))))
}
