package options

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

func administratorURL(username string, parts ...string) string {
	return below(office.AdministratorsPath, append([]string{url.PathEscape(username)}, parts...)...)
}

// giveData is the search for somebody who is to have a role.
type giveData struct {
	Search web.Search
	Rows   []personRow
	More   bool // others match too
	Empty  web.Empty
}

type personRow struct {
	cardinal.User
	Name string
	URL  string
}

// foundMost is how many people a search shows.
const foundMost = 20

func (h *administratorsPage) showGive(w http.ResponseWriter, r *http.Request) error {
	return h.answerGive(w, r, giveData{})
}

func (h *administratorsPage) answerGive(w http.ResponseWriter, r *http.Request, data giveData) error {
	words := web.WordsOf(r)
	data.Search.ID, data.Search.Name, data.Search.Action, data.Search.Post = "find", "find", office.GiveRolePath, true
	data.Search.Label, data.Search.Hint = words.T("administrators.find"), words.T("administrators.find-hint")
	return h.give.Show(w, r, web.Head{
		Title: words.T("administrators.give"), Lead: words.T("administrators.give-lead"), Narrow: true,
		Back: web.Link{URL: office.AdministratorsPath, Label: words.T("administrators.title")},
	}, data)
}

// find answers the search at once: what is typed may be a number by mistake, and
// then it must not stand in a URL.
func (h *administratorsPage) find(w http.ResponseWriter, r *http.Request) error {
	words, caller := web.WordsOf(r), web.CallerOf(r)
	text := strings.TrimSpace(r.PostFormValue("find"))
	if text == "" {
		return h.showGive(w, r)
	}
	found, err := h.Accounts.Users(r.Context(), caller, account.UserQuery{Text: text, Limit: foundMost})
	if err != nil {
		return err
	}
	data := giveData{
		Search: web.Search{Value: text}, More: found.Next != "",
		Empty: web.Empty{Icon: "search", Title: words.T("administrators.nobody"), Text: words.T("administrators.nobody-text"), Action: web.Link{URL: office.NewAdministratorPath, Label: words.T("administrators.add")}},
	}
	for _, view := range found.Users {
		row := personRow{User: view.User, Name: nameOf(view.User)}
		if view.ID != caller.User && !view.Role.Outranks(caller.Role) {
			row.URL = administratorURL(view.Username)
		}
		data.Rows = append(data.Rows, row)
	}
	return h.answerGive(w, r, data)
}

func personRoles() []cardinal.Role {
	return []cardinal.Role{cardinal.RoleAuditor, cardinal.RoleHelpdesk, cardinal.RoleAdministrator, cardinal.RoleOperator}
}

func roleForm(r *http.Request, view account.UserView) *web.Form {
	words := web.WordsOf(r)
	form := web.NewForm(words, "role", words.T("administrators.save"))
	form.Cancel = cancel(words, office.AdministratorsPath)
	form.Carry("revision", revisionText(view.Revision))
	field := web.Field{Name: "role", Kind: web.Radio, Label: words.T("administrators.role"), Value: string(view.Role), Options: roleOptions(r, personRoles()...)}
	if view.Role == cardinal.RoleUser {
		field.Value = string(cardinal.RoleHelpdesk)
	}
	form.Add(field)
	return form
}

// above refuses the pages about somebody's role to whom they outrank, and to
// themselves: nobody takes their own role by mistake.
func (h *administratorsPage) above(r *http.Request) (account.UserView, error) {
	caller := web.CallerOf(r)
	view, err := h.Accounts.User(r.Context(), caller, r.PathValue("username"))
	switch {
	case err != nil:
		return view, err
	case view.Role.Outranks(caller.Role):
		return view, cardinal.Errorf(cardinal.CodeForbidden, "This person's role is above yours. Ask an administrator.")
	case view.ID == caller.User:
		return view, cardinal.Errorf(cardinal.CodeForbidden, "Another administrator can change your role.")
	}
	return view, nil
}

func (h *administratorsPage) showRole(w http.ResponseWriter, r *http.Request) error {
	view, err := h.above(r)
	if err != nil {
		return err
	}
	return h.answerRole(w, r, view, roleForm(r, view))
}

func (h *administratorsPage) answerRole(w http.ResponseWriter, r *http.Request, view account.UserView, form *web.Form) error {
	words := web.WordsOf(r)
	head := web.Head{
		Title: words.T("administrators.role-of", "Person", nameOf(view.User)), Lead: words.T("administrators.role-lead"), Status: form.Status(), Narrow: true,
		Back: web.Link{URL: office.AdministratorsPath, Label: words.T("administrators.title")},
	}
	data := placeForm{Form: form}
	if view.Role != cardinal.RoleUser {
		data.Other = web.Link{URL: administratorURL(view.Username, "remove"), Label: words.T("administrators.remove"), Icon: "ban"}
	}
	if !view.HasPassword {
		data.Effects = []string{words.T("administrators.password-first")}
	}
	return h.form.Show(w, r, head, data)
}

func (h *administratorsPage) saveRole(w http.ResponseWriter, r *http.Request) error {
	view, err := h.above(r)
	if err != nil {
		return err
	}
	words, form := web.WordsOf(r), roleForm(r, view)
	if err := form.Read(r); err != nil {
		return err
	}
	role := cardinal.Role(form.Value("role"))
	err = h.setRole(r, view, role, form.Value("revision"))
	if errors.Is(err, cardinal.ErrStale) {
		if role != view.Role {
			form.Differs("role", words.Code("role", string(view.Role), ""))
		}
		carryRevision(form, view.Revision)
	}
	if form.Refuse(err) {
		return h.answerRole(w, r, view, form)
	}
	if err != nil {
		return err
	}
	return h.kit.Redirect(w, r, office.AdministratorsPath, web.Success(words.T("administrators.given", "Person", nameOf(view.User), "Role", words.Code("role", string(role), ""))))
}

func (h *administratorsPage) setRole(r *http.Request, view account.UserView, role cardinal.Role, revision string) error {
	_, err := h.Accounts.UpdateUser(r.Context(), web.CallerOf(r), view.Username, revisionOf(revision), account.Fields{Role: &role})
	return err
}

func (h *administratorsPage) askRemove(w http.ResponseWriter, r *http.Request) error {
	view, err := h.above(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	name := nameOf(view.User)
	head := web.Head{Title: name, Back: web.Link{URL: office.AdministratorsPath, Label: words.T("administrators.title")}}
	return h.ask.Show(w, r, head, placeAsk{Confirm: web.Confirm{
		Question: words.T("administrators.remove-ask", "Person", name, "Role", words.Code("role", string(view.Role), "")),
		Effects:  []string{words.T("administrators.remove-user"), words.T("administrators.remove-out")}, Button: words.T("administrators.remove"),
		Hidden: []web.Hidden{{Name: "revision", Value: revisionText(view.Revision)}}, Action: r.URL.EscapedPath(), Cancel: office.AdministratorsPath,
	}})
}

func (h *administratorsPage) remove(w http.ResponseWriter, r *http.Request) error {
	view, err := h.above(r)
	if err != nil {
		return err
	}
	err = h.setRole(r, view, cardinal.RoleUser, r.PostFormValue("revision"))
	if form := roleForm(r, view); form.Refuse(err) {
		return h.answerRole(w, r, view, form)
	}
	if err != nil {
		return err
	}
	return h.kit.Redirect(w, r, office.AdministratorsPath, web.Success(web.WordsOf(r).T("administrators.removed", "Person", nameOf(view.User))))
}
