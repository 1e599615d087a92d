package people

import (
	"net/http"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/bulk"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

type usersData struct {
	Text    string
	Selects []usersSelect
	Address string // of this view, for the browser's address bar

	Counted string // how many were found, in a sentence
	Columns usersColumns
	Rows    []userRow
	Actions []web.Option // what can be done to the ticked ones; none: nothing
	All     string       // the words for all who match; empty where the ticked ones are all
	Narrow  []web.Hidden // who match
	Pager   web.Pager
	Turns   []usersTurn // the pager of a search that must not stand in an address
	Empty   web.Empty
	Begin   web.Empty // the next step where nobody but the first administrator is there
}

type usersSelect struct {
	Name    string
	Label   string
	Options []web.Option
	Value   string
}

type usersColumns struct{ Name, PIN, Created web.Column }

// usersTurn is a button that turns the page.
type usersTurn struct {
	Label  string
	Icon   string
	Fields []web.Hidden
	Back   bool
}

type userRow struct {
	account.UserView
	URL     string
	Name    string // full name, or else username
	Badges  []web.Badge
	Numbers []string
}

// listed is the page of what was found; identify says whether PINs identify users.
func listed(r *http.Request, view usersView, found account.UserList, identify bool) usersData {
	words := web.WordsOf(r)
	data := usersData{
		Text: view.query.Text, Selects: selects(words, view, identify), Address: view.url("at", view.query.Cursor),
		Counted: foundWords(words, found), Columns: heads(words, view), Empty: nobody(words, view),
	}
	for _, user := range found.Users {
		data.Rows = append(data.Rows, rowOf(words, user))
	}
	data.turns(words, view, found)
	data.actions(r, view, found)
	if !view.narrowed() && found.Total <= 1 && web.CallerOf(r).May(cardinal.PermWriteUsers) {
		data.Begin = web.Empty{
			Icon: "users", Title: words.T("users.begin"), Text: words.T("users.begin-text"),
			Action: web.Link{URL: office.ImportPath, Label: words.T("users.begin-import"), Icon: "file-import"},
		}
	}
	return data
}

func selects(words *web.Words, view usersView, identify bool) []usersSelect {
	filter := usersSelect{Name: "filter", Label: words.T("users.filter"), Value: string(view.query.Filter)}
	for _, f := range account.UserFilters() {
		if f == account.FilterPINNotIdentified && !identify && view.query.Filter != f {
			continue // which no PIN has to
		}
		label := words.T("users.everybody")
		if f != account.FilterAll {
			label = words.Code("user-filter", string(f), string(f))
		}
		filter.Options = append(filter.Options, web.Option{Value: string(f), Label: label})
	}
	role := usersSelect{Name: "role", Label: words.T("user.role"), Value: string(view.query.Role), Options: []web.Option{{Label: words.T("users.any")}}}
	for _, r := range cardinal.Roles() {
		if r != cardinal.RoleProvisioner { // which nobody has
			role.Options = append(role.Options, web.Option{Value: string(r), Label: words.Code("role", string(r), string(r))})
		}
	}
	source := usersSelect{Name: "source", Label: words.T("user.source"), Value: view.query.Source, Options: []web.Option{{Label: words.T("users.any")}}}
	for _, s := range account.Sources() {
		source.Options = append(source.Options, web.Option{Value: s, Label: words.Code("source", s, s)})
	}
	order := usersSelect{Name: "order", Label: words.T("users.order"), Value: view.order}
	for _, o := range orders() {
		value := o
		if o == firstOrder {
			value = ""
		}
		order.Options = append(order.Options, web.Option{Value: value, Label: words.Code("user-order", o, o)})
	}
	return []usersSelect{filter, role, source, order}
}

// heads are the columns that sort. A search that must not stand in an address is
// sorted by its form alone.
func heads(words *web.Words, view usersView) usersColumns {
	column := func(label, order, turned string) web.Column {
		c := web.Column{Label: label}
		by, down := orderOf(order)
		next := order
		if view.query.Sort == by {
			c.Direction = "ascending"
			if view.query.Down {
				c.Direction = "descending"
			}
			if view.query.Down == down {
				next = turned
			}
		}
		if !view.secret {
			to := view
			if to.order = next; next == firstOrder {
				to.order = ""
			}
			c.URL = to.url()
		}
		return c
	}
	return usersColumns{
		Name:    column(words.T("users.name"), "name", "-name"),
		PIN:     column(words.T("users.pin"), "pin-expires", "-pin-expires"),
		Created: column(words.T("users.added"), "-created", "created"),
	}
}

// foundWords says how many there are, all pages together.
func foundWords(words *web.Words, found account.UserList) string {
	if found.More {
		return words.T("users.found-more", "Total", words.Number(found.Total))
	}
	return words.T("users.found", "Count", found.Total)
}

func (d *usersData) turns(words *web.Words, view usersView, found account.UserList) {
	total := words.Number(found.Total)
	switch {
	case found.Next == "" && found.Previous == "":
		d.Pager.Shown = d.Counted
	case found.More:
		d.Pager.Shown = words.T("users.range-more", "From", words.Number(found.At+1), "To", words.Number(found.At+len(found.Users)), "Total", total)
	default:
		d.Pager.Shown = words.T("users.range", "From", words.Number(found.At+1), "To", words.Number(found.At+len(found.Users)), "Total", total)
	}
	if !view.secret {
		if found.Previous != "" {
			d.Pager.First, d.Pager.Previous = view.url(), view.url("at", found.Previous)
		}
		if found.Next != "" {
			d.Pager.Next = view.url("at", found.Next)
		}
		return
	}
	turn := func(label, icon, at string, back bool) {
		if at != "" {
			fields := append(view.narrowing(), present(web.Hidden{Name: "order", Value: view.order}, web.Hidden{Name: "at", Value: at})...)
			d.Turns = append(d.Turns, usersTurn{label, icon, fields, back})
		}
	}
	turn(words.T("pager.previous"), "chevron-left", found.Previous, true)
	turn(words.T("pager.next"), "chevron-right", found.Next, false)
}

// actions offers what may be done to those who are ticked. To all who match it is
// offered where that is the same question when it is asked again: not for those
// who were found by a number.
func (d *usersData) actions(r *http.Request, view usersView, found account.UserList) {
	words, caller := web.WordsOf(r), web.CallerOf(r)
	for _, kind := range bulk.Kinds() {
		if caller.May(cardinal.PermWriteUsers) && caller.May(kind.Permission()) {
			d.Actions = append(d.Actions, web.Option{Value: string(kind), Label: words.Code("bulk-kind", string(kind), string(kind))})
		}
	}
	if len(d.Actions) == 0 || found.ByNumber || found.Next == "" && found.Previous == "" {
		return
	}
	d.Narrow = view.narrowing()
	switch {
	case found.More:
		d.All = words.T("users.all-more", "Total", words.Number(found.Total))
	case view.narrowed():
		d.All = words.T("users.all-match", "Count", found.Total)
	default:
		d.All = words.T("users.all-of-them", "Count", found.Total)
	}
}

// nobody is what stands where no user matches.
func nobody(words *web.Words, view usersView) web.Empty {
	empty := web.Empty{
		Icon: "search", Title: words.T("users.nobody"), Text: words.T("users.nobody-text"),
		Action: web.Link{URL: office.UsersPath, Label: words.T("users.all")},
	}
	if view.query.Text == "" {
		empty.Icon, empty.Title, empty.Text = "filter", words.T("users.none-such"), words.T("users.none-such-text")
	}
	return empty
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
