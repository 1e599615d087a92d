package options

import (
	"net/http"

	"cardinal/internal/notify"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

func (h *messagingPage) newForm(words *web.Words) *web.Form {
	form := messagingForm(words, newConfiguration())
	form.Submit, form.Cancel = words.T("messaging.create"), cancel(words, office.MessagingPath)
	return form
}

func (h *messagingPage) showNew(w http.ResponseWriter, r *http.Request) error {
	return h.answerNew(w, r, h.newForm(web.WordsOf(r)))
}

func (h *messagingPage) answerNew(w http.ResponseWriter, r *http.Request, form *web.Form) error {
	words := web.WordsOf(r)
	return h.form.Show(w, r, web.Head{
		Title: words.T("messaging.new"), Lead: words.T("messaging.new-lead"), Status: form.Status(), Narrow: true,
		Back: web.Link{URL: office.MessagingPath, Label: words.T("messaging.title")},
	}, placeForm{Form: form})
}

func (h *messagingPage) create(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	form := h.newForm(words)
	if err := form.Read(r); err != nil {
		return err
	}
	wanted, secrets := messagingOf(form)
	if form.Refused() {
		return h.answerNew(w, r, form)
	}
	made, err := h.Notify.AddConfiguration(r.Context(), web.CallerOf(r), wanted, secrets)
	if form.Refuse(err) {
		return h.answerNew(w, r, form)
	}
	if err != nil {
		return err
	}
	return h.kit.Redirect(w, r, below(office.MessagingPath, string(made.ID)), web.Success(words.T("messaging.created-flash", "Name", made.Name)))
}

func (h *messagingPage) askDelete(w http.ResponseWriter, r *http.Request) error {
	view, err := h.configuration(r)
	if err != nil {
		return err
	}
	return h.answerDelete(w, r, view)
}

// answerDelete asks whether to delete a configuration, or says where it is used.
func (h *messagingPage) answerDelete(w http.ResponseWriter, r *http.Request, view notify.ConfigurationView) error {
	words := web.WordsOf(r)
	back := below(office.MessagingPath, string(view.ID))
	head := web.Head{Title: view.Name, Back: web.Link{URL: back, Label: words.T("messaging.back")}}
	return h.ask.Show(w, r, head, placeAsk{
		Used: usedNotice(words, words.T("messaging.in-use", "Name", view.Name), view.UsedBy),
		Confirm: web.Confirm{
			Question: words.T("messaging.delete-ask", "Name", view.Name), Button: words.T("messaging.delete-button", "Name", view.Name),
			Effects: []string{words.T("messaging.delete-secrets"), words.T("messaging.delete-waiting")}, Action: below(back, "delete"), Cancel: back,
		},
	})
}

// usedNotice says that something cannot be deleted because a setting names it.
func usedNotice(words *web.Words, text string, keys []string) web.Notice {
	uses := usesOf(words, keys)
	if len(uses) == 0 {
		return web.Notice{}
	}
	return web.Notice{Tone: web.ToneWarning, Title: words.T("messaging.not-deleted"), Text: text, Link: uses[0]}
}

func (h *messagingPage) delete(w http.ResponseWriter, r *http.Request) error {
	view, err := h.configuration(r)
	if err != nil {
		return err
	}
	if len(view.UsedBy) > 0 {
		return h.answerDelete(w, r, view)
	}
	if err := h.Notify.DeleteConfiguration(r.Context(), web.CallerOf(r), view.ID); err != nil {
		return err
	}
	return h.kit.Redirect(w, r, office.MessagingPath, web.Success(web.WordsOf(r).T("messaging.deleted", "Name", view.Name)))
}
