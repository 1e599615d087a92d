package people_test

import (
	"encoding/json"
	"testing"

	"cardinal"
	"cardinal/internal/directory/people"
)

func TestReportHasTheShapeOfTheAPI(t *testing.T) {
	report := people.Report{ID: "7", State: "done"}
	report.Add(people.LineResult{Line: 2, Username: "anna", Result: people.Created})
	report.Add(people.LineResult{Line: 3, Username: "bert", Result: people.Updated})
	report.Add(people.LineResult{Line: 4, Username: "bert", Result: people.Unchanged})
	refused := people.Person{Line: 5, Username: "carl", PIN: people.SetTo(cardinal.NewPIN("9305"))}
	report.Add(refused.Refuse([]cardinal.Violation{{Code: cardinal.ViolationCommon, Field: "pin", Message: "Choose another."}}))
	report.Add(people.LineResult{Line: 6, Result: people.Refused})
	got, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"id":"7","state":"done","totals":{"created":1,"updated":1,"unchanged":1,"refused":2},"lines":[` +
		`{"line":2,"username":"anna","result":"created","reasons":[]},` +
		`{"line":3,"username":"bert","result":"updated","reasons":[]},` +
		`{"line":4,"username":"bert","result":"unchanged","reasons":[]},` +
		`{"line":5,"username":"carl","result":"refused","reasons":[{"code":"common","field":"pin","message":"Choose another."}]},` +
		`{"line":6,"username":"","result":"refused","reasons":[]}]}`
	if string(got) != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	if n := report.Totals.Lines(); n != 5 {
		t.Errorf("%d lines counted", n)
	}
}
