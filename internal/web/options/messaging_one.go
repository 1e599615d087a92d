package options

import (
	"errors"
	"net/http"
	"strconv"

	"cardinal"
	"cardinal/internal/notify"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// messagingOne is one messaging configuration. Without Form it is read only.
type messagingOne struct {
	Form   *web.Form
	Facts  []web.Fact
	Test   *web.Form
	Result testResult
	Uses   []web.Link
	About  []web.Fact
	Delete string
}

// testResult is what became of a test e-mail.
type testResult struct {
	Done    bool
	Sent    bool
	Text    string
	Answer  string
	Explain string
}

func (h *messagingPage) configuration(r *http.Request) (notify.ConfigurationView, error) {
	return h.Notify.Configuration(r.Context(), web.CallerOf(r), cardinal.ConfigurationID(r.PathValue("id")))
}

// newConfiguration is what the form of a new one begins with.
func newConfiguration() notify.ConfigurationView {
	return notify.ConfigurationView{MessagingConfiguration: cardinal.MessagingConfiguration{
		Port: 587, Security: cardinal.MailStartTLS, Authentication: cardinal.MailAuthPlain,
	}}
}

func messagingForm(words *web.Words, view notify.ConfigurationView) *web.Form {
	form := web.NewForm(words, "configuration", words.T("options.save"))
	form.Carry("revision", revisionText(view.Revision))
	text := func(name, label, hint, value string, most int) web.Field {
		return web.Field{Name: name, Kind: web.Text, Label: label, Hint: hint, Value: value, MaxLength: most}
	}
	required := func(f web.Field) web.Field {
		f.Required = true
		return f
	}
	secret := func(name, label string, has bool) {
		hint := ""
		if has {
			hint = words.T("messaging.secret-set")
		}
		form.Add(web.Field{Name: name, Kind: web.Password, Label: label, Hint: hint, Autocomplete: "new-password"})
	}
	form.Add(required(text("name", words.T("messaging.name"), words.T("messaging.name-hint"), view.Name, 100)))
	form.Section(words.T("messaging.server"), "")
	form.Add(required(text("host", words.T("messaging.host"), words.T("messaging.host-hint"), view.Host, 253)))
	form.Add(web.Field{Name: "port", Kind: web.Number, Label: words.T("messaging.port"), Hint: words.T("messaging.port-hint"), Value: strconv.Itoa(view.Port), Required: true, Short: true})
	form.Add(web.Field{Name: "security", Kind: web.Radio, Label: words.T("messaging.security"), Options: securities(words), Value: string(view.Security)})
	form.Section(words.T("messaging.sign-in"), words.T("messaging.sign-in-text"))
	form.Add(web.Field{Name: "authentication", Kind: web.Select, Label: words.T("messaging.authentication"), Options: authentications(words), Value: string(view.Authentication)})
	form.Add(text("username", words.T("messaging.username"), words.T("messaging.username-hint"), view.Username, 254))
	secret("password", words.T("messaging.password"), view.HasPassword)
	form.Section(words.T("messaging.oauth"), words.T("messaging.oauth-text"))
	form.Add(text("tokenEndpoint", words.T("messaging.endpoint"), words.T("messaging.endpoint-hint"), view.TokenEndpoint, 500))
	form.Add(text("clientID", words.T("messaging.client-id"), "", view.ClientID, 500))
	secret("clientSecret", words.T("messaging.client-secret"), view.HasClientSecret)
	secret("refreshToken", words.T("messaging.refresh-token"), view.HasRefreshToken)
	form.Section(words.T("messaging.sender"), "")
	form.Add(web.Field{Name: "senderAddress", Kind: web.Email, Label: words.T("messaging.sender-address"), Value: view.SenderAddress, Required: true, MaxLength: 254})
	form.Add(text("senderName", words.T("messaging.sender-name"), words.T("messaging.sender-name-hint"), view.SenderName, 100))
	form.Add(web.Field{Name: "replyTo", Kind: web.Email, Label: words.T("messaging.reply-to"), Hint: words.T("messaging.reply-to-hint"), Value: view.ReplyTo, MaxLength: 254})
	form.Section(words.T("messaging.pace"), "")
	form.Add(web.Field{
		Name: "ratePerMinute", Kind: web.Number, Label: words.T("messaging.rate"), Hint: words.T("messaging.rate-hint"), Unit: words.T("messaging.rate-unit"),
		Value: strconv.Itoa(view.RatePerMinute),
	})
	return form
}

func securities(words *web.Words) []web.Option {
	var options []web.Option
	for _, security := range []cardinal.MailSecurity{cardinal.MailStartTLS, cardinal.MailTLS, cardinal.MailPlain} {
		options = append(options, web.Option{
			Value: string(security), Label: words.Code("mail-security", string(security), ""), Hint: words.Code("mail-security-hint", string(security), ""),
		})
	}
	return options
}

func authentications(words *web.Words) []web.Option {
	var options []web.Option
	for _, method := range []cardinal.MailAuthentication{
		cardinal.MailAuthNone, cardinal.MailAuthPlain, cardinal.MailAuthLogin, cardinal.MailAuthCRAMMD5, cardinal.MailAuthSCRAM, cardinal.MailAuthXOAUTH2,
	} {
		options = append(options, web.Option{Value: string(method), Label: words.Code("mail-auth", string(method), "")})
	}
	return options
}

// messagingOf is what the form wants of a configuration, and the secrets that
// were typed.
func messagingOf(form *web.Form) (cardinal.MessagingConfiguration, notify.Secrets) {
	return cardinal.MessagingConfiguration{
			Name: form.Value("name"), Host: form.Value("host"), Port: form.Int("port"),
			Security: cardinal.MailSecurity(form.Value("security")), Authentication: cardinal.MailAuthentication(form.Value("authentication")),
			Username: form.Value("username"), TokenEndpoint: form.Value("tokenEndpoint"), ClientID: form.Value("clientID"),
			SenderAddress: form.Value("senderAddress"), SenderName: form.Value("senderName"), ReplyTo: form.Value("replyTo"),
			RatePerMinute: form.Int("ratePerMinute"), Revision: revisionOf(form.Value("revision")),
		}, notify.Secrets{
			Password: form.Password("password"), ClientSecret: form.Password("clientSecret"), RefreshToken: form.Token("refreshToken"),
		}
}

func (h *messagingPage) show(w http.ResponseWriter, r *http.Request) error {
	view, err := h.configuration(r)
	if err != nil {
		return err
	}
	return h.answer(w, r, view, messagingOne{})
}

// answer shows the page; what data has of it already stays.
func (h *messagingPage) answer(w http.ResponseWriter, r *http.Request, view notify.ConfigurationView, data messagingOne) error {
	words, shell := web.WordsOf(r), web.ShellOf(r)
	head := web.Head{Title: view.Name, Lead: serverOf(view.MessagingConfiguration), Back: web.Link{URL: office.MessagingPath, Label: words.T("messaging.title")}}
	data.Uses = usesOf(words, view.UsedBy)
	data.About = []web.Fact{{Label: words.T("messaging.created"), Time: shell.Time(view.CreatedAt)}, {Label: words.T("messaging.changed"), Time: shell.Time(view.UpdatedAt)}}
	if !web.CallerOf(r).May(cardinal.PermWriteOptions) {
		data.Facts = messagingFacts(words, view)
		return h.one.Show(w, r, head, data)
	}
	data.Delete = below(office.MessagingPath, string(view.ID), "delete")
	if data.Form == nil {
		data.Form = messagingForm(words, view)
	}
	data.Form.Action = below(office.MessagingPath, string(view.ID))
	if data.Test == nil {
		own, err := h.Accounts.User(r.Context(), web.CallerOf(r), web.CallerOf(r).Name)
		if err != nil {
			return err
		}
		data.Test = testForm(words, view, own.Email)
	}
	head.Status = max(data.Form.Status(), data.Test.Status())
	return h.one.Show(w, r, head, data)
}

func messagingFacts(words *web.Words, view notify.ConfigurationView) []web.Fact {
	pace := words.T("options.without-limit")
	if view.RatePerMinute > 0 {
		pace = words.Number(view.RatePerMinute) + " " + words.T("messaging.rate-unit")
	}
	return []web.Fact{
		{Label: words.T("messaging.host"), Text: view.Host},
		{Label: words.T("messaging.port"), Text: strconv.Itoa(view.Port)},
		{Label: words.T("messaging.security"), Text: words.Code("mail-security", string(view.Security), "")},
		{Label: words.T("messaging.authentication"), Text: words.Code("mail-auth", string(view.Authentication), "")},
		{Label: words.T("messaging.username"), Text: view.Username},
		{Label: words.T("messaging.sender-address"), Text: view.SenderAddress},
		{Label: words.T("messaging.sender-name"), Text: view.SenderName},
		{Label: words.T("messaging.reply-to"), Text: view.ReplyTo},
		{Label: words.T("messaging.rate"), Text: pace},
	}
}

func (h *messagingPage) save(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	view, err := h.configuration(r)
	if err != nil {
		return err
	}
	form := messagingForm(words, view)
	if err := form.Read(r); err != nil {
		return err
	}
	wanted, secrets := messagingOf(form)
	wanted.ID = view.ID
	if form.Refused() {
		return h.answer(w, r, view, messagingOne{Form: form})
	}
	saved, err := h.Notify.ChangeConfiguration(r.Context(), web.CallerOf(r), wanted, secrets)
	if errors.Is(err, cardinal.ErrStale) {
		messagingDiffers(form, words, view)
	}
	if form.Refuse(err) {
		return h.answer(w, r, view, messagingOne{Form: form})
	}
	if err != nil {
		return err
	}
	return h.kit.Redirect(w, r, below(office.MessagingPath, string(saved.ID)), web.Success(words.T("messaging.saved", "Name", saved.Name)))
}

// messagingDiffers notes what somebody else saved in between and goes on from there.
func messagingDiffers(form *web.Form, words *web.Words, view notify.ConfigurationView) {
	for name, theirs := range map[string]string{
		"name": view.Name, "host": view.Host, "port": strconv.Itoa(view.Port), "username": view.Username, "tokenEndpoint": view.TokenEndpoint,
		"clientID": view.ClientID, "senderAddress": view.SenderAddress, "senderName": view.SenderName, "replyTo": view.ReplyTo,
		"ratePerMinute": strconv.Itoa(view.RatePerMinute),
	} {
		form.Differs(name, theirs)
	}
	if form.Value("security") != string(view.Security) {
		form.Differs("security", words.Code("mail-security", string(view.Security), ""))
	}
	if form.Value("authentication") != string(view.Authentication) {
		form.Differs("authentication", words.Code("mail-auth", string(view.Authentication), ""))
	}
	carryRevision(form, view.Revision)
}

func testForm(words *web.Words, view notify.ConfigurationView, to string) *web.Form {
	form := web.NewForm(words, "test", words.T("messaging.test-button"))
	form.Action = below(office.MessagingPath, string(view.ID), "test")
	form.Trouble = words.T("messaging.test-refused")
	form.Add(web.Field{Name: "to", Kind: web.Email, Label: words.T("messaging.test-to"), Value: to, Required: true, MaxLength: 254})
	return form
}

// test is the button Send test e-mail.
func (h *messagingPage) test(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	view, err := h.configuration(r)
	if err != nil {
		return err
	}
	form := testForm(words, view, "")
	if err := form.Read(r); err != nil {
		return err
	}
	to := form.Value("to")
	outcome, err := h.Notify.SendTest(r.Context(), web.CallerOf(r), view.ID, to)
	if form.Refuse(err) {
		return h.answer(w, r, view, messagingOne{Test: form})
	}
	if err != nil {
		return err
	}
	result := testResult{Done: true, Sent: outcome.Sent, Answer: outcome.Answer, Text: words.T("messaging.test-sent", "Address", to)}
	if !outcome.Sent {
		result.Text, result.Explain = words.T("messaging.test-failed"), words.Sentence(outcome.Explanation)
	}
	return h.answer(w, r, view, messagingOne{Test: form, Result: result})
}
