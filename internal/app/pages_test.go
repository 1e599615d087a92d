package app_test

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/apptest"
	"cardinal/internal/auth"
	"cardinal/internal/web"
)

// site is a server with two organisations, and the addresses of the first one's pages.
type site struct {
	*apptest.Server
	*testing.T
	routes  []web.Route
	places  apptest.Places
	foreign cardinal.Caller // the console of the second organisation
}

// elsewhere is the second organisation.
const elsewhere = "Elsewhere"

func newSite(t *testing.T) *site {
	t.Helper()
	server := apptest.Start(t, apptest.Options{})
	routes, err := server.Pages()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{Server: server, T: t, routes: routes, places: apptest.Furnish(t, server.App, server.Console())}
	_, err = server.Accounts.CreateCustomer(t.Context(), server.Console(), account.NewCustomer{Name: elsewhere, Admin: "boss", Password: server.Password})
	s.must(err)
	other, err := server.Accounts.CustomerNamed(t.Context(), elsewhere)
	s.must(err)
	s.foreign = cardinal.Console(other.ID)
	return s
}

// example returns the method and an address of a route.
func (s *site) example(route web.Route) (method, path string) {
	method, _, _ = strings.Cut(route.Pattern, " ")
	return method, s.places.Address(s.T, route.Pattern)
}

// entries counts what the audit of the first organisation holds.
func (s *site) entries() int64 {
	s.Helper()
	findings, err := s.VerifyAudit(s.Context())
	s.must(err)
	for _, f := range findings {
		if f.Customer.ID == s.Customer {
			return f.Entries
		}
	}
	s.Fatal("the organisation has no audit")
	return 0
}

func (s *site) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err, cardinal.ViolationsOf(err))
	}
}

// visitor walks pages as somebody.
type visitor struct {
	site         *site
	organisation string
	username     string // empty: nobody is signed in
	token        cardinal.Token
}

// visitor makes somebody of that role in the organisation of the console.
func (s *site) visitor(console cardinal.Caller, organisation string, role cardinal.Role) *visitor {
	s.Helper()
	v := &visitor{site: s, organisation: organisation, username: "visitor-" + string(role)}
	_, err := s.Accounts.CreateUser(s.Context(), console, v.username, account.Fields{Role: &role})
	s.must(err)
	s.must(s.Accounts.SetPassword(s.Context(), console, v.username, s.Password))
	return v
}

// answer is what came back.
type answer struct {
	status   int
	location string
	body     string
}

// ask sends one request; whoever has been signed out in between signs in again.
func (v *visitor) ask(method, path string) answer {
	v.site.Helper()
	if v.username != "" {
		if _, err := v.site.Auth.Session(v.site.Context(), v.token, auth.Origin{}); err != nil {
			v.token, err = v.site.Auth.SignIn(v.site.Context(),
				auth.Credentials{Customer: v.organisation, Username: v.username, Password: v.site.Password}, auth.Origin{Address: "127.0.0.1"})
			v.site.must(err)
		}
	}
	request, err := http.NewRequestWithContext(v.site.Context(), method, v.site.URL+path, strings.NewReader(""))
	v.site.must(err)
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if v.username != "" {
		request.AddCookie(&http.Cookie{Name: "cardinal-session", Value: v.token.Reveal()})
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	v.site.must(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	v.site.must(err)
	return answer{response.StatusCode, response.Header.Get("Location"), string(body)}
}

// asksToSignIn reports whether the answer leads to the sign-in page.
func (a answer) asksToSignIn() bool {
	target, err := url.Parse(a.location)
	return err == nil && a.status == http.StatusSeeOther && target.Path == web.SignInPath
}

// stricter are the routes at which a use case refuses some of those whom the
// table lets through.
func stricter() map[string]string {
	return map[string]string{
		"GET /second-factor/app":       "who is nothing but a user has no second factor",
		"POST /bulk-actions/{id}/pins": "PINs are for who had them issued",
	}
}

// ending are the routes that end the session of who asks.
func ending() []string { return []string{"POST /sign-out", "POST /sign-out-everywhere"} }

// TestPagesAskForPermission walks every route with every role and with nobody:
// whether somebody may is told before anything else, by the table alone.
func TestPagesAskForPermission(t *testing.T) {
	s := newSite(t)
	nobody := &visitor{site: s}
	roles := slices.DeleteFunc(cardinal.Roles(), func(role cardinal.Role) bool { return role == cardinal.RoleProvisioner }) // programs alone have it
	var visitors []*visitor
	for _, role := range roles {
		visitors = append(visitors, s.visitor(s.Console(), apptest.Organisation, role))
	}
	for _, route := range s.routes {
		method, path := s.example(route)
		t.Run(route.Pattern, func(t *testing.T) {
			open := route.Permission == cardinal.PermNone
			if got := nobody.ask(method, path); !open && !got.asksToSignIn() || got.status >= 500 {
				t.Errorf("nobody gets %d %s", got.status, got.location)
			}
			for i, role := range roles {
				got := visitors[i].ask(method, path)
				forbidden, may := got.status == http.StatusForbidden, role.May(route.Permission)
				out := got.asksToSignIn() && !open && !slices.Contains(ending(), route.Pattern)
				if !may && !forbidden || may && forbidden && stricter()[route.Pattern] == "" || out || got.status >= 500 {
					t.Errorf("%s gets %d %s", role, got.status, got.location)
				}
			}
		})
	}
}

// TestPagesKeepCustomersApart has the strongest people of another organisation
// ask for everything that this one's pages name.
func TestPagesKeepCustomersApart(t *testing.T) {
	s := newSite(t)
	before := s.entries()
	for _, role := range []cardinal.Role{cardinal.RoleAdministrator, cardinal.RoleOperator} {
		stranger := s.visitor(s.foreign, elsewhere, role)
		for _, route := range s.routes {
			if !strings.Contains(route.Pattern, "{") || slices.Contains([]cardinal.Permission{cardinal.PermNone, cardinal.PermOwnDetails, cardinal.PermCustomers}, route.Permission) {
				continue // it names nothing of this organisation, or is about oneself, or for operators, who look after all
			}
			method, path := s.example(route)
			switch got := stranger.ask(method, path); got.status {
			case http.StatusNotFound, http.StatusForbidden, http.StatusBadRequest, http.StatusUnprocessableEntity:
			default:
				t.Errorf("%s: the other organisation's %s gets %d %s", route.Pattern, role, got.status, got.location)
			}
		}
	}
	if after := s.entries(); after != before {
		t.Errorf("the audit of this organisation has grown from %d to %d entries", before, after)
	}
}
