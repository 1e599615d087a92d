package options

import (
	"net/http"
	"strings"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/setting"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

type configPage struct {
	*pages
	page *web.Page[configData]
}

type configData struct {
	Search web.Search
	Rows   []configRow
	Empty  web.Empty
}

// configRow is a setting with the form that updates it.
type configRow struct {
	settingView
	ID      string
	Present string // the value in words, for those who may only read
	Usual   string // the default in words
	Form    *web.Form
	Reset   []web.Hidden // what returns it to its default; nil where it is there
}

func (p *pages) configRoutes() ([]web.Route, error) {
	page, err := web.Parse[configData](p.kit, area(), "config.html")
	if err != nil {
		return nil, err
	}
	h := &configPage{p, page}
	return []web.Route{
		{Pattern: "GET " + office.ConfigEditorPath, Permission: cardinal.PermReadOptions, Handle: h.show},
		{Pattern: "POST " + office.ConfigEditorPath, Permission: cardinal.PermWriteOptions, Handle: h.update},
	}, nil
}

func (h *configPage) show(w http.ResponseWriter, r *http.Request) error {
	return h.answer(w, r, strings.TrimSpace(r.URL.Query().Get("find")), nil)
}

// answer lists the settings that are found; the form that was refused, if there
// is one, stands in place of its row's.
func (h *configPage) answer(w http.ResponseWriter, r *http.Request, find string, refused *web.Form) error {
	words := web.WordsOf(r)
	found, err := h.Accounts.Settings(r.Context(), web.CallerOf(r), find)
	if err != nil {
		return err
	}
	views, err := h.named(r, found...)
	if err != nil {
		return err
	}
	data := configData{
		Search: web.Search{
			ID: "find", Action: office.ConfigEditorPath, Name: "find", Label: words.T("config.find"), Hint: words.T("config.find-hint"),
			Button: words.T("config.go"), Value: find,
		},
		Empty: web.Empty{
			Icon: "adjustments", Title: words.T("config.none"), Text: words.T("config.none-text"),
			Action: web.Link{URL: office.ConfigEditorPath, Label: words.T("config.all")},
		},
	}
	mayChange := web.CallerOf(r).May(cardinal.PermWriteOptions)
	for _, view := range views {
		row := configRowOf(words, view, find, mayChange)
		if refused != nil && refused.ID == row.ID+"-form" {
			row.Form = refused
		}
		data.Rows = append(data.Rows, row)
	}
	head := web.Head{Title: words.T("config.title"), Lead: words.T("config.lead")}
	if refused != nil {
		head.Status = refused.Status()
	}
	return h.page.Show(w, r, head, data)
}

func configRowOf(words *web.Words, view settingView, find string, mayChange bool) configRow {
	row := configRow{
		settingView: view, ID: rowID(view.Key), Present: inWords(words, view, view.Value), Usual: inWords(words, view, view.Default),
	}
	if !mayChange {
		return row
	}
	row.Form = configForm(words, view, find)
	if view.Modified && view.Key != setting.CustomerName.Key {
		row.Reset = []web.Hidden{{Name: "do", Value: "reset"}, {Name: "key", Value: view.Key}, {Name: "find", Value: find}, {Name: seenName(view.Key), Value: view.Stamp}}
	}
	return row
}

// rowID is the id of a setting's row, to which the page returns after an update.
func rowID(key string) string { return "setting-" + strings.ReplaceAll(key, ".", "-") }

func configForm(words *web.Words, view settingView, find string) *web.Form {
	form := web.NewForm(words, rowID(view.Key)+"-form", words.T("config.update"))
	form.Action = office.ConfigEditorPath
	form.Carry("key", view.Key)
	form.Carry("find", find)
	field := settingField(words, view)
	field.Hint = ""
	form.Add(field)
	form.Carry(seenName(view.Key), view.Stamp)
	return form
}

// update is the button Update of one row, or Reset to default.
func (h *configPage) update(w http.ResponseWriter, r *http.Request) error {
	words, caller := web.WordsOf(r), web.CallerOf(r)
	found, err := h.Accounts.Setting(r.Context(), caller, r.PostFormValue("key"))
	if err != nil {
		return err
	}
	views, err := h.named(r, found)
	if err != nil {
		return err
	}
	view := views[0]
	find := r.PostForm.Get("find")
	form := configForm(words, view, find)
	if err := form.Read(r); err != nil {
		return err
	}
	back := office.ConfigEditorPath + office.Query("find", find) + "#" + rowID(view.Key)
	if r.PostForm.Get("do") == "reset" {
		return h.reset(w, r, view, back)
	}
	saved, err := h.saveSettings(r, form, views)
	if err != nil {
		return err
	}
	if !saved {
		return h.answer(w, r, find, form)
	}
	return h.kit.Redirect(w, r, back, web.Success(words.T("config.updated", "Key", view.Key)))
}

func (h *configPage) reset(w http.ResponseWriter, r *http.Request, view settingView, back string) error {
	words := web.WordsOf(r)
	form := configForm(words, view, r.PostForm.Get("find"))
	err := h.Accounts.ChangeSettings(r.Context(), web.CallerOf(r), account.SettingChange{
		Values: map[string]*string{view.Key: nil}, Seen: map[string]string{view.Key: r.PostForm.Get(seenName(view.Key))},
	})
	if form.Refuse(err) {
		return h.answer(w, r, r.PostForm.Get("find"), form)
	}
	if err != nil {
		return err
	}
	return h.kit.Redirect(w, r, back, web.Success(words.T("config.was-reset", "Key", view.Key)))
}
