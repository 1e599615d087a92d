package setup

import (
	"net/http"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/web"
)

// devicePage is the step of the first device.
type devicePage struct {
	*pages
	page *web.Page[formData]
	once *web.Page[onceData]
}

// onceData is the token of the device, the one time it is shown.
type onceData struct {
	Steps steps
	Once  web.Once
}

func (p *pages) deviceRoutes() ([]web.Route, error) {
	page, err := web.Parse[formData](p.kit, area(), "device.html")
	if err != nil {
		return nil, err
	}
	once, err := web.Parse[onceData](p.kit, area(), "token.html")
	if err != nil {
		return nil, err
	}
	h := &devicePage{p, page, once}
	return []web.Route{
		{Pattern: "GET " + devicePath, Permission: cardinal.PermWriteOptions, Fresh: true, Handle: h.show},
		{Pattern: "POST " + devicePath, Permission: cardinal.PermWriteOptions, Fresh: true, Handle: h.add},
	}, nil
}

func deviceForm(words *web.Words) *web.Form {
	form := web.NewForm(words, "device", words.T("setup.device-button"))
	form.Action = devicePath
	form.Add(web.Field{Name: "name", Kind: web.Text, Label: words.T("setup.device-name"), Hint: words.T("setup.device-hint"), MaxLength: cardinal.FieldMaxLength, Required: true})
	return form
}

func (h *devicePage) show(w http.ResponseWriter, r *http.Request) error {
	if err := h.resumed(r); err != nil {
		return err
	}
	return h.answer(w, r, deviceForm(web.WordsOf(r)))
}

func (h *devicePage) answer(w http.ResponseWriter, r *http.Request, form *web.Form) error {
	words := web.WordsOf(r)
	head := web.Head{Title: words.T("setup.device-title"), Lead: words.T("setup.device-lead"), Status: form.Status()}
	return h.page.Show(w, r, head, formData{stepsAt(words, 3), form})
}

// add makes the device and shows its token, with which the set-up is over.
func (h *devicePage) add(w http.ResponseWriter, r *http.Request) error {
	if err := h.resumed(r); err != nil {
		return err
	}
	words := web.WordsOf(r)
	form := deviceForm(words)
	if err := form.Read(r); err != nil {
		return err
	}
	device, token, err := h.Accounts.CreateDevice(r.Context(), web.CallerOf(r), cardinal.Device{Name: form.Value("name")})
	if form.Refuse(err) {
		return h.answer(w, r, form)
	}
	if err != nil {
		return err
	}
	if err := h.Accounts.SetSetupStep(r.Context(), web.CallerOf(r), account.SetupDone); err != nil {
		return err
	}
	once := web.Once{ID: "device-token", Label: words.T("setup.token", "Device", device.Name), Secret: token.Secret, Note: words.T("setup.token-note")}
	return h.once.Show(w, r, web.Head{Title: words.T("setup.done-title"), Lead: words.T("setup.done-lead")}, onceData{stepsAt(words, len(stepsAt(words, 0))), once})
}
