package options

import (
	"net/http"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// The filters of the list of users, and the bulk actions, that the page offers.
const (
	filterBefore         = "pin-before-policy"
	filterBelow          = "pin-below-policy"
	filterNotIdentifying = "pin-not-identifying"

	bulkPath = office.UsersPath + "/bulk"
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
	Filter string
	Text   string
	Note   string
	List   web.Link
	Offers []standingOffer
}

// standingOffer is a bulk action on all users of the group, which asks first.
type standingOffer struct {
	Action string
	Label  string
}

func standingOf(r *http.Request, s account.PINStanding, identifies bool) standingView {
	words := web.WordsOf(r)
	view := standingView{Known: true, Nobody: s.Live == 0, Live: s.Live, Since: web.ShellOf(r).Time(s.PolicyChangedAt)}
	add := func(count int, group standingGroup) {
		if count == 0 {
			return
		}
		group.List = web.Link{URL: office.UsersPath + office.Query("filter", group.Filter), Label: words.T("standing.show", "Count", count)}
		if web.CallerOf(r).May(cardinal.PermWriteCredentials) {
			group.Offers = offersFor(words, group.Filter)
		}
		view.Groups = append(view.Groups, group)
	}
	add(s.BelowPolicy, standingGroup{
		Filter: filterBelow, Text: words.T("standing.below", "Count", s.BelowPolicy), Note: words.T("standing.below-note"),
	})
	add(s.BeforePolicy, standingGroup{
		Filter: filterBefore, Text: words.T("standing.before", "Count", s.BeforePolicy), Note: words.T("standing.before-note"),
	})
	if identifies {
		add(s.NotIdentifying, standingGroup{
			Filter: filterNotIdentifying, Text: words.T("standing.not-identifying", "Count", s.NotIdentifying), Note: words.T("standing.not-identifying-note"),
		})
	}
	view.AllGood = len(view.Groups) == 0 && s.Live > 0
	return view
}

// offersFor are what can be done about the PINs of a group (spec: pins, One
// door). Only a PIN made anew is sure to identify.
func offersFor(words *web.Words, filter string) []standingOffer {
	issue := standingOffer{"issue-pins", words.T("standing.issue")}
	if filter == filterNotIdentifying {
		return []standingOffer{issue}
	}
	return []standingOffer{{"require-new-pins", words.T("standing.ask")}, {"expire-pins", words.T("standing.expire")}, issue}
}
