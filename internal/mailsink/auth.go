package mailsink

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // some servers offer CRAM-MD5
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // some servers offer SCRAM-SHA-1
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
)

// errRefused ends a mechanism that did not let the client in.
var errRefused = errors.New("refused")

// auth lets a mechanism find out who the client is.
func (s *session) auth(rest string) error {
	if refused, err := s.refused(Auth, ""); refused || err != nil {
		return err
	}
	name, initial, given := strings.Cut(rest, " ")
	name = strings.ToUpper(name)
	if !s.signsIn() || !slices.Contains(s.sink.options.Mechanisms, name) {
		return s.say("504 5.5.4 not this one")
	}
	first := func() (string, error) {
		if !given {
			return s.ask("")
		}
		said, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(initial, "="))
		return string(said), err
	}
	var err error
	switch name {
	case "PLAIN":
		err = s.plain(first)
	case "LOGIN":
		err = s.login()
	case "CRAM-MD5":
		err = s.cramMD5()
	case "SCRAM-SHA-1":
		err = s.scram(sha1.New, first)
	case "SCRAM-SHA-256":
		err = s.scram(sha256.New, first)
	case "XOAUTH2":
		err = s.xoauth2(first)
	}
	switch {
	case errors.Is(err, errRefused):
		return s.say("535 5.7.8 wrong username or password")
	case err != nil:
		return err
	}
	s.user = s.sink.options.Username
	return s.say("235 2.7.0 welcome")
}

// ask sends a challenge and returns the answer.
func (s *session) ask(challenge string) (string, error) {
	if err := s.say("334 " + base64.StdEncoding.EncodeToString([]byte(challenge))); err != nil {
		return "", err
	}
	line, err := s.text.ReadLine()
	if err != nil {
		return "", err
	}
	answer, err := base64.StdEncoding.DecodeString(line)
	if err != nil {
		return "", errRefused
	}
	return string(answer), nil
}

func accept(ok bool) error {
	if !ok {
		return errRefused
	}
	return nil
}

func (s *session) plain(first func() (string, error)) error {
	said, err := first()
	if err != nil {
		return err
	}
	o := s.sink.options
	return accept(said == "\x00"+o.Username+"\x00"+o.Password)
}

func (s *session) login() error {
	user, err := s.ask("Username:")
	if err != nil {
		return err
	}
	password, err := s.ask("Password:")
	if err != nil {
		return err
	}
	return accept(user == s.sink.options.Username && password == s.sink.options.Password)
}

func (s *session) cramMD5() error {
	challenge := "<" + rand.Text() + "@mailsink.test>"
	said, err := s.ask(challenge)
	if err != nil {
		return err
	}
	mac := hmac.New(md5.New, []byte(s.sink.options.Password))
	mac.Write([]byte(challenge))
	return accept(said == s.sink.options.Username+" "+hex.EncodeToString(mac.Sum(nil)))
}

// xoauth2 tells why it refuses in a challenge, as the big providers do, and
// refuses after the empty answer to that.
func (s *session) xoauth2(first func() (string, error)) error {
	said, err := first()
	if err != nil {
		return err
	}
	token, ok := strings.CutPrefix(said, "user="+s.sink.options.Username+"\x01auth=Bearer ")
	token, ended := strings.CutSuffix(token, "\x01\x01")
	if ok && ended && s.sink.options.Token != nil && s.sink.options.Token(token) {
		return nil
	}
	if _, err := s.ask(`{"status":"401","schemes":"bearer"}`); err != nil {
		return err
	}
	return errRefused
}

// scram is the server's side of RFC 5802 without channel binding.
func (s *session) scram(h func() hash.Hash, first func() (string, error)) error {
	said, err := first()
	if err != nil {
		return err
	}
	bare, ok := strings.CutPrefix(said, "n,,")
	user, nonce, found := strings.Cut(strings.TrimPrefix(bare, "n="), ",r=")
	if !ok || !found || user != strings.NewReplacer("=", "=3D", ",", "=2C").Replace(s.sink.options.Username) {
		return errRefused
	}
	const iterations = 4096
	salt := []byte(rand.Text())
	nonce += rand.Text()
	challenge := fmt.Sprintf("r=%s,s=%s,i=%d", nonce, base64.StdEncoding.EncodeToString(salt), iterations)
	final, err := s.ask(challenge)
	if err != nil {
		return err
	}
	without, proof, found := strings.Cut(final, ",p=")
	if !found || without != "c=biws,r="+nonce {
		return errRefused
	}
	salted, err := pbkdf2.Key(h, s.sink.options.Password, salt, iterations, h().Size())
	if err != nil {
		return err
	}
	whole := bare + "," + challenge + "," + without
	clientKey := keyed(h, salted, "Client Key")
	stored := h()
	stored.Write(clientKey)
	expected := keyed(h, stored.Sum(nil), whole)
	for i := range expected {
		expected[i] ^= clientKey[i]
	}
	if proof != base64.StdEncoding.EncodeToString(expected) {
		return errRefused
	}
	_, err = s.ask("v=" + base64.StdEncoding.EncodeToString(keyed(h, keyed(h, salted, "Server Key"), whole)))
	return err
}

func keyed(h func() hash.Hash, key []byte, text string) []byte {
	mac := hmac.New(h, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
