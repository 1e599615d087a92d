package demo

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/app"
	"cardinal/internal/mailsink"
	"cardinal/internal/notify"
	"cardinal/internal/setting"
)

// CaughtPath is where the demonstration shows the e-mail that it caught. Nobody
// need sign in: whoever can open it has started the demonstration.
const CaughtPath = "/caught-mail"

// Post catches the e-mail of the demonstration: none leaves the machine.
type Post struct {
	sink *mailsink.Sink
}

// Catch begins to catch e-mail. The caller closes the Post.
func Catch() (*Post, error) {
	sink, err := mailsink.Listen(mailsink.Options{})
	if err != nil {
		return nil, fmt.Errorf("catch e-mail: %w", err)
	}
	return &Post{sink}, nil
}

// Close stops catching.
func (p *Post) Close() error { return p.sink.Close() }

// configure has people told by e-mail of what happens to them.
func (p *Post) configure(ctx context.Context, a *app.App, caller cardinal.Caller, url string) error {
	relay, err := a.Notify.AddConfiguration(ctx, caller, cardinal.MessagingConfiguration{
		Name: "Caught e-mail of the demonstration", Host: p.sink.Host(), Port: p.sink.Port(), Security: cardinal.MailPlain,
		Authentication: cardinal.MailAuthNone, SenderAddress: "pins@acme.example", SenderName: organisation,
	}, notify.Secrets{})
	if err != nil {
		return err
	}
	id, before, address := strconv.Quote(string(relay.ID)), noticeHours, strconv.Quote(url)
	changes := map[string]*string{
		setting.PINNoticeConfiguration.Key: &id, setting.PINNoticeHours.Key: &before, setting.MailConfiguration.Key: &id, setting.CustomerAddress.Key: &address,
	}
	for _, d := range []setting.Definition{
		setting.MailPINChanged.Definition, setting.MailPINRemoved.Definition, setting.MailNumberGenerated.Definition, setting.MailAccountLocked.Definition,
	} {
		template := strconv.Quote(d.TemplateKind) // predefined ones are called as their kind
		changes[d.Key] = &template
	}
	return a.Accounts.ChangeSettings(ctx, caller, account.SettingChange{Values: changes})
}

// noticeHours is so long before their end that some PINs of the sample are told
// of at once, and others a day later.
const noticeHours = "24"

// caughtPolicy lets the pages have a style of their own, and letters nothing else.
const caughtPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Pages shows what was caught, below CaughtPath.
func (p *Post) Pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+CaughtPath, p.list)
	mux.HandleFunc("GET "+CaughtPath+"/{number}", p.show)
	return mux
}

// caught is a message as the pages show it.
type caught struct {
	mailsink.Received
	Number int
	To     string
	Date   string
	Links  []string // that stand in the text; in the frame nothing can be pressed
}

// linksIn finds the addresses that a text tells to open.
func linksIn(text string) []string {
	var links []string
	for word := range strings.FieldsSeq(text) {
		if strings.HasPrefix(word, "http://") || strings.HasPrefix(word, "https://") {
			links = append(links, word)
		}
	}
	return links
}

func (p *Post) all() []caught {
	var all []caught
	for i, m := range p.sink.Messages() {
		c := caught{Received: m, Number: i + 1, Date: m.Header.Get("Date"), Links: linksIn(m.Text)}
		if len(m.To) > 0 {
			c.To = m.To[0]
		}
		if at, err := time.Parse(time.RFC1123Z, c.Date); err == nil {
			c.Date = at.Format("2 Jan 2006, 15:04")
		}
		all = append(all, c)
	}
	slices.Reverse(all)
	return all
}

func (p *Post) list(w http.ResponseWriter, _ *http.Request) {
	all := p.all()
	const most = 200
	write(w, "list", map[string]any{"All": all[:min(len(all), most)], "Count": len(all)})
}

func (p *Post) show(w http.ResponseWriter, r *http.Request) {
	all := p.all()
	n, err := strconv.Atoi(r.PathValue("number"))
	if err != nil || n < 1 || n > len(all) {
		http.Error(w, "There is no such e-mail.", http.StatusNotFound)
		return
	}
	write(w, "one", all[len(all)-n])
}

func write(w http.ResponseWriter, name string, data any) {
	pages, err := template.New("caught").Parse(caughtPages)
	var page bytes.Buffer
	if err == nil {
		err = pages.ExecuteTemplate(&page, name, data)
	}
	if err != nil {
		http.Error(w, "The page could not be written.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", caughtPolicy)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(page.Bytes()) // the reader may be gone: nobody to tell
}

const caughtPages = `
{{define "head"}}<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; margin: 0; background: #f3f5f8; color: #1c2330; }
main { max-width: 960px; margin: 0 auto; padding: 32px 16px; }
h1 { font-size: 24px; margin: 0 0 4px; overflow-wrap: anywhere; }
p { margin: 0 0 20px; color: #56606e; }
a { color: #1a5fb4; overflow-wrap: anywhere; }
ul { list-style: none; margin: 0; padding: 0; background: #fff; border: 1px solid #d5dae1; border-radius: 8px; }
li { padding: 12px 16px; border-top: 1px solid #d5dae1; overflow-wrap: anywhere; }
li:first-child { border-top: 0; }
li span { display: block; color: #56606e; font-size: 14px; }
iframe { width: 100%; height: 70vh; border: 1px solid #d5dae1; border-radius: 8px; background: #fff; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #fff; border: 1px solid #d5dae1; border-radius: 8px; padding: 16px; }
h2 { font-size: 17px; margin: 28px 0 8px; }
@media (prefers-color-scheme: dark) {
  body { background: #101317; color: #e7eaee; }
  ul, pre { background: #1b2027; border-color: #3a434f; }
  li, iframe { border-color: #3a434f; }
  p, li span { color: #a9b3c0; }
  a { color: #86bdff; }
}
</style>{{end}}
{{define "list"}}{{template "head"}}
<meta http-equiv="refresh" content="5">
<title>Caught e-mail</title>
</head>
<body><main>
<h1>Caught e-mail</h1>
<p>{{if .Count}}{{.Count}} e-mails that this demonstration would have sent, newest first. None of them has left this machine.{{else}}Nothing yet. What this demonstration would send is caught here; none of it leaves this machine.{{end}}</p>
{{if .All}}<ul>{{range .All}}<li><a href="/caught-mail/{{.Number}}">{{.Subject}}</a><span>{{.To}} · {{.Date}}</span></li>{{end}}</ul>{{end}}
</main></body></html>{{end}}
{{define "one"}}{{template "head"}}
<title>{{.Subject}}</title>
</head>
<body><main>
<p><a href="/caught-mail">All caught e-mail</a></p>
<h1>{{.Subject}}</h1>
<p>From {{.From}} to {{.To}}, {{.Date}}</p>
{{range .Links}}<p><a class="link" href="{{.}}">{{.}}</a></p>{{end}}
{{if .HTML}}<iframe sandbox title="The e-mail as it looks" srcdoc="{{.HTML}}"></iframe>{{end}}
<h2>As plain text</h2>
<pre>{{.Text}}</pre>
</main></body></html>{{end}}
`
