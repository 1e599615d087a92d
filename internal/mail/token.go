package mail

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"cardinal"
)

// mostToken is how many bytes the answer with a token may have.
const mostToken = 1 << 16

// tokenAnswer is what a token endpoint answers (RFC 6749, sections 5.1, 5.2).
type tokenAnswer struct {
	AccessToken  cardinal.Token `json:"access_token"`
	RefreshToken cardinal.Token `json:"refresh_token"`
	Error        string         `json:"error"`
	Description  string         `json:"error_description"`
}

// token gets a fresh access token, and hands on the refresh token that comes
// with it.
func (s *Session) token(ctx context.Context) (token cardinal.Token, err error) {
	limited, cancel := context.WithTimeout(ctx, s.server.Limits.Command)
	defer cancel()
	status, answer, err := s.ask(limited)
	if err != nil {
		return cardinal.Token{}, s.tokenFailure(0, tokenAnswer{}, err)
	}
	if status != http.StatusOK || answer.AccessToken.IsZero() {
		return cardinal.Token{}, s.tokenFailure(status, answer, nil)
	}
	if fresh := answer.RefreshToken; !fresh.IsZero() && fresh.Reveal() != s.server.OAuth.RefreshToken.Reveal() {
		s.black = s.black.knows(fresh.Secret)
		if s.server.OAuth.Rotated != nil {
			s.server.OAuth.Rotated(fresh)
		}
	}
	return answer.AccessToken, nil
}

// ask sends the refresh token. Redirections are not followed: they could lead
// it elsewhere.
func (s *Session) ask(ctx context.Context) (status int, answer tokenAnswer, err error) {
	form := url.Values{
		"grant_type":    {"refresh_token"},
		"refresh_token": {s.server.OAuth.RefreshToken.Reveal()},
		"client_id":     {s.server.OAuth.ClientID},
	}
	if secret := s.server.OAuth.ClientSecret; !secret.IsZero() {
		form.Set("client_secret", secret.Reveal())
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.server.OAuth.Endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, answer, errors.New("the address cannot be asked")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	client := http.Client{
		Transport: &http.Transport{
			Proxy:             http.ProxyFromEnvironment,
			TLSClientConfig:   &tls.Config{RootCAs: s.server.Roots, MinVersion: tls.VersionTLS12},
			DisableKeepAlives: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		if inside, ok := errors.AsType[*url.Error](err); ok {
			err = inside.Err // without the address
		}
		return 0, answer, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, mostToken))
	if err != nil {
		return 0, answer, err
	}
	if json.Unmarshal(body, &answer) != nil {
		answer = tokenAnswer{} // a page for people: the status says enough
	}
	return response.StatusCode, answer, nil
}

// tokenFailure tells trouble on the way, which passes, from a refusal, which
// stays. The connection to the mail server is given up either way.
func (s *Session) tokenFailure(status int, answer tokenAnswer, cause error) *Failure {
	s.dropped = true
	f := &Failure{Stage: StageToken, Dropped: true, host: s.server.Host, Code: status}
	if status == 0 {
		f.cause, f.Temporary = errors.New(s.black.clean(cause.Error())), !isCertificate(cause)
		if isNetwork(cause) || errors.Is(cause, context.Canceled) || errors.Is(cause, context.DeadlineExceeded) {
			f.cause = cause
		}
		return f
	}
	f.Temporary = status >= http.StatusInternalServerError || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
	f.Answer = s.black.clean(strings.TrimSpace(fmt.Sprintf("%d %s %s", status, answer.Error, answer.Description)))
	return f
}
