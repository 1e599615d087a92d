package people_test

import (
	"bytes"
	"errors"
	"testing"

	"cardinal"
	"cardinal/internal/directory/people"
)

func TestReportAsFile(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	w := people.NewReportWriter(&file)
	for _, l := range []people.LineResult{
		{Line: 2, Username: "anna", Result: people.Created},
		{Line: 3, Username: "+x", Result: people.Refused, Reasons: []cardinal.Violation{
			{Code: cardinal.ViolationTaken, Field: "primaryCardNumber", Message: "Taken, by another."}, {Code: cardinal.ViolationInvalid, Message: "No address."},
		}},
	} {
		if err := w.Write(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "Line,Username,Result,Reasons,Codes\n2,anna,created,,\n3,'+x,refused,\"Taken, by another. No address.\",taken invalid\n"
	if file.String() != want {
		t.Errorf("%q, want %q", file.String(), want)
	}
	var empty bytes.Buffer
	if err := people.NewReportWriter(&empty).Flush(); err != nil || empty.String() != "Line,Username,Result,Reasons,Codes\n" {
		t.Errorf("an empty report: %q, %v", empty.String(), err)
	}
	if err := people.NewReportWriter(full{}).Flush(); !errors.Is(err, errFull) {
		t.Errorf("a disk that is full: %v", err)
	}
}

var errFull = errors.New("no space left on device")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
