package browser

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/apptest"
	"cardinal/internal/browsertest"
	"cardinal/internal/web"
)

// atlas is the table of routes, and which of its patterns an address belongs to.
type atlas struct {
	routes []web.Route
	mux    *http.ServeMux
}

func (s *stage) atlas() atlas {
	s.t.Helper()
	routes, err := s.app.Pages()
	s.must(err)
	a := atlas{routes, http.NewServeMux()}
	for _, route := range routes {
		a.mux.Handle(route.Pattern, http.NotFoundHandler())
	}
	return a
}

// pattern returns the pattern that GET of the path belongs to.
func (a atlas) pattern(path string) string {
	u, err := url.Parse(path)
	if err != nil {
		return ""
	}
	_, pattern := a.mux.Handler(&http.Request{Method: http.MethodGet, URL: u, Host: "localhost"})
	return pattern
}

// notPages are the routes that answer GET with no page of their own, and why.
func notPages() map[string]string {
	return map[string]string{
		"GET /{$}":                                  "leads elsewhere",
		"GET /sign-out":                             "leads elsewhere",
		"GET /sign-out-everywhere":                  "leads elsewhere",
		"GET /change-details/pin":                   "leads elsewhere",
		"GET /change-details/number":                "leads elsewhere",
		"GET /export-users/users.csv":               "a file",
		"GET /import-users/sample.csv":              "a file",
		"GET /import-users/{id}/report.csv":         "a file",
		"GET /bulk-actions/{id}/report":             "a file",
		"GET /setup":                                "before there is an organisation: TestSetUp looks at it",
		"GET /setup/link/{token}":                   "before there is an organisation: TestSetUp looks at it",
		"GET /setup/policy":                         "while the set-up goes on: TestSetUp looks at it",
		"GET /setup/people":                         "while the set-up goes on: TestSetUp looks at it",
		"GET /setup/device":                         "while the set-up goes on: TestSetUp looks at it",
		"GET /sign-in/second":                       "for who is half signed in: one of the looks",
		"GET /second-factor/recovery-codes":         "for who has a second factor: one of the looks",
		"GET /second-factor/app/remove":             "for who has an app: TestAppAtSignIn looks at it",
		"GET /second-factor/passkeys/{id}/remove":   "for who has a passkey: TestPasskey looks at it",
		"GET /options/email-templates/{id}/preview": "stands in a frame of a page",
		"GET /options/customers/{id}":               "an operator's: one of the looks",
	}
}

// sight is a page of the table of routes with an address to see it at.
type sight struct {
	web.Route
	name, path string
	turn       int // its place among the pages
}

// sights are the pages of the table, each with an address.
func (s *stage) sights() []sight {
	s.t.Helper()
	places := apptest.Furnish(s.t, s.app, s.as)
	var sights []sight
	for _, route := range s.atlas().routes {
		if !strings.HasPrefix(route.Pattern, "GET ") || notPages()[route.Pattern] != "" {
			continue
		}
		path := places.Address(s.t, route.Pattern) + map[string]string{"GET /bulk-actions/new": "?action=issue-pins"}[route.Pattern]
		name := strings.Trim(strings.NewReplacer("GET ", "", "{", "", "}", "", "/", "-").Replace(route.Pattern), "-")
		sights = append(sights, sight{route, name, path, len(sights)})
	}
	return sights
}

// cast is somebody of each role that people have, with nobody first.
func cast() []struct {
	role     cardinal.Role
	username string
} {
	return []struct {
		role     cardinal.Role
		username string
	}{
		{"", ""}, {cardinal.RoleUser, "bruno"}, {cardinal.RoleAuditor, "aurel"},
		{cardinal.RoleHelpdesk, "helga"}, {cardinal.RoleAdministrator, "adam"}, {cardinal.RoleOperator, adminName},
	}
}

// screens are what pages are looked at on; 320 pixels are also a screen of 1280
// at a zoom of 400 % (WCAG 2.2, 1.4.10), and 640 one at 200 %.
func screens() []screen {
	return []screen{{browsertest.Light, 1440}, {browsertest.Dark, 390}, {browsertest.Dark, 1440}, {browsertest.Light, 320}, {browsertest.Light, 640}}
}

type screen struct {
	scheme browsertest.Scheme
	width  int
}

// TestEveryPageRoleAndLanguage looks at every page of the table of routes as
// everybody who may see it and, between them, in every language. All combinations
// are a thousand looks: they are seen with CARDINAL_LOOK=all. Otherwise each role
// sees each page in one language, and which it is, and the screen, changes from
// one look to the next.
func TestEveryPageRoleAndLanguage(t *testing.T) {
	s := newStage(t)
	s.furnish()
	s.openToUsers()
	languages := s.languages()
	all := os.Getenv("CARDINAL_LOOK") == "all"
	s.person("adam", "Adam Wójcik", cardinal.RoleAdministrator)
	sessions := map[string]string{"": ""}
	for _, actor := range cast()[1:] {
		sessions[actor.username] = s.session(actor.username)
	}
	count := 0
	for _, page := range s.sights() {
		for i, actor := range cast() {
			if !page.shownTo(actor.role) {
				continue
			}
			for j, language := range languages {
				// Its turn comes at the j-th language for the i-th role.
				if turn := (page.turn + i + len(languages) - j) % len(languages); !all && turn != 0 {
					continue
				}
				screen := screens()[count%len(screens())]
				count++
				s.Prefer(screen.scheme)
				s.Screen(screen.width, 900)
				s.Cookie(s.url, "cardinal-session", sessions[actor.username])
				s.Cookie(s.url, "cardinal-language", language)
				s.open(page.path)
				s.examine(fmt.Sprintf("%s-%s-%s-%s-%d", page.name, actor.role, language, screen.scheme, screen.width))
				if got := browsertest.Eval[string](s.Browser, `document.documentElement.lang`); got != language {
					t.Errorf("%s as %s speaks %q, want %q", page.name, actor.role, got, language)
				}
			}
		}
	}
	t.Logf("%d looks", count)
}

// shownTo reports whether somebody of the role sees the page. The page that
// refuses is the same for all, and one of the looks.
func (p sight) shownTo(role cardinal.Role) bool {
	switch {
	case role == "":
		return p.Permission == cardinal.PermNone
	case p.Pattern == "GET /sign-in":
		return false // it leads elsewhere who is signed in
	}
	return role.May(p.Permission)
}

// openToUsers lets users do all that they can be allowed.
func (s *stage) openToUsers() {
	s.t.Helper()
	s.set("user.can-change-pin", "true")
	s.set("user.can-change-card-id", "true")
	s.set("user.can-change-card-id.num-times-per-day", "-1")
	s.set("user.can-view-card-id", `"primary"`)
}

// languages are those that the sign-in page offers.
func (s *stage) languages() []string {
	s.t.Helper()
	s.Cookie(s.url, "cardinal-session", "")
	s.open("/sign-in")
	offered := browsertest.Eval[[]string](s.Browser, `Array.from(document.querySelectorAll("button[name=language]"), b => b.value)`)
	if len(offered) == 0 {
		return []string{"en"}
	}
	return offered
}
