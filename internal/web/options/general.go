package options

import (
	"net/http"
	"strings"

	"cardinal"
	"cardinal/internal/setting"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

type generalPage struct {
	*pages
	page *web.Page[generalData]
}

// generalData is *Options › General*. Without Form it is read only.
type generalData struct {
	Form  *web.Form
	Facts []web.Fact
}

func (p *pages) generalRoutes() ([]web.Route, error) {
	page, err := web.Parse[generalData](p.kit, area(), "general.html")
	if err != nil {
		return nil, err
	}
	h := &generalPage{p, page}
	return []web.Route{
		{Pattern: "GET " + office.GeneralPath, Permission: cardinal.PermReadOptions, Handle: h.show},
		{Pattern: "POST " + office.GeneralPath, Permission: cardinal.PermWriteOptions, Handle: h.save},
	}, nil
}

func generalForm(words *web.Words, views []settingView) *web.Form {
	form := web.NewForm(words, "general", words.T("options.save"))
	under := func(prefix string) []settingView {
		var some []settingView
		for _, view := range views {
			if strings.HasPrefix(view.Key, prefix) {
				some = append(some, view)
			}
		}
		return some
	}
	form.Section(words.T("general.user-features"), words.T("general.user-features-text"))
	addSettings(form, words, under("user.can-"))
	form.Section(words.T("general.generated-numbers"), "")
	addSettings(form, words, under("user.card-id."))
	form.Section(words.T("general.organisation"), "")
	addSettings(form, words, under("customer."))
	return form
}

func (h *generalPage) show(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	views, err := h.settingsOf(r, setting.PageGeneral)
	if err != nil {
		return err
	}
	if !web.CallerOf(r).May(cardinal.PermWriteOptions) {
		return h.answer(w, r, generalData{Facts: settingFacts(words, views)})
	}
	return h.answer(w, r, generalData{Form: generalForm(words, views)})
}

func (h *generalPage) answer(w http.ResponseWriter, r *http.Request, data generalData) error {
	words := web.WordsOf(r)
	head := web.Head{Title: words.T("general.title"), Lead: words.T("general.lead"), Narrow: true}
	if data.Form != nil {
		head.Status = data.Form.Status()
	}
	return h.page.Show(w, r, head, data)
}

func (h *generalPage) save(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	views, err := h.settingsOf(r, setting.PageGeneral)
	if err != nil {
		return err
	}
	form := generalForm(words, views)
	if err := form.Read(r); err != nil {
		return err
	}
	saved, err := h.saveSettings(r, form, views)
	if err != nil {
		return err
	}
	if !saved {
		return h.answer(w, r, generalData{Form: form})
	}
	return h.kit.Redirect(w, r, office.GeneralPath, web.Success(words.T("options.saved")))
}
