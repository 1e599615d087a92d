package people

import (
	"errors"
	"net/http"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/credential"
	"cardinal/internal/setting"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

type userPage struct {
	*pages
	page *web.Page[userData]
}

// userData is *User details*. Without Form it is read only, and the facts say
// what the form would.
type userData struct {
	Badges  []web.Badge
	Tabs    []web.Tab
	Above   web.Notice // told about somebody whose role is above the caller's
	Said    web.Notice // what was just done, or is asked before it is, while the form still holds what was typed
	Form    *web.Form
	Details []web.Fact
	Numbers []web.Fact

	PIN     []web.Fact
	PINLink pinLinks
	Unlock  string // where to post; empty where it is not for the caller, or there is no lock

	Access   []web.Fact
	Password string // the page of the one-time password
	Invite   string // where to post that they get a link to choose one
	Delete   string

	Changes []web.Fact
	Reset   string
}

// pinLinks is what can be done about the PIN; empty where it is not for the caller.
type pinLinks struct {
	First   string // where to post for a first PIN
	Again   string // the page that asks before the PIN is replaced
	Require string // the page that asks before a new PIN is asked for
	Remove  string
}

func (p *pages) userRoutes() ([]web.Route, error) {
	page, err := web.Parse[userData](p.kit, area(), "user.html")
	if err != nil {
		return nil, err
	}
	h := &userPage{p, page}
	const path = office.UsersPath + "/{username}"
	return []web.Route{
		{Pattern: "GET " + path, Permission: cardinal.PermReadUsers, Handle: h.show},
		{Pattern: "POST " + path, Permission: cardinal.PermWriteUsers, Handle: h.save},
		{Pattern: "POST " + path + "/check", Permission: cardinal.PermWriteCredentials, Handle: h.check},
		{Pattern: "POST " + path + "/invite", Permission: cardinal.PermWriteUsers, Handle: h.invite},
		{Pattern: "POST " + path + "/unlock", Permission: cardinal.PermUnlock, Handle: h.unlock},
		{Pattern: "POST " + path + "/reset-changes", Permission: cardinal.PermUnlock, Handle: h.resetChanges},
	}, nil
}

// view returns the user that the path names.
func (p *pages) view(r *http.Request) (account.UserView, error) {
	return p.Accounts.User(r.Context(), web.CallerOf(r), r.PathValue("username"))
}

func (h *userPage) form(r *http.Request, view account.UserView) (*web.Form, error) {
	values, err := h.Accounts.Values(r.Context(), web.CallerOf(r))
	if err != nil {
		return nil, err
	}
	return userForm(r, view, setting.Policy(values)), nil
}

func (h *userPage) show(w http.ResponseWriter, r *http.Request) error {
	view, err := h.view(r)
	if err != nil {
		return err
	}
	if !web.CallerOf(r).May(cardinal.PermWriteUsers) {
		return h.answer(w, r, view, nil)
	}
	form, err := h.form(r, view)
	if err != nil {
		return err
	}
	return h.answer(w, r, view, form)
}

// save is the button Save: fields, numbers and PIN together, or nothing.
func (h *userPage) save(w http.ResponseWriter, r *http.Request) error {
	view, err := h.view(r)
	if err != nil {
		return err
	}
	form, err := h.form(r, view)
	if err != nil {
		return err
	}
	if err := form.Read(r); err != nil {
		return err
	}
	if slot, err := cardinal.ParseSlot(r.PostFormValue(generateName)); err == nil {
		return h.generate(w, r, view, form, slot)
	}
	saved, err := h.Accounts.UpdateUser(r.Context(), web.CallerOf(r), view.Username, max(1, revisionOf(form)), fieldsOf(form))
	if errors.Is(err, cardinal.ErrStale) {
		showTheirs(form, web.WordsOf(r), view)
	}
	if form.Refuse(office.NamingRules(web.WordsOf(r), err)) {
		return h.answer(w, r, view, form)
	}
	if err != nil {
		return err
	}
	return h.kit.Redirect(w, r, office.UserURL(saved.Username), web.Success(web.WordsOf(r).T("user.saved")))
}

// check answers which rules the PIN that is being typed breaks.
func (h *userPage) check(w http.ResponseWriter, r *http.Request) error {
	pin := cardinal.NewPIN(r.PostFormValue("value"))
	violations, err := h.Door.CheckPolicy(r.Context(), web.CallerOf(r), pin, r.PathValue("username"))
	if err != nil {
		return err
	}
	return web.WriteBroken(w, violations)
}

func (h *userPage) unlock(w http.ResponseWriter, r *http.Request) error {
	username := r.PathValue("username")
	if err := h.Door.Unlock(r.Context(), web.CallerOf(r), username); err != nil {
		return err
	}
	return h.kit.Redirect(w, r, office.UserURL(username), web.Success(web.WordsOf(r).T("user.unlocked")))
}

func (h *userPage) resetChanges(w http.ResponseWriter, r *http.Request) error {
	username := r.PathValue("username")
	if err := h.Door.ResetChangeCounts(r.Context(), web.CallerOf(r), username); err != nil {
		return err
	}
	return h.kit.Redirect(w, r, office.UserURL(username), web.Success(web.WordsOf(r).T("user.changes-reset")))
}

func (h *userPage) answer(w http.ResponseWriter, r *http.Request, view account.UserView, form *web.Form) error {
	return h.say(w, r, view, form, web.Notice{})
}

// say shows the page with a notice on top.
func (h *userPage) say(w http.ResponseWriter, r *http.Request, view account.UserView, form *web.Form, said web.Notice) error {
	caller, words := web.CallerOf(r), web.WordsOf(r)
	changes, err := h.Door.ChangesToday(r.Context(), caller, view.Username)
	if err != nil {
		return err
	}
	data := userData{
		Badges: badgesOf(words, view), Tabs: office.UserTabs(r, view.Username, office.TabDetails), Form: form, Details: detailFacts(words, view), Numbers: numberFacts(words, view),
		PIN: pinFacts(r, view), Access: accessFacts(r, view), Changes: changeFacts(words, changes),
		Said: said,
	}
	if view.Role.Outranks(caller.Role) {
		data.Above = web.Notice{Tone: web.ToneInfo, Text: words.T("user.above")}
	}
	data.allow(caller, view)
	if changes.PIN+changes.Number == 0 {
		data.Reset = ""
	}
	head := office.UserHead(words, view.Username, view.FullName)
	if form != nil {
		head.Status = form.Status()
	}
	return h.page.Show(w, r, head, data)
}

// allow adds what the caller may do.
func (d *userData) allow(caller cardinal.Caller, view account.UserView) {
	at := func(parts ...string) string { return office.UserURL(view.Username, parts...) }
	if caller.May(cardinal.PermWriteCredentials) {
		if view.HasPIN() {
			d.PINLink = pinLinks{Again: at("pin", "generate"), Require: at("pin", "require"), Remove: at("pin", "remove")}
			if view.PIN.NewRequired {
				d.PINLink.Require = ""
			}
		} else {
			d.PINLink = pinLinks{First: at("pin", "generate")}
		}
	}
	if caller.May(cardinal.PermUnlock) {
		d.Reset = at("reset-changes")
		if !view.LockedUntil.IsZero() {
			d.Unlock = at("unlock")
		}
	}
	if caller.May(cardinal.PermWriteUsers) && !view.Role.Outranks(caller.Role) {
		d.Password = at("password")
		if !view.HasPassword {
			d.Invite = at("invite")
		}
		if view.ID != caller.User {
			d.Delete = at("delete")
		}
	}
}

func changeFacts(words *web.Words, changes credential.ChangesToday) []web.Fact {
	of := func(count, most int) string {
		if most < 0 {
			return words.T("user.changes-unlimited", "Done", count)
		}
		return words.T("user.changes-of", "Done", count, "Most", most)
	}
	return []web.Fact{
		{Label: words.T("user.changes-pin"), Text: of(changes.PIN, changes.MostPIN)},
		{Label: words.T("user.changes-number"), Text: of(changes.Number, changes.MostNumber)},
	}
}
