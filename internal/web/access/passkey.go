package access

import (
	"net/http"

	"cardinal"
	"cardinal/internal/auth"
	"cardinal/internal/web"
)

// passkeyPage is where a passkey is made.
type passkeyPage struct {
	*pages
	page  *web.Page[proving]
	codes *web.Page[codesData]
}

func (p *pages) passkeyRoutes() ([]web.Route, error) {
	page, err := web.Parse[proving](p.kit, p.inside(), "prove.html")
	if err != nil {
		return nil, err
	}
	codes, err := web.Parse[codesData](p.kit, p.inside(), "codes.html")
	if err != nil {
		return nil, err
	}
	h := &passkeyPage{p, page, codes}
	return []web.Route{
		{Pattern: "GET " + passkeysPath, Permission: cardinal.PermOwnDetails, Fresh: true, Handle: h.show},
		{Pattern: "POST " + passkeysPath, Permission: cardinal.PermOwnDetails, Fresh: true, Handle: h.add},
		{Pattern: "POST " + makeKeyPath, Permission: cardinal.PermOwnDetails, Fresh: true, Handle: h.options},
	}, nil
}

func passkeyMaker(r *http.Request) *web.Form {
	words := web.WordsOf(r)
	form := web.NewForm(words, "passkey", words.T("access.passkey.make"))
	form.Trouble = words.T("access.passkey.refused")
	form.Cancel = web.Link{URL: FactorPath, Label: words.T("form.cancel")}
	form.Action = passkeysPath
	form.Carry("answer", "")
	form.Add(web.Field{
		Name: "name", Kind: web.Text, Label: words.T("access.passkey.name"), Hint: words.T("access.passkey.name-hint"),
		MaxLength: auth.PasskeyNameMaxLength, Required: true, Value: browserWords(words, r.UserAgent()),
	})
	return form
}

func (h *passkeyPage) show(w http.ResponseWriter, r *http.Request) error {
	return h.answer(w, r, passkeyMaker(r))
}

func (h *passkeyPage) answer(w http.ResponseWriter, r *http.Request, form *web.Form) error {
	words := web.WordsOf(r)
	head := web.Head{Title: words.T("access.passkey.add"), Lead: words.T("access.passkey.lead"), Back: h.factorBack(r), Status: form.Status(), Narrow: true}
	return h.page.Show(w, r, head, proving{Passkey: passkeyForm{form, "make", makeKeyPath}})
}

func (h *passkeyPage) add(w http.ResponseWriter, r *http.Request) error {
	form := passkeyMaker(r)
	if err := form.Read(r); err != nil {
		return err
	}
	words := web.WordsOf(r)
	answer := takeAnswer(form)
	if answer == "" {
		form.Violate("", words.T("access.passkey.needs-scripts"))
	}
	site, err := siteOf(r)
	if err != nil {
		form.Violate("", words.T("access.passkey.not-here"))
	}
	if form.Refused() {
		return h.answer(w, r, form)
	}
	codes, err := h.Auth.AddPasskey(r.Context(), web.CallerOf(r), site, form.Value("name"), []byte(answer))
	if form.Refuse(err) {
		return h.answer(w, r, form)
	}
	if err != nil {
		return err
	}
	return h.added(w, r, h.codes, codes)
}

// options answers the script that makes a passkey.
func (h *passkeyPage) options(w http.ResponseWriter, r *http.Request) error {
	site, err := siteOf(r)
	if err != nil {
		return err
	}
	options, err := h.Auth.BeginPasskey(r.Context(), web.CallerOf(r), site)
	if err != nil {
		return err
	}
	return writeJSON(w, options)
}
