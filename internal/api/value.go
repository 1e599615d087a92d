package api

import (
	"bytes"
	"encoding/json"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cardinal"
)

// hidden is a secret in a request. It cannot be printed, and the document says
// that it is only ever written.
type hidden struct{ cardinal.Secret }

// Schema describes the secret as a text.
func (hidden) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "password", WriteOnly: true}
}

// field is a member of a body that may be absent, null, or a value: a change
// leaves alone what is absent.
type field[T any] struct {
	given bool
	null  bool
	value T
}

// wrapped is every field[T].
type wrapped interface{ wraps() reflect.Type }

func (field[T]) wraps() reflect.Type { return reflect.TypeFor[T]() }

// UnmarshalJSON takes null or a value.
func (f *field[T]) UnmarshalJSON(raw []byte) error {
	f.given = true
	if bytes.Equal(raw, []byte("null")) {
		f.null = true
		return nil
	}
	return json.Unmarshal(raw, &f.value)
}

// Schema describes the value; the member's tags say whether it may be null.
func (field[T]) Schema(r huma.Registry) *huma.Schema {
	s := *r.Schema(reflect.TypeFor[T](), true, "")
	return &s
}

// is reports whether there is a value.
func (f field[T]) is() bool { return f.given && !f.null }

// pointer returns the value, or nil if there is none.
func (f field[T]) pointer() *T {
	if !f.is() {
		return nil
	}
	return &f.value
}

// moment is a time of an answer: nil where there is none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	utc := t.UTC()
	return &utc
}

// filled returns nil for an empty text.
func filled(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
