package access

import (
	"net/http"
	"time"

	"cardinal"
	"cardinal/internal/auth"
	"cardinal/internal/wayback"
	"cardinal/internal/web"
)

type signInPage struct {
	*pages
	page *web.Page[signInData]
}

// signInData is the form, and the ways for who cannot fill it in.
type signInData struct {
	formData
	Ways []web.Link
}

func (p *pages) signInRoutes() ([]web.Route, error) {
	page, err := web.Parse[signInData](p.kit, outside(), "signin.html")
	if err != nil {
		return nil, err
	}
	s := &signInPage{p, page}
	return []web.Route{
		{Pattern: "GET " + web.SignInPath, Permission: cardinal.PermNone, Handle: s.show},
		{Pattern: "POST " + web.SignInPath, Permission: cardinal.PermNone, Handle: s.signIn},
		{Pattern: "POST " + web.SignOutPath, Permission: cardinal.PermNone, Handle: s.signOut},
		{Pattern: "GET " + web.SignOutPath, Permission: cardinal.PermNone, Handle: p.back("/")},
	}, nil
}

// door tells what the sign-in page depends on: the only organisation, or that
// there are several or none.
func (p *pages) door(r *http.Request) (only cardinal.Customer, several bool, err error) {
	only, err = p.Accounts.CustomerNamed(r.Context(), "")
	switch cardinal.CodeOf(err) {
	case cardinal.CodeInvalid:
		return cardinal.Customer{}, true, nil
	case cardinal.CodeNotFound:
		return cardinal.Customer{}, false, nil
	}
	return only, false, err
}

func signInForm(r *http.Request, several bool) *web.Form {
	words := web.WordsOf(r)
	form := web.NewForm(words, "sign-in", words.T("access.sign-in.button"))
	form.Trouble = words.T("access.sign-in.failed")
	if several {
		form.Add(web.Field{Name: "organisation", Kind: web.Text, Label: words.T("access.sign-in.organisation"), Autocomplete: "organization", Required: true})
	}
	form.Add(web.Field{Name: "username", Kind: web.Text, Label: words.T("access.sign-in.username"), Autocomplete: "username", Required: true})
	form.Add(web.Field{Name: "password", Kind: web.Password, Label: words.T("access.sign-in.password"), Autocomplete: "current-password", Required: true})
	form.Carry("next", web.SafePath(r.URL.Query().Get("next"), ""))
	return form
}

func (s *signInPage) show(w http.ResponseWriter, r *http.Request) error {
	if web.SessionOf(r).SignedIn() {
		return s.kit.Redirect(w, r, web.SafePath(r.URL.Query().Get("next"), "/"), web.Flash{})
	}
	only, several, err := s.door(r)
	if err != nil {
		return err
	}
	return s.answer(w, r, only, formData{Form: signInForm(r, several), Notice: nobodyYet(r, only, several)})
}

func nobodyYet(r *http.Request, only cardinal.Customer, several bool) web.Notice {
	if several || only.ID != "" {
		return web.Notice{}
	}
	return web.Notice{Tone: web.ToneInfo, Text: web.WordsOf(r).T("access.sign-in.nobody")}
}

func (s *signInPage) answer(w http.ResponseWriter, r *http.Request, only cardinal.Customer, data formData) error {
	words := web.WordsOf(r)
	ways, err := s.ways(r, only)
	if err != nil {
		return err
	}
	return s.page.Show(w, r, web.Head{Title: words.T("access.sign-in.title"), Lead: only.Name, Status: data.Form.Status()}, signInData{data, ways})
}

// ways are the ways for who cannot fill in the form. Where the organisation is not
// known yet, theirs may be among those that send PINs.
func (s *signInPage) ways(r *http.Request, only cardinal.Customer) ([]web.Link, error) {
	words, pin := web.WordsOf(r), true
	if only.ID != "" {
		var err error
		if pin, err = s.Ways.Offers(r.Context(), only.ID, wayback.PIN); err != nil {
			return nil, err
		}
	}
	ways := []web.Link{{URL: forgotPasswordPath, Label: words.T("access.forgot-password.title")}}
	if pin {
		ways = append(ways, web.Link{URL: forgotPINPath, Label: words.T("access.forgot-pin.title")})
	}
	return ways, nil
}

func (s *signInPage) signIn(w http.ResponseWriter, r *http.Request) error {
	only, several, err := s.door(r)
	if err != nil {
		return err
	}
	form := signInForm(r, several)
	if err := form.Read(r); err != nil {
		return err
	}
	token, err := s.Auth.SignIn(r.Context(), auth.Credentials{
		Customer: form.Value("organisation"), Username: form.Value("username"), Password: form.Password("password"),
	}, originOf(r))
	if cardinal.CodeOf(err) == cardinal.CodeUnauthenticated {
		form.Violate("", web.WordsOf(r).T("access.sign-in.wrong"))
	}
	if form.Refuse(err) || form.Refused() {
		return s.answer(w, r, only, formData{Form: form, Notice: nobodyYet(r, only, several)})
	}
	if err != nil {
		return err
	}
	next := web.SafePath(form.Value("next"), "/")
	if auth.Pending(token) {
		s.kit.Carry(w, r, pendingName, token, auth.WaitingLife)
		return s.kit.Redirect(w, r, secondURL("", next), web.Flash{})
	}
	s.kit.SetSession(w, r, token, time.Time{})
	return s.kit.Redirect(w, r, next, web.Flash{})
}

// signOut ends the session, and forgets it also where it had ended already.
func (s *signInPage) signOut(w http.ResponseWriter, r *http.Request) error {
	if session := web.SessionOf(r); session.SignedIn() {
		if err := s.Auth.SignOut(r.Context(), session.Caller, false); err != nil && cardinal.CodeOf(err) != cardinal.CodeNotFound {
			return err
		}
	}
	s.kit.ClearSession(w, r)
	return s.kit.Redirect(w, r, web.SignInPath, web.Success(web.WordsOf(r).T("access.sign-in.signed-out")))
}
