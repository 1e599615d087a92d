package web

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"cardinal"
)

// fault is how one kind of error is shown.
type fault struct {
	status int
	key    string            // names the texts fault.KEY.title and fault.KEY.text
	detail cardinal.Sentence // stands in place of the text; may be zero
	retry  time.Duration
}

// faultOf is the one table from error codes to statuses and texts. What it
// does not know is internal.
func faultOf(code cardinal.Code) fault {
	switch code {
	case cardinal.CodeMalformed:
		return fault{status: http.StatusBadRequest, key: "malformed"}
	case cardinal.CodeInvalid, cardinal.CodePolicyViolation:
		return fault{status: http.StatusUnprocessableEntity, key: "invalid"}
	case cardinal.CodeUnauthenticated, cardinal.CodeSignInFailed:
		return fault{status: http.StatusUnauthorized, key: "unauthenticated"}
	case cardinal.CodeForbidden:
		return fault{status: http.StatusForbidden, key: "forbidden"}
	case cardinal.CodeNotFound:
		return fault{status: http.StatusNotFound, key: "not-found"}
	case cardinal.CodeConflict:
		return fault{status: http.StatusConflict, key: "conflict"}
	case cardinal.CodeStale:
		return fault{status: http.StatusPreconditionFailed, key: "stale"}
	case cardinal.CodeTooLarge:
		return fault{status: http.StatusRequestEntityTooLarge, key: "too-large"}
	case cardinal.CodeRateLimited:
		return fault{status: http.StatusTooManyRequests, key: "rate-limited"}
	case cardinal.CodeStorageFull:
		return fault{status: http.StatusInsufficientStorage, key: "storage-full"}
	case cardinal.CodeUnavailable:
		return fault{status: http.StatusServiceUnavailable, key: "unavailable"}
	default:
		return fault{status: http.StatusInternalServerError, key: "internal"}
	}
}

// because adds what err says for people, which an internal error never does.
func (f fault) because(err error) fault {
	var e *cardinal.Error
	if f.status != http.StatusInternalServerError && errors.As(err, &e) {
		f.detail, f.retry = e.Sentence(), e.RetryAfter
	}
	return f
}

// text is what the page says: the error's own sentence, or else that of its kind.
func (f fault) text(words *Words) string {
	if f.detail.IsZero() {
		return words.code("fault", f.key+".text", "")
	}
	return words.Sentence(f.detail)
}

// faultData is what the page of an error shows.
type faultData struct {
	Status    int
	Title     string
	Text      string
	RequestID string
	SignedIn  bool
	Back      string // the page that a form was sent from; may be empty
}

// repeated is shown for a form that was sent a second time.
func repeated() fault { return fault{status: http.StatusConflict, key: "repeated"} }

// faultPage returns the page of an error within what stands around the pages of
// whoever is signed in. Where that cannot be found out, it stands alone.
func (k *Kit) faultPage(r *http.Request) *Page[faultData] {
	alone := k.faults[LayoutSignedOut]
	if k.config.Around == nil || !SessionOf(r).SignedIn() {
		return alone
	}
	layout, nav, err := k.config.Around(r)
	page := k.faults[layout]
	if err != nil || page == nil {
		return alone
	}
	within := *page
	within.area.Nav = func(*http.Request) (Nav, error) { return nav, nil }
	return &within
}

func (k *Kit) showFault(w http.ResponseWriter, r *http.Request, f fault) {
	words := WordsOf(r)
	data := faultData{
		Status: f.status, Title: words.code("fault", f.key+".title", ""), Text: f.text(words),
		RequestID: RequestID(r), SignedIn: SessionOf(r).SignedIn(),
	}
	if f.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(f.retry.Seconds()))))
	}
	if f.key == repeated().key {
		data.Back = formPage(r)
	}
	if err := k.faultPage(r).Show(w, r, Head{Title: data.Title, Status: f.status, Narrow: true}, data); err != nil {
		k.config.Log.ErrorContext(r.Context(), "error page failed", "requestId", data.RequestID, "error", err)
		http.Error(w, data.Title, f.status)
	}
}
