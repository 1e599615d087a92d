package people

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"cardinal"
	"cardinal/internal/bulk"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// bulkAskData asks once before something is done to many. Without Form there is
// nothing to do.
type bulkAskData struct {
	Question string
	Effects  []string
	Form     *web.Form
	Empty    web.Empty
}

// asked is what a form or a link wants done.
type asked struct {
	bulk.Request
	id     cardinal.BulkID // of the run that confirming starts; empty before
	fields []web.Hidden    // the selection, to be sent again
	day    string          // as typed
}

// selectionFields are those that say who is selected.
var selectionFields = []string{"all", "filter", "source", "role", "q", "username"}

func askedOf(r *http.Request, values url.Values) asked {
	a := asked{id: cardinal.BulkID(values.Get("run")), day: values.Get("expires")}
	a.Kind = bulk.Kind(values.Get("action"))
	a.Selection = bulk.Selection{Usernames: values["username"], All: values.Get("all") != ""}
	if a.Selection.All {
		a.Selection.Query, a.Selection.Usernames = queryOf(values), nil
	}
	a.Confirmed, _ = strconv.Atoi(values.Get("count")) // what is no number confirms nothing
	for _, name := range selectionFields {
		for _, value := range values[name] {
			if value != "" {
				a.fields = append(a.fields, web.Hidden{Name: name, Value: value})
			}
		}
	}
	if day, err := time.ParseInLocation(time.DateOnly, a.day, zoneOf(r)); err == nil {
		// The day is the last one on which the PINs work.
		a.Expires = day.AddDate(0, 0, 1)
	}
	return a
}

func zoneOf(r *http.Request) *time.Location {
	if zone := web.SessionOf(r).Zone; zone != nil {
		return zone
	}
	return time.UTC
}

// askAll asks about all users of a filter: the link that other pages have.
func (h *bulkPages) askAll(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	// What was searched for may be a number, and never stands in a URL.
	return h.question(w, r, askedOf(r, url.Values{"action": query["action"], "filter": query["filter"], "source": query["source"], "all": {"true"}}), nil)
}

// askSelected asks about what was selected in the list.
func (h *bulkPages) askSelected(w http.ResponseWriter, r *http.Request) error {
	values, err := posted(r)
	if err != nil {
		return err
	}
	return h.question(w, r, askedOf(r, values), nil)
}

func posted(r *http.Request) (url.Values, error) {
	if err := (&web.Form{}).Read(r); err != nil {
		return nil, err
	}
	return r.PostForm, nil
}

// start is the button that confirms.
func (h *bulkPages) start(w http.ResponseWriter, r *http.Request) error {
	values, err := posted(r)
	if err != nil {
		return err
	}
	a := askedOf(r, values)
	if a.Kind == bulk.ExpirePINs && a.Expires.IsZero() {
		return h.question(w, r, a, cardinal.Invalid("expires", "Choose the last day on which the PINs work."))
	}
	err = h.bulk.Start(r.Context(), web.CallerOf(r), a.id, a.Request)
	switch cardinal.CodeOf(err) {
	case "":
		return h.kit.Redirect(w, r, bulkURL(a.id), web.Flash{})
	case cardinal.CodeInvalid, cardinal.CodeStale:
		return h.question(w, r, a, err)
	}
	return err
}

// question shows what would be done and to how many, and what was wrong with
// the answer, if there was one.
func (h *bulkPages) question(w http.ResponseWriter, r *http.Request, a asked, refused error) error {
	words, caller := web.WordsOf(r), web.CallerOf(r)
	plan, err := h.bulk.Plan(r.Context(), caller, a.Request)
	if cardinal.CodeOf(err) == cardinal.CodeConflict {
		return h.impossible(w, r, a, err)
	}
	if err != nil {
		return err
	}
	if a.id == "" {
		if a.id, err = h.bulk.NewID(r.Context()); err != nil {
			return err
		}
	}
	said := wordsOfBulk(words, a.Kind, plan.Act())
	head := web.Head{Title: words.Code("bulk-kind", string(a.Kind), ""), Narrow: true, Back: web.Link{URL: office.UsersPath, Label: words.T("users.title")}}
	if plan.Act() == 0 {
		text := words.T("bulk.nobody-text")
		if plan.Users > 0 {
			text = words.T("bulk.nothing-text", "Count", plan.Users)
		}
		return h.ask.Show(w, r, head, bulkAskData{Empty: web.Empty{
			Icon: "circle-check", Title: words.T("bulk.nothing"), Text: text, Action: web.Link{URL: office.UsersPath, Label: words.T("bulk.to-users")},
		}})
	}
	form := h.form(r, a, said, plan)
	if refused != nil && !form.Refuse(refused) {
		return refused
	}
	head.Status = form.Status()
	return h.ask.Show(w, r, head, bulkAskData{Question: said.question, Effects: slices.Concat(said.effects, counted(words, plan)), Form: form})
}

// impossible says why nothing can be done as the settings are.
func (h *bulkPages) impossible(w http.ResponseWriter, r *http.Request, a asked, err error) error {
	words, why := web.WordsOf(r), (*cardinal.Error)(nil)
	if !errors.As(err, &why) {
		return err
	}
	head := web.Head{
		Title: words.Code("bulk-kind", string(a.Kind), ""), Narrow: true, Back: web.Link{URL: office.UsersPath, Label: words.T("users.title")},
		Status: http.StatusConflict,
	}
	return h.ask.Show(w, r, head, bulkAskData{Empty: web.Empty{
		Icon: "alert-triangle", Title: words.T("bulk.impossible"), Text: words.Sentence(why.Sentence()),
		Action: web.Link{URL: office.UsersPath, Label: words.T("bulk.to-users")},
	}})
}

func (h *bulkPages) form(r *http.Request, a asked, said bulkWords, plan bulk.Plan) *web.Form {
	words := web.WordsOf(r)
	form := web.NewForm(words, "bulk", said.button)
	form.Action, form.Danger, form.Cancel = office.BulkPath+"/start", said.danger, web.Link{URL: office.UsersPath, Label: words.T("office.cancel")}
	form.Trouble = words.T("bulk.trouble")
	form.Hidden = slices.Concat(a.fields, []web.Hidden{
		{Name: "action", Value: string(a.Kind)}, {Name: "run", Value: string(a.id)}, {Name: "count", Value: strconv.Itoa(plan.Users)},
	})
	if a.Kind == bulk.ExpirePINs {
		form.Add(web.Field{
			Name: "expires", Kind: web.Date, Label: words.T("bulk.expires"), Hint: words.T("bulk.expires-hint"), Required: true, Short: true,
			Value: a.day, Min: h.bulk.Now().In(zoneOf(r)).Format(time.DateOnly),
		})
	}
	return form
}
