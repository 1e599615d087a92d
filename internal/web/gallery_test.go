package web_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/browsertest"
	"cardinal/internal/web"
)

// gallery shows every component of the kit in every layout, for the tests that
// look at them and for people who want to see how they are used.
type gallery struct {
	kit        *web.Kit
	components *web.Page[galleryData]
	form       *web.Page[formData]
	own        *web.Page[formData]
	signIn     *web.Page[formData]
}

type galleryData struct {
	Stats    []web.Stat
	Warning  web.Notice
	Once     web.Once
	Search   web.Search
	Columns  []web.Column
	Rows     []galleryRow
	Pager    web.Pager
	Tabs     []web.Tab
	Facts    []web.Fact
	Empty    web.Empty
	Progress web.Progress
	Confirm  web.Confirm
}

type galleryRow struct {
	Name, Email, End string
	State            web.Badge
	At               time.Time
	Changes          int
}

type formData struct{ Form *web.Form }

func startGallery(t testing.TB, change ...func(*web.Config)) *httptest.Server {
	t.Helper()
	kit := newKit(t, change...)
	files := os.DirFS("testdata/gallery")
	admin := web.Area{Layout: web.LayoutAdministrator, Files: files, Nav: administratorNav}
	g := &gallery{
		kit:        kit,
		components: parsed[galleryData](t, kit, admin, "components.html"),
		form:       parsed[formData](t, kit, admin, "form.html"),
		own:        parsed[formData](t, kit, web.Area{Layout: web.LayoutUser, Files: files, Nav: userNav}, "form.html"),
		signIn:     parsed[formData](t, kit, web.Area{Layout: web.LayoutSignedOut, Files: files}, "plain.html"),
	}
	return serve(t, kit,
		web.Route{Pattern: "GET /components", Permission: cardinal.PermReadUsers, Handle: g.showComponents},
		web.Route{Pattern: "GET /security-options", Permission: cardinal.PermReadOptions, Handle: g.policy},
		web.Route{Pattern: "POST /security-options", Permission: cardinal.PermWriteOptions, Handle: g.policy},
		web.Route{Pattern: "GET /change-details", Permission: cardinal.PermOwnDetails, Handle: g.changePIN},
		web.Route{Pattern: "POST /change-details", Permission: cardinal.PermOwnDetails, Handle: g.changePIN},
		web.Route{Pattern: "POST /change-details/check", Permission: cardinal.PermOwnDetails, Handle: g.check},
		web.Route{Pattern: "GET /sign-in", Permission: cardinal.PermNone, Handle: g.showSignIn},
		web.Route{Pattern: "GET /broken", Permission: cardinal.PermNone, Handle: func(http.ResponseWriter, *http.Request) error { panic("canary-4711") }},
	)
}

func parsed[T any](t testing.TB, kit *web.Kit, area web.Area, name string) *web.Page[T] {
	t.Helper()
	p, err := web.Parse[T](kit, area, name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func administratorNav(*http.Request) (web.Nav, error) {
	return web.Nav{
		Items: []web.NavItem{
			{Label: "Dashboard", URL: "/dashboard", Icon: "dashboard"},
			{Label: "Users", URL: "/components", Icon: "users"},
			{Label: "Rules", URL: "/rules", Icon: "bolt"},
			{Label: "Security options", URL: "/security-options", Icon: "shield-lock"},
			{Label: "Options", Icon: "settings", Children: []web.NavItem{
				{Label: "General", URL: "/options/general"},
				{Label: "Messaging configurations", URL: "/options/messaging"},
				{Label: "E-mail templates", URL: "/options/templates"},
				{Label: "Config editor (advanced)", URL: "/options/config"},
			}},
			{Label: "Logs", Icon: "list-details", Children: []web.NavItem{{Label: "Audit", URL: "/logs/audit"}}},
		},
		Person: []web.NavItem{{Label: "My details", URL: "/change-details", Icon: "user"}},
	}, nil
}

func userNav(*http.Request) (web.Nav, error) {
	return web.Nav{Items: []web.NavItem{
		{Label: "Summary", URL: "/", Icon: "home"},
		{Label: "Change Details", URL: "/change-details", Icon: "id-badge-2"},
	}}, nil
}

func (g *gallery) showComponents(w http.ResponseWriter, r *http.Request) error {
	at := time.Date(2026, 5, 12, 9, 41, 7, 0, time.UTC)
	head := web.Head{
		Title: "Users", Lead: "People of Acme Corporation who use PINs and card numbers.",
		Back:    web.Link{URL: "/dashboard", Label: "Dashboard"},
		Actions: []web.Link{{URL: "/users/new", Label: "Add user", Icon: "user-plus"}, {URL: "/import", Label: "Import", Icon: "upload"}},
	}
	return g.components.Show(w, r, head, galleryData{
		Stats: []web.Stat{
			{Label: "Users", Value: "1,204", Note: "12 disabled", URL: "/users"},
			{Label: "Without a PIN", Value: "87", URL: "/users?without=pin", Tone: web.ToneWarning},
			{Label: "PINs expiring today", Value: "5", Note: "41 this week", URL: "/users?expiring=today"},
			{Label: "Notices failed", Value: "3", URL: "/logs/notifications", Tone: web.ToneDanger},
		},
		Warning: web.Notice{Tone: web.ToneWarning, Title: "No messaging configuration", Text: "Notices of expiring PINs cannot be sent.", Link: web.Link{URL: "/options/messaging", Label: "Add one"}},
		Once:    web.Once{ID: "new-pin", Label: "The new PIN of Bruno Costa", Secret: cardinal.NewPIN("804162").Secret, Note: "It is shown this one time. Expires May 13, 2026, 11:41."},
		Search:  web.Search{ID: "find", Action: "/users/search", Post: true, Name: "text", Label: "Find a user", Hint: "Name, username, e-mail, number or its last four characters"},
		Columns: []web.Column{
			{Label: "Name", URL: "?sort=-name", Direction: "ascending"}, {Label: "Number"}, {Label: "PIN"},
			{Label: "Last sign-in", URL: "?sort=seen"}, {Label: "Changes"},
		},
		Rows: []galleryRow{
			{"Anna Lindqvist", "anna.lindqvist@acme.example", "7731", web.Badge{Tone: web.ToneSuccess, Text: "Set"}, at, 2},
			{"Bruno Costa", "bruno.costa@acme.example", "0042", web.Badge{Tone: web.ToneWarning, Text: "Expires today"}, at.Add(-30 * time.Hour), 0},
			{"Chiamaka Okonkwo-Featherstonehaugh", "chiamaka.okonkwo-featherstonehaugh@subsidiary.acme.example", "", web.Badge{Tone: web.ToneDanger, Text: "Locked"}, time.Time{}, 1204},
			{"Dmitri Sokolov", "", "k9Zq", web.Badge{Tone: web.ToneNeutral, Text: "None"}, at, 1},
			{"Élodie Martin", "elodie@acme.example", "5150", web.Badge{Tone: web.ToneInfo, Text: "New required"}, at, 0},
		},
		Pager: web.Pager{Shown: "1–5 of 1,204", Previous: "/users?cursor=a", Next: "/users?cursor=b"},
		Tabs:  []web.Tab{{Label: "Details", URL: "/users/bruno", Active: true}, {Label: "Sign-ins", URL: "/users/bruno/sign-ins"}, {Label: "Notifications", URL: "/users/bruno/notifications"}, {Label: "Audit", URL: "/users/bruno/audit"}},
		Facts: []web.Fact{
			{Label: "Username", Text: "bruno"}, {Label: "E-mail"}, {Label: "Primary", End: "0042", Link: web.Link{URL: "/users/bruno/number", Label: "Generate"}},
			{Label: "PIN expires", Time: web.Shell{Session: web.SessionOf(r), Words: web.WordsOf(r)}.Time(at)},
			{Label: "State", Badge: web.Badge{Tone: web.ToneDanger, Text: "Locked"}},
		},
		Empty:    web.Empty{Icon: "device-desktop", Title: "No devices yet", Text: "A device is a printer or release station that asks Cardinal who somebody is.", Action: web.Link{URL: "/devices/new", Label: "Add device", Icon: "plus"}},
		Progress: web.Progress{ID: "work", Label: "Generating numbers", Done: 312, Total: 1204, Running: true, URL: "/components"},
		Confirm: web.Confirm{Question: "Remove the PINs of 12 users?", Effects: []string{"12 users can no longer sign in with a PIN until they have a new one.", "Each of them is told by e-mail."},
			Action: "/users/pins/remove", Hidden: []web.Hidden{{Name: "ids", Value: "1,2,3"}}, Button: "Remove 12 PINs", Cancel: "/users"},
	})
}

func policyForm(words *web.Words) *web.Form {
	form := web.NewForm(words, "policy", "Save")
	form.Cancel = web.Link{URL: "/dashboard", Label: "Cancel"}
	form.Carry("revision", "7")
	form.Section("PIN policy", "Holds for PINs that are created or changed from now on.")
	form.Add(web.Field{Name: "pin.min-length", Kind: web.Number, Label: "Minimal PIN length", Hint: "4 to 64. A longer PIN is harder to guess.", Unit: "characters", Value: "6", Required: true})
	form.Add(web.Field{Name: "pin.disallow-sequential", Kind: web.Checkbox, Label: "Do not allow sequential PIN", Hint: "Refuses 1234, 4321, 1111, abcd.", Checked: true})
	form.Add(web.Field{Name: "pin.expiration-hours", Kind: web.Number, Label: "PIN expiration", Unit: "hours", Value: "0"})
	form.Section("Messages", "")
	form.Add(web.Field{Name: "messaging", Kind: web.Select, Label: "Messaging configuration", Options: []web.Option{{Value: "", Label: "None"}, {Value: "office", Label: "Office 365"}}, Value: "office"})
	form.Add(web.Field{Name: "characters", Kind: web.Radio, Label: "Characters", Options: []web.Option{{Value: "digits", Label: "Digits"}, {Value: "letters-and-digits", Label: "Letters and digits", Hint: "Not every device has a keyboard."}}, Value: "digits"})
	form.Add(web.Field{Name: "methods", Kind: web.Choices, Label: "Methods", Options: []web.Option{{Value: "card-pin", Label: "Card and PIN"}, {Value: "username-pin", Label: "Username and PIN"}}, Values: []string{"card-pin"}})
	form.Add(web.Field{Name: "sender", Kind: web.Email, Label: "Sender", Autocomplete: "email", Short: true})
	form.Add(web.Field{Name: "text", Kind: web.Code, Label: "Text", Value: "Your PIN expires {{pinExpiration}}.", Rows: 5})
	form.Add(web.Field{Name: "from", Kind: web.Date, Label: "From", Short: true})
	form.Add(web.Field{Name: "notes", Kind: web.Textarea, Label: "Notes", Rows: 2, Disabled: true})
	return form
}

// policy refuses every change as one that somebody else was quicker with.
func (g *gallery) policy(w http.ResponseWriter, r *http.Request) error {
	form := policyForm(web.WordsOf(r))
	head := web.Head{Title: "Security options", Narrow: true}
	if r.Method == http.MethodPost {
		if err := form.Read(r); err != nil {
			return err
		}
		form.Int("pin.min-length")
		form.Differs("pin.expiration-hours", "72")
		form.Refuse(&cardinal.Error{Code: cardinal.CodeStale, Detail: "Somebody else saved this page in the meantime. Compare, and save again."})
		form.Violate("methods", "Choose at least two methods.")
		form.Violate("", "The messaging configuration was removed.")
		head.Status = form.Status()
	}
	return g.form.Show(w, r, head, formData{form})
}

func pinForm(words *web.Words) *web.Form {
	form := web.NewForm(words, "pin", "Change PIN")
	form.Section("Change Card/ID PIN", "")
	form.Add(web.Field{Name: "pin", Kind: web.Password, Label: "New PIN", Autocomplete: "new-password", InputMode: "numeric", Required: true, CheckURL: "/change-details/check",
		Rules: []web.Rule{{Code: "too_short", Text: "At least 6 characters"}, {Code: "sequential", Text: "No sequence such as rising or falling digits"}}})
	form.Add(web.Field{Name: "repeat", Kind: web.Password, Label: "New PIN again", Autocomplete: "new-password", InputMode: "numeric", Required: true})
	form.Add(web.Field{Name: "reason", Kind: web.Text, Label: "Reason"})
	return form
}

func broken(pin cardinal.PIN) []cardinal.Violation {
	var violations []cardinal.Violation
	if len(pin.Reveal()) < 6 {
		violations = append(violations, cardinal.Violation{Code: cardinal.ViolationTooShort, Field: "pin", Message: "The PIN must have at least 6 characters."})
	}
	if strings.Contains("0123456789", pin.Reveal()) {
		violations = append(violations, cardinal.Violation{Code: cardinal.ViolationSequential, Field: "pin", Message: "The PIN must not be a sequence."})
	}
	return violations
}

func (g *gallery) changePIN(w http.ResponseWriter, r *http.Request) error {
	form := pinForm(web.WordsOf(r))
	head := web.Head{Title: "Change Details", Narrow: true}
	if r.Method == http.MethodPost {
		if err := form.Read(r); err != nil {
			return err
		}
		if violations := broken(form.PIN("pin")); len(violations) > 0 {
			form.Refuse(&cardinal.Error{Code: cardinal.CodePolicyViolation, Detail: "The PIN breaks the policy.", Violations: violations})
			head.Status = form.Status()
		} else {
			return g.kit.Redirect(w, r, "/change-details", web.Success("Your PIN was changed."))
		}
	}
	return g.own.Show(w, r, head, formData{form})
}

func (g *gallery) check(w http.ResponseWriter, r *http.Request) error {
	return web.WriteBroken(w, broken(cardinal.NewPIN(r.PostFormValue("value"))))
}

func (g *gallery) showSignIn(w http.ResponseWriter, r *http.Request) error {
	form := web.NewForm(web.WordsOf(r), "sign-in", "Sign in")
	form.Add(web.Field{Name: "username", Kind: web.Text, Label: "Username", Autocomplete: "username"})
	form.Add(web.Field{Name: "password", Kind: web.Password, Label: "Password", Autocomplete: "current-password"})
	return g.signIn.Show(w, r, web.Head{Title: "Sign in"}, formData{form})
}

// galleryPages are the pages to look at: who looks, and where.
var galleryPages = []struct{ name, token, path, submit string }{
	{"components", anna, "/components", ""},
	{"form", anna, "/security-options", ""},
	{"form-refused", anna, "/security-options", "#policy button[type=submit]"},
	{"user-form", bruno, "/change-details", ""},
	{"user-form-refused", bruno, "/change-details", "#pin button[type=submit]"},
	{"sign-in", "", "/sign-in", ""},
	{"not-found", "", "/nothing-here", ""},
	{"internal", "", "/broken", ""},
}

// TestGalleryIsAccessible asks axe-core about every component, light and dark,
// wide and narrow. With CARDINAL_PICTURES set to a folder it leaves pictures there.
func TestGalleryIsAccessible(t *testing.T) {
	b := browsertest.New(t)
	pictures := os.Getenv("CARDINAL_PICTURES")
	server := startGallery(t, func(c *web.Config) { c.ClockOffset = 36 * time.Hour })
	for _, scheme := range []browsertest.Scheme{browsertest.Light, browsertest.Dark} {
		for _, width := range []int{1280, 390, 320} {
			b.Prefer(scheme)
			b.Screen(width, 800)
			for _, p := range galleryPages {
				b.Cookie(server.URL, "cardinal-session", p.token)
				b.Open(server.URL + p.path)
				if p.submit != "" {
					b.Follow(p.submit)
				}
				for _, finding := range b.Axe() {
					t.Errorf("%s, %s, %d wide: %s", p.name, scheme, width, finding)
				}
				if over := b.Overflow(); over > 0 {
					t.Errorf("%s is %d pixels wider than a screen of %d", p.name, over, width)
				}
				if pictures != "" {
					b.Screenshot(filepath.Join(pictures, p.name+"-"+string(scheme)+"-"+strconv.Itoa(width)+".png"))
				}
			}
		}
	}
	for _, problem := range b.Problems() {
		if !strings.Contains(problem, "status of 404") && !strings.Contains(problem, "status of 500") {
			t.Errorf("the browser complains: %s", problem)
		}
	}
}

// TestMenusOpen looks at what is folded away: the navigation on a phone and
// the person's menu, with and without scripts.
func TestMenusOpen(t *testing.T) {
	b := browsertest.New(t)
	server := startGallery(t)
	b.Cookie(server.URL, "cardinal-session", anna)
	visible := func(selector string) bool {
		return browsertest.Eval[bool](b, `document.querySelector("`+selector+`").checkVisibility()`)
	}
	for _, scripts := range []bool{true, false} {
		b.Scripts(scripts)
		b.Screen(390, 800)
		b.Open(server.URL + "/components")
		if visible(".sidebar") {
			t.Errorf("scripts %v: the navigation is unfolded on a phone", scripts)
		}
		b.Click(".menu-toggle")
		if !visible(".sidebar") {
			t.Errorf("scripts %v: the navigation does not unfold", scripts)
		}
		b.Click("details[data-menu] > summary")
		if !visible(".menu-panel") {
			t.Errorf("scripts %v: the person's menu does not open", scripts)
		}
		if over := b.Overflow(); over > 0 {
			t.Errorf("scripts %v: with the menus open the page is %d pixels too wide", scripts, over)
		}
		if scripts {
			b.CheckAxe()
		}
		if pictures := os.Getenv("CARDINAL_PICTURES"); pictures != "" {
			b.Screenshot(filepath.Join(pictures, "menus-"+strconv.FormatBool(scripts)+".png"))
		}
		b.Screen(1280, 800)
		if !visible(".sidebar") {
			t.Errorf("scripts %v: the navigation is folded on a wide screen", scripts)
		}
	}
}
