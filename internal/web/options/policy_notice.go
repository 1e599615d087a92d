package options

import (
	"net/http"
	"strings"

	"cardinal/internal/setting"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// heededName carries which oddities of the notices of expiry the page has told
// about: what it has told once is saved at the second try.
const heededName = "heeded"

// oddity is something about the notices of expiry that is allowed, and most likely
// not meant (spec: pins, Notice of expiry).
type oddity string

const (
	noticeTooLong oddity = "too-long" // everybody is told as soon as they have a PIN
	noticeNoLife  oddity = "no-expiry"
	noticeNoPost  oddity = "no-configuration"
)

func odditiesOf(v setting.Values) []oddity {
	lead, life := setting.PINNoticeHours.In(v), setting.PINExpirationHours.In(v)
	var odd []oddity
	switch {
	case lead == 0:
		return nil
	case life == 0:
		odd = append(odd, noticeNoLife)
	case lead >= life:
		odd = append(odd, noticeTooLong)
	}
	if setting.PINNoticeConfiguration.In(v) == "" {
		odd = append(odd, noticeNoPost)
	}
	return odd
}

func noticesAbout(words *web.Words, v setting.Values) []web.Notice {
	var notices []web.Notice
	for _, odd := range odditiesOf(v) {
		notice := web.Notice{Tone: web.ToneWarning, Title: words.Code("notice-odd", string(odd), ""), Text: words.Code("notice-odd-text", string(odd), "")}
		if odd == noticeNoPost {
			notice.Link = web.Link{URL: office.MessagingPath, Label: words.T("messaging.title")}
		}
		notices = append(notices, notice)
	}
	return notices
}

// warnOnce returns what is to be told before the form is saved, if there is
// something that neither holds already nor was told before.
func (h *policyPage) warnOnce(r *http.Request, views []settingView, form *web.Form, before setting.Values) (web.Notice, error) {
	next, ok, err := h.judged(r, views, form)
	if err != nil || !ok {
		return web.Notice{}, err
	}
	words := web.WordsOf(r)
	known, fresh, all := " "+form.Value(heededName)+" ", "", ""
	for _, odd := range odditiesOf(before) {
		known += string(odd) + " "
	}
	for _, odd := range odditiesOf(next) {
		all += string(odd) + " "
		if !strings.Contains(known, " "+string(odd)+" ") {
			fresh += words.Code("notice-odd", string(odd), "") + " "
		}
	}
	if fresh == "" {
		return web.Notice{}, nil
	}
	form.SetHidden(heededName, strings.TrimSpace(all))
	return web.Notice{Tone: web.ToneWarning, Title: words.T("policy.not-saved-yet"), Text: fresh + words.T("policy.save-anyway")}, nil
}
