package people

import (
	"net/http"
	"strconv"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/credential"
	"cardinal/internal/web"
)

// revisionOf is the revision that the form was made of; what is no number is no
// revision either: 0.
func revisionOf(form *web.Form) int64 {
	revision, _ := strconv.ParseInt(form.Value("revision"), 10, 64)
	return revision
}

// generate is the button Generate beside a number. The number is saved at once,
// and all else that was typed stays in the form, not saved. A number that is
// there is replaced when the button was pressed a second time.
func (h *userPage) generate(w http.ResponseWriter, r *http.Request, view account.UserView, form *web.Form, slot cardinal.Slot) error {
	words := web.WordsOf(r)
	if revisionOf(form) != view.Revision {
		showTheirs(form, words, view)
		form.Refuse(cardinal.Errorf(cardinal.CodeStale, "%s", words.T("user.generate-stale")))
		return h.answer(w, r, view, form)
	}
	name := words.Code("slot", string(slot), "")
	if number := view.Number(slot); number != "" && form.Value("replace") != string(slot) {
		form.SetHidden("replace", string(slot))
		return h.say(w, r, view, form, web.Notice{
			Tone: web.ToneWarning, Title: words.T("user.generate-ask", "Slot", name), Text: words.T("user.generate-effect", "Number", number),
		})
	}
	_, err := h.Door.GenerateNumber(r.Context(), web.CallerOf(r), view.Username, slot)
	if form.Refuse(err) {
		return h.answer(w, r, view, form)
	}
	if err != nil {
		return err
	}
	now, err := h.view(r)
	if err != nil {
		return err
	}
	next, err := h.form(r, now)
	if err != nil {
		return err
	}
	if err := next.Read(r); err != nil {
		return err
	}
	field := credential.NumberField(slot)
	next.Set(field, now.Number(slot))
	next.SetHidden("seen."+field, now.Number(slot))
	next.SetHidden("replace", "")
	next.SetHidden("revision", strconv.FormatInt(now.Revision, 10))
	if now.Revision != view.Revision+1 {
		showTheirs(next, words, now) // somebody else has saved at this very instant
	}
	return h.say(w, r, now, next, web.Notice{
		Tone: web.ToneSuccess, Title: words.T("user.generate-done", "Slot", name), Text: words.T("user.generate-rest"),
	})
}
