package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"net/http"

	"cardinal"
	"cardinal/internal/idempotency"
)

// answerOnce does a request that came with an Idempotency-Key, or returns the
// answer that was kept under it. Requests that cannot be read, that fail inside
// Cardinal, or that came too often leave the key free.
func (s *server) answerOnce(ctx context.Context, caller cardinal.Caller, key string, route route, q request) (reply, error) {
	digest := sha256.New()
	if route.streams() {
		q.Body = digested{io.TeeReader(q.Body, digest), q.Body}
	}
	do, err := route.prepare(q)
	if err != nil {
		return reply{}, err
	}
	// The effect and its record must not come apart because a client hangs up.
	lasting := context.WithoutCancel(ctx)
	kept, first, err := s.Repeats.Begin(lasting, caller, key, fingerprint(q))
	switch {
	case err != nil:
		return reply{}, err
	case !first:
		return s.repeat(kept, route, q, digest)
	}
	defer func() {
		if p := recover(); p != nil {
			_ = s.Repeats.Release(lasting, caller, key) // the panic is the fault to tell of
			panic(p)
		}
	}()
	made, failure := do(lasting, caller)
	answer := made
	if failure != nil {
		answer = problemReply(failure, exchangeOf(q.Request).id)
	}
	if answer.status >= http.StatusInternalServerError || answer.status == http.StatusTooManyRequests {
		return reply{}, errors.Join(failure, s.Repeats.Release(lasting, caller, key))
	}
	if failure == nil && route.secret {
		err = s.Repeats.KeepSecret(lasting, caller, key)
	} else {
		err = s.Repeats.Keep(lasting, caller, key, idempotency.Answer{
			Status: answer.status, Header: answer.header, Content: answer.content, Digest: sumOf(route, q, digest),
		})
	}
	if err != nil {
		// What was done is done: the caller learns of it, and a repeat is refused.
		s.Log.ErrorContext(lasting, "answer not kept", "requestId", exchangeOf(q.Request).id, "error", err)
	}
	return answer, nil
}

// digested is a body that is hashed as it is read.
type digested struct {
	io.Reader
	io.Closer
}

// fingerprint is all of a request that makes it the same one.
func fingerprint(q request) []byte {
	return bytes.Join([][]byte{[]byte(q.Method), []byte(q.URL.EscapedPath()), []byte(q.URL.RawQuery), q.body}, []byte{0})
}

// sumOf returns the hash of a streamed body, of what the handler left unread too.
func sumOf(route route, q request, digest hash.Hash) []byte {
	if !route.streams() {
		return nil
	}
	_, _ = io.Copy(io.Discard, q.Body) // what cannot be read was not taken either
	return digest.Sum(nil)
}

// repeat answers again, if the streamed body is the same one too.
func (s *server) repeat(kept idempotency.Answer, route route, q request, digest hash.Hash) (reply, error) {
	if !bytes.Equal(sumOf(route, q, digest), kept.Digest) {
		return reply{}, idempotency.Different()
	}
	return reply{status: kept.Status, header: kept.Header, content: kept.Content}, nil
}
