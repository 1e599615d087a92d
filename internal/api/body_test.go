package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cardinal"
)

// everything has a field of each type that bodies have.
type everything struct {
	Name string           `json:"name"`
	PIN  hidden           `json:"pin,omitzero"`
	Text field[string]    `json:"text,omitzero"`
	Size field[int]       `json:"size,omitzero"`
	Flag field[bool]      `json:"flag,omitzero"`
	List field[[]string]  `json:"list,omitzero"`
	Time field[time.Time] `json:"time,omitzero"`
	Raw  json.RawMessage  `json:"raw,omitzero"`
}

func decodeEverything(text string) (everything, error) {
	var into everything
	err := membersOf(reflect.TypeFor[everything]()).decode([]byte(text), reflect.ValueOf(&into).Elem(), nil)
	return into, err
}

func TestDecode(t *testing.T) {
	got, err := decodeEverything(` {"name":"a","pin":"1234","text":null,"size":7,"list":["x","y"],"time":"2026-03-02T13:00:00+01:00","raw":{"a":[1,{"a":2}]}} `)
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "a" || got.PIN.Reveal() != "1234" || !got.Text.given || !got.Text.null || got.Size.value != 7 || got.Flag.given ||
		!slices.Equal(got.List.value, []string{"x", "y"}) || got.Time.value.UTC().Hour() != 12 || string(got.Raw) != `{"a":[1,{"a":2}]}` {
		t.Errorf("decoded %+v", got)
	}
	if text := fmt.Sprintf("%v %+v %#v", got, got, got); strings.Contains(text, "1234") {
		t.Errorf("it prints %s", text)
	}
}

func TestDecodeTellsNamesFromValues(t *testing.T) {
	for _, text := range []string{
		`{"name":"pin","pin":"name"}`, `{"name":"name","text":"name","list":["name","name","x","x"]}`,
		`{"name":"a","raw":{"x":"y","y":"x"}}`, `{"name":"a","raw":[{"x":1},{"x":1}]}`, `{"raw":{"name":{"name":[]}},"name":"raw"}`,
	} {
		if _, err := decodeEverything(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{
		`{"name":"a","raw":{"x":{"z":1},"x":2}}`, `{"name":"a","raw":[[{"x":[],"y":{},"x":1}]]}`, `{"raw":{},"name":"a","raw":{}}`,
	} {
		if _, err := decodeEverything(text); cardinal.CodeOf(err) != cardinal.CodeMalformed {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestDecodeSaysWhatFieldsTake(t *testing.T) {
	_, err := decodeEverything(`{"name":null,"pin":1234,"text":{},"size":"7","flag":0,"list":"x","time":"noon","more":1}`)
	var e *cardinal.Error
	if !errors.As(err, &e) || e.Code != cardinal.CodeInvalid {
		t.Fatalf("%v", err)
	}
	var got []string
	for _, v := range e.Violations {
		got = append(got, v.Field+": "+v.Message)
	}
	want := []string{
		"name: This field is required.", "pin: This field takes a text.", "text: This field takes a text.", "size: This field takes a whole number.",
		"flag: This field takes true or false.", "list: This field takes an array of texts.",
		"time: This field takes a time as in RFC 3339, for example 2026-03-02T12:00:00Z.",
		": There is an unknown field in the body. Known are: name, pin, text, size, flag, list, time, raw.",
	}
	if !slices.Equal(got, want) {
		t.Errorf("violations:\n%s", strings.Join(got, "\n"))
	}
}

// FuzzDecode holds that errors repeat nothing of what was sent, that what is
// refused is refused by encoding/json too or for a reason of ours, and that what
// is taken is what encoding/json takes.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"name":"anna"}`, `{"name":"a","name":"b"}`, `{"Name":"a"}`, `{"name":"a","raw":[{"x":1,"x":2}]}`, `[1]`, `null`, `{"name":"a"}x`,
		`{"name":"a","time":"2026-03-02T12:00:00Z"}`, `{"n\u0061me":"a"}`, `{"name":"\ud800"}`, "{\"name\":\"\xff\"}", `{"name":"a","size":1e3}`,
		`{"name":"a","flag":true,"list":["x"],"pin":"1234","text":null}`, `{"a":{"b":{"b":[]}},"name":"a"}`,
	} {
		f.Add(seed, "canary")
	}
	f.Fuzz(func(t *testing.T, text, marker string) {
		plain, err := decodeEverything(text)
		marked := strings.ReplaceAll(text, "anna", marker+"⟪"+marker)
		_, markedErr := decodeEverything(marked)
		for _, err := range []error{err, markedErr} {
			if err == nil {
				continue
			}
			var e *cardinal.Error
			if !errors.As(err, &e) || e.Code != cardinal.CodeMalformed && e.Code != cardinal.CodeInvalid {
				t.Fatalf("refused with %v", err)
			}
			if strings.Contains(fmt.Sprint(e, e.Violations), "⟪") {
				t.Fatalf("%q is repeated: %v", marked, err)
			}
		}
		if err != nil {
			return
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &object); err != nil {
			t.Fatalf("taken, but %v: %q", err, text)
		}
		var name string
		if err := json.Unmarshal(object["name"], &name); err != nil || name != plain.Name {
			t.Fatalf("name is %q, not %q (%v)", plain.Name, name, err)
		}
		for key := range object {
			if !slices.Contains(membersOf(reflect.TypeFor[everything]()).names(), key) {
				t.Fatalf("the unknown %q was taken", key)
			}
		}
	})
}

func FuzzMatch(f *testing.F) {
	for _, seed := range []string{`*`, `"7"`, `W/"7"`, `""`, `"`, `"a","b"`, ` "3-4" `, `7`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var m match
		err := m.UnmarshalText([]byte(text))
		if trimmed := strings.TrimSpace(text); err == nil && m == "" && trimmed != "*" {
			t.Fatalf("%q matches whatever is there", text)
		}
		if r := m.revision(); r < -1 || r == 0 && m != "" {
			t.Fatalf("%q is revision %d", text, r)
		}
	})
}
