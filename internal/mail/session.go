package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// Session is an open connection to a server, signed in, over which several
// messages go one after the other. It is for one goroutine at a time.
type Session struct {
	server  Server
	host    string   // in ASCII
	wire    net.Conn // below TLS; closing it ends whatever waits
	client  *smtp.Client
	dropped bool
	black   blackener
}

// Dial connects, changes to TLS and signs in, as the settings say. When ctx
// ends, it returns at once; a session that it returned lives on. Errors are
// *Failure.
func Dial(ctx context.Context, server Server) (*Session, error) {
	if err := server.Validate(); err != nil {
		return nil, settingsFailure(err)
	}
	s := &Session{server: server.orDefaults()}
	s.black = s.black.knows(server.Password.Secret, server.OAuth.ClientSecret.Secret, server.OAuth.RefreshToken.Secret)
	if err := s.connect(ctx); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{s.greet, s.secure, s.authenticate} {
		if err := step(ctx); err != nil {
			s.end()
			return nil, err
		}
	}
	return s, nil
}

// Send sends one message through a session of its own, and returns the
// server's last answer, in the form of Failure.Answer. Errors are *Failure.
func Send(ctx context.Context, server Server, m Message) (answer string, err error) {
	if _, err := compose(m); err != nil {
		return "", err // nobody is called for a message that cannot be sent
	}
	s, err := Dial(ctx, server)
	if err != nil {
		return "", err
	}
	defer s.Close() //nolint:contextcheck // a goodbye has its own time, and is not cut short with what came before
	return s.Send(ctx, m)
}

// Check does everything that comes before a message: it finds the server,
// connects, and signs in. Errors are *Failure.
func Check(ctx context.Context, server Server) error {
	s, err := Dial(ctx, server)
	if err != nil {
		return err
	}
	s.Close() //nolint:contextcheck // as in Send
	return nil
}

// Dropped reports whether the connection is gone, so that the next message
// needs a new session. A refused message does not end a session.
func (s *Session) Dropped() bool { return s.dropped }

// Close says goodbye, for which it waits two seconds at most, and ends the
// connection. It may be called twice.
func (s *Session) Close() {
	if !s.dropped {
		s.dropped = true
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		stop := context.AfterFunc(ctx, s.end)
		defer stop()
		_ = s.client.Quit() // whatever it answers, there is nothing left to do
	}
	s.end()
}

func (s *Session) end() { _ = s.wire.Close() }

// step does what may wait for the server, until it is done, ctx ends or the
// limit is over.
func (s *Session) step(ctx context.Context, stage Stage, limit time.Duration, do func(context.Context) error) error {
	return s.stepBlack(ctx, stage, limit, &s.black, do)
}

func (s *Session) stepBlack(ctx context.Context, stage Stage, limit time.Duration, b *blackener, do func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	stop := context.AfterFunc(limited, s.end)
	err := do(limited)
	if over := !stop(); over {
		s.dropped = true
		if answer := (*textproto.Error)(nil); err != nil && !errors.As(err, &answer) {
			err = limited.Err() // and not that of the connection, which was only closed for it
		}
	}
	if err == nil {
		return nil
	}
	return s.failed(stage, err, *b)
}

func (s *Session) connect(ctx context.Context) error {
	host, err := asciiHost(s.server.Host)
	if err != nil {
		return settingsFailure(err)
	}
	s.host = host
	dialer := net.Dialer{Timeout: s.server.Limits.Connect}
	c, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(s.server.Port)))
	if err == nil {
		s.wire = &wire{Conn: c, left: mostAnswer}
		return nil
	}
	stage := StageConnect
	if _, unknown := errors.AsType[*net.DNSError](err); unknown {
		stage = StageResolve
	}
	return s.failed(stage, err, s.black)
}

func (s *Session) greet(ctx context.Context) error {
	conn := s.wire
	if s.server.Security == TLS {
		secured := tls.Client(s.wire, s.tls())
		if err := s.step(ctx, StageTLS, s.server.Limits.Connect, secured.HandshakeContext); err != nil {
			return err
		}
		conn = secured
	}
	return s.step(ctx, StageGreeting, s.server.Limits.Connect, func(context.Context) (err error) {
		if s.client, err = smtp.NewClient(conn, s.host); err != nil {
			return err
		}
		return s.client.Hello(s.hello())
	})
}

// hello is the name in EHLO: an address literal where no name is known (RFC
// 5321, section 4.1.3), for "localhost" is taken for a sign of spam.
func (s *Session) hello() string {
	if s.server.Hello != "" {
		return s.server.Hello
	}
	tcp, ok := s.wire.LocalAddr().(*net.TCPAddr)
	if !ok {
		return "localhost"
	}
	if v4 := tcp.IP.To4(); v4 != nil {
		return "[" + v4.String() + "]"
	}
	return "[IPv6:" + tcp.IP.String() + "]"
}

func (s *Session) secure(ctx context.Context) error {
	if s.server.Security != StartTLS {
		return nil
	}
	return s.step(ctx, StageTLS, s.server.Limits.Command, func(context.Context) error {
		if offered, _ := s.client.Extension("STARTTLS"); !offered {
			return errNoStartTLS
		}
		return s.client.StartTLS(s.tls())
	})
}

func (s *Session) tls() *tls.Config {
	return &tls.Config{ServerName: s.host, RootCAs: s.server.Roots, MinVersion: tls.VersionTLS12}
}

// Send hands over one message and returns the server's answer to it. After a
// refusal the session goes on unless Dropped says otherwise. When ctx ends,
// the connection does. Errors are *Failure.
func (s *Session) Send(ctx context.Context, m Message) (answer string, err error) {
	l, err := compose(m)
	if err != nil {
		return "", err
	}
	if s.dropped {
		return "", &Failure{Stage: StageConnect, Temporary: true, Dropped: true, host: s.server.Host, cause: errDropped}
	}
	if international, _ := s.client.Extension("SMTPUTF8"); l.foreign && !international {
		stage := StageSender
		if l.to.foreign {
			stage = StageRecipient
		}
		f := refuse(stage, errNotInternational)
		f.host = s.server.Host
		return "", f
	}
	answer, err = s.deliver(ctx, l, s.black.wrote(m, l))
	if err != nil && !s.dropped {
		s.reset(ctx)
		if f, ok := errors.AsType[*Failure](err); ok {
			f.Dropped = s.dropped
		}
	}
	return answer, err
}

func (s *Session) deliver(ctx context.Context, l letter, b blackener) (answer string, err error) {
	limits := s.server.Limits
	s.client.SkipSMTPUTF8(!l.foreign)
	if err := s.step(ctx, StageSender, limits.Command, func(context.Context) error {
		return s.client.Mail("<" + l.from.email + ">")
	}); err != nil {
		return "", err
	}
	if err := s.step(ctx, StageRecipient, limits.Command, func(context.Context) error {
		return s.client.Rcpt("<" + l.to.email + ">")
	}); err != nil {
		return "", err
	}
	var data *smtp.DataCloser
	if err := s.stepBlack(ctx, StageContent, limits.End, &b, func(context.Context) error {
		w, err := s.client.Data()
		if err != nil {
			return err
		}
		data = w.(*smtp.DataCloser)
		if _, err = w.Write(l.content); err != nil {
			s.dropped = true // a message without its end leaves no way back to commands
		}
		return err
	}); err != nil {
		return "", err
	}
	err = s.stepBlack(ctx, StageEnd, limits.End, &b, func(context.Context) error {
		err := data.Close()
		if other := (*textproto.Error)(nil); errors.As(err, &other) && other.Code/100 == 2 {
			return nil // taken, in other words than usual
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return b.clean(fmt.Sprintf("250 %s", data.ServerResponse())), nil
}

// reset makes the server forget what it refused a part of. If it cannot, the
// session is over.
func (s *Session) reset(ctx context.Context) {
	if err := s.step(ctx, StageSender, s.server.Limits.Command, func(context.Context) error { return s.client.Reset() }); err != nil {
		s.dropped = true
	}
}

// mostAnswer is how many bytes a server may say in a row: certificates and
// lists of extensions need a small part of it.
const mostAnswer = 1 << 18

// wire ends answers that have no end, before they fill the memory.
type wire struct {
	net.Conn
	left int
}

// Read reads what is left of the allowance.
func (w *wire) Read(p []byte) (int, error) {
	if w.left <= 0 {
		return 0, errTooLong
	}
	n, err := w.Conn.Read(p[:min(len(p), w.left)])
	w.left -= n
	return n, err
}

// Write begins a new allowance.
func (w *wire) Write(p []byte) (int, error) {
	w.left = mostAnswer
	return w.Conn.Write(p)
}
