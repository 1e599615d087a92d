package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"

	"cardinal"
)

// prefix stands before the path of every route.
const prefix = "/api/v1"

// route is one line of the table: what a call is, what it needs, what it takes
// and what it answers. Dispatch, permissions, decoding, the OpenAPI document and
// the walk over roles in the tests are all drawn from it.
type route struct {
	method     string
	path       string // below prefix, as net/http.ServeMux takes it
	permission cardinal.Permission
	status     int // of success
	id         string
	tag        string
	summary    string
	notes      string // more to say in the document; may be empty

	once   bool // takes an Idempotency-Key
	secret bool // the answer holds a PIN or a token
	free   bool // is not counted against the token's requests a second
	proves bool // its use case looks at the device's token itself (Caller.Proof)

	in      shape
	out     reflect.Type
	prepare func(request) (work, error)
}

// work is a request that was understood: run it to get the answer.
type work func(ctx context.Context, caller cardinal.Caller) (reply, error)

// reply is an answer on its way out. Stream, if it is set, writes the content.
type reply struct {
	status  int
	header  map[string]string
	content []byte
	stream  func(io.Writer) error
}

// handler is what a call does: one use case between two translations. In has
// fields tagged path, query and header, and perhaps a Body; Out has fields
// tagged header, and perhaps a Body: a struct, or a function that writes text.
type handler[In, Out any] func(ctx context.Context, caller cardinal.Caller, in In) (Out, error)

// call completes a route with its handler.
func call[In, Out any](r route, handle handler[In, Out]) route {
	r.in = newShape(reflect.TypeFor[In]())
	r.out = reflect.TypeFor[Out]()
	r.prepare = func(q request) (work, error) {
		var in In
		if err := r.in.bind(q, reflect.ValueOf(&in).Elem()); err != nil {
			return nil, err
		}
		return func(ctx context.Context, caller cardinal.Caller) (reply, error) {
			out, err := handle(ctx, caller, in)
			if err != nil {
				return reply{}, err
			}
			return replyOf(r.status, reflect.ValueOf(out))
		}, nil
	}
	return r
}

func (r route) check() error {
	switch {
	case r.permission == "" || r.permission == cardinal.PermNone:
		return fmt.Errorf("api: %s %s does not declare what it needs", r.method, r.path)
	case r.prepare == nil:
		return fmt.Errorf("api: %s %s has no handler", r.method, r.path)
	case r.id == "" || r.tag == "" || r.summary == "" || r.status == 0:
		return fmt.Errorf("api: %s %s is not described", r.method, r.path)
	case r.once && r.method != http.MethodPost:
		return fmt.Errorf("api: %s %s takes an Idempotency-Key and is no POST", r.method, r.path)
	}
	return nil
}

// streams reports whether the handler reads the body itself.
func (r route) streams() bool { return r.in.stream >= 0 }

// replyOf encodes what a handler answered.
func replyOf(status int, out reflect.Value) (reply, error) {
	made := reply{status: status, header: map[string]string{}}
	for i := range out.NumField() {
		field := out.Type().Field(i)
		if name := field.Tag.Get("header"); name != "" {
			if text := out.Field(i).String(); text != "" {
				made.header[name] = text
			}
			continue
		}
		if stream, ok := reflect.TypeAssert[func(io.Writer) error](out.Field(i)); ok {
			made.stream = stream
			made.header["Content-Type"] = field.Tag.Get("contentType")
			continue
		}
		content, err := json.Marshal(out.Field(i).Interface())
		if err != nil {
			return reply{}, fmt.Errorf("encode the answer: %w", err)
		}
		made.content = content
		made.header["Content-Type"] = "application/json"
	}
	return made, nil
}

// nothing is the answer 204.
type nothing struct{}

// answer is the body alone.
type answer[T any] struct{ Body T }

// tagged is a body with its entity tag, and where it was just made, its address.
type tagged[T any] struct {
	ETag     string `header:"ETag" doc:"send it back as If-Match, so that nobody else's change is overwritten"`
	Location string `header:"Location" doc:"the address of what was made; only with 201"`
	Body     T
}

// list is one page of a list.
type list[T any] struct {
	Items      []T     `json:"items" nullable:"false"`
	NextCursor *string `json:"nextCursor" doc:"the cursor of the next page; null at the end"`
}

// paged makes a page out of up to limit+1 things; cursor tells where a thing stands.
func paged[From, To any](found []From, limit int, to func(From) To, at func(From) string) answer[list[To]] {
	page := list[To]{Items: make([]To, 0, min(len(found), limit))}
	for i, f := range found {
		if i == limit {
			page.NextCursor = cursorOf(at(found[i-1])).text()
			break
		}
		page.Items = append(page.Items, to(f))
	}
	return answer[list[To]]{page}
}

// etag quotes a version as an entity tag (RFC 9110).
func etag[T int64 | string](version T) string {
	return `"` + strings.ReplaceAll(fmt.Sprint(version), `"`, "") + `"`
}
