package access

import (
	"net/http"

	"cardinal"
	"cardinal/internal/web"
)

// codesPage gives new recovery codes.
type codesPage struct {
	*pages
	ask   *web.Page[askData]
	codes *web.Page[codesData]
}

// codesData is recovery codes, the one time they are shown.
type codesData struct {
	Codes []cardinal.Token
	Next  string
}

func (p *pages) codesRoutes() ([]web.Route, error) {
	ask, err := web.Parse[askData](p.kit, p.inside(), "ask.html")
	if err != nil {
		return nil, err
	}
	codes, err := web.Parse[codesData](p.kit, p.inside(), "codes.html")
	if err != nil {
		return nil, err
	}
	h := &codesPage{p, ask, codes}
	return []web.Route{
		{Pattern: "GET " + codesPath, Permission: cardinal.PermOwnDetails, Fresh: true, Handle: h.question},
		{Pattern: "POST " + codesPath, Permission: cardinal.PermOwnDetails, Fresh: true, Handle: h.renew},
	}, nil
}

// added answers whoever has just set up a second factor: with the first recovery
// codes, or where there are some already, with their factors.
func (p *pages) added(w http.ResponseWriter, r *http.Request, page *web.Page[codesData], codes []cardinal.Token) error {
	if len(codes) == 0 {
		return p.kit.Redirect(w, r, FactorPath, web.Success(web.WordsOf(r).T("access.factor.added")))
	}
	return p.showCodes(w, r, page, codes)
}

func (p *pages) showCodes(w http.ResponseWriter, r *http.Request, page *web.Page[codesData], codes []cardinal.Token) error {
	data := codesData{Codes: codes, Next: FactorPath}
	if web.SessionOf(r).Held != "" {
		data.Next = "/"
	}
	words := web.WordsOf(r)
	return page.Show(w, r, web.Head{Title: words.T("access.codes.title"), Lead: words.T("access.codes.once"), Narrow: true}, data)
}

func (h *codesPage) question(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	head := web.Head{Title: words.T("access.codes.title"), Back: h.factorBack(r), Narrow: true}
	return h.ask.Show(w, r, head, askData{web.Confirm{
		Question: words.T("access.codes.ask"), Effects: []string{words.T("access.codes.effect-old"), words.T("access.codes.effect-once")},
		Action: codesPath, Button: words.T("access.codes.renew"), Cancel: FactorPath,
	}})
}

func (h *codesPage) renew(w http.ResponseWriter, r *http.Request) error {
	codes, err := h.Auth.NewRecoveryCodes(r.Context(), web.CallerOf(r))
	if err != nil {
		return err
	}
	return h.showCodes(w, r, h.codes, codes)
}
