package browser

import (
	"net/http"
	"strings"

	"cardinal"
	"cardinal/internal/auth"
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

// session signs somebody in behind the browser's back and returns their token.
func (s *stage) session(username string) string {
	s.t.Helper()
	token, err := s.app.Auth.SignIn(s.t.Context(), auth.Credentials{Username: username, Password: cardinal.NewPassword(password)}, auth.Origin{Address: "127.0.0.1"})
	s.must(err)
	return token.Reveal()
}
