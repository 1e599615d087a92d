package self

import (
	"net/http"

	"cardinal"
	"cardinal/internal/credential"
	"cardinal/internal/policy"
	"cardinal/internal/web"
)

// Where the forms of *Change Details* are posted, and what is typed is checked.
const (
	changePINPath    = changePath + "/pin"
	changeNumberPath = changePath + "/number"
	mailPINPath      = changePath + "/pin-by-e-mail"
	checkPath        = changePath + "/check"
)

type changePage struct {
	*pages
	page *web.Page[changeData]
}

// changeData is *Change Details*: a form for each thing that is allowed, and
// what has just been made.
type changeData struct {
	PIN       *web.Form
	PINOnce   web.Once
	Generated bool // the PIN is generated, not typed

	Mail *web.Form // has a new PIN sent by e-mail

	Number     *web.Form
	NumberOnce web.Once
	Slot       cardinal.Slot
	Auto       bool // the number is generated, not typed
	Present    []web.Fact
}

func (p *pages) changeRoutes() ([]web.Route, error) {
	page, err := web.Parse[changeData](p.kit, p.area(), "change.html")
	if err != nil {
		return nil, err
	}
	h := &changePage{p, page}
	own := cardinal.PermOwnDetails
	return []web.Route{
		{Pattern: "GET " + changePath, Permission: own, Handle: h.show},
		{Pattern: "GET " + changePINPath, Permission: own, Handle: h.show},
		{Pattern: "POST " + changePINPath, Permission: own, Handle: h.changePIN},
		{Pattern: "GET " + mailPINPath, Permission: own, Handle: h.show},
		{Pattern: "POST " + mailPINPath, Permission: own, Handle: h.mailPIN},
		{Pattern: "GET " + changeNumberPath, Permission: own, Handle: h.show},
		{Pattern: "POST " + changeNumberPath, Permission: own, Handle: h.changeNumber},
		{Pattern: "POST " + checkPath, Permission: own, Handle: h.check},
	}, nil
}

// options returns what the caller may change, or CodeNotFound where that is
// nothing: then there is no such page (spec: numbers).
func (h *changePage) options(r *http.Request) (credential.OwnOptions, error) {
	options, err := h.Door.OwnOptions(r.Context(), web.CallerOf(r))
	if err == nil && !options.Any() {
		err = noSuchPage()
	}
	return options, err
}

func noSuchPage() error {
	return cardinal.Errorf(cardinal.CodeNotFound, "There is nothing here to change. An administrator decides what people change themselves.")
}

func (h *changePage) show(w http.ResponseWriter, r *http.Request) error {
	options, err := h.options(r)
	if err != nil {
		return err
	}
	return h.answer(w, r, options, changeData{})
}

// answer shows the page; the forms that data lacks are made anew.
func (h *changePage) answer(w http.ResponseWriter, r *http.Request, options credential.OwnOptions, data changeData) error {
	words := web.WordsOf(r)
	head := web.Head{Title: words.T("self.change.title"), Narrow: true}
	for _, form := range []*web.Form{data.PIN, data.Mail, data.Number} {
		if form != nil && form.Refused() {
			head.Status = form.Status()
		}
	}
	if options.PIN && data.PIN == nil {
		data.PIN = pinForm(words, options)
	}
	if options.MailPIN && data.Mail == nil {
		data.Mail = mailForm(words)
	}
	if options.Number && data.Number == nil {
		data.Number = numberForm(words, options)
	}
	data.Generated, data.Slot, data.Auto = options.GeneratePIN, options.Slot, options.AutoNumber
	view, err := h.view(r)
	if err != nil {
		return err
	}
	data.Present = []web.Fact{numberFact(words, view, options.Slot)}
	return h.page.Show(w, r, head, data)
}

func pinForm(words *web.Words, options credential.OwnOptions) *web.Form {
	form := web.NewForm(words, "pin", words.T("self.change.pin-button"))
	form.Action, form.Trouble = changePINPath, words.T("self.change.pin-refused")
	keyboard := ""
	if options.Policy.Characters == cardinal.Digits {
		keyboard = "numeric"
	}
	if options.AskCurrent {
		form.Add(web.Field{
			Name: "currentPin", Kind: web.Password, Label: words.T("self.change.pin-current"), InputMode: keyboard,
			Autocomplete: "off", Required: true, Short: true,
		})
	}
	if options.GeneratePIN {
		form.Submit = words.T("self.change.pin-generate")
		return form
	}
	form.Add(web.Field{
		Name: "pin", Kind: web.Password, Label: words.T("self.change.pin-new"), InputMode: keyboard, Autocomplete: "new-password",
		Required: true, Short: true, Rules: rulesOf(words, options.Policy), CheckURL: checkPath,
	})
	form.Add(web.Field{
		Name: "again", Kind: web.Password, Label: words.T("self.change.pin-again"), InputMode: keyboard, Autocomplete: "new-password",
		Required: true, Short: true,
	})
	return form
}

// rulesOf lists the rules beside the field. Those about the present PIN and the
// person's own numbers cannot be ticked while one types, or typing would tell.
func rulesOf(words *web.Words, p cardinal.Policy) []web.Rule {
	var rules []web.Rule
	for _, rule := range policy.Rules(p) {
		code := string(rule.Code)
		if rule.Code == cardinal.ViolationReused || rule.Code == cardinal.ViolationPersonal {
			code = ""
		}
		rules = append(rules, web.Rule{Code: code, Text: words.Sentence(rule.Text)})
	}
	return rules
}

func numberForm(words *web.Words, options credential.OwnOptions) *web.Form {
	form := web.NewForm(words, "number", words.T("self.change.number-button"))
	form.Action, form.Trouble = changeNumberPath, words.T("self.change.number-refused")
	if !options.AutoNumber {
		form.Add(web.Field{
			Name: credential.NumberField(options.Slot), Kind: web.Text, Label: words.T("self.change.number-new"),
			Hint: words.T("self.change.number-hint"), MaxLength: cardinal.CardNumberMaxLength, Required: true, Short: true,
		})
	}
	return form
}

// changePIN is the button Change PIN, or Generate a new PIN.
func (h *changePage) changePIN(w http.ResponseWriter, r *http.Request) error {
	options, err := h.options(r)
	if err != nil {
		return err
	}
	if !options.PIN {
		return noSuchPage()
	}
	words := web.WordsOf(r)
	form := pinForm(words, options)
	if err := form.Read(r); err != nil {
		return err
	}
	if !options.GeneratePIN && form.PIN("pin").Reveal() != form.PIN("again").Reveal() {
		form.Violate("again", words.T("self.change.pin-differ"))
		return h.answer(w, r, options, changeData{PIN: form})
	}
	pin, _, err := h.Door.ChangeOwnPIN(r.Context(), web.CallerOf(r), credential.OwnPIN{
		Current: form.PIN("currentPin"), New: form.PIN("pin"), Generate: options.GeneratePIN,
	})
	if form.Refuse(err) {
		return h.answer(w, r, options, changeData{PIN: form})
	}
	if err != nil {
		return err
	}
	if options.GeneratePIN {
		return h.answer(w, r, options, changeData{PINOnce: web.Once{
			ID: "new-pin", Label: words.T("self.change.pin-made"), Secret: pin.Secret, Note: words.T("self.change.pin-made-note"),
		}})
	}
	return h.kit.Redirect(w, r, changePath, web.Success(words.T("self.change.pin-changed")))
}

func mailForm(words *web.Words) *web.Form {
	form := web.NewForm(words, "mail-pin", words.T("self.change.mail-button"))
	form.Action, form.Trouble = mailPINPath, words.T("self.change.mail-refused")
	return form
}

// mailPIN is the button that has a new PIN sent.
func (h *changePage) mailPIN(w http.ResponseWriter, r *http.Request) error {
	options, err := h.options(r)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	form := mailForm(words)
	err = h.Door.RequestPIN(r.Context(), web.CallerOf(r))
	if form.Refuse(err) {
		return h.answer(w, r, options, changeData{Mail: form})
	}
	if err != nil {
		return err
	}
	return h.kit.Redirect(w, r, changePath, web.Success(words.T("self.change.mail-sent")))
}

// changeNumber is the button Change Number.
func (h *changePage) changeNumber(w http.ResponseWriter, r *http.Request) error {
	options, err := h.options(r)
	if err != nil {
		return err
	}
	if !options.Number {
		return noSuchPage()
	}
	words := web.WordsOf(r)
	form := numberForm(words, options)
	if err := form.Read(r); err != nil {
		return err
	}
	typed := cardinal.NewToken(form.Value(credential.NumberField(options.Slot))).Secret
	number, err := h.Door.ChangeOwnNumber(r.Context(), web.CallerOf(r), typed)
	if form.Refuse(err) {
		return h.answer(w, r, options, changeData{Number: form})
	}
	if err != nil {
		return err
	}
	return h.answer(w, r, options, changeData{NumberOnce: web.Once{
		ID: "new-number", Label: words.T("self.change.number-made"), Secret: number.Secret, Note: words.T("self.change.number-made-note"),
	}})
}

// check answers which rules the PIN that is being typed breaks.
func (h *changePage) check(w http.ResponseWriter, r *http.Request) error {
	options, err := h.options(r)
	if err != nil {
		return err
	}
	if !options.PIN {
		return noSuchPage()
	}
	caller := web.CallerOf(r)
	violations, err := h.Door.CheckPolicy(r.Context(), caller, cardinal.NewPIN(r.PostFormValue("value")), caller.Name)
	if err != nil {
		return err
	}
	return web.WriteBroken(w, violations)
}
