package dashboard

import (
	"net/http"
	"time"

	"cardinal"
	"cardinal/internal/setting"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// post is how e-mails to users fared in the last days.
type post struct {
	counts   map[cardinal.NotificationState]int
	wanted   bool // users are to be told that their PINs expire
	nowhere  bool // there is no way for that
	anything bool
}

func (p *page) post(r *http.Request, now time.Time) (post, error) {
	counts, err := p.Notify.Counts(r.Context(), web.CallerOf(r), now.Add(-7*day))
	if err != nil {
		return post{}, err
	}
	values, err := p.Accounts.Values(r.Context(), web.CallerOf(r))
	if err != nil {
		return post{}, err
	}
	wanted := setting.PINNoticeHours.In(values) > 0 && setting.PINExpirationHours.In(values) > 0
	return post{counts, wanted, wanted && setting.PINNoticeConfiguration.In(values) == "", wanted || len(counts) > 0}, nil
}

func (p post) stats(r *http.Request) []web.Stat {
	if !p.anything {
		return nil
	}
	words := web.WordsOf(r)
	stat := func(state cardinal.NotificationState, label string, tone web.Tone) web.Stat {
		n := p.counts[state]
		s := web.Stat{Label: label, Value: words.Number(n), Note: words.T("dashboard.last-7-days")}
		if n > 0 {
			s.Tone = tone
		}
		if web.CallerOf(r).May(cardinal.PermReadLogs) {
			s.URL = inState(state)
		}
		return s
	}
	return []web.Stat{
		stat(cardinal.NotificationSent, words.T("dashboard.notices-sent"), web.ToneNeutral),
		stat(cardinal.NotificationFailed, words.T("dashboard.notices-failed"), web.ToneDanger),
		stat(cardinal.NotificationSkipped, words.T("dashboard.notices-skipped"), web.ToneWarning),
	}
}

func inState(state cardinal.NotificationState) string {
	return office.NotificationsPath + office.Query("state", string(state))
}

// attention is what somebody should look at about them.
func (p post) attention(r *http.Request) []matter {
	words, caller := web.WordsOf(r), web.CallerOf(r)
	var list []matter
	if p.nowhere && caller.May(cardinal.PermReadOptions) {
		list = append(list, matter{web.ToneWarning, words.T("dashboard.no-configuration"), web.Link{URL: office.PolicyPath, Label: words.T("dashboard.choose")}})
	}
	if n := p.counts[cardinal.NotificationFailed]; n > 0 && caller.May(cardinal.PermReadLogs) {
		list = append(list, matter{web.ToneDanger, words.T("dashboard.failed-notices", "Count", n), web.Link{URL: inState(cardinal.NotificationFailed), Label: words.T("dashboard.show")}})
	}
	return list
}
