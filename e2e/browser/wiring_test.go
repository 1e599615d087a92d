package browser

import (
	"net/http"
	"strings"

	"cardinal/internal/web"
	"cardinal/internal/web/admin"
	"cardinal/internal/web/self"
)

// handler is the pages on the stage's application.
func (s *stage) handler() http.Handler {
	s.t.Helper()
	kit, err := web.New(web.Config{
		Authenticate: self.Sessions(s.app.Auth, s.app.Accounts), Key: []byte(strings.Repeat("k", 32)), Now: s.clock.Now,
	})
	s.must(err)
	own, err := self.Routes(kit, self.Services{Accounts: s.app.Accounts, Door: s.app.Door, Auth: s.app.Auth, SignIns: s.app.SignIn})
	s.must(err)
	others, err := admin.Routes(kit, admin.Services{Accounts: s.app.Accounts, Door: s.app.Door, Auth: s.app.Auth, SignIns: s.app.SignIn})
	s.must(err)
	handler, err := kit.Handler(append(own, others...)...)
	s.must(err)
	return handler
}
