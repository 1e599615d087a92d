package access

import (
	"net/http"

	"cardinal"
	"cardinal/internal/auth"
	"cardinal/internal/web"
)

// factorPage is somebody's own second factors.
type factorPage struct {
	*pages
	page *web.Page[factorData]
	ask  *web.Page[askData]
}

type factorData struct {
	Due       bool // one must be set up before anything else
	Allowed   bool // the person's role has second factors
	Factors   auth.Factors
	None      bool // there is none yet
	Few       bool // recovery codes
	NotHere   string
	Elsewhere bool // some passkey is for another host
	Host      string
}

// askData is a question before something is taken away.
type askData struct{ Confirm web.Confirm }

const (
	appPath       = FactorPath + "/app"
	removeAppPath = appPath + "/remove"
	passkeysPath  = FactorPath + "/passkeys"
	removeKeyPath = passkeysPath + "/{id}/remove"
	makeKeyPath   = passkeysPath + "/options"
	codesPath     = FactorPath + "/recovery-codes"
)

func (p *pages) factorRoutes() ([]web.Route, error) {
	page, err := web.Parse[factorData](p.kit, p.inside(), "factor.html")
	if err != nil {
		return nil, err
	}
	ask, err := web.Parse[askData](p.kit, p.inside(), "ask.html")
	if err != nil {
		return nil, err
	}
	h := &factorPage{p, page, ask}
	return []web.Route{
		{Pattern: "GET " + FactorPath, Permission: cardinal.PermOwnDetails, Handle: h.show},
		{Pattern: "GET " + removeAppPath, Permission: cardinal.PermOwnDetails, Fresh: true, Handle: h.askRemoveApp},
		{Pattern: "POST " + removeAppPath, Permission: cardinal.PermOwnDetails, Fresh: true, Handle: h.removeApp},
		{Pattern: "GET " + removeKeyPath, Permission: cardinal.PermOwnDetails, Fresh: true, Handle: h.askRemoveKey},
		{Pattern: "POST " + removeKeyPath, Permission: cardinal.PermOwnDetails, Fresh: true, Handle: h.removeKey},
	}, nil
}

func (h *factorPage) own(r *http.Request) (auth.Factors, error) {
	caller := web.CallerOf(r)
	return h.Auth.Factors(r.Context(), caller, caller.Name)
}

func (h *factorPage) show(w http.ResponseWriter, r *http.Request) error {
	have, err := h.own(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	data := factorData{
		Due: web.SessionOf(r).Held != "", Allowed: web.CallerOf(r).Role.Outranks(cardinal.RoleUser),
		Factors: have, None: !have.Any(), Few: have.RecoveryCodes <= auth.RecoveryCodesFew,
	}
	site, err := siteOf(r)
	if err != nil {
		data.NotHere = words.T("access.passkey.not-here")
	}
	data.Host = site.Host
	for _, key := range have.Passkeys {
		data.Elsewhere = data.Elsewhere || key.Host != site.Host
	}
	head := web.Head{Title: words.T("access.factor.title"), Lead: words.T("access.factor.lead"), Narrow: true}
	if data.Due {
		head.Title, head.Lead = words.T("access.factor.due-title"), words.T("access.factor.due")
	}
	return h.page.Show(w, r, head, data)
}

func (p *pages) factorBack(r *http.Request) web.Link {
	return web.Link{URL: FactorPath, Label: web.WordsOf(r).T("access.factor.title")}
}

// question shows what is about to be taken away; the last factor takes the
// recovery codes with it.
func (h *factorPage) question(w http.ResponseWriter, r *http.Request, have auth.Factors, confirm web.Confirm) error {
	words := web.WordsOf(r)
	left := len(have.Passkeys)
	if have.App {
		left++
	}
	if left == 1 {
		confirm.Effects = append(confirm.Effects, words.T("access.factor.last"))
	} else {
		confirm.Effects = append(confirm.Effects, words.T("access.factor.others-stay"))
	}
	confirm.Cancel = FactorPath
	head := web.Head{Title: words.T("access.factor.title"), Back: h.factorBack(r), Narrow: true}
	return h.ask.Show(w, r, head, askData{confirm})
}

func (h *factorPage) askRemoveApp(w http.ResponseWriter, r *http.Request) error {
	have, err := h.own(r)
	if err != nil {
		return err
	}
	if !have.App {
		return h.kit.Redirect(w, r, FactorPath, web.Flash{})
	}
	words := web.WordsOf(r)
	return h.question(w, r, have, web.Confirm{
		Question: words.T("access.app.remove-ask"), Effects: []string{words.T("access.app.remove-effect")},
		Action: removeAppPath, Button: words.T("access.app.remove"),
	})
}

func (h *factorPage) removeApp(w http.ResponseWriter, r *http.Request) error {
	if err := h.Auth.RemoveApp(r.Context(), web.CallerOf(r)); err != nil {
		return err
	}
	return h.kit.Redirect(w, r, FactorPath, web.Success(web.WordsOf(r).T("access.app.removed")))
}

func (h *factorPage) askRemoveKey(w http.ResponseWriter, r *http.Request) error {
	have, err := h.own(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	for _, key := range have.Passkeys {
		if key.ID == r.PathValue("id") {
			return h.question(w, r, have, web.Confirm{
				Question: words.T("access.passkey.remove-ask", "Name", key.Name), Effects: []string{words.T("access.passkey.remove-effect")},
				Action: passkeysPath + "/" + key.ID + "/remove", Button: words.T("access.passkey.remove"),
			})
		}
	}
	return cardinal.ErrNotFound
}

func (h *factorPage) removeKey(w http.ResponseWriter, r *http.Request) error {
	if err := h.Auth.RemovePasskey(r.Context(), web.CallerOf(r), r.PathValue("id")); err != nil {
		return err
	}
	return h.kit.Redirect(w, r, FactorPath, web.Success(web.WordsOf(r).T("access.passkey.removed")))
}
