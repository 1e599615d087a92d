package api

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write openapi.json anew")

// TestDocument holds the document that is served to the one in the repository,
// so that a change of the interface is seen in review.
func TestDocument(t *testing.T) {
	doc, err := newDocument((&server{}).routes())
	if err != nil {
		t.Fatal(err)
	}
	text, err := documentText(doc)
	if err != nil {
		t.Fatal(err)
	}
	const golden = "openapi.json"
	if *update {
		if err := os.WriteFile(golden, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, text) {
		t.Errorf("%s is not what the routes say; if that is meant, run: go generate ./internal/api", golden)
	}
}
