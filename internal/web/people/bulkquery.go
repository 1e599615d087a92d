package people

import (
	"net/url"

	"cardinal"
	"cardinal/internal/account"
)

// queryOf is the filter of the users' list, as its forms carry it. Package
// account refuses what it does not know.
func queryOf(values url.Values) account.UserQuery {
	return account.UserQuery{
		Text: values.Get("q"), Filter: account.UserFilter(values.Get("filter")), Source: values.Get("source"), Role: cardinal.Role(values.Get("role")),
	}
}
