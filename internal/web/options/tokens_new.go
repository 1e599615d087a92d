package options

import (
	"net/http"
	"time"

	"cardinal"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// How long a new token lasts; the others are numbers of days.
const (
	lastsForever = "never"
	lastsUntil   = "date"
)

func tokenForm(r *http.Request) *web.Form {
	words := web.WordsOf(r)
	form := web.NewForm(words, "token", words.T("tokens.create"))
	form.Cancel = cancel(words, office.TokensPath)
	form.Add(web.Field{Name: "name", Kind: web.Text, Label: words.T("tokens.name"), Hint: words.T("tokens.name-hint"), Required: true, MaxLength: 100})
	form.Add(web.Field{
		Name: "role", Kind: web.Radio, Label: words.T("tokens.role"), Value: string(cardinal.RoleProvisioner),
		Options: roleOptions(r, cardinal.RoleAuditor, cardinal.RoleProvisioner, cardinal.RoleHelpdesk, cardinal.RoleAdministrator, cardinal.RoleOperator),
	})
	form.Add(web.Field{Name: "lasts", Kind: web.Select, Label: words.T("tokens.lasts"), Hint: words.T("tokens.lasts-hint"), Value: "365", Short: true, Options: []web.Option{
		{Value: "30", Label: words.T("tokens.days", "Count", 30)}, {Value: "90", Label: words.T("tokens.days", "Count", 90)},
		{Value: "365", Label: words.T("tokens.days", "Count", 365)}, {Value: lastsUntil, Label: words.T("tokens.until")},
		{Value: lastsForever, Label: words.T("tokens.forever")},
	}})
	form.Add(web.Field{Name: "expiresAt", Kind: web.Date, Label: words.T("tokens.date"), Hint: words.T("tokens.date-hint"), Short: true})
	return form
}

func (h *tokensPage) showNew(w http.ResponseWriter, r *http.Request) error {
	return h.answerNew(w, r, tokenForm(r))
}

func (h *tokensPage) answerNew(w http.ResponseWriter, r *http.Request, form *web.Form) error {
	words := web.WordsOf(r)
	return h.form.Show(w, r, web.Head{
		Title: words.T("tokens.new"), Lead: words.T("tokens.new-lead"), Status: form.Status(), Narrow: true,
		Back: web.Link{URL: office.TokensPath, Label: words.T("tokens.title")},
	}, placeForm{Form: form})
}

func (h *tokensPage) create(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	form := tokenForm(r)
	if err := form.Read(r); err != nil {
		return err
	}
	made, token, err := h.createAs(r, form)
	if form.Refuse(err) || form.Refused() {
		return h.answerNew(w, r, form)
	}
	if err != nil {
		return err
	}
	return h.once.Show(w, r, web.Head{Title: made.Name, Back: web.Link{URL: office.TokensPath, Label: words.T("tokens.title")}}, placeOnce{
		Once:  web.Once{ID: "api-token", Label: words.T("tokens.made", "Token", made.Name), Secret: token.Secret, Note: words.T("tokens.note")},
		Title: words.T("tokens.next"),
		Steps: []string{words.T("tokens.next-keep"), words.T("tokens.next-send")},
		Example: `curl -H "Authorization: Bearer $TOKEN" \
  ` + origin(r) + `/api/v1/users`,
		Done: web.Link{URL: office.TokensPath, Label: words.T("tokens.done")},
	})
}

// createAs makes the token that the form wants. Who has typed a date means it,
// unless the token is to last for ever.
func (h *tokensPage) createAs(r *http.Request, form *web.Form) (cardinal.APIToken, cardinal.Token, error) {
	words, caller := web.WordsOf(r), web.CallerOf(r)
	name, role := form.Value("name"), cardinal.Role(form.Value("role"))
	lasts, date := form.Value("lasts"), form.Value("expiresAt")
	if lasts == lastsUntil || date != "" && lasts != lastsForever {
		if day, err := time.ParseInLocation(time.DateOnly, date, web.SessionOf(r).Zone); err == nil {
			return h.Accounts.CreateTokenUntil(r.Context(), caller, name, role, day.AddDate(0, 0, 1))
		}
		form.Violate("expiresAt", words.T("tokens.date-missing"))
		return cardinal.APIToken{}, cardinal.Token{}, nil
	}
	days := map[string]int{"30": 30, "90": 90, "365": 365, lastsForever: 0}
	n, known := days[lasts]
	if !known {
		form.Violate("lasts", words.T("tokens.lasts-missing"))
		return cardinal.APIToken{}, cardinal.Token{}, nil
	}
	return h.Accounts.CreateToken(r.Context(), caller, name, role, time.Duration(n)*24*time.Hour)
}
