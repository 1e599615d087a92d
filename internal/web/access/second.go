package access

import (
	"net/http"
	"net/url"
	"time"

	"cardinal"
	"cardinal/internal/auth"
	"cardinal/internal/web"
)

const (
	secondPath        = web.SignInPath + "/second"
	secondPasskeyPath = secondPath + "/passkey"
	// pendingName is the cookie of a sign-in that waits for its second factor.
	pendingName = "sign-in"
)

// secondURL is the page of the second step in one way.
func secondURL(with way, next string) string {
	values := url.Values{}
	if with != "" {
		values.Set("with", string(with))
	}
	if next != "/" {
		values.Set("next", next)
	}
	if len(values) == 0 {
		return secondPath
	}
	return secondPath + "?" + values.Encode()
}

// secondPage is the second step of signing in.
type secondPage struct {
	*pages
	page *web.Page[proving]
}

func (p *pages) secondRoutes() ([]web.Route, error) {
	page, err := web.Parse[proving](p.kit, outside(), "second.html")
	if err != nil {
		return nil, err
	}
	h := &secondPage{p, page}
	return []web.Route{
		{Pattern: "GET " + secondPath, Permission: cardinal.PermNone, Handle: h.show},
		{Pattern: "POST " + secondPath, Permission: cardinal.PermNone, Handle: h.finish},
		{Pattern: "POST " + secondPasskeyPath, Permission: cardinal.PermNone, Handle: h.options},
	}, nil
}

// step returns the waiting sign-in and the ways to go on with it here.
func (h *secondPage) step(r *http.Request) (auth.SecondStep, []way, error) {
	site, _ := siteOf(r) // where passkeys do not work, the others remain
	step, err := h.Auth.SecondStep(r.Context(), h.kit.Carried(r, pendingName), site.Host)
	if err != nil {
		return step, nil, err
	}
	var there []way
	if step.Passkey {
		there = append(there, withPasskey)
	}
	if step.App {
		there = append(there, withApp)
	}
	return step, append(there, withRecovery), nil
}

// again leads whoever waited too long back to the first step.
func (h *secondPage) again(w http.ResponseWriter, r *http.Request, next string) error {
	h.kit.Drop(w, r, pendingName)
	target := web.SignInPath
	if next != "/" {
		target += "?next=" + url.QueryEscape(next)
	}
	return h.kit.Redirect(w, r, target, web.Warning(web.WordsOf(r).T("access.second.over")))
}

func (h *secondPage) show(w http.ResponseWriter, r *http.Request) error {
	next := web.SafePath(r.URL.Query().Get("next"), "/")
	if web.SessionOf(r).SignedIn() {
		return h.kit.Redirect(w, r, next, web.Flash{})
	}
	_, there, err := h.step(r)
	if cardinal.CodeOf(err) == cardinal.CodeUnauthenticated {
		return h.again(w, r, next)
	}
	if err != nil {
		return err
	}
	with := chosen(r.URL.Query().Get("with"), there)
	return h.answer(w, r, proofForm(web.WordsOf(r), "second", with, next), there)
}

func (h *secondPage) answer(w http.ResponseWriter, r *http.Request, form *web.Form, there []way) error {
	words := web.WordsOf(r)
	form.Action = secondPath
	form.Trouble = words.T("access.sign-in.failed")
	form.Cancel = web.Link{URL: web.SignInPath, Label: words.T("form.cancel")}
	next := form.Value("next")
	others := otherWays(words, there, way(form.Value("with")), func(w way) string { return secondURL(w, next) })
	head := web.Head{Title: words.T("access.second.title"), Lead: words.T("access.second.lead"), Status: form.Status()}
	return h.page.Show(w, r, head, prove(form, secondPasskeyPath, others))
}

func (h *secondPage) finish(w http.ResponseWriter, r *http.Request) error {
	next := web.SafePath(r.PostFormValue("next"), "/")
	step, there, err := h.step(r)
	if cardinal.CodeOf(err) == cardinal.CodeUnauthenticated {
		return h.again(w, r, next)
	}
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	with := chosen(r.PostFormValue("with"), there)
	form := proofForm(words, "second", with, next)
	proof, err := readProof(r, form, with)
	if err != nil {
		return err
	}
	if form.Refused() {
		return h.answer(w, r, form, there)
	}
	token, err := h.Auth.FinishSignIn(r.Context(), h.kit.Carried(r, pendingName), proof, originOf(r))
	switch {
	case cardinal.CodeOf(err) == cardinal.CodeUnauthenticated:
		return h.again(w, r, next)
	case form.Refuse(err):
		return h.answer(w, r, form, there)
	case err != nil:
		return err
	}
	h.kit.Drop(w, r, pendingName)
	h.kit.SetSession(w, r, token, time.Time{})
	message := web.Flash{}
	if with == withRecovery {
		message = web.Warning(words.T("access.second.recovery-used", "Count", step.RecoveryCodes-1))
	}
	return h.kit.Redirect(w, r, next, message)
}

// options answers the script that asks for a passkey.
func (h *secondPage) options(w http.ResponseWriter, r *http.Request) error {
	site, err := siteOf(r)
	if err != nil {
		return err
	}
	options, err := h.Auth.AskPasskey(r.Context(), h.kit.Carried(r, pendingName), site)
	if err != nil {
		return err
	}
	return writeJSON(w, options)
}
