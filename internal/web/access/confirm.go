package access

import (
	"net/http"
	"net/url"

	"cardinal"
	"cardinal/internal/web"
)

const confirmPasskeyPath = web.ConfirmPath + "/passkey"

// confirmPage asks who it is once more, before something dangerous.
type confirmPage struct {
	*pages
	page *web.Page[proving]
}

func (p *pages) confirmRoutes() ([]web.Route, error) {
	page, err := web.Parse[proving](p.kit, p.inside(), "prove.html")
	if err != nil {
		return nil, err
	}
	h := &confirmPage{p, page}
	return []web.Route{
		{Pattern: "GET " + web.ConfirmPath, Permission: cardinal.PermOwnDetails, Handle: h.show},
		{Pattern: "POST " + web.ConfirmPath, Permission: cardinal.PermOwnDetails, Handle: h.confirm},
		{Pattern: "POST " + confirmPasskeyPath, Permission: cardinal.PermOwnDetails, Handle: h.options},
	}, nil
}

// ways are those in which the caller can confirm here.
func (h *confirmPage) ways(r *http.Request) ([]way, error) {
	caller := web.CallerOf(r)
	have, err := h.Auth.Factors(r.Context(), caller, caller.Name)
	there := []way{withPassword}
	if have.App {
		there = append(there, withApp)
	}
	site, siteErr := siteOf(r)
	for _, key := range have.Passkeys {
		if siteErr == nil && key.Host == site.Host {
			return append(there, withPasskey), err
		}
	}
	return there, err
}

func (h *confirmPage) show(w http.ResponseWriter, r *http.Request) error {
	there, err := h.ways(r)
	if err != nil {
		return err
	}
	with := chosen(r.URL.Query().Get("with"), there)
	next := web.SafePath(r.URL.Query().Get("next"), "/")
	return h.answer(w, r, proofForm(web.WordsOf(r), "confirm", with, next), there)
}

func (h *confirmPage) answer(w http.ResponseWriter, r *http.Request, form *web.Form, there []way) error {
	words := web.WordsOf(r)
	next := form.Value("next")
	form.Action = web.ConfirmPath
	form.Trouble = words.T("access.confirm.failed")
	form.Cancel = web.Link{URL: "/", Label: words.T("form.cancel")}
	others := otherWays(words, there, way(form.Value("with")), func(w way) string {
		return web.ConfirmPath + "?" + url.Values{"with": {string(w)}, "next": {next}}.Encode()
	})
	head := web.Head{Title: words.T("access.confirm.title"), Lead: words.T("access.confirm.lead"), Status: form.Status(), Narrow: true}
	return h.page.Show(w, r, head, prove(form, confirmPasskeyPath, others))
}

func (h *confirmPage) confirm(w http.ResponseWriter, r *http.Request) error {
	there, err := h.ways(r)
	if err != nil {
		return err
	}
	with := chosen(r.PostFormValue("with"), there)
	form := proofForm(web.WordsOf(r), "confirm", with, "/")
	proof, err := readProof(r, form, with)
	if err != nil {
		return err
	}
	if form.Refused() {
		return h.answer(w, r, form, there)
	}
	err = h.Auth.Confirm(r.Context(), web.CallerOf(r), proof)
	if form.Refuse(err) {
		return h.answer(w, r, form, there)
	}
	if err != nil {
		return err
	}
	return h.kit.Redirect(w, r, form.Value("next"), web.Flash{})
}

// options answers the script that asks for a passkey.
func (h *confirmPage) options(w http.ResponseWriter, r *http.Request) error {
	site, err := siteOf(r)
	if err != nil {
		return err
	}
	options, err := h.Auth.AskPasskeyAgain(r.Context(), web.CallerOf(r), site)
	if err != nil {
		return err
	}
	return writeJSON(w, options)
}
