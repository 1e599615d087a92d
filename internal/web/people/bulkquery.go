package people

import (
	"net/url"

	"cardinal"
	"cardinal/internal/account"
)

// queryOf is the filter of the users' list, as its forms carry it. What it does
// not know narrows nothing, and so must not pass: more users would be selected
// than were meant.
func queryOf(values url.Values) (account.UserQuery, error) {
	for _, name := range []string{"filter", "source", "role"} {
		if values.Get(name) != "" {
			return account.UserQuery{}, cardinal.Invalid(name, "This filter is not known. Select the users in their list.")
		}
	}
	return account.UserQuery{Text: values.Get("q")}, nil
}
