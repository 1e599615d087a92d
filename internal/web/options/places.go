package options

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"cardinal"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// places is what the pages of devices, API tokens, administrators and customers
// share: a form, a question and a secret that is shown once.
type places struct {
	*pages
	form *web.Page[placeForm]
	ask  *web.Page[placeAsk]
	once *web.Page[placeOnce]
}

// placesOnPage is how many things one page of a list shows.
const placesOnPage = 50

type placeForm struct {
	Effects []string // what the form will do, where that is dangerous
	Form    *web.Form
	Other   web.Link // what else can be done; may be zero
}

// placeAsk is a question, or why it cannot be asked.
type placeAsk struct {
	Used    web.Notice
	Confirm web.Confirm
}

// placeOnce is a secret that was just made, and where it goes.
type placeOnce struct {
	Once    web.Once
	Title   string // of what to do with it; may be empty
	Steps   []string
	Example string // a request on the command line
	Done    web.Link
}

func (p *pages) places() (*places, error) {
	form, err := web.Parse[placeForm](p.kit, area(), "places_form.html")
	if err != nil {
		return nil, err
	}
	ask, err := web.Parse[placeAsk](p.kit, area(), "places_ask.html")
	if err != nil {
		return nil, err
	}
	once, err := web.Parse[placeOnce](p.kit, area(), "places_once.html")
	if err != nil {
		return nil, err
	}
	return &places{p, form, ask, once}, nil
}

// revisionOf is the revision that a form or question carried; what is no number
// is one that nothing has.
func revisionOf(text string) int64 {
	revision, err := strconv.ParseInt(text, 10, 64)
	if err != nil || revision < 1 {
		return 1
	}
	return revision
}

func revisionText(revision int64) string { return strconv.FormatInt(revision, 10) }

// carryRevision goes on from what somebody else saved in between.
func carryRevision(form *web.Form, revision int64) {
	for i, hidden := range form.Hidden {
		if hidden.Name == "revision" {
			form.Hidden[i].Value = revisionText(revision)
		}
	}
}

// roleOptions are the roles of a list that the caller may give, weakest first.
func roleOptions(r *http.Request, roles ...cardinal.Role) []web.Option {
	words := web.WordsOf(r)
	var options []web.Option
	for _, role := range cardinal.Roles() {
		if slices.Contains(roles, role) && !role.Outranks(web.CallerOf(r).Role) {
			options = append(options, web.Option{Value: string(role), Label: words.Code("role", string(role), ""), Hint: words.Code("role-may", string(role), "")})
		}
	}
	return options
}

// origin is how the browser names this server: scheme, host and port.
func origin(r *http.Request) string {
	if sent := r.Header.Get("Origin"); strings.HasSuffix(sent, "://"+r.Host) {
		return sent
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func cancel(words *web.Words, url string) web.Link {
	return web.Link{URL: url, Label: words.T("office.cancel")}
}

// below makes the address of something below a page.
func below(path string, parts ...string) string {
	return strings.Join(append([]string{path}, parts...), "/")
}

// firstAndNext fills a pager of a list that goes by cursors.
func firstAndNext(shown, path, find, cursor, next string) web.Pager {
	pager := web.Pager{Shown: shown}
	if cursor != "" {
		pager.First = path + office.Query("find", find)
	}
	if next != "" {
		pager.Next = path + office.Query("find", find, "after", next)
	}
	return pager
}
