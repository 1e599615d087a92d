package api

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzRepeatsFlat: what is quickly told of an object is what the walk over it tells.
func FuzzRepeatsFlat(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"a":1,"b":"x"}`, `{"a":1,"a":2}`, ` { "a" : "b" , "b" : "a" } `, `{"a":"a:","b":":"}`, `{"a":{"a":1}}`, `{"a":[1]}`, `"a"`, `7`,
		`{"\u0061":1,"a":2}`, `{"a":"{","b":1}`, `{"":1,"":2}`, `{"a":null,"b":true,"a":false}`, `{"a":"","b":""}`,
		`{"1":1,"2":1,"3":1,"4":1,"5":1,"6":1,"7":1,"8":1,"9":1,"10":1,"11":1,"12":1,"13":1,"14":1,"15":1,"16":1,"17":1,"1":1}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) {
			return
		}
		repeats, flat := repeatsFlat(text)
		if want := repeatsName(json.NewDecoder(bytes.NewReader(text))); flat && repeats != want {
			t.Errorf("%q repeats a name: %t, want %t", text, repeats, want)
		}
	})
}
