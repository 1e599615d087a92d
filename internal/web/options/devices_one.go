package options

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/setting"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// deviceData is one device. Without Form it is read only.
type deviceData struct {
	Badges []web.Badge
	Locked web.Notice
	Unlock string
	Form   *web.Form
	Facts  []web.Fact
	Use    []web.Fact
	Renew  string
	Delete string
	Try    conversionTry
}

// conversionTry is what became of a number that was typed to be tried.
type conversionTry struct {
	Read    string
	Done    bool
	Seen    string // as the sign-in sees it
	Problem string
}

func (h *devicesPage) device(r *http.Request) (account.DeviceView, error) {
	return h.Accounts.DeviceView(r.Context(), web.CallerOf(r), cardinal.DeviceID(r.PathValue("id")))
}

// deviceForm is the form of a device; the zero view makes that of a new one.
func (h *devicesPage) deviceForm(r *http.Request, view account.DeviceView) (*web.Form, error) {
	words := web.WordsOf(r)
	values, err := h.Accounts.Values(r.Context(), web.CallerOf(r))
	if err != nil {
		return nil, err
	}
	form := web.NewForm(words, "device", words.T("options.save"))
	form.Carry("revision", revisionText(view.Revision))
	form.Add(web.Field{Name: "name", Kind: web.Text, Label: words.T("devices.name"), Hint: words.T("devices.name-hint"), Value: view.Name, Required: true, MaxLength: 100})
	methods := web.Field{Name: "methods", Kind: web.Choices, Label: words.T("devices.methods"), Hint: words.T("devices.methods-hint")}
	allowed := setting.SignInMethods.In(values)
	for _, method := range cardinal.Methods() {
		option := web.Option{Value: string(method), Label: words.Code("choice", string(method), "")}
		chosen := slices.Contains(view.Methods, method)
		if !slices.Contains(allowed, method) {
			if !chosen {
				continue
			}
			option.Hint = words.T("devices.method-off")
		}
		if chosen {
			methods.Values = append(methods.Values, option.Value)
		}
		methods.Options = append(methods.Options, option)
	}
	form.Add(methods)
	form.Add(web.Field{
		Name: "conversion", Kind: web.Text, Label: words.T("devices.conversion"), Hint: words.T("devices.conversion-hint"),
		Value: view.Conversion, MaxLength: cardinal.FieldMaxLength,
	})
	if view.ID != "" {
		form.Add(web.Field{Name: "disabled", Kind: web.Checkbox, Label: words.T("devices.disabled"), Hint: words.T("devices.disabled-hint"), Checked: view.Disabled})
	}
	return form, nil
}

// deviceOf is what the form wants of a device.
func deviceOf(form *web.Form) cardinal.Device {
	device := cardinal.Device{Name: form.Value("name"), Conversion: form.Value("conversion"), Revision: revisionOf(form.Value("revision"))}
	for _, method := range form.Values("methods") {
		device.Methods = append(device.Methods, cardinal.Method(method))
	}
	if form.Field("disabled") != nil {
		device.Disabled = form.Checked("disabled")
	}
	return device
}

func (h *devicesPage) show(w http.ResponseWriter, r *http.Request) error {
	view, err := h.device(r)
	if err != nil {
		return err
	}
	if !web.CallerOf(r).May(cardinal.PermWriteOptions) {
		return h.answer(w, r, view, deviceData{Facts: deviceFacts(web.WordsOf(r), view)})
	}
	form, err := h.deviceForm(r, view)
	if err != nil {
		return err
	}
	return h.answer(w, r, view, deviceData{Form: form})
}

func (h *devicesPage) answer(w http.ResponseWriter, r *http.Request, view account.DeviceView, data deviceData) error {
	words, shell := web.WordsOf(r), web.ShellOf(r)
	data.Badges = deviceBadges(words, view)
	data.Use = []web.Fact{{Label: words.T("devices.created"), Time: shell.Time(view.CreatedAt)}, {Label: words.T("devices.last-seen"), Time: shell.Time(view.LastSeenAt)}}
	if view.LastSeenAt.IsZero() {
		data.Use[1].Text = words.T("devices.never-seen")
	}
	if !view.LockedUntil.IsZero() {
		data.Locked = web.Notice{Tone: web.ToneWarning, Title: words.T("devices.locked"), Text: words.T("devices.locked-text", "When", shell.Time(view.LockedUntil.Add(time.Minute-1)).Local())} // shown in whole minutes
	}
	head := web.Head{Title: view.Name, Back: web.Link{URL: office.DevicesPath, Label: words.T("devices.title")}}
	if data.Form != nil {
		head.Status = data.Form.Status()
		data.Renew, data.Delete = below(office.DevicesPath, string(view.ID), "token"), below(office.DevicesPath, string(view.ID), "delete")
		if !view.LockedUntil.IsZero() {
			data.Unlock = below(office.DevicesPath, string(view.ID), "unlock")
		}
	}
	return h.one.Show(w, r, head, data)
}

func deviceFacts(words *web.Words, view account.DeviceView) []web.Fact {
	return []web.Fact{
		{Label: words.T("devices.name"), Text: view.Name},
		{Label: words.T("devices.methods"), Text: methodWords(words, view.Methods)},
		{Label: words.T("devices.conversion"), Text: conversionWords(words, view.Conversion)},
		{Label: words.T("devices.disabled"), Text: words.OnOff(view.Disabled)},
	}
}

func conversionWords(words *web.Words, conversion string) string {
	if conversion == "" {
		return words.T("devices.as-organisation")
	}
	return conversion
}

// save is the button Save, or Try. A number that was typed to be tried is tried
// whichever was pressed, for the enter key in its field presses Save.
func (h *devicesPage) save(w http.ResponseWriter, r *http.Request) error {
	view, err := h.device(r)
	if err != nil {
		return err
	}
	form, err := h.deviceForm(r, view)
	if err != nil {
		return err
	}
	if err := form.Read(r); err != nil {
		return err
	}
	read := r.PostForm.Get("read")
	if r.PostForm.Get("do") == "try" || read != "" {
		return h.try(w, r, view, form, read)
	}
	wanted := deviceOf(form)
	wanted.ID = view.ID
	saved, err := h.Accounts.UpdateDevice(r.Context(), web.CallerOf(r), wanted)
	if errors.Is(err, cardinal.ErrStale) {
		deviceDiffers(form, web.WordsOf(r), view)
	}
	if form.Refuse(err) {
		return h.answer(w, r, view, deviceData{Form: form})
	}
	if err != nil {
		return err
	}
	return h.kit.Redirect(w, r, below(office.DevicesPath, string(saved.ID)), web.Success(web.WordsOf(r).T("devices.saved", "Device", saved.Name)))
}

// deviceDiffers notes what somebody else saved in between and goes on from there.
func deviceDiffers(form *web.Form, words *web.Words, view account.DeviceView) {
	form.Differs("name", view.Name)
	form.Differs("conversion", view.Conversion)
	if !sameMethods(deviceOf(form).Methods, view.Methods) {
		form.Differs("methods", methodWords(words, view.Methods))
	}
	if form.Checked("disabled") != view.Disabled {
		form.Differs("disabled", words.OnOff(view.Disabled))
	}
	carryRevision(form, view.Revision)
}

func sameMethods(a, b []cardinal.Method) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// try shows what the number becomes with the form as it stands, and keeps neither.
func (h *devicesPage) try(w http.ResponseWriter, r *http.Request, view account.DeviceView, form *web.Form, read string) error {
	result := conversionTry{Read: read, Done: true}
	var number cardinal.Secret
	if err := number.UnmarshalText([]byte(read)); err != nil {
		return err
	}
	seen, err := h.Accounts.TryConversion(r.Context(), web.CallerOf(r), form.Value("conversion"), number)
	violations := cardinal.ViolationsOf(err)
	switch {
	case err == nil:
		result.Seen = seen.Reveal()
	case len(violations) > 0 && violations[0].Field == "read":
		result.Problem = web.WordsOf(r).Sentence(violations[0].Sentence())
	case form.Refuse(err):
		result.Done = false
	default:
		return err
	}
	return h.answer(w, r, view, deviceData{Form: form, Try: result})
}

func (h *devicesPage) unlock(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := h.Accounts.UnlockDevice(r.Context(), web.CallerOf(r), cardinal.DeviceID(id)); err != nil {
		return err
	}
	return h.kit.Redirect(w, r, below(office.DevicesPath, id), web.Success(web.WordsOf(r).T("devices.unlocked")))
}
