package self

import (
	"net/http"
	"strings"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/web"
)

// recent is how many sign-ins the summary shows.
const recent = 10

type summaryPage struct {
	*pages
	page *web.Page[summaryData]
}

type summaryData struct {
	Person  []web.Fact
	Means   []web.Fact // what the person signs in with
	SignIns []cardinal.SignIn
	None    web.Empty
	Change  web.Link // to Change Details; zero where it does not exist
	PINless bool
}

func (p *pages) summaryRoutes() ([]web.Route, error) {
	page, err := web.Parse[summaryData](p.kit, p.area(), "summary.html")
	if err != nil {
		return nil, err
	}
	h := &summaryPage{p, page}
	return []web.Route{{Pattern: "GET " + summaryPath, Permission: cardinal.PermOwnDetails, Handle: h.show}}, nil
}

func (h *summaryPage) show(w http.ResponseWriter, r *http.Request) error {
	caller, words := web.CallerOf(r), web.WordsOf(r)
	view, err := h.view(r)
	if err != nil {
		return err
	}
	options, err := h.Door.OwnOptions(r.Context(), caller)
	if err != nil {
		return err
	}
	signIns, err := h.SignIns.Records(r.Context(), caller, caller.Name, "", recent)
	if err != nil {
		return err
	}
	data := summaryData{
		Person: personFacts(words, view), Means: meansFacts(r, view), SignIns: signIns, PINless: !view.HasPIN(),
		None: web.Empty{Icon: "printer", Title: words.T("self.summary.no-sign-ins"), Text: words.T("self.summary.no-sign-ins-text")},
	}
	if options.Any() {
		data.Change = web.Link{URL: changePath, Label: words.T("self.change.title")}
	}
	return h.page.Show(w, r, web.Head{Title: words.T("self.summary.title")}, data)
}

func personFacts(words *web.Words, view account.UserView) []web.Fact {
	facts := []web.Fact{
		{Label: words.T("self.summary.name"), Text: view.FullName},
		{Label: words.T("self.summary.username"), Text: view.Username},
		{Label: words.T("self.summary.email"), Text: view.Email},
	}
	if view.Department != "" {
		facts = append(facts, web.Fact{Label: words.T("self.summary.department"), Text: view.Department})
	}
	return facts
}

// meansFacts are the PIN and the numbers, as far as the person may see them.
func meansFacts(r *http.Request, view account.UserView) []web.Fact {
	words := web.WordsOf(r)
	pin := web.Fact{Label: words.T("self.summary.pin"), Badge: web.Badge{Tone: web.ToneSuccess, Text: words.T("self.summary.pin-set")}}
	switch {
	case !view.HasPIN():
		pin.Badge = web.Badge{Tone: web.ToneWarning, Text: words.T("self.summary.pin-none")}
	case !view.LockedUntil.IsZero():
		pin.Badge = web.Badge{Tone: web.ToneDanger, Text: words.T("self.summary.locked")}
	}
	facts := []web.Fact{pin}
	if view.HasPIN() && !view.PIN.ExpiresAt.IsZero() {
		facts = append(facts, web.Fact{Label: words.T("self.summary.pin-expires"), Time: timeOf(r, view)})
	}
	for _, slot := range cardinal.Slots() {
		facts = append(facts, numberFact(words, view, slot))
	}
	return facts
}

// numberFact is the number in a slot, whole or masked.
func numberFact(words *web.Words, view account.UserView, slot cardinal.Slot) web.Fact {
	fact := web.Fact{Label: words.Code("self-number", string(slot), "")}
	for _, number := range view.Numbers {
		switch {
		case number.Slot != slot:
		case number.Full:
			fact.Text = number.Text
		default:
			fact.End = strings.TrimLeft(number.Text, "•")
		}
	}
	return fact
}

func timeOf(r *http.Request, view account.UserView) web.Instant {
	return web.Shell{Session: web.SessionOf(r), Words: web.WordsOf(r)}.Time(view.PIN.ExpiresAt)
}
