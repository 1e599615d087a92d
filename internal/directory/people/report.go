package people

import "cardinal"

// Result is what became of one line, or in a dry run would become of it.
type Result string

// The results a line can have (spec: import).
const (
	Created   Result = "created"
	Updated   Result = "updated"
	Unchanged Result = "unchanged"
	Refused   Result = "refused"
)

// Results returns all results a line can have.
func Results() []Result { return []Result{Created, Updated, Unchanged, Refused} }

// Totals counts lines by their result.
type Totals struct {
	Created   int `json:"created"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	Refused   int `json:"refused"`
}

// Count adds one line of that result.
func (t *Totals) Count(result Result) {
	switch result {
	case Created:
		t.Created++
	case Updated:
		t.Updated++
	case Unchanged:
		t.Unchanged++
	case Refused:
		t.Refused++
	}
}

// Of returns how many lines had that result.
func (t Totals) Of(result Result) int {
	switch result {
	case Created:
		return t.Created
	case Updated:
		return t.Updated
	case Unchanged:
		return t.Unchanged
	case Refused:
		return t.Refused
	}
	return 0
}

// Lines returns how many lines were counted.
func (t Totals) Lines() int { return t.Created + t.Updated + t.Unchanged + t.Refused }

// LineResult is what became of one line. Reasons is empty unless the line was
// refused, and then holds every reason; none repeats what the line holds.
type LineResult struct {
	Line     int                  `json:"line"`
	Username string               `json:"username"`
	Result   Result               `json:"result"`
	Reasons  []cardinal.Violation `json:"reasons"`
}

// Refuse returns the result of a person's line that was refused for reasons.
// What is no username does not stand in it: where columns were mixed up it may
// be somebody's PIN, and reports are kept.
func (p Person) Refuse(reasons []cardinal.Violation) LineResult {
	result := LineResult{Line: p.Line, Username: p.Username, Result: Refused, Reasons: reasons}
	for _, reason := range reasons {
		if reason.Field == "username" && reason.Code != cardinal.ViolationTaken {
			result.Username = ""
		}
	}
	return result
}

// Report is an import as the API and the command line print it. State is the
// importer's word for how far it is.
type Report struct {
	ID     string       `json:"id"`
	State  string       `json:"state"`
	Totals Totals       `json:"totals"`
	Lines  []LineResult `json:"lines"`
}

// Add appends the result of a line and counts it. An absent list of reasons
// becomes an empty one, so that JSON has [] and never null.
func (r *Report) Add(line LineResult) {
	if line.Reasons == nil {
		line.Reasons = []cardinal.Violation{}
	}
	r.Totals.Count(line.Result)
	r.Lines = append(r.Lines, line)
}
