package access

import (
	"net/http"

	"cardinal"
	"cardinal/internal/wayback"
	"cardinal/internal/web"
)

const (
	forgotPasswordPath = "/forgot-password"
	forgotPINPath      = "/forgot-pin"
	sentPath           = "/sent" // below it
)

// forgotPage asks who somebody is who cannot get in, to send them a link.
type forgotPage struct {
	*pages
	page *web.Page[formData]
	kind wayback.Kind
	path string
}

func (p *pages) forgotRoutes() ([]web.Route, error) {
	page, err := web.Parse[formData](p.kit, outside(), "forgot.html")
	if err != nil {
		return nil, err
	}
	password := &forgotPage{p, page, wayback.Password, forgotPasswordPath}
	pin := &forgotPage{p, page, wayback.PIN, forgotPINPath}
	return append(password.routes(), pin.routes()...), nil
}

func (h *forgotPage) routes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + h.path, Permission: cardinal.PermNone, Handle: h.show},
		{Pattern: "POST " + h.path, Permission: cardinal.PermNone, Repeatable: true, Handle: h.send},
		{Pattern: "GET " + h.path + sentPath, Permission: cardinal.PermNone, Handle: h.sent},
	}
}

func (h *forgotPage) form(r *http.Request, several bool) *web.Form {
	words := web.WordsOf(r)
	form := web.NewForm(words, "forgot", words.T("access.forgot.button"))
	form.Trouble, form.Cancel = words.T("access.forgot.failed"), web.Link{URL: web.SignInPath, Label: words.T("form.cancel")}
	if several {
		form.Add(web.Field{Name: "organisation", Kind: web.Text, Label: words.T("access.sign-in.organisation"), Autocomplete: "organization", Required: true})
	}
	form.Add(web.Field{
		Name: "name", Kind: web.Text, Label: words.T("access.forgot.name"), Hint: words.T("access.forgot.name-hint"), Autocomplete: "username", Required: true,
	})
	return form
}

func (h *forgotPage) head(words *web.Words) web.Head {
	if h.kind == wayback.PIN {
		return web.Head{Title: words.T("access.forgot-pin.title"), Lead: words.T("access.forgot-pin.lead")}
	}
	return web.Head{Title: words.T("access.forgot-password.title"), Lead: words.T("access.forgot-password.lead")}
}

// open returns the form, or in its place the notice that no links are sent here.
func (h *forgotPage) open(r *http.Request) (formData, error) {
	only, several, err := h.door(r)
	if err != nil {
		return formData{}, err
	}
	data := formData{Form: h.form(r, several)}
	if several {
		return data, nil
	}
	offered, err := h.Ways.Offers(r.Context(), only.ID, h.kind)
	if err == nil && !offered {
		data = formData{Notice: web.Notice{Tone: web.ToneInfo, Text: web.WordsOf(r).T("access.forgot.off")}}
	}
	return data, err
}

func (h *forgotPage) show(w http.ResponseWriter, r *http.Request) error {
	data, err := h.open(r)
	if err != nil {
		return err
	}
	return h.answer(w, r, data)
}

func (h *forgotPage) answer(w http.ResponseWriter, r *http.Request, data formData) error {
	head := h.head(web.WordsOf(r))
	if data.Form == nil {
		head.Lead = ""
	} else {
		head.Status = data.Form.Status()
	}
	return h.page.Show(w, r, head, data)
}

// send asks for the link; what follows is the same whoever it is.
func (h *forgotPage) send(w http.ResponseWriter, r *http.Request) error {
	data, err := h.open(r)
	if err != nil {
		return err
	}
	if data.Form == nil {
		return h.answer(w, r, data)
	}
	if err := data.Form.Read(r); err != nil {
		return err
	}
	if data.Form.Value("name") == "" {
		data.Form.Violate("name", web.WordsOf(r).T("access.forgot.name-missing"))
		return h.answer(w, r, data)
	}
	err = h.Ways.Ask(r.Context(), h.kind, wayback.Who{Customer: data.Form.Value("organisation"), Name: data.Form.Value("name")}, originOf(r))
	if data.Form.Refuse(err) {
		return h.answer(w, r, data)
	}
	if err != nil {
		return err
	}
	return h.kit.Redirect(w, r, h.path+sentPath, web.Flash{})
}

func (h *forgotPage) sent(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	head := web.Head{Title: words.T("access.forgot.sent-title")}
	return h.page.Show(w, r, head, formData{Notice: web.Notice{Tone: web.ToneInfo, Text: words.T("access.forgot.sent")}})
}
