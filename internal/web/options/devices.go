package options

import (
	"net/http"
	"strings"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// devicesPage is *Options › Devices*: the list and what can be done to one.
type devicesPage struct {
	*places
	list *web.Page[devicesData]
	one  *web.Page[deviceData]
}

type devicesData struct {
	Search web.Search
	Rows   []deviceRow
	Empty  web.Empty
	Pager  web.Pager
}

type deviceRow struct {
	account.DeviceView
	URL     string
	Methods string
	Badges  []web.Badge
}

func (p *pages) deviceRoutes() ([]web.Route, error) {
	shared, err := p.places()
	if err != nil {
		return nil, err
	}
	list, err := web.Parse[devicesData](p.kit, area(), "devices.html")
	if err != nil {
		return nil, err
	}
	one, err := web.Parse[deviceData](p.kit, area(), "devices_one.html")
	if err != nil {
		return nil, err
	}
	h := &devicesPage{shared, list, one}
	const path = office.DevicesPath + "/{id}"
	return []web.Route{
		{Pattern: "GET " + office.DevicesPath, Permission: cardinal.PermReadOptions, Handle: h.showAll},
		{Pattern: "GET " + office.NewDevicePath, Permission: cardinal.PermWriteOptions, Fresh: true, Handle: h.showNew},
		{Pattern: "POST " + office.NewDevicePath, Permission: cardinal.PermWriteOptions, Fresh: true, Handle: h.create},
		{Pattern: "GET " + path, Permission: cardinal.PermReadOptions, Handle: h.show},
		{Pattern: "POST " + path, Permission: cardinal.PermWriteOptions, Handle: h.save},
		{Pattern: "GET " + path + "/token", Permission: cardinal.PermWriteOptions, Fresh: true, Handle: h.askToken},
		{Pattern: "POST " + path + "/token", Permission: cardinal.PermWriteOptions, Fresh: true, Handle: h.renewToken},
		{Pattern: "GET " + path + "/delete", Permission: cardinal.PermWriteOptions, Handle: h.askDelete},
		{Pattern: "POST " + path + "/delete", Permission: cardinal.PermWriteOptions, Handle: h.delete},
		{Pattern: "POST " + path + "/unlock", Permission: cardinal.PermWriteOptions, Handle: h.unlock},
	}, nil
}

// showAll lists the devices whose name has ?find= in it.
func (h *devicesPage) showAll(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	find, after := strings.TrimSpace(r.URL.Query().Get("find")), r.URL.Query().Get("after")
	found, err := h.Accounts.DeviceList(r.Context(), web.CallerOf(r), account.DeviceQuery{Text: find, Cursor: after, Limit: placesOnPage})
	if err != nil {
		return err
	}
	data := devicesData{
		Search: web.Search{ID: "find", Action: office.DevicesPath, Name: "find", Label: words.T("devices.find"), Value: find},
		Empty:  noDevices(r, find),
		Pager:  firstAndNext(words.T("devices.shown", "Count", len(found.Devices)), office.DevicesPath, find, after, found.Next),
	}
	for _, view := range found.Devices {
		data.Rows = append(data.Rows, deviceRow{
			DeviceView: view, URL: below(office.DevicesPath, string(view.ID)), Methods: methodWords(words, view.Methods), Badges: deviceBadges(words, view),
		})
	}
	head := web.Head{Title: words.T("devices.title"), Lead: words.T("devices.lead")}
	if web.CallerOf(r).May(cardinal.PermWriteOptions) {
		head.Actions = []web.Link{addDevice(words)}
	}
	return h.list.Show(w, r, head, data)
}

func addDevice(words *web.Words) web.Link {
	return web.Link{URL: office.NewDevicePath, Label: words.T("devices.add"), Icon: "plus"}
}

func noDevices(r *http.Request, find string) web.Empty {
	words := web.WordsOf(r)
	if find != "" {
		return web.Empty{
			Icon: "search", Title: words.T("devices.not-found"), Text: words.T("devices.not-found-text"),
			Action: web.Link{URL: office.DevicesPath, Label: words.T("devices.all")},
		}
	}
	empty := web.Empty{Icon: "printer", Title: words.T("devices.none"), Text: words.T("devices.none-text")}
	if web.CallerOf(r).May(cardinal.PermWriteOptions) {
		empty.Action = addDevice(words)
	}
	return empty
}

// methodWords names the methods that a device is narrowed to.
func methodWords(words *web.Words, methods []cardinal.Method) string {
	if methods == nil {
		return words.T("devices.all-methods")
	}
	names := make([]string, len(methods))
	for i, method := range methods {
		names[i] = words.Code("choice", string(method), string(method))
	}
	return strings.Join(names, ", ")
}

// deviceBadges is what is unusual about a device.
func deviceBadges(words *web.Words, view account.DeviceView) []web.Badge {
	var badges []web.Badge
	if view.Disabled {
		badges = append(badges, web.Badge{Tone: web.ToneNeutral, Text: words.T("devices.disabled")})
	}
	if !view.LockedUntil.IsZero() {
		badges = append(badges, web.Badge{Tone: web.ToneDanger, Text: words.T("devices.locked")})
	}
	return badges
}
