package options

import (
	"net/http"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/bulk"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// standingView is how the live PINs stand to the policy.
type standingView struct {
	Known   bool
	Nobody  bool // no user holds a PIN
	Live    int
	Since   web.Instant // when the policy was last changed; may be zero
	Groups  []standingGroup
	AllGood bool
}

// standingGroup is the PINs that stand in one way, and what can be done about them.
type standingGroup struct {
	Filter account.UserFilter
	Text   string
	Note   string
	List   web.Link
	Offers []web.Link // bulk actions on all users of the group, which ask first
}

func standingOf(r *http.Request, s account.PINStanding, identifies bool) standingView {
	words := web.WordsOf(r)
	view := standingView{Known: true, Nobody: s.Live == 0, Live: s.Live, Since: web.ShellOf(r).Time(s.PolicyChangedAt)}
	add := func(count int, group standingGroup) {
		if count == 0 {
			return
		}
		group.List = web.Link{URL: office.UsersPath + office.Query("filter", string(group.Filter)), Label: words.T("standing.show", "Count", count)}
		if web.CallerOf(r).May(cardinal.PermWriteCredentials) {
			group.Offers = offersFor(words, group.Filter)
		}
		view.Groups = append(view.Groups, group)
	}
	add(s.BelowPolicy, standingGroup{
		Filter: account.FilterPINBelowPolicy, Text: words.T("standing.below", "Count", s.BelowPolicy), Note: words.T("standing.below-note"),
	})
	add(s.BeforePolicy, standingGroup{
		Filter: account.FilterPINBeforePolicy, Text: words.T("standing.before", "Count", s.BeforePolicy), Note: words.T("standing.before-note"),
	})
	if identifies {
		add(s.NotIdentifying, standingGroup{
			Filter: account.FilterPINNotIdentified, Text: words.T("standing.not-identifying", "Count", s.NotIdentifying), Note: words.T("standing.not-identifying-note"),
		})
	}
	view.AllGood = len(view.Groups) == 0 && s.Live > 0
	return view
}

// offersFor are what can be done about the PINs of a group (spec: pins, One
// door). Only a PIN made anew is sure to identify.
func offersFor(words *web.Words, filter account.UserFilter) []web.Link {
	link := func(kind bulk.Kind, label string) web.Link {
		return web.Link{URL: office.BulkURL(string(kind), string(filter)), Label: label}
	}
	issue := link(bulk.IssuePINs, words.T("standing.issue"))
	if filter == account.FilterPINNotIdentified {
		return []web.Link{issue}
	}
	return []web.Link{link(bulk.RequireNewPINs, words.T("standing.ask")), link(bulk.ExpirePINs, words.T("standing.expire")), issue}
}
