package web

import (
	"math"

	"cardinal"
)

// Tone says what a message, badge or figure means; colour never says it alone.
type Tone string

// The tones.
const (
	ToneNeutral Tone = "neutral"
	ToneInfo    Tone = "info"
	ToneSuccess Tone = "success"
	ToneWarning Tone = "warning"
	ToneDanger  Tone = "danger"
)

// Icon returns the name of the icon that goes with the tone.
func (t Tone) Icon() string {
	switch t {
	case ToneSuccess:
		return "circle-check"
	case ToneWarning, ToneDanger:
		return "alert-triangle"
	default:
		return "info-circle"
	}
}

// Link is a link with its words; the zero Link is none. {{template "link"}}
type Link struct {
	URL   string
	Label string
	Icon  string // a name in assets/icons; may be empty
}

// Badge is a short state beside a name: "Locked". {{template "badge"}}
type Badge struct {
	Tone Tone
	Text string
}

// Notice is a message that stays on the page. {{template "notice"}}
type Notice struct {
	Tone  Tone
	Title string // may be empty
	Text  string
	Link  Link // the next step; may be zero
}

// Empty stands where a list has nothing to show. {{template "empty"}}
type Empty struct {
	Icon   string
	Title  string
	Text   string // why it is empty, or what will be here
	Action Link   // the next step; may be zero
}

// Pager leads through a list by cursors. {{template "pager"}}
type Pager struct {
	Shown    string // what is on this page: "1–50 of 1,204"; may be empty
	First    string // URLs; empty where there is no such page
	Previous string
	Next     string
}

// Search is a search box. Where people may type a number it posts, for a
// number never stands in a URL. {{template "search"}}
type Search struct {
	ID     string // unique on the page
	Action string
	Post   bool
	Name   string
	Label  string
	Hint   string // what can be searched for; may be empty
	Button string // the words on the button; empty: "Search"
	Value  string
	Hidden []Hidden
}

// Hidden is a value that a form carries along unseen.
type Hidden struct {
	Name  string
	Value string
}

// Once shows a secret the one time it can be shown, with a button to copy it.
// The answer that holds it must be that of the POST itself, not of a redirect.
// {{template "once"}}
type Once struct {
	ID     string // unique on the page
	Label  string
	Secret cardinal.Secret
	Note   string // what to do with it now
}

// Confirm asks once before a dangerous action: what it will do, and to how
// many. {{template "confirm"}}
type Confirm struct {
	Question string
	Effects  []string // each a sentence
	Action   string   // where the confirmation is posted
	Hidden   []Hidden // what is needed to do it
	Button   string   // names the deed: "Remove 12 PINs"
	Cancel   string   // the URL to go back to
}

// Fact is a row of a definition list; one of Text, Time, Badge, End is shown.
// {{template "facts" []Fact}}
type Fact struct {
	Label string
	Text  string
	Time  Instant
	Badge Badge
	End   string // the last characters of a masked number
	Link  Link   // stands behind the value; may be zero
}

// Column is the head of a column that can be sorted by. {{template "column"}}
type Column struct {
	Label     string
	URL       string // sorts by this column, or turns the order round; empty: cannot be sorted
	Direction string // "ascending", "descending", or empty where the list is sorted by another
}

// Tab is one of the views of an object. {{template "tabs" []Tab}}
type Tab struct {
	Label  string
	URL    string
	Active bool
}

// Stat is a figure with a link to the list behind it. {{template "stats" []Stat}}
type Stat struct {
	Label string
	Value string
	Note  string // may be empty
	Tone  Tone
	URL   string // may be empty
}

// Progress is long work under way. With scripts the page's part is fetched
// again every two seconds while Running. {{template "progress"}}
type Progress struct {
	ID      string // unique on the page
	Label   string
	Done    int
	Total   int // 0: not known yet
	Running bool
	URL     string // the page that shows this progress
}

// Percent returns how much is done, 0 to 100, rounded down so that 100 means all.
func (p Progress) Percent() int {
	if p.Total <= 0 {
		return 0
	}
	return int(math.Floor(100 * float64(min(p.Done, p.Total)) / float64(p.Total)))
}
