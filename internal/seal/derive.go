package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"

	"cardinal"
)

// Purpose says what a derived key is for. Keys of different purposes,
// customers or versions have nothing to do with each other.
type Purpose string

// The purposes. Their texts are part of the derivation: changing one makes
// everything stored under it unreadable.
const (
	PurposePINTag            Purpose = "pin-tag"
	PurposePINIdentifyingTag Purpose = "pin-identifying-tag"
	PurposePINHistory        Purpose = "pin-history"
	PurposeNumberTag         Purpose = "number-tag"
	PurposeNumberSeal        Purpose = "number-seal"
	PurposeFieldSeal         Purpose = "field-seal"
	PurposeAudit             Purpose = "audit"
	PurposeSession           Purpose = "session"
	PurposeAttempt           Purpose = "attempt" // unknown identifiers in sign-in counters
	PurposeCheck             Purpose = "check"
)

// derivation is the first part of every HKDF info. Another scheme gets another name.
const derivation = "cardinal key derivation 1"

// use keeps keys for HMAC and keys for AES apart, even where a caller gives
// both the same purpose.
type use string

const (
	useMAC  use = "mac"
	useSeal use = "seal"
)

// maxCachedKeys bounds the cache at some ten megabytes; an installation of a
// thousand customers stays below it.
const maxCachedKeys = 1 << 14

type keyID struct {
	version  int
	use      use
	purpose  Purpose
	customer cardinal.CustomerID
}

// keyCache remembers derived keys, since deriving one costs more than using
// it. It is emptied when full, which costs time and nothing else.
type keyCache struct {
	lock sync.RWMutex
	keys map[keyID]*key
}

// key is a derived key, ready for its one use: either macs or aead is set.
type key struct {
	macs sync.Pool // of *macState
	aead cipher.AEAD
}

// macState is an HMAC that has taken in its key already, with room for a
// message, so that a tag costs no allocation but the one of its result.
type macState struct {
	hash    hash.Hash
	message []byte
	sum     [sha256.Size]byte
}

// key returns the derived key, or nil if the ring does not hold the version.
func (r *Ring) key(id keyID) *key {
	cache := &r.state().cache
	cache.lock.RLock()
	k := cache.keys[id]
	cache.lock.RUnlock()
	if k != nil {
		return k
	}
	root := r.state().root(id.version)
	if root == nil {
		return nil
	}
	k = derive(root, id)
	cache.add(id, k)
	return k
}

func (c *keyCache) add(id keyID, k *key) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.keys == nil || len(c.keys) >= maxCachedKeys {
		c.keys = make(map[keyID]*key)
	}
	c.keys[id] = k
}

// derive makes a 256-bit key by HKDF-SHA-256 (RFC 5869) without salt, which
// uniformly random root keys do not need.
func derive(root *root, id keyID) *key {
	info := appendParts(nil, derivation, string(id.use), string(id.purpose), string(id.customer))
	raw, err := hkdf.Key(sha256.New, root.key[:], nil, string(info), sha256.Size)
	if err != nil {
		panic("seal: HKDF refuses 32 bytes: " + err.Error()) // its limit is 8,160
	}
	if id.use == useSeal {
		return &key{aead: newAEAD(raw)}
	}
	return &key{macs: sync.Pool{New: func() any { return &macState{hash: hmac.New(sha256.New, raw)} }}}
}

func newAEAD(raw []byte) cipher.AEAD {
	block, err := aes.NewCipher(raw)
	if err != nil {
		panic("seal: AES refuses a key of 32 bytes: " + err.Error())
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("seal: GCM refuses AES: " + err.Error())
	}
	return aead
}

// appendParts appends each part after its length, so that no two lists of
// parts are the same bytes.
func appendParts(dst []byte, parts ...string) []byte {
	for _, part := range parts {
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(part)))
		dst = append(dst, part...)
	}
	return dst
}

// compute takes a state from the pool that holds the HMAC of the parts in sum;
// give it back with release.
func (k *key) compute(parts ...string) *macState {
	m := k.macs.Get().(*macState)
	m.message = appendParts(m.message[:0], parts...)
	m.hash.Write(m.message)
	m.hash.Sum(m.sum[:0])
	return m
}

// release wipes what was hashed, which may be a PIN: a pool lives long.
func (k *key) release(m *macState) {
	clear(m.message)
	clear(m.sum[:])
	m.hash.Reset()
	k.macs.Put(m)
}
