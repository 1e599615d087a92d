package options

import (
	"net/http"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

func (h *devicesPage) showNew(w http.ResponseWriter, r *http.Request) error {
	form, err := h.newForm(r)
	if err != nil {
		return err
	}
	return h.answerNew(w, r, form)
}

func (h *devicesPage) newForm(r *http.Request) (*web.Form, error) {
	words := web.WordsOf(r)
	form, err := h.deviceForm(r, account.DeviceView{})
	if err != nil {
		return nil, err
	}
	form.Submit, form.Cancel = words.T("devices.create"), cancel(words, office.DevicesPath)
	return form, nil
}

func (h *devicesPage) answerNew(w http.ResponseWriter, r *http.Request, form *web.Form) error {
	words := web.WordsOf(r)
	return h.form.Show(w, r, web.Head{
		Title: words.T("devices.new"), Lead: words.T("devices.new-lead"), Status: form.Status(), Narrow: true,
		Back: web.Link{URL: office.DevicesPath, Label: words.T("devices.title")},
	}, placeForm{Form: form})
}

func (h *devicesPage) create(w http.ResponseWriter, r *http.Request) error {
	form, err := h.newForm(r)
	if err != nil {
		return err
	}
	if err := form.Read(r); err != nil {
		return err
	}
	made, token, err := h.Accounts.CreateDevice(r.Context(), web.CallerOf(r), deviceOf(form))
	if form.Refuse(err) {
		return h.answerNew(w, r, form)
	}
	if err != nil {
		return err
	}
	return h.showToken(w, r, made, token)
}

// showToken shows a device's token in the answer to the request that made it.
func (h *devicesPage) showToken(w http.ResponseWriter, r *http.Request, d cardinal.Device, token cardinal.Token) error {
	words := web.WordsOf(r)
	return h.once.Show(w, r, web.Head{Title: d.Name, Back: web.Link{URL: office.DevicesPath, Label: words.T("devices.title")}}, placeOnce{
		Once:  web.Once{ID: "device-token", Label: words.T("devices.token-made", "Device", d.Name), Secret: token.Secret, Note: words.T("devices.token-note")},
		Title: words.T("devices.token-next"),
		Steps: []string{words.T("devices.token-enter", "Server", origin(r)), words.T("devices.token-send"), words.T("devices.token-seen")},
		Example: `curl -H "Authorization: Bearer $TOKEN" \
  -H "Content-Type: application/json" \
  -d '{"username": "anna", "pin": "…"}' \
  ` + origin(r) + `/api/v1/sign-in`,
		Done: web.Link{URL: below(office.DevicesPath, string(d.ID)), Label: words.T("devices.token-done")},
	})
}

// askDevice shows a question about a device, to be answered at the page's own address.
func (h *devicesPage) askDevice(w http.ResponseWriter, r *http.Request, view account.DeviceView, confirm web.Confirm) error {
	confirm.Cancel = below(office.DevicesPath, string(view.ID))
	confirm.Action = r.URL.Path
	head := web.Head{Title: view.Name, Back: web.Link{URL: confirm.Cancel, Label: web.WordsOf(r).T("devices.back")}}
	return h.ask.Show(w, r, head, placeAsk{Confirm: confirm})
}

func (h *devicesPage) askToken(w http.ResponseWriter, r *http.Request) error {
	view, err := h.device(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	return h.askDevice(w, r, view, web.Confirm{
		Question: words.T("devices.renew-ask", "Device", view.Name), Button: words.T("devices.renew"),
		Effects: []string{words.T("devices.renew-stops"), words.T("devices.renew-shown")},
	})
}

func (h *devicesPage) renewToken(w http.ResponseWriter, r *http.Request) error {
	view, err := h.device(r)
	if err != nil {
		return err
	}
	token, err := h.Accounts.RenewDeviceToken(r.Context(), web.CallerOf(r), view.ID)
	if err != nil {
		return err
	}
	return h.showToken(w, r, view.Device, token)
}

func (h *devicesPage) askDelete(w http.ResponseWriter, r *http.Request) error {
	view, err := h.device(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	return h.askDevice(w, r, view, web.Confirm{
		Question: words.T("devices.delete-ask", "Device", view.Name), Button: words.T("devices.delete-button", "Device", view.Name),
		Effects: []string{words.T("devices.delete-stops"), words.T("devices.delete-stays")},
		Hidden:  []web.Hidden{{Name: "revision", Value: revisionText(view.Revision)}},
	})
}

func (h *devicesPage) delete(w http.ResponseWriter, r *http.Request) error {
	view, err := h.device(r)
	if err != nil {
		return err
	}
	if err := h.Accounts.DeleteDevice(r.Context(), web.CallerOf(r), view.ID, revisionOf(r.PostFormValue("revision"))); err != nil {
		return err
	}
	return h.kit.Redirect(w, r, office.DevicesPath, web.Success(web.WordsOf(r).T("devices.deleted", "Device", view.Name)))
}
