// Package web is the page kit of the two web interfaces: what every page
// needs and no page should do by itself. It owns the adapter that turns a
// Handler into HTTP (session, permission, errors, security headers, request
// id), the layouts and components, forms, the text catalogue, the vendored
// assets and the messages that survive a redirect. It does not own any page,
// knows no use case, and reads no database: pages live in the packages below
// it, and what a session is comes from Config.Authenticate.
//
// # Writing a page
//
// A page is one Go file and one template beside it. The package of the pages
// embeds its templates and describes its surroundings once:
//
//	//go:embed *.html
//	var files embed.FS
//
//	area := web.Area{Layout: web.LayoutAdministrator, Files: files, Nav: nav}
//	page, err := web.Parse[usersData](kit, area, "users.html")
//
// Parse fails for a template that is broken, asks for a field that usersData
// does not have, or names a text or icon that does not exist: it renders the
// page once with the zero usersData, which therefore must be renderable. The
// template defines one block, "content"; the dot is a View[usersData]:
//
//	{{define "content"}}
//	<p>{{t "users.count" "Count" .Data.Total}}</p>
//	{{range .Data.Users}}<td>{{template "time" ($.Time .CreatedAt)}}</td>{{end}}
//	{{end}}
//
// The handler answers with Page.Show, or returns an error, which becomes a
// plain page by the table in fault.go:
//
//	func (h *users) list(w http.ResponseWriter, r *http.Request) error {
//		found, err := h.accounts.Users(r.Context(), web.CallerOf(r), …)
//		if err != nil {
//			return err
//		}
//		return h.page.Show(w, r, web.Head{Title: web.WordsOf(r).T("users.title")}, usersData{Users: found})
//	}
//
// Routes are data, and each declares what it needs; Kit.Handler refuses a
// route that declares nothing (cardinal.PermNone says "anyone"):
//
//	web.Route{Pattern: "GET /users", Permission: cardinal.PermReadUsers, Handle: h.list}
//
// # Forms
//
// A Form is made anew for each request, from Go, and drawn by
// {{template "form" .Data.Form}}. On POST the handler calls Read, takes the
// values, and gives the use case's error to Refuse; if Refuse takes it, the
// form is shown again with Form.Status, and otherwise the error is returned:
//
//	form := h.userForm(r)
//	if err := form.Read(r); err != nil {
//		return err
//	}
//	err := h.accounts.CreateUser(…, form.Value("username"))
//	if form.Refuse(err) {
//		return h.page.Show(w, r, web.Head{Title: …, Status: form.Status()}, newUser{Form: form})
//	}
//	if err != nil {
//		return err
//	}
//	return h.kit.Redirect(w, r, "/users", web.Success(words.T("users.created")))
//
// The names of the fields are those that violations carry ("username",
// "primaryCardNumber", "pin.min-length"), so each message finds its field.
// Secrets never come back: Kind Password keeps what was typed out of the page.
//
// # Texts
//
// Every text a person reads is in locale/*.en.json under a dotted key, and is
// asked for by a literal: {{t "users.title"}} in templates, words.T in Go. A
// test walks this folder and those below it: every key that is used exists,
// and every key that exists is used. The named values of a text come in pairs:
// {{t "users.count" "Count" 5}}; Count also chooses the plural form. Texts that
// belong to a code of the vocabulary are asked for by prefix and code:
// {{tcode "outcome" .Outcome}} is the text "outcome.wrong-pin".
//
// What use cases and settings say is English: cardinal.Errorf, Invalid, Violated
// and Say keep the format, under which locale/sentences.LANGUAGE.json has the
// wording of another language. Form.Refuse and the pages of errors ask for it;
// pages do so with words.Sentence(violation.Sentence()), with words.Say for a
// sentence that was kept as text, and with {{say .Label}} in templates. Write a
// format out where it is made, and pass it on with "%s". Dates and figures come
// from Words too: Date, DateAndTime, DayAndMonth, Weekday, Number, Percent.
//
// A language is there as soon as locale/ has a file of it; from then on a test
// asks for all of it. CONTRIBUTING.md says how to add one.
//
// # Sending a form twice
//
// Page.Show puts a key into every form that is posted. The same form sent again
// in the same session, by a double click or after going back, is not handled: a
// page says that it was already sent. What was refused or failed may be sent
// again, and so may forms to a Route that is Repeatable: searches, previews.
//
// # Components
//
// The gallery in gallery_test.go and testdata/gallery shows each component and
// its markup; CARDINAL_PICTURES=FOLDER go test -run Gallery leaves pictures of
// it. Each struct in component.go names the template that draws it. What has
// no struct is plain markup with these classes: card, card-header, card-body;
// stack (parts below each other) and pair (two columns, one on a phone);
// table table-stack inside table-card, whose rows become cards on a phone if
// each td has a data-label; amount (a column of figures), sub (a second, softer
// line), none (a value that is not there), hint, buttons, btn-small. A checkbox
// in a list's head with data-check-all="NAME" ticks all boxes of that name; put
// hidden on an element around it, which scripts take away.
// There is no inline style or script anywhere, since the content
// security policy would refuse it; classes are Tabler's, and those of
// assets/app.css.
package web
