package setup

import (
	"net/http"
	"strconv"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/setting"
	"cardinal/internal/web"
)

// policyPage is the step of the rules for PINs: the few that matter most. The
// others are on the page Security options.
type policyPage struct {
	*pages
	page *web.Page[formData]
}

func (p *pages) policyRoutes() ([]web.Route, error) {
	page, err := web.Parse[formData](p.kit, area(), "policy.html")
	if err != nil {
		return nil, err
	}
	h := &policyPage{p, page}
	return []web.Route{
		{Pattern: "GET " + policyPath, Permission: cardinal.PermWriteOptions, Handle: h.show},
		{Pattern: "POST " + policyPath, Permission: cardinal.PermWriteOptions, Handle: h.save},
		{Pattern: "POST " + policyPath + "/keep", Permission: cardinal.PermWriteOptions, Handle: h.keep},
	}, nil
}

// asked are the settings of the step.
func asked() []setting.Definition {
	return []setting.Definition{
		setting.PINMinLength.Definition, setting.PINDisallowSequential.Definition, setting.PINDisallowCommon.Definition,
		setting.PINExpirationHours.Definition, setting.UserCanChangePIN.Definition,
	}
}

func policyForm(words *web.Words, values setting.Values) *web.Form {
	form := web.NewForm(words, "policy", words.T("setup.policy-button"))
	form.Action = policyPath
	for _, d := range asked() {
		raw, _ := values.Raw(d)
		field := web.Field{Name: d.Key, Kind: web.Number, Label: words.Say(d.Label), Hint: words.Say(d.Meaning), Value: raw, Unit: words.Code("unit", d.Key, "")}
		field.Short = field.Unit == ""
		if d.Type == setting.Boolean {
			field = web.Field{Name: d.Key, Kind: web.Checkbox, Label: words.Say(d.Label), Hint: words.Say(d.Meaning), Checked: raw == "true"}
		}
		form.Add(field)
	}
	return form
}

func (h *policyPage) form(r *http.Request) (*web.Form, error) {
	if err := h.resumed(r); err != nil {
		return nil, err
	}
	values, err := h.Accounts.Values(r.Context(), web.CallerOf(r))
	return policyForm(web.WordsOf(r), values), err
}

func (h *policyPage) show(w http.ResponseWriter, r *http.Request) error {
	form, err := h.form(r)
	if err != nil {
		return err
	}
	return h.answer(w, r, form)
}

func (h *policyPage) answer(w http.ResponseWriter, r *http.Request, form *web.Form) error {
	words := web.WordsOf(r)
	head := web.Head{Title: words.T("setup.policy-title"), Lead: words.T("setup.policy-lead"), Status: form.Status()}
	return h.page.Show(w, r, head, formData{stepsAt(words, 1), form})
}

func (h *policyPage) save(w http.ResponseWriter, r *http.Request) error {
	form, err := h.form(r)
	if err != nil {
		return err
	}
	if err := form.Read(r); err != nil {
		return err
	}
	changes := map[string]*string{}
	for _, d := range asked() {
		text := strconv.FormatBool(form.Checked(d.Key))
		if d.Type == setting.Integer {
			text = strconv.Itoa(form.Int(d.Key))
		}
		changes[d.Key] = &text
	}
	if form.Refused() {
		return h.answer(w, r, form)
	}
	err = h.Accounts.ChangeSettings(r.Context(), web.CallerOf(r), account.SettingChange{Values: changes})
	if form.Refuse(err) {
		return h.answer(w, r, form)
	}
	if err != nil {
		return err
	}
	return h.next(w, r, account.SetupPeople)
}

// keep leaves the settings as they are recommended.
func (h *policyPage) keep(w http.ResponseWriter, r *http.Request) error {
	if err := h.resumed(r); err != nil {
		return err
	}
	return h.next(w, r, account.SetupPeople)
}
