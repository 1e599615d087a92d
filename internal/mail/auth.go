package mail

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail/smtp"
)

// authenticate signs in if the settings say so. A token is asked for only once
// the server has shown its certificate and that it takes tokens.
func (s *Session) authenticate(ctx context.Context) error {
	if s.server.Method == AuthNone {
		return nil
	}
	_, offered := s.client.Extension("AUTH")
	name := s.mechanism(strings.Fields(strings.ToUpper(offered)))
	if name == "" {
		return s.failed(StageAuthenticate, errNotOffered, s.black)
	}
	auth := s.sasl(name)
	if s.server.Method == AuthXOAUTH2 {
		token, err := s.token(ctx)
		if err != nil {
			return err
		}
		s.black = s.black.knows(token.Secret)
		auth = smtp.XOAuth2Auth(s.server.Username, token.Reveal())
	}
	return s.step(ctx, StageAuthenticate, s.server.Limits.Command, func(context.Context) error {
		return s.client.Auth(&dialogue{Auth: auth, black: &s.black})
	})
}

// mechanism is the name of the method among those that the server offers, or "".
func (s *Session) mechanism(offered []string) string {
	wanted := []string{strings.ToUpper(string(s.server.Method))}
	if s.server.Method == AuthSCRAM {
		wanted = []string{"SCRAM-SHA-256", "SCRAM-SHA-1"}
	}
	for _, name := range wanted {
		if slices.Contains(offered, name) {
			return name
		}
	}
	return ""
}

// sasl is the client's side of a mechanism. Validate has seen to it that no
// password goes to another machine in clear.
func (s *Session) sasl(name string) smtp.Auth {
	const unencrypted = true
	user, password := s.server.Username, s.server.Password.Reveal()
	switch name {
	case "PLAIN":
		return smtp.PlainAuth("", user, password, s.host, unencrypted)
	case "LOGIN":
		return smtp.LoginAuth(user, password, s.host, unencrypted)
	case "CRAM-MD5":
		return smtp.CRAMMD5Auth(user, password)
	case "SCRAM-SHA-1":
		return smtp.ScramSHA1Auth(user, password)
	}
	return smtp.ScramSHA256Auth(user, password)
}

// mostIterations bounds the work that a server may ask for in SCRAM, where
// 4096 to some 100,000 are usual: it cannot be stopped once it has begun.
const mostIterations = 2_000_000

// dialogue watches a mechanism: what it says must not come back in an answer,
// and what it is asked to compute has a limit.
type dialogue struct {
	smtp.Auth
	black *blackener
}

// Start begins the dialogue.
func (d *dialogue) Start(server *smtp.ServerInfo) (name string, said []byte, err error) {
	name, said, err = d.Auth.Start(server)
	*d.black = d.black.sent(said)
	return name, said, err
}

// Next answers the server.
func (d *dialogue) Next(heard []byte, more bool) ([]byte, error) {
	if more && tooCostly(heard) {
		return nil, errTooCostly
	}
	said, err := d.Auth.Next(heard, more)
	*d.black = d.black.sent(said)
	return said, err
}

func tooCostly(heard []byte) bool {
	if !bytes.HasPrefix(heard, []byte("r=")) {
		return false
	}
	for field := range bytes.SplitSeq(heard, []byte(",")) {
		if n, found := bytes.CutPrefix(field, []byte("i=")); found {
			iterations, err := strconv.Atoi(string(n))
			return err != nil || iterations < 1 || iterations > mostIterations
		}
	}
	return false
}
