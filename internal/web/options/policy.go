package options

import (
	"net/http"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/policy"
	"cardinal/internal/setting"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

type policyPage struct {
	*pages
	page *web.Page[policyData]
}

// policyData is *Security options*, tab *General*. Without Form it is read only.
type policyData struct {
	Tabs  []web.Tab
	Form  *web.Form
	Facts []web.Fact
	Try   tryOut
}

// tryOut is what became of a PIN that was tried; it does not hold the PIN.
type tryOut struct {
	Done     bool
	Problems []string
}

func (p *pages) policyRoutes() ([]web.Route, error) {
	page, err := web.Parse[policyData](p.kit, area(), "policy.html")
	if err != nil {
		return nil, err
	}
	h := &policyPage{p, page}
	return []web.Route{
		{Pattern: "GET " + office.PolicyPath, Permission: cardinal.PermReadOptions, Handle: h.show},
		{Pattern: "POST " + office.PolicyPath, Permission: cardinal.PermWriteOptions, Handle: h.save},
	}, nil
}

// first are the properties that the policy's origin names, in its order; the
// further rules come after them.
func first() []string {
	return []string{setting.PINMinLength.Key, setting.PINDisallowSequential.Key, setting.PINExpirationHours.Key}
}

// inOrder puts the named settings before the others.
func inOrder(views []account.SettingView, keys []string) (named, others []account.SettingView) {
	taken := map[string]bool{}
	for _, key := range keys {
		for _, view := range views {
			if view.Key == key {
				named, taken[key] = append(named, view), true
			}
		}
	}
	for _, view := range views {
		if !taken[view.Key] {
			others = append(others, view)
		}
	}
	return named, others
}

func policyForm(words *web.Words, views []account.SettingView) *web.Form {
	form := web.NewForm(words, "policy", words.T("options.save"))
	named, others := inOrder(views, first())
	form.Section(words.T("policy.section"), words.T("policy.section-text"))
	addSettings(form, words, named)
	form.Section(words.T("policy.further"), "")
	addSettings(form, words, others)
	return form
}

func (h *policyPage) show(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	views, err := h.settingsOf(r, setting.PagePINPolicy)
	if err != nil {
		return err
	}
	if !web.CallerOf(r).May(cardinal.PermWriteOptions) {
		named, others := inOrder(views, first())
		return h.answer(w, r, policyData{Facts: settingFacts(words, append(named, others...))})
	}
	return h.answer(w, r, policyData{Form: policyForm(words, views)})
}

func (h *policyPage) answer(w http.ResponseWriter, r *http.Request, data policyData) error {
	words := web.WordsOf(r)
	data.Tabs = []web.Tab{{Label: words.T("policy.tab-general"), URL: office.PolicyPath, Active: true}}
	head := web.Head{Title: words.T("policy.title")}
	if data.Form != nil {
		head.Status = data.Form.Status()
	}
	return h.page.Show(w, r, head, data)
}

// save is the button Save, or Try. A PIN that was typed to be tried is tried
// whichever was pressed, for the enter key in its field presses Save.
func (h *policyPage) save(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	views, err := h.settingsOf(r, setting.PagePINPolicy)
	if err != nil {
		return err
	}
	form := policyForm(words, views)
	if err := form.Read(r); err != nil {
		return err
	}
	pin := cardinal.NewPIN(r.PostForm.Get("try"))
	if r.PostForm.Get("do") == "try" || !pin.IsZero() {
		return h.try(w, r, form, views, pin)
	}
	saved, err := h.saveSettings(r, form, views)
	if err != nil {
		return err
	}
	if !saved {
		return h.answer(w, r, policyData{Form: form})
	}
	return h.kit.Redirect(w, r, office.PolicyPath, web.Success(words.T("policy.saved")))
}

// try judges a PIN by the form as it stands, and keeps neither.
func (h *policyPage) try(w http.ResponseWriter, r *http.Request, form *web.Form, views []account.SettingView, pin cardinal.PIN) error {
	words := web.WordsOf(r)
	change := wanted(form, words, views)
	if form.Refused() {
		return h.answer(w, r, policyData{Form: form})
	}
	values, err := h.Accounts.Values(r.Context(), web.CallerOf(r))
	if err != nil {
		return err
	}
	next, err := values.With(change.Values)
	if form.Refuse(err) {
		return h.answer(w, r, policyData{Form: form})
	}
	if err != nil {
		return err
	}
	result := tryOut{Done: true}
	for _, v := range policy.Check(setting.Policy(next), pin, cardinal.Owner{}) {
		result.Problems = append(result.Problems, words.Sentence(v.Sentence()))
	}
	return h.answer(w, r, policyData{Form: form, Try: result})
}
