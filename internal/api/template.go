package api

import (
	"context"
	"net/http"

	"cardinal"
	"cardinal/internal/letter"
	"cardinal/internal/notify"
	"cardinal/internal/setting"
)

func (s *server) templateRoutes() []route {
	const tag = "E-mail templates"
	return []route{
		call(route{
			method: http.MethodGet, path: "/email-templates", permission: cardinal.PermReadOptions, status: http.StatusOK,
			id: "listEmailTemplates", tag: tag, summary: "List e-mail templates: the predefined ones, then the others by name",
		}, s.listTemplates),
		call(route{
			method: http.MethodPost, path: "/email-templates", permission: cardinal.PermWriteOptions, status: http.StatusCreated,
			id: "createEmailTemplate", tag: tag, summary: "Add an e-mail template with its text in one language", once: true,
		}, s.createTemplate),
		call(route{
			method: http.MethodPost, path: "/email-templates/preview", permission: cardinal.PermReadOptions, status: http.StatusOK,
			id: "previewEmailTemplate", tag: tag, summary: "See a text as an e-mail with sample values; saves nothing",
			notes: "The HTML is what would be sent: sanitised, with styles, in its frame.",
		}, s.previewTemplate),
		call(route{
			method: http.MethodGet, path: "/email-templates/{id}", permission: cardinal.PermReadOptions, status: http.StatusOK,
			id: "getEmailTemplate", tag: tag, summary: "Read an e-mail template with its texts by language",
		}, s.getTemplate),
		call(route{
			method: http.MethodDelete, path: "/email-templates/{id}", permission: cardinal.PermWriteOptions, status: http.StatusNoContent,
			id: "deleteEmailTemplate", tag: tag, summary: "Delete an e-mail template that is not predefined and that no setting names",
		}, s.deleteTemplate),
		call(route{
			method: http.MethodPost, path: "/email-templates/{id}/copy", permission: cardinal.PermWriteOptions, status: http.StatusCreated,
			id: "copyEmailTemplate", tag: tag, summary: "Copy an e-mail template under another name", once: true,
		}, s.copyTemplate),
		call(route{
			method: http.MethodGet, path: "/email-templates/{id}/texts/{language}", permission: cardinal.PermReadOptions, status: http.StatusOK,
			id: "getEmailTemplateText", tag: tag, summary: "Read the text of an e-mail template in one language",
		}, s.getTemplateText),
		call(route{
			method: http.MethodPut, path: "/email-templates/{id}/texts/{language}", permission: cardinal.PermWriteOptions, status: http.StatusOK,
			id: "setEmailTemplateText", tag: tag, summary: "Write the text of an e-mail template in one language",
		}, s.putTemplateText),
		call(route{
			method: http.MethodDelete, path: "/email-templates/{id}/texts/{language}", permission: cardinal.PermWriteOptions, status: http.StatusOK,
			id: "resetEmailTemplateText", tag: tag, summary: "Return a predefined e-mail template to its original in one language",
		}, s.deleteTemplateText),
	}
}

// emailTemplate is a template without its texts.
type emailTemplate struct {
	ID         string   `json:"id"`
	Kind       string   `json:"kind" doc:"what its e-mails are about; decides which variables it has"`
	Name       string   `json:"name" doc:"of a predefined one, its id"`
	Predefined bool     `json:"predefined"`
	Edited     bool     `json:"edited" doc:"a predefined one that somebody has written in"`
	Languages  []string `json:"languages" nullable:"false" doc:"those in which somebody has written"`
	UsedBy     []string `json:"usedBy" nullable:"false" doc:"the keys of the settings that name it"`
}

func emailTemplateOf(v notify.TemplateView) emailTemplate {
	shown := emailTemplate{
		ID: v.ID, Kind: string(v.Kind), Name: v.Name, Predefined: v.Predefined, Edited: v.Edited, Languages: list0(v.Languages), UsedBy: list0(v.UsedBy),
	}
	if v.Predefined {
		shown.Name = v.ID
	}
	return shown
}

// templateText is the text of a template in one language.
type templateText struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html" doc:"the inside of the letter; empty: it has its text alone"`
	Written bool   `json:"written" doc:"somebody wrote it; false: it is the original"`
}

func templateTextOf(t notify.TemplateText) templateText {
	return templateText{t.Subject, t.Text, t.HTML, t.Written}
}

// wholeTemplate is a template with its texts.
type wholeTemplate struct {
	emailTemplate
	Texts map[string]templateText `json:"texts" nullable:"false" doc:"by language"`
}

func (s *server) listTemplates(ctx context.Context, caller cardinal.Caller, in page) (answer[list[emailTemplate]], error) {
	found, err := s.Notify.Templates(ctx, caller)
	if err != nil {
		return answer[list[emailTemplate]]{}, err
	}
	at := func(v notify.TemplateView) string { return v.ID }
	rest, err := after(found, in.Cursor, at)
	return paged(rest, in.Limit, emailTemplateOf, at), err
}

type templateIn struct {
	ID pathID `path:"id"`
}

func (s *server) getTemplate(ctx context.Context, caller cardinal.Caller, in templateIn) (answer[wholeTemplate], error) {
	found, err := s.Notify.Template(ctx, caller, string(in.ID))
	if err != nil {
		return answer[wholeTemplate]{}, err
	}
	whole := wholeTemplate{emailTemplateOf(found), map[string]templateText{}}
	for _, language := range setting.Languages() {
		text, err := s.Notify.TemplateText(ctx, caller, found.ID, language)
		if cardinal.CodeOf(err) == cardinal.CodeNotFound {
			continue
		}
		if err != nil {
			return answer[wholeTemplate]{}, err
		}
		whole.Texts[string(language)] = templateTextOf(text)
	}
	return answer[wholeTemplate]{whole}, nil
}

// writtenText is a text as somebody sends it.
type writtenText struct {
	Subject string        `json:"subject" minLength:"1" maxLength:"200"`
	Text    string        `json:"text" minLength:"1" doc:"at most 20 KiB"`
	HTML    field[string] `json:"html,omitzero" nullable:"true" doc:"the inside of the letter, at most 100 KiB; left out, null or empty: it has its text alone"`
}

func (w writtenText) in(language setting.Language) notify.TemplateText {
	return notify.TemplateText{Source: letter.Source{Subject: w.Subject, Text: w.Text, HTML: w.HTML.value}, Language: language}
}

// spoken is the language of a text; English where none is named.
func spoken(language field[string]) setting.Language {
	if !language.is() {
		return setting.English
	}
	return setting.Language(language.value)
}

type newTemplate struct {
	Kind     string        `json:"kind" enum:"pin-expiration,pin-issued,pin-changed,pin-removed,card-number-generated,account-locked,invitation,password-reset,custom"`
	Name     string        `json:"name" minLength:"1" maxLength:"100"`
	Language field[string] `json:"language,omitzero" enum:"en,de,fr,es,cs,ja" doc:"of the text; left out: en"`
	writtenText
}

func (s *server) createTemplate(ctx context.Context, caller cardinal.Caller, in struct{ Body newTemplate }) (tagged[wholeTemplate], error) {
	made, err := s.Notify.AddTemplate(ctx, caller, letter.Kind(in.Body.Kind), in.Body.Name, in.Body.in(spoken(in.Body.Language)))
	return s.madeTemplate(ctx, caller, made, err)
}

// madeTemplate answers with a template that was just made.
func (s *server) madeTemplate(ctx context.Context, caller cardinal.Caller, made notify.TemplateView, err error) (tagged[wholeTemplate], error) {
	if err != nil {
		return tagged[wholeTemplate]{}, err
	}
	shown, err := s.getTemplate(ctx, caller, templateIn{pathID(made.ID)})
	return tagged[wholeTemplate]{Location: prefix + "/email-templates/" + made.ID, Body: shown.Body}, err
}

type copyTemplateIn struct {
	templateIn
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"100"`
	}
}

func (s *server) copyTemplate(ctx context.Context, caller cardinal.Caller, in copyTemplateIn) (tagged[wholeTemplate], error) {
	made, err := s.Notify.CopyTemplate(ctx, caller, string(in.ID), in.Body.Name)
	return s.madeTemplate(ctx, caller, made, err)
}

func (s *server) deleteTemplate(ctx context.Context, caller cardinal.Caller, in templateIn) (nothing, error) {
	return nothing{}, s.Notify.DeleteTemplate(ctx, caller, string(in.ID))
}

type textIn struct {
	templateIn
	Language pathLanguage `path:"language" doc:"en, de, fr, es, cs or ja"`
}

func (s *server) getTemplateText(ctx context.Context, caller cardinal.Caller, in textIn) (tagged[templateText], error) {
	found, err := s.Notify.TemplateText(ctx, caller, string(in.ID), setting.Language(in.Language))
	return tagged[templateText]{ETag: etag(found.Stamp()), Body: templateTextOf(found)}, err
}

type putTextIn struct {
	textIn
	IfMatch match `header:"If-Match" doc:"the ETag that was read; if somebody else has saved in between, nothing is changed and the answer is 412"`
	Body    writtenText
}

func (s *server) putTemplateText(ctx context.Context, caller cardinal.Caller, in putTextIn) (tagged[templateText], error) {
	text := in.Body.in(setting.Language(in.Language))
	if err := s.Notify.WriteTemplateAt(ctx, caller, string(in.ID), text, string(in.IfMatch)); err != nil {
		return tagged[templateText]{}, err
	}
	return s.getTemplateText(ctx, caller, in.textIn)
}

type deleteTextIn struct {
	textIn
	IfMatch match `header:"If-Match" doc:"the ETag that was read"`
}

func (s *server) deleteTemplateText(ctx context.Context, caller cardinal.Caller, in deleteTextIn) (tagged[templateText], error) {
	if err := s.Notify.ResetTemplateAt(ctx, caller, string(in.ID), setting.Language(in.Language), string(in.IfMatch)); err != nil {
		return tagged[templateText]{}, err
	}
	return s.getTemplateText(ctx, caller, in.textIn)
}

type previewed struct {
	Kind     string        `json:"kind" enum:"pin-expiration,pin-issued,pin-changed,pin-removed,card-number-generated,account-locked,invitation,password-reset,custom"`
	Language field[string] `json:"language,omitzero" enum:"en,de,fr,es,cs,ja" doc:"left out: en"`
	writtenText
}

// preview is an e-mail with sample values.
type preview struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html" doc:"a whole document, or empty"`
}

func (s *server) previewTemplate(ctx context.Context, caller cardinal.Caller, in struct{ Body previewed }) (answer[preview], error) {
	written, err := s.Notify.Preview(ctx, caller, letter.Kind(in.Body.Kind), in.Body.in(spoken(in.Body.Language)))
	// Secrets stand in a preview as dots.
	return answer[preview]{preview{written.Subject, written.Text.Reveal(), written.HTML.Reveal()}}, err
}
