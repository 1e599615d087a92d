package people

import (
	"net/http"
	"strconv"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// askPage asks once before something that cannot be taken back.
type askPage struct {
	*pages
	page *web.Page[askData]
}

type askData struct{ Confirm web.Confirm }

func (p *pages) askRoutes() ([]web.Route, error) {
	page, err := web.Parse[askData](p.kit, area(), "ask.html")
	if err != nil {
		return nil, err
	}
	h := &askPage{p, page}
	const path = office.UsersPath + "/{username}"
	return []web.Route{
		{Pattern: "GET " + path + "/delete", Permission: cardinal.PermWriteUsers, Fresh: true, Handle: h.askDelete},
		{Pattern: "POST " + path + "/delete", Permission: cardinal.PermWriteUsers, Fresh: true, Handle: h.delete},
		{Pattern: "GET " + path + "/pin/remove", Permission: cardinal.PermWriteCredentials, Handle: h.askRemovePIN},
		{Pattern: "POST " + path + "/pin/remove", Permission: cardinal.PermWriteCredentials, Handle: h.removePIN},
		{Pattern: "GET " + path + "/pin/require", Permission: cardinal.PermWriteCredentials, Handle: h.askRequirePIN},
		{Pattern: "POST " + path + "/pin/require", Permission: cardinal.PermWriteCredentials, Handle: h.requirePIN},
		{Pattern: "GET " + path + "/pin/generate", Permission: cardinal.PermWriteCredentials, Handle: h.askGeneratePIN},
	}, nil
}

// ask shows the question, to be answered at the page's own address.
func (h *askPage) ask(w http.ResponseWriter, r *http.Request, view account.UserView, confirm web.Confirm) error {
	confirm.Cancel = office.UserURL(view.Username)
	head := office.UserHead(web.WordsOf(r), view.Username, view.FullName)
	head.Back = web.Link{URL: confirm.Cancel, Label: web.WordsOf(r).T("user.back")}
	return h.page.Show(w, r, head, askData{confirm})
}

func (h *askPage) askDelete(w http.ResponseWriter, r *http.Request) error {
	view, err := h.view(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	effects := []string{words.T("user.delete-signs-in"), words.T("user.delete-means"), words.T("user.delete-stays")}
	return h.ask(w, r, view, web.Confirm{
		Question: words.T("user.delete-ask", "User", view.Username), Effects: effects, Action: office.UserURL(view.Username, "delete"),
		Hidden: []web.Hidden{{Name: "revision", Value: strconv.FormatInt(view.Revision, 10)}}, Button: words.T("user.delete-button", "User", view.Username),
	})
}

func (h *askPage) delete(w http.ResponseWriter, r *http.Request) error {
	username := r.PathValue("username")
	revision, err := strconv.ParseInt(r.PostFormValue("revision"), 10, 64)
	if err != nil {
		return cardinal.Errorf(cardinal.CodeMalformed, "The form could not be read. Go back and send it again.")
	}
	if err := h.Accounts.DeleteUser(r.Context(), web.CallerOf(r), username, revision); err != nil {
		return err
	}
	return h.kit.Redirect(w, r, office.UsersPath, web.Success(web.WordsOf(r).T("user.deleted", "User", username)))
}

func (h *askPage) askRemovePIN(w http.ResponseWriter, r *http.Request) error {
	view, err := h.view(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	return h.ask(w, r, view, web.Confirm{
		Question: words.T("user.pin-remove-ask", "User", view.Username), Effects: []string{words.T("user.pin-remove-effect")},
		Action: office.UserURL(view.Username, "pin", "remove"), Button: words.T("user.pin-remove"),
	})
}

func (h *askPage) removePIN(w http.ResponseWriter, r *http.Request) error {
	username := r.PathValue("username")
	if err := h.Door.RemovePIN(r.Context(), web.CallerOf(r), username); err != nil {
		return err
	}
	return h.kit.Redirect(w, r, office.UserURL(username), web.Success(web.WordsOf(r).T("user.pin-removed")))
}

func (h *askPage) askGeneratePIN(w http.ResponseWriter, r *http.Request) error {
	view, err := h.view(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	effects := []string{words.T("user.pin-generate-shown")}
	if view.HasPIN() {
		effects = append(effects, words.T("user.pin-generate-effect"))
	}
	return h.ask(w, r, view, web.Confirm{
		Question: words.T("user.pin-generate-ask", "User", view.Username), Effects: effects,
		Action: office.UserURL(view.Username, "pin", "generate"), Button: words.T("user.pin-generate"),
	})
}

func (h *askPage) askRequirePIN(w http.ResponseWriter, r *http.Request) error {
	view, err := h.view(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	return h.ask(w, r, view, web.Confirm{
		Question: words.T("user.pin-require-ask", "User", view.Username),
		Effects:  []string{words.T("user.pin-require-effect"), words.T("user.pin-require-stays")},
		Action:   office.UserURL(view.Username, "pin", "require"), Button: words.T("user.pin-require"),
	})
}

func (h *askPage) requirePIN(w http.ResponseWriter, r *http.Request) error {
	username := r.PathValue("username")
	marked, err := h.Door.RequireNewPIN(r.Context(), web.CallerOf(r), username)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	done := web.Success(words.T("user.pin-required"))
	if !marked {
		done = web.Warning(words.T("user.pin-required-already"))
	}
	return h.kit.Redirect(w, r, office.UserURL(username), done)
}
