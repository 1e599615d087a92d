package web

// History lists what was done, newest first. {{template "history"}}
type History struct {
	// About says that the list is about more than one thing, so that each line
	// must say what it was done to.
	About  bool
	Events []Happening
}

// Happening is one thing that was done: a line of a History.
type Happening struct {
	At      Instant
	What    string // a sentence
	Code    string // its stable name, for those who search for it
	About   Link   // what it was done to; without a URL its label alone is shown
	Who     string
	From    string // the network address; may be empty
	Changes []Change
}

// Change is one field as it was and as it became. An empty text means that
// nothing is told; a field that became empty has words for that.
type Change struct {
	Label string
	Was   string
	Is    string
}
