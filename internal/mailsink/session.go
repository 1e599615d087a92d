package mailsink

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strings"
)

// mostBytes is how long a message may be.
const mostBytes = 10 << 20

var errOver = errors.New("the session is over")

// session is one client's connection.
type session struct {
	sink    *Sink
	wire    net.Conn
	text    *textproto.Conn
	secured bool
	greeted bool
	user    string

	from string // with its brackets; empty: no message has begun
	to   []string
	utf8 bool
}

// run speaks with the client until one of them goes.
func (s *session) run() {
	if s.sink.options.Implicit && s.handshake() != nil {
		return
	}
	s.text = textproto.NewConn(s.wire)
	if refused, err := s.refused(Connect, ""); refused || err != nil {
		return
	}
	for err := s.say("220 mailsink.test ESMTP"); err == nil; {
		var line string
		if line, err = s.text.ReadLine(); err == nil {
			err = s.obey(line)
		}
	}
}

// refused lets the fault for this moment happen: true if the client was
// refused, an error if the session is over.
func (s *session) refused(at Stage, recipient string) (bool, error) {
	f, broken := s.sink.fault(at, recipient)
	if !broken {
		return false, nil
	}
	return true, s.suffer(f)
}

// suffer lets a fault happen: an error if the session is over.
func (s *session) suffer(f Fault) error {
	switch f.Do {
	case Stall:
		s.wait()
		return errOver
	case Drop, Lose:
		return errOver
	}
	text := f.Text
	if text == "" {
		text = fmt.Sprintf("%d.0.0 not now, at %s", f.Code/100, f.At)
	}
	return s.say(fmt.Sprintf("%d %s", f.Code, text))
}

// wait keeps a stalled client waiting until it or the server goes.
func (s *session) wait() { _, _ = io.Copy(io.Discard, s.wire) }

func (s *session) say(line string) error { return s.text.PrintfLine("%s", line) }

func (s *session) handshake() error {
	if f, broken := s.sink.fault(Handshake, ""); broken {
		if f.Do == Stall {
			s.wait()
		}
		return errOver
	}
	c := tls.Server(s.wire, s.sink.options.TLS)
	if err := c.HandshakeContext(context.Background()); err != nil {
		return err
	}
	s.wire, s.secured = c, true
	return nil
}

// obey carries out one command.
func (s *session) obey(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO", "HELO":
		return s.hello(strings.EqualFold(verb, "EHLO"))
	case "STARTTLS":
		return s.startTLS()
	case "AUTH":
		return s.auth(rest)
	case "MAIL":
		return s.mail(rest)
	case "RCPT":
		return s.recipient(rest)
	case "DATA":
		return s.data()
	case "RSET":
		if refused, err := s.refused(Reset, ""); refused || err != nil {
			return err
		}
		s.reset()
		return s.say("250 2.0.0 forgotten")
	case "NOOP":
		return s.say("250 2.0.0 fine")
	case "QUIT":
		return errors.Join(s.say("221 2.0.0 bye"), errOver)
	}
	return s.say("500 5.5.2 no such command")
}

func (s *session) reset() { s.from, s.to, s.utf8 = "", nil, false }

func (s *session) hello(extended bool) error {
	if refused, err := s.refused(Hello, ""); refused || err != nil {
		return err
	}
	s.reset()
	s.greeted = true
	o := s.sink.options
	lines := []string{"mailsink.test"}
	if extended {
		lines = append(lines, "8BITMIME", fmt.Sprintf("SIZE %d", mostBytes))
		if !o.ASCIIOnly {
			lines = append(lines, "SMTPUTF8")
		}
		if o.TLS != nil && !s.secured {
			lines = append(lines, "STARTTLS")
		}
		if s.signsIn() {
			lines = append(lines, "AUTH "+strings.Join(o.Mechanisms, " "))
		}
	}
	for _, line := range lines[:len(lines)-1] {
		if err := s.say("250-" + line); err != nil {
			return err
		}
	}
	return s.say("250 " + lines[len(lines)-1])
}

// signsIn reports whether AUTH is offered: not in clear where there is TLS.
func (s *session) signsIn() bool {
	return len(s.sink.options.Mechanisms) > 0 && (s.secured || s.sink.options.TLS == nil)
}

func (s *session) startTLS() error {
	if refused, err := s.refused(StartTLS, ""); refused || err != nil {
		return err
	}
	if s.sink.options.TLS == nil || s.secured {
		return s.say("502 5.5.1 no TLS here")
	}
	if err := s.say("220 2.0.0 begin"); err != nil {
		return err
	}
	if err := s.handshake(); err != nil {
		return err
	}
	s.text = textproto.NewConn(s.wire)
	s.greeted = false
	return nil
}

func (s *session) mail(rest string) error {
	if refused, err := s.refused(Sender, ""); refused || err != nil {
		return err
	}
	from, parameters, ok := path(rest, "FROM:")
	s.utf8 = slices.Contains(parameters, "SMTPUTF8")
	switch {
	case !s.greeted:
		return s.say("503 5.5.1 say EHLO first")
	case len(s.sink.options.Mechanisms) > 0 && s.user == "":
		return s.say("530 5.7.0 sign in first")
	case s.from != "":
		return s.say("503 5.5.1 one message at a time")
	case !ok || !s.utf8 && !ascii(from):
		return s.say("501 5.1.7 not an address")
	}
	s.from = from
	return s.say("250 2.1.0 fine")
}

func (s *session) recipient(rest string) error {
	to, _, ok := path(rest, "TO:")
	if refused, err := s.refused(Recipient, strings.Trim(to, "<>")); refused || err != nil {
		return err
	}
	switch {
	case s.from == "":
		return s.say("503 5.5.1 say MAIL first")
	case !ok || to == "<>" || !s.utf8 && !ascii(to):
		return s.say("501 5.1.3 not an address")
	}
	s.to = append(s.to, strings.Trim(to, "<>"))
	return s.say("250 2.1.5 fine")
}

// path reads FROM:<a@b> PARAMETER… into the address with its brackets and the
// parameters in capitals.
func path(rest, keyword string) (address string, parameters []string, ok bool) {
	if len(rest) < len(keyword) || !strings.EqualFold(rest[:len(keyword)], keyword) {
		return "", nil, false
	}
	fields := strings.Fields(rest[len(keyword):])
	if len(fields) == 0 || !strings.HasPrefix(fields[0], "<") || !strings.HasSuffix(fields[0], ">") {
		return "", nil, false
	}
	return fields[0], strings.Fields(strings.ToUpper(strings.Join(fields[1:], " "))), true
}

func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > '~' })
}

func (s *session) data() error {
	if refused, err := s.refused(Data, ""); refused || err != nil {
		return err
	}
	if len(s.to) == 0 {
		return s.say("503 5.5.1 no recipient")
	}
	if err := s.say("354 go on, and end with a dot"); err != nil {
		return err
	}
	if refused, err := s.refused(Content, ""); refused || err != nil {
		return errOver
	}
	raw, whole, err := s.content()
	if err != nil {
		return err
	}
	if !whole {
		return s.say("552 5.3.4 too long")
	}
	got := Read(raw)
	got.From, got.To, got.User = strings.Trim(s.from, "<>"), s.to, s.user
	got.TLS, got.UTF8 = s.secured, s.utf8
	s.reset()
	return s.finish(got)
}

// finish answers the final dot.
func (s *session) finish(got Received) error {
	if f, broken := s.sink.fault(End, ""); broken {
		if f.Do == Lose {
			s.sink.keep(got)
			return errOver
		}
		return s.suffer(f)
	}
	s.sink.keep(got)
	return s.say("250 2.0.0 kept")
}

// content reads up to the final dot, as the lines are, with CRLF. It is false
// if the message was too long to be kept.
func (s *session) content() (raw []byte, whole bool, err error) {
	for {
		line, err := s.line()
		switch {
		case err != nil:
			return nil, false, err
		case string(line) == ".\r\n":
			return raw, len(raw) <= mostBytes, nil
		case len(raw) > mostBytes:
			continue
		}
		raw = append(raw, strings.TrimPrefix(string(line), ".")...)
	}
}

// line reads a line with its end. Lines that are too long for the buffer come
// in pieces, which the message then holds together again.
func (s *session) line() ([]byte, error) {
	line, err := s.text.R.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return line, nil
	}
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	return line, err
}
