package logs

import (
	"net/http"
	"strconv"
	"strings"

	"cardinal"
	"cardinal/internal/signin"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// devicesMost is how many devices can be chosen from; of more one is typed.
const devicesMost = 300

// refused stands for every outcome but success.
const refused = "refused"

type signInsPage struct {
	*pages
	page *web.Page[signInsData]
}

type signInsData struct {
	Filter *filter
	Rows   []signInRow
	Empty  web.Empty
	Tail   tail
}

type signInRow struct {
	cardinal.SignIn
	URL   string // of the user
	Badge web.Badge
	Tries int
}

func (p *pages) signInsRoutes() ([]web.Route, error) {
	page, err := web.Parse[signInsData](p.kit, area(), "signins.html")
	if err != nil {
		return nil, err
	}
	h := &signInsPage{p, page}
	return routesOf(office.SignInsPath, cardinal.PermReadSignIns, h.show, h.search, h.export), nil
}

func (h *signInsPage) filter(r *http.Request) (*filter, signin.Filter, error) {
	devices, err := h.devices(r)
	if err != nil {
		return nil, signin.Filter{}, err
	}
	words := web.WordsOf(r)
	f, err := newFilter(r, office.SignInsPath, h.Now(), func(form *web.Form) {
		form.Add(web.Field{Name: "username", Kind: web.Text, Label: words.T("logs.username"), MaxLength: cardinal.UsernameMaxLength})
		form.Add(web.Field{Name: "outcome", Kind: web.Select, Label: words.T("logs.outcome"), Options: outcomes(words)})
		device := web.Field{Name: "device", Kind: web.Text, Label: words.T("logs.device"), MaxLength: textMost}
		if len(devices) > 0 {
			device.Kind, device.Options = web.Select, devices
		}
		form.Add(device)
		form.Add(web.Field{Name: "number", Kind: web.Text, Label: words.T("logs.number-end"), MaxLength: 4})
	})
	if err != nil {
		return nil, signin.Filter{}, err
	}
	f.private = f.value("number") != ""
	if !readable(f.value("number")) {
		f.Form.Violate("number", words.T("logs.number-bad"))
	}
	asked := signin.Filter{
		From: f.from, To: f.to, Device: f.value("device"), Username: f.value("username"), NumberEnd: f.value("number"),
		Outcome: cardinal.Outcome(f.value("outcome")),
	}
	if asked.Outcome == refused {
		asked.Outcome, asked.RefusedOnly = "", true
	}
	return f, asked, nil
}

// readable reports whether a text can be the end of a number.
func readable(end string) bool {
	return len(end) <= 4 && strings.Trim(strings.ToLower(end), "0123456789abcdefghijklmnopqrstuvwxyz") == ""
}

func outcomes(words *web.Words) []web.Option {
	options := []web.Option{{Label: words.T("logs.every-outcome")}, {Value: refused, Label: words.T("logs.refused-only")}}
	for _, outcome := range []cardinal.Outcome{
		cardinal.OutcomeSuccess, cardinal.OutcomeWrongPIN, cardinal.OutcomeLocked, cardinal.OutcomeDeviceLocked, cardinal.OutcomeExpired,
		cardinal.OutcomeNoPIN, cardinal.OutcomeUnknown, cardinal.OutcomeDisabled, cardinal.OutcomeMethodOff, cardinal.OutcomeInvalid,
	} {
		options = append(options, web.Option{Value: string(outcome), Label: words.Code("outcome", string(outcome), "")})
	}
	return options
}

// devices are the choices of the field, nil where one is typed: there are very
// many, or the caller may not list them. One that is no more can still be asked for.
func (h *signInsPage) devices(r *http.Request) ([]web.Option, error) {
	caller := web.CallerOf(r)
	if !caller.May(cardinal.PermReadOptions) {
		return nil, nil
	}
	found, err := h.Accounts.Devices(r.Context(), caller, "", devicesMost+1)
	if err != nil || len(found) > devicesMost {
		return nil, err
	}
	options := []web.Option{{Label: web.WordsOf(r).T("logs.every-device")}}
	asked := r.FormValue("device")
	for _, device := range found {
		options = append(options, web.Option{Value: device.Name, Label: device.Name})
		if device.Name == asked {
			asked = ""
		}
	}
	if asked != "" {
		options = append(options, web.Option{Value: asked, Label: asked})
	}
	return options, nil
}

func (h *signInsPage) show(w http.ResponseWriter, r *http.Request) error {
	f, asked, err := h.filter(r)
	if err != nil {
		return err
	}
	return h.answer(w, r, f, asked)
}

func (h *signInsPage) search(w http.ResponseWriter, r *http.Request) error {
	f, asked, err := h.filter(r)
	if err != nil {
		return err
	}
	return h.narrow(w, r, f, func() error {
		asked.From, asked.To = f.from, f.to
		return h.answer(w, r, f, asked)
	})
}

func (h *signInsPage) answer(w http.ResponseWriter, r *http.Request, f *filter, asked signin.Filter) error {
	words := web.WordsOf(r)
	data := signInsData{Filter: f, Empty: nothing(words, f, words.T("logs.no-sign-ins"), words.T("logs.no-sign-ins-text"))}
	if !f.Form.Refused() {
		found, err := h.SignIns.Search(r.Context(), web.CallerOf(r), asked, f.value(fieldCursor), onPage)
		if err != nil {
			return err
		}
		for _, record := range found.Records {
			data.Rows = append(data.Rows, signInRowOf(words, record))
		}
		data.Tail = f.tail(r, words.T("logs.sign-ins-shown", "Count", len(data.Rows)), found.Next, found.SearchedTo)
	}
	head := web.Head{Title: words.T("logs.sign-ins"), Lead: words.T("logs.sign-ins-lead"), Status: f.Form.Status()}
	return h.page.Show(w, r, head, data)
}

func signInRowOf(words *web.Words, record cardinal.SignIn) signInRow {
	row := signInRow{SignIn: record, Tries: int(record.Count), Badge: web.Badge{Tone: toneOf(record.Outcome), Text: words.Code("outcome", string(record.Outcome), string(record.Outcome))}}
	if record.Username != "" {
		row.URL = office.UserURL(record.Username)
	}
	return row
}

func toneOf(outcome cardinal.Outcome) web.Tone {
	switch outcome {
	case cardinal.OutcomeSuccess:
		return web.ToneSuccess
	case cardinal.OutcomeLocked, cardinal.OutcomeDeviceLocked:
		return web.ToneDanger
	}
	return web.ToneWarning
}

// nothing stands where the log has no lines: there are none yet, or none like
// those that were asked for.
func nothing(words *web.Words, f *filter, title, text string) web.Empty {
	if f.Narrowed {
		return web.Empty{
			Icon: "search", Title: words.T("logs.nothing"), Text: words.T("logs.nothing-text"), Action: web.Link{URL: f.Path, Label: words.T("logs.everything")},
		}
	}
	return web.Empty{Icon: "history", Title: title, Text: text}
}

func (h *signInsPage) export(w http.ResponseWriter, r *http.Request) error {
	f, asked, err := h.filter(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	sheet := h.newSheet(w, r, f, "sign-ins",
		words.T("logs.when"), words.T("logs.utc"), words.T("logs.user"), words.T("logs.outcome"), words.T("logs.tries"), words.T("logs.device"),
		words.T("logs.method"), words.T("logs.number-end"))
	err = h.SignIns.Export(r.Context(), web.CallerOf(r), asked, func(record cardinal.SignIn) error {
		return sheet.write(sheet.local(record.Time), sheet.utc(record.Time), record.Username, words.Code("outcome", string(record.Outcome), string(record.Outcome)),
			strconv.FormatInt(record.Count, 10), record.Device, words.Code("method", string(record.Method), string(record.Method)), record.NumberEnd)
	})
	return sheet.end(err)
}
