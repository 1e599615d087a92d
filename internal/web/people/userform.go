package people

import (
	"net/http"
	"strconv"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/credential"
	"cardinal/internal/policy"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// userForm is the one form of a user: fields, numbers and PIN, saved together or
// not at all. The zero view makes the form of a new user.
func userForm(r *http.Request, view account.UserView, p cardinal.Policy) *web.Form {
	words := web.WordsOf(r)
	form := web.NewForm(words, "user", words.T("user.save"))
	form.Carry("revision", strconv.FormatInt(view.Revision, 10))
	form.Carry("replace", "") // the slot whose number is to be replaced, once that was asked
	if !view.Role.Outranks(web.CallerOf(r).Role) {
		addDetails(form, r, view)
	}
	form.Section(words.T("user.numbers"), "")
	for _, slot := range cardinal.Slots() {
		addNumber(form, words, view, slot)
	}
	form.Section(words.T("user.pin"), "")
	form.Add(pinField(words, view, p))
	return form
}

func addDetails(form *web.Form, r *http.Request, view account.UserView) {
	words, caller := web.WordsOf(r), web.CallerOf(r)
	form.Section(words.T("user.details"), "")
	if view.ID == "" {
		form.Add(web.Field{
			Name: "username", Kind: web.Text, Label: words.T("user.username"), Hint: words.T("user.username-hint"),
			MaxLength: cardinal.UsernameMaxLength, Required: true,
		})
	}
	form.Add(web.Field{Name: "fullName", Kind: web.Text, Label: words.T("user.full-name"), Value: view.FullName, MaxLength: cardinal.FieldMaxLength})
	form.Add(web.Field{Name: "email", Kind: web.Email, Label: words.T("user.email"), Value: view.Email, MaxLength: cardinal.FieldMaxLength})
	form.Add(web.Field{Name: "department", Kind: web.Text, Label: words.T("user.department"), Value: view.Department, MaxLength: cardinal.FieldMaxLength})
	form.Add(web.Field{Name: "notes", Kind: web.Textarea, Label: words.T("user.notes"), Value: view.Notes, Rows: 2, MaxLength: cardinal.NotesMaxLength})
	if caller.May(cardinal.PermGrantRoles) {
		form.Add(web.Field{
			Name: "role", Kind: web.Select, Label: words.T("user.role"), Hint: words.T("user.role-hint"), Options: roles(words, caller),
			Value: string(roleOf(view)), Short: true,
		})
	}
	if view.ID != "" {
		form.Add(web.Field{Name: "disabled", Kind: web.Checkbox, Label: words.T("user.disabled"), Hint: words.T("user.disabled-hint"), Checked: view.Disabled})
	}
}

func roleOf(view account.UserView) cardinal.Role {
	if view.Role == "" {
		return cardinal.RoleUser
	}
	return view.Role
}

// roles are those that a person can have and the caller can give.
func roles(words *web.Words, caller cardinal.Caller) []web.Option {
	var options []web.Option
	for _, role := range cardinal.Roles() {
		if role != cardinal.RoleProvisioner && !role.Outranks(caller.Role) {
			options = append(options, web.Option{Value: string(role), Label: words.Code("role", string(role), "")})
		}
	}
	return options
}

// addNumber carries the number that was there when the page was made: only what
// was typed over it is a change.
func addNumber(form *web.Form, words *web.Words, view account.UserView, slot cardinal.Slot) {
	name := credential.NumberField(slot)
	label, present := words.Code("slot", string(slot), ""), view.Number(slot)
	field := web.Field{Name: name, Kind: web.Text, Label: label, Value: present, MaxLength: cardinal.CardNumberMaxLength}
	if view.ID != "" {
		field.Beside = []web.Beside{{Label: words.T("user.generate"), About: label, Name: generateName, Value: string(slot)}}
	}
	form.Add(field)
	form.Carry("seen."+name, present)
}

// generateName is what the buttons beside the numbers are called.
const generateName = "generate"

func pinField(words *web.Words, view account.UserView, p cardinal.Policy) web.Field {
	field := web.Field{
		Name: "pin", Kind: web.Password, Label: words.T("user.new-pin"), Hint: words.T("user.new-pin-hint"), Autocomplete: "new-password",
	}
	if view.ID != "" {
		field.CheckURL = office.UserURL(view.Username, "check")
	}
	if p.IdentifiesUser {
		field.Hint = words.T("user.new-pin-generate")
	}
	for _, rule := range policy.Rules(p) {
		code := string(rule.Code)
		if rule.Code == cardinal.ViolationReused {
			if view.ID == "" {
				continue // nobody has used a PIN yet
			}
			code = "" // trying PINs must not tell which one is in use
		}
		field.Rules = append(field.Rules, web.Rule{Code: code, Text: words.Sentence(rule.Text)})
	}
	return field
}

// fieldsOf is what the form wants of a user.
func fieldsOf(form *web.Form) account.Fields {
	text := func(name string) *string {
		if form.Field(name) == nil {
			return nil
		}
		value := form.Value(name)
		return &value
	}
	fields := account.Fields{FullName: text("fullName"), Email: text("email"), Department: text("department"), Notes: text("notes")}
	if form.Field("role") != nil {
		role := cardinal.Role(form.Value("role"))
		fields.Role = &role
	}
	if form.Field("disabled") != nil {
		disabled := form.Checked("disabled")
		fields.Disabled = &disabled
	}
	numbers, unread := numbersOf(form)
	fields.Credentials, fields.Unread = credential.Change{PIN: form.PIN("pin"), Numbers: numbers}, unread
	return fields
}

// numbersOf are the numbers that were typed, and what is wrong with those that are none.
func numbersOf(form *web.Form) (changes []credential.NumberChange, unread []cardinal.Violation) {
	for _, slot := range cardinal.Slots() {
		name := credential.NumberField(slot)
		typed := form.Value(name)
		if typed == form.Value("seen."+name) {
			continue
		}
		change := credential.NumberChange{Slot: slot}
		if typed != "" {
			number, err := cardinal.ParseCardNumber(name, typed)
			if err != nil {
				unread = append(unread, cardinal.ViolationsOf(err)...)
				continue
			}
			change.Number = number
		}
		changes = append(changes, change)
	}
	return changes, unread
}

// showTheirs notes what somebody else saved in between and carries on from there.
func showTheirs(form *web.Form, words *web.Words, view account.UserView) {
	form.Differs("fullName", view.FullName)
	form.Differs("email", view.Email)
	form.Differs("department", view.Department)
	form.Differs("notes", view.Notes)
	if form.Value("role") != string(view.Role) {
		form.Differs("role", words.Code("role", string(view.Role), ""))
	}
	if form.Checked("disabled") != view.Disabled {
		form.Differs("disabled", words.OnOff(view.Disabled))
	}
	form.SetHidden("revision", strconv.FormatInt(view.Revision, 10))
}
