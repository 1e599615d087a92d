package options

import (
	"net/http"
	"strconv"
	"strings"

	"cardinal"
	"cardinal/internal/setting"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

const signInPath = office.PolicyPath + "/sign-in"

type signInPage struct {
	*pages
	page *web.Page[signInData]
}

// signInData is *Security options*, tab *Sign-in*. Without Form it is read only.
type signInData struct {
	Tabs    []web.Tab
	Form    *web.Form
	Methods []*web.Field
	Steps   []lockStep
	Theirs  string // the steps that somebody else saved in between, in words
	More    bool   // whether there may be another step
	Users   []*web.Field
	Devices []*web.Field
	Alone   []*web.Field
	Facts   []web.Fact
}

func (p *pages) signInRoutes() ([]web.Route, error) {
	page, err := web.Parse[signInData](p.kit, area(), "signin.html")
	if err != nil {
		return nil, err
	}
	h := &signInPage{p, page}
	return []web.Route{
		{Pattern: "GET " + signInPath, Permission: cardinal.PermReadOptions, Handle: h.show},
		{Pattern: "POST " + signInPath, Permission: cardinal.PermWriteOptions, Handle: h.save},
	}, nil
}

// signInForm asks for the settings, and for the steps of the lockout one by one.
func signInForm(words *web.Words, views []settingView, steps []typedStep) *web.Form {
	form := web.NewForm(words, "sign-in", words.T("options.save"))
	for _, view := range views {
		form.Carry(seenName(view.Key), view.Stamp)
		if view.Type == setting.Limits {
			continue
		}
		field := settingField(words, view)
		field.Hint = words.Code("signin-hint", view.Key, field.Hint)
		if view.Key == setting.SignInMethods.Key {
			for i, option := range field.Options {
				field.Options[i].Hint = words.Code("method-hint", option.Value, "")
			}
		}
		if view.Min != unlimited {
			form.Add(field)
			continue
		}
		free := view.Value == strconv.Itoa(unlimited)
		if free {
			field.Value = ""
		}
		form.Add(field)
		form.Add(web.Field{
			Name: unlimitedName(view.Key), Kind: web.Checkbox, Label: words.T("options.without-limit"), Checked: free,
		})
	}
	addSteps(form, words, steps)
	return form
}

func unlimitedName(key string) string { return key + ".unlimited" }

func (h *signInPage) show(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	views, err := h.settingsOf(r, setting.PageSignIn)
	if err != nil {
		return err
	}
	if !web.CallerOf(r).May(cardinal.PermWriteOptions) {
		return h.answer(w, r, signInData{Facts: settingFacts(words, views)})
	}
	steps := typedSteps(limitsOf(views))
	return h.answer(w, r, signInDataOf(signInForm(words, views, steps), len(steps)))
}

func (h *signInPage) answer(w http.ResponseWriter, r *http.Request, data signInData) error {
	words := web.WordsOf(r)
	data.Tabs = securityTabs(words, signInPath)
	head := web.Head{Title: words.T("policy.title"), Lead: words.T("signin.lead"), Narrow: true}
	if data.Form != nil {
		head.Status = data.Form.Status()
	}
	return h.page.Show(w, r, head, data)
}

// signInDataOf puts the fields of the form where the page shows them.
func signInDataOf(form *web.Form, steps int) signInData {
	fields := func(keys ...string) []*web.Field {
		var list []*web.Field
		for _, key := range keys {
			for _, name := range []string{key, unlimitedName(key)} {
				if field := form.Field(name); field != nil {
					list = append(list, field)
				}
			}
		}
		return list
	}
	return signInData{
		Form: form, Steps: lockSteps(form, steps), More: steps < maxSteps,
		Methods: fields(setting.SignInMethods.Key),
		Users:   fields(setting.SignInUserForgetHours.Key),
		Devices: fields(setting.SignInDeviceBudget.Key, setting.SignInDeviceRefill.Key),
		Alone:   fields(setting.SignInPINPerDay.Key),
	}
}

// save is the button Save, or one that adds or removes a step and saves nothing.
func (h *signInPage) save(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	views, err := h.settingsOf(r, setting.PageSignIn)
	if err != nil {
		return err
	}
	if err := web.NewForm(words, "", "").Read(r); err != nil {
		return err
	}
	steps := postedSteps(r.PostForm)
	do := r.PostForm.Get("do")
	changed := changeSteps(do, &steps)
	form := signInForm(words, views, steps)
	if err := form.Read(r); err != nil {
		return err
	}
	setSteps(form, steps)
	data := signInDataOf(form, len(steps))
	if changed {
		if do == "add" {
			data.Steps[len(data.Steps)-1].Focus = true
		}
		return h.answer(w, r, data)
	}
	return h.store(w, r, views, data)
}

func (h *signInPage) store(w http.ResponseWriter, r *http.Request, views []settingView, data signInData) error {
	words, form := web.WordsOf(r), data.Form
	for _, view := range views {
		if view.Min == unlimited && form.Checked(unlimitedName(view.Key)) {
			form.Set(view.Key, strconv.Itoa(unlimited))
		}
	}
	limits := readSteps(form, words, data.Steps)
	if form.Refused() {
		limits = limitsOf(views) // it has been said what is wrong with the steps
	}
	// The steps stand for a setting that is no field of its own.
	form.Carry(setting.SignInUserLimits.Key, limits)
	saved, err := h.saveSettings(r, form, views)
	if err != nil {
		return err
	}
	if saved {
		return h.kit.Redirect(w, r, signInPath, web.Success(words.T("signin.saved")))
	}
	for _, view := range views {
		if view.Key == setting.SignInUserLimits.Key && r.PostForm.Get(seenName(view.Key)) != view.Stamp && limits != view.Value {
			data.Theirs = limitsInWords(words, view.Value)
		}
		if field := form.Field(view.Key); view.Min == unlimited && field.Value == strconv.Itoa(unlimited) {
			field.Value = ""
		}
	}
	form.Hidden = withoutHidden(form.Hidden, setting.SignInUserLimits.Key)
	return h.answer(w, r, data)
}

func withoutHidden(hidden []web.Hidden, name string) []web.Hidden {
	var rest []web.Hidden
	for _, value := range hidden {
		if value.Name != name {
			rest = append(rest, value)
		}
	}
	return rest
}

// limitsOf is the setting of the lockout among those of its page.
func limitsOf(views []settingView) string {
	for _, view := range views {
		if view.Key == setting.SignInUserLimits.Key {
			return view.Value
		}
	}
	return ""
}

// changeSteps does what the buttons at the steps say, and reports whether one
// of them was pressed.
func changeSteps(do string, steps *[]typedStep) bool {
	if do == "add" {
		if len(*steps) < maxSteps {
			*steps = append(*steps, typedStep{Unit: unitMinutes})
		}
		return true
	}
	number, ok := strings.CutPrefix(do, "remove.")
	if !ok {
		return false
	}
	if i, err := strconv.Atoi(number); err == nil && i >= 0 && i < len(*steps) {
		*steps = append((*steps)[:i:i], (*steps)[i+1:]...)
	}
	return true
}
