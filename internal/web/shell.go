package web

import (
	"errors"
	"net/http"
	"strings"
	"time"
)

// Nav is the navigation that an area offers the caller of a request.
type Nav struct {
	Items []NavItem
	// Person are the links in the menu under the person's name, above sign-out.
	Person []NavItem
}

// NavItem is one entry of the navigation.
type NavItem struct {
	Label    string // in the language of the request
	URL      string // a path; empty for a heading over Children
	Icon     string // a name in assets/icons; may be empty
	Active   bool   // set by the kit where no item says so: the item whose URL is nearest to the request's path
	Children []NavItem
}

// Open reports whether one of the item's children is active.
func (n NavItem) Open() bool {
	for _, child := range n.Children {
		if child.Active || child.Open() {
			return true
		}
	}
	return false
}

// Shell is all that stands around a page's data; the kit fills it in.
type Shell struct {
	Head
	Session   Session
	Words     *Words
	Theme     Theme
	Nav       Nav
	Flash     Flash
	PlainHTTP bool          // the page came over a connection that others can read
	Offset    time.Duration // the clock is shifted by this much
	Path      string        // the request's path and, for GET, its query
	kit       *Kit
}

func (k *Kit) shell(w http.ResponseWriter, r *http.Request, area Area, head Head) (Shell, error) {
	e := exchangeOf(r)
	if e == nil {
		return Shell{}, errors.New("the request did not come through Kit.Handler")
	}
	s := Shell{
		Head: head, Session: e.session, Words: e.words, Theme: e.theme, Flash: k.takeFlash(w, r),
		PlainHTTP: !e.https && !local(r), Offset: k.config.ClockOffset, Path: r.URL.Path, kit: k,
	}
	if r.Method == http.MethodGet {
		s.Path = r.URL.RequestURI()
	}
	if area.Nav == nil {
		return s, nil
	}
	nav, err := area.Nav(r)
	if err != nil {
		return Shell{}, err
	}
	if best := nearest(nav.Items, r.URL.Path); best != "" && !anyActive(nav.Items) {
		nav.Items = activate(nav.Items, best)
	}
	s.Nav = nav
	return s, nil
}

func anyActive(items []NavItem) bool {
	for _, item := range items {
		if item.Active || item.Open() {
			return true
		}
	}
	return false
}

// nearest returns the longest of the items' URLs that is path or a folder above it.
func nearest(items []NavItem, path string) string {
	best := ""
	for _, item := range items {
		under := item.URL == path || item.URL != "" && strings.HasPrefix(path, strings.TrimSuffix(item.URL, "/")+"/")
		if under && len(item.URL) > len(best) {
			best = item.URL
		}
		if child := nearest(item.Children, path); len(child) > len(best) {
			best = child
		}
	}
	return best
}

// activate returns the items with the one of that URL marked; the caller's
// slices stay as they are.
func activate(items []NavItem, url string) []NavItem {
	marked := make([]NavItem, len(items))
	for i, item := range items {
		item.Active = item.URL == url
		item.Children = activate(item.Children, url)
		marked[i] = item
	}
	return marked
}

// Themes returns the themes to choose from.
func (Shell) Themes() []Theme { return Themes() }

// Languages returns the languages to choose from, or nil if there is but one.
func (s Shell) Languages() []Language {
	if s.kit == nil || len(s.kit.catalogue.tags) < 2 {
		return nil
	}
	var languages []Language
	for _, tag := range s.kit.catalogue.Languages() {
		languages = append(languages, Language{Tag: tag, Name: nameOf(tag)})
	}
	return languages
}

// ClockOffset returns by how much the clock is shifted, as in "36h" or "-1h30m".
func (s Shell) ClockOffset() string {
	text := s.Offset.Round(time.Second).String()
	for _, empty := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, empty) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// ToFinish reports whether the page reminds of the guided set-up, which its own
// pages do not.
func (s Shell) ToFinish() bool {
	return s.Session.SetupOpen && s.Session.Held == "" && !strings.HasPrefix(s.Path, SetupPath)
}

// Refused reports whether the page tells of an error, which its title then says first.
func (s Shell) Refused() bool { return s.Status >= http.StatusBadRequest }

// Instant is a time as pages show it: in the customer's zone, with the UTC
// time on hover.
type Instant struct {
	at    time.Time
	zone  *time.Location
	words *Words
}

// ShellOf returns what a handler needs to prepare times and figures itself: the
// session and the words of the request, without the surroundings of a page.
func ShellOf(r *http.Request) Shell {
	return Shell{Session: SessionOf(r), Words: WordsOf(r)}
}

// Time prepares a time for {{template "time"}}; the zero time shows as a dash.
func (s Shell) Time(at time.Time) Instant {
	zone := s.Session.Zone
	if zone == nil {
		zone = time.UTC
	}
	return Instant{at: at, zone: zone, words: s.Words}
}

// IsZero reports whether there is no time to show.
func (i Instant) IsZero() bool { return i.at.IsZero() }

// Machine returns the time as RFC 3339 in UTC.
func (i Instant) Machine() string { return i.at.UTC().Format(time.RFC3339) }

// UTC returns the time for people in UTC, to the second.
func (i Instant) UTC() string { return i.at.UTC().Format("2006-01-02 15:04:05") + " UTC" }

// Local returns the time for people in the customer's zone, to the minute.
func (i Instant) Local() string {
	if i.words == nil {
		return i.at.In(i.zone).Format("2006-01-02 15:04")
	}
	return i.words.DateAndTime(i.at.In(i.zone))
}
