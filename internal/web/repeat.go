package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"

	"cardinal"
)

// formKey is the name of the hidden value by which a form that is sent twice is
// recognised.
const formKey = "form-key"

// Sent remembers which forms were sent; see Config.Sent. Both functions must be
// safe for concurrent use, over several nodes too.
type Sent struct {
	// Claim reports whether a form of that digest is sent the first time in the caller's session.
	Claim func(ctx context.Context, caller cardinal.Caller, digest string) (bool, error)
	// Forget makes a form that changed nothing one that was not sent.
	Forget func(ctx context.Context, caller cardinal.Caller, digest string) error
}

// giveKeys puts a new key into every form of the page that is posted. Whatever a
// page shows is escaped: what looks like a form is one.
func giveKeys(page *bytes.Buffer) {
	const begin, end = "<form ", "</form>"
	key := `<input type="hidden" name="` + formKey + `" value="` + rand.Text() + `">`
	rest := bytes.Clone(page.Bytes())
	page.Reset()
	for {
		before, form, found := bytes.Cut(rest, []byte(begin))
		page.Write(before)
		if !found {
			return
		}
		var tag []byte
		tag, rest, _ = bytes.Cut(form, []byte(">"))
		fields, after, _ := bytes.Cut(rest, []byte(end))
		page.WriteString(begin)
		page.Write(tag)
		page.WriteString(">")
		page.Write(fields)
		if bytes.Contains(tag, []byte(`method="post"`)) {
			page.WriteString(key)
		}
		page.WriteString(end)
		rest = after
	}
}

// handleOnce lets a route handle a form the first time that it is sent. A second
// sending of the very same form, by a double click or by going back, gets a page
// that says so. What was refused or failed may be sent again.
func (k *Kit) handleOnce(route Route, w http.ResponseWriter, r *http.Request) error {
	digest, err := k.digestOf(route, r)
	if err != nil || digest == "" {
		if err != nil {
			return err
		}
		return route.Handle(w, r)
	}
	caller := CallerOf(r)
	first, err := k.config.Sent.Claim(r.Context(), caller, digest)
	if err != nil {
		return fmt.Errorf("claim the form: %w", err)
	}
	if !first {
		k.showFault(w, r, repeated())
		return nil
	}
	// A second click makes the browser give the first request up; it must be done
	// nevertheless, for the second is not.
	lasting := r.WithContext(context.WithoutCancel(r.Context()))
	err = route.Handle(w, lasting)
	if err != nil || exchangeOf(r).status >= http.StatusBadRequest {
		if forgotten := k.config.Sent.Forget(context.WithoutCancel(r.Context()), caller, digest); forgotten != nil {
			k.config.Log.WarnContext(r.Context(), "a form that was refused stays claimed", "requestId", RequestID(r), "error", forgotten)
		}
	}
	return err
}

// digestOf recognises what was sent, or returns "" for what may be sent twice:
// requests without a key, outside a session, and to routes that say so.
func (k *Kit) digestOf(route Route, r *http.Request) (string, error) {
	if k.config.Sent.Claim == nil || r.Method != http.MethodPost || route.Repeatable || CallerOf(r).Session == "" {
		return "", nil
	}
	if err := parseForm(r); err != nil {
		return "", err
	}
	if len(r.PostForm.Get(formKey)) < len(rand.Text()) {
		return "", nil
	}
	// With the answers in it, a form that was changed after going back is another one.
	sum := sha256.Sum256([]byte(r.URL.Path + "\x00" + r.PostForm.Encode()))
	return hex.EncodeToString(sum[:]), nil
}
