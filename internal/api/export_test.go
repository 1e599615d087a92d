package api

import "cardinal"

// Line is a route as the tests walk over it.
type Line struct {
	Method     string
	Path       string // from /api/v1 on
	Permission cardinal.Permission
	Once       bool
	Secret     bool
}

// Lines returns the whole table.
func Lines() []Line {
	table := (&server{}).routes()
	lines := make([]Line, len(table))
	for i, r := range table {
		lines[i] = Line{r.method, prefix + r.path, r.permission, r.once, r.secret}
	}
	return lines
}
