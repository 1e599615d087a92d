package people

import (
	"errors"
	"net/http"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/bulk"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// inviteImportedURL asks whether to invite all who were imported.
func inviteImportedURL() string {
	return office.BulkPath + "/new" + office.Query("action", string(bulk.Invite), "source", account.SourceImport)
}

// invite is the button Invite by e-mail.
func (h *userPage) invite(w http.ResponseWriter, r *http.Request) error {
	username, words := r.PathValue("username"), web.WordsOf(r)
	message := web.Success(words.T("user.invited"))
	err := h.Ways.Invite(r.Context(), web.CallerOf(r), username)
	if why := (*cardinal.Error)(nil); errors.As(err, &why) && why.Code == cardinal.CodeConflict {
		message, err = web.Warning(words.Sentence(why.Sentence())), nil
	}
	if err != nil {
		return err
	}
	return h.kit.Redirect(w, r, office.UserURL(username), message)
}
