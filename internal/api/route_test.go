package api

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"cardinal"
)

func TestRoutesAreDeclared(t *testing.T) {
	whole := route{method: http.MethodPost, path: "/x", permission: cardinal.PermReadUsers, status: 200, id: "x", tag: "X", summary: "Do x"}
	handle := func(context.Context, cardinal.Caller, struct{}) (nothing, error) { return nothing{}, nil }
	if err := call(whole, handle).check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*route){
		"permission": func(r *route) { r.permission = "" },
		"anybody":    func(r *route) { r.permission = cardinal.PermNone },
		"status":     func(r *route) { r.status = 0 },
		"id":         func(r *route) { r.id = "" },
		"summary":    func(r *route) { r.summary = "" },
		"handler":    func(r *route) { r.prepare = nil },
		"repeats":    func(r *route) { r.method, r.once = http.MethodPut, true },
	} {
		r := call(whole, handle)
		spoil(&r)
		if r.check() == nil {
			t.Errorf("%s: nothing is missed", name)
		}
	}
}

// TestTable holds what every line of the table has to be.
func TestTable(t *testing.T) {
	reads := map[string]bool{"searchUsers": true, "checkPin": true, "signIn": true, "previewEmailTemplate": true, "planBulkAction": true}
	for _, r := range (&server{}).routes() {
		if err := r.check(); err != nil {
			t.Error(err)
		}
		if r.method == http.MethodPost && r.once == reads[r.id] {
			t.Errorf("%s: whether it takes an Idempotency-Key is %t", r.id, r.once)
		}
		for _, p := range r.in.parameters {
			if p.place == inPath && !strings.Contains(r.path, "{"+p.name+"}") {
				t.Errorf("%s: parameter %s is not in the path", r.id, p.name)
			}
			if p.field.Type.Kind().String() == "int" && (p.bound("minimum") >= p.bound("maximum") || p.field.Tag.Get("default") == "") {
				t.Errorf("%s: parameter %s has no range or no default", r.id, p.name)
			}
		}
		for segment := range strings.SplitSeq(r.path, "/") {
			if name, is := strings.CutPrefix(segment, "{"); is && !r.hasPath(strings.TrimSuffix(name, "}")) {
				t.Errorf("%s: nothing takes %s from the path", r.id, segment)
			}
		}
	}
}

func (r route) hasPath(name string) bool {
	for _, p := range r.in.parameters {
		if p.place == inPath && p.name == name {
			return true
		}
	}
	return false
}

func TestNewWantsEverything(t *testing.T) {
	if _, err := New(Services{}); err == nil {
		t.Error("nothing is missed")
	}
}
