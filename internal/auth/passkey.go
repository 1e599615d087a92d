package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/store"
)

// Site is where a browser sees Cardinal: passkeys belong to one host (the
// relying party's ID of WebAuthn), and answer for one origin.
type Site struct {
	Host   string `json:"host"`
	Origin string `json:"origin"`
}

// SiteOf makes a Site of the Host header of a request and whether it came over
// TLS. Browsers have passkeys for names under TLS and for localhost alone; for
// anything else the error, of CodeInvalid, says so. The header can be trusted
// for this: the session's cookie came with it, so it names the host that the
// browser itself believes to speak to.
func SiteOf(hostport string, encrypted bool) (Site, error) {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	host = strings.ToLower(host)
	here := host == "localhost" || strings.HasSuffix(host, ".localhost")
	switch {
	case net.ParseIP(strings.Trim(host, "[]")) != nil || protocol.ValidateRPID(host) != nil:
		return Site{}, cardinal.Errorf(cardinal.CodeInvalid, "Passkeys need an address with a name, such as https://cardinal.example.com, and not an IP address.")
	case encrypted:
		return Site{host, "https://" + strings.ToLower(hostport)}, nil
	case here:
		return Site{host, "http://" + strings.ToLower(hostport)}, nil
	}
	return Site{}, cardinal.Errorf(cardinal.CodeInvalid, "Passkeys work over an https address only. Ask whoever runs this server for one.")
}

// The purposes of challenges.
const (
	purposeRegister = "register"
	purposeUse      = "use"
)

// challenge is what is kept of a ceremony until the browser answers.
type challenge struct {
	Site    Site                 `json:"site"`
	Session webauthn.SessionData `json:"session"`
}

// passkeyUser is a user as the WebAuthn library wants to see one.
type passkeyUser struct {
	cardinal.User
	credentials []webauthn.Credential
	ids         map[string]string // our identifiers, by the browser's
}

// WebAuthnID is the handle that authenticators keep: nothing that names the person.
func (u passkeyUser) WebAuthnID() []byte { return []byte(u.ID) }

// WebAuthnName is what the browser's dialog shows.
func (u passkeyUser) WebAuthnName() string { return u.Username }

// WebAuthnDisplayName is what the browser's dialog shows besides.
func (u passkeyUser) WebAuthnDisplayName() string {
	if u.FullName != "" {
		return u.FullName
	}
	return u.Username
}

// WebAuthnCredentials are the passkeys that may answer.
func (u passkeyUser) WebAuthnCredentials() []webauthn.Credential { return u.credentials }

// loadPasskeys reads a user with those passkeys that work at a host.
func loadPasskeys(ctx context.Context, tx *store.Tx, user cardinal.User, host string) (passkeyUser, error) {
	u := passkeyUser{User: user, ids: map[string]string{}}
	keys, err := tx.Passkeys(ctx, user)
	if err != nil {
		return u, err
	}
	for _, key := range keys {
		if key.Host != host {
			continue
		}
		var credential webauthn.Credential
		if err := json.Unmarshal([]byte(key.Record), &credential); err != nil {
			return u, fmt.Errorf("read passkey: %w", err)
		}
		u.credentials = append(u.credentials, credential)
		u.ids[string(credential.ID)] = key.ID
	}
	return u, nil
}

func library(site Site) (*webauthn.WebAuthn, error) {
	made, err := webauthn.New(&webauthn.Config{
		RPID: site.Host, RPDisplayName: "Cardinal", RPOrigins: []string{site.Origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementDiscouraged, UserVerification: protocol.VerificationPreferred,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys at this address: %w", err)
	}
	return made, nil
}

// BeginPasskey makes the options, as JSON, with which the browser is to make a
// passkey for the caller, and keeps the challenge for WaitingLife.
func (s *Service) BeginPasskey(ctx context.Context, caller cardinal.Caller, site Site) ([]byte, error) {
	if err := mayEnrol(caller); err != nil {
		return nil, err
	}
	var options []byte
	err := s.change(ctx, caller, func(tx *store.Tx, user cardinal.User) error {
		person, err := loadPasskeys(ctx, tx, user, site.Host)
		if err != nil {
			return err
		}
		lib, err := library(site)
		if err != nil {
			return err
		}
		var known []protocol.CredentialDescriptor
		for _, credential := range person.credentials {
			known = append(known, credential.Descriptor())
		}
		creation, session, err := lib.BeginRegistration(person, webauthn.WithExclusions(known))
		if err != nil {
			return fmt.Errorf("begin a passkey: %w", err)
		}
		options, err = keepChallenge(ctx, tx, user, asked{sessionOwner(caller), purposeRegister, challenge{site, *session}, creation.Response})
		return err
	})
	if err != nil {
		return nil, err
	}
	return options, nil
}

// asked is a ceremony that begins.
type asked struct {
	owner, purpose string
	challenge      challenge
	options        any // for the browser
}

func keepChallenge(ctx context.Context, tx *store.Tx, user cardinal.User, a asked) ([]byte, error) {
	data, err := json.Marshal(a.challenge)
	if err != nil {
		return nil, fmt.Errorf("keep challenge: %w", err)
	}
	if err := tx.PutPasskeyChallenge(ctx, user, store.PasskeyChallenge{Owner: a.owner, Purpose: a.purpose, Data: string(data)}); err != nil {
		return nil, err
	}
	options, err := json.Marshal(a.options)
	if err != nil {
		return nil, fmt.Errorf("write options: %w", err)
	}
	return options, nil
}

// takeChallenge returns the challenge that an owner was asked at a site, and
// uses it up; CodeNotFound if there is none, or it is too old.
func takeChallenge(ctx context.Context, tx *store.Tx, owner, purpose string, site Site) (webauthn.SessionData, error) {
	kept, err := tx.TakePasskeyChallenge(ctx, owner)
	if err != nil {
		return webauthn.SessionData{}, err
	}
	var c challenge
	if err := json.Unmarshal([]byte(kept.Data), &c); err != nil {
		return webauthn.SessionData{}, fmt.Errorf("read challenge: %w", err)
	}
	if kept.Purpose != purpose || c.Site != site || tx.Now().Sub(kept.CreatedAt) > WaitingLife {
		return webauthn.SessionData{}, cardinal.Errorf(cardinal.CodeNotFound, "There is no such challenge.")
	}
	return c.Session, nil
}

// PasskeyNameMaxLength is how many characters the name of a passkey may have.
const PasskeyNameMaxLength = 60

// AddPasskey makes the passkey that the browser has made the caller's own, under
// a name of 1 to 60 characters. It returns the first recovery codes, or none if
// the caller has some already.
func (s *Service) AddPasskey(ctx context.Context, caller cardinal.Caller, site Site, name string, answer []byte) ([]cardinal.Token, error) {
	if err := mayEnrol(caller); err != nil {
		return nil, err
	}
	name = strings.TrimSpace(name)
	if name == "" || len([]rune(name)) > PasskeyNameMaxLength || !cardinal.CleanText(name) {
		return nil, cardinal.Invalid("name", "Give the passkey a name of 1 to 60 characters, such as the device it is on.")
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, passkeyFailed()
	}
	var codes []cardinal.Token
	err = s.change(ctx, caller, func(tx *store.Tx, user cardinal.User) error {
		key, err := register(ctx, tx, user, sessionOwner(caller), site, parsed)
		if err != nil {
			return err
		}
		key.ID, key.Name = tx.NewID(), name
		if err := tx.AddPasskey(ctx, user, key); err != nil {
			return err
		}
		if codes, err = firstCodes(ctx, tx, user); err != nil {
			return err
		}
		return recordFactor(tx, caller, "second-factor.added", user.Username, audit.Fields{"kind": "passkey", "name": name})
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// register checks the browser's answer against the challenge.
func register(ctx context.Context, tx *store.Tx, user cardinal.User, owner string, site Site, parsed *protocol.ParsedCredentialCreationData) (store.Passkey, error) {
	session, err := takeChallenge(ctx, tx, owner, purposeRegister, site)
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return store.Passkey{}, passkeyFailed()
	}
	if err != nil {
		return store.Passkey{}, err
	}
	lib, err := library(site)
	if err != nil {
		return store.Passkey{}, err
	}
	credential, err := lib.CreateCredential(passkeyUser{User: user}, session, parsed)
	if err != nil {
		return store.Passkey{}, passkeyFailed().Because(err)
	}
	record, err := json.Marshal(credential)
	if err != nil {
		return store.Passkey{}, fmt.Errorf("keep passkey: %w", err)
	}
	return store.Passkey{CredentialID: credential.ID, Host: site.Host, Record: string(record)}, nil
}

func passkeyFailed() *cardinal.Error {
	return cardinal.Invalid("", "The passkey was not made. Try again; the dialog of the browser waits five minutes at most.")
}

// RemovePasskey takes one of the caller's own passkeys away; CodeNotFound if it
// is not theirs.
func (s *Service) RemovePasskey(ctx context.Context, caller cardinal.Caller, id string) error {
	return s.change(ctx, caller, func(tx *store.Tx, user cardinal.User) error {
		keys, err := tx.Passkeys(ctx, user)
		if err != nil {
			return err
		}
		name := ""
		for _, key := range keys {
			if key.ID == id {
				name = key.Name
			}
		}
		if err := tx.DeletePasskey(ctx, user, id); err != nil {
			return err
		}
		if err := lastGone(ctx, tx, user); err != nil {
			return err
		}
		return recordFactor(tx, caller, "second-factor.removed", user.Username, audit.Fields{"kind": "passkey", "name": name})
	})
}

// AskPasskey makes the options, as JSON, with which the browser is to answer for
// a waiting sign-in with a passkey of this site.
func (s *Service) AskPasskey(ctx context.Context, pending cardinal.Token, site Site) ([]byte, error) {
	var options []byte
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		user, err := waiting(ctx, tx, pending)
		if err == nil {
			options, err = ask(ctx, tx, user, pendingOwner(pending), site)
		}
		return err
	})
	return options, err
}

// AskPasskeyAgain is AskPasskey for Confirm.
func (s *Service) AskPasskeyAgain(ctx context.Context, caller cardinal.Caller, site Site) ([]byte, error) {
	var options []byte
	err := s.change(ctx, caller, func(tx *store.Tx, user cardinal.User) (err error) {
		options, err = ask(ctx, tx, user, sessionOwner(caller), site)
		return err
	})
	return options, err
}

func ask(ctx context.Context, tx *store.Tx, user cardinal.User, owner string, site Site) ([]byte, error) {
	person, err := loadPasskeys(ctx, tx, user, site.Host)
	if err != nil {
		return nil, err
	}
	if len(person.credentials) == 0 {
		return nil, cardinal.Errorf(cardinal.CodeNotFound, "There is no passkey for this address. Choose another way.")
	}
	lib, err := library(site)
	if err != nil {
		return nil, err
	}
	assertion, session, err := lib.BeginLogin(person)
	if err != nil {
		return nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	return keepChallenge(ctx, tx, user, asked{owner, purposeUse, challenge{site, *session}, assertion.Response})
}

// usePasskey reports whether the answer to the owner's challenge is right. A
// counter that did not rise is that of a copy of the key, which is refused.
func usePasskey(ctx context.Context, tx *store.Tx, user cardinal.User, t factorTry) (bool, error) {
	session, err := takeChallenge(ctx, tx, t.owner, purposeUse, t.proof.Site)
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	person, err := loadPasskeys(ctx, tx, user, t.proof.Site.Host)
	if err != nil {
		return false, err
	}
	lib, err := library(t.proof.Site)
	if err != nil {
		return false, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(t.proof.Passkey)
	if err != nil {
		return false, nil //nolint:nilerr // what a browser sends is wrong, not broken
	}
	credential, err := lib.ValidateLogin(person, session, parsed)
	if err != nil || credential.Authenticator.CloneWarning {
		return false, nil //nolint:nilerr // the same: whoever sent it is told that it was not right
	}
	record, err := json.Marshal(credential)
	if err != nil {
		return false, fmt.Errorf("keep passkey: %w", err)
	}
	return true, tx.UsePasskey(ctx, user, store.Passkey{ID: person.ids[string(credential.ID)], Record: string(record)})
}
