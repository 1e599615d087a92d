package people

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"

	"cardinal"
	"cardinal/internal/directory"
	"cardinal/internal/web"
	"cardinal/internal/web/office"
)

// What a file of people may have. What is longer is read on for a while, so that
// the browser hears the answer instead of a broken connection.
const (
	importMost  = 64 << 20
	uploadMost  = 256 << 20
	modeMost    = 16
	importsMost = 20 // on a page of the list
)

// The names of the upload's fields. The mode stands before the file, for the file
// is imported as it comes in.
const (
	fieldMode = "mode"
	fieldFile = "file"
	modeTry   = "try"
	modeRun   = "run"
)

type importPage struct {
	*pages
	page *web.Page[importData]
	run  *web.Page[importRunData]
}

type importData struct {
	Form    *web.Form // nil for those who may only look
	Sample  string
	Columns []column
	Rows    []importRow
	Empty   web.Empty
	Pager   web.Pager
}

// column is what one column of a file may hold.
type column struct {
	Name string // as it stands in the file, in any language of the pages
	Text string
}

type importRow struct {
	directory.Import
	URL   string
	Name  string
	State web.Badge
}

func (p *pages) importRoutes() ([]web.Route, error) {
	page, err := web.Parse[importData](p.kit, area(), "import.html")
	if err != nil {
		return nil, err
	}
	run, err := web.Parse[importRunData](p.kit, area(), "importrun.html")
	if err != nil {
		return nil, err
	}
	h := &importPage{p, page, run}
	const one = office.ImportPath + "/{id}"
	return []web.Route{
		{Pattern: "GET " + office.ImportPath, Permission: cardinal.PermReadUsers, Handle: h.show},
		{Pattern: "POST " + office.ImportPath, Permission: cardinal.PermWriteUsers, MaxBody: uploadMost, Handle: h.start},
		{Pattern: "GET " + office.ImportPath + "/sample.csv", Permission: cardinal.PermReadUsers, Handle: h.sample},
		{Pattern: "GET " + one, Permission: cardinal.PermReadUsers, Handle: h.showRun},
		{Pattern: "GET " + one + "/report.csv", Permission: cardinal.PermReadUsers, Handle: h.report},
		{Pattern: "POST " + one + "/cancel", Permission: cardinal.PermWriteUsers, Handle: h.cancel},
		{Pattern: "POST " + one + "/run", Permission: cardinal.PermWriteUsers, Handle: h.startKept},
	}, nil
}

func importForm(words *web.Words, mode string) *web.Form {
	form := web.NewForm(words, "import", words.T("import.button"))
	form.Trouble = words.T("import.refused")
	form.Cancel = web.Link{URL: office.UsersPath, Label: words.T("office.cancel")}
	if mode != modeRun {
		mode = modeTry
	}
	form.Add(web.Field{Name: fieldMode, Kind: web.Radio, Label: words.T("import.mode"), Value: mode, Options: []web.Option{
		{Value: modeTry, Label: words.T("import.mode-try"), Hint: words.T("import.mode-try-hint")},
		{Value: modeRun, Label: words.T("import.mode-run"), Hint: words.T("import.mode-run-hint")},
	}})
	form.Add(web.Field{Name: fieldFile, Kind: "file", Label: words.T("import.file"), Hint: words.T("import.file-hint"), Required: true})
	return form
}

func (h *importPage) show(w http.ResponseWriter, r *http.Request) error {
	if !web.CallerOf(r).May(cardinal.PermWriteUsers) {
		return h.answer(w, r, nil)
	}
	return h.answer(w, r, importForm(web.WordsOf(r), r.URL.Query().Get(fieldMode)))
}

func (h *importPage) answer(w http.ResponseWriter, r *http.Request, form *web.Form) error {
	words, before := web.WordsOf(r), cardinal.ImportID(r.URL.Query().Get("before"))
	found, err := h.Directory.Imports(r.Context(), web.CallerOf(r), before, importsMost+1)
	if err != nil {
		return err
	}
	data := importData{
		Form: form, Sample: office.ImportPath + "/sample.csv", Columns: columns(words),
		Empty: web.Empty{Icon: "file-import", Title: words.T("import.none"), Text: words.T("import.none-text")},
	}
	if before != "" {
		data.Pager.First = office.ImportPath
	}
	if len(found) > importsMost {
		found = found[:importsMost]
		data.Pager.Next = office.ImportPath + office.Query("before", string(found[importsMost-1].ID))
	}
	for _, i := range found {
		data.Rows = append(data.Rows, importRow{Import: i, URL: importURL(i.ID), Name: importName(words, i), State: stateBadge(words, i)})
	}
	head := web.Head{Title: words.T("import.title"), Lead: words.T("import.lead"), Back: web.Link{URL: office.UsersPath, Label: words.T("users.title")}}
	if form != nil {
		head.Status = form.Status()
	}
	return h.page.Show(w, r, head, data)
}

// start takes the file as it comes in and leads to its import.
func (h *importPage) start(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	form := importForm(words, modeTry)
	id, err := h.receive(r, form)
	if err == nil {
		return h.kit.Redirect(w, r, importURL(id), web.Flash{})
	}
	if refuseFile(words, form, err) {
		return h.answer(w, r, form)
	}
	return err
}

// receive reads the parts of the upload in their order.
func (h *importPage) receive(r *http.Request, form *web.Form) (cardinal.ImportID, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return "", cardinal.Errorf(cardinal.CodeMalformed, "The form could not be read. Go back and send it again.")
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return "", errNoFile
		}
		if err != nil {
			return "", uploadFault(err)
		}
		switch part.FormName() {
		case fieldMode:
			mode, err := io.ReadAll(io.LimitReader(part, modeMost))
			if err != nil {
				return "", uploadFault(err)
			}
			if string(mode) == modeRun {
				form.Set(fieldMode, modeRun)
			}
		case fieldFile:
			return h.startPart(r, part, form.Value(fieldMode) != modeRun)
		}
	}
}

func (h *importPage) startPart(r *http.Request, part *multipart.Part, dryRun bool) (cardinal.ImportID, error) {
	if part.FileName() == "" {
		return "", errNoFile
	}
	file := &bounded{from: part, left: importMost}
	// Once the file is here, it does not matter whether anybody waits for the answer.
	id, err := h.Directory.Start(context.WithoutCancel(r.Context()), web.CallerOf(r), file, directory.Options{DryRun: dryRun, FileName: part.FileName()})
	if err != nil {
		_, _ = io.Copy(io.Discard, part) // so that the browser hears why
	}
	if file.fault != nil {
		err = uploadFault(file.fault)
	}
	return id, err
}

var (
	errNoFile   = errors.New("no file was chosen")
	errTooLarge = errors.New("the file is too large")
)

// uploadFault is what is wrong with an upload that could not be read on. Why may
// hold a part of what was sent.
func uploadFault(err error) error {
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) || errors.Is(err, errTooLarge) {
		return errTooLarge
	}
	return cardinal.Errorf(cardinal.CodeMalformed, "The upload broke off. Nothing was imported. Send the file again.")
}

// bounded reads a file of so many bytes at most, and remembers what went wrong.
type bounded struct {
	from  io.Reader
	left  int64
	fault error
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.fault != nil {
		return 0, b.fault
	}
	n, err := b.from.Read(p)
	b.left -= int64(n)
	switch {
	case b.left < 0:
		b.fault = errTooLarge
		return 0, b.fault
	case err != nil && !errors.Is(err, io.EOF):
		b.fault = err
	}
	return n, err
}

// refuseFile puts what is wrong with the file on top of the form.
func refuseFile(words *web.Words, form *web.Form, err error) bool {
	switch {
	case errors.Is(err, errNoFile):
		form.Violate(fieldFile, words.T("import.no-file"))
		return true
	case errors.Is(err, errTooLarge):
		form.Violate(fieldFile, words.T("import.too-large"))
		return true
	}
	e, ok := errors.AsType[*cardinal.Error](err)
	if !ok {
		return false
	}
	switch e.Code {
	case cardinal.CodeMalformed:
		form.Violate(fieldFile, e.Detail)
		return true
	case cardinal.CodeInvalid:
		for _, v := range e.Violations {
			form.Violate(fieldFile, v.Message)
		}
		if len(e.Violations) == 0 {
			form.Violate(fieldFile, e.Detail)
		}
		return true
	}
	return form.Refuse(err)
}

func importURL(id cardinal.ImportID, parts ...string) string {
	return strings.Join(append([]string{office.ImportPath, string(id)}, parts...), "/")
}

func importName(words *web.Words, i directory.Import) string {
	if i.FileName == "" {
		return words.T("import.unnamed")
	}
	return i.FileName
}

func stateBadge(words *web.Words, i directory.Import) web.Badge {
	tone := web.ToneNeutral
	switch i.State {
	case directory.Running:
		tone = web.ToneInfo
	case directory.Done:
		tone = web.ToneSuccess
	case directory.Failed:
		tone = web.ToneDanger
	case directory.Cancelled, directory.Interrupted:
		tone = web.ToneWarning
	}
	return web.Badge{Tone: tone, Text: words.Code("import-state", string(i.State), string(i.State))}
}

func columns(words *web.Words) []column {
	return []column{
		{"username", words.T("import.column-username")},
		{"full name", words.T("import.column-full-name")},
		{"email", words.T("import.column-email")},
		{"department", words.T("import.column-department")},
		{"notes", words.T("import.column-notes")},
		{"primary card number", words.T("import.column-primary")},
		{"secondary card number", words.T("import.column-secondary")},
		{"pin", words.T("import.column-pin")},
		{"password", words.T("import.column-password")},
		{"disabled", words.T("import.column-disabled")},
		{"role", words.T("import.column-role")},
	}
}
