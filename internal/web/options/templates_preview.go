package options

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"

	"cardinal"
	"cardinal/internal/notify"
	"cardinal/internal/web"
)

// letterFrame is the document in the frame of the preview: the letter's HTML as it
// is sent, in a frame of its own, below its subject and above its text. It stands
// apart from the pages, with its style in it; see web.Route.Framed.
const letterFrame = `<!DOCTYPE html>
<html lang="{{.Language}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
<style>
:root { color-scheme: light dark; }
html, body { height: 100%; margin: 0; }
body { display: flex; flex-direction: column; font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; background: #fff; color: #1c2330; }
header { padding: 14px 18px; border-bottom: 1px solid #d5dae1; overflow-wrap: anywhere; }
header span, summary, h1 { color: #57606e; font-size: 13px; font-weight: 400; margin: 0; }
header strong { display: block; }
iframe { flex: 1; border: 0; width: 100%; min-height: 0; }
details { border-top: 1px solid #d5dae1; max-height: 45%; overflow: auto; flex: none; }
summary { padding: 10px 18px; cursor: pointer; }
details[open] { flex: 1; }
pre { margin: 0; padding: 6px 18px 18px; white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.6 ui-monospace, "SF Mono", Consolas, monospace; }
.wrong { padding: 18px; }
.wrong h1 { color: #b3261e; font-size: 15px; font-weight: 600; }
.wrong li { margin: 6px 0; }
@media (prefers-color-scheme: dark) {
  body { background: #171c23; color: #e7eaee; }
  header, details { border-color: #3a434f; }
  header span, summary { color: #a9b3c0; }
  .wrong h1 { color: #ff9b93; }
}
</style>
</head>
<body>
{{if .Problems}}<div class="wrong" role="alert"><h1>{{.Title}}</h1><ul>{{range .Problems}}<li>{{.}}</li>{{end}}</ul></div>
{{else}}<header><span>{{.SubjectLabel}}</span><strong>{{.Subject}}</strong></header>
{{if .HTML}}<iframe sandbox title="{{.Title}}" srcdoc="{{.HTML}}"></iframe>{{end}}
<details{{if not .HTML}} open{{end}}><summary>{{.TextLabel}}</summary><pre>{{.Text}}</pre></details>{{end}}
</body>
</html>
`

// letterView is what stands in the frame.
type letterView struct {
	Language     string
	Title        string
	Problems     []string
	SubjectLabel string
	Subject      string
	TextLabel    string
	Text         string
	HTML         string
}

// preview shows the text that is saved.
func (h *templatesPage) preview(w http.ResponseWriter, r *http.Request) error {
	view, err := h.template(r)
	if err != nil {
		return err
	}
	text, found, err := h.text(r, view, languageOf(r))
	if err != nil {
		return err
	}
	if !found {
		return writeLetter(w, letterView{
			Language: web.WordsOf(r).Language(), Title: web.WordsOf(r).T("templates.missing"), Problems: []string{web.WordsOf(r).T("templates.preview-missing")},
		})
	}
	return h.answerPreview(w, r, view, text)
}

// previewTyped shows what was typed, and keeps none of it.
func (h *templatesPage) previewTyped(w http.ResponseWriter, r *http.Request) error {
	view, err := h.template(r)
	if err != nil {
		return err
	}
	language := languageOf(r)
	form := templateForm(web.WordsOf(r), view, notify.TemplateText{Language: language})
	if err := form.Read(r); err != nil {
		return err
	}
	return h.answerPreview(w, r, view, textOfForm(form, language))
}

func (h *templatesPage) answerPreview(w http.ResponseWriter, r *http.Request, view notify.TemplateView, text notify.TemplateText) error {
	words := web.WordsOf(r)
	shown := letterView{
		Language: words.Language(), Title: words.T("templates.preview"), SubjectLabel: words.T("templates.subject"), TextLabel: words.T("templates.text-part"),
	}
	made, err := h.Notify.Preview(r.Context(), web.CallerOf(r), view.Kind, text)
	violations := cardinal.ViolationsOf(err)
	if err != nil && len(violations) == 0 {
		return err
	}
	for _, violation := range violations {
		shown.Title = words.T("templates.preview-refused")
		shown.Problems = append(shown.Problems, words.Code("template-field", violation.Field, violation.Field)+": "+words.Sentence(violation.Sentence()))
	}
	if err == nil {
		shown.Subject, shown.Text, shown.HTML = made.Subject, made.Text.Reveal(), made.HTML.Reveal()
	}
	return writeLetter(w, shown)
}

func writeLetter(w http.ResponseWriter, shown letterView) error {
	frame, err := template.New("letter").Parse(letterFrame)
	if err != nil {
		return fmt.Errorf("frame of the preview: %w", err)
	}
	var page bytes.Buffer
	if err := frame.Execute(&page, shown); err != nil {
		return fmt.Errorf("frame of the preview: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = page.WriteTo(w) // the reader is gone: nobody to tell
	return nil
}
