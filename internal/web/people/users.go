package people

import (
	"net/http"
	"slices"
	"strings"
	"unicode"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// usersOnPage is how many users one page of the list shows.
const usersOnPage = 50

type usersPage struct {
	*pages
	page *web.Page[usersData]
}

type usersData struct {
	Search web.Search
	Rows   []userRow
	Empty  web.Empty
	Pager  web.Pager
	More   []web.Hidden // posts for the next page, where the search must not stand in a URL
}

type userRow struct {
	account.UserView
	URL     string
	Name    string // full name, or else username
	Badges  []web.Badge
	Numbers []string
}

func (p *pages) usersRoutes() ([]web.Route, error) {
	page, err := web.Parse[usersData](p.kit, area(), "users.html")
	if err != nil {
		return nil, err
	}
	h := &usersPage{p, page}
	return []web.Route{
		{Pattern: "GET " + office.UsersPath, Permission: cardinal.PermReadUsers, Handle: h.list},
		{Pattern: "POST " + office.UsersPath, Permission: cardinal.PermReadUsers, Repeatable: true, Handle: h.search},
	}, nil
}

// list shows all users, or those whose name, username or e-mail has ?q= in it.
func (h *usersPage) list(w http.ResponseWriter, r *http.Request) error {
	text, after := r.URL.Query().Get("q"), r.URL.Query().Get("after")
	found, err := h.Accounts.Users(r.Context(), web.CallerOf(r), account.UserQuery{Text: text, Cursor: after, Limit: usersOnPage})
	if err != nil {
		return err
	}
	data := listed(r, text, found)
	if after != "" {
		data.Pager.First = office.UsersPath + office.Query("q", text)
	}
	if found.Next != "" {
		data.Pager.Next = office.UsersPath + office.Query("q", text, "after", found.Next)
	}
	return h.answer(w, r, data)
}

// search takes what was typed into the search box. What has a digit in it may be
// a number and is answered at once, so that it never stands in a URL; all else
// becomes a page that can be kept.
func (h *usersPage) search(w http.ResponseWriter, r *http.Request) error {
	text, after := strings.TrimSpace(r.PostFormValue("q")), r.PostFormValue("after")
	secret, err := h.maybeNumber(r, text)
	if err != nil {
		return err
	}
	if !secret {
		return h.kit.Redirect(w, r, office.UsersPath+office.Query("q", text), web.Flash{})
	}
	found, err := h.find(r, text, after)
	if err != nil {
		return err
	}
	data := listed(r, text, found)
	if found.Next != "" {
		data.More = []web.Hidden{{Name: "q", Value: text}, {Name: "after", Value: found.Next}}
	}
	return h.answer(w, r, data)
}

// maybeNumber reports whether the text may be a card number: it has a digit, or
// it is somebody's number of letters alone.
func (h *usersPage) maybeNumber(r *http.Request, text string) (bool, error) {
	if strings.IndexFunc(text, unicode.IsDigit) >= 0 {
		return true, nil
	}
	number, err := cardinal.ParseCardNumber("q", text)
	if err != nil {
		return false, nil //nolint:nilerr // what is no number is a name
	}
	found, err := h.Accounts.Users(r.Context(), web.CallerOf(r), account.UserQuery{Number: number, Limit: 1})
	return len(found.Users) > 0, err
}

// find looks for a number, for the end of one, and for the text, in that order.
func (h *usersPage) find(r *http.Request, text, after string) (account.UserPage, error) {
	caller := web.CallerOf(r)
	queries := []account.UserQuery{{Text: text, Cursor: after, Limit: usersOnPage}}
	if len(text) == 4 && after == "" {
		queries = append(queries, account.UserQuery{NumberEnd: text, Limit: usersOnPage})
	}
	if number, err := cardinal.ParseCardNumber("q", text); err == nil && after == "" {
		queries = append(queries, account.UserQuery{Number: number, Limit: 1})
	}
	var all account.UserPage
	seen := map[cardinal.UserID]bool{}
	for i, q := range slices.Backward(queries) {
		found, err := h.Accounts.Users(r.Context(), caller, q)
		if err != nil {
			return all, err
		}
		for _, user := range found.Users {
			if !seen[user.ID] {
				all.Users = append(all.Users, user)
			}
			seen[user.ID] = true
		}
		if i == 0 {
			all.Next = found.Next
		}
	}
	return all, nil
}

func (h *usersPage) answer(w http.ResponseWriter, r *http.Request, data usersData) error {
	words := web.WordsOf(r)
	head := web.Head{Title: words.T("users.title"), Lead: words.T("users.lead", "Organisation", web.SessionOf(r).Organisation)}
	if web.CallerOf(r).May(cardinal.PermWriteUsers) {
		head.Actions = []web.Link{{URL: office.NewUserPath, Label: words.T("users.add"), Icon: "user-plus"}}
	}
	return h.page.Show(w, r, head, data)
}

func listed(r *http.Request, text string, found account.UserPage) usersData {
	words := web.WordsOf(r)
	data := usersData{
		Search: web.Search{
			ID: "find", Action: office.UsersPath, Post: true, Name: "q", Label: words.T("users.find"), Hint: words.T("users.find-hint"), Value: text,
		},
		Empty: web.Empty{
			Icon: "search", Title: words.T("users.nobody"), Text: words.T("users.nobody-text"),
			Action: web.Link{URL: office.UsersPath, Label: words.T("users.all")},
		},
		Pager: web.Pager{Shown: words.T("users.shown", "Count", len(found.Users))},
	}
	for _, view := range found.Users {
		data.Rows = append(data.Rows, rowOf(words, view))
	}
	return data
}

func rowOf(words *web.Words, view account.UserView) userRow {
	row := userRow{UserView: view, URL: office.UserURL(view.Username), Name: view.FullName, Badges: badgesOf(words, view)}
	if row.Name == "" {
		row.Name = view.Username
	}
	for _, number := range view.Numbers {
		row.Numbers = append(row.Numbers, number.Text)
	}
	return row
}

// badgesOf is what is unusual about a user.
func badgesOf(words *web.Words, view account.UserView) []web.Badge {
	var badges []web.Badge
	if view.Role != cardinal.RoleUser {
		badges = append(badges, web.Badge{Tone: web.ToneInfo, Text: words.Code("role", string(view.Role), "")})
	}
	if view.Disabled {
		badges = append(badges, web.Badge{Tone: web.ToneNeutral, Text: words.T("users.disabled")})
	}
	if !view.LockedUntil.IsZero() {
		badges = append(badges, web.Badge{Tone: web.ToneDanger, Text: words.T("users.locked")})
	}
	return badges
}
