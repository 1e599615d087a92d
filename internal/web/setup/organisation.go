package setup

import (
	"encoding/json"
	"net/http"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/auth"
	"cardinal/internal/setting"
	"cardinal/internal/web"
)

const (
	// tokenName is the cookie that carries the link's token from page to page.
	tokenName = "setup"
	tokenLife = time.Hour
)

// formData is a step that is one form.
type formData struct {
	Steps steps
	Form  *web.Form
}

// organisationPage is the first step, before there is any account.
type organisationPage struct {
	*pages
	page *web.Page[formData]
}

func (p *pages) organisationRoutes() ([]web.Route, error) {
	page, err := web.Parse[formData](p.kit, area(), "organisation.html")
	if err != nil {
		return nil, err
	}
	h := &organisationPage{p, page}
	return []web.Route{
		{Pattern: "GET " + linkPath, Permission: cardinal.PermNone, Handle: h.open},
		{Pattern: "GET " + web.SetupPath, Permission: cardinal.PermNone, Handle: h.show},
		{Pattern: "POST " + web.SetupPath, Permission: cardinal.PermNone, Handle: h.install},
	}, nil
}

// open takes the token out of the address at once, where it would stay in the
// history of the browser.
func (h *organisationPage) open(w http.ResponseWriter, r *http.Request) error {
	token := cardinal.NewToken(r.PathValue("token"))
	if !h.Gate.Admits(token) {
		return cardinal.ErrNotFound
	}
	h.kit.Carry(w, r, tokenName, token, tokenLife)
	return h.kit.Redirect(w, r, web.SetupPath, web.Flash{})
}

// admitted returns nil for whoever came through the link while there is nobody
// yet, and otherwise that there is no such page.
func (h *organisationPage) admitted(r *http.Request) error {
	if !h.Gate.Admits(h.kit.Carried(r, tokenName)) {
		return cardinal.ErrNotFound
	}
	_, err := h.Accounts.CustomerNamed(r.Context(), "")
	switch cardinal.CodeOf(err) {
	case cardinal.CodeNotFound:
		return nil
	case "", cardinal.CodeInvalid:
		h.Gate.Shut() // made elsewhere: at the console, or by another node
		return cardinal.ErrNotFound
	}
	return err
}

func (h *organisationPage) show(w http.ResponseWriter, r *http.Request) error {
	if web.CallerOf(r).May(cardinal.PermWriteOptions) {
		step, err := h.Accounts.SetupStep(r.Context(), web.CallerOf(r))
		if err != nil {
			return err
		}
		return h.kit.Redirect(w, r, pathOf(step), web.Flash{})
	}
	if err := h.admitted(r); err != nil {
		return err
	}
	return h.answer(w, r, organisationForm(r))
}

func organisationForm(r *http.Request) *web.Form {
	words := web.WordsOf(r)
	form := web.NewForm(words, "setup", words.T("setup.organisation-button"))
	form.Action = web.SetupPath
	form.Add(web.Field{Name: "name", Kind: web.Text, Label: words.T("setup.name"), Hint: words.T("setup.name-hint"), Autocomplete: "organization", MaxLength: 100, Required: true})
	form.Add(web.Field{Name: setting.CustomerTimeZone.Key, Kind: web.Text, Label: words.Say(setting.CustomerTimeZone.Label), Hint: words.T("setup.zone-hint"), Value: "UTC", Required: true})
	if languages := setting.CustomerLanguage.Options; len(languages) > 1 {
		field := web.Field{Name: setting.CustomerLanguage.Key, Kind: web.Select, Label: words.Say(setting.CustomerLanguage.Label), Value: words.Language()}
		for _, language := range languages {
			field.Options = append(field.Options, web.Option{Value: language, Label: words.Code("choice", language, language)})
		}
		form.Add(field)
	}
	form.Section(words.T("setup.administrator"), words.T("setup.administrator-text"))
	form.Add(web.Field{Name: "username", Kind: web.Text, Label: words.T("setup.username"), Autocomplete: "username", MaxLength: cardinal.UsernameMaxLength, Required: true})
	form.Add(web.Field{Name: "password", Kind: web.Password, Label: words.T("setup.password"), Hint: words.T("setup.password-hint"), Autocomplete: "new-password", Required: true})
	form.Add(web.Field{Name: "again", Kind: web.Password, Label: words.T("setup.again"), Autocomplete: "new-password", Required: true})
	return form
}

func (h *organisationPage) answer(w http.ResponseWriter, r *http.Request, form *web.Form) error {
	words := web.WordsOf(r)
	head := web.Head{Title: words.T("setup.organisation-title"), Lead: words.T("setup.organisation-lead"), Status: form.Status()}
	return h.page.Show(w, r, head, formData{stepsAt(words, 0), form})
}

// settingsOf checks the settings of the form, for the organisation must not be
// there without them.
func settingsOf(form *web.Form, words *web.Words) map[string]*string {
	values := map[string]*string{}
	for _, d := range []setting.Definition{setting.CustomerTimeZone.Definition, setting.CustomerLanguage.Definition} {
		if form.Field(d.Key) == nil {
			continue
		}
		raw, err := json.Marshal(form.Value(d.Key))
		if err != nil {
			continue // a string always encodes
		}
		text := string(raw)
		if _, err := d.Check(text); err != nil {
			for _, v := range cardinal.ViolationsOf(err) {
				form.Violate(d.Key, words.Sentence(v.Sentence()))
			}
		}
		values[d.Key] = &text
	}
	return values
}

func (h *organisationPage) install(w http.ResponseWriter, r *http.Request) error {
	if err := h.admitted(r); err != nil {
		return err
	}
	words := web.WordsOf(r)
	form := organisationForm(r)
	if err := form.Read(r); err != nil {
		return err
	}
	values := settingsOf(form, words)
	password := form.Password("password")
	if password.Reveal() != form.Password("again").Reveal() {
		form.Violate("again", words.T("setup.differ"))
	}
	if form.Value("username") == "" {
		form.Violate("username", words.T("setup.username-missing")) // without one there would be no way in
	}
	if form.Refused() {
		return h.answer(w, r, form)
	}
	made, err := h.Accounts.Install(r.Context(), account.NewCustomer{Name: form.Value("name"), Admin: form.Value("username"), Password: password})
	if form.Refuse(err) {
		return h.answer(w, r, form)
	}
	if err != nil {
		return err
	}
	h.Gate.Shut()
	h.kit.Drop(w, r, tokenName)
	console := cardinal.Console(made.ID)
	if err := h.Accounts.SetSetupStep(r.Context(), console, account.SetupPolicy); err != nil {
		return err
	}
	if err := h.Accounts.ChangeSettings(r.Context(), console, account.SettingChange{Values: values}); err != nil {
		return err
	}
	return h.signIn(w, r, auth.Credentials{Customer: made.Name, Username: form.Value("username"), Password: password})
}

// signIn signs the new administrator in, who goes on with the next step.
func (h *organisationPage) signIn(w http.ResponseWriter, r *http.Request, c auth.Credentials) error {
	caller := web.CallerOf(r)
	token, err := h.Auth.SignIn(r.Context(), c, auth.Origin{Address: caller.Address, UserAgent: r.UserAgent(), RequestID: caller.RequestID})
	if err != nil {
		return err
	}
	h.kit.SetSession(w, r, token, time.Time{})
	return h.kit.Redirect(w, r, policyPath, web.Flash{})
}
