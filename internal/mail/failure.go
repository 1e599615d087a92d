package mail

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"

	"cardinal"
)

// Stage says how far an attempt came.
type Stage string

// The stages, in their order.
const (
	StageSettings     Stage = "settings"     // nothing was tried: the settings cannot work
	StageResolve      Stage = "resolve"      // the server's name was looked up
	StageConnect      Stage = "connect"      // its port was called
	StageTLS          Stage = "tls"          // STARTTLS, the handshake, the certificate
	StageGreeting     Stage = "greeting"     // its first words, and its answer to EHLO
	StageToken        Stage = "token"        // an access token was asked for
	StageAuthenticate Stage = "authenticate" // AUTH
	StageSender       Stage = "sender"       // MAIL FROM
	StageRecipient    Stage = "recipient"    // RCPT TO
	StageContent      Stage = "content"      // DATA, and the message itself
	StageEnd          Stage = "end"          // the answer to the whole message
)

// Failure is what every function here returns as its error. Neither its text
// nor what it wraps holds a password, a token or content of the message.
type Failure struct { //nolint:errname // mail.Failure says it, and says no more than once
	Stage Stage
	// Temporary tells what may succeed later just as it is (an answer 4xx,
	// trouble of the network) from what somebody must change first.
	Temporary bool
	// MaybeTaken is set when the connection was lost after the whole message
	// had gone out: the server may have it, and another try may make a second
	// copy. Nowhere else can the server have the message.
	MaybeTaken bool
	// Dropped is set when the connection is gone, for whatever reason. Without
	// it the session goes on with the next message.
	Dropped bool
	// Code is the code of the server's refusal, 0 if there was no answer.
	Code int
	// Answer is the server's last answer with its code, on one line of at most
	// 300 characters; empty if there was none.
	Answer string

	host  string
	cause error
}

// Error returns stage and answer, or stage and cause.
func (f *Failure) Error() string {
	switch {
	case f.Answer != "":
		return fmt.Sprintf("mail: %s: %s", f.Stage, f.Answer)
	case f.cause != nil:
		return fmt.Sprintf("mail: %s: %s", f.Stage, blackener{}.clean(f.cause.Error()))
	}
	return "mail: " + string(f.Stage)
}

// Unwrap returns the cause, such as context.Canceled or a
// *tls.CertificateVerificationError, or nil if the server refused in words.
func (f *Failure) Unwrap() error { return f.cause }

// What the server is not able to do, and what this side will not do.
var (
	errNoStartTLS       = errors.New("the server offers no STARTTLS")
	errNotOffered       = errors.New("the server does not offer this method")
	errNotInternational = errors.New("the server does not take addresses in this script")
	errTooLong          = errors.New("an answer without an end")
	errTooCostly        = errors.New("the server asks for too much computing")
	errDropped          = errors.New("the connection is gone")
)

// refuse is a failure found before anybody was asked: it stays until somebody
// changes something.
func refuse(stage Stage, cause error) *Failure { return &Failure{Stage: stage, cause: cause} }

// failed makes a Failure of what went wrong at a stage, and notes whether the
// connection is still good.
func (s *Session) failed(stage Stage, err error, b blackener) *Failure {
	f := &Failure{Stage: stage, host: s.server.Host}
	var answer *textproto.Error
	var garbled textproto.ProtocolError
	switch {
	case errors.As(err, &answer):
		f.Code, f.Answer = answer.Code, b.clean(fmt.Sprintf("%d %s", answer.Code, answer.Msg))
		f.Temporary = answer.Code/100 == 4
		s.dropped = s.dropped || answer.Code == 421 // RFC 5321, section 3.8: it hangs up
	case errors.Is(err, errNoStartTLS), errors.Is(err, errNotOffered), errors.Is(err, errTooCostly):
		f.cause = err
	case errors.As(err, &garbled):
		f.Answer, f.Temporary, s.dropped = b.clean(string(garbled)), true, true
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), isNetwork(err):
		f.cause, f.Temporary, s.dropped = err, !isCertificate(err), true
	default:
		f.cause, f.Temporary, s.dropped = errors.New(b.clean(err.Error())), true, true
	}
	f.MaybeTaken = stage == StageEnd && answer == nil
	f.Dropped = s.dropped
	return f
}

// settingsFailure carries the refusal of Server.Validate.
func settingsFailure(err error) *Failure { return refuse(StageSettings, err) }

// refusalOf returns the settings' refusal with its sentence, or nil.
func (f *Failure) refusalOf() *cardinal.Error {
	if e, ok := errors.AsType[*cardinal.Error](f.cause); ok {
		return e
	}
	return nil
}
