package options

import (
	"net/http"
	"strconv"

	"cardinal"
	"cardinal/internal/setting"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// The routes that answer with a part of the policy's page while it is edited.
const (
	tryPath  = office.PolicyPath + "/try"
	riskPath = office.PolicyPath + "/risk"
)

type policyPage struct {
	*pages
	page *web.Page[policyData]
}

// policyData is *Security options*, tab *General*. Without Form it is read only.
type policyData struct {
	Tabs     []web.Tab
	Form     *web.Form
	Above    web.Notice // what there is to decide; may be zero
	Filled   web.Notice // what was filled in, and is not saved yet; may be zero
	Facts    []web.Fact
	Try      tryOut
	Risk     riskView
	Notices  []web.Notice // what is odd about the notices of expiry in the form
	Standing standingView
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
		{Pattern: "POST " + tryPath, Permission: cardinal.PermWriteOptions, Repeatable: true, Handle: h.tryPart},
		{Pattern: "POST " + riskPath, Permission: cardinal.PermWriteOptions, Repeatable: true, Handle: h.riskPart},
	}, nil
}

// securityTabs are the tabs of *Security options*.
func securityTabs(words *web.Words, path string) []web.Tab {
	return []web.Tab{
		{Label: words.T("policy.tab-general"), URL: office.PolicyPath, Active: path == office.PolicyPath},
		{Label: words.T("policy.tab-sign-in"), URL: signInPath, Active: path == signInPath},
	}
}

// first are the properties that the policy's origin names, in its order; the
// further rules come after them.
func first() []string {
	return []string{
		setting.PINMinLength.Key, setting.PINDisallowSequential.Key, setting.PINExpirationHours.Key,
		setting.PINNoticeHours.Key, setting.PINNoticeConfiguration.Key, setting.PINNoticeTemplate.Key,
	}
}

// inOrder puts the named settings before the others.
func inOrder(views []settingView, keys []string) (named, others []settingView) {
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

func policyForm(words *web.Words, views []settingView) *web.Form {
	form := web.NewForm(words, "policy", words.T("options.save"))
	form.Action = office.PolicyPath
	named, others := inOrder(views, first())
	form.Section(words.T("policy.section"), words.T("policy.section-text"))
	addSettings(form, words, named)
	form.Section(words.T("policy.further"), "")
	addSettings(form, words, others)
	form.Carry(heededName, "")
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
		return h.answer(w, r, views, policyData{Facts: settingFacts(words, append(named, others...))})
	}
	return h.answer(w, r, views, policyData{Form: policyForm(words, views)})
}

// answer shows the page, with the risk of the policy that stands in the form.
func (h *policyPage) answer(w http.ResponseWriter, r *http.Request, views []settingView, data policyData) error {
	words := web.WordsOf(r)
	data.Tabs = securityTabs(words, office.PolicyPath)
	head := web.Head{Title: words.T("policy.title"), Lead: words.T("policy.lead")}
	if err := h.weigh(r, views, &data); err != nil {
		return err
	}
	if r.Method == http.MethodGet && r.URL.Query().Has(stricterName) && len(data.Standing.Groups) > 0 {
		data.Above = web.Notice{
			Tone: web.ToneInfo, Text: words.T("standing.stricter"), Link: web.Link{URL: "#standing-card", Label: words.T("standing.decide")},
		}
	}
	if data.Form != nil {
		head.Status = data.Form.Status()
	}
	return h.page.Show(w, r, head, data)
}

// save is the button Save, or one of those beside the form. A PIN that was typed
// to be tried is tried whichever was pressed, for the enter key in its field
// presses Save.
func (h *policyPage) save(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	views, form, err := h.read(r)
	if err != nil {
		return err
	}
	pin := cardinal.NewPIN(r.PostForm.Get("try"))
	switch do := r.PostForm.Get("do"); {
	case do == "risk":
		return h.answer(w, r, views, policyData{Form: form})
	case do == "propose":
		return h.propose(w, r, views, form)
	case do == "try" || !pin.IsZero():
		result, err := h.try(r, views, form, pin)
		if err != nil {
			return err
		}
		result.Focus = true
		return h.answer(w, r, views, policyData{Form: form, Try: result})
	}
	before, err := h.Accounts.Values(r.Context(), web.CallerOf(r))
	if err != nil {
		return err
	}
	if above, err := h.warnOnce(r, views, form, before); err != nil || above.Text != "" {
		if err != nil {
			return err
		}
		return h.answer(w, r, views, policyData{Form: form, Filled: above})
	}
	saved, err := h.saveSettings(r, form, views)
	if err != nil {
		return err
	}
	if !saved {
		return h.answer(w, r, views, policyData{Form: form})
	}
	after, err := h.Accounts.Values(r.Context(), web.CallerOf(r))
	if err != nil {
		return err
	}
	back := office.PolicyPath
	if stricter(setting.Policy(before), setting.Policy(after)) {
		back += "?" + stricterName
	}
	return h.kit.Redirect(w, r, back, web.Success(words.T("policy.saved")))
}

// stricterName is the query of the page after a change that existing PINs may
// not meet: it then offers what can be done about them (spec: pins, One door).
const stricterName = "stricter"

// stricter reports whether a PIN that met the one policy may not meet the other.
func stricter(before, after cardinal.Policy) bool {
	return after.MinLength > before.MinLength || after.MaxLength < before.MaxLength ||
		after.Characters == cardinal.Digits && before.Characters != cardinal.Digits ||
		after.DisallowSequential && !before.DisallowSequential || after.DisallowSteps && !before.DisallowSteps ||
		after.DisallowCommon && !before.DisallowCommon || after.DisallowPersonal && !before.DisallowPersonal ||
		after.IdentifiesUser && !before.IdentifiesUser
}

func (h *policyPage) read(r *http.Request) ([]settingView, *web.Form, error) {
	views, err := h.settingsOf(r, setting.PagePINPolicy)
	if err != nil {
		return nil, nil, err
	}
	form := policyForm(web.WordsOf(r), views)
	return views, form, form.Read(r)
}

// propose fills in the shortest length that is safe enough; it saves nothing.
func (h *policyPage) propose(w http.ResponseWriter, r *http.Request, views []settingView, form *web.Form) error {
	words := web.WordsOf(r)
	data := policyData{Form: form}
	next, ok, err := h.judged(r, views, form)
	if err != nil {
		return err
	}
	if !ok {
		return h.answer(w, r, views, data)
	}
	situation, err := h.Accounts.Situation(r.Context(), web.CallerOf(r))
	if err != nil {
		return err
	}
	if length, ok := shortest(setting.Policy(next), situation.Situation); ok {
		form.Set(setting.PINMinLength.Key, strconv.Itoa(length))
		data.Filled = web.Notice{Tone: web.ToneInfo, Title: words.T("risk.filled", "Length", length), Text: words.T("risk.filled-text")}
	}
	return h.answer(w, r, views, data)
}

// judged returns the settings as they would be with what stands in the form;
// false where the form is refused, which then says why.
func (h *policyPage) judged(r *http.Request, views []settingView, form *web.Form) (setting.Values, bool, error) {
	change := wanted(form, web.WordsOf(r), views)
	if form.Refused() {
		return setting.Values{}, false, nil
	}
	values, err := h.Accounts.Values(r.Context(), web.CallerOf(r))
	if err != nil {
		return setting.Values{}, false, err
	}
	next, err := values.With(change.Values)
	if form.Refuse(inLabels(views, err)) {
		return setting.Values{}, false, nil
	}
	return next, err == nil, err
}
