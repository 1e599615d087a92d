package access

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html/template"
	"image/png"
	"net/http"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"cardinal"
	"cardinal/internal/auth"
	"cardinal/internal/web"
)

// appPage is where an authenticator app is set up.
type appPage struct {
	*pages
	page  *web.Page[appData]
	codes *web.Page[codesData]
}

type appData struct {
	QR   template.URL // a picture, as data:
	Key  cardinal.Token
	Form *web.Form
}

func (p *pages) appRoutes() ([]web.Route, error) {
	page, err := web.Parse[appData](p.kit, p.inside(), "app.html")
	if err != nil {
		return nil, err
	}
	codes, err := web.Parse[codesData](p.kit, p.inside(), "codes.html")
	if err != nil {
		return nil, err
	}
	h := &appPage{p, page, codes}
	return []web.Route{
		{Pattern: "GET " + appPath, Permission: cardinal.PermOwnDetails, Fresh: true, Handle: h.show},
		{Pattern: "POST " + appPath, Permission: cardinal.PermOwnDetails, Fresh: true, Handle: h.add},
	}, nil
}

// issuer is what the app names the entry after.
func issuer(r *http.Request) string {
	return "Cardinal " + web.SessionOf(r).Organisation
}

func appForm(r *http.Request, sealed string) *web.Form {
	words := web.WordsOf(r)
	form := web.NewForm(words, "app", words.T("access.app.confirm"))
	form.Trouble = words.T("access.app.refused")
	form.Cancel = web.Link{URL: FactorPath, Label: words.T("form.cancel")}
	form.Carry("offer", sealed)
	form.Add(web.Field{
		Name: "code", Kind: web.Password, Label: words.T("access.app.code"), Hint: words.T("access.app.code-hint"),
		Autocomplete: "one-time-code", InputMode: "numeric", Required: true, Short: true,
	})
	return form
}

func (h *appPage) show(w http.ResponseWriter, r *http.Request) error {
	offer, err := h.Auth.NewApp(web.CallerOf(r), issuer(r))
	if err != nil {
		return err
	}
	return h.answer(w, r, offer, appForm(r, offer.Sealed))
}

func (h *appPage) answer(w http.ResponseWriter, r *http.Request, offer auth.AppOffer, form *web.Form) error {
	picture, err := qrPicture(offer.URL)
	if err != nil {
		return err
	}
	words := web.WordsOf(r)
	head := web.Head{Title: words.T("access.app.title"), Lead: words.T("access.app.lead"), Back: h.factorBack(r), Status: form.Status(), Narrow: true}
	return h.page.Show(w, r, head, appData{picture, offer.Key, form})
}

// qrPicture draws a QR code as a PNG that stands in the page itself.
func qrPicture(text cardinal.Token) (template.URL, error) {
	const pixels = 256
	code, err := qr.Encode(text.Reveal(), qr.M, qr.Auto)
	if err == nil {
		code, err = barcode.Scale(code, pixels, pixels)
	}
	if err != nil {
		return "", fmt.Errorf("draw a QR code: %w", err)
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, code); err != nil {
		return "", fmt.Errorf("draw a QR code: %w", err)
	}
	//nolint:gosec // base64 has no character that means anything in HTML
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(picture.Bytes())), nil
}

func (h *appPage) add(w http.ResponseWriter, r *http.Request) error {
	form := appForm(r, "")
	if err := form.Read(r); err != nil {
		return err
	}
	caller := web.CallerOf(r)
	offer, err := h.Auth.SameApp(caller, issuer(r), form.Value("offer"))
	if err != nil {
		return err
	}
	codes, err := h.Auth.AddApp(r.Context(), caller, offer.Sealed, form.Token("code"))
	if form.Refuse(err) {
		return h.answer(w, r, offer, form)
	}
	if err != nil {
		return err
	}
	return h.added(w, r, h.codes, codes)
}
