// Package idempotency sees to it that a request which its caller sends several
// times under one key has one effect and one answer (spec: api). It owns what is
// remembered under a key: a keyed tag of the request and the sealed answer, since
// both can hold PINs and numbers. It does not own which requests take a key, nor
// how an answer travels: that is the edge's.
package idempotency

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"cardinal"
	"cardinal/internal/seal"
	"cardinal/internal/store"
)

// Kept is how long a key stands for one request (spec: api).
const Kept = 24 * time.Hour

// KeyMaxLength is the most bytes that a key may have.
const KeyMaxLength = 255

// The states in the store of a key whose request has ended.
const (
	stateKept   = "kept"
	stateSecret = "secret"
)

// Service remembers requests and their answers. It is for callers with an API
// token. Safe for concurrent use, over several nodes too.
type Service struct {
	store *store.Store
	ring  *seal.Ring
}

// New makes the service.
func New(s *store.Store, ring *seal.Ring) *Service { return &Service{s, ring} }

// Answer is the answer to a request, as it goes out again.
type Answer struct {
	Status  int               `json:"status"`
	Header  map[string]string `json:"header"`
	Content []byte            `json:"content"`
	// Digest is of a content that was not at hand when the request began, such
	// as a file's; nil where there is none.
	Digest []byte `json:"digest"`
}

// Begin claims the key for the caller's request and reports whether it is the
// first: then it must be done, and ended with Keep, KeepSecret or Release. For a
// repeat it returns the answer that was kept, or an Error of CodeConflict while
// the first is still running or if its answer held a secret, and of CodeInvalid
// if the request under that key was a different one.
func (s *Service) Begin(ctx context.Context, caller cardinal.Caller, key string, request []byte) (Answer, bool, error) {
	if err := checkKey(key); err != nil {
		return Answer{}, false, err
	}
	sum := sha256.Sum256(request)
	var kept store.KeptAnswer
	var first bool
	err := s.store.Write(ctx, func(tx *store.Tx) (err error) {
		first, kept, err = tx.ClaimKey(ctx, caller.Customer, keyOf(caller, key), s.tag(caller, sum[:]), Kept)
		return err
	})
	if err != nil || first {
		return Answer{}, first, err
	}
	if !s.isTag(caller, kept.RequestHash, sum[:]) {
		return Answer{}, false, Different()
	}
	switch kept.State {
	case stateKept:
		answer, err := s.open(caller, key, kept.Body)
		return answer, false, err
	case stateSecret:
		return Answer{}, false, cardinal.Errorf(cardinal.CodeConflict,
			"This request was done already, and its answer held a secret, which is shown once. Ask for a new one under a new Idempotency-Key.")
	}
	return Answer{}, false, cardinal.Errorf(cardinal.CodeConflict,
		"The request under this Idempotency-Key is still running. Repeat it shortly; if this does not end, look whether it was done before you use another key.")
}

// Different is the Error for a key that stands for another request.
func Different() error {
	return cardinal.Invalid("Idempotency-Key", "This Idempotency-Key was used for a different request. Use a new key for each request.")
}

// Keep remembers the answer of the request that Begin called the first.
func (s *Service) Keep(ctx context.Context, caller cardinal.Caller, key string, a Answer) error {
	content, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	version, sealed := s.ring.Seal(caller.Customer, seal.PurposeFieldSeal, binding(caller, key), content)
	return s.finish(ctx, caller, key, store.KeptAnswer{State: stateKept, Status: a.Status, Body: versioned(version, sealed)})
}

// KeepSecret remembers that the request was done, but not its answer.
func (s *Service) KeepSecret(ctx context.Context, caller cardinal.Caller, key string) error {
	return s.finish(ctx, caller, key, store.KeptAnswer{State: stateSecret, Body: []byte{}})
}

func (s *Service) finish(ctx context.Context, caller cardinal.Caller, key string, a store.KeptAnswer) error {
	return s.store.Write(ctx, func(tx *store.Tx) error { return tx.FinishKey(ctx, keyOf(caller, key), a) })
}

// Release forgets a request that changed nothing, so that it can be tried again.
func (s *Service) Release(ctx context.Context, caller cardinal.Caller, key string) error {
	return s.store.Write(ctx, func(tx *store.Tx) error { return tx.ReleaseKey(ctx, keyOf(caller, key)) })
}

func checkKey(key string) error {
	ok := len(key) >= 1 && len(key) <= KeyMaxLength
	for i := range len(key) {
		ok = ok && key[i] > ' ' && key[i] < 0x7f
	}
	if !ok {
		return cardinal.Invalid("Idempotency-Key",
			"The Idempotency-Key has 1 to 255 printable ASCII characters without spaces; a random UUID will do.")
	}
	return nil
}

func keyOf(caller cardinal.Caller, key string) store.IdempotencyKey {
	// A digest will do to find it again, and keeps what somebody took for a good key out of the database.
	sum := sha256.Sum256(binding(caller, key))
	return store.IdempotencyKey{Caller: "token " + string(caller.Token), Key: hex.EncodeToString(sum[:])}
}

func binding(caller cardinal.Caller, key string) []byte {
	return []byte("answer\x00" + string(caller.Token) + "\x00" + key)
}

// tag recognises a request. Its hash alone would give a PIN in it away to
// whoever tries them all.
func (s *Service) tag(caller cardinal.Caller, sum []byte) []byte {
	tag := s.ring.MAC(caller.Customer, seal.PurposeAttempt, "request", string(sum))
	return versioned(tag.Version, tag.Sum)
}

func (s *Service) isTag(caller cardinal.Caller, stored, sum []byte) bool {
	version, rest, ok := split(stored)
	return ok && s.ring.MACMatches(caller.Customer, seal.PurposeAttempt, seal.Tag{Version: version, Sum: rest}, "request", string(sum))
}

func (s *Service) open(caller cardinal.Caller, key string, stored []byte) (Answer, error) {
	var answer Answer
	version, sealed, ok := split(stored)
	if !ok {
		return answer, fmt.Errorf("kept answer: %d bytes", len(stored))
	}
	content, err := s.ring.Open(caller.Customer, seal.PurposeFieldSeal, version, binding(caller, key), sealed)
	if err != nil {
		return answer, fmt.Errorf("kept answer: %w", err)
	}
	if err := json.Unmarshal(content, &answer); err != nil {
		return answer, fmt.Errorf("kept answer: %w", err)
	}
	return answer, nil
}

// versioned puts the key's version before what was made with it.
func versioned(version int, text []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(version)), text...)
}

func split(stored []byte) (version int, text []byte, ok bool) {
	if len(stored) < 4 {
		return 0, nil, false
	}
	return int(binary.BigEndian.Uint32(stored)), stored[4:], true
}
