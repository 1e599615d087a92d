package options

import (
	"net/http"
	"strconv"

	"cardinal"
	"cardinal/internal/notify"
	"cardinal/internal/setting"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// messagingPage is *Options › Messaging configurations*: the list and what can be
// done to one.
type messagingPage struct {
	*places
	list *web.Page[messagingList]
	one  *web.Page[messagingOne]
}

type messagingList struct {
	Rows  []messagingRow
	Empty web.Empty
}

type messagingRow struct {
	notify.ConfigurationView
	URL    string
	Server string
	Uses   []web.Link
}

func (p *pages) messagingRoutes() ([]web.Route, error) {
	shared, err := p.places()
	if err != nil {
		return nil, err
	}
	list, err := web.Parse[messagingList](p.kit, area(), "messaging.html")
	if err != nil {
		return nil, err
	}
	one, err := web.Parse[messagingOne](p.kit, area(), "messaging_one.html")
	if err != nil {
		return nil, err
	}
	h := &messagingPage{shared, list, one}
	const path = office.MessagingPath + "/{id}"
	// Whoever changes the server of a configuration has its password sent there.
	return []web.Route{
		{Pattern: "GET " + office.MessagingPath, Permission: cardinal.PermReadOptions, Handle: h.showAll},
		{Pattern: "GET " + office.NewMessagingPath, Permission: cardinal.PermWriteOptions, Fresh: true, Handle: h.showNew},
		{Pattern: "POST " + office.NewMessagingPath, Permission: cardinal.PermWriteOptions, Fresh: true, Handle: h.create},
		{Pattern: "GET " + path, Permission: cardinal.PermReadOptions, Fresh: true, Handle: h.show},
		{Pattern: "POST " + path, Permission: cardinal.PermWriteOptions, Fresh: true, Handle: h.save},
		{Pattern: "POST " + path + "/test", Permission: cardinal.PermWriteOptions, Handle: h.test},
		{Pattern: "GET " + path + "/delete", Permission: cardinal.PermWriteOptions, Handle: h.askDelete},
		{Pattern: "POST " + path + "/delete", Permission: cardinal.PermWriteOptions, Handle: h.delete},
	}, nil
}

func (h *messagingPage) showAll(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	found, err := h.Notify.Configurations(r.Context(), web.CallerOf(r))
	if err != nil {
		return err
	}
	data := messagingList{Empty: web.Empty{Icon: "mail-cog", Title: words.T("messaging.none"), Text: words.T("messaging.none-text")}}
	for _, view := range found {
		data.Rows = append(data.Rows, messagingRow{view, below(office.MessagingPath, string(view.ID)), serverOf(view.MessagingConfiguration), usesOf(words, view.UsedBy)})
	}
	head := web.Head{Title: words.T("messaging.title"), Lead: words.T("messaging.lead")}
	if web.CallerOf(r).May(cardinal.PermWriteOptions) {
		add := web.Link{URL: office.NewMessagingPath, Label: words.T("messaging.add"), Icon: "plus"}
		if data.Empty.Action = add; len(found) > 0 {
			head.Actions = []web.Link{add}
		}
	}
	return h.list.Show(w, r, head, data)
}

func serverOf(c cardinal.MessagingConfiguration) string { return c.Host + ":" + strconv.Itoa(c.Port) }

// usesOf are the places where settings of those keys are chosen, each once.
func usesOf(words *web.Words, keys []string) []web.Link {
	var links []web.Link
	seen := map[string]bool{}
	for _, key := range keys {
		link := web.Link{URL: office.ConfigEditorPath + office.Query("find", key), Label: key}
		if d, err := setting.Find(key); err == nil && d.Page == setting.PagePINPolicy {
			link = web.Link{URL: office.PolicyPath, Label: words.T("policy.title") + " › " + words.T("policy.section")}
		}
		if !seen[link.URL] {
			links, seen[link.URL] = append(links, link), true
		}
	}
	return links
}
