package people

import (
	"net/http"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/auth"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// oncePage shows a secret that was just made, in the answer to the POST itself.
type oncePage struct {
	*pages
	once     *web.Page[onceData]
	password *web.Page[formData]
}

type onceData struct {
	Once web.Once
	Done web.Link
}

func (p *pages) onceRoutes() ([]web.Route, error) {
	once, err := web.Parse[onceData](p.kit, area(), "once.html")
	if err != nil {
		return nil, err
	}
	form, err := web.Parse[formData](p.kit, area(), "form.html")
	if err != nil {
		return nil, err
	}
	h := &oncePage{p, once, form}
	const path = office.UsersPath + "/{username}"
	return []web.Route{
		{Pattern: "POST " + path + "/pin/generate", Permission: cardinal.PermWriteCredentials, Handle: h.generatePIN},
		{Pattern: "GET " + path + "/password", Permission: cardinal.PermWriteUsers, Fresh: true, Handle: h.askPassword},
		{Pattern: "POST " + path + "/password", Permission: cardinal.PermWriteUsers, Fresh: true, Handle: h.setPassword},
	}, nil
}

func (h *oncePage) show(w http.ResponseWriter, r *http.Request, view account.UserView, once web.Once) error {
	words := web.WordsOf(r)
	head := office.UserHead(words, view.Username, view.FullName)
	head.Back = web.Link{URL: office.UserURL(view.Username), Label: words.T("user.back")}
	return h.once.Show(w, r, head, onceData{once, web.Link{URL: office.UserURL(view.Username), Label: words.T("user.done")}})
}

// generatePIN is the button Generate PIN.
func (h *oncePage) generatePIN(w http.ResponseWriter, r *http.Request) error {
	view, err := h.view(r)
	if err != nil {
		return err
	}
	pin, state, err := h.Door.GeneratePIN(r.Context(), web.CallerOf(r), view.Username, 0)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	note := words.T("user.pin-once")
	if !state.ExpiresAt.IsZero() {
		note = words.T("user.pin-once-expires", "When", web.ShellOf(r).Time(state.ExpiresAt).Local())
	}
	return h.show(w, r, view, web.Once{ID: "new-pin", Label: words.T("user.pin-made", "User", view.Username), Secret: pin.Secret, Note: note})
}

func passwordForm(words *web.Words, view account.UserView) *web.Form {
	form := web.NewForm(words, "password", words.T("user.password-button"))
	form.Cancel = web.Link{URL: office.UserURL(view.Username), Label: words.T("office.cancel")}
	form.Add(web.Field{Name: "how", Kind: web.Radio, Label: words.T("user.password-how"), Value: "generate", Options: []web.Option{
		{Value: "generate", Label: words.T("user.password-generate"), Hint: words.T("user.password-generate-hint")},
		{Value: "type", Label: words.T("user.password-type")},
	}})
	form.Add(web.Field{Name: "password", Kind: web.Password, Label: words.T("user.password-typed"), Hint: words.T("user.password-typed-hint"), Autocomplete: "new-password"})
	return form
}

func (h *oncePage) askPassword(w http.ResponseWriter, r *http.Request) error {
	view, err := h.view(r)
	if err != nil {
		return err
	}
	return h.answerPassword(w, r, view, passwordForm(web.WordsOf(r), view))
}

func (h *oncePage) answerPassword(w http.ResponseWriter, r *http.Request, view account.UserView, form *web.Form) error {
	words := web.WordsOf(r)
	return h.password.Show(w, r, web.Head{
		Title: words.T("user.password-title", "User", view.Username), Lead: words.T("user.password-lead"), Status: form.Status(), Narrow: true,
		Back: web.Link{URL: office.UserURL(view.Username), Label: words.T("user.back")},
	}, formData{form})
}

// setPassword gives a one-time password, typed or generated. Who has typed one
// means it, whatever is chosen above the field.
func (h *oncePage) setPassword(w http.ResponseWriter, r *http.Request) error {
	view, err := h.view(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	form := passwordForm(words, view)
	if err := form.Read(r); err != nil {
		return err
	}
	password := form.Password("password")
	generated := form.Value("how") != "type" && password.IsZero()
	switch {
	case generated:
		password = auth.OneTimePassword()
	case password.IsZero():
		form.Violate("password", words.T("user.password-missing"))
		return h.answerPassword(w, r, view, form)
	}
	_, err = h.Accounts.UpdateUser(r.Context(), web.CallerOf(r), view.Username, 0, account.Fields{Password: password})
	if form.Refuse(err) {
		return h.answerPassword(w, r, view, form)
	}
	if err != nil {
		return err
	}
	if !generated {
		return h.kit.Redirect(w, r, office.UserURL(view.Username), web.Success(words.T("user.password-set")))
	}
	return h.show(w, r, view, web.Once{
		ID: "new-password", Label: words.T("user.password-made", "User", view.Username), Secret: password.Secret, Note: words.T("user.password-made-note"),
	})
}
