package people

import (
	"net/url"

	"cardinal/internal/account"
)

// queryOf is the filter of the users' list, as its forms carry it.
func queryOf(values url.Values) account.UserQuery {
	return account.UserQuery{Text: values.Get("q")}
}
