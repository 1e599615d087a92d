package options

import (
	"net/http"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// tokensPage is *Options › API tokens*.
type tokensPage struct {
	*places
	list *web.Page[tokensData]
}

type tokensData struct {
	Rows  []tokenRow
	Empty web.Empty
	Pager web.Pager
}

type tokenRow struct {
	account.TokenView
	Badge  web.Badge // how it stands with its expiry; zero where there is nothing to say
	Revoke string    // where it is revoked; empty for whom may not
}

// reference is where the API is described.
const reference = "/api/docs"

func (p *pages) tokenRoutes() ([]web.Route, error) {
	shared, err := p.places()
	if err != nil {
		return nil, err
	}
	list, err := web.Parse[tokensData](p.kit, area(), "tokens.html")
	if err != nil {
		return nil, err
	}
	h := &tokensPage{shared, list}
	return []web.Route{
		{Pattern: "GET " + office.TokensPath, Permission: cardinal.PermReadOptions, Handle: h.show},
		{Pattern: "GET " + office.NewTokenPath, Permission: cardinal.PermWriteOptions, Fresh: true, Handle: h.showNew},
		{Pattern: "POST " + office.NewTokenPath, Permission: cardinal.PermWriteOptions, Fresh: true, Handle: h.create},
		{Pattern: "GET " + office.TokensPath + "/{id}/revoke", Permission: cardinal.PermWriteOptions, Handle: h.askRevoke},
		{Pattern: "POST " + office.TokensPath + "/{id}/revoke", Permission: cardinal.PermWriteOptions, Handle: h.revoke},
	}, nil
}

func (h *tokensPage) show(w http.ResponseWriter, r *http.Request) error {
	words, caller, after := web.WordsOf(r), web.CallerOf(r), r.URL.Query().Get("after")
	if !cardinal.CleanText(after) {
		after = ""
	}
	found, err := h.Accounts.TokenViews(r.Context(), caller, cardinal.TokenID(after), placesOnPage+1)
	if err != nil {
		return err
	}
	next := ""
	if len(found) > placesOnPage {
		found = found[:placesOnPage]
		next = string(found[placesOnPage-1].ID)
	}
	mayChange := caller.May(cardinal.PermWriteOptions)
	data := tokensData{
		Empty: web.Empty{Icon: "api", Title: words.T("tokens.none"), Text: words.T("tokens.none-text")},
		Pager: firstAndNext(words.T("tokens.shown", "Count", len(found)), office.TokensPath, "", after, next),
	}
	for _, view := range found {
		row := tokenRow{TokenView: view, Badge: tokenBadge(words, view.State)}
		if mayChange && !view.Role.Outranks(caller.Role) {
			row.Revoke = below(office.TokensPath, string(view.ID), "revoke")
		}
		data.Rows = append(data.Rows, row)
	}
	head := web.Head{Title: words.T("tokens.title"), Lead: words.T("tokens.lead")}
	if mayChange {
		head.Actions = []web.Link{{URL: office.NewTokenPath, Label: words.T("tokens.add"), Icon: "plus"}}
		data.Empty.Action = head.Actions[0]
	}
	head.Actions = append(head.Actions, web.Link{URL: reference, Label: words.T("tokens.reference"), Icon: "file-text"})
	return h.list.Show(w, r, head, data)
}

func tokenBadge(words *web.Words, state account.TokenState) web.Badge {
	switch state {
	case account.TokenSoon:
		return web.Badge{Tone: web.ToneWarning, Text: words.T("tokens.soon")}
	case account.TokenExpired:
		return web.Badge{Tone: web.ToneDanger, Text: words.T("tokens.expired")}
	}
	return web.Badge{}
}

func (h *tokensPage) askRevoke(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	token, err := h.Accounts.Token(r.Context(), web.CallerOf(r), cardinal.TokenID(r.PathValue("id")))
	if err != nil {
		return err
	}
	head := web.Head{Title: token.Name, Back: web.Link{URL: office.TokensPath, Label: words.T("tokens.title")}}
	return h.ask.Show(w, r, head, placeAsk{Confirm: web.Confirm{
		Question: words.T("tokens.revoke-ask", "Token", token.Name), Button: words.T("tokens.revoke-button", "Token", token.Name),
		Effects: []string{words.T("tokens.revoke-stops"), words.T("tokens.revoke-stays")}, Action: r.URL.Path, Cancel: office.TokensPath,
	}})
}

func (h *tokensPage) revoke(w http.ResponseWriter, r *http.Request) error {
	token, err := h.Accounts.Token(r.Context(), web.CallerOf(r), cardinal.TokenID(r.PathValue("id")))
	if err != nil {
		return err
	}
	if err := h.Accounts.DeleteToken(r.Context(), web.CallerOf(r), token.ID); err != nil {
		return err
	}
	return h.kit.Redirect(w, r, office.TokensPath, web.Success(web.WordsOf(r).T("tokens.revoked", "Token", token.Name)))
}
