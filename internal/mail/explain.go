package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"syscall"

	"cardinal"
)

// Explain says in plain words what went wrong and what to do next. Of errors
// that are not of this package it says only that sending failed.
func Explain(err error) cardinal.Sentence {
	f, ok := errors.AsType[*Failure](err)
	switch {
	case !ok:
		return cardinal.Say("The message could not be sent.")
	case errors.Is(f.cause, context.Canceled):
		return cardinal.Say("Sending was interrupted.")
	}
	switch f.Stage {
	case StageSettings:
		if e := f.refusalOf(); e != nil {
			return e.Sentence()
		}
		return cardinal.Say("These settings cannot work. Check the name of the server.")
	case StageResolve, StageConnect:
		return f.explainReach()
	case StageTLS:
		return f.explainTLS()
	case StageGreeting:
		return f.explainGreeting()
	case StageToken, StageAuthenticate:
		return f.explainSignIn()
	case StageSender, StageRecipient:
		return f.explainAddress()
	}
	return f.explainMessage()
}

func (f *Failure) explainReach() cardinal.Sentence {
	dns, found := errors.AsType[*net.DNSError](f.cause)
	switch {
	case found && dns.IsNotFound:
		return cardinal.Say("The name %s was not found. Check how it is written.", f.host)
	case found:
		return cardinal.Say("Nobody could say where %s is. Check the name service of this machine, or try again later.", f.host)
	case errors.Is(f.cause, syscall.ECONNREFUSED):
		return cardinal.Say("%s refused the connection. Check the port, and whether the mail server runs.", f.host)
	case isTimeout(f.cause):
		return cardinal.Say("%s did not answer in time. Check name and port, and whether a firewall is between.", f.host)
	}
	return cardinal.Say("%s cannot be reached. Check name and port, and the network of this machine.", f.host)
}

func (f *Failure) explainTLS() cardinal.Sentence {
	wrongName, isName := errors.AsType[x509.HostnameError](f.cause)
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](f.cause)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](f.cause)
	_, noTLS := errors.AsType[tls.RecordHeaderError](f.cause)
	switch {
	case errors.Is(f.cause, errNoStartTLS):
		return cardinal.Say("%s offers no STARTTLS on this port. Choose TLS with port 465, or ask who runs the server.", f.host)
	case isName && wrongName.Certificate != nil:
		return cardinal.Say("The certificate of the server is not valid for %s. Use the name that stands in the certificate.", f.host)
	case isInvalid && invalid.Reason == x509.Expired:
		return cardinal.Say("The certificate of %s has expired, or the clock of this machine is wrong.", f.host)
	case unknown:
		return cardinal.Say("The certificate of %s comes from an authority that this machine does not know. Install the authority's certificate on this machine.", f.host)
	case isCertificate(f.cause):
		return cardinal.Say("The certificate of %s is not valid. Ask who runs the server.", f.host)
	case noTLS:
		return cardinal.Say("%s does not begin with TLS on this port. Choose STARTTLS, or port 465.", f.host)
	case f.Answer != "":
		return cardinal.Say("%s refused to change to TLS. It said: %s", f.host, f.Answer)
	case isTimeout(f.cause):
		return cardinal.Say("%s did not answer in time while TLS began. Check port and security: TLS usually has port 465, STARTTLS 587.", f.host)
	}
	return cardinal.Say("The connection to %s broke while TLS began. Check port and security: TLS usually has port 465, STARTTLS 587.", f.host)
}

func (f *Failure) explainGreeting() cardinal.Sentence {
	switch {
	case f.Code != 0:
		return cardinal.Say("%s takes no mail from this machine now. It said: %s", f.host, f.Answer)
	case f.Answer != "":
		return cardinal.Say("%s does not speak SMTP on this port. Check the port.", f.host)
	case isTimeout(f.cause):
		return cardinal.Say("%s did not greet in time. If the port is 465, choose TLS.", f.host)
	}
	return cardinal.Say("%s hung up before it greeted. Check port and security.", f.host)
}

func (f *Failure) explainSignIn() cardinal.Sentence {
	token := f.Stage == StageToken
	switch {
	case errors.Is(f.cause, errNotOffered):
		return cardinal.Say("%s does not offer this method of signing in. Choose another one.", f.host)
	case token && f.Code != 0 && f.Temporary:
		return cardinal.Say("The token service is out of order. Try again later. It said: %s", f.Answer)
	case token && f.Code != 0:
		return cardinal.Say("The token service gave no token. Allow access once more there and enter the new refresh token; check client ID and secret. It said: %s", f.Answer)
	case token && isCertificate(f.cause):
		return cardinal.Say("The certificate of the token service is not valid on this machine. Check the address.")
	case token:
		return cardinal.Say("The token service cannot be reached. Check its address, and the network of this machine.")
	case errors.Is(f.cause, errTooCostly):
		return cardinal.Say("%s asks for too much computing in SCRAM. Choose another method.", f.host)
	case f.Code != 0 && f.Temporary:
		return cardinal.Say("%s cannot check the password now. Try again later. It said: %s", f.host, f.Answer)
	case f.Code != 0:
		return cardinal.Say("%s refused to let us in. Check username, password and method. It said: %s", f.host, f.Answer)
	}
	return f.explainLost()
}

func (f *Failure) explainAddress() cardinal.Sentence {
	sender := f.Stage == StageSender
	switch {
	case errors.Is(f.cause, errNotInternational):
		return cardinal.Say("%s does not take e-mail addresses in this script. Use an address of Latin letters, or another server.", f.host)
	case f.Code == 0 && f.Answer == "" && f.Dropped:
		return f.explainLost()
	case f.Code == 0 && sender:
		return cardinal.Say("The sender or the reply-to address is not one plain e-mail address. Correct it.")
	case f.Code == 0:
		return cardinal.Say("The recipient is not one plain e-mail address. Correct it.")
	case sender && f.Temporary:
		return cardinal.Say("%s does not take mail from this sender now. It said: %s", f.host, f.Answer)
	case sender:
		return cardinal.Say("%s refused the sender. Use an address that this account may send from. It said: %s", f.host, f.Answer)
	case f.Temporary:
		return cardinal.Say("%s does not take mail for this recipient now. It said: %s", f.host, f.Answer)
	}
	return cardinal.Say("%s refused the recipient. Check the address. It said: %s", f.host, f.Answer)
}

func (f *Failure) explainMessage() cardinal.Sentence {
	switch {
	case f.MaybeTaken:
		return cardinal.Say("%s went silent after the whole message. It may have taken it; trying again may make a second copy.", f.host)
	case f.Code != 0 && f.Temporary:
		return cardinal.Say("%s does not take the message now. It said: %s", f.host, f.Answer)
	case f.Code != 0:
		return cardinal.Say("%s refused the message. It said: %s", f.host, f.Answer)
	case f.Dropped:
		return f.explainLost()
	}
	return cardinal.Say("The message lacks a proper Message-ID or a date.")
}

func (f *Failure) explainLost() cardinal.Sentence {
	if isTimeout(f.cause) {
		return cardinal.Say("%s stopped answering. Try again later.", f.host)
	}
	return cardinal.Say("%s broke the connection off. Try again later.", f.host)
}

func isTimeout(err error) bool {
	n, ok := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || ok && n.Timeout()
}

// isCertificate reports whether somebody must do something about a certificate.
func isCertificate(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// isNetwork reports whether an error is one of the network, whose text has no
// words of the other side in it.
func isNetwork(err error) bool {
	_, network := errors.AsType[net.Error](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	return network || record || isCertificate(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errTooLong)
}
